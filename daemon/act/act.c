// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/act.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/act/ledger.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

static const struct actuator *find_enforcing(enum action action)
{
	switch (action) {
	case ACTION_NONE:
	case ACTION_AUTO:
		break;
	case ACTION_HOLD:
		return &hold_actuator;
	case ACTION_BIND:
		return &bind_actuator;
	case ACTION_HOST_OFF:
		return &hostoff_actuator;
	case ACTION_CONFINE:
		return &confine_actuator;
	case ACTION_MEMPOLICY:
		return &mempolicy_actuator;
	}
	return &null_actuator;
}

const struct actuator *act_find(enum action action, enum mode mode)
{
	switch (mode) {
	case MODE_AUDIT:
		break;
	case MODE_ENFORCE:
		return find_enforcing(action);
	}
	return &null_actuator;
}

static bool has_settings(const struct act_context *context, const struct plan_item *item)
{
	const struct ledger_entry *entry =
		ledger_find(context->ledger, item->action, &item->id);

	return entry && entry->n_saved > 0;
}

static int record(struct act_context *context, const struct actuator *actuator,
		  const struct plan_item *item)
{
	int r = ledger_record(context->ledger, item->action, &item->id, item->policy,
			      context->now_usec);

	return r == -ENOTRECOVERABLE && actuator->ends_with_us ? 0 : r;
}

/* The record comes first: killed in between, we find a change that was never
 * made, and undoing that does no harm.  A refusal, or that the target has just gone,
 * leaves recorded what was set before it. */
static int take(struct act_context *context, const struct actuator *actuator,
		const struct plan_item *item)
{
	int r;

	if (!actuator->is_recorded)
		return actuator->apply(context, item);
	r = record(context, actuator, item);
	if (r < 0)
		return r;
	r = actuator->apply(context, item);
	if ((r == ACT_GONE || r < 0) && !has_settings(context, item))
		(void)ledger_erase(context->ledger, item->action, &item->id);
	return r;
}

static int let_go(struct act_context *context, const struct actuator *actuator,
		  const struct plan_item *item)
{
	int r = actuator->undo(context, &item->id);

	if (r >= 0 && actuator->is_recorded)
		(void)ledger_erase(context->ledger, item->action, &item->id);
	return r;
}

/* What is kept may be kept for another policy than it was taken for, or there was no
 * room to say for which. */
static int keep(struct act_context *context, const struct actuator *actuator,
		const struct plan_item *item)
{
	const struct ledger_entry *entry;
	int r;

	if (!actuator->is_recorded || !item->policy)
		return ACT_NOOP;
	entry = ledger_find(context->ledger, item->action, &item->id);
	if (entry && entry->policy && strcmp(entry->policy, item->policy) == 0)
		return ACT_NOOP;
	r = record(context, actuator, item);
	return r < 0 ? r : ACT_NOOP;
}

static int apply_item(struct act_context *context, const struct plan_item *item)
{
	const struct actuator *actuator = act_find(item->action, item->mode);

	switch (item->op) {
	case PLAN_WATCH:
		break;
	case PLAN_KEEP:
		return keep(context, actuator, item);
	case PLAN_APPLY:
		return take(context, actuator, item);
	case PLAN_UNDO:
		return let_go(context, actuator, item);
	}
	return ACT_NOOP;
}

int act_apply(struct act_context *context, const struct plan_item *item)
{
	int r;

	*context->why = '\0';
	r = apply_item(context, item);
	if (r == -ENOTRECOVERABLE)
		snprintf(context->why, sizeof(context->why), "%s", ACT_UNRECORDED);
	return r;
}

static int compare_held(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return target_id_compare(&x->id, &y->id);
}

int act_open_cgroup(struct act_context *context, const struct target_id *id, int *ret_fd)
{
	_cleanup_(close) int fd = -1;
	const char *path;
	struct stat st;

	if (context->cgroup_fd < 0 || !id->cgroup)
		return -EOPNOTSUPP;
	path = id->cgroup + strspn(id->cgroup, "/");
	fd = fs_open_dir(context->cgroup_fd, *path ? path : ".");
	if (fd == -ENOENT || fd == -ENODEV)	/* ENODEV: removed meanwhile */
		return ACT_GONE;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != id->cgroup_id)
		return ACT_GONE;
	*ret_fd = take_fd(&fd);
	return 0;
}

