// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/stock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/gather.h"
#include "daemon/inforce.h"
#include "daemon/sense/cgroup.h"

/* As fresh as a decision on a host that is quiet. */
#define CGROUPS_FRESH_USEC	(1000ULL * 1000)

/* ---- cgroups --------------------------------------------------------------------- */

static bool may_confine(const struct config *config)
{
	for (size_t i = 0; i < config->n_policies; i++) {
		if (policy_has_action(&config->policies[i], ACTION_CONFINE))
			return true;
	}
	return false;
}

void stock_drop_cgroups(struct state *state)
{
	for (size_t i = 0; i < state->n_cgroups; i++)
		cgroup_facts_done(&state->cgroups[i]);
	free(take_ptr(state->cgroups));
	state->n_cgroups = 0;
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct cgroup_facts *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static bool is_known(const struct state *state, size_t n_sorted, char *path)
{
	struct cgroup_facts key = { .path = path };

	return n_sorted > 0 && bsearch(&key, state->cgroups, n_sorted, sizeof(key),
				       compare_cgroups);
}

/* One that has gone by now is left out. */
static int add_cgroup(struct state *state, const char *path)
{
	struct cgroup_facts *longer =
		reallocarray(state->cgroups, state->n_cgroups + 1, sizeof(*longer));
	int r;

	if (!longer)
		return -ENOMEM;
	state->cgroups = longer;
	r = cgroup_read_facts(state->sys_fd, path, &longer[state->n_cgroups]);
	if (r >= 0)
		state->n_cgroups++;
	return r == -ENOMEM ? r : 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Of those that pin, sorted; strings stay the snapshot's. */
static size_t list_paths(const struct snapshot *snapshot, char **paths)
{
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct process_facts *facts = &snapshot->processes[i];

		if (facts->cgroup && (facts->n_devices > 0 || process_is_pinner(facts)))
			paths[n++] = facts->cgroup;
	}
	if (n > 1)
		qsort(paths, n, sizeof(*paths), compare_paths);
	return n;
}

/* Many processes share a cgroup, and many ticks a second. */
static int read_cgroups(struct state *state, const struct snapshot *snapshot)
{
	_cleanup_(free) char **paths = calloc(snapshot->n_processes + 1, sizeof(*paths));
	size_t n_sorted = state->n_cgroups, n;
	int r = 0;

	if (!paths)
		return -ENOMEM;
	n = list_paths(snapshot, paths);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		bool is_same = i > 0 && strcmp(paths[i - 1], paths[i]) == 0;

		if (!is_same && !is_known(state, n_sorted, paths[i]))
			r = add_cgroup(state, paths[i]);
	}
	if (state->n_cgroups > 1)
		qsort(state->cgroups, state->n_cgroups, sizeof(*state->cgroups),
		      compare_cgroups);
	return r;
}

static int take_cgroups(struct state *state, uint64_t now_usec,
			const struct snapshot *snapshot)
{
	bool may = may_confine(&state->config);

	if (!may || now_usec >= state->cgroups_usec + CGROUPS_FRESH_USEC) {
		stock_drop_cgroups(state);
		state->cgroups_usec = now_usec;
	}
	return may ? read_cgroups(state, snapshot) : 0;
}

/* ---- the whole ------------------------------------------------------------------- */

void stock_done(struct stock *stock)
{
	free(stock->held);
	gather_return(&stock->snapshot);
	*stock = (struct stock){ 0 };
}

static int fill(struct state *state, uint64_t now_usec, struct stock *stock)
{
	int r = gather_snapshot(state, &stock->snapshot);

	if (r >= 0)
		r = take_cgroups(state, now_usec, &stock->snapshot);
	return r < 0 ? r : inforce_list(state, &stock->held, &stock->n_held);
}

int stock_take(struct state *state, uint64_t now_usec, struct stock *ret_stock)
{
	struct stock *stock = ret_stock;
	int r;

	*stock = (struct stock){ 0 };
	r = fill(state, now_usec, stock);
	if (r < 0) {
		stock_done(stock);
		return r;
	}
	stock->snapshot.cgroups = state->cgroups;
	stock->snapshot.n_cgroups = state->n_cgroups;
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

int stock_write(struct state *state, uint64_t now_usec, FILE *out)
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
