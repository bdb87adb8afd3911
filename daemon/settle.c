// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/text.h"
#include "daemon/journal.h"
#include "daemon/policy/decide.h"
#include "daemon/proof.h"
#include "daemon/publish.h"
#include "daemon/sense/helper.h"
#include "daemon/sense/pin.h"

/* Positions of the scanner read a look: one ioctl(2) each. */
#define POSITIONS_PER_LOOK	4

/* ---- the plan ------------------------------------------------------------ */

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
	r = text_replace(&row->policy, item->policy);
	return r < 0 ? r : text_replace(&row->reason, item->reason);
}

/* Of the items on one target, what is undone is the word on it only where nothing
 * else is said. */
static const struct plan_item *find_word(const struct plan *plan, size_t *i)
{
	const struct plan_item *word = &plan->items[*i];

	while (++*i < plan->n_items &&
	       target_id_compare(&plan->items[*i].id, &word->id) == 0) {
		if (word->op == PLAN_UNDO)
			word = &plan->items[*i];
	}
	return word;
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
	for (size_t i = 0; r >= 0 && i < plan->n_items;)
		r = settle_item(state, find_word(plan, &i));
	return r;
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

/* A hold that was without effect is tried again when the probes fire again. */
static void note_armed(struct state *state)
{
	if (setbacks_drop_action(&state->setbacks, ACTION_HOLD) > 0)
		state->are_targets_due = true;
	journal_effective_again();
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
		journal_ineffective(NULL, ACTION_HOLD, 0);
	else if (!was_armed && state->is_armed)
		note_armed(state);
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

static void look_at_holds(struct state *state, uint64_t now_usec)
{
	size_t n = state->targets.n;

	look_at_probes(state);
	for (size_t i = 0; i < n && i < POSITIONS_PER_LOOK; i++)
		look_at_position(state, state->targets.rows[state->look_cursor++ % n], now_usec);
}

/* Settings are read back in the next tick, which takes in new threads too. */
static void look_at_settings(struct state *state)
{
	state->are_settings_due = true;
	state->are_targets_due = true;
}

void settle_look(struct state *state, uint64_t now_usec)
{
	bool has_holds = state->helper_fd >= 0 &&
			 (is_anything_held(state) || watch_has_holds(state->watch));

	if (!has_holds && state->settings.n == 0) {
		state->look_usec = 0;
		return;
	}
	if (state->look_usec > now_usec)
		return;
	state->look_usec = now_usec + SETTLE_LOOK_USEC;
	if (has_holds)
		look_at_holds(state, now_usec);
	if (state->settings.n > 0)
		look_at_settings(state);
}

/* ---- what does not work ---------------------------------------------------------- */

static enum action action_in_force(const struct target *row)
{
	return row->shown.applied != ACTION_NONE ? row->shown.applied : ACTION_HOLD;
}

/* Is that news? */
static bool set_back(struct state *state, struct target *row, enum action action,
		     uint64_t now_usec)
{
	if (setbacks_find(&state->setbacks, &row->id, action) ||
	    setbacks_add(&state->setbacks, &row->id, action, "without effect when last tried",
			 now_usec + SETBACK_USEC) < 0)
		return false;
	state->tally.actions[action].ineffective++;
	state->are_targets_due = true;
	return true;
}

/* What covers the process is to be given up as well, or the ladder of the cgroup
 * would stay where it is. */
static void note_ineffective(struct state *state, struct target *row, uint64_t now_usec)
{
	enum action action = action_in_force(row);

	if (!set_back(state, row, action, now_usec))
		return;
	for (size_t i = 0; i < state->targets.n; i++) {
		struct target *other = state->targets.rows[i];

		if (other->id.kind != TARGET_PROCESS && action_in_force(other) == action &&
		    (other->shown.is_held || other->shown.applied == action) &&
		    (other->id.kind == TARGET_HOST ||
		     target_is_in_cgroup(row, other->id.cgroup)))
			(void)set_back(state, other, action, now_usec);
	}
}

static bool is_of_interest(const struct state *state, const struct target *row)
{
	if (row->shown.is_held || row->shown.applied != ACTION_NONE ||
	    ledger_find_override(state->ledger, &row->id))
		return true;
	/* What would be held, or cannot be: told of once, not at each tick. */
	if (row->id.kind == TARGET_CGROUP)
		return row->shown.op == PLAN_APPLY;
	return row->policy || row->again.at_usec || process_is_pinner(&row->facts);
}

/* By the clock: a tick that looks at many begins long before it ends. */
static void note_known(struct target *row)
{
	if (!row->known_usec && row->id.kind == TARGET_PROCESS &&
	    (row->policy || process_is_pinner(&row->facts)))
		row->known_usec = state_now_usec();
}

static void settle_row(struct state *state, struct target *row, uint64_t now_usec)
{
	struct shown *shown = &row->shown;

	note_known(row);
	if (!shown->is_held)
		row->scan = (struct scan_mark){ 0 };
	if (!shown->is_settling)
		row->settling_usec = 0;
	else if (!row->settling_usec)
		row->settling_usec = now_usec;
	shown->proof = proof_judge(row, state->is_armed, state->host.balancing, now_usec);
	if (shown->proof == PROOF_INEFFECTIVE)
		note_ineffective(state, row, now_usec);
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
