/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - what an operator points at
 *
 *	1234  pid:1234			a process
 *	/a/b  cgroup:/a/b		a cgroup v2 and all below it
 *	unit:x.service  unit:x		the cgroup of a systemd unit
 *
 * A process is pid + start time, so that an order cannot hit another process
 * that got the pid meanwhile.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/cleanup.h"

enum target_form {
	TARGET_FORM_PID,
	TARGET_FORM_CGROUP,
	TARGET_FORM_UNIT,
};

struct target {
	enum target_form form;
	uint32_t pid;		/* 0: not a process */
	uint64_t start_ticks;
	char *cgroup;		/* NULL: a process, or a unit not yet looked up */
	char *unit;		/* with its suffix */
};

void target_done(struct target *target);
DEFINE_CLEANUP_EMBEDDED(struct target, target_done);

/* Pure.  cgroup_root: a path that begins with it is a cgroup's directory, as
 * people copy it ("/sys/fs/cgroup/a/b").  0; -EINVAL: *ret_why says why
 * (constant); -ENOMEM. */
int target_parse(const char *text, const char *cgroup_root, struct target *ret_target,
		 const char **ret_why);

/* Start time, field 22, from the text of /proc/PID/stat, in which the process
 * has chosen field 2 itself; 0 or -EBADMSG. */
int target_parse_stat(const char *stat, uint64_t *ret_start_ticks);

/* Fills in start_ticks of a process; 0, -ESRCH: there is none, or errno. */
int target_read_start(const char *proc_root, struct target *target);
