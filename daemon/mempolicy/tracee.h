/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee.h - one thread that is stopped, borrowed and let go
 *
 *      seize -> stop -> borrow: registers and signal mask saved, signals
 *      blocked, one system call -> put back -> detach
 *
 * ptrace(2) by PTRACE_SEIZE, which sends no signal and leaves job control alone.
 * Signals that come meanwhile stay pending with the thread, and the kernel
 * delivers them when their mask is back; SIGSTOP, which cannot be blocked, and
 * those that faults make, which must not be, are sent again.  When this program
 * is killed, the kernel lets all threads go; a thread whose registers are
 * borrowed at that moment would crash: that window is measured.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum tracee_result {
	TRACEE_DONE,
	TRACEE_LATE,		/* did not stop in time: seized still, ask again */
	TRACEE_BUSY,		/* stopped where it cannot be borrowed: let go */
	TRACEE_GONE,
};

/* The process, and how long threads were borrowed. */
struct tracer {
	int pid_fd;			/* its /proc/PID */
	pid_t pid;
	uint64_t call_address;		/* code_find_call(), and checked before each use */
	int has_sequences;		/* code_has_sequences(), -1: not yet asked */
	uint64_t borrowed_max_nsec;
	uint64_t borrowed_sum_nsec;
};

/* set_mempolicy(mode, NULL, 0) in a thread: seizes it, or goes on with one that
 * was LATE.  enum tracee_result; -EPERM; -EAGAIN: it is stopped by job control;
 * -ENOEXEC: not of our ABI; -EOPNOTSUPP: under seccomp by now; -ENOSYS: it
 * dispatches its system calls to itself (hazard.h); other negative errno: what the
 * call itself said. */
int tracee_seize(struct tracer *tracer, pid_t tid, int mode);
int tracee_resume(struct tracer *tracer, pid_t tid, int mode);

uint64_t now_nsec(void);
