// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Balancing is off for the whole host while at least one process needs that, or
 * while the policy that needed it still could: a process that has unpinned may
 * pin again at any time, and then it would be too late.
 */
#include "daemon/policy/decision.h"

#include <errno.h>

#include "daemon/policy/sentence.h"

static bool asks(const struct subject *subject, enum mode mode)
{
	const struct wish *wish = &subject->wish;

	return wish->mode == mode &&
	       (wish->action == ACTION_HOST_OFF || wish->is_host_off_first);
}

static size_t count(const struct decision *decision, enum mode mode,
		    const struct subject **ret_first)
{
	size_t n = 0;

	for (size_t i = 0; i < decision->n_subjects; i++) {
		if (!asks(&decision->subjects[i], mode))
			continue;
		if (n++ == 0)
			*ret_first = &decision->subjects[i];
	}
	return n;
}

static int describe(const struct subject *first, size_t n, char **ret_reason)
{
	return sentence_format_part(ret_reason, "for %zu process%s, %s%d: %s", n,
				    n == 1 ? "" : "es", n == 1 ? "" : "the first of them ",
				    first->facts->id.pid, first->wish.reason);
}

static int add_asked(struct decision *decision, enum mode mode,
		     const struct subject *first, size_t n)
{
	_cleanup_(free) char *reason = NULL;
	struct wish wish = first->wish;		/* its strings are borrowed */
	struct plan_item *item;
	int r = describe(first, n, &reason);

	if (r < 0)
		return r;
	wish.reason = reason;
	wish.action = ACTION_HOST_OFF;
	wish.target = (struct target_id){ .kind = TARGET_HOST };
	wish.cpus = wish.mems = NULL;
	wish.is_host_off_first = false;
	r = decision_add_wanted(decision, &wish, decision->host_off, &item);
	if (r < 0)
		return r;
	for (size_t i = 0; i < decision->n_subjects; i++) {
		if (asks(&decision->subjects[i], mode))
			decision_add_asker(decision, &decision->subjects[i], item);
	}
	return 0;
}

/* ---- in force, and nobody asks ----------------------------------------------- */

/* The policy that it was taken for, if that would still take it. */
static const struct policy *find_standing(const struct decision *decision)
{
	const struct config *config = decision->input->config;
	const struct held *held = decision->host_off;
	const struct policy *policy;

	policy = held->policy ? config_find_policy(config, held->policy) : NULL;
	if (!policy || config_mode(config, policy) != MODE_ENFORCE)
		return NULL;
	return policy_wants(policy, ACTION_HOST_OFF) ? policy : NULL;
}

/* Would the policy speak of it, did it pin again? */
static int may_return(const struct decision *decision, const struct subject *subject,
		      const struct policy *standing)
{
	const struct policy *found;
	int r;

	if (subject->wish.policy || subject->wish.is_order)
		return 0;
	r = policy_find(decision->input->config, subject->facts, standing->name, &found, NULL);
	return r < 0 ? r : found == standing;
}

/* Is it what the process's policy wants, has been without effect, and is all that
 * there is?  Then it stays and says so: one that came and went would help nobody
 * either, and be a change of the host every quarter of an hour. */
static bool is_all_there_is(const struct decision *decision, const struct subject *subject,
			    const struct policy *standing)
{
	const struct wish *wish = &subject->wish;

	return standing && wish->policy == standing && wish->action == ACTION_NONE &&
	       !wish->is_exempt &&
	       decision_find_setback(decision, &decision->host_off->id, ACTION_HOST_OFF);
}

static const char *wait_for_others(struct decision *decision)
{
	plan_wake_at(&decision->plan, decision->input->now_usec + DECIDE_STEP_USEC);
	return "until what replaces it is in force";
}

static int find_reason_to_keep(struct decision *decision, const struct policy *standing,
			       const char **ret_reason)
{
	bool is_foreign = decision->host_off->is_foreign;

	*ret_reason = NULL;
	for (size_t i = 0; !*ret_reason && i < decision->n_subjects; i++) {
		const struct subject *subject = &decision->subjects[i];
		int r = standing ? may_return(decision, subject, standing) : 0;

		if (r < 0)
			return r;
		if (r > 0)
			*ret_reason = "somebody has pinned, so it stays off until he is gone";
		else if (standing && is_foreign && subject->wish.policy == standing)
			*ret_reason = "somebody else has changed it since";
		else if (is_all_there_is(decision, subject, standing))
			*ret_reason = "it stays, for want of anything better";
		else if (decision_awaits(decision, subject))
			*ret_reason = wait_for_others(decision);
	}
	return 0;
}

static int judge_leftover(struct decision *decision)
{
	const struct policy *standing = find_standing(decision);
	const struct host_facts *host = &decision->input->snapshot->host;
	struct plan_item *item;
	const char *keep;
	int r;

	r = find_reason_to_keep(decision, standing, &keep);
	if (r < 0)
		return r;
	r = plan_add(&decision->plan, &decision->host_off->id,
		     keep && standing ? standing->name : NULL,
		     keep ?: "no process needs balancing off any more", "", &item);
	if (r < 0)
		return r;
	item->op = keep ? PLAN_KEEP : PLAN_UNDO;
	item->mode = MODE_ENFORCE;
	item->action = ACTION_HOST_OFF;
	item->scanned = host->balancing > 0 ? SCANNED_YES : SCANNED_NO_SYSCTL;
	return 0;
}

int decision_judge_host(struct decision *decision)
{
	const struct subject *first = NULL;
	enum mode mode = MODE_ENFORCE;
	size_t n = count(decision, mode, &first);

	if (n == 0) {
		mode = MODE_AUDIT;
		n = count(decision, mode, &first);
	}
	if (n > 0)
		return add_asked(decision, mode, first, n);
	return decision->host_off ? judge_leftover(decision) : 0;
}
