// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/act.h"
#include "daemon/journal.h"
#include "daemon/policy/decide.h"
#include "daemon/proof.h"
#include "daemon/publish.h"
#include "daemon/sense/helper.h"
#include "daemon/sense/pin.h"
#include "daemon/tick.h"

/* Positions of the scanner read a look: one ioctl(2) each. */
#define POSITIONS_PER_LOOK	4

int settle_read_held(struct state *state, struct held_list *ret_held)
{
	struct act_context context = tick_act_context(state);
	int r;

	*ret_held = (struct held_list){ 0 };
	if (state->helper_fd < 0)
		return 0;
	r = hold_actuator.list(&context, &ret_held->list, &ret_held->n);
	return r < 0 ? r : act_prune(&context, ACTION_HOLD, ret_held->list, ret_held->n);
}

void held_list_done(struct held_list *held)
{
	held_free(held->list, held->n);
	*held = (struct held_list){ 0 };
}

/* ---- the plan ------------------------------------------------------------ */

static int replace_text(char **text, const char *by)
{
	char *copy = by ? strdup(by) : NULL;

	if (by && !copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static int settle_item(struct state *state, const struct plan_item *item)
{
	struct target *row;
	int r;

	r = targets_add(&state->targets, &item->id, &row);
	if (r != 0)		/* gone, or no memory */
		return r < 0 ? r : 0;
	row->mode = item->mode;
	row->action = item->action;
	row->shown.op = item->op;
	row->shown.risk = item->risk;
	row->scanned_bare = item->id.kind == TARGET_PROCESS ?
				    policy_scanned(&state->host, &row->facts) :
				    item->scanned;
	r = replace_text(&row->policy, item->policy);
	return r < 0 ? r : replace_text(&row->reason, item->reason);
}

/* The plan speaks of each process, but only of cgroups that somebody means. */
static void forget_plan(struct state *state)
{
	for (size_t i = 0; i < state->targets.n; i++) {
		if (state->targets.rows[i]->id.kind == TARGET_CGROUP)
			state->targets.rows[i]->shown.op = PLAN_WATCH;
	}
}

int settle_plan(struct state *state, const struct plan *plan)
{
	int r = 0;

	forget_plan(state);
	for (size_t i = 0; r >= 0 && i < plan->n_items; i++)
		r = settle_item(state, &plan->items[i]);
	return r;
}

/* ---- what is in force ------------------------------------------------------ */

/* A cgroup gets a row by the order alone; a process has one, or has ended. */
static int mark_released(struct state *state)
{
	const struct override *overrides;
	size_t n;

	overrides = ledger_overrides(state->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		struct target *row = targets_find(&state->targets, &overrides[i].id);
		int r = 0;

		if (!row && overrides[i].id.kind == TARGET_CGROUP)
			r = targets_add(&state->targets, &overrides[i].id, &row);
		if (r < 0)
			return r;
		if (!row)
			continue;
		row->shown.is_released = !overrides[i].hold;
		/* An order is carried out in audit mode too. */
		row->mode = MODE_ENFORCE;
	}
	return 0;
}

/* A row may have a hold of its own and one from its cgroup: the better counts. */
static void take_hold(struct target *row, const struct held *held)
{
	if (row->shown.is_held && !row->shown.is_draining && held->is_draining)
		return;
	row->shown.is_held = true;
	row->shown.is_draining = held->is_draining;
	row->origin = held->origin;
	row->since_usec = held->since_usec;
	row->refused_scans = held->refused_scans;
	row->last_refused_usec = held->last_refused_usec;
}

static int take_held_cgroup(struct state *state, const struct held *held)
{
	struct target *row;
	int r;

	r = targets_add(&state->targets, &held->id, &row);
	if (r < 0)
		return r;
	take_hold(row, held);
	for (size_t i = 0; i < state->targets.n; i++) {
		if (target_is_in_cgroup(state->targets.rows[i], row->id.cgroup))
			take_hold(state->targets.rows[i], held);
	}
	return 0;
}

static void take_held_process(struct state *state, const struct held *held, bool mark)
{
	struct target *row = targets_find(&state->targets, &held->id);

	if (row)
		take_hold(row, held);
	else if (mark)
		state_mark(state, held->id.process, false, NULL);
}

static bool is_stranger(const struct state *state, const struct held *held)
{
	return held->id.kind == TARGET_PROCESS && !targets_find(&state->targets, &held->id);
}

/* Is it time to look at held processes without a row? */
static bool mark_strangers(struct state *state, const struct held_list *held,
			   uint64_t now_usec)
{
	bool is_due = state->strangers_usec <= now_usec;
	bool any = false;

	for (size_t i = 0; i < held->n && !any; i++)
		any = is_stranger(state, &held->list[i]);
	if (!any)
		state->strangers_usec = 0;
	else if (is_due)
		state->strangers_usec = now_usec + SETTLE_STRANGERS_USEC;
	return is_due;
}

int settle_held(struct state *state, const struct held_list *held, uint64_t now_usec)
{
	bool mark = mark_strangers(state, held, now_usec);
	int r = 0;

	for (size_t i = 0; i < state->targets.n; i++) {
		struct shown *shown = &state->targets.rows[i]->shown;

		shown->is_held = shown->is_draining = shown->is_released = false;
	}
	for (size_t i = 0; r >= 0 && i < held->n; i++) {
		switch (held->list[i].id.kind) {
		case TARGET_PROCESS:
			take_held_process(state, &held->list[i], mark);
			break;
		case TARGET_CGROUP:
			r = take_held_cgroup(state, &held->list[i]);
			break;
		}
	}
	return r < 0 ? r : mark_released(state);
}

/* ---- proof --------------------------------------------------------------- */

static bool is_anything_held(const struct state *state)
{
	for (size_t i = 0; i < state->targets.n; i++) {
		if (state->targets.rows[i]->shown.is_held)
			return true;
	}
	return false;
}

static void look_at_probes(struct state *state)
{
	struct pinsafe_counters counters;
	bool was_armed = state->is_armed;

	if (helper_read_counters(state->helper_fd, &counters) < 0)
		return;
	state->host.module_armed = counters.armed;
	state->is_armed = counters.armed & PINSAFE_FEATURE_HOLD;
	if (was_armed && !state->is_armed)
		journal_ineffective(NULL, 0);
	else if (!was_armed && state->is_armed)
		journal_effective_again();
}

static void look_at_position(struct state *state, struct target *row, uint64_t now_usec)
{
	struct scan_position position;

	if (row->id.kind != TARGET_PROCESS || !row->shown.is_held)
		return;
	/* Scans that end now may have begun before the hold. */
	if (row->shown.is_draining || !state->is_armed) {
		row->scan.is_set = false;
		return;
	}
	if (pin_read_scan(state->helper_fd, row->id.process, &position) == 0)
		proof_note_position(&row->scan, position, now_usec);
}

void settle_look(struct state *state, uint64_t now_usec)
{
	bool is_wanted = state->helper_fd >= 0 &&
			 (is_anything_held(state) || watch_has_holds(state->watch));
	size_t n = state->targets.n;

	if (!is_wanted) {
		state->look_usec = 0;
		return;
	}
	if (state->look_usec > now_usec)
		return;
	state->look_usec = now_usec + SETTLE_LOOK_USEC;
	look_at_probes(state);
	for (size_t i = 0; i < n && i < POSITIONS_PER_LOOK; i++)
		look_at_position(state, state->targets.rows[state->look_cursor++ % n], now_usec);
}

static bool is_of_interest(const struct state *state, const struct target *row)
{
	if (row->shown.is_held || ledger_find_override(state->ledger, &row->id))
		return true;
	/* What would be held, or cannot be: told of once, not at each tick. */
	if (row->id.kind == TARGET_CGROUP)
		return row->shown.op == PLAN_HOLD;
	return row->policy || row->again.at_usec || process_is_pinner(&row->facts);
}

static void settle_row(struct state *state, struct target *row, uint64_t now_usec)
{
	struct shown *shown = &row->shown;

	if (!shown->is_held)
		row->scan = (struct scan_mark){ 0 };
	shown->proof = proof_judge(row, state->is_armed, now_usec);
	shown->scanned = row->scanned_bare;
	if (shown->scanned == SCANNED_YES && shown->is_held && !shown->is_draining &&
	    shown->proof != PROOF_INEFFECTIVE)
		shown->scanned = SCANNED_NO_HELD;
	if (row->id.kind == TARGET_PROCESS)
		shown->pinned_bytes = process_pinned_bytes(&row->facts);
}

void settle_rows(struct state *state, uint64_t now_usec)
{
	for (size_t i = state->targets.n; i-- > 0;) {
		struct target *row = state->targets.rows[i];

		settle_row(state, row, now_usec);
		if (!is_of_interest(state, row)) {
			publish_changes(state, row, now_usec);
			publish_gone(state, row);
			targets_drop(&state->targets, row);
		}
	}
}
