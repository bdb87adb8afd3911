/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.h - the threads of a process
 *
 * A thread is tid + start time, as a process is, and "TID@START" as the name of a
 * setting.  Fields of /proc/PID/task/TID/stat, proc(5).
 */
#pragma once

#include <stdbool.h>

#include "daemon/model.h"

struct wanted;

struct thread {
	pid_t tid;
	uint64_t start_ticks;
	char state;			/* 'Z', 'X': nothing runs there any more */
	unsigned int flags;		/* PF_* of include/linux/sched.h */
};

#define THREAD_KERNEL		0x00200000	/* PF_KTHREAD */
#define THREAD_NO_AFFINITY	0x04000000	/* PF_NO_SETAFFINITY: io_uring's workers */

static inline bool thread_is_alive(const struct thread *thread)
{
	return thread->state != 'Z' && thread->state != 'X';
}

/* The name of a setting, for the caller to free, NULL: no memory; and back, 0 or
 * -EINVAL. */
char *thread_format(const struct thread *thread);
int thread_parse(const char *name, struct thread *ret_thread);

/* 0, ACT_GONE: no such thread in the process, or negative errno. */
int thread_read(int proc_fd, pid_t pid, pid_t tid, struct thread *ret_thread);

/* Is the thread of this name still there: 0, ACT_GONE, negative errno. */
int thread_check(int proc_fd, pid_t pid, const struct thread *thread);

/* Those that are alive and that "is_meant" (NULL: all), as names of settings
 * without values.  0, ACT_GONE: the process has ended, or negative errno. */
int thread_names(int proc_fd, struct process_id process,
		 bool (*is_meant)(const struct thread *thread),
		 struct wanted **ret_names, size_t *ret_n);
