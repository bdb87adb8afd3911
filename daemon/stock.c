// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/stock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/unit.h"
#include "daemon/gather.h"
#include "daemon/inforce.h"
#include "daemon/sense/cgroup.h"

/* ---- cgroups --------------------------------------------------------------------- */

static bool may_confine(const struct config *config)
{
	for (size_t i = 0; i < config->n_policies; i++) {
		if (policy_has_action(&config->policies[i], ACTION_CONFINE))
			return true;
	}
	return false;
}

static bool is_known(const struct stock *stock, const char *path)
{
	for (size_t i = 0; i < stock->n_cgroups; i++) {
		if (strcmp(stock->cgroups[i].path, path) == 0)
			return true;
	}
	return false;
}

/* One that has gone by now is left out. */
static int add_cgroup(const struct state *state, struct stock *stock, const char *path)
{
	struct cgroup_facts *longer;
	int r;

	if (is_known(stock, path))
		return 0;
	longer = reallocarray(stock->cgroups, stock->n_cgroups + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	stock->cgroups = longer;
	r = cgroup_read_facts(state->sys_fd, path, &longer[stock->n_cgroups]);
	if (r >= 0)
		stock->n_cgroups++;
	return r == -ENOMEM ? r : 0;
}

/* Its own, and its unit's where that is another: a service may have made cgroups
 * of its own below the one that systemd gave it. */
static int add_cgroups_of(const struct state *state, struct stock *stock, const char *path)
{
	size_t length = unit_path_length(path);
	_cleanup_(free) char *unit = NULL;
	int r = add_cgroup(state, stock, path);

	if (r < 0 || length == 0 || length == strlen(path))
		return r;
	unit = strndup(path, length);
	return unit ? add_cgroup(state, stock, unit) : -ENOMEM;
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct cgroup_facts *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int take_cgroups(const struct state *state, struct stock *stock)
{
	const struct snapshot *snapshot = &stock->snapshot;
	int r = 0;

	if (!may_confine(&state->config))
		return 0;
	for (size_t i = 0; r >= 0 && i < snapshot->n_processes; i++) {
		const struct process_facts *facts = &snapshot->processes[i];
		const struct policy *policy = NULL;

		if (!facts->cgroup)
			continue;
		r = policy_find(&state->config, facts, NULL, &policy, NULL);
		if (r >= 0 && policy && policy_has_action(policy, ACTION_CONFINE))
			r = add_cgroups_of(state, stock, facts->cgroup);
	}
	if (stock->n_cgroups > 1)
		qsort(stock->cgroups, stock->n_cgroups, sizeof(*stock->cgroups),
		      compare_cgroups);
	return r;
}

/* ---- the whole ------------------------------------------------------------------- */

void stock_done(struct stock *stock)
{
	for (size_t i = 0; i < stock->n_cgroups; i++)
		cgroup_facts_done(&stock->cgroups[i]);
	free(stock->cgroups);
	free(stock->held);
	gather_return(&stock->snapshot);
	*stock = (struct stock){ 0 };
}

static int fill(const struct state *state, struct stock *stock)
{
	int r = gather_snapshot(state, &stock->snapshot);

	if (r >= 0)
		r = take_cgroups(state, stock);
	return r < 0 ? r : inforce_list(state, &stock->held, &stock->n_held);
}

int stock_take(const struct state *state, uint64_t now_usec, struct stock *ret_stock)
{
	struct stock *stock = ret_stock;
	int r;

	*stock = (struct stock){ 0 };
	r = fill(state, stock);
	if (r < 0) {
		stock_done(stock);
		return r;
	}
	stock->snapshot.cgroups = stock->cgroups;
	stock->snapshot.n_cgroups = stock->n_cgroups;
	stock->input = (struct decide_input){
		.config = &state->config,
		.snapshot = &stock->snapshot,
		.held = stock->held,
		.n_held = stock->n_held,
		.now_usec = now_usec,
		.setbacks = state->setbacks.list,
		.n_setbacks = state->setbacks.n,
		.table_full = state->is_table_full,
	};
	stock->input.overrides = ledger_overrides(state->ledger, &stock->input.n_overrides);
	return 0;
}

/* ---- on paper --------------------------------------------------------------------- */

/* Texts stay the rows'. */
static size_t list_decided(const struct state *state, struct decided *decided)
{
	for (size_t i = 0; i < state->targets.n; i++) {
		const struct target *row = state->targets.rows[i];

		decided[i] = (struct decided){
			.id = row->id,
			.action = row->shown.op == PLAN_UNDO ? ACTION_NONE : row->action,
			.mode = row->mode,
			.policy = row->policy,
			.is_exposed = target_is_exposed(row),
		};
	}
	return state->targets.n;
}

int stock_write(const struct state *state, uint64_t now_usec, FILE *out)
{
	_cleanup_(free) struct decided *decided =
		calloc(state->targets.n + 1, sizeof(*decided));
	_cleanup_(stock_done) struct stock stock = { 0 };
	char version[] = PACKAGE_VERSION;
	char hostname[256] = "";
	struct dump dump;
	int r;

	if (!decided)
		return -ENOMEM;
	r = stock_take(state, now_usec, &stock);
	if (r < 0)
		return r;
	(void)gethostname(hostname, sizeof(hostname) - 1);
	dump = (struct dump){
		.snapshot = stock.snapshot,
		.held = stock.held,
		.n_held = stock.n_held,
		.overrides = (struct override *)stock.input.overrides,
		.n_overrides = stock.input.n_overrides,
		.setbacks = state->setbacks.list,
		.n_setbacks = state->setbacks.n,
		.decided = decided,
		.n_decided = list_decided(state, decided),
		.now_usec = now_usec,
		.table_full = state->is_table_full,
		.hostname = hostname,
		.version = version,
	};
	return dump_write(&dump, out);
}
