// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cpuset moves memory: all that lies on nodes which it leaves out.  Pinned
 * memory cannot move, and what tries to move it may lose it.
 */
#include "daemon/policy/rung.h"

#include <errno.h>

#define KERNEL(major, minor)	((major) << 16 | (minor) << 8)

/* Does anybody in the cgroup pin what a change of nodes would try to move? */
static int check_members(const struct climb *climb, const struct cgroup_facts *cgroup,
			 const struct place *place, struct rung *rung)
{
	const struct cgroup_pins *pins = decision_find_pins(climb->decision, cgroup);

	if (!pins)
		return -ENOMEM;
	if (pins->unknown)
		return refuse(rung, "where process %d has pinned is not known", pins->unknown);
	for (size_t i = 0; i < climb->host->n_nodes; i++) {
		if (pins->on_node[i] && !nodeset_has(&place->mems, climb->host->nodes[i].node))
			return refuse(rung, "process %d has pinned memory on other nodes",
				      pins->on_node[i]);
	}
	return 1;
}

static int check_resident(const struct climb *climb, const struct cgroup_facts *cgroup,
			  const struct place *place, struct rung *rung)
{
	uint64_t most = climb->must_suffice ? 0 : climb->policy->confine_max_move_bytes;
	uint64_t moves = 0;
	char size[32];

	if (!cgroup->has_resident)
		return refuse(rung, "how much memory would move is not known");
	for (size_t i = 0; i < cgroup->n_resident; i++) {
		if (!nodeset_has(&place->mems, cgroup->resident[i].node))
			moves += cgroup->resident[i].bytes;
	}
	sentence_format_bytes(moves, size, sizeof(size));
	if (moves > most)
		return refuse(rung, "it would move %s of memory%s", size,
			      climb->must_suffice ? "" : ", more than ConfineMaxMoveBytes=");
	return 1;
}

/* On 5.9-5.18 a migration that races a scan can turn a pinned page read-only,
 * and the next write copies it.  An unknown kernel may be one of these. */
static bool may_lose_moved_pages(const struct host_facts *host)
{
	return host->balancing > 0 &&
	       (host->kernel_code == 0 || (host->kernel_code >= KERNEL(5, 9) &&
					   host->kernel_code < KERNEL(5, 19)));
}

static int check_balancing(const struct climb *climb, struct rung *rung)
{
	const struct target_id host = { .kind = TARGET_HOST };
	const struct setback *setback;

	if (!may_lose_moved_pages(climb->host))
		return 1;
	if (climb->host->balancing & RUNG_TIERS)
		return refuse(rung, "tiering would scan while memory moves");
	setback = decision_find_setback(climb->decision, &host, ACTION_HOST_OFF);
	if (setback)
		return refuse(rung, "balancing cannot be switched off first: %s",
			      setback->reason);
	rung->is_host_off_first = !decision_is_effective(climb->decision->host_off);
	return 1;
}

/* What is in force already moves nothing any more. */
static int check_move(const struct climb *climb, const struct cgroup_facts *cgroup,
		      const struct place *place, struct rung *rung)
{
	const struct held *held = decision_find_held(climb->decision, &rung->target,
						     ACTION_CONFINE);
	int r;

	rung->is_beside_pins = rung_is_beside(climb, held, place);
	if (decision_is_effective(held) && decision_is_same(held, rung->cpus, rung->mems))
		return 1;
	r = check_resident(climb, cgroup, place, rung);
	if (r > 0)
		r = check_members(climb, cgroup, place, rung);
	return r > 0 ? check_balancing(climb, rung) : r;
}

static const char *refuse_cpuset(const struct climb *climb,
				 const struct cgroup_facts *cgroup)
{
	if (climb->must_suffice && !policy_skips_one_node_cpuset(climb->host))
		return "before Linux 6.16 it does no more than bind";
	if (!cgroup)
		return "nobody has looked at its cgroup yet";
	if (!cgroup->has_cpuset)
		return "the cpuset controller cannot be had for its cgroup";
	if (cgroup->is_systemd && !climb->host->has_systemd)
		return "systemd, which owns its cgroup, does not answer";
	return NULL;
}

static int confine(const struct climb *climb, const struct cgroup_facts *cgroup,
		   struct rung *rung)
{
	struct place place;
	int r;

	r = place_choose(climb->host, climb->subject->facts, climb->policy, &place,
			 &rung->remark);
	if (r <= 0)
		return r;
	if (nodeset_is_empty(&place.mems))
		return refuse(rung, "no node of this host has memory");
	if (climb->must_suffice && nodeset_count(&place.mems) > 1)
		return refuse(rung, "on several nodes it does not suffice");
	rung->cpus = place_format(&place.cpus);
	rung->mems = place_format(&place.mems);
	if (!rung->cpus || !rung->mems)
		return -ENOMEM;
	return check_move(climb, cgroup, &place, rung);
}

int rung_try_confine(const struct climb *climb, struct rung *rung)
{
	const struct process_facts *facts = climb->subject->facts;
	const char *why = rung_refuse_cgroup(facts);
	const struct cgroup_facts *cgroup;

	if (why)
		return refuse(rung, "%s", why);
	rung->target = rung_target_of_cgroup(facts);
	cgroup = decision_find_cgroup(climb->decision, facts->cgroup);
	why = refuse_cpuset(climb, cgroup);
	if (why)
		return refuse(rung, "%s", why);
	return confine(climb, cgroup, rung);
}

