/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle.h - second half of a tick: what was decided and what is in force
 * come to stand in the rows
 */
#pragma once

#include "daemon/state.h"

/* Holds are proved at this pace while there are any.  Slow enough for an idle
 * host (12 looks a minute), quick enough for an operator at ftrace_enabled. */
#define SETTLE_LOOK_USEC	(5ULL * 1000 * 1000)

/* The policy's word on each row; adds rows for cgroups of the plan. */
int settle_plan(struct state *state, const struct plan *plan);

/* Measures whether holds work, when it is time. */
void settle_look(struct state *state, uint64_t now_usec);

/* Proof and scanned of each row; rows that nobody has an interest in go. */
void settle_rows(struct state *state, uint64_t now_usec);
