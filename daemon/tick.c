// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/tick.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/carry.h"
#include "daemon/drift.h"
#include "daemon/exits.h"
#include "daemon/gather.h"
#include "daemon/inforce.h"
#include "daemon/metrics.h"
#include "daemon/policy/decide.h"
#include "daemon/publish.h"
#include "daemon/sense/helper.h"
#include "daemon/settle.h"
#include "daemon/stock.h"
#include "daemon/survey.h"

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);
DEFINE_CLEANUP_EMBEDDED(struct target_id, target_id_done);

#define OVERDUE_USEC	(1000ULL * 1000)

/* So many times as long as a decision took, facts are gathered before the next. */
#define FACTS_SHARE	4

struct act_context tick_act_context(const struct state *state)
{
	return (struct act_context){
		.helper_fd = state->helper_fd,
		.cgroup_fd = state->cgroup_fd,
		.proc_fd = state->proc_fd,
		.units = state->units,
		.ledger = state->ledger,
		.now_usec = state->now_usec,
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
			state_mark(state, row->id.process, RING_NONE, NULL);
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
		state->are_marks_missing = opens_watch(state->opens, globs, n) < 0;
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

static int decide(struct state *state, uint64_t now_usec, struct plan *ret_plan)
{
	_cleanup_(stock_done) struct stock stock = { 0 };
	int r = stock_take(state, now_usec, &stock);

	if (r < 0)
		return r;
	r = policy_decide(&stock.input, ret_plan);
	if (r < 0)
		return r;
	state->decide_usec = ret_plan->next_usec;
	/* What is overdue and stays so, a release that fails, must not spin. */
	if (state->decide_usec && state->decide_usec <= now_usec)
		state->decide_usec = now_usec + OVERDUE_USEC;
	return 0;
}

static int read_in_force(struct state *state, uint64_t now_usec)
{
	int r = inforce_read(state);

	if (r < 0)
		return r;
	carry_give_up_foreign(state, now_usec);
	return state->are_settings_due ? inforce_read(state) : 0;
}

static int decide_and_act(struct state *state, uint64_t now_usec)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	int r;

	carry_release_removed(state, now_usec);
	r = read_in_force(state, now_usec);
	if (r >= 0)
		r = decide(state, now_usec, &plan);
	if (r >= 0)
		r = settle_plan(state, &plan);
	if (r < 0)
		return r;
	if (carry_out(state, &plan, now_usec)) {
		r = inforce_read(state);
		if (r < 0)
			return r;
	}
	return inforce_settle(state, now_usec);
}

/* A sweep of a large host is hundreds of batches, and a decision is on all that is
 * known: while more facts are waiting, most of the time is theirs.  Whom a bell told
 * of waits only for others of whom one told. */
static bool is_to_wait_for_facts(const struct state *state)
{
	if (state->has_rung && state->dirty.n_rung == 0)
		return false;
	return (state->dirty.n > 0 || survey_is_under_way(state)) && !state->are_targets_due &&
	       state_clock_usec() < state->decided_usec + FACTS_SHARE * state->effort_usec;
}

static int decide_in_time(struct state *state, uint64_t now_usec)
{
	uint64_t begin_usec = state_clock_usec();
	int r;

	state->are_targets_due = false;
	state->has_rung = false;
	r = decide_and_act(state, now_usec);
	state->decided_usec = state_clock_usec();
	state->effort_usec = state->decided_usec - begin_usec;
	return r;
}

static int look_and_act(struct state *state, uint64_t now_usec)
{
	int r = gather_dirty(state, now_usec);

	if (r < 0)
		return r;
	look_at_table(state, now_usec);
	drift_look(state, now_usec);
	if (setbacks_drop_old(&state->setbacks, now_usec) > 0)
		log_debug("setbacks have ended, trying again");
	if (is_to_wait_for_facts(state))
		return 0;
	r = decide_in_time(state, now_usec);
	if (r < 0)
		return r;
	settle_look(state, now_usec);
	settle_rows(state, now_usec);
	publish_tick(state, now_usec);
	metrics_write(state, now_usec);
	return 0;
}

int tick_run(struct state *state, uint64_t now_usec)
{
	bool has_rung = state->dirty.n_rung > 0;
	int r;

	state->tally.ticks++;
	state->now_usec = now_usec;
	exits_take(state);
	gather_again(state, now_usec);
	renew_facts(state, now_usec);
	end_overrides(state, now_usec);
	watch_nodes(state);
	tell_watches(state);
	gather_sweep(state, now_usec);
	/* Whoever is to be held at once does not wait for others to be found. */
	if (!has_rung)
		survey_go_on(state);
	r = look_and_act(state, now_usec);
	if (has_rung)
		survey_go_on(state);
	return r;
}
