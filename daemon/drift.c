// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/drift.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/fs.h"
#include "daemon/journal.h"
#include "daemon/sense/sysctl.h"

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

void drift_look(struct state *state, uint64_t now_usec)
{
	int before = state->balancing;

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
