/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exits.h - who is no longer there, and what is forgotten with him
 */
#pragma once

#include "daemon/state.h"

/* Has the process ended, or the cgroup been removed, also when another one has
 * its pid or path by now?  What cannot be seen has not. */
bool exits_is_gone(const struct state *state, const struct target_id *id);

/* What no pidfd watches is looked at so often. */
#define EXITS_UNWATCHED_USEC	(60ULL * 1000 * 1000)

/* Rows of processes that have exited go; those that nothing would tell of are marked
 * when it is time. */
void exits_take(struct state *state);

/* The process of a pid is the one that started at lives_ticks (0: there is none);
 * rows of others that had the pid go. */
void exits_forget_others(struct state *state, struct process_id id, uint64_t lives_ticks);
