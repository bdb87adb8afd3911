// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mempolicy: MPOL_LOCAL in every thread of a running process.
 *
 * Each thread is a setting, "default" or "local" as the kernel shows it in
 * numa_maps; the value of one cannot be told apart from that of another who asked
 * for the same, so a thread that was local before is recorded as such and stays
 * local.  One with any other policy is none of ours: the scanner leaves it alone.
 *
 * The program changes all threads in one go, so the first write of many does the
 * work, and the others find it done.
 */
#include "daemon/act/act.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/mempolicy-run.h"
#include "daemon/act/setting.h"
#include "daemon/act/subject.h"
#include "daemon/act/thread.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

/* Hardly more than the address and the policy of the first record: read(2) goes
 * on making records, each a walk of its mapping, while its buffer has room. */
#define RECORD_HEAD_SIZE 42

/* In 6.4 and later: vhost's workers. */
#define NO_CODE_FLAGS	(THREAD_KERNEL | 0x00000010 /* PF_IO_WORKER */ | \
			 0x00004000 /* PF_USER_WORKER */)

static const char policy_default[] = "default";
static const char policy_local[] = "local";
static const char policy_own[] = "own";

/* ---- one thread ----------------------------------------------------------- */

/* A mapping without pages has nothing behind its policy. */
static bool is_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && strchr(" \n", text[length]);
}

/* One of the three above. */
static const char *parse_policy(const char *record)
{
	const char *policy = strchr(record, ' ');

	if (policy && is_word(policy + 1, policy_default))
		return policy_default;
	if (policy && is_word(policy + 1, policy_local))
		return policy_local;
	return policy_own;
}

/* No record: it has no memory any more. */
static int read_policy(struct act_context *context, pid_t pid, const char *name,
		       const char **ret_policy)
{
	char path[64], record[RECORD_HEAD_SIZE];
	struct thread thread;
	ssize_t n;
	int r;

	r = thread_parse(name, &thread);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%d/task/%d/numa_maps", pid, thread.tid);
	n = fs_read_head(context->proc_fd, path, record, sizeof(record));
	r = thread_check(context->proc_fd, pid, &thread);
	if (r != 0)
		return r;
	if (n == -ENOENT) {
		snprintf(context->why, sizeof(context->why), "this kernel has no memory policies");
		return -EOPNOTSUPP;
	}
	if (n <= 0)
		return n == 0 || n == -ESRCH ? ACT_GONE : (int)n;
	*ret_policy = parse_policy(record);
	return ACT_DONE;
}

static int mempolicy_read(struct act_context *context, const struct target_id *id,
			  const char *name, char **ret_value)
{
	const char *policy;
	int r;

	r = read_policy(context, id->process.pid, name, &policy);
	if (r != ACT_DONE)
		return r;
	*ret_value = strdup(policy);
	return *ret_value ? ACT_DONE : -ENOMEM;
}

/* ---- all of them ---------------------------------------------------------- */

static bool has_code(const struct thread *thread)
{
	return !(thread->flags & NO_CODE_FLAGS);
}

/* Leaves out those that have ended or have a policy of their own. */
static int keep_ours(struct act_context *context, pid_t pid, struct wanted_list *threads)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < threads->n; i++) {
		const char *policy = policy_own;

		if (r >= 0)
			r = read_policy(context, pid, threads->list[i].name, &policy);
		if (r == ACT_DONE && policy != policy_own)
			threads->list[n++] = threads->list[i];
		else
			free(threads->list[i].name);
	}
	threads->n = n;
	return r < 0 ? r : 0;
}

static int mempolicy_names(struct act_context *context, const struct target_id *id,
			   struct wanted **ret_names, size_t *ret_n)
{
	_cleanup_(wanted_list_done) struct wanted_list threads = { 0 };
	int r;

	r = thread_names(context->proc_fd, id->process, has_code, &threads.list, &threads.n);
	if (r == 0)
		r = keep_ours(context, id->process.pid, &threads);
	if (r != 0)
		return r;
	*ret_n = threads.n;
	*ret_names = take_ptr(threads.list);
	threads.n = 0;
	return 0;
}

