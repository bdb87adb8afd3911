// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process has one item that says what is wished for it, and one for each
 * further action that is in force on it.
 */
#include "daemon/policy/decision.h"

#include "daemon/policy/explain.h"

/* An item to be: what it says of one action. */
struct verdict_line {
	enum plan_op op;
	enum action action;
	const char *remark;
};

/* Until then a hold that a bell took stays, whatever the policy says. */
static uint64_t bell_end_usec(const struct held *held)
{
	return held->since_usec + DECIDE_BELL_HOLD_USEC;
}

/* An order does not wait for that. */
static bool is_young(const struct decision *decision, const struct subject *subject,
		     const struct held *held)
{
	return held->origin == ORIGIN_BELL && !subject->wish.is_order &&
	       decision->input->now_usec < bell_end_usec(held);
}

/* It waits for something that others bring about: look again soon. */
static enum plan_op keep_for_now(struct decision *decision)
{
	plan_wake_at(&decision->plan, decision->input->now_usec + DECIDE_STEP_USEC);
	return PLAN_KEEP;
}

static enum plan_op keep_young(struct decision *decision, const struct held *held,
			       const char **ret_remark)
{
	plan_wake_at(&decision->plan, bell_end_usec(held));
	*ret_remark = "; held for ten seconds since the bell";
	return PLAN_KEEP;
}

/* ---- in force, and wished -------------------------------------------------- */

/* Taking again what a bell took makes it ours. */
static enum plan_op judge_own(const struct wish *wish, const struct held *held)
{
	return held->origin == ORIGIN_BELL ? PLAN_APPLY : decision_judge_same(wish, held);
}

static enum plan_op judge_held(struct decision *decision, const struct subject *subject,
			       const char **ret_remark)
{
	const struct wish *wish = &subject->wish;
	const struct held *own = subject->own[wish->action];
	bool in_earnest = wish->mode == MODE_ENFORCE;

	if (in_earnest && decision_wants(wish, TARGET_PROCESS))
		return judge_own(wish, own);
	if (in_earnest && decision_wants(wish, TARGET_CGROUP) &&
	    !decision_is_granted(decision, subject)) {
		*ret_remark = "; by itself until its cgroup is held";
		return keep_for_now(decision);
	}
	if (is_young(decision, subject, own))
		return keep_young(decision, own, ret_remark);
	if (!in_earnest)
		*ret_remark = decision_audit_remark(own->action);
	return PLAN_UNDO;
}

/* ---- wished, and not in force ---------------------------------------------- */

static enum plan_op judge_free(const struct decision *decision,
			       const struct subject *subject, const char **ret_remark)
{
	const struct wish *wish = &subject->wish;

	if (wish->action != ACTION_NONE && !wish->is_possible)
		*ret_remark = decision->input->snapshot->host.has_module ?
				      "; not possible with this module on this kernel" :
				      "; not possible without the pinsafe module";
	if (wish->is_host_off_first)
		*ret_remark = "; when balancing is off";
	if (wish->action == ACTION_NONE && subject->around[ACTION_HOLD])
		*ret_remark = "; its cgroup is held";
	else if (wish->action == ACTION_NONE && subject->around[ACTION_CONFINE])
		*ret_remark = "; its cgroup is confined";
	return decision_wants(wish, TARGET_PROCESS) ? PLAN_APPLY : PLAN_WATCH;
}

/* ---- in force, and something else wished ------------------------------------ */

/* Why that stays which the policy names, but passes over for the time being: a
 * hold protects again as soon as its probes do; what somebody else has changed is
 * left to him, but not forgotten.  NULL: it does not. */
static const char *find_reason_to_keep(const struct decision *decision,
				       const struct wish *wish, const struct held *held)
{
	if (wish->action != ACTION_NONE && !wish->is_possible)
		return "; it stays, for want of anything better";
	if (!wish->policy || !policy_wants(wish->policy, held->action))
		return NULL;
	if (held->is_foreign)
		return "; somebody else has changed it since";
	if (held->action == ACTION_HOLD && wish->is_hold_refused)
		return "; the hold stays, because it costs nothing";
	if (wish->action == ACTION_NONE &&
	    decision_find_setback(decision, &held->id, held->action))
		return "; it stays, for want of anything better";
	return NULL;
}

