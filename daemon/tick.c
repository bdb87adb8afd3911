// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/tick.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/exits.h"
#include "daemon/gather.h"
#include "daemon/journal.h"
#include "daemon/policy/decide.h"
#include "daemon/publish.h"
#include "daemon/sense/helper.h"
#include "daemon/settle.h"
#include "daemon/survey.h"

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);
DEFINE_CLEANUP_EMBEDDED(struct target_id, target_id_done);

#define OVERDUE_USEC	(1000ULL * 1000)

struct act_context tick_act_context(const struct state *state)
{
	return (struct act_context){
		.helper_fd = state->helper_fd,
		.cgroup_fd = state->cgroup_fd,
		.proc_fd = state->proc_fd,
		.ledger = state->ledger,
	};
}

static bool has_ended(const struct state *state, const struct override *order,
		      uint64_t now_usec)
{
	if (order->until_usec && order->until_usec <= now_usec)
		return true;
	return exits_is_gone(state, &order->id);
}

/* Orders that have run out, or whose target has gone; what they were about is
 * judged anew.  Nothing tells that a cgroup was removed, and an order on it must
 * not pass to the next one at that path, as when a service is restarted. */
static void end_overrides(struct state *state, uint64_t now_usec)
{
	const struct override *overrides;
	size_t n;

	overrides = ledger_overrides(state->ledger, &n);
	for (size_t i = n; i-- > 0;) {
		_cleanup_(target_id_done) struct target_id id = { 0 };

		if (!has_ended(state, &overrides[i], now_usec))
			continue;
		/* dropping frees what the list points to */
		if (target_id_copy(&overrides[i].id, &id) < 0)
			return;
		(void)ledger_drop_override(state->ledger, &id);
		overrides = ledger_overrides(state->ledger, &n);
	}
}

/* A bell's hold runs out: what the bell rang about is finished by now, and the
 * facts on which policy says its word should be too. */
static void renew_facts(struct state *state, uint64_t now_usec)
{
	if (!state->decide_usec || state->decide_usec > now_usec)
		return;
	for (size_t i = 0; i < state->targets.n; i++) {
		struct target *row = state->targets.rows[i];

		if (row->id.kind == TARGET_PROCESS && row->shown.is_held &&
		    row->origin == ORIGIN_BELL)
			state_mark(state, row->id.process, false, NULL);
	}
}

static void watch_nodes(struct state *state)
{
	_cleanup_(free) char **globs = NULL;
	size_t n;

	if (!state->are_nodes_due)
		return;
	state->are_nodes_due = false;
	state->is_watch_due = true;
	if (state->opens && watch_globs(&state->config, &globs, &n) >= 0)
		(void)opens_watch(state->opens, globs, n);
}

static void tell_watches(struct state *state)
{
	int r;

	if (!state->is_watch_due)
		return;
	state->is_watch_due = false;
	if (!state->has_config)		/* see is_ours_to_end() */
		return;
	r = watch_resolve(state->watch, &state->config, state->helper_fd,
			  &state->watches_left_out);
	if (r < 0)
		log_warning("cannot watch what the policies name: %s, holding after the bell instead",
			    strerror(-r));
}

/* Holds through cgroups leave the table empty, which proves nothing: there must
 * be room for everybody who is known, whose hold or rung bell takes a place. */
static bool is_table_roomy(const struct state *state, const struct pinsafe_counters *counters)
{
	size_t room = state->host.module_max_holds / 4 * 3, n = 0;

	for (size_t i = 0; i < state->targets.n; i++)
		n += state->targets.rows[i]->id.kind == TARGET_PROCESS;
	return n < room && counters->holds < room;
}

/* One burst should not have cgroups held for ever. */
static void look_at_table(struct state *state, uint64_t now_usec)
{
	struct pinsafe_counters counters;

	if (!state->is_table_full || state->table_usec > now_usec ||
	    state->helper_fd < 0 || helper_read_counters(state->helper_fd, &counters) < 0)
		return;
	state->is_table_full = !state->table_usec ||
			       counters.table_full != state->table_refused ||
			       !is_table_roomy(state, &counters);
	state->table_refused = counters.table_full;
	state->table_usec = state->is_table_full ? now_usec + TICK_TABLE_USEC : 0;
}

static int decide(struct state *state, const struct held_list *held, uint64_t now_usec,
		  struct plan *ret_plan)
{
	_cleanup_(gather_return) struct snapshot snapshot = { 0 };
	struct decide_input input = {
		.config = &state->config,
		.snapshot = &snapshot,
		.held = held->list,
		.n_held = held->n,
		.now_usec = now_usec,
		.table_full = state->is_table_full,
	};
	int r;

