// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is at stake, and whether anything happens at all.  The facts behind each
 * test are the kernel's own: task_tick_numa() and task_numa_work() in
 * kernel/sched/fair.c.
 */
#include "daemon/policy/decide.h"

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

static bool is_kept_by_cpuset(const struct host_facts *host,
			      const struct process_facts *facts)
{
	return host->kernel_code >= KERNEL_SKIPS_ONE_NODE_CPUSET &&
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
