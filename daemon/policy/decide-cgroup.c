// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cgroup has one item for each action, whoever asks for it: an order first,
 * then the policies that mean it in earnest, then those in audit mode.  What is
 * in force on a cgroup although nobody asks any more stays so: its worker has
 * ended and the next one is about to start, or pins less at the moment than the
 * policy wants.  It ends when somebody in it pins whom a policy or an order
 * exempts, or for whom the policy has something else in force by now.
 */
#include "daemon/policy/decision.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/policy/match.h"

/* ---- asked for -------------------------------------------------------------- */

/* Who asks; sorted, those with most say first. */
struct ask {
	const struct wish *wish;
	const struct subject *subject;	/* NULL: an order, which needs nobody in it */
	size_t turn;
};

struct asks {
	struct ask *list;
	size_t n;
	struct wish *orders;		/* owned, as many as there are orders */
	size_t n_orders;
};

static void asks_done(struct asks *asks)
{
	for (size_t i = 0; i < asks->n_orders; i++)
		wish_done(&asks->orders[i]);
	free(asks->orders);
	free(asks->list);
}

DEFINE_CLEANUP_EMBEDDED(struct asks, asks_done);

static int compare_wanted(const struct wish *a, const struct wish *b)
{
	int order = target_id_compare(&a->target, &b->target);

	return order ? order : (a->action > b->action) - (a->action < b->action);
}

static int rank(const struct ask *ask)
{
	return !ask->subject ? 0 : ask->wish->mode == MODE_ENFORCE ? 1 : 2;
}

static int compare_asks(const void *a, const void *b)
{
	const struct ask *x = a, *y = b;
	int order = compare_wanted(x->wish, y->wish);

	if (!order)
		order = rank(x) - rank(y);
	return order ? order : (x->turn > y->turn) - (x->turn < y->turn);
}

static void add_ask(struct asks *asks, const struct wish *wish,
		    const struct subject *subject)
{
	if (!decision_wants(wish, TARGET_CGROUP))
		return;
	asks->list[asks->n] = (struct ask){ wish, subject, asks->n };
	asks->n++;
}

static int collect(const struct decision *decision, struct asks *asks)
{
	const struct decide_input *input = decision->input;

	asks->orders = calloc(input->n_overrides + 1, sizeof(*asks->orders));
	asks->list = calloc(input->n_overrides + decision->n_subjects + 1,
			    sizeof(*asks->list));
	if (!asks->orders || !asks->list)
		return -ENOMEM;
	for (; asks->n_orders < input->n_overrides; asks->n_orders++) {
		int r = wish_by_order(input, &input->overrides[asks->n_orders],
				      &asks->orders[asks->n_orders]);

		if (r < 0)
			return r;
		add_ask(asks, &asks->orders[asks->n_orders], NULL);
	}
	for (size_t i = 0; i < decision->n_subjects; i++)
		add_ask(asks, &decision->subjects[i].wish, &decision->subjects[i]);
	qsort(asks->list, asks->n, sizeof(*asks->list), compare_asks);
	return 0;
}

static int compare_key(const void *key, const void *element)
{
	return compare_wanted(key, ((const struct ask *)element)->wish);
}

static bool is_asked_for(const struct asks *asks, const struct held *held)
{
	const struct wish key = { .target = held->id, .action = held->action };

	return bsearch(&key, asks->list, asks->n, sizeof(*asks->list), compare_key);
}

/* All that ask for the same begin at *i. */
static int add_asked(struct decision *decision, const struct asks *asks, size_t *i)
{
	const struct wish *wish = asks->list[*i].wish;
	struct plan_item *item;
	int r;

	r = decision_add_wanted(decision, wish,
				decision_find_held(decision, &wish->target, wish->action),
				&item);
	if (r < 0)
		return r;
	for (; *i < asks->n && compare_wanted(asks->list[*i].wish, wish) == 0; ++*i) {
		if (asks->list[*i].subject)
			decision_add_asker(decision, asks->list[*i].subject, item);
	}
	return 0;
}

/* ---- in force, and nobody asks ----------------------------------------------- */

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

/* The policy that it was taken for, if that would still take it. */
static const struct policy *find_standing(const struct decision *decision,
					  const struct held *held)
{
	const struct config *config = decision->input->config;
	const struct policy *policy;

	policy = held->policy ? config_find_policy(config, held->policy) : NULL;
	if (!policy || !policy_has_action(policy, held->action) ||
	    config_mode(config, policy) != MODE_ENFORCE)
		return NULL;
	if (held->action == ACTION_HOLD && policy->scope != SCOPE_CGROUP &&
	    !decision->input->table_full)
		return NULL;
	return match_cgroup(policy, held->id.cgroup) ? policy : NULL;
}

