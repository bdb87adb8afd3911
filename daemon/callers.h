/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * callers.h - who is behind a name on the bus
 *
 * A bus gives no unique name twice while it runs, so what it once said of one
 * stays true.  To ask anew for each message means to wait for the bus, and while
 * we wait, all that others have sent piles up in our memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* More than one user may have connections (dbus-daemon: 256). */
#define CALLERS_MAX		512
#define CALLERS_NAME_MAX	24

struct caller {
	char name[CALLERS_NAME_MAX];
	uid_t uid;
};

/* The newest, in a ring. */
struct callers {
	struct caller list[CALLERS_MAX];
	size_t next;
};

/* false: not known. */
bool callers_find(const struct callers *callers, const char *name, uid_t *ret_uid);

/* A name that is too long is not kept. */
void callers_add(struct callers *callers, const char *name, uid_t uid);

/* Names of another bus mean somebody else. */
void callers_forget(struct callers *callers);
