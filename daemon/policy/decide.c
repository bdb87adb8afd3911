// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is in force is weighed against what should be.  First each process gets
 * its wish (wish.c, ladder.c).  Then processes are judged (decide-process.c),
 * then cgroups (decide-cgroup.c) and the host (decide-host.c) that somebody
 * wishes something for or that something is in force on:
 *
 *                      should be          should not
 *      not in force    APPLY              WATCH
 *      in force        KEEP               UNDO
 *
 * with two delays, both to the side of protecting: what a bell took lasts ten
 * seconds, and what gives way to something else is let go of only when that is
 * in force everywhere.  Audit mode wishes nothing for real: what is in force is
 * undone, and what would be is an APPLY of mode audit, which act gives to its
 * null actuator.
 */
#include "daemon/policy/decide.h"

#include <errno.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/explain.h"

DEFINE_CLEANUP_EMBEDDED(struct decision, decision_done);

/* ---- wished ----------------------------------------------------------------- */

bool decision_wants(const struct wish *wish, enum target_kind kind)
{
	return wish->action != ACTION_NONE && wish->is_possible &&
	       wish->target.kind == kind;
}

bool decision_awaits(const struct decision *decision, const struct subject *subject)
{
	const struct wish *wish = &subject->wish;

	return wish->action != ACTION_NONE && wish->is_possible &&
	       wish->mode == MODE_ENFORCE && !decision_is_granted(decision, subject);
}

bool policy_wants(const struct policy *policy, enum action action)
{
	return policy_has_action(policy, action) ||
	       (action == ACTION_HOST_OFF && policy->fallback_host_off);
}

const char *decision_audit_remark(enum action action)
{
	return action == ACTION_HOLD ? "; audit mode holds nothing" :
				       "; audit mode changes nothing";
}

/* A setting that is not everywhere yet has new threads to go to; a hold drains
 * by itself. */
enum plan_op decision_judge_same(const struct wish *wish, const struct held *held)
{
	if (held->action != ACTION_HOLD && held->is_draining && !held->is_foreign)
		return PLAN_APPLY;
	return decision_is_same(held, wish->cpus, wish->mems) ? PLAN_KEEP : PLAN_APPLY;
}

static enum plan_op judge_wanted(const struct wish *wish, const struct held *held)
{
	if (wish->mode != MODE_ENFORCE)
		return held ? PLAN_UNDO : PLAN_APPLY;
	if (wish->is_host_off_first)
		return held ? PLAN_KEEP : PLAN_WATCH;
	return held ? decision_judge_same(wish, held) : PLAN_APPLY;
}

int decision_add_wanted(struct decision *decision, const struct wish *wish,
			const struct held *held, struct plan_item **ret_item)
{
	enum plan_op op = judge_wanted(wish, held);
	const char *remark = "";
	struct plan_item *item;
	int r;

	if (op == PLAN_UNDO)
		remark = decision_audit_remark(wish->action);
	else if (wish->is_host_off_first)
		remark = "; when balancing is off";
	r = plan_add(&decision->plan, &wish->target, wish_policy_name(wish), wish->reason,
		     remark, &item);
	if (r < 0)
		return r;
	item->op = op;
	item->mode = op == PLAN_UNDO ? MODE_ENFORCE : wish->mode;
	item->action = wish->action;
	item->scanned = SCANNED_NO_HELD;
	*ret_item = item;
	return op == PLAN_UNDO ? 0 : plan_set_place(item, wish->cpus, wish->mems);
}

void decision_add_asker(const struct decision *decision, const struct subject *subject,
			struct plan_item *item)
{
	enum risk risk = decision_risk(decision, subject);
	enum scanned scanned = decision_scanned(decision, subject);

	if (item->process.pid == 0) {
		item->process = subject->facts->id;
		item->scanned = scanned;
	}
	if (risk > item->risk)
		item->risk = risk;
	if (scanned == SCANNED_YES)
		item->scanned = scanned;
}

/* ---- the decision ----------------------------------------------------------- */

static int add_wishes(struct decision *decision)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < decision->n_subjects; i++) {
		struct subject *subject = &decision->subjects[i];

		r = wish_decide(decision, subject, &subject->wish);
	}
	return r;
}

/* When an order runs out, the policy's word counts again. */
static void wake_for_orders(struct decision *decision)
{
	const struct decide_input *input = decision->input;

	for (size_t i = 0; i < input->n_overrides; i++) {
		const struct override *order = &input->overrides[i];

		if (order->until_usec > 0 && wish_order_stands(order, input->now_usec))
			plan_wake_at(&decision->plan, order->until_usec);
	}
}

int explain_decide(const struct decide_input *input, const struct process_facts *traced,
		   struct trace *trace, struct plan *ret_plan)
{
	_cleanup_(decision_done) struct decision decision = {
		.traced = traced,
		.trace = trace,
	};
	int r;

	r = decision_init(&decision, input) ?:
	    add_wishes(&decision) ?:
	    decision_judge_processes(&decision) ?:
	    decision_judge_cgroups(&decision) ?:
	    decision_judge_host(&decision);
	if (r < 0)
		return r;
	wake_for_orders(&decision);
	plan_sort(&decision.plan);
	*ret_plan = decision.plan;
	decision.plan = (struct plan){};
	return 0;
}

int policy_decide(const struct decide_input *input, struct plan *ret_plan)
{
	return explain_decide(input, NULL, NULL, ret_plan);
}