static int mempolicy_find(struct act_context *context, const struct plan_item *item,
			  struct wanted **ret_wanted, size_t *ret_n)
{
	_cleanup_(wanted_list_done) struct wanted_list threads = { 0 };
	int r;

	if (item->id.kind != TARGET_PROCESS)
		return -EINVAL;
	r = mempolicy_names(context, &item->id, &threads.list, &threads.n);
	for (size_t i = 0; i < threads.n && r == 0; i++) {
		threads.list[i].value = strdup(policy_local);
		r = threads.list[i].value ? 0 : -ENOMEM;
	}
	if (r != 0)
		return r;
	*ret_n = threads.n;
	*ret_wanted = take_ptr(threads.list);
	threads.n = 0;
	return 0;
}

/* ---- changing it ----------------------------------------------------------- */

/* Threads that were local before we came. */
static int find_spared(struct act_context *context, const struct target_id *id,
		       pid_t **ret_tids, size_t *ret_n)
{
	const struct ledger_entry *entry = ledger_find(context->ledger, ACTION_MEMPOLICY, id);
	size_t n = 0, n_saved = entry ? entry->n_saved : 0;
	pid_t *tids = calloc(n_saved + 1, sizeof(*tids));
	struct thread thread;

	if (!tids)
		return -ENOMEM;
	for (size_t i = 0; i < n_saved; i++) {
		if (strcmp(entry->saved[i].before, policy_local) == 0 &&
		    thread_parse(entry->saved[i].name, &thread) == 0)
			tids[n++] = thread.tid;
	}
	*ret_tids = tids;
	*ret_n = n;
	return 0;
}

static int run(struct act_context *context, const struct target_id *id, const char *value)
{
	_cleanup_(free) pid_t *spared = NULL;
	size_t n_spared = 0;
	int r = 0;

	if (strcmp(value, policy_default) == 0)
		r = find_spared(context, id, &spared, &n_spared);
	if (r < 0)
		return r;
	return mempolicy_run(context, id->process, value, spared, n_spared);
}

/* The process that could not be done everywhere in this tick: not again, for each
 * of its threads. */
static struct {
	struct process_id process;
	uint64_t now_usec;
} partly;

static bool was_partly(const struct act_context *context, struct process_id process)
{
	return process_id_equal(partly.process, process) && partly.now_usec == context->now_usec;
}

static int mempolicy_write(struct act_context *context, const struct target_id *id,
			   const char *name, const char *value)
{
	bool is_undo = strcmp(value, policy_default) == 0;
	const char *policy;
	int r;

	r = read_policy(context, id->process.pid, name, &policy);
	if (r != ACT_DONE || strcmp(policy, value) == 0)
		return r;
	if (!was_partly(context, id->process)) {
		r = run(context, id, value);
		if (r < 0 || r == ACT_GONE)
			return r;
		partly.process = r == ACT_NOOP ? id->process : (struct process_id){ 0 };
		partly.now_usec = context->now_usec;
	}
	r = read_policy(context, id->process.pid, name, &policy);
	if (r != ACT_DONE || strcmp(policy, value) == 0)
		return r;
	if (!is_undo)
		return ACT_NOOP;
	snprintf(context->why, sizeof(context->why), "thread %.40s cannot be reached now", name);
	return -EBUSY;
}

static const struct setting_ops ops = {
	.action = ACTION_MEMPOLICY,
	.find = mempolicy_find,
	.read = mempolicy_read,
	.write = mempolicy_write,
	.names = mempolicy_names,
};

static int mempolicy_apply(struct act_context *context, const struct plan_item *item)
{
	return setting_apply(context, &ops, item);
}

static int mempolicy_undo(struct act_context *context, const struct target_id *id)
{
	return setting_undo(context, &ops, id);
}

static int mempolicy_list(struct act_context *context, struct held **ret_held, size_t *ret_n)
{
	return setting_list(context, &ops, ret_held, ret_n);
}

const struct actuator mempolicy_actuator = {
	.name = "mempolicy",
	.is_recorded = true,
	.apply = mempolicy_apply,
	.undo = mempolicy_undo,
	.list = mempolicy_list,
};
