// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bind: every thread of a process on the CPUs of some nodes.
 *
 * The kernel runs a thread on what was asked for, less what its cpuset does not
 * allow and what is offline (sched_setaffinity(2)).  From 6.2 on it remembers what
 * was asked for (user_cpus_ptr) and comes back to it when the cpuset is widened;
 * before, any change of the cpuset puts its threads on all of it.  Hence:
 *
 *  - A mask is compared with what was asked for, less what is not allowed now.
 *  - A thread that was on all of its cpuset asked for nothing.  That is recorded as
 *    "all" and put back as all CPUs there could be: those of today would hold it
 *    back when the cpuset grows.  If it happens to be just what we want, we ask
 *    for it all the same, lest it grow, too.
 *  - What a thread asked for beyond its cpuset, nobody can read: that is lost.
 *
 * A tid can be another thread's between a look and a call: it is looked at again
 * afterwards, and a stranger gets back what the call before showed.
 */
#include "daemon/act/act.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/allowed.h"
#include "daemon/act/setting.h"
#include "daemon/act/subject.h"
#include "daemon/act/thread.h"
#include "daemon/base/cleanup.h"

/* "8190,8188,...": no list is longer */
#define LIST_SIZE	(NODESET_MAX / 2 * sizeof("8190"))

static const char all[] = "all";

/* ---- masks ---------------------------------------------------------------- */

static int format_list(const struct nodeset *set, char **ret_text)
{
	char *text = malloc(LIST_SIZE), *fit;
	int r;

	if (!text)
		return -ENOMEM;
	r = nodeset_format(set, text, LIST_SIZE);
	if (r < 0) {
		free(text);
		return r;
	}
	fit = realloc(text, strlen(text) + 1);
	*ret_text = fit ?: text;
	return 0;
}

/* A list, or "all" that there could be. */
static int parse_list(const char *text, struct nodeset *ret_set)
{
	if (strcmp(text, all) != 0)
		return nodeset_parse(text, ret_set);
	memset(ret_set, 0xff, sizeof(*ret_set));
	return 0;
}

