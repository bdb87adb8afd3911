/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake-fanotify.h - fanotify(7) that marks what a test lets it
 *
 * Takes the place of the C library's in the test that includes it.  No event ever
 * comes.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/fanotify.h>

static struct {
	const char *refused;	/* node below the dev folder; NULL: none */
	int error;		/* with which it is */
	int marks;		/* made and not removed */
} fake_fanotify;

int fanotify_init(unsigned int flags, unsigned int event_flags)
{
	(void)flags, (void)event_flags;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int dirfd, const char *path)
{
	(void)fd, (void)mask, (void)dirfd;
	if ((flags & FAN_MARK_ADD) && fake_fanotify.refused &&
	    strcmp(path, fake_fanotify.refused) == 0) {
		errno = fake_fanotify.error;
		return -1;
	}
	fake_fanotify.marks += flags & FAN_MARK_ADD ? 1 : -1;
	return 0;
}
