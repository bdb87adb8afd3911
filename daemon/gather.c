// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/ledger.h"
#include "daemon/base/log.h"
#include "daemon/exits.h"
#include "daemon/journal.h"
#include "daemon/sense/helper.h"
#include "daemon/sense/pin.h"
#include "daemon/sense/proc.h"

DEFINE_CLEANUP_EMBEDDED(struct process_facts, process_facts_done);

#define SECOND_USEC	(1000ULL * 1000)

#define AGAIN_FIRST_USEC	SECOND_USEC
#define AGAIN_LAST_USEC		(300 * SECOND_USEC)

/* ---- events -------------------------------------------------------------- */

void gather_lost(struct state *state, uint64_t lost)
{
	state->tally.events_lost += lost;
	state->tally.resyncs++;
	state->is_sweep_due = true;
	journal_events_lost(&state->tally, state_now_usec());
}

void gather_event(struct state *state, const struct pinsafe_event *event)
{
	struct process_id id = { event->pid, event->start_ticks };

	state->tally.events++;
	switch (event->type) {
	case PINSAFE_EVENT_PIN:
		state_mark(state, id, RING_PIN, event->module[0] ? event->module : event->caller);
		break;
	case PINSAFE_EVENT_OPEN:
		state_mark(state, id, RING_OPEN, NULL);
		break;
	case PINSAFE_EVENT_DRAINED:
		state->are_targets_due = true;
		break;
	case PINSAFE_EVENT_TABLE_FULL:
		state->tally.tables_full++;
		state->is_table_full = true;
		state_mark(state, id, RING_PIN, NULL);
		break;
	case PINSAFE_EVENT_LOST:
		gather_lost(state, event->lost);
		break;
	}	/* a newer module's events are nothing to us */
}

void gather_inherited(struct state *state)
{
	const struct override *overrides;
	size_t n;

	overrides = ledger_overrides(state->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		if (overrides[i].id.kind == TARGET_PROCESS)
			state_mark(state, overrides[i].id.process, RING_NONE, NULL);
	}
	state->are_targets_due = true;
	state->are_settings_due = true;
	state->is_sweep_due = true;
}

/* ---- looking again ------------------------------------------------------- */

/* A process that a bell held and policy let go would be held again by its next
 * pin; that may happen once a sweep, not all the time. */
static void rearm(struct state *state, const struct target *row)
{
	if (state->helper_fd >= 0 && !row->shown.is_held && row->facts.pin_rang)
		(void)helper_rearm(state->helper_fd, row->id.process);
}

static void look_again(struct state *state, struct target *row)
{
	row->again.at_usec = 0;
	state_mark(state, row->id.process, RING_NONE, NULL);
	if (row->origin != ORIGIN_BELL)
		rearm(state, row);
}

void gather_again(struct state *state, uint64_t now_usec)
{
	struct targets *targets = &state->targets;

	if (!targets->again_usec || targets->again_usec > now_usec)
		return;
	targets->again_usec = 0;
	for (size_t i = 0; i < targets->n; i++) {
		struct target *row = targets->rows[i];

		if (row->again.at_usec && row->again.at_usec <= now_usec)
			look_again(state, row);
		targets->again_usec = time_earlier(targets->again_usec, row->again.at_usec);
	}
}

static void look_later(struct targets *targets, struct target *row, uint64_t now_usec)
{
	struct again *again = &row->again;

	again->wait_usec = again->wait_usec ? again->wait_usec * 2 : AGAIN_FIRST_USEC;
	if (again->wait_usec > AGAIN_LAST_USEC)
		again->wait_usec = AGAIN_LAST_USEC;
	again->at_usec = now_usec + again->wait_usec;
	targets->again_usec = time_earlier(targets->again_usec, again->at_usec);
}

void gather_let_ring_again(struct state *state)
{
	for (size_t i = 0; i < state->targets.n; i++) {
		struct target *row = state->targets.rows[i];

		row->again.wait_usec = 0;
		rearm(state, row);
	}
}

/* ---- looking ------------------------------------------------------------- */

static void dirty_process_done(struct dirty_process *dirty)
{
	free(dirty->driver);
	dirty->driver = NULL;
}

DEFINE_CLEANUP_EMBEDDED(struct dirty_process, dirty_process_done);

/* What only bells tell is carried over from look to look. */
static void keep_what_rang(struct process_facts *facts, struct process_facts *before,
			   struct dirty_process *dirty)
{
	facts->pin_rang = before->pin_rang || dirty->ring == RING_PIN;
	if (!facts->driver)
		facts->driver = dirty->driver ? take_ptr(dirty->driver) :
						take_ptr(before->driver);
}

/* One pin of a large buffer takes seconds, and rings once. */
static bool is_growing(const struct target *row, const struct process_facts *facts)
{
	return row->looked_usec && !row->again.at_usec && row->again.wait_usec &&
	       process_pinned_bytes(facts) > process_pinned_bytes(&row->facts);
}

/* A count that is not finished must not take back what the one before it saw. */
static void keep_counts(struct process_facts *facts, struct process_facts *before)
{
	facts->pinned = take_ptr(before->pinned);
	facts->n_pinned = before->n_pinned;
	facts->pinned_bytes = before->pinned_bytes;
	facts->large_bytes = before->large_bytes;
	facts->is_counting = before->is_counting;
	facts->has_sight = true;
}

