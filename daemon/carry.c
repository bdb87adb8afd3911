// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/carry.h"

#include <errno.h>
#include <string.h>

#include "daemon/drift.h"
#include "daemon/exits.h"
#include "daemon/journal.h"
#include "daemon/tick.h"

#define FOREIGN	"somebody else has changed what was set"
#define OF_CPUS	"processors came or went, and masks with them"

/* A full disk is mended, and nothing tells of that. */
#define UNRECORDED_USEC	(10ULL * 1000 * 1000)

/* ---- trouble ----------------------------------------------------------------- */

/* An order is carried out as it stands, or refused; there is no next rung. */
static void set_back(struct state *state, const struct plan_item *item, const char *why,
		     uint64_t until_usec)
{
	if (item->op == PLAN_UNDO || ledger_find_override(state->ledger, &item->id))
		return;
	/* Without memory it is tried again. */
	if (setbacks_add(&state->setbacks, &item->id, item->action, why, until_usec) > 0)
		state->are_targets_due = true;
}

/* The first full table changes what is decided: cgroups are held instead. */
static void note_failure(struct state *state, const struct act_context *context,
			 const struct plan_item *item, int error, uint64_t now_usec)
{
	struct target *row = targets_find(&state->targets, &item->id);
	const char *why = context->why[0] ? context->why : strerror(-error);

	if (row)
		row->failed = error;
	if (error == -ENOSPC && !state->is_table_full) {
		state->is_table_full = true;
		state->are_targets_due = true;
		state->tally.tables_full++;
		return;
	}
	state->tally.actions_failed++;
	state->tally.actions[item->action].failed++;
	if (row)
		journal_action_failed(row, item, error, context->why, now_usec);
	if (error != -ENOSPC && error != -EINTR && error != -ENOMEM)
		set_back(state, item, why, now_usec + (error == -ENOTRECOVERABLE ?
						       UNRECORDED_USEC : SETBACK_USEC));
}

static void tell_foreign(struct state *state, const struct target_id *id, enum action action,
			 uint64_t now_usec)
{
	struct target *row = targets_find(&state->targets, id);

	state->tally.actions[action].foreign++;
	if (row)
		journal_foreign(row, action, now_usec);
}

static void note_foreign(struct state *state, const struct plan_item *item,
			 uint64_t now_usec)
{
	tell_foreign(state, &item->id, item->action, now_usec);
	set_back(state, item, FOREIGN, 0);
}

/* ---- carrying out ------------------------------------------------------------- */

/* A daemon that starts on a broken configuration knows no policy, and must not
 * take that for the operator's word: what the one before it held, and where it
 * told the module to hold, stays until there is a good one. */
static bool is_ours_to_end(const struct state *state, const struct plan_item *item)
{
	return item->op != PLAN_UNDO || state->has_config ||
	       ledger_find_override(state->ledger, &item->id);
}

/* What is known of it has changed: masks, policies.  Once for each tick's time, or
 * an action that never shows would have us look for ever. */
static void look_anew(struct state *state, const struct plan_item *item)
{
	struct target *row = targets_find(&state->targets, &item->id);

	if (row && item->id.kind == TARGET_PROCESS && row->looked_usec < state->now_usec)
		state_mark(state, item->id.process, RING_NONE, NULL);
}

static void note_done(struct state *state, const struct plan_item *item)
{
	struct action_tally *tally = &state->tally.actions[item->action];

	if (item->op == PLAN_UNDO)
		tally->undone++;
	else
		tally->applied++;
	if (item->action == ACTION_HOLD)
		return;
	state->are_settings_due = true;
	look_anew(state, item);
}

/* 1: something is different now.  Of a target that has gone the exit tells; looking
 * again here would spin where module and /proc disagree. */
static int carry(struct state *state, const struct plan_item *item, uint64_t now_usec)
{
	struct act_context context = tick_act_context(state);
	bool was_behind = ledger_is_behind(state->ledger);
	int r = act_apply(&context, item);

	if (!was_behind && ledger_is_behind(state->ledger))
		journal_behind(state);
	/* also where it failed half-way: not somebody else's doing */
	if (item->action == ACTION_HOST_OFF && r != ACT_NOOP)
		drift_note_own(state);
	if (r < 0)
		note_failure(state, &context, item, r, now_usec);
	if (r == ACT_FOREIGN)
		note_foreign(state, item, now_usec);
	/* null actuators have done it too, and nothing came of it */
	if (r == ACT_DONE && item->mode == MODE_ENFORCE)
		note_done(state, item);
	return r == ACT_DONE || r == ACT_FOREIGN;
}

int carry_out(struct state *state, const struct plan *plan, uint64_t now_usec)
{
	int changed = 0;

	for (size_t i = 0; i < plan->n_items; i++) {
		const struct plan_item *item = &plan->items[i];

		if (is_ours_to_end(state, item))
			changed |= carry(state, item, now_usec);
	}
	return changed;
}

static struct plan_item undo_of(const struct target_id *id, enum action action)
{
	return (struct plan_item){
		.op = PLAN_UNDO,
		.id = *id,
		.mode = MODE_ENFORCE,
		.action = action,
	};
}

void carry_release_removed(struct state *state, uint64_t now_usec)
{
	const struct ledger_entry *entries;
	size_t n;

	/* From the end, because erasing moves only what stands behind. */
	for (entries = ledger_entries(state->ledger, &n); n > 0; n--) {
		struct plan_item item = undo_of(&entries[n - 1].id, entries[n - 1].action);

		if (item.id.kind == TARGET_CGROUP && exits_is_gone(state, &item.id))
			(void)carry(state, &item, now_usec);
	}
}

/* The kernel's doing, not somebody's: masks that it has widened lately. */
static bool is_of_cpus(const struct state *state, const struct held *held, uint64_t now_usec)
{
	return held->action == ACTION_BIND && held->is_reset &&
	       drift_is_of_cpus(state, now_usec);
}

void carry_give_up_foreign(struct state *state, uint64_t now_usec)
{
	struct act_context context = tick_act_context(state);

	for (size_t i = 0; i < state->settings.n; i++) {
		const struct held *held = &state->settings.list[i];
		struct plan_item item = undo_of(&held->id, held->action);
		bool of_cpus = is_of_cpus(state, held, now_usec);
		int r;

		if (!held->is_foreign)
			continue;
		r = setbacks_add(&state->setbacks, &held->id, held->action,
				 of_cpus ? OF_CPUS : FOREIGN,
				 of_cpus ? state->cpus_usec + DRIFT_CPUS_USEC : 0);
		if (r < 0)
			continue;	/* without it, it would be applied again */
		if (r > 0 && !of_cpus)
			tell_foreign(state, &held->id, held->action, now_usec);
		(void)act_apply(&context, &item);
		state->are_settings_due = true;
	}
}
