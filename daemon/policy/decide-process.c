// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/decision.h"

/* Until then a hold that a bell took stays, whatever the policy says. */
static uint64_t bell_end_usec(const struct held *held)
{
	return held->since_usec + DECIDE_BELL_HOLD_USEC;
}

/* An order does not wait for that. */
static bool is_young(const struct decision *decision, const struct subject *subject)
{
	return subject->own->origin == ORIGIN_BELL && !subject->wish.is_order &&
	       decision->input->now_usec < bell_end_usec(subject->own);
}

static enum plan_op judge_held(const struct decision *decision,
			       const struct subject *subject, const char **ret_remark)
{
	const struct wish *wish = &subject->wish;
	bool in_earnest = wish->mode == MODE_ENFORCE;

	if (in_earnest && decision_wants(wish, TARGET_PROCESS)) {
		/* Holding again what a bell took makes it ours. */
		return subject->own->origin == ORIGIN_BELL ? PLAN_APPLY : PLAN_KEEP;
	}
	if (in_earnest && decision_wants(wish, TARGET_CGROUP) && !subject->around) {
		*ret_remark = "; by itself until its cgroup is held";
		return PLAN_KEEP;
	}
	if (is_young(decision, subject)) {
		*ret_remark = "; held for ten seconds since the bell";
		return PLAN_KEEP;
	}
	if (!in_earnest)
		*ret_remark = "; audit mode holds nothing";
	return PLAN_UNDO;
}

static enum plan_op judge_free(const struct decision *decision,
			       const struct subject *subject, const char **ret_remark)
{
	const struct wish *wish = &subject->wish;

	if (wish->action != ACTION_NONE && !wish->is_possible)
		*ret_remark = decision->input->snapshot->host.has_module ?
				      "; not possible with this module on this kernel" :
				      "; not possible without the pinsafe module";
	if (wish->action == ACTION_NONE && subject->around)
		*ret_remark = "; its cgroup is held";
	return decision_wants(wish, TARGET_PROCESS) ? PLAN_APPLY : PLAN_WATCH;
}

static enum scanned judge_scanned(const struct decision *decision,
				  const struct subject *subject)
{
	if (decision_is_effective(subject->own) || subject->around)
		return SCANNED_NO_HELD;
	return policy_scanned(&decision->input->snapshot->host, subject->facts);
}

static int judge_process(struct decision *decision, const struct subject *subject)
{
	struct target_id id = { .kind = TARGET_PROCESS, .process = subject->facts->id };
	const struct wish *wish = &subject->wish;
	const struct held *own = subject->own;
	const char *remark = "";
	struct plan_item *item;
	enum plan_op op;
	int r;

	op = own ? judge_held(decision, subject, &remark) :
		   judge_free(decision, subject, &remark);
	r = plan_add(&decision->plan, &id, wish_policy_name(wish), wish->reason, remark,
		     &item);
	if (r < 0)
		return r;
	item->op = op;
	item->process = subject->facts->id;
	item->mode = op == PLAN_UNDO ? MODE_ENFORCE : wish->mode;
	item->action = op == PLAN_UNDO ? own->action : wish->action;
	item->risk = decision_risk(decision, subject);
	item->scanned = judge_scanned(decision, subject);
	if (op == PLAN_KEEP && is_young(decision, subject))
		plan_wake_at(&decision->plan, bell_end_usec(own));
	return 0;
}

int decision_judge_processes(struct decision *decision)
{
	for (size_t i = 0; i < decision->n_subjects; i++) {
		int r = judge_process(decision, &decision->subjects[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
