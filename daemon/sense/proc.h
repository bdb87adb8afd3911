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

/* All processes that look like pinners or device users by /proc alone: VmPin
 * above 0, one of the device numbers open, or an io_uring with registered buffers
 * that may be booked nowhere.  Costs 10 to 20 us a process; with device numbers, or
 * for a holder of CAP_IPC_LOCK while anything on the host is pinned, 10 us more
 * for each open file: ask for devices when opens may have been missed, not each
 * time.  Sorted by pid. */
int proc_sweep(int proc_fd, int sys_fd, const struct device_number *devices,
	       size_t n_devices, struct process_id **ret_ids, size_t *ret_n);

/* All processes that have memory (no kernel threads, no zombies), for a look at
 * each by the module's sight; 20 to 40 us a process.  Sorted by pid. */
int proc_find_all(int proc_fd, struct process_id **ret_ids, size_t *ret_n);

/* The processes in a cgroup v2 directory and below; sorted by pid.  0, -ENOENT. */
int proc_find_in_cgroup(int proc_fd, int sys_fd, const char *cgroup,
			struct process_id **ret_ids, size_t *ret_n);