/* What those who are in it make of it. */
struct opinion {
	bool is_exempt;		/* somebody pins whom a policy or an order exempts */
	bool is_passed_over;	/* the policy would have it, but not for now */
	bool is_given_up;	/* the policy has taken another action for somebody */
	bool is_nothing_else;	/* or found none */
	bool is_awaited;	/* what it gives way to is not in force yet */
};

static void ask_for_policy(const struct wish *wish, const struct held *held,
			   struct opinion *opinion)
{
	if (wish->action == held->action || wish->is_exempt)
		return;
	if (held->is_foreign || (held->action == ACTION_HOLD && wish->is_hold_refused))
		opinion->is_passed_over = true;
	else if (wish->action == ACTION_NONE)
		opinion->is_nothing_else = true;
	else
		opinion->is_given_up = true;
}

static struct opinion ask_members(const struct decision *decision,
				  const struct policy *standing, const struct held *held)
{
	struct members members = decision_members(decision, &held->id);
	const struct subject *subject;
	struct opinion opinion = { 0 };

	while ((subject = members_next(&members))) {
		const struct wish *wish = &subject->wish;

		if (wish->may_pin && wish->is_exempt)
			opinion.is_exempt = true;
		if (standing && wish->policy == standing)
			ask_for_policy(wish, held, &opinion);
		if (wish->action != held->action && decision_awaits(decision, subject))
			opinion.is_awaited = true;
	}
	return opinion;
}

/* Of a policy that would still take it, were there nobody in it; NULL: not. */
static const char *stand_by(const struct decision *decision, const struct held *held,
			    const struct opinion *opinion)
{
	if (opinion->is_exempt)
		return NULL;
	if (opinion->is_passed_over)
		return held->is_foreign ? "somebody else has changed it since" :
					  "the hold stays, because it costs nothing";
	if (opinion->is_given_up)
		return NULL;
	if (opinion->is_nothing_else)
		return decision_find_setback(decision, &held->id, held->action) ?
			       "it stays, for want of anything better" : NULL;
	return held->action == ACTION_HOLD ?
		       "somebody in it has pinned, so it is held until it is gone" :
		       "somebody in it has pinned, so it is confined until it is gone";
}

/* Why it stays, NULL: it does not. */
static const char *find_reason_to_keep(struct decision *decision,
				       const struct policy *standing,
				       const struct held *held)
{
	struct opinion opinion = ask_members(decision, standing, held);
	const char *reason = standing ? stand_by(decision, held, &opinion) : NULL;

	if (reason || !opinion.is_awaited)
		return reason;
	plan_wake_at(&decision->plan, decision->input->now_usec + DECIDE_STEP_USEC);
	return "until what replaces it is in force";
}

static int judge_leftover(struct decision *decision, const struct held *held)
{
	const struct policy *standing = find_standing(decision, held);
	bool is_released = is_released_by_order(decision, held);
	const char *keep = is_released ? NULL :
					 find_reason_to_keep(decision, standing, held);
	const char *reason = is_released ? "released by order" :
			     held->action == ACTION_HOLD ? "no policy wants it held any more" :
							   "no policy wants it confined any more";
	struct plan_item *item;
	int r;

	r = plan_add(&decision->plan, &held->id, keep && standing ? standing->name : NULL,
		     keep ?: reason, "", &item);
	if (r < 0)
		return r;
	item->op = keep ? PLAN_KEEP : PLAN_UNDO;
	item->mode = MODE_ENFORCE;
	item->action = held->action;
	item->scanned = held->action == ACTION_HOLD && decision_is_effective(held) ?
				SCANNED_NO_HELD : SCANNED_YES;
	return 0;
}

static int add_leftovers(struct decision *decision, const struct asks *asks)
{
	for (size_t i = decision->first_cgroup; i < decision->n_held; i++) {
		const struct held *held = decision->held[i];
		int r;

		if (held->id.kind != TARGET_CGROUP || is_asked_for(asks, held))
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
	_cleanup_(asks_done) struct asks asks = { 0 };
	int r = collect(decision, &asks);

	for (size_t i = 0; r >= 0 && i < asks.n;)
		r = add_asked(decision, &asks, &i);
	return r < 0 ? r : add_leftovers(decision, &asks);
}
