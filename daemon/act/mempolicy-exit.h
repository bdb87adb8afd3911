/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mempolicy-exit.h - how pinsafe-mempolicy ends, for who starts it
 *
 * What is not MEMPOLICY_DONE has one line on stderr that says why.  A refusal
 * has changed nothing, but for those that came up on the way: a thread that was
 * changed before another one was found stopped stays changed.
 */
#pragma once

enum mempolicy_exit {
	MEMPOLICY_DONE,		/* no thread is left that should be changed */
	MEMPOLICY_PARTLY,	/* some threads could not be reached: come again */
	MEMPOLICY_USAGE,
	MEMPOLICY_GONE,		/* no such process, or another has its pid */
	MEMPOLICY_DENIED,	/* EPERM: no rights over it, or undumpable */
	MEMPOLICY_TRACED,	/* a debugger has it */
	MEMPOLICY_STOPPED,	/* by job control; it would have to run for this */
	MEMPOLICY_FOREIGN,	/* 32-bit, x32, another machine's */
	MEMPOLICY_FILTERED,	/* seccomp, Syscall User Dispatch: the call might kill it */
	MEMPOLICY_KERNEL,	/* a kernel thread */
	MEMPOLICY_NO_CALL,	/* no system call instruction in its code */
	MEMPOLICY_FAILED,	/* anything else */
};
