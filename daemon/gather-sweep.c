// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gather-sweep.c - when everybody is looked at
 */
#include "daemon/gather.h"

#include <unistd.h>

#include "daemon/sense/topology.h"
#include "daemon/survey.h"

#define SECOND_USEC	(1000ULL * 1000)

#define SWEEP_WITH_MODULE_SEC		900
#define SWEEP_WITHOUT_MODULE_SEC	30

#define THOROUGH_USEC	(900 * SECOND_USEC)

static uint64_t sweep_interval_usec(const struct state *state)
{
	unsigned int seconds = state->config.sweep_interval_sec;

	if (!seconds)
		seconds = state->helper_fd >= 0 ? SWEEP_WITH_MODULE_SEC :
						  SWEEP_WITHOUT_MODULE_SEC;
	return seconds * SECOND_USEC;
}

static bool has_devices(const struct state *state)
{
	size_t n;

	(void)watch_devices(state->watch, &n);
	return n > 0;
}

/* Would a pin or an open that matters move nothing that we see? */
static bool is_blind(const struct state *state)
{
	if (!state->host.has_pin_counters)
		return true;
	return state->helper_fd < 0 && !state_hears_opens(state) && has_devices(state);
}

/* No open tells of a descriptor that was inherited or sent, and without the module
 * of a container's own node; no counter tells what a driver then pins by
 * get_user_pages(); and releases may hide pins that stand.  Once in a long while
 * nothing is believed. */
static bool is_to_doubt(const struct state *state, uint64_t now_usec)
{
	return now_usec >= state->thorough_usec + THOROUGH_USEC;
}

/* Pins that came and went leave nobody to be found: each O_DIRECT read moves the
 * counters.  Processors add to them a second or two late (vmstat_update()), each at
 * its own time, so that for a moment pins seem to stand whose release is not yet
 * counted: what counts is that they stand at two polls.  Releases may hide pins that
 * stand as well, and for longer where a processor sleeps: see is_to_doubt(). */
static bool is_worth_a_sweep(const struct state *state, bool did_stand, uint64_t now_usec)
{
	if (is_blind(state) || is_to_doubt(state, now_usec))
		return true;
	return state->host.pins_acquired != state->swept_pins && did_stand &&
	       state->do_pins_stand;
}

void gather_poll(struct state *state, uint64_t now_usec)
{
	uint64_t sweep_usec = state->swept_usec + sweep_interval_usec(state);
	bool did_stand = state->do_pins_stand;

	if (now_usec + GATHER_POLL_USEC < sweep_usec)
		return;
	state_refresh_pins(state);
	state->do_pins_stand = state->host.pins_acquired > state->host.pins_released;
	if (now_usec >= sweep_usec && is_worth_a_sweep(state, did_stand, now_usec))
		state->is_sweep_due = true;
}

/* The safety net with the module: a bell that did not ring leaves a trace in
 * the host-wide counter.  Fleets should not all sweep at once. */
static void plan_sweep(struct state *state, uint64_t now_usec)
{
	uint64_t jitter_usec = (uint64_t)getpid() % 60 * SECOND_USEC;

	state->sweep_usec = state->helper_fd < 0 ? 0 :
			    now_usec + sweep_interval_usec(state) + jitter_usec;
}

static void note_sweep(struct state *state, bool is_thorough, uint64_t now_usec)
{
	state->swept_usec = now_usec;
	if (is_thorough)
		state->thorough_usec = now_usec;
}

void gather_sweep(struct state *state, uint64_t now_usec)
{
	bool is_time = state->sweep_usec && state->sweep_usec <= now_usec;
	bool is_thorough;

	/* A round is not begun anew, or it might never end; what is due meanwhile
	 * comes after it, and time counts from there. */
	if (survey_is_under_way(state)) {
		plan_sweep(state, now_usec);
		note_sweep(state, state->survey.is_thorough, now_usec);
		return;
	}
	if (!state->is_sweep_due && !is_time)
		return;
	plan_sweep(state, now_usec);
	state_refresh_pins(state);
	/* With the module, whose bells tell of pins, looking thoroughly is for when
	 * something happened, and for devices. */
	is_thorough = state->is_sweep_due || state->helper_fd < 0 ||
		      (has_devices(state) && is_to_doubt(state, now_usec));
	if (!is_thorough && !is_blind(state) &&
	    state->host.pins_acquired == state->swept_pins)
		return;
	state->is_sweep_due = false;
	note_sweep(state, is_thorough, now_usec);
	state->swept_pins = state->host.pins_acquired;
	state->tally.sweeps++;
	/* Nodes may have been added; the old facts stay where that fails. */
	(void)topology_load(state->sys_fd, &state->host);
	state_mark_targets(state);
	gather_let_ring_again(state);
	survey_begin(state, is_thorough);
}