static bool is_equal(const struct nodeset *a, const struct nodeset *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static struct nodeset intersect(struct nodeset set, const struct nodeset *with)
{
	for (size_t i = 0; i < sizeof(set.bits) / sizeof(set.bits[0]); i++)
		set.bits[i] &= with->bits[i];
	return set;
}

/* ESRCH also for a tid that the kernel is just about to let go. */
static int get_mask(pid_t tid, struct nodeset *ret_mask)
{
	*ret_mask = (struct nodeset){ 0 };
	if (sched_getaffinity(tid, sizeof(ret_mask->bits), (cpu_set_t *)ret_mask->bits) == 0)
		return ACT_DONE;
	return errno == ESRCH ? ACT_GONE : -errno;
}

static int set_mask(pid_t tid, const struct nodeset *mask)
{
	if (sched_setaffinity(tid, sizeof(mask->bits), (const cpu_set_t *)mask->bits) == 0)
		return ACT_DONE;
	return errno == ESRCH ? ACT_GONE : -errno;
}

/* ---- one thread ----------------------------------------------------------- */

static int bind_read(struct act_context *context, const struct target_id *id,
		     const char *name, char **ret_value)
{
	struct thread thread;
	struct nodeset mask;
	int r;

	r = thread_parse(name, &thread);
	if (r == 0)
		r = get_mask(thread.tid, &mask);
	if (r == 0)	/* last: so it was this thread's */
		r = thread_check(context->proc_fd, id->process.pid, &thread);
	return r != 0 ? r : format_list(&mask, ret_value);
}

/* EINVAL: none of these CPUs is allowed any more.  bind_find() refuses that, so it
 * is a thread's own mask from before, for which the kernel too takes the cpuset. */
static int set_or_widen(pid_t tid, const struct nodeset *mask)
{
	struct nodeset every;
	int r = set_mask(tid, mask);

	if (r != -EINVAL)
		return r;
	(void)parse_list(all, &every);
	return set_mask(tid, &every);
}

static int bind_write(struct act_context *context, const struct target_id *id,
		      const char *name, const char *value)
{
	struct nodeset mask, old;
	struct thread thread;
	int r;

	r = thread_parse(name, &thread);
	if (r == 0)
		r = parse_list(value, &mask);
	if (r == 0)
		r = thread_check(context->proc_fd, id->process.pid, &thread);
	if (r == 0)
		r = get_mask(thread.tid, &old);
	if (r == 0)
		r = set_or_widen(thread.tid, &mask);
	if (r != ACT_DONE)
		return r;
	r = thread_check(context->proc_fd, id->process.pid, &thread);
	if (r == ACT_GONE)
		(void)set_mask(thread.tid, &old);
	return r;
}

/* What the kernel makes of a value in this thread's cpuset. */
static bool bind_is_same(struct act_context *context, const struct target_id *id,
			 const struct wanted *current, const char *value)
{
	struct nodeset now, asked, allowed;
	struct thread thread;

	if (thread_parse(current->name, &thread) < 0 ||
	    nodeset_parse(current->value, &now) < 0 || parse_list(value, &asked) < 0 ||
	    allowed_read_cpus(context, id->process.pid, thread.tid, &allowed) != 0)
		return false;
	asked = intersect(asked, &allowed);
	return is_equal(&now, nodeset_is_empty(&asked) ? &allowed : &asked);
}

static int bind_record(struct act_context *context, const struct target_id *id,
		       const struct wanted *current, char **ret_before)
{
	bool is_all = bind_is_same(context, id, current, all);

	*ret_before = strdup(is_all ? all : current->value);
	return *ret_before ? 0 : -ENOMEM;
}

/* ---- all threads ---------------------------------------------------------- */

/* io_uring's workers cannot be moved so, and follow their ring's own setting. */
static bool is_movable(const struct thread *thread)
{
	return !(thread->flags & THREAD_NO_AFFINITY);
}

static int bind_names(struct act_context *context, const struct target_id *id,
		      struct wanted **ret_names, size_t *ret_n)
{
	return thread_names(context->proc_fd, id->process, is_movable, ret_names, ret_n);
}

/* Sets the value of one thread; ACT_GONE: has ended. */
static int want(struct act_context *context, const struct plan_item *item,
		const struct nodeset *cpus, struct wanted *wanted)
{
	struct nodeset allowed, usable;
	struct thread thread;
	char list[64];
	int r;

	r = thread_parse(wanted->name, &thread);
	if (r == 0)
		r = allowed_read_cpus(context, item->id.process.pid, thread.tid, &allowed);
	if (r != 0)
		return r;
	usable = intersect(allowed, cpus);
	if (nodeset_is_empty(&usable)) {
		if (nodeset_format(&allowed, list, sizeof(list)) < 0)
			snprintf(list, sizeof(list), "others");
		snprintf(context->why, sizeof(context->why),
			 "its cpuset allows CPUs %s, none of %.60s", list, item->cpus);
		return -EINVAL;
	}
	wanted->value = strdup(item->cpus);
	return wanted->value ? 0 : -ENOMEM;
}

/* Threads that have just ended are left out: the last takes the place of one. */
static int want_all(struct act_context *context, const struct plan_item *item,
		    const struct nodeset *cpus, struct wanted_list *threads)
{
	for (size_t i = 0; i < threads->n;) {
		struct wanted *thread = &threads->list[i];
		int r = want(context, item, cpus, thread);

		if (r < 0)
			return r;
		if (r == 0) {
			i++;
			continue;
		}
		free(thread->name);
		*thread = threads->list[--threads->n];
	}
	return 0;
}

static int bind_find(struct act_context *context, const struct plan_item *item,
		     struct wanted **ret_wanted, size_t *ret_n)
{
	_cleanup_(wanted_list_done) struct wanted_list threads = { 0 };
	struct thread first;
	struct nodeset cpus;
	int r;

	if (item->id.kind != TARGET_PROCESS || !item->cpus)
		return -EINVAL;
	r = nodeset_parse(item->cpus, &cpus);
	if (r < 0)
		return r;
	r = thread_read(context->proc_fd, item->id.process.pid, item->id.process.pid, &first);
	if (r != 0)
		return r;
	if (first.flags & THREAD_KERNEL) {
		snprintf(context->why, sizeof(context->why), "it is a kernel thread");
		return -EOPNOTSUPP;
	}
	r = bind_names(context, &item->id, &threads.list, &threads.n);
	if (r == 0)
		r = want_all(context, item, &cpus, &threads);
	if (r != 0)
		return r;
	if (threads.n == 0)	/* has exited, and nobody has waited for it */
		return ACT_GONE;
	*ret_n = threads.n;
	*ret_wanted = take_ptr(threads.list);
	threads.n = 0;
	return 0;
}

static int bind_show(const struct ledger_entry *entry, struct held *held)
{
	if (entry->n_saved == 0)
		return 0;
	held->cpus = strdup(entry->saved[0].ours);
	return held->cpus ? 0 : -ENOMEM;
}

static const struct setting_ops ops = {
	.action = ACTION_BIND,
	.find = bind_find,
	.read = bind_read,
	.write = bind_write,
	.names = bind_names,
	.record = bind_record,
	.is_same = bind_is_same,
	.show = bind_show,
};

static int bind_apply(struct act_context *context, const struct plan_item *item)
{
	return setting_apply(context, &ops, item);
}

static int bind_undo(struct act_context *context, const struct target_id *id)
{
	return setting_undo(context, &ops, id);
}

static int bind_list(struct act_context *context, struct held **ret_held, size_t *ret_n)
{
	return setting_list(context, &ops, ret_held, ret_n);
}

const struct actuator bind_actuator = {
	.name = "bind",
	.is_recorded = true,
	.apply = bind_apply,
	.undo = bind_undo,
	.list = bind_list,
};
