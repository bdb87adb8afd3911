/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep.h - all threads of a process, until none is left
 *
 * First everybody is looked at, so that a process which must be refused is not
 * touched at all.  Then round after round: a thread that is born meanwhile has
 * the policy of its maker, and the next round finds those whose maker had not
 * been reached yet.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/act/mempolicy-exit.h"
#include "daemon/mempolicy/tracee.h"

struct sweep {
	struct tracer tracer;
	uint64_t start_ticks;
	int from, to;			/* enum task_policy: change these to that */
	const pid_t *spared;		/* threads to be left alone */
	size_t n_spared;
	uint64_t until_nsec;		/* no new round after that */
	/* outcome */
	size_t n_threads;		/* in the last round */
	size_t n_changed;
	size_t n_own;			/* with a policy of their own, or spared */
	size_t n_left;			/* that could not be reached */
	unsigned int rounds;
	const char *why;		/* for a person; NULL: nothing to say */
	int error;			/* errno behind it, 0: none */
};

/* pid_fd, pid, start_ticks, from, to, spared and until_nsec are set. */
enum mempolicy_exit sweep_run(struct sweep *sweep);
