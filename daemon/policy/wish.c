// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An operator's order goes before every policy, the narrower order before the
 * wider one, and it is carried out in audit mode too: an order is an order.
 */
#include "daemon/policy/wish.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/policy/explain.h"
#include "daemon/policy/ladder.h"
#include "daemon/policy/match.h"
#include "daemon/policy/sentence.h"
#include "module/uapi/pinsafe.h"

void wish_done(struct wish *wish)
{
	free(wish->cpus);
	free(wish->mems);
	free(wish->reason);
	*wish = (struct wish){};
}

const char *wish_policy_name(const struct wish *wish)
{
	return wish->policy ? wish->policy->name : NULL;
}

/* Can this host hold targets of that kind? */
static bool can_hold(const struct host_facts *host, enum target_kind kind)
{
	uint64_t needed = PINSAFE_FEATURE_HOLD;

	switch (kind) {
	case TARGET_PROCESS:
		break;
	case TARGET_CGROUP:
		needed = PINSAFE_FEATURE_HOLD_CGROUP;
		break;
	case TARGET_HOST:
		return false;
	}
	return host->has_module && (host->module_features & needed);
}

/* ---- orders ------------------------------------------------------------- */

bool wish_order_stands(const struct override *order, uint64_t now_usec)
{
	return order->until_usec == 0 || now_usec < order->until_usec;
}

static size_t narrowness(const struct override *order)
{
	return order->id.cgroup ? strlen(order->id.cgroup) : 0;
}

/* The longer path is the narrower order. */
static const struct override *find_order_around(const struct decide_input *input,
						const struct process_facts *facts)
{
	const struct target_id first = { .kind = TARGET_CGROUP };
	const struct override *best = NULL;
	bool found;
	size_t i;

	i = override_find(input->overrides, input->n_overrides, &first, &found);
	for (; i < input->n_overrides; i++) {
		const struct override *order = &input->overrides[i];

		if (!wish_order_stands(order, input->now_usec) ||
		    !match_target(&order->id, facts))
			continue;
		if (!best || narrowness(order) > narrowness(best))
			best = order;
	}
	return best;
}

/* Those that stand and speak of the process; the narrowest counts. */
static int explain_orders(const struct decision *decision, const struct subject *subject,
			  const struct override *taken)
{
	const struct decide_input *input = decision->input;
	struct trace *trace = explain_trace(decision, subject);
	int r = 0;

	for (size_t i = 0; trace && r == 0 && i < input->n_overrides; i++) {
		const struct override *order = &input->overrides[i];

		if (!wish_order_stands(order, input->now_usec) ||
		    !match_target(&order->id, subject->facts))
			continue;
		r = explain_add(trace, TRACE_ORDER, order->hold ? "hold" : "release",
				order == taken,
				order == taken ? order->id.cgroup ?: "on this process" :
						 "a narrower order counts");
	}
	return r;
}

static const struct override *find_order(const struct decide_input *input,
					 const struct process_facts *facts)
{
	const struct target_id id = { .kind = TARGET_PROCESS, .process = facts->id };
	bool found;
	size_t i = override_find(input->overrides, input->n_overrides, &id, &found);

	if (found && wish_order_stands(&input->overrides[i], input->now_usec))
		return &input->overrides[i];
	return find_order_around(input, facts);
}

int wish_by_order(const struct decide_input *input, const struct override *order,
		  struct wish *ret_wish)
{
	bool stands = wish_order_stands(order, input->now_usec);
	const char *what = order->hold ? "held" : "released";

	*ret_wish = (struct wish){
		.action = order->hold && stands ? ACTION_HOLD : ACTION_NONE,
		.mode = MODE_ENFORCE,
		.is_order = true,
		.is_exempt = !order->hold,
		.is_possible = can_hold(&input->snapshot->host, order->id.kind),
		.target = order->id,
	};
	if (order->id.kind == TARGET_PROCESS)
		return sentence_format(&ret_wish->reason, "%s by order", what);
	return sentence_format(&ret_wish->reason, "%s by order on cgroup %s", what,
			       order->id.cgroup ?: "(path unknown)");
}

/* ---- policies ----------------------------------------------------------- */

