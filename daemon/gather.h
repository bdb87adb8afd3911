/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gather.h - first half of a tick: what events pointed at becomes facts
 */
#pragma once

#include "daemon/state.h"
#include "module/uapi/pinsafe.h"

/* Processes looked at in one tick, and the time after which no other one, and of a
 * huge one no further slice, is begun; the rest waits for the next tick, which
 * follows at once, after whatever else the loop has: bells, orders, and systemd's
 * watchdog. */
#define GATHER_BATCH	128
#define GATHER_USEC	(100ULL * 1000)

/* At start: what a daemon before us was ordered and held is due, and the host. */
void gather_inherited(struct state *state);

/* What one event of the module makes due. */
void gather_event(struct state *state, const struct pinsafe_event *event);

/* So many events were lost, somewhere: the whole host is due. */
void gather_lost(struct state *state, uint64_t lost);

/* Rows that wanted to be looked at again now; their bells are armed again. */
void gather_again(struct state *state, uint64_t now_usec);

/* Without the module: has anybody pinned since the last sweep, and are there pins
 * that stand now and stood at the last poll, or can nobody tell?  Reads the host-wide
 * counters, 0.1 ms a node, and sets is_sweep_due. */
#define GATHER_POLL_USEC	(2000ULL * 1000)
void gather_poll(struct state *state, uint64_t now_usec);

/* Bells that have rung may ring again for all rows: what they tell is looked for. */
void gather_let_ring_again(struct state *state);

/* Begins a round through all processes, when it is due; see survey.h. */
void gather_sweep(struct state *state, uint64_t now_usec);

/* Where no descriptor is free, nobody is looked at for so long. */
#define GATHER_WAIT_USEC	(1000ULL * 1000)

/* Reads one batch of the dirty processes into rows; 0 or -ENOMEM. */
int gather_dirty(struct state *state, uint64_t now_usec);

/* Reads this process now, whoever else is dirty; 0 or -ENOMEM. */
int gather_process(struct state *state, struct process_id id, uint64_t now_usec);

/* The rows as the policy's input.  Everything inside stays the rows' and the
 * state's own: return it before either changes. */
int gather_snapshot(const struct state *state, struct snapshot *ret_snapshot);
void gather_return(struct snapshot *snapshot);

DEFINE_CLEANUP_EMBEDDED(struct snapshot, gather_return);
