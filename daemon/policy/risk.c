// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is at stake, and whether anything happens at all.  The facts behind each
 * test are the kernel's own: task_tick_numa() and task_numa_work() in
 * kernel/sched/fair.c.
 *
 * Two things are left out on purpose.  Memory of hugetlb is never scanned, but
 * how much of what a process pins is such memory nothing tells.  Linux 6.19 and
 * later skip pinned pages, but only after the notifiers of the whole range have
 * been called, and not those of drivers that only take references: so these
 * processes are scanned, and the cost is theirs.
 */
#include "daemon/policy/decision.h"

#include "module/uapi/pinsafe.h"

/* From 6.16 on task_numa_work() returns when cpuset.mems is a single node. */
#define KERNEL_SKIPS_ONE_NODE_CPUSET	(6u << 16 | 16u << 8)

enum verdict policy_verdict(const struct config *config, const struct host_facts *host)
{
	return config->verdict >= 0 ? (enum verdict)config->verdict : host->verdict;
}

static bool is_balancing(const struct host_facts *host)
{
	return host->balancing > 0;	/* -1: a kernel that cannot */
}

static bool has_one_node(const struct host_facts *host)
{
	return nodeset_count(&host->nodes_memory) <= 1;
}

enum risk policy_host_risk(const struct config *config, const struct host_facts *host)
{
	if (!is_balancing(host) || has_one_node(host))
		return RISK_NONE;
	switch (policy_verdict(config, host)) {
	case VERDICT_AFFECTED:
		return RISK_CORRUPTION;
	case VERDICT_UNKNOWN:	/* a vendor kernel: never guessed to be worse */
	case VERDICT_FIXED:
		break;
	}
	return RISK_COST;
}

enum risk policy_risk(const struct config *config, const struct host_facts *host,
		      const struct process_facts *facts)
{
	if (!process_is_pinner(facts))
		return RISK_NONE;
	return policy_host_risk(config, host);
}

bool policy_skips_one_node_cpuset(const struct host_facts *host)
{
	return host->kernel_code >= KERNEL_SKIPS_ONE_NODE_CPUSET;
}

static bool is_kept_by_cpuset(const struct host_facts *host,
			      const struct process_facts *facts)
{
	return policy_skips_one_node_cpuset(host) &&
	       nodeset_count(&facts->mems_allowed) == 1;
}

enum scanned policy_scanned(const struct host_facts *host,
			    const struct process_facts *facts)
{
	if (!is_balancing(host))
		return SCANNED_NO_SYSCTL;
	if (has_one_node(host))
		return SCANNED_NO_ONE_NODE;
	if (facts->is_realtime)
		return SCANNED_NO_REALTIME;
	if (facts->has_own_policy)
		return SCANNED_NO_OWN_POLICY;
	if (is_kept_by_cpuset(host, facts))
		return SCANNED_NO_CPUSET;
	return SCANNED_YES;
}

/* ---- with what we do about it -------------------------------------------- */

enum scanned decision_scanned_bare(const struct decision *decision,
				   const struct subject *subject)
{
	struct process_facts facts = *subject->facts;	/* its strings are borrowed */

	if (subject->own[ACTION_MEMPOLICY])
		facts.has_own_policy = false;
	if (subject->around[ACTION_CONFINE])
		facts.mems_allowed = (struct nodeset){ 0 };
	return policy_scanned(&decision->bare, &facts);
}

/* What has been seen not to work does not count. */
static bool is_at_work(const struct decision *decision, const struct held *held)
{
	return decision_is_effective(held) &&
	       !decision_find_setback(decision, &held->id, held->action);
}

static bool is_held(const struct decision *decision, const struct subject *subject)
{
	return (decision->bare.module_armed & PINSAFE_FEATURE_HOLD) &&
	       (is_at_work(decision, subject->own[ACTION_HOLD]) ||
		is_at_work(decision, subject->around[ACTION_HOLD]));
}

enum scanned decision_scanned(const struct decision *decision,
			      const struct subject *subject)
{
	const struct host_facts *host = &decision->input->snapshot->host;
	enum scanned scanned;

	if (is_held(decision, subject))
		return SCANNED_NO_HELD;
	scanned = policy_scanned(host, subject->facts);
	/* The facts may be older than what was done. */
	if (scanned == SCANNED_YES && is_at_work(decision, subject->own[ACTION_MEMPOLICY]))
		return SCANNED_NO_OWN_POLICY;
	return scanned;
}

/* Who runs where all his pinned memory is faults on no page from afar, so none
 * of it is tried to be moved and lost; the scans themselves remain. */
static bool is_beside_its_memory(const struct decision *decision,
				 const struct subject *subject)
{
	const struct wish *wish = &subject->wish;

	return (wish->action == ACTION_BIND || wish->action == ACTION_CONFINE) &&
	       wish->is_beside_pins && decision_is_granted(decision, subject);
}

enum risk decision_risk(const struct decision *decision, const struct subject *subject)
{
	enum risk risk;

	if (!subject->wish.may_pin)
		return RISK_NONE;
	risk = policy_host_risk(decision->input->config, &decision->bare);
	if (risk == RISK_CORRUPTION && is_beside_its_memory(decision, subject))
		return RISK_COST;
	return risk;
}
