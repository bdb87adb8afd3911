/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * same-file.h - do two descriptors of a process lead to the same open file?
 *
 * dup(2) makes another descriptor of what is open already, and anybody may make
 * thousands: what has to be counted once is asked for here.  kcmp(2) needs
 * CONFIG_KCMP and the rights of ptrace(2).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Is this directory one of the kernel's own /proc, whose pid can be asked about, or
 * of a recorded tree? */
bool same_file_can_compare(int pid_fd);

/* *ret_order: less than, equal to or greater than 0, a lasting order of open files.
 * 0, or negative errno: -ENOSYS, -EPERM: the kernel does not tell; -EBADF: closed
 * meanwhile; -ESRCH.  The pid may have passed on to another process: whoever asks
 * reads something of the first one afterwards. */
int same_file_compare(pid_t pid, int fd, int other, int *ret_order);
