// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An operator's order goes before every policy, the narrower order before the
 * wider one, and it is carried out in audit mode too: an order is an order.
 */
#include "daemon/policy/wish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/glob.h"
#include "daemon/policy/match.h"
#include "daemon/policy/sentence.h"
#include "module/uapi/pinsafe.h"

void wish_done(struct wish *wish)
{
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
		.is_possible = can_hold(&input->snapshot->host, order->id.kind),
		.target = order->id,
	};
	if (order->id.kind == TARGET_PROCESS)
		return sentence_format(&ret_wish->reason, "%s by order", what);
	return sentence_format(&ret_wish->reason, "%s by order on cgroup %s", what,
			       order->id.cgroup ?: "(path unknown)");
}

/* ---- scope -------------------------------------------------------------- */

/* Cgroups that hold many units' processes, or all: a policy that meant one
 * program would take balancing away from the whole host. */
static bool is_shared_cgroup(const char *path)
{
	static const char *const shared[] = {
		"/", "**.slice", "**/init.scope", "**/user@*.service",
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (glob_match(shared[i], path))
			return true;
	}
	return false;
}

/* Why the process cannot be held through its cgroup, NULL: it can. */
static const char *refuse_cgroup(const struct host_facts *host,
				 const struct process_facts *facts)
{
	if (!facts->cgroup || !facts->cgroup_id)
		return "; by itself, because it is in no cgroup of version 2";
	if (is_shared_cgroup(facts->cgroup))
		return "; by itself, because others share its cgroup";
	if (host->has_module && !can_hold(host, TARGET_CGROUP))
		return "; by itself, because the module cannot hold cgroups here";
	return NULL;
}

/* Chooses the target of a hold; a remark on it, or "". */
static const char *choose_target(const struct decide_input *input,
				 const struct process_facts *facts, struct wish *wish)
{
	const char *remark;

	if (wish->policy->scope == SCOPE_PROCESS && !input->table_full)
		return "";
	remark = refuse_cgroup(&input->snapshot->host, facts);
	if (remark)
		return wish->policy->scope == SCOPE_CGROUP ? remark : "";
	wish->target = (struct target_id){
		.kind = TARGET_CGROUP,
		.cgroup_id = facts->cgroup_id,
		.cgroup = facts->cgroup,
	};
	return wish->policy->scope == SCOPE_CGROUP ? "" :
	       "; through its cgroup, because the module's table is full";
}

/* ---- policies ----------------------------------------------------------- */

static void format_bytes(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (unit < 4 && bytes >= 1024) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, size, "%" PRIu64 " %s", bytes, units[unit]);
}

static int describe_pins(const struct process_facts *facts, char **ret_text)
{
	bool is_pinner = process_is_pinner(facts);
	uint64_t bytes = process_pinned_bytes(facts);
	char size[32] = "memory";

	if (!is_pinner && !facts->pin_rang)
		return sentence_format_part(ret_text, "pins nothing");
	if (bytes > 0)
		format_bytes(bytes, size, sizeof(size));
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

static int wish_by_policy(const struct decide_input *input,
			  const struct process_facts *facts, struct wish *wish)
{
	const struct policy *policy = wish->policy;
	_cleanup_(free) char *match = NULL;
	const char *remark = "";
	int r = describe_match(policy, facts, &match);

	if (r < 0)
		return r;
	wish->mode = config_mode(input->config, policy);
	wish->action = policy->action;
	switch (policy->action) {
	case ACTION_NONE:
		return sentence_format(&wish->reason, "policy %s wants nothing done: %s",
				       policy->name, match);
	case ACTION_HOLD:
		remark = choose_target(input, facts, wish);
		break;
	}
	return sentence_format(&wish->reason, "policy %s: %s%s", policy->name, match,
			       remark);
}

static int wish_nothing(const struct process_facts *facts, struct wish *wish)
{
	_cleanup_(free) char *pins = NULL;
	int r = describe_pins(facts, &pins);

	if (r < 0)
		return r;
	return sentence_format(&wish->reason, "no policy matches: %s", pins);
}

int wish_decide(const struct decide_input *input, const struct process_facts *facts,
		const char *held_for, struct wish *ret_wish)
{
	const struct override *order = find_order(input, facts);
	struct wish *wish = ret_wish;
	const struct policy *policy;
	int r;

	r = policy_find(input->config, facts, held_for, &policy, NULL);
	if (r < 0)
		return r;
	*wish = (struct wish){
		.mode = input->config->mode,
		.target = { .kind = TARGET_PROCESS, .process = facts->id },
		.policy = policy,
	};
	if (order)
		r = wish_by_order(input, order, wish);
	else if (policy)
		r = wish_by_policy(input, facts, wish);
	else
		r = wish_nothing(facts, wish);
	wish->may_pin = process_is_pinner(facts) || facts->pin_rang ||
			(policy && match_device(policy, facts));
	wish->is_possible = can_hold(&input->snapshot->host, wish->target.kind);
	return r;
}
