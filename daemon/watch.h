/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - what the bells watch
 *
 * From the policies: which device numbers ring at an open, and in which
 * cgroups a pin takes the hold inside the bell.  Only policies that enforce a
 * hold register one; audit mode watches without.  Globs are resolved against
 * what exists, and inotify on the folders looked through tells when to resolve
 * again.  The module is told only when the set has changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/config.h"
#include "daemon/sense/proc.h"
#include "daemon/subtrees.h"

struct watch;

/* Where things are; strings and fds stay the caller's. */
struct watch_roots {
	int dev_fd;
	int cgroup_fd;			/* -1: none */
	const char *cgroup_path;	/* inotify wants names */
	const char *device;		/* of the module, to see it appear */
};

int watch_new(const struct watch_roots *roots, struct watch **ret_watch);
void watch_free(struct watch *watch);

/* Readable: call watch_read(). */
int watch_inotify_fd(const struct watch *watch);

/* Drains inotify.  *ret_device: the module's node came; 1: cgroups came,
 * resolve again; 0: nothing of interest. */
int watch_read(struct watch *watch, bool *ret_device);

/* Forgets the folders of the old configuration and what the module was told. */
void watch_reset(struct watch *watch);

/* Resolves the policies and tells the module (helper_fd -1: nobody to tell).
 * 1: the set changed; 0: as before; negative errno: the module refused, and
 * watches what it watched.  *ret_left_out: entries for which the module has no
 * room. */
int watch_resolve(struct watch *watch, const struct config *config, int helper_fd,
		  size_t *ret_left_out);

/* All device numbers that policies name, held at open or not; for the sweep. */
const struct device_number *watch_devices(const struct watch *watch, size_t *ret_n);

/* All MatchDevice globs of the configuration, for sense/opens.h; the array is
 * the caller's to free, the strings are the configuration's. */
int watch_globs(const struct config *config, char ***ret_globs, size_t *ret_n);

/* Would a bell take a hold anywhere? */
bool watch_has_holds(const struct watch *watch);

/* The cgroups in which a pin takes the hold, as last resolved. */
const struct subtrees *watch_cgroups(const struct watch *watch);
