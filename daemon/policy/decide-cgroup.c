// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cgroup has one item, whoever asks for it: an order first, then the policies
 * that mean it in earnest, then those in audit mode.  A cgroup that is held
 * although nobody asks any more stays so: its worker has ended and the next one
 * is about to start, or pins less at the moment than the policy wants.  It ends
 * when somebody in it pins whom a policy or an order exempts.
 */
#include "daemon/policy/decision.h"

#include <errno.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/match.h"

static enum plan_op judge_wanted(const struct held *held, enum mode mode)
{
	if (!held)
		return PLAN_HOLD;
	return mode == MODE_ENFORCE ? PLAN_KEEP : PLAN_RELEASE;
}

static int add_wanted(struct decision *decision, const struct wish *wish,
		      struct plan_item **ret_item)
{
	const struct held *held = decision_find_held(decision, &wish->target);
	enum plan_op op = judge_wanted(held, wish->mode);
	int r;

	r = plan_add(&decision->plan, &wish->target, wish_policy_name(wish), wish->reason,
		     op == PLAN_RELEASE ? "; audit mode holds nothing" : "", ret_item);
	if (r < 0)
		return r;
	(*ret_item)->op = op;
	(*ret_item)->mode = op == PLAN_RELEASE ? MODE_ENFORCE : wish->mode;
	(*ret_item)->action = wish->action;
	(*ret_item)->scanned = SCANNED_NO_HELD;
	return 0;
}

/* The item tells the worst of those who ask: highest risk, anybody scanned. */
static void add_asker(const struct decision *decision, const struct subject *subject,
		      struct plan_item *item)
{
	enum risk risk = decision_risk(decision, subject);

	if (item->process.pid == 0)
		item->process = subject->facts->id;
	if (risk > item->risk)
		item->risk = risk;
	if (!subject->around && item->scanned == SCANNED_NO_HELD)
		item->scanned = policy_scanned(&decision->input->snapshot->host,
					       subject->facts);
}

/* By cgroup, those in earnest first, and else as in the snapshot. */
static int compare_askers(const void *a, const void *b)
{
	const struct subject *x = *(const struct subject *const *)a;
	const struct subject *y = *(const struct subject *const *)b;
	int difference = target_id_compare(&x->wish.target, &y->wish.target);

	if (difference)
		return difference;
	if (x->wish.mode != y->wish.mode)
		return x->wish.mode == MODE_ENFORCE ? -1 : 1;
	return (x > y) - (x < y);
}

/* Who wishes that a cgroup be held; NULL: no memory. */
static const struct subject **find_askers(const struct decision *decision, size_t *ret_n)
{
	const struct subject **askers = calloc(decision->n_subjects + 1, sizeof(*askers));
	size_t n = 0;

	for (size_t i = 0; askers && i < decision->n_subjects; i++) {
		if (decision_wants(&decision->subjects[i].wish, TARGET_CGROUP))
			askers[n++] = &decision->subjects[i];
	}
	if (n > 0)
		qsort(askers, n, sizeof(*askers), compare_askers);
	*ret_n = n;
	return askers;
}

static int add_wishes(struct decision *decision)
{
	size_t n = 0, n_before = decision->plan.n_items;
	_cleanup_(free) const struct subject **askers = find_askers(decision, &n);
	struct plan_item *item = NULL;
	int r = 0;

	if (!askers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct wish *wish = &askers[i]->wish;

		if (!item || target_id_compare(&item->id, &wish->target) != 0) {
			item = plan_find(&decision->plan, n_before, &wish->target);
			r = item ? 0 : add_wanted(decision, wish, &item);
		}
		if (r < 0)
			return r;
		add_asker(decision, askers[i], item);
	}
	return 0;
}

/* An order to hold a cgroup needs nobody in it. */
static int add_orders(struct decision *decision)
{
	const struct decide_input *input = decision->input;

	for (size_t i = 0; i < input->n_overrides; i++) {
		_cleanup_(wish_done) struct wish wish = {};
		struct plan_item *item;
		int r;

		r = wish_by_order(input, &input->overrides[i], &wish);
		if (r < 0)
			return r;
		if (!decision_wants(&wish, TARGET_CGROUP))
			continue;
		r = add_wanted(decision, &wish, &item);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- held, and nobody asks ---------------------------------------------- */

static bool is_released_by_order(const struct decision *decision, const struct held *held)
{
	const struct decide_input *input = decision->input;
	const struct process_facts in_it = {
		.cgroup = held->id.cgroup,
		.cgroup_id = held->id.cgroup_id,
	};

	for (size_t i = 0; i < input->n_overrides; i++) {
		const struct override *order = &input->overrides[i];

		if (!order->hold && order->id.kind == TARGET_CGROUP &&
		    wish_order_stands(order, input->now_usec) &&
		    match_target(&order->id, &in_it))
			return true;
	}
	return false;
}

/* That no policy speaks of him exempts nobody. */
static bool is_exempt(const struct wish *wish)
{
	return wish->action == ACTION_NONE && (wish->policy || wish->is_order);
}

static bool has_exempt_pinner(const struct decision *decision, const struct held *held)
{
	for (size_t i = 0; i < decision->n_subjects; i++) {
		const struct subject *subject = &decision->subjects[i];

		if (subject->wish.may_pin && is_exempt(&subject->wish) &&
		    match_target(&held->id, subject->facts))
			return true;
	}
	return false;
}

/* The policy that it was taken for, if that would still take it. */
static const struct policy *find_standing(const struct decision *decision,
					  const struct held *held)
{
	const struct config *config = decision->input->config;
	const struct policy *policy;

	policy = held->policy ? config_find_policy(config, held->policy) : NULL;
	if (!policy || policy->action != held->action ||
	    config_mode(config, policy) != MODE_ENFORCE)
		return NULL;
	if (policy->scope != SCOPE_CGROUP && !decision->input->table_full)
		return NULL;
	return match_cgroup(policy, held->id.cgroup) ? policy : NULL;
}

static int judge_leftover(struct decision *decision, const struct held *held)
{
	const struct policy *standing = find_standing(decision, held);
	const char *reason = "no policy wants it held any more";
	struct plan_item *item;
	bool keep = false;
	int r;

	if (is_released_by_order(decision, held)) {
		reason = "released by order";
	} else if (standing && !has_exempt_pinner(decision, held)) {
		reason = "somebody in it has pinned, so it is held until it is gone";
		keep = true;
	}
	r = plan_add(&decision->plan, &held->id, keep ? standing->name : NULL, reason, "",
		     &item);
	if (r < 0)
		return r;
	item->op = keep ? PLAN_KEEP : PLAN_RELEASE;
	item->mode = MODE_ENFORCE;
	item->action = held->action;
	item->scanned = decision_is_effective(held) ? SCANNED_NO_HELD : SCANNED_YES;
	return 0;
}

static int add_leftovers(struct decision *decision)
{
	size_t n_before = decision->plan.n_items;

	for (size_t i = decision->first_cgroup; i < decision->n_held; i++) {
		const struct held *held = decision->held[i];
		int r;

		if (plan_find(&decision->plan, n_before, &held->id))
			continue;
		r = judge_leftover(decision, held);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Each step looks up what those before it have added. */
int decision_judge_cgroups(struct decision *decision)
{
	int r = add_orders(decision);

	if (r < 0)
		return r;
	plan_sort(&decision->plan);
	r = add_wishes(decision);
	if (r < 0)
		return r;
	plan_sort(&decision->plan);
	return add_leftovers(decision);
}