static int describe_pins(const struct process_facts *facts, char **ret_text)
{
	bool is_pinner = process_is_pinner(facts);
	uint64_t bytes = process_pinned_bytes(facts);
	char size[32] = "memory";

	if (!is_pinner && !facts->pin_rang)
		return sentence_format_part(ret_text, "pins nothing");
	if (bytes > 0)
		sentence_format_bytes(bytes, size, sizeof(size));
	return sentence_format_part(ret_text, "%s %s%s%s",
				    is_pinner ? "pins" : "has pinned", size,
				    facts->driver ? " through " : "",
				    facts->driver ?: "");
}

/* What about the process made the policy match. */
static int describe_match(const struct policy *policy,
			  const struct process_facts *facts, char **ret_text)
{
	const struct device_open *device = match_device(policy, facts);

	if (!match_is_current(policy, facts))
		return sentence_format_part(ret_text, "has pinned, so it is held until it exits");
	if (device && policy->match_pinned_min == 0)
		return sentence_format_part(ret_text, "opened %s", device->path);
	return describe_pins(facts, ret_text);
}

/* What the ladder has found, as the wish's own. */
static void take_rung(struct wish *wish, struct rung *rung)
{
	wish->action = rung->action;
	wish->is_exempt = rung->is_exempt;
	wish->is_host_off_first = rung->is_host_off_first;
	wish->is_hold_refused = rung->is_hold_refused;
	wish->is_beside_pins = rung->is_beside_pins;
	wish->cpus = take_ptr(rung->cpus);
	wish->mems = take_ptr(rung->mems);
	if (rung->action != ACTION_NONE)
		wish->target = rung->target;
}

static int wish_by_policy(const struct decision *decision, const struct subject *subject,
			  struct wish *wish)
{
	_cleanup_(rung_done) struct rung rung = { 0 };
	const struct policy *policy = wish->policy;
	_cleanup_(free) char *match = NULL;
	int r;

	wish->mode = config_mode(decision->input->config, policy);
	r = describe_match(policy, subject->facts, &match);
	if (r < 0)
		return r;
	r = ladder_climb(decision, subject, policy, &rung);
	if (r < 0)
		return r;
	take_rung(wish, &rung);
	if (wish->is_exempt)
		return sentence_format(&wish->reason, "policy %s wants nothing done: %s",
				       policy->name, match);
	return sentence_format(&wish->reason, "policy %s: %s%s%s", policy->name, match,
			       rung.remark ? "; " : "", rung.remark ?: "");
}

static int wish_nothing(const struct process_facts *facts, struct wish *wish)
{
	_cleanup_(free) char *pins = NULL;
	int r = describe_pins(facts, &pins);

	if (r < 0)
		return r;
	return sentence_format(&wish->reason, "no policy matches: %s", pins);
}

/* The policy that something of the process's own is in force for. */
static const char *find_held_for(const struct subject *subject)
{
	for (int action = ACTION_HOLD; action < ACTION_AUTO; action++) {
		if (subject->own[action] && subject->own[action]->policy)
			return subject->own[action]->policy;
	}
	return NULL;
}

/* Also for an order: what it may pin is judged by the policy's devices. */
static int find_policy(const struct decision *decision, const struct subject *subject,
		       bool is_told, const struct policy **ret_policy)
{
	const struct config *config = decision->input->config;
	struct trace *trace = is_told ? explain_trace(decision, subject) : NULL;
	_cleanup_(free) char *unmet = NULL;
	int r;

	r = policy_find(config, subject->facts, find_held_for(subject), ret_policy,
			trace ? &unmet : NULL);
	if (r < 0 || !trace)
		return r;
	return explain_add_policies(trace, config, *ret_policy, unmet);
}

int wish_decide(const struct decision *decision, const struct subject *subject,
		struct wish *ret_wish)
{
	const struct decide_input *input = decision->input;
	const struct process_facts *facts = subject->facts;
	const struct override *order = find_order(input, facts);
	const struct policy *policy;
	struct wish *wish = ret_wish;
	int r;

	r = explain_orders(decision, subject, order) ?:
	    find_policy(decision, subject, !order, &policy);
	if (r < 0)
		return r;
	*wish = (struct wish){
		.mode = input->config->mode,
		.is_possible = true,
		.target = { .kind = TARGET_PROCESS, .process = facts->id },
		.policy = policy,
	};
	if (order)
		r = wish_by_order(input, order, wish);
	else if (policy)
		r = wish_by_policy(decision, subject, wish);
	else
		r = wish_nothing(facts, wish);
	wish->may_pin = process_is_pinner(facts) || facts->pin_rang ||
			(policy && match_device(policy, facts));
	return r;
}
