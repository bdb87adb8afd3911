/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake-ioctl.h - ioctl(2) in a test's own hands
 *
 * Takes the place of the C library's in the test that includes it.  What it
 * answers is the test's business: fake_call().
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>

/* 0, or what errno becomes. */
static int fake_call(int fd, unsigned long request, void *argument);

int ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;
	int error;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	error = fake_call(fd, request, argument);
	if (!error)
		return 0;
	errno = error;
	return -1;
}
