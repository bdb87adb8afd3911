// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why an action is passed over is a part of a sentence that an operator reads
 * behind the action's name.
 */
#include "daemon/policy/rung.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/glob.h"
#include "daemon/base/unit.h"
#include "daemon/policy/place.h"
#include "daemon/policy/sentence.h"
#include "module/uapi/pinsafe.h"

void rung_done(struct rung *rung)
{
	free(rung->cpus);
	free(rung->mems);
	free(rung->remark);
	*rung = (struct rung){ 0 };
}

const char *rung_why_not_scanned(enum scanned scanned)
{
	const char *why = strchr(scanned_name(scanned), ' ');

	return why ? why + 1 : "scanned";
}

/* ---- cgroups as targets --------------------------------------------------- */

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

const char *rung_refuse_cgroup(const struct process_facts *facts)
{
	if (!facts->cgroup || !facts->cgroup_id)
		return "it is in no cgroup of version 2";
	if (is_shared_cgroup(facts->cgroup))
		return "others share its cgroup";
	return NULL;
}

struct target_id rung_target_of_cgroup(const struct process_facts *facts)
{
	return (struct target_id){
		.kind = TARGET_CGROUP,
		.cgroup_id = facts->cgroup_id,
		.cgroup = facts->cgroup,
	};
}

/* ---- hold ----------------------------------------------------------------- */

static bool has_feature(const struct climb *climb, uint64_t feature)
{
	return climb->host->module_features & feature;
}

static const char *refuse_hold_of_cgroup(const struct climb *climb)
{
	const struct process_facts *facts = climb->subject->facts;
	const struct target_id cgroup = rung_target_of_cgroup(facts);
	const char *why = rung_refuse_cgroup(facts);

	if (why)
		return why;
	if (!has_feature(climb, PINSAFE_FEATURE_HOLD_CGROUP))
		return "the module cannot hold cgroups here";
	if (decision_find_setback(climb->decision, &cgroup, ACTION_HOLD))
		return "its cgroup could not be held";
	return NULL;
}

/* By itself or through its cgroup; 0 or -ENOMEM. */
static int choose_scope(const struct climb *climb, struct rung *rung)
{
	bool is_wide = climb->policy->scope == SCOPE_CGROUP;
	const char *why;

	if (!is_wide && !climb->decision->input->table_full)
		return 0;
	why = refuse_hold_of_cgroup(climb);
	if (why)
		return is_wide ? remark(rung, "by itself, because %s", why) : 0;
	rung->target = rung_target_of_cgroup(climb->subject->facts);
	if (is_wide)
		return 0;
	return remark(rung, "through its cgroup, because the module's table is full");
}

static int try_hold(const struct climb *climb, struct rung *rung)
{
	const struct host_facts *host = climb->host;
	int r;

	if (!host->has_module)
		return refuse(rung, "there is no pinsafe module");
	if (!has_feature(climb, PINSAFE_FEATURE_HOLD))
		return refuse(rung, "this module cannot hold on this kernel");
	if (!(host->module_armed & PINSAFE_FEATURE_HOLD))
		return refuse(rung, "the module's probes are disarmed");
	r = choose_scope(climb, rung);
	return r < 0 ? r : 1;
}

/* ---- mempolicy, host-off -------------------------------------------------- */

static int try_mempolicy(const struct climb *climb, struct rung *rung)
{
	if (!climb->host->can_trace && !climb->subject->own[ACTION_MEMPOLICY])
		return refuse(rung, "pinsafed may not trace processes here");
	return 1;
}

static int try_host_off(const struct climb *climb, struct rung *rung)
{
	int balancing = climb->host->balancing;

	rung->target = (struct target_id){ .kind = TARGET_HOST };
	if (!(balancing & RUNG_BALANCES))
		return refuse(rung, "only tiering scans here, and goes on");
	if (climb->must_suffice && (balancing & RUNG_TIERS))
		return refuse(rung, "tiering would go on scanning");
	return 1;
}

/* ---- bind ----------------------------------------------------------------- */

/* Bound before it pinned, its memory is where it was bound to, as far as anybody
 * can tell; unbinding would not bring it nearer. */
static struct pinned_split split_pins(const struct climb *climb, const struct held *held,
				      const struct nodeset *nodes)
{
	struct pinned_split split = place_split(climb->subject->facts, nodes);

	if (decision_is_effective(held) && !climb->subject->facts->has_sight)
		split.unknown = 0;
	return split;
}

