// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/explain.h"
#include "daemon/policy/rung.h"
#include "daemon/policy/sentence.h"

/* What auto stands for; mempolicy meddles with the process itself, so only where
 * the policy names it. */
static const enum action automatic[] = {
	ACTION_HOLD, ACTION_MEMPOLICY, ACTION_CONFINE, ACTION_BIND,
};

/* On the way up. */
struct ascent {
	struct climb climb;
	struct trace *trace;
	struct rung *taken;
	char *refusals;			/* "hold: why; bind: why" */
	unsigned int refused;		/* actions that cannot be had, as bits, */
	unsigned int insufficient;	/* or are refused where they must suffice */
};

static void ascent_done(struct ascent *ascent)
{
	free(ascent->refusals);
}

DEFINE_CLEANUP_EMBEDDED(struct ascent, ascent_done);

/* ---- telling -------------------------------------------------------------- */

static int note_refusal(struct ascent *ascent, const struct rung *rung)
{
	_cleanup_(free) char *before = take_ptr(ascent->refusals);
	unsigned int bit = 1U << rung->action;

	if (ascent->climb.must_suffice)
		ascent->insufficient |= bit;
	else
		ascent->refused |= bit;
	return sentence_format_part(&ascent->refusals, "%s%s%s: %s", before ?: "",
				    before ? "; " : "", action_name(rung->action),
				    rung->remark);
}

/* What an action that the policy names lacks; nothing in most cases. */
static int find_shortcoming(const struct ascent *ascent, enum action action, char **ret_why)
{
	_cleanup_(rung_done) struct rung strict = { .action = action };
	struct climb climb = ascent->climb;
	int r;

	*ret_why = NULL;
	climb.must_suffice = true;
	r = rung_try(&climb, &strict);
	if (r == 0)
		*ret_why = take_ptr(strict.remark);
	return r < 0 ? r : 0;
}

static const char *what_against(enum risk risk)
{
	switch (risk) {
	case RISK_NONE:
		break;
	case RISK_COST:
		return "suffices against cost";
	case RISK_CORRUPTION:
		return "suffices against corruption";
	}
	return "costs nothing";
}

static int tell_taken(const struct ascent *ascent, const struct rung *rung)
{
	_cleanup_(free) char *shortcoming = NULL, *why = NULL;
	int r;

	if (!ascent->trace)
		return 0;
	r = find_shortcoming(ascent, rung->action, &shortcoming);
	if (r < 0)
		return r;
	if (shortcoming)
		r = sentence_format_part(&why, "named by the policy, but %s", shortcoming);
	else
		r = sentence_format_part(&why, "%s%s%s", what_against(ascent->climb.risk),
					 rung->remark ? "; " : "", rung->remark ?: "");
	if (r < 0)
		return r;
	return explain_add(ascent->trace, TRACE_RUNG, action_name(rung->action), true, why);
}

static int tell_refused(const struct ascent *ascent, enum action action, const char *why)
{
	return explain_add(ascent->trace, TRACE_RUNG, action_name(action), false, why);
}

/* ---- climbing ------------------------------------------------------------- */

/* 1: taken; 0: passed over; -ENOMEM. */
static int step(struct ascent *ascent, enum action action, bool must_suffice)
{
	_cleanup_(rung_done) struct rung rung = { .action = action };
	int r;

	ascent->climb.must_suffice = must_suffice;
	/* refused without having to suffice, it is no better when it must */
	if (ascent->refused & 1U << action)
		return 0;
	r = rung_try(&ascent->climb, &rung);
	if (r < 0)
		return r;
	if (r == 0)
		return tell_refused(ascent, action, rung.remark) ?:
		       note_refusal(ascent, &rung);
	r = tell_taken(ascent, &rung);
	if (r < 0)
		return r;
	*ascent->taken = rung;
	rung = (struct rung){ 0 };
	return 1;
}

static bool names(const struct policy *policy, enum action action)
{
	for (size_t i = 0; i < policy->ladder.n; i++) {
		if (policy->ladder.rungs[i] == action)
			return true;
	}
	return false;
}

static int step_by_auto(struct ascent *ascent)
{
	for (size_t i = 0; i < sizeof(automatic) / sizeof(automatic[0]); i++) {
		int r;

		if (automatic[i] == ACTION_MEMPOLICY &&
		    !names(ascent->climb.policy, ACTION_MEMPOLICY))
			continue;
		r = step(ascent, automatic[i], true);
		if (r != 0)
			return r;
	}
	return 0;
}

static int rest(struct ascent *ascent)
{
	ascent->taken->is_exempt = true;
	return explain_add(ascent->trace, TRACE_RUNG, action_name(ACTION_NONE), true,
			   "the policy wants nothing done") ?: 1;
}

static int climb_ladder(struct ascent *ascent)
{
	const struct ladder *ladder = &ascent->climb.policy->ladder;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ladder->n; i++) {
		switch (ladder->rungs[i]) {
		case ACTION_NONE:
			r = rest(ascent);
			break;
		case ACTION_AUTO:
			r = step_by_auto(ascent);
			break;
		case ACTION_HOLD:
		case ACTION_MEMPOLICY:
		case ACTION_BIND:
		case ACTION_CONFINE:
		case ACTION_HOST_OFF:
			r = step(ascent, ladder->rungs[i], false);
			break;
		}
	}
	return r;
}

/* Its price is paid by everybody on the host, so never on a guess. */
static int fall_back(struct ascent *ascent)
{
	const struct decision *decision = ascent->climb.decision;
	enum verdict verdict = policy_verdict(decision->input->config, &decision->bare);
	struct rung *taken = ascent->taken;
	int r;

	if (!ascent->climb.policy->fallback_host_off)
		return 0;
	if (verdict != VERDICT_AFFECTED)
		return tell_refused(ascent, ACTION_HOST_OFF,
				    "Fallback= is for kernels known to corrupt pinned memory");
	r = step(ascent, ACTION_HOST_OFF, true);
	if (r <= 0)
		return r;
	return sentence_format_part(&taken->remark, "nothing milder suffices: %s",
				    ascent->refusals ?: "the policy names nothing else");
}

static int explain_nothing(const struct ascent *ascent)
{
	struct rung *taken = ascent->taken;

	if (ascent->climb.scanned != SCANNED_YES)
		return sentence_format_part(&taken->remark, "nothing is needed: %s",
					    rung_why_not_scanned(ascent->climb.scanned));
	return sentence_format_part(&taken->remark, "nothing suffices: %s",
				    ascent->refusals ?: "the policy names nothing");
}

int ladder_climb(const struct decision *decision, const struct subject *subject,
		 const struct policy *policy, struct rung *ret_rung)
{
	_cleanup_(ascent_done) struct ascent ascent = {
		.climb = {
			.decision = decision,
			.subject = subject,
			.policy = policy,
			.host = &decision->bare,
			.risk = policy_host_risk(decision->input->config, &decision->bare),
			.scanned = decision_scanned_bare(decision, subject),
		},
		.trace = explain_trace(decision, subject),
		.taken = ret_rung,
	};
	int r;

	*ret_rung = (struct rung){ 0 };
	r = climb_ladder(&ascent);
	if (r == 0)
		r = fall_back(&ascent);
	if (r < 0)
		return r;
	ret_rung->is_hold_refused =
		(ascent.refused | ascent.insufficient) & 1U << ACTION_HOLD;
	return ret_rung->action == ACTION_NONE && !ret_rung->is_exempt ?
		       explain_nothing(&ascent) : 0;
}
