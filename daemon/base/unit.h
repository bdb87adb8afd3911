/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.h - what the path of a cgroup tells: systemd units, containers
 *
 * Pure text; nobody is asked.  The layout is systemd's (CGROUP_DELEGATION.md,
 * and cg_path_get_unit() of basic/cgroup-util.c): slices from the root on, then
 * one unit, and what is below that is the unit's own affair:
 *
 *      /system.slice/a.service/worker                      a.service
 *      /user.slice/user-7.slice/user@7.service/app.slice/b.scope
 *                                                          user@7.service, b.scope
 *      /system.slice/c-1.scope/system.slice/d.service      c-1.scope
 *
 * So who may name cgroups below a unit, a container for one, cannot pass for
 * another unit; a user's own manager can, but only among its own units.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UNIT_NAME_SIZE	256	/* UNIT_NAME_MAX of systemd */

/* The unit of the system's manager that a cgroup is or is below.  False, and an
 * empty name: none, as for slices, the root, and NULL. */
bool unit_of_cgroup(const char *path, char ret_name[UNIT_NAME_SIZE]);

/* Below a user@UID.service, the unit of that user's manager; false: none. */
bool unit_of_user(const char *path, char ret_name[UNIT_NAME_SIZE]);

/* How much of the path is the cgroup of unit_of_cgroup() itself; 0: no unit. */
size_t unit_path_length(const char *path);

/* A unit's name with a suffix of those that have processes, and no slice. */
bool unit_is_name(const char *text);

/* Is it a container's cgroup or below one, by the names that container managers
 * give?  They have their own minds about cgroups: only hold may be used there
 * unasked.  A virtual machine of libvirt is no container, nor is the process
 * that watches one (conmon). */
bool unit_is_container(const char *path);