bool rung_is_beside(const struct climb *climb, const struct held *held,
		    const struct place *place)
{
	struct pinned_split split = split_pins(climb, held, &place->cpu_nodes);

	return nodeset_count(&place->cpu_nodes) == 1 && split.elsewhere == 0 &&
	       split.unknown == 0;
}

static int check_pinned(const struct climb *climb, const struct place *place,
			struct rung *rung)
{
	const struct held *held = climb->subject->own[ACTION_BIND];
	struct pinned_split split = split_pins(climb, held, &place->home);

	if (split.unknown > split.there)
		return refuse(rung, "where its pinned memory lies is not known");
	if (split.elsewhere + split.unknown > split.there)
		return refuse(rung, "most of its pinned memory lies on other nodes");
	rung->is_beside_pins = rung_is_beside(climb, held, place);
	if (climb->must_suffice && nodeset_count(&place->cpu_nodes) > 1)
		return refuse(rung, "on several nodes it does not suffice");
	if (climb->must_suffice && !rung->is_beside_pins)
		return refuse(rung, "it would not run beside all of its pinned memory");
	return 1;
}

static int try_bind(const struct climb *climb, struct rung *rung)
{
	struct place place;
	int r;

	if (climb->must_suffice && climb->risk != RISK_CORRUPTION)
		return refuse(rung, "scans go on, which does not suffice against cost");
	r = place_choose(climb->host, climb->subject->facts, climb->policy, &place,
			 &rung->remark);
	if (r <= 0)
		return r;
	r = check_pinned(climb, &place, rung);
	if (r <= 0)
		return r;
	rung->cpus = place_format(&place.cpus);
	return rung->cpus ? 1 : -ENOMEM;
}

/* ---- any ------------------------------------------------------------------ */

/* A hold costs nothing, so it may be taken in advance of what a process may
 * become; the others are not done to somebody whom nobody scans, unless it is
 * said in so many words where he should run. */
static bool is_needless(const struct climb *climb, enum action action)
{
	bool is_about_place = action == ACTION_BIND || action == ACTION_CONFINE;

	return action != ACTION_HOLD && climb->scanned != SCANNED_YES &&
	       (climb->must_suffice || !is_about_place);
}

/* Runtimes have their own minds about the cgroups, masks and policies of their
 * containers; a hold touches none of these, and host-off none of theirs. */
static bool is_refused_by_container(const struct climb *climb, enum action action)
{
	const char *cgroup = climb->subject->facts->cgroup;

	return action != ACTION_HOLD && action != ACTION_HOST_OFF &&
	       !climb->policy->allow_containers && cgroup && unit_is_container(cgroup);
}

static int try_action(const struct climb *climb, struct rung *rung)
{
	switch (rung->action) {
	case ACTION_NONE:
	case ACTION_AUTO:	/* see ladder.c */
		break;
	case ACTION_HOLD:
		return try_hold(climb, rung);
	case ACTION_MEMPOLICY:
		return try_mempolicy(climb, rung);
	case ACTION_BIND:
		return try_bind(climb, rung);
	case ACTION_CONFINE:
		return rung_try_confine(climb, rung);
	case ACTION_HOST_OFF:
		return try_host_off(climb, rung);
	}
	return 0;
}

static int check_setback(const struct climb *climb, struct rung *rung)
{
	const struct setback *setback;
	int r;

	setback = decision_find_setback(climb->decision, &rung->target, rung->action);
	if (!setback)
		return 1;
	free(rung->remark);
	rung->remark = NULL;
	r = refuse(rung, "tried without success: %s", setback->reason ?: "no reason known");
	return r < 0 ? r : 0;
}

int rung_try(const struct climb *climb, struct rung *rung)
{
	int r;

	rung->target = (struct target_id){
		.kind = TARGET_PROCESS,
		.process = climb->subject->facts->id,
	};
	if (is_needless(climb, rung->action))
		return refuse(rung, "not needed: %s", rung_why_not_scanned(climb->scanned));
	if (is_refused_by_container(climb, rung->action))
		return refuse(rung, "it is in a container, and AllowContainers=no");
	r = try_action(climb, rung);
	return r > 0 ? check_setback(climb, rung) : r;
}
