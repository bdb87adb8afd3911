/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc-text.h - the texts of /proc/PID, parsed
 *
 * Pure: text in, values out, no I/O.  Half of what stands there was chosen by
 * the process (its comm may hold parentheses, newlines and escapes), so nothing
 * is found by counting words from the left.  Documentation/filesystems/proc.rst.
 */
#pragma once

#include "daemon/model.h"

/* /proc/PID/stat */
struct proc_stat {
	char comm[MODEL_COMM];
	pid_t parent;
	unsigned int policy;	/* SCHED_* of the thread */
	uint64_t start_ticks;
};

/* 0 or -EINVAL. */
int proc_parse_stat(const char *text, struct proc_stat *ret_stat);

/* /proc/PID/status */
struct proc_status {
	uid_t uid;			/* effective */
	unsigned int threads;
	uint64_t vm_pin_bytes;
	bool has_memory;		/* not a kernel thread, not a zombie */
	bool may_lock_memory;		/* CAP_IPC_LOCK is effective */
	struct nodeset mems_allowed;	/* empty where the kernel has no cpusets */
};

/* 65,536 supplementary groups fill most of this: a process must not hide behind
 * a long status. */
#define PROC_STATUS_MAX (2U << 20)

/* 0 or -EINVAL. */
int proc_parse_status(const char *text, struct proc_status *ret_status);

/* /proc/PID/cgroup: the cgroup v2 path.  Points into text; NULL: not on v2. */
const char *proc_parse_cgroup(const char *text, size_t *ret_len);

/* /proc/PID/fdinfo/N of an io_uring. */
struct proc_ring {
	uint64_t inode;		/* 0: not shown (before 5.14) */
	uint64_t bytes;		/* of its registered buffers, at least */
};

/* 1: a ring with registered buffers, 0: without, or not a ring's text.  The text
 * may be cut off anywhere. */
int proc_parse_ring(const char *text, struct proc_ring *ret_ring);

/* The head of the first record of /proc/PID/task/TID/numa_maps: has the thread a
 * memory policy that keeps the scanner away? */
bool proc_parse_own_policy(const char *text);
