/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - the cgroup v2 hierarchy, read only
 *
 * At fs/cgroup of the sys directory, or, on hybrid hosts, at fs/cgroup/unified.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/model.h"

bool cgroup_is_mounted(int sys_fd);

/* Opens the directory of a cgroup, "/a/b"; fd, or negative errno: -ENOENT not
 * there (any more). */
int cgroup_open(int sys_fd, const char *path);

/* Its id as the kernel's interfaces use it, the inode number; 0: not there. */
uint64_t cgroup_read_id(int sys_fd, const char *path);

/* All facts on one; cpus and mems are those of the nearest ancestor that has the
 * controller.  0, -ENOENT, -ENOMEM. */
int cgroup_read_facts(int sys_fd, const char *path, struct cgroup_facts *ret_facts);
