/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allowed.h - the CPUs that a thread's cpuset lets it run on
 *
 * cpuset.cpus.effective of its cgroup, or of the nearest above it that has the
 * controller (Documentation/admin-guide/cgroup-v2.rst).  Where cpusets are of
 * cgroup v1, or there are none, those that are online; /proc/stat, which says so,
 * takes milliseconds on a large host and is read once in the life of a context.
 */
#pragma once

#include "daemon/act/act.h"

/* 0, ACT_GONE: no such thread, or negative errno. */
int allowed_read_cpus(struct act_context *context, pid_t pid, pid_t tid,
		      struct nodeset *ret_cpus);
