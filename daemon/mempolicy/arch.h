/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arch.h - registers of a thread that calls the kernel in our stead
 *
 * A thread is borrowed in the stop that PTRACE_INTERRUPT makes, deep in the
 * kernel's signal code, on its way back from a system call or from its own code:
 *
 *      stop       arch_prepare()   it will meet a call instruction next
 *      entry      arch_enter()     ... and it is the call that we want
 *      exit       arch_leave()     ... and it looks like no interrupted one
 *      stop       registers as they were: the kernel restarts what it interrupted
 *
 * x86-64 shows an interrupted call as it is, -ERESTART... and all, and decides
 * what becomes of it when the thread leaves the stop: so putting the registers
 * back is all.  arm64 has decided by the time of the stop, and a sleep's
 * remaining time is known to nobody but the kernel: there, a thread that stands
 * before its own call instruction makes that its call, and stands before it
 * again afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

/* The call instruction, and where it may stand. */
extern const uint8_t arch_call[];
extern const size_t arch_call_size;
extern const size_t arch_call_align;

struct arch {
	struct user_regs_struct saved;	/* to be put back */
	bool makes_own_call;		/* arm64: by its own call instruction */
};

/* In the first stop: reads the registers.  0; -ENOEXEC: not in our ABI;
 * negative errno. */
int arch_read(pid_t tid, struct arch *ret_arch);

/* Has it been caught in a system call?  Else in its own code. */
bool arch_is_in_call(const struct arch *arch);
uint64_t arch_counter(const struct arch *arch);

/* set_mempolicy(mode, NULL, 0).  0 or negative errno. */
int arch_prepare(pid_t tid, struct arch *arch, uint64_t call_address, int mode);
int arch_enter(pid_t tid, struct arch *arch, int mode);

/* Instead of arch_enter(), where seccomp(2) would judge the call: one that every
 * filter lets through and that does nothing, read(-1, NULL, 0). */
int arch_evade(pid_t tid, struct arch *arch);

int arch_leave(pid_t tid, struct arch *arch, long *ret_result);

/* In a stop of PTRACE_INTERRUPT. */
int arch_restore(pid_t tid, const struct arch *arch);
