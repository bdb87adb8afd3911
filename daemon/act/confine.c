// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * confine: all processes of a cgroup on the CPUs and the memory of some nodes.
 *
 *      owner     setting                              where
 *      systemd   AllowedCPUs, AllowedMemoryNodes      a drop-in below /run
 *      nobody    cpuset.cpus, cpuset.mems             the cgroup itself
 *
 * A unit outlives its cgroup: when its service is started again, our drop-in is
 * still there.  So a unit's setting is in force until it is put back, whatever
 * became of the cgroup, and what was set for an earlier run is put back before
 * the next is confined.
 *
 * Controllers are never enabled: a cgroup whose parent does not hand cpuset down
 * is refused.  Below a unit that would change the cgroups of its other children,
 * and beside systemd's tree the root's, which systemd keeps.
 */
#include "daemon/act/confine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/act/cpuset.h"
#include "daemon/act/setting.h"
#include "daemon/act/subject.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/unit.h"

/* systemd answers before it has written: that comes with its next turn. */
#define SETTLE_ROUNDS	40
#define SETTLE_NSEC	(10 * 1000 * 1000)

/* ---- one setting ----------------------------------------------------------- */

static bool is_property(const char *name)
{
	return strchr(name, '.') == NULL;
}

static int confine_read(struct act_context *context, const struct target_id *id,
			const char *name, char **ret_value)
{
	_cleanup_(close) int fd = -1;
	char list[CONFINE_LIST_SIZE];
	int r;

	if (is_property(name))
		return confine_read_property(context, id->cgroup, name, ret_value);
	r = act_open_cgroup(context, id, &fd);
	if (r != 0)
		return r;
	r = confine_read_list(fd, name, list);
	if (r < 0)
		return r == -ENODEV ? ACT_GONE : r;
	*ret_value = strdup(list);
	return *ret_value ? ACT_DONE : -ENOMEM;
}

static int write_property(struct act_context *context, const char *cgroup, const char *property,
			  const char *value)
{
	char unit[UNIT_NAME_SIZE];
	int r;

	(void)confine_owner(cgroup, unit);
	if (!context->units)
		return -EOPNOTSUPP;
	r = context->units->write(context->units->userdata, unit, property, value);
	return r == -ENOENT ? ACT_GONE : r;
}

static int read_every(struct act_context *context, const char *name,
		      char list[CONFINE_LIST_SIZE])
{
	return confine_read_list(context->cgroup_fd, confine_is_cpus(name) ?
				 "cpuset.cpus.effective" : "cpuset.mems.effective", list);
}

/* ENOSPC: a cgroup with processes in it cannot be left without (validate_change() of
 * kernel/cgroup/cpuset.c).  All that the host has is the same to it, until there are
 * more CPUs or nodes. */
static int write_cpuset(struct act_context *context, const char *cgroup, const char *name,
			const char *value)
{
	const char *file = confine_is_cpus(name) ? "cpuset.cpus" : "cpuset.mems";
	char every[CONFINE_LIST_SIZE];
	const char *why = NULL;
	int r;

	r = cpuset_write(cgroup, file, value, &why);
	if (r == -ENOSPC && !*value) {
		r = read_every(context, name, every);
		if (r == 0)
			r = cpuset_write(cgroup, file, every, &why);
	}
	if (r < 0 && why)
		snprintf(context->why, sizeof(context->why), "%s", why);
	return r == -ENOENT ? ACT_GONE : r;
}

static bool is_equal(const char *a, const char *b)
{
	struct nodeset x, y;

	return nodeset_parse(a, &x) == 0 && nodeset_parse(b, &y) == 0 &&
	       memcmp(&x, &y, sizeof(x)) == 0;
}

/* No restriction, and all that there is. */
static bool is_every(struct act_context *context, const char *name, const char *list)
{
	char every[CONFINE_LIST_SIZE];
	struct nodeset set, host;

	return read_every(context, name, every) == 0 && nodeset_parse(every, &host) == 0 &&
	       nodeset_parse(list, &set) == 0 && nodeset_is_subset(&host, &set);
}

static bool confine_is_same(struct act_context *context, const struct target_id *id,
			    const struct wanted *current, const char *value)
{
	(void)id;
	if (!*value && !is_property(current->name) &&
	    is_every(context, current->name, current->value))
		return true;
	return is_equal(current->value, value);
}

/* For a unit that asks for no cpuset any more, systemd 252 writes none: what
 * it wrote for us stays with the cgroup until the service is started again; a run that
 * was started meanwhile has it from our drop-in.  The one case in which a cgroup of
 * systemd's is written to, and only over our own value. */
static int clear_cpuset(struct act_context *context, const struct target_id *id,
			const char *name)
{
	const struct ledger_entry *entry = ledger_find(context->ledger, ACTION_CONFINE, id);
	const struct saved *saved = ledger_find_saved(entry, name);
	const char *file = confine_is_cpus(name) ? "cpuset.cpus" : "cpuset.mems";
	const char *path = id->cgroup + strspn(id->cgroup, "/");
	_cleanup_(close) int fd = fs_open_dir(context->cgroup_fd, path);
	char list[CONFINE_LIST_SIZE];
	int r;

	if (!saved || *saved->before)
		return ACT_DONE;
	r = fd < 0 ? fd : confine_read_list(fd, file, list);
	if (r < 0)		/* removed, or the controller is */
		return r == -ENOENT || r == -ENODEV ? ACT_DONE : r;
	if (!is_equal(list, saved->ours))
		return ACT_DONE;
	r = write_cpuset(context, id->cgroup, name, "");
	return r == ACT_GONE ? ACT_DONE : r;
}

