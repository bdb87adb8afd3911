/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stock.h - all that a decision is made on, out of the daemon's state
 *
 * The tick decides on it, explain tells of it, and a snapshot is a copy of it on
 * paper.
 */
#pragma once

#include "daemon/dump.h"
#include "daemon/policy/decide.h"
#include "daemon/state.h"

/* What is inside stays the state's, but for the lists themselves: give it back
 * before the state changes. */
struct stock {
	struct snapshot snapshot;
	struct held *held;
	size_t n_held;
	struct decide_input input;
};

/* 0 or -ENOMEM. */
int stock_take(struct state *state, uint64_t now_usec, struct stock *ret_stock);
void stock_done(struct stock *stock);

DEFINE_CLEANUP_EMBEDDED(struct stock, stock_done);

/* Of those that pin, where a policy could confine, facts on their cgroups are kept
 * in the state for a second. */
void stock_drop_cgroups(struct state *state);

/* Writes it as a snapshot, with what was decided last; 0 or negative errno. */
int stock_write(struct state *state, uint64_t now_usec, FILE *out);
