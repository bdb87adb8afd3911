/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle.h - second half of a tick: what was decided and what is in force
 * come to stand in the rows
 */
#pragma once

#include "daemon/state.h"

struct held_list {
	struct held *list;
	size_t n;
};

/* Holds are proved at this pace while there are any.  Slow enough for an idle
 * host (12 looks a minute), quick enough for an operator at ftrace_enabled. */
#define SETTLE_LOOK_USEC	(5ULL * 1000 * 1000)

/* The module's worker drops the dead at this pace. */
#define SETTLE_STRANGERS_USEC	(10ULL * 1000 * 1000)

/* What the module holds now; empty without it. */
int settle_read_held(struct state *state, struct held_list *ret_held);
void held_list_done(struct held_list *held);

/* The policy's word on each row; adds rows for cgroups of the plan. */
int settle_plan(struct state *state, const struct plan *plan);

/* What is in force for each row.  A process that is held and not known is
 * marked, now and then: it may have ended, and the module not noticed yet. */
int settle_held(struct state *state, const struct held_list *held, uint64_t now_usec);

/* Measures whether holds work, when it is time. */
void settle_look(struct state *state, uint64_t now_usec);

/* Proof and scanned of each row; rows that nobody has an interest in go. */
void settle_rows(struct state *state, uint64_t now_usec);

DEFINE_CLEANUP_EMBEDDED(struct held_list, held_list_done);
