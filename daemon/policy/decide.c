// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is held is weighed against what should be.  First each process gets its
 * wish (wish.c).  Then processes are judged (decide-process.c), and then the
 * cgroups that somebody wishes held or that are held (decide-cgroup.c):
 *
 *                    should be held          should not
 *      not held      HOLD                    WATCH
 *      held          KEEP                    RELEASE
 *
 * with two delays, both to the side of holding: what a bell took lasts ten
 * seconds, and what passes from a process to its cgroup is let go of only when
 * the cgroup's hold is effective.  Audit mode wishes nothing held for real:
 * what is held is released, and what would be held is a HOLD of mode audit,
 * which act gives to its null actuator.
 */
#include "daemon/policy/decide.h"

#include <errno.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/decision.h"
#include "daemon/policy/match.h"

static void decision_done(struct decision *decision)
{
	for (size_t i = 0; i < decision->n_subjects; i++)
		wish_done(&decision->subjects[i].wish);
	free(decision->subjects);
	free(decision->held);
	plan_done(&decision->plan);
}

DEFINE_CLEANUP_EMBEDDED(struct decision, decision_done);

/* ---- what is held ------------------------------------------------------- */

static int compare_held(const void *a, const void *b)
{
	const struct held *const *x = a, *const *y = b;

	return target_id_compare(&(*x)->id, &(*y)->id);
}

static int sort_held(struct decision *decision)
{
	const struct decide_input *input = decision->input;

	decision->held = calloc(input->n_held + 1, sizeof(*decision->held));
	if (!decision->held)
		return -ENOMEM;
	for (size_t i = 0; i < input->n_held; i++) {
		decision->held[i] = &input->held[i];
		decision->first_cgroup += input->held[i].id.kind == TARGET_PROCESS;
	}
	decision->n_held = input->n_held;
	qsort(decision->held, decision->n_held, sizeof(*decision->held), compare_held);
	return 0;
}

const struct held *decision_find_held(const struct decision *decision,
				      const struct target_id *id)
{
	const struct held wanted = { .id = *id };
	const struct held *key = &wanted;
	const struct held **found = bsearch(&key, decision->held, decision->n_held,
					    sizeof(*decision->held), compare_held);

	return found ? *found : NULL;
}

bool decision_is_effective(const struct held *held)
{
	return held && !held->is_draining;
}

/* Processes come before cgroups in the order of targets. */
static const struct held *find_around(const struct decision *decision,
				      const struct process_facts *facts)
{
	for (size_t i = decision->first_cgroup; i < decision->n_held; i++) {
		const struct held *held = decision->held[i];

		if (decision_is_effective(held) && match_target(&held->id, facts))
			return held;
	}
	return NULL;
}

/* ---- what should be ----------------------------------------------------- */

bool decision_wants(const struct wish *wish, enum target_kind kind)
{
	return wish->action != ACTION_NONE && wish->is_possible &&
	       wish->target.kind == kind;
}

enum risk decision_risk(const struct decision *decision, const struct subject *subject)
{
	if (!subject->wish.may_pin)
		return RISK_NONE;
	return policy_host_risk(decision->input->config,
				&decision->input->snapshot->host);
}

static int add_subject(struct decision *decision, const struct process_facts *facts)
{
	struct subject *subject = &decision->subjects[decision->n_subjects];
	struct target_id id = { .kind = TARGET_PROCESS, .process = facts->id };
	const struct held *own = decision_find_held(decision, &id);

	subject->facts = facts;
	subject->own = own;
	subject->around = find_around(decision, facts);
	decision->n_subjects++;
	return wish_decide(decision->input, facts, own ? own->policy : NULL,
			   &subject->wish);
}

static int add_subjects(struct decision *decision)
{
	const struct snapshot *snapshot = decision->input->snapshot;

	decision->subjects = calloc(snapshot->n_processes + 1, sizeof(struct subject));
	if (!decision->subjects)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		int r = add_subject(decision, &snapshot->processes[i]);

		if (r < 0)
			return r;
	}
	return 0;
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

/* ---- the decision ------------------------------------------------------- */

int policy_decide(const struct decide_input *input, struct plan *ret_plan)
{
	_cleanup_(decision_done) struct decision decision = { .input = input };
	int r;

	r = sort_held(&decision) ?:
	    add_subjects(&decision) ?:
	    decision_judge_processes(&decision) ?:
	    decision_judge_cgroups(&decision);
	if (r < 0)
		return r;
	wake_for_orders(&decision);
	plan_sort(&decision.plan);
	*ret_plan = decision.plan;
	decision.plan = (struct plan){};
	return 0;
}
