// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/orders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/fs.h"
#include "daemon/bus.h"
#include "daemon/conffile.h"
#include "daemon/gather.h"
#include "daemon/journal.h"
#include "daemon/report.h"
#include "daemon/sense/proc.h"
#include "daemon/tick.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

/* ---- targets ----------------------------------------------------------------- */

static bool is_path(const char *path)
{
	return path[0] == '/' && path[1] && !strstr(path, "//") && !strstr(path, "/../") &&
	       !strstr(path, "/./") && path[strlen(path) - 1] != '/' &&
	       (strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..") != 0);
}

static int resolve_cgroup(const struct state *state, struct target_id *target)
{
	_cleanup_(close) int fd = -1;
	struct stat st;

	/* The root is not a target: that is what kernel.numa_balancing is for. */
	if (!target->cgroup || !is_path(target->cgroup))
		return -EINVAL;
	if (state->cgroup_fd < 0)
		return -ESRCH;
	fd = fs_open_dir(state->cgroup_fd, target->cgroup + 1);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -ESRCH;
	target->cgroup_id = st.st_ino;
	return 0;
}

static int resolve_process(const struct state *state, const struct target_id *target)
{
	uint64_t start_ticks;
	int r;

	if (target->process.pid <= 0 || target->process.start_ticks == 0)
		return -EINVAL;
	r = proc_read_start(state->proc_fd, target->process.pid, &start_ticks);
	if (r < 0)
		return r;
	return start_ticks == target->process.start_ticks ? 0 : -ESRCH;
}

int orders_resolve(const struct state *state, struct target_id *target)
{
	switch (target->kind) {
	case TARGET_PROCESS:
		return resolve_process(state, target);
	case TARGET_CGROUP:
		return resolve_cgroup(state, target);
	case TARGET_HOST:
		break;
	}
	return -EINVAL;
}

/* ---- hold and release ---------------------------------------------------------- */

/* What the tick that carried the order out came to. */
static int carry_out(struct state *state, const struct target_id *target, bool hold,
		     uint64_t now_usec)
{
	struct target *row = targets_find(&state->targets, target);
	int r = 0;

	if (row)
		row->failed = row->told_failed = 0;
	(void)setbacks_drop_target(&state->setbacks, target);
	/* Not behind all that is dirty: the client waits, and so does the loop. */
	state->are_targets_due = true;
	if (target->kind == TARGET_PROCESS)
		r = gather_process(state, target->process, now_usec);
	if (r >= 0)
		r = tick_run(state, now_usec);
	if (r < 0)
		return r;
	row = targets_find(&state->targets, target);
	if (row && row->failed < 0)
		return row->failed;
	if (hold && (!row || !row->shown.is_held))
		return row ? -EAGAIN : -ESRCH;
	return 0;
}

static int set_override(struct state *state, const struct target_id *target, bool hold,
			uint64_t until_usec, uint64_t now_usec)
{
	struct override override = {
		.id = *target,		/* the ledger takes a copy */
		.hold = hold,
		.until_usec = until_usec,
	};
	int r = ledger_set_override(state->ledger, &override);

	return r < 0 ? r : carry_out(state, target, hold, now_usec);
}

/* An order that cannot be carried out is none: what stood before stands again,
 * and is decided on again, for its end has to be waited for. */
static void take_back(struct state *state, const struct target_id *target,
		      const struct override *before)
{
	if (before)
		(void)ledger_set_override(state->ledger, before);
	else
		(void)ledger_drop_override(state->ledger, target);
	state->are_targets_due = true;
}

int orders_hold(struct state *state, const struct target_id *target, uint64_t now_usec)
{
	const struct override *before = ledger_find_override(state->ledger, target);
	struct override copy;
	int r;

	if (state->helper_fd < 0)
		return -ENODEV;
	if (before) {			/* the ledger frees its own */
		copy = *before;
		copy.id = *target;
		before = &copy;
	}
	r = set_override(state, target, true, 0, now_usec);
	if (r < 0)
		take_back(state, target, before);
	return r;
}

int orders_release(struct state *state, const struct target_id *target, uint64_t for_usec,
		   uint64_t now_usec)
{
	uint64_t until_usec = for_usec ? now_usec + for_usec : 0;

	if (for_usec && until_usec < now_usec)		/* wrapped: for ever */
		until_usec = 0;
	return set_override(state, target, false, until_usec, now_usec);
}

/* ---- reload -------------------------------------------------------------------- */

static void put_in_force(struct state *state, struct config *config)
{
	config_done(&state->config);
	state->config = *config;
	*config = (struct config){ 0 };
	state->has_config = true;
	state->tally.reloads++;
	state->is_table_full = false;
	state->table_usec = 0;
	/* who changed the rules may have mended what was wrong */
	setbacks_done(&state->setbacks);
	state_refresh_rights(state);
	watch_reset(state->watch);
	state->is_watch_due = true;
	state->are_nodes_due = true;
	/* Its policies may match processes that nobody knew. */
	state->is_sweep_due = true;
	state_mark_targets(state);
}

/* A file may have any name, and the bus takes UTF-8 only. */
static void make_sayable(char **text)
{
	char *copy = *text ? report_make_utf8(*text) : NULL;

	free(*text);
	*text = copy;
}

int orders_reload(struct state *state, uint64_t now_usec, char **ret_errors)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	const char *root = state->options->config_root;
	int r;

	*ret_errors = NULL;
	r = conffile_load(root, &config, &errors);
	if (r == -EINVAL)
		r = conffile_format_errors(&errors, ret_errors) < 0 ? -ENOMEM : -EINVAL;
	else if (r == -ENOENT && asprintf(ret_errors, "%s: not a directory", root) < 0)
		*ret_errors = NULL;
	make_sayable(ret_errors);
	if (r < 0)
		journal_reload_failed(*ret_errors ? *ret_errors : strerror(-r),
				      state->has_config);
	else
		put_in_force(state, &config);
	if (r >= 0)
		journal_reloaded(&state->config);
	(void)status_note_reload(&state->status, now_usec,
				 r < 0 ? (*ret_errors ? *ret_errors : strerror(-r)) : NULL);
	bus_emit_properties(state->bus, STATUS_RELOAD);
	bus_emit_reloaded(state->bus, r >= 0, *ret_errors);
	return r < 0 ? r : 0;
}