/* Counts until the time is over; what is left of a huge process waits for the
 * next tick, behind all others. */
static void count_pins(struct state *state, struct target *row, uint64_t until_usec,
		       struct process_facts *facts)
{
	int r;

	do {
		r = pin_walk_on(state->helper_fd, &row->walk, facts);
	} while (r == PIN_MORE && state_clock_usec() < until_usec);
	if (r != PIN_MORE)
		return;
	if (row->facts.has_sight) {
		keep_counts(facts, &row->facts);
	} else {
		(void)pin_walk_so_far(&row->walk, facts);
		facts->is_counting = true;
	}
	state_mark(state, facts->id, RING_NONE, NULL);
}

/* What a bell told of this process is told once, and must not be lost. */
static void wait_for_descriptors(struct state *state, const struct dirty_process *dirty,
				 int error, uint64_t now_usec)
{
	if (!state->dirty.wait_usec)
		log_warning("cannot look at process %d: %s; tried again each second, and so is whatever else wants a descriptor: raise LimitNOFILE= of pinsafed.service",
			    dirty->id.pid, strerror(-error));
	state->dirty.wait_usec = now_usec + GATHER_WAIT_USEC;
	state_mark(state, dirty->id, dirty->ring, dirty->driver);
}

/* Until what rang has been looked at again, and stands still. */
static void follow_pin(struct state *state, struct target *row, enum ring ring,
		       uint64_t now_usec, struct process_facts *facts)
{
	bool grows = is_growing(row, facts);

	if (ring != RING_NONE || grows)
		look_later(&state->targets, row, now_usec);
	if (grows || (row->again.at_usec && row->again.wait_usec == AGAIN_FIRST_USEC))
		facts->is_counting = true;
}

static int look_at(struct state *state, struct dirty_process *dirty, uint64_t until_usec,
		   uint64_t now_usec)
{
	_cleanup_(process_facts_done) struct process_facts facts = { 0 };
	struct target_id id;
	struct target *row;
	bool gone = false;
	int r;

	r = proc_read(state->proc_fd, state->sys_fd, dirty->id, PROC_FULL, &facts, &gone);
	if (r == -ENOMEM)
		return r;
	if (r == -EMFILE || r == -ENFILE)
		wait_for_descriptors(state, dirty, r, now_usec);
	/* A tree that nobody can read: not an end.  Of that the pidfd tells, and the
	 * next sweep. */
	if (r < 0)
		return 0;
	if (gone) {
		exits_forget_others(state, dirty->id, 0);
		return 0;
	}
	exits_forget_others(state, facts.id, facts.id.start_ticks);
	id = target_id_of_process(facts.id);
	r = targets_add(&state->targets, &id, &row);
	if (r != 0)
		return r < 0 ? r : 0;
	/* A hold waits for no count: the next tick goes on with it. */
	if (state_has_sight(state))
		count_pins(state, row, dirty->ring == RING_PIN ? 0 : until_usec, &facts);
	state->has_rung |= dirty->ring == RING_PIN;
	keep_what_rang(&facts, &row->facts, dirty);
	follow_pin(state, row, dirty->ring, now_usec, &facts);
	row->looked_usec = now_usec;
	process_facts_done(&row->facts);
	row->facts = facts;
	facts = (struct process_facts){ 0 };
	return 0;
}

int gather_process(struct state *state, struct process_id id, uint64_t now_usec)
{
	struct dirty_process dirty = { .id = id };

	state->tally.looked_at++;
	return look_at(state, &dirty, state_clock_usec() + GATHER_USEC, now_usec);
}

int gather_dirty(struct state *state, uint64_t now_usec)
{
	uint64_t until_usec = state_clock_usec() + GATHER_USEC;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < GATHER_BATCH; i++) {
		_cleanup_(dirty_process_done) struct dirty_process dirty = { 0 };

		if (state->dirty.wait_usec > now_usec || !state_take_dirty(state, &dirty))
			break;
		state->tally.looked_at++;
		r = look_at(state, &dirty, until_usec, now_usec);
		if (r < 0)		/* the next try must not pass it over */
			state_mark(state, dirty.id, dirty.ring, dirty.driver);
		if (state_clock_usec() >= until_usec)
			break;
	}
	return r;
}

int gather_snapshot(const struct state *state, struct snapshot *ret_snapshot)
{
	struct process_facts *processes = calloc(state->targets.n + 1, sizeof(*processes));
	size_t n = 0;

	if (!processes)
		return -ENOMEM;
	for (size_t i = 0; i < state->targets.n; i++) {
		const struct target *row = state->targets.rows[i];

		if (row->id.kind == TARGET_PROCESS)
			processes[n++] = row->facts;
	}
	*ret_snapshot = (struct snapshot){
		.host = state->host,
		.processes = processes,
		.n_processes = n,
	};
	return 0;
}

void gather_return(struct snapshot *snapshot)
{
	free(snapshot->processes);
	*snapshot = (struct snapshot){ 0 };
}