/* The cgroup before systemd: told that nobody wants a cpuset any more it takes the
 * controller from all cgroups beside it at once, and the kernel then looks at the
 * first of them alone to see whether any thread's CPUs change (cpuset_attach() of
 * kernel/cgroup/cpuset.c): ours would stay where they are. */
static int confine_write(struct act_context *context, const struct target_id *id,
			 const char *name, const char *value)
{
	_cleanup_(close) int fd = -1;
	int r;

	if (is_property(name)) {
		r = *value ? ACT_DONE : clear_cpuset(context, id, name);
		return r < 0 ? r : write_property(context, id->cgroup, name, value);
	}
	r = act_open_cgroup(context, id, &fd);
	return r != 0 ? r : write_cpuset(context, id->cgroup, name, value);
}

static int confine_forget(struct act_context *context, const struct target_id *id,
			  const char *name)
{
	char unit[UNIT_NAME_SIZE];
	int r;

	if (!is_property(name))
		return ACT_DONE;
	if (!context->units)
		return -EOPNOTSUPP;
	(void)confine_owner(id->cgroup, unit);
	r = context->units->forget(context->units->userdata, unit, name);
	return r < 0 && r != -ENOENT ? r : clear_cpuset(context, id, name);
}

static int confine_show(const struct ledger_entry *entry, struct held *held)
{
	for (size_t i = 0; i < entry->n_saved; i++) {
		const struct saved *saved = &entry->saved[i];
		char **place = confine_is_cpus(saved->name) ? &held->cpus : &held->mems;

		free(*place);
		*place = strdup(saved->ours);
		if (!*place)
			return -ENOMEM;
	}
	return 0;
}

static const struct setting_ops ops = {
	.action = ACTION_CONFINE,
	.find = confine_find,
	.read = confine_read,
	.write = confine_write,
	.is_same = confine_is_same,
	.forget = confine_forget,
	.show = confine_show,
};

/* ---- is it in force? --------------------------------------------------------- */

/* A cgroup that is no more cannot be wider.  CPUs that are offline are in none; one
 * without the controller has no such file. */
static bool is_within(struct act_context *context, const struct target_id *id,
		      const char *file, const char *value)
{
	char list[CONFINE_LIST_SIZE];
	struct nodeset set, wanted;
	_cleanup_(close) int fd = -1;

	if (!value || act_open_cgroup(context, id, &fd) != 0)
		return true;
	return confine_read_list(fd, file, list) == 0 && nodeset_parse(list, &set) == 0 &&
	       nodeset_parse(value, &wanted) == 0 && nodeset_is_subset(&set, &wanted);
}

static bool is_effective(struct act_context *context, const struct target_id *id,
			 const char *cpus, const char *mems)
{
	return is_within(context, id, "cpuset.cpus.effective", cpus) &&
	       is_within(context, id, "cpuset.mems.effective", mems);
}

static bool settle(struct act_context *context, const struct plan_item *item)
{
	const struct timespec pause = { .tv_nsec = SETTLE_NSEC };

	for (int i = 0; i < SETTLE_ROUNDS; i++) {
		if (is_effective(context, &item->id, item->cpus, item->mems))
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/* ---- the actuator ------------------------------------------------------------ */

static bool is_earlier_run(const struct ledger_entry *entry, const struct target_id *id)
{
	return entry->action == ACTION_CONFINE && entry->id.cgroup &&
	       strcmp(entry->id.cgroup, id->cgroup) == 0 && entry->id.cgroup_id != id->cgroup_id;
}

DEFINE_CLEANUP_EMBEDDED(struct target_id, target_id_done);

/* What was set on a unit for a cgroup that is no more. */
static int undo_earlier(struct act_context *context, const struct target_id *id)
{
	const struct ledger_entry *entries;
	size_t n;
	int r = 0;

	for (entries = ledger_entries(context->ledger, &n); n > 0 && r >= 0; n--) {
		_cleanup_(target_id_done) struct target_id earlier = { 0 };

		if (!is_earlier_run(&entries[n - 1], id))
			continue;
		r = target_id_copy(&entries[n - 1].id, &earlier);
		if (r >= 0)
			r = setting_undo(context, &ops, &earlier);
	}
	return r < 0 ? r : 0;
}

static int confine_apply(struct act_context *context, const struct plan_item *item)
{
	const struct ledger_entry *entry;
	bool is_first;
	int r, done;

	if (item->id.kind != TARGET_CGROUP || !item->id.cgroup)
		return -EINVAL;
	r = undo_earlier(context, &item->id);
	if (r < 0)
		return r;
	entry = ledger_find(context->ledger, ACTION_CONFINE, &item->id);
	is_first = !entry || entry->n_saved == 0;
	done = setting_apply(context, &ops, item);
	if ((done != ACT_DONE && done != ACT_NOOP) || settle(context, item))
		return done;
	if (is_first)
		(void)setting_undo(context, &ops, &item->id);
	snprintf(context->why, sizeof(context->why), "the cgroup has other CPUs or nodes all the same");
	return -EBUSY;
}

static int confine_undo(struct act_context *context, const struct target_id *id)
{
	return setting_undo(context, &ops, id);
}

static int confine_list(struct act_context *context, struct held **ret_held, size_t *ret_n)
{
	int r = setting_list(context, &ops, ret_held, ret_n);

	for (size_t i = 0; r >= 0 && i < *ret_n; i++) {
		struct held *held = &(*ret_held)[i];

		held->is_draining |= !is_effective(context, &held->id, held->cpus, held->mems);
	}
	return r;
}

const struct actuator confine_actuator = {
	.name = "confine",
	.is_recorded = true,
	.apply = confine_apply,
	.undo = confine_undo,
	.list = confine_list,
};
