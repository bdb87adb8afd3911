// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/publish.h"

#include "daemon/bus.h"
#include "daemon/drift.h"
#include "daemon/journal.h"

static bool is_same(const struct shown *a, const struct shown *b)
{
	return a->is_held == b->is_held && a->is_draining == b->is_draining &&
	       a->is_released == b->is_released && a->applied == b->applied &&
	       a->op == b->op && a->proof == b->proof &&
	       a->scanned == b->scanned && a->risk == b->risk &&
	       a->pinned_bytes == b->pinned_bytes;
}

/* Probes that do not fire are told of once, for all. */
static void tell_ineffective(struct state *state, struct target *row, uint64_t now_usec)
{
	if (row->shown.applied != ACTION_NONE)
		journal_ineffective(row, row->shown.applied, now_usec);
	else if (state->is_armed)
		journal_ineffective(row, ACTION_HOLD, now_usec);
}

/* What somebody else has changed, or the kernel with its processors, was told when it
 * was seen, and is not as it was before. */
static bool is_given_up(const struct state *state, const struct target *row,
			enum action action, uint64_t now_usec)
{
	const struct setback *setback = setbacks_find(&state->setbacks, &row->id, action);

	return setback && (!setback->until_usec ||
			   (action == ACTION_BIND && drift_is_of_cpus(state, now_usec)));
}

static void tell_journal(struct state *state, struct target *row, uint64_t now_usec)
{
	const struct shown *was = &row->published, *is = &row->shown;

	/* What is older than the daemon was told of by the one before it. */
	bool is_new = row->since_usec >= state->status.started_usec;

	if (is->is_held && !was->is_held && is_new)
		journal_applied(row, ACTION_HOLD, now_usec);
	if (!is->is_held && was->is_held)
		journal_undone(row, ACTION_HOLD, now_usec);
	if (was->applied != ACTION_NONE && is->applied != was->applied &&
	    !is_given_up(state, row, was->applied, now_usec))
		journal_undone(row, was->applied, now_usec);
	if (is->applied != ACTION_NONE && is->applied != was->applied && is_new)
		journal_applied(row, is->applied, now_usec);
	if (is->op == PLAN_APPLY && row->mode == MODE_AUDIT && was->op != PLAN_APPLY)
		journal_would_apply(row, now_usec);
	if (is->proof == PROOF_INEFFECTIVE && was->proof != PROOF_INEFFECTIVE)
		tell_ineffective(state, row, now_usec);
}

static void tell_pin(struct state *state, struct target *row, uint64_t now_usec)
{
	if (row->was_observed || row->id.kind != TARGET_PROCESS ||
	    !process_is_pinner(&row->facts))
		return;
	row->was_observed = true;
	journal_pin_observed(row, now_usec);
	bus_emit_pin(state->bus, row);
}

void publish_changes(struct state *state, struct target *row, uint64_t now_usec)
{
	tell_pin(state, row, now_usec);
	if (row->is_published && is_same(&row->published, &row->shown))
		return;
	tell_journal(state, row, now_usec);
	bus_emit_target(state->bus, row);
	row->published = row->shown;
	row->is_published = true;
}

void publish_gone(struct state *state, struct target *row)
{
	if (row->is_published)
		bus_emit_gone(state->bus, row);
}

void publish_tick(struct state *state, uint64_t now_usec)
{
	uint32_t changed = 0;

	for (size_t i = 0; i < state->targets.n; i++)
		publish_changes(state, state->targets.rows[i], now_usec);
	if (status_update(state, &changed) == 0 && changed)
		bus_emit_properties(state->bus, changed);
}
