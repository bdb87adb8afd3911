/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task.h - what /proc says of the threads of one process
 *
 * Everything is read below an open /proc/PID, which goes on meaning the same
 * process whatever happens to the pid.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum task_policy {
	TASK_POLICY_DEFAULT,
	TASK_POLICY_LOCAL,
	TASK_POLICY_OTHER,	/* of its own: never ours */
};

struct task_facts {
	char state;		/* 'R', 'S', 'D', 'T', 't', 'Z', 'X', 'I' */
	bool is_traced;
	bool is_filtered;	/* seccomp */
	bool is_kernel;		/* has no code of its own: also io_uring's and vhost's workers */
	uint64_t start_ticks;
};

/* 0, -ESRCH: it has ended; -EINVAL: makes no sense. */
int task_read(int pid_fd, pid_t tid, struct task_facts *ret_facts);

/* As the kernel shows it in the first record of numa_maps, and no more of that
 * file: each record walks the page tables of its mapping.  -ENOENT: this kernel
 * has no NUMA. */
int task_read_policy(int pid_fd, pid_t tid, enum task_policy *ret_policy);

/* Is it one of the process' threads? */
bool task_exists(int pid_fd, pid_t tid);

/* Ascending (base/tids.h); *ret_tids is the caller's to free.  0, -ESRCH, -ENOMEM. */
int task_list(int pid_fd, pid_t **ret_tids, size_t *ret_n);

/* Do we speak its machine language and its ABI?  1, 0, -EPERM, -ESRCH. */
int task_is_native(int pid_fd);
