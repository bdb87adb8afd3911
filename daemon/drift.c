// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/drift.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/fs.h"
#include "daemon/base/log.h"
#include "daemon/journal.h"
#include "daemon/sense/sysctl.h"
#include "daemon/sense/topology.h"

static const struct target_id host = { .kind = TARGET_HOST };

/* What we saved of the sysctl; NULL: we have not changed it. */
static const struct saved *find_saved(const struct state *state)
{
	const struct ledger_entry *entry = ledger_find(state->ledger, ACTION_HOST_OFF, &host);

	return entry && entry->n_saved > 0 ? &entry->saved[0] : NULL;
}

static bool is_own(const struct state *state)
{
	const struct saved *saved = find_saved(state);

	return saved && atoi(saved->ours) == state->host.balancing;
}

/* Without memory nobody is named. */
static void find_owner(struct state *state)
{
	_cleanup_(close) int root_fd = fs_open_dir(AT_FDCWD, state->options->fs_root);
	struct host_facts *facts = &state->host;

	free(take_ptr(facts->balancing_owner));
	if (is_own(state))
		facts->balancing_owner = strdup("pinsafed");
	else if (root_fd >= 0 && facts->balancing >= 0)
		(void)sysctl_find_owner(root_fd, state->proc_fd, facts->balancing,
					&facts->balancing_owner);
}

void drift_begin(struct state *state)
{
	const struct saved *saved = find_saved(state);

	state->balancing = state->host.balancing;
	state->host.balancing_at_start = saved ? atoi(saved->before) : state->host.balancing;
	find_owner(state);
}

static bool is_equal(const struct nodeset *a, const struct nodeset *b)
{
	return nodeset_is_subset(a, b) && nodeset_is_subset(b, a);
}

/* Whoever is bound goes elsewhere, or can come back; the nodes are read again. */
static void look_at_cpus(struct state *state, uint64_t now_usec)
{
	struct nodeset cpus = { 0 };
	bool is_first = nodeset_is_empty(&state->cpus);

	if (topology_read_cpus(state->sys_fd, &cpus) < 0 || is_equal(&cpus, &state->cpus))
		return;
	state->cpus = cpus;
	if (is_first)
		return;
	state->cpus_usec = now_usec;
	(void)topology_load(state->sys_fd, &state->host);
	(void)setbacks_drop_passing(&state->setbacks, ACTION_BIND);
	(void)setbacks_drop_passing(&state->setbacks, ACTION_CONFINE);
	state->are_targets_due = true;
	state->are_settings_due = true;
	log_info("processors came or went: what is bound is bound anew");
}

bool drift_is_of_cpus(const struct state *state, uint64_t now_usec)
{
	return state->cpus_usec && now_usec < state->cpus_usec + DRIFT_CPUS_USEC;
}

void drift_look(struct state *state, uint64_t now_usec)
{
	int before = state->balancing;

	look_at_cpus(state, now_usec);
	state->drift_usec = now_usec + DRIFT_LOOK_USEC;
	state_refresh_balancing(state);
	if (state->host.balancing == before)
		return;
	state->balancing = state->host.balancing;
	find_owner(state);
	state->tally.drifts++;
	state->are_targets_due = true;
	state->are_settings_due = true;
	/* host-off was without effect on the value of then */
	(void)setbacks_drop_passing(&state->setbacks, ACTION_HOST_OFF);
	journal_drift(&state->host, before);
}

void drift_note_own(struct state *state)
{
	state_refresh_balancing(state);
	state->balancing = state->host.balancing;
	find_owner(state);
}