	r = gather_snapshot(state, &snapshot);
	if (r < 0)
		return r;
	input.overrides = ledger_overrides(state->ledger, &input.n_overrides);
	r = policy_decide(&input, ret_plan);
	if (r < 0)
		return r;
	state->decide_usec = ret_plan->next_usec;
	/* What is overdue and stays so, a release that fails, must not spin. */
	if (state->decide_usec && state->decide_usec <= now_usec)
		state->decide_usec = now_usec + OVERDUE_USEC;
	return 0;
}

/* The first full table changes what is decided: cgroups are held instead. */
static void note_failure(struct state *state, const struct plan_item *item, int error,
			 uint64_t now_usec)
{
	struct target *row = targets_find(&state->targets, &item->id);

	if (row)
		row->failed = error;
	if (error == -ENOSPC && !state->is_table_full) {
		state->is_table_full = true;
		state->are_targets_due = true;
		state->tally.tables_full++;
		return;
	}
	state->tally.actions_failed++;
	if (row)
		journal_action_failed(row, error, now_usec);
}

/* A daemon that starts on a broken configuration knows no policy, and must not
 * take that for the operator's word: what the one before it held, and where it
 * told the module to hold, stays until there is a good one. */
static bool is_ours_to_end(const struct state *state, const struct plan_item *item)
{
	return item->op != PLAN_RELEASE || state->has_config ||
	       ledger_find_override(state->ledger, &item->id);
}

/* 1: something is different now; 0: not.  Of a target that has gone the exit
 * tells; looking again here would spin where module and /proc disagree. */
static int carry_out(struct state *state, const struct plan *plan, uint64_t now_usec)
{
	struct act_context context = tick_act_context(state);
	int changed = 0;

	for (size_t i = 0; i < plan->n_items; i++) {
		const struct plan_item *item = &plan->items[i];
		int r;

		if (!is_ours_to_end(state, item))
			continue;
		r = act_apply(&context, item);
		if (r < 0)
			note_failure(state, item, r, now_usec);
		if (r == ACT_DONE)
			changed = 1;
	}
	return changed;
}

/* Before Linux 5.15 the module cannot see that a cgroup was removed, and its hold
 * would pass for one of the next cgroup at that path.  Without a configuration
 * too: there is nobody in it. */
static void release_removed(struct state *state, uint64_t now_usec)
{
	struct act_context context = tick_act_context(state);
	const struct ledger_entry *entries;
	size_t n;

	/* From the end, because erasing moves only what stands behind. */
	for (entries = ledger_entries(state->ledger, &n); n > 0; n--) {
		struct plan_item item = {
			.op = PLAN_RELEASE,
			.id = entries[n - 1].id,
			.mode = MODE_ENFORCE,
			.action = entries[n - 1].action,
		};
		int r;

		if (item.id.kind != TARGET_CGROUP || !exits_is_gone(state, &item.id))
			continue;
		r = act_apply(&context, &item);
		if (r < 0)
			note_failure(state, &item, r, now_usec);
	}
}

static int decide_and_act(struct state *state, uint64_t now_usec)
{
	_cleanup_(held_list_done) struct held_list held = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	int r;

	release_removed(state, now_usec);
	r = settle_read_held(state, &held);
	if (r < 0)
		return r;
	r = decide(state, &held, now_usec, &plan);
	if (r < 0)
		return r;
	r = settle_plan(state, &plan);
	if (r < 0)
		return r;
	if (carry_out(state, &plan, now_usec)) {
		held_list_done(&held);
		r = settle_read_held(state, &held);
		if (r < 0)
			return r;
	}
	return settle_held(state, &held, now_usec);
}

int tick_run(struct state *state, uint64_t now_usec)
{
	int r;

	state->tally.ticks++;
	exits_take(state);
	gather_again(state, now_usec);
	renew_facts(state, now_usec);
	end_overrides(state, now_usec);
	watch_nodes(state);
	tell_watches(state);
	gather_sweep(state, now_usec);
	survey_go_on(state);
	r = gather_dirty(state, now_usec);
	if (r < 0)
		return r;
	look_at_table(state, now_usec);
	state_refresh_balancing(state);
	state->are_targets_due = false;
	r = decide_and_act(state, now_usec);
	if (r < 0)
		return r;
	settle_look(state, now_usec);
	settle_rows(state, now_usec);
	publish_tick(state, now_usec);
	return 0;
}
