// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/inforce.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/act.h"
#include "daemon/base/text.h"
#include "daemon/tick.h"

void held_list_done(struct held_list *held)
{
	held_free(held->list, held->n);
	*held = (struct held_list){ 0 };
}

/* ---- reading ----------------------------------------------------------------- */

static int compare_held(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	int order = target_id_compare(&x->id, &y->id);

	return order ? order : (int)x->action - (int)y->action;
}

/* Takes what more has. */
static int append(struct held_list *list, struct held_list *more)
{
	struct held *longer;

	if (more->n == 0)
		return 0;
	longer = reallocarray(list->list, list->n + more->n, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	memcpy(&longer[list->n], more->list, more->n * sizeof(*longer));
	list->list = longer;
	list->n += more->n;
	free(take_ptr(more->list));
	more->n = 0;
	return 0;
}

static int read_action(struct act_context *context, enum action action,
		       struct held_list *ret_held)
{
	int r = act_find(action, MODE_ENFORCE)->list(context, &ret_held->list, &ret_held->n);

	return r < 0 ? r : act_prune(context, action, ret_held->list, ret_held->n);
}

static int read_holds(struct state *state)
{
	_cleanup_(held_list_done) struct held_list held = { 0 };
	struct act_context context = tick_act_context(state);
	int r = 0;

	if (state->helper_fd >= 0)
		r = read_action(&context, ACTION_HOLD, &held);
	if (r < 0)
		return r;
	held_list_done(&state->holds);
	state->holds = held;
	held = (struct held_list){ 0 };
	return 0;
}

static int read_settings(struct state *state)
{
	static const enum action actions[] = {
		ACTION_MEMPOLICY, ACTION_BIND, ACTION_CONFINE, ACTION_HOST_OFF,
	};
	_cleanup_(held_list_done) struct held_list all = { 0 };
	struct act_context context = tick_act_context(state);

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		_cleanup_(held_list_done) struct held_list held = { 0 };
		int r = read_action(&context, actions[i], &held);

		if (r >= 0)
			r = append(&all, &held);
		if (r < 0)
			return r;
	}
	if (all.n > 1)
		qsort(all.list, all.n, sizeof(*all.list), compare_held);
	held_list_done(&state->settings);
	state->settings = all;
	all = (struct held_list){ 0 };
	return 0;
}

int inforce_read(struct state *state)
{
	int r = read_holds(state);

	if (r >= 0 && state->are_settings_due)
		r = read_settings(state);
	if (r >= 0)
		state->are_settings_due = false;
	return r;
}

int inforce_list(const struct state *state, struct held **ret_list, size_t *ret_n)
{
	size_t n_holds = state->holds.n, n_settings = state->settings.n;
	struct held *list = calloc(n_holds + n_settings + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (n_holds > 0)
		memcpy(list, state->holds.list, n_holds * sizeof(*list));
	if (n_settings > 0)
		memcpy(list + n_holds, state->settings.list, n_settings * sizeof(*list));
	*ret_list = list;
	*ret_n = n_holds + n_settings;
	return 0;
}

/* ---- into the rows -------------------------------------------------------------- */

/* The order that counts for a process without one of its own: on the nearest cgroup. */
static const struct override *find_order_above(const struct override *overrides, size_t n,
					       const struct target *row)
{
	const struct override *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct override *order = &overrides[i];

		if (order->id.kind == TARGET_CGROUP &&
		    target_is_in_cgroup(row, order->id.cgroup) &&
		    (!nearest || strlen(order->id.cgroup) > strlen(nearest->id.cgroup)))
			nearest = order;
	}
	return nearest;
}

static void mark_members(struct state *state, const struct override *overrides, size_t n)
{
	for (size_t i = 0; i < state->targets.n; i++) {
		struct target *row = state->targets.rows[i];
		const struct override *order = find_order_above(overrides, n, row);

		if (order && !ledger_find_override(state->ledger, &row->id))
			row->shown.is_released = !order->hold;
	}
}

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
	mark_members(state, overrides, n);
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

/* Of two, the process' own counts: it comes last. */
static int take_setting(struct target *row, const struct held *held)
{
	row->shown.applied = held->action;
	row->shown.is_settling = held->is_draining;
	if (!row->shown.is_held) {
		row->origin = held->origin;
		row->since_usec = held->since_usec;
	}
	if (text_replace(&row->cpus, held->cpus) < 0)
		return -ENOMEM;
	return text_replace(&row->mems, held->mems);
}

static int take(struct target *row, const struct held *held)
{
	if (held->action != ACTION_HOLD)
		return take_setting(row, held);
	take_hold(row, held);
	return 0;
}

/* A row for a cgroup or the host, and all rows that it covers. */
static int take_wide(struct state *state, const struct held *held)
{
	struct target *row;
	int r;

	r = targets_add(&state->targets, &held->id, &row);
	if (r >= 0)
		r = take(row, held);
	for (size_t i = 0; r >= 0 && i < state->targets.n; i++) {
		struct target *other = state->targets.rows[i];
		bool is_covered = held->id.kind == TARGET_CGROUP ?
					  target_is_in_cgroup(other, row->id.cgroup) :
					  other != row && other->action == held->action;

		if (is_covered)
			r = take(other, held);
	}
	return r;
}

static int take_process(struct state *state, const struct held *held, bool mark)
{
	struct target *row = targets_find(&state->targets, &held->id);

	if (row)
		return take(row, held);
	if (mark)
		state_mark(state, held->id.process, RING_NONE, NULL);
	return 0;
}

static int take_held(struct state *state, const struct held *held, bool mark)
{
	switch (held->id.kind) {
	case TARGET_PROCESS:
		return take_process(state, held, mark);
	case TARGET_CGROUP:
	case TARGET_HOST:
		return take_wide(state, held);
	}
	return 0;
}

static bool has_stranger(const struct state *state, const struct held_list *held)
{
	for (size_t i = 0; i < held->n; i++) {
		if (held->list[i].id.kind == TARGET_PROCESS &&
		    !targets_find(&state->targets, &held->list[i].id))
			return true;
	}
	return false;
}

/* Is it time to look at held processes without a row? */
static bool mark_strangers(struct state *state, uint64_t now_usec)
{
	bool is_due = state->strangers_usec <= now_usec;

	if (!has_stranger(state, &state->holds) && !has_stranger(state, &state->settings))
		state->strangers_usec = 0;
	else if (is_due)
		state->strangers_usec = now_usec + INFORCE_STRANGERS_USEC;
	return is_due;
}

static void clear(struct target *row)
{
	row->shown.is_held = row->shown.is_draining = row->shown.is_released = false;
	row->shown.applied = ACTION_NONE;
	row->shown.is_settling = false;
}

int inforce_settle(struct state *state, uint64_t now_usec)
{
	bool mark = mark_strangers(state, now_usec);
	int r = 0;

	for (size_t i = 0; i < state->targets.n; i++)
		clear(state->targets.rows[i]);
	for (size_t i = 0; r >= 0 && i < state->holds.n; i++)
		r = take_held(state, &state->holds.list[i], mark);
	/* from the widest to the process */
	for (size_t i = state->settings.n; r >= 0 && i-- > 0;)
		r = take_held(state, &state->settings.list[i], mark);
	return r < 0 ? r : mark_released(state);
}
