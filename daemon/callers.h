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

/* More than a bus has connections (dbus-daemon: 2048, and 256 of one user), or those
 * of several users would drive each other out, and all were new for ever. */
#define CALLERS_MAX		4096
#define CALLERS_WAYS		8
#define CALLERS_SETS		(CALLERS_MAX / CALLERS_WAYS)
#define CALLERS_NAME_MAX	24

struct caller {
	char name[CALLERS_NAME_MAX];
	uid_t uid;
};

/* The newest of those with the same place, in a ring. */
struct caller_set {
	struct caller list[CALLERS_WAYS];
	size_t next;
};

struct callers {
	struct caller_set sets[CALLERS_SETS];
};

/* Which of n places is this name's?  A bus counts its names up, so that they are
 * spread evenly. */
size_t callers_place(const char *name, size_t n);

/* false: not known. */
bool callers_find(const struct callers *callers, const char *name, uid_t *ret_uid);

/* A name that is too long is not kept. */
void callers_add(struct callers *callers, const char *name, uid_t uid);

/* Names of another bus mean somebody else. */
void callers_forget(struct callers *callers);
