/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tick.h - one tick, and nothing else happens anywhere
 *
 *	events -> dirty -> facts -> plan -> actions -> what is in force -> told
 *
 * Time is an argument, so that a test can live through a day.
 */
#pragma once

#include "daemon/act/act.h"
#include "daemon/state.h"

/* A module's table that was full is taken for full at least so long: taking
 * processes out of their cgroup's hold again costs each a new hold. */
#define TICK_TABLE_USEC	(900ULL * 1000 * 1000)

/* 0; negative errno: this tick is lost (no memory, the module in trouble), the
 * state is whole and the next one tries again. */
int tick_run(struct state *state, uint64_t now_usec);

/* Where actions act. */
struct act_context tick_act_context(const struct state *state);
