/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threads.h - what the scheduler and the scanner see of a process' threads
 *
 * The kernel scans on behalf of a thread of the fair class (task_tick_numa())
 * and skips memory by that thread's policy (vma_policy_mof()), so one plain
 * thread is enough for the whole process to be scanned.
 */
#pragma once

#include <stdbool.h>

/* Both are false as soon as one thread that lasts shows it, or where there are too many
 * threads to prove it.  0, or negative errno: -ENOENT, -ESRCH gone. */
int threads_read(int pid_fd, bool *ret_is_realtime, bool *ret_has_own_policy);