void held_sort(struct held *held, size_t n)
{
	qsort(held, n, sizeof(*held), compare_held);
}

static bool is_held(const struct held *held, size_t n_held, const struct target_id *id)
{
	const struct held key = { .id = *id };

	return n_held > 0 && bsearch(&key, held, n_held, sizeof(*held), compare_held);
}

int act_prune(struct act_context *context, enum action action, const struct held *held,
	      size_t n_held)
{
	const struct ledger_entry *entries;
	size_t n;

	/* From the end, because erasing moves only what stands behind. */
	for (entries = ledger_entries(context->ledger, &n); n > 0; n--) {
		const struct ledger_entry *entry = &entries[n - 1];
		int r;

		if (entry->action != action || is_held(held, n_held, &entry->id))
			continue;
		r = ledger_erase(context->ledger, action, &entry->id);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- putting everything back ---------------------------------------------- */

struct step {
	enum action action;
	struct target_id id;
	uint64_t since_usec;
	size_t place;		/* in the ledger */
	bool is_done;		/* with whatever outcome */
};

struct steps {
	struct step *list;
	size_t n;
};

static void steps_done(struct steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		target_id_done(&steps->list[i].id);
	free(steps->list);
	*steps = (struct steps){ 0 };
}

DEFINE_CLEANUP_EMBEDDED(struct steps, steps_done);

/* The newest first; but threads that cannot be reached cost seconds, and a stop has an
 * end: what is the host's, a cgroup's or a mask does not wait for them. */
static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if ((x->action == ACTION_MEMPOLICY) != (y->action == ACTION_MEMPOLICY))
		return x->action == ACTION_MEMPOLICY ? 1 : -1;
	if (x->since_usec != y->since_usec)
		return x->since_usec < y->since_usec ? 1 : -1;
	return x->place < y->place ? 1 : -1;
}

/* A copy, because the ledger loses its entries while we go. */
static int list_steps(const struct ledger *ledger, struct steps *steps)
{
	const struct ledger_entry *entries;
	size_t n;

	entries = ledger_entries(ledger, &n);
	steps->list = calloc(n + 1, sizeof(*steps->list));
	if (!steps->list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct step *step = &steps->list[i];

		if (target_id_copy(&entries[i].id, &step->id) < 0)
			return -ENOMEM;
		step->action = entries[i].action;
		step->since_usec = entries[i].since_usec;
		step->place = steps->n++;
	}
	qsort(steps->list, steps->n, sizeof(*steps->list), compare_steps);
	return 0;
}

static int undo_step(struct act_context *context, const struct step *step)
{
	const struct plan_item item = {
		.op = PLAN_UNDO,
		.id = step->id,
		.mode = MODE_ENFORCE,
		.action = step->action,
	};

	return act_apply(context, &item);
}

/* What was busy, with one who was in the middle of it or in the kernel, gets a
 * second chance when all others are done. */
int act_restore(struct act_context *context, const struct act_restored *restored)
{
	_cleanup_(steps_done) struct steps steps = { 0 };
	int r, first = 0;

	r = list_steps(context->ledger, &steps);
	if (r < 0)
		return r;
	for (size_t i = 0; i < 2 * steps.n; i++) {
		struct step *step = &steps.list[i % steps.n];

		/* another time: what was tried in vain is tried again */
		if (i == steps.n)
			context->now_usec++;
		if (step->is_done)
			continue;
		r = undo_step(context, step);
		if (r == -EBUSY && i < steps.n)
			continue;
		step->is_done = true;
		if (r < 0 && first == 0)
			first = r;
		restored->tell(restored->userdata, step->action, &step->id, r);
	}
	return first;
}

/* ---- what is in force ----------------------------------------------------- */

void held_done(struct held *held)
{
	target_id_done(&held->id);
	free(held->policy);
	free(held->cpus);
	free(held->mems);
	*held = (struct held){ 0 };
}

void held_free(struct held *held, size_t n)
{
	for (size_t i = 0; held && i < n; i++)
		held_done(&held[i]);
	free(held);
}
