/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpuset.h - the cpuset of a cgroup that is not systemd's, by libcgroup
 *
 * The one file of the daemon that knows libcgroup.  cgroup v2 only; which cgroup
 * may be written to is the caller's business.
 */
#pragma once

/* Writes "cpuset.cpus" or "cpuset.mems" of the cgroup "/a/b"; "" takes the
 * restriction away.  0, -ENOENT: no such cgroup, or negative errno.  *ret_why is
 * libcgroup's word for it, static; NULL: none. */
int cpuset_write(const char *cgroup, const char *file, const char *list, const char **ret_why);
