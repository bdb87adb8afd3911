/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hazard.h - where a stopped thread would come to harm by a call in our stead
 *
 * What /proc does not tell, and ptrace(2) does.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct arch;
struct tracer;

/* Not in the middle of a restartable sequence (rseq(2)), as far as can be told; when
 * in doubt: false.  In the stop, with its registers. */
bool hazard_may_borrow(struct tracer *tracer, pid_t tid, const struct arch *arch);

/* Would a call be given to its own SIGSYS handler instead (Syscall User Dispatch, by
 * prctl(2))?  Kernels from 5.11, which can do it, to 6.3 do not tell: false. */
bool hazard_is_dispatched(pid_t tid);