static enum plan_op judge_other(struct decision *decision, const struct subject *subject,
				const struct held *held, const char **ret_remark)
{
	const struct wish *wish = &subject->wish;
	bool in_earnest = wish->mode == MODE_ENFORCE;
	const char *reason;

	if (is_young(decision, subject, held))
		return keep_young(decision, held, ret_remark);
	if (!in_earnest) {
		*ret_remark = decision_audit_remark(held->action);
		return PLAN_UNDO;
	}
	reason = find_reason_to_keep(decision, wish, held);
	if (reason) {
		*ret_remark = reason;
		return PLAN_KEEP;
	}
	if (decision_awaits(decision, subject)) {
		*ret_remark = "; until that is in force";
		return keep_for_now(decision);
	}
	return PLAN_UNDO;
}

/* ---- items ------------------------------------------------------------------ */

static int add_line(struct decision *decision, const struct subject *subject,
		    const struct verdict_line *line)
{
	struct target_id id = { .kind = TARGET_PROCESS, .process = subject->facts->id };
	const struct wish *wish = &subject->wish;
	bool is_wished = line->op != PLAN_UNDO && line->action == wish->action;
	struct plan_item *item;
	int r;

	r = plan_add(&decision->plan, &id, wish_policy_name(wish), wish->reason,
		     line->remark, &item);
	if (r < 0)
		return r;
	item->op = line->op;
	item->action = line->action;
	item->process = subject->facts->id;
	item->mode = line->op == PLAN_UNDO ? MODE_ENFORCE : wish->mode;
	item->risk = decision_risk(decision, subject);
	item->scanned = decision_scanned(decision, subject);
	if (!is_wished || wish->target.kind != TARGET_PROCESS)
		return 0;
	return plan_set_place(item, wish->cpus, wish->mems);
}

/* The line that answers "what about this one?" ends its explanation. */
static int add_answer(struct decision *decision, const struct subject *subject,
		      const struct verdict_line *line)
{
	const struct wish *wish = &subject->wish;
	struct trace *trace = explain_trace(decision, subject);
	const struct plan *plan = &decision->plan;
	int r = add_line(decision, subject, line);

	if (r < 0 || !trace)
		return r;
	return explain_add_result(trace, wish->action,
				  plan->items[plan->n_items - 1].reason);
}

static int judge_others(struct decision *decision, const struct subject *subject,
			bool is_answered)
{
	for (int action = ACTION_HOLD; action < ACTION_AUTO; action++) {
		struct verdict_line line = { .action = action, .remark = "" };
		const struct held *held = subject->own[action];
		int r;

		if (!held || line.action == subject->wish.action)
			continue;
		line.op = judge_other(decision, subject, held, &line.remark);
		r = is_answered ? add_line(decision, subject, &line) :
				  add_answer(decision, subject, &line);
		if (r < 0)
			return r;
		is_answered = true;
	}
	return 0;
}

static bool has_own(const struct subject *subject)
{
	for (int action = ACTION_HOLD; action < ACTION_AUTO; action++) {
		if (subject->own[action])
			return true;
	}
	return false;
}

static int judge_process(struct decision *decision, const struct subject *subject)
{
	struct verdict_line line = { .action = subject->wish.action, .remark = "" };
	int r;

	if (line.action == ACTION_NONE && has_own(subject))
		return judge_others(decision, subject, false);
	line.op = subject->own[line.action] ?
			  judge_held(decision, subject, &line.remark) :
			  judge_free(decision, subject, &line.remark);
	r = add_answer(decision, subject, &line);
	return r < 0 ? r : judge_others(decision, subject, true);
}

int decision_judge_processes(struct decision *decision)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < decision->n_subjects; i++)
		r = judge_process(decision, &decision->subjects[i]);
	return r;
}
