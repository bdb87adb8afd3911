/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tids.h - the threads of a process, none left out
 *
 * One reading of /proc/PID/task may miss threads: the kernel takes its list to end
 * where a thread ends that it is just about to give or has just given, and goes on
 * by counting from the start, which skips one for each that has ended meanwhile
 * (proc_task_readdir(), first_tid() and next_tid() in fs/proc/base.c).
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* What "path" below dir_fd holds, ascending, perhaps with some that have ended;
 * *ret_tids is the caller's to free.  It is read again, eight times at most, until
 * there are as many as the kernel counts; of a process that loses threads faster
 * than that, one that all eight left out may be missing.  0, or negative errno. */
int tids_read(int dir_fd, const char *path, pid_t **ret_tids, size_t *ret_n);
