/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc.h - facts on processes, from /proc
 *
 * Hot paths read stat, status and cgroup only; never maps or smaps, and of
 * numa_maps only the first record, because the rest walks page tables under
 * mmap_lock.  A process that vanishes between two reads is an outcome: 0 with
 * *ret_gone, not an error.
 */
#pragma once

#include "daemon/model.h"

enum proc_depth {
	PROC_LIGHT,	/* stat, status, cgroup, exe: what a sweep reads of all */
	PROC_FULL,	/* and fds, fdinfo, thread policies, scan sequence */
};

/* Facts on one process.  id.start_ticks 0: whatever runs there now; else
 * *ret_gone where another process has the pid.  What may not be read (EACCES)
 * stays empty.  0, -ENOMEM, or -EINVAL: the kernel wrote what we do not know. */
int proc_read(int proc_fd, int sys_fd, struct process_id id, enum proc_depth depth,
	      struct process_facts *ret_facts, bool *ret_gone);

/* Start time of a pid; 0, or -ESRCH. */
int proc_read_start(int proc_fd, pid_t pid, uint64_t *ret_start_ticks);

struct device_number {
	uint32_t major, minor;
};

/* Who there is, kernel threads too; sorted.  1 us each.  0, or negative errno. */
int proc_list(int proc_fd, pid_t **ret_pids, size_t *ret_n);

/* What makes a process worth a full look, beside VmPin. */
struct proc_wanted {
	const struct device_number *devices;	/* one of them open */
	size_t n_devices;
	bool unbooked_rings;	/* somebody on the host pins: it may be an io_uring's
				 * registered buffers that are booked nowhere */
};

enum proc_look {
	PROC_NO_MEMORY,		/* gone, a zombie or a kernel thread */
	PROC_ORDINARY,
	PROC_SUSPECT,		/* a pinner or device user by /proc alone */
};

/* 10 to 20 us; with device numbers, or for a holder of CAP_IPC_LOCK where rings
 * may be unbooked, 10 us more for each open file, which anybody may have many of
 * (see fds.c): up to half a second.  So look at a time that is limited, and for
 * devices when opens may have been missed, not each time. */
enum proc_look proc_look(int proc_fd, const struct proc_wanted *wanted, pid_t pid);
