/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fds.h - the open files of a process that tell of pinned memory
 *
 * Character devices and io_urings with registered buffers, from /proc/PID/fd
 * and fdinfo.  Costs one or two system calls for each open file.
 */
#pragma once

#include "daemon/model.h"
#include "daemon/sense/proc-text.h"

struct fds {
	struct device_open *devices;	/* each number once; node is -1 */
	size_t n_devices;
	struct proc_ring *rings;	/* with registered buffers, each once */
	size_t n_rings;
};

/* pid_fd: the directory /proc/PID.  0, or negative errno: -ENOENT, -ESRCH gone;
 * -EACCES.  Terminals and memory devices (/dev/null) are left out: nothing pins
 * for them.  Rings are those that are there at least: where kcmp(2) cannot tell
 * which are the same, of those with one inode only the largest is there, which
 * before 5.16 may be all that a process has. */
int fds_read(int pid_fd, pid_t pid, struct fds *ret_fds);
void fds_done(struct fds *fds);
