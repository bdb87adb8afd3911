// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/exits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/act/ledger.h"
#include "daemon/base/log.h"
#include "daemon/publish.h"
#include "daemon/sense/proc.h"

static bool is_process_gone(const struct state *state, struct process_id id)
{
	uint64_t start_ticks;
	int r = proc_read_start(state->proc_fd, id.pid, &start_ticks);

	return r == -ESRCH || (r >= 0 && start_ticks != id.start_ticks);
}

static bool is_cgroup_gone(const struct state *state, const struct target_id *id)
{
	struct stat st;

	if (state->cgroup_fd < 0 || !id->cgroup || !id->cgroup[0] || !id->cgroup[1])
		return false;
	if (fstatat(state->cgroup_fd, id->cgroup + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	return st.st_ino != id->cgroup_id;
}

bool exits_is_gone(const struct state *state, const struct target_id *id)
{
	switch (id->kind) {
	case TARGET_PROCESS:
		return is_process_gone(state, id->process);
	case TARGET_CGROUP:
		return is_cgroup_gone(state, id);
	case TARGET_HOST:
		break;
	}
	return false;
}

static void forget(struct state *state, struct target *row)
{
	publish_gone(state, row);
	(void)ledger_drop_override(state->ledger, &row->id);
	(void)setbacks_drop_target(&state->setbacks, &row->id);
	/* its records go when they are compared with what there is */
	state->are_settings_due |= row->shown.applied != ACTION_NONE;
	targets_drop(&state->targets, row);
	/* The cgroup that was held for it may be wanted by nobody now. */
	state->are_targets_due = true;
}

/* Each look finds the process gone, or a descriptor to watch it by. */
static void look_at_unwatched(struct state *state)
{
	const struct targets *targets = &state->targets;

	if (state->unwatched_usec > state->now_usec)
		return;
	state->unwatched_usec = state->now_usec + EXITS_UNWATCHED_USEC;
	if (targets->n_unwatched > 0 && !state->has_told_unwatched) {
		log_warning("too few descriptors to watch all %zu targets, the end of %zu is seen within a minute: raise LimitNOFILE= of pinsafed.service",
			    targets->n, targets->n_unwatched);
		state->has_told_unwatched = true;
	}
	for (size_t i = 0; targets->n_unwatched > 0 && i < targets->n; i++) {
		if (target_is_unwatched(targets, targets->rows[i]))
			state_mark(state, targets->rows[i]->id.process, RING_NONE, NULL);
	}
}

void exits_take(struct state *state)
{
	struct process_id ids[64];
	size_t n;

	do {
		n = targets_read_exits(&state->targets, ids, 64);
		for (size_t i = 0; i < n; i++) {
			struct target *row = targets_find_process(&state->targets, ids[i]);

			if (row)
				forget(state, row);
		}
	} while (n == 64);
	look_at_unwatched(state);
}

void exits_forget_others(struct state *state, struct process_id id, uint64_t lives_ticks)
{
	size_t i = targets_find_pid(&state->targets, id.pid);

	while (i < state->targets.n) {
		struct target *row = state->targets.rows[i];

		if (row->id.kind != TARGET_PROCESS || row->id.process.pid != id.pid)
			break;
		if (row->id.process.start_ticks != lives_ticks)
			forget(state, row);
		else
			i++;
	}
}
