// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds in the helper module (module/uapi/pinsafe.h).  The module itself makes
 * sure that a pid still is the process that was meant; for a cgroup, whose name
 * can be given to another, the inode of the directory is compared.
 *
 * HOLD does not wait until old scans have ended: that can take as long as a pass
 * over a terabyte, and the DRAINED event tells.
 */
#include "daemon/act/act.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "daemon/act/ledger.h"
#include "daemon/base/cleanup.h"
#include "module/uapi/pinsafe.h"

#define LIST_CAPACITY	256	/* first guess, doubled until all fit */

/* ---- taking and letting go ---------------------------------------------- */

static int send_hold(int fd, struct pinsafe_hold *hold)
{
	if (ioctl(fd, PINSAFE_HOLD, hold) == 0)
		return ACT_DONE;
	return errno == ESRCH ? ACT_GONE : -errno;
}

static int hold_process(struct act_context *context, const struct target_id *id)
{
	struct pinsafe_hold hold = {
		.kind = PINSAFE_PROCESS,
		.pid = id->process.pid,
		.start_ticks = id->process.start_ticks,
		.cgroup_fd = -1,
	};

	return send_hold(context->helper_fd, &hold);
}

static int hold_cgroup(struct act_context *context, const struct target_id *id)
{
	struct pinsafe_hold hold = { .kind = PINSAFE_CGROUP };
	_cleanup_(close) int fd = -1;
	int r = act_open_cgroup(context, id, &fd);

	if (r != 0)
		return r;
	hold.cgroup_fd = fd;
	return send_hold(context->helper_fd, &hold);
}

static int hold_apply(struct act_context *context, const struct plan_item *item)
{
	const struct target_id *id = &item->id;

	if (context->helper_fd < 0)
		return -ENODEV;
	switch (id->kind) {
	case TARGET_PROCESS:
		return hold_process(context, id);
	case TARGET_CGROUP:
		return hold_cgroup(context, id);
	case TARGET_HOST:
		break;
	}
	return -EINVAL;
}

static int hold_undo(struct act_context *context, const struct target_id *id)
{
	struct pinsafe_release release = {
		.kind = id->kind == TARGET_CGROUP ? PINSAFE_CGROUP : PINSAFE_PROCESS,
		.pid = id->process.pid,
		.start_ticks = id->process.start_ticks,
		.cgroup_id = id->cgroup_id,
	};

	if (context->helper_fd < 0)
		return ACT_NOOP;	/* holds end with the file */
	if (ioctl(context->helper_fd, PINSAFE_RELEASE, &release) == 0)
		return ACT_DONE;
	switch (errno) {
	case ENOENT:
		return ACT_NOOP;
	case ESRCH:
		return ACT_GONE;
	default:
		return -errno;
	}
}

/* ---- listing ------------------------------------------------------------ */

static int read_entries(int fd, struct pinsafe_entry **ret_entries, size_t *ret_n)
{
	_cleanup_(free) struct pinsafe_entry *entries = NULL;
	struct pinsafe_list list = { .capacity = LIST_CAPACITY };

	for (;;) {
		free(entries);
		entries = calloc(list.capacity, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		list.entries = (uintptr_t)entries;
		if (ioctl(fd, PINSAFE_LIST, &list) < 0)
			return -errno;
		if (list.count <= list.capacity)
			break;
		list.capacity = 2 * list.count;
	}
	*ret_entries = take_ptr(entries);
	*ret_n = list.count;
	return 0;
}

static enum origin judge_origin(const struct pinsafe_entry *entry,
				const struct ledger *ledger, const struct target_id *id)
{
	const struct override *order = ledger_find_override(ledger, id);

	if (entry->origin != PINSAFE_ORIGIN_ORDER)
		return ORIGIN_BELL;
	return order && order->hold ? ORIGIN_OVERRIDE : ORIGIN_POLICY;
}

/* The module knows a cgroup by its id; the ledger knows the path that we took
 * it by, and for whom. */
static int add_recorded(const struct ledger *ledger, struct held *held)
{
	const struct ledger_entry *entry = ledger_find(ledger, ACTION_HOLD, &held->id);

	if (!entry)
		return 0;
	if (entry->id.cgroup && !(held->id.cgroup = strdup(entry->id.cgroup)))
		return -ENOMEM;
	if (entry->policy && !(held->policy = strdup(entry->policy)))
		return -ENOMEM;
	return 0;
}

static int read_held(const struct pinsafe_entry *entry, const struct ledger *ledger,
		     struct held *ret_held)
{
	struct held held = {
		.action = ACTION_HOLD,
		.is_draining = entry->state == PINSAFE_STATE_DRAINING,
		.since_usec = entry->held_ns / 1000,
		.refused_scans = entry->refused_scans,
		.last_refused_usec = entry->last_refused_ns / 1000,
	};

	if (entry->kind == PINSAFE_CGROUP) {
		held.id.kind = TARGET_CGROUP;
		held.id.cgroup_id = entry->cgroup_id;
	} else {
		held.id.kind = TARGET_PROCESS;
		held.id.process.pid = entry->pid;
		held.id.process.start_ticks = entry->start_ticks;
	}
	held.origin = judge_origin(entry, ledger, &held.id);
	*ret_held = held;
	return add_recorded(ledger, ret_held);
}

/* Sorted, so that what follows does not depend on the module's order. */
static int hold_list(struct act_context *context, struct held **ret_held, size_t *ret_n)
{
	_cleanup_(free) struct pinsafe_entry *entries = NULL;
	struct held *held;
	size_t n = 0;
	int r = 0;

	if (context->helper_fd >= 0)
		r = read_entries(context->helper_fd, &entries, &n);
	if (r < 0)
		return r;
	held = calloc(n + 1, sizeof(*held));
	if (!held)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = read_held(&entries[i], context->ledger, &held[i]);
	if (r < 0) {
		held_free(held, n);
		return r;
	}
	held_sort(held, n);
	*ret_held = held;
	*ret_n = n;
	return 0;
}

const struct actuator hold_actuator = {
	.name = "hold",
	.is_recorded = true,
	.ends_with_us = true,
	.apply = hold_apply,
	.undo = hold_undo,
	.list = hold_list,
};
