/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decision.h - what the parts of policy_decide() share
 */
#pragma once

#include "daemon/policy/decide.h"
#include "daemon/policy/plan.h"
#include "daemon/policy/wish.h"

/* While something waits for something else to be in force, decide again after
 * this time, if nothing happens earlier. */
#define DECIDE_STEP_USEC	(1000ULL * 1000)

/* One process of the snapshot, with all that the decision on it looks at. */
struct subject {
	const struct process_facts *facts;
	const struct held *own[ACTION_AUTO];	/* of itself, by action; or NULL */
	const struct held *around[ACTION_AUTO];	/* effective, of a cgroup above */
	struct wish wish;
};

/* Who pins in a cgroup or below it; see decision_find_pins(). */
struct cgroup_pins {
	pid_t unknown;		/* the first of whom it is not known where, or 0 */
	pid_t *on_node;		/* the first to pin on each of the host's nodes, or 0 */
};

struct decision {
	const struct decide_input *input;
	struct host_facts bare;		/* borrowed; had we not touched it */
	const struct held **held;	/* as input's, by target, then by action: */
	size_t n_held;
	size_t first_cgroup;		/* processes before, cgroups from here on */
	const struct held *host_off;	/* or NULL */
	const struct setback **setbacks;	/* that stand, likewise sorted */
	size_t n_setbacks;
	struct subject *subjects;	/* as the snapshot's processes */
	size_t n_subjects;
	struct subject **by_cgroup;	/* whoever is in or below one is together */
	size_t n_by_cgroup;
	struct cgroup_pins *pins;	/* as the snapshot's cgroups */
	const struct process_facts *traced;	/* whose steps are told, or NULL */
	struct trace *trace;
	struct plan plan;
};

/* ---- looking up (decision.c) --------------------------------------------- */

/* Sets all but the wishes and the plan; 0 or -ENOMEM. */
int decision_init(struct decision *decision, const struct decide_input *input);
void decision_done(struct decision *decision);

/* Exactly this action on exactly this target, or NULL. */
const struct held *decision_find_held(const struct decision *decision,
				      const struct target_id *id, enum action action);
const struct setback *decision_find_setback(const struct decision *decision,
					    const struct target_id *id,
					    enum action action);
/* NULL: nobody has looked at it. */
const struct cgroup_facts *decision_find_cgroup(const struct decision *decision,
						const char *path);

/* Looks through the cgroup when it is first asked about; NULL: out of memory. */
const struct cgroup_pins *decision_find_pins(const struct decision *decision,
					     const struct cgroup_facts *cgroup);

/* Is it in force everywhere, with nothing left over from before it? */
bool decision_is_effective(const struct held *held);

/* Is it in force with these cpus and mems?  What somebody else has changed is
 * not fought over: it counts as what we wanted. */
bool decision_is_same(const struct held *held, const char *cpus, const char *mems);

/* Is what the subject's wish asks for in force? */
bool decision_is_granted(const struct decision *decision, const struct subject *subject);

/* Walks the processes that are in a cgroup or below it. */
struct members {
	const struct decision *decision;
	const struct target_id *cgroup;
	size_t next;
};

struct members decision_members(const struct decision *decision,
				const struct target_id *cgroup);
/* NULL: that was all. */
struct subject *members_next(struct members *members);

/* ---- judging ------------------------------------------------------------- */

/* Does the wish ask for something on that kind of target that can be had? */
bool decision_wants(const struct wish *wish, enum target_kind kind);

/* Add their items to the plan; 0 or -ENOMEM. */
int decision_judge_processes(struct decision *decision);
int decision_judge_cgroups(struct decision *decision);
int decision_judge_host(struct decision *decision);

/* Is what it wishes in earnest not in force yet? */
bool decision_awaits(const struct decision *decision, const struct subject *subject);

/* PLAN_KEEP, or PLAN_APPLY again for what is in force and wished in earnest. */
enum plan_op decision_judge_same(const struct wish *wish, const struct held *held);

/* Why audit mode undoes it. */
const char *decision_audit_remark(enum action action);

/* The item of a target that somebody wishes; process, risk and scanned are for
 * decision_add_asker() to add.  held: what is in force of it, or NULL. */
int decision_add_wanted(struct decision *decision, const struct wish *wish,
			const struct held *held, struct plan_item **ret_item);

/* The item tells the worst of those who ask: highest risk, anybody scanned. */
void decision_add_asker(const struct decision *decision, const struct subject *subject,
			struct plan_item *item);

/* At stake for it, and scanned, as things are now. */
enum risk decision_risk(const struct decision *decision, const struct subject *subject);
enum scanned decision_scanned(const struct decision *decision,
			      const struct subject *subject);

/* Would it be scanned, were nothing of ours in force? */
enum scanned decision_scanned_bare(const struct decision *decision,
				   const struct subject *subject);

/* Does this kernel leave alone who has one node in cpuset.mems? */
bool policy_skips_one_node_cpuset(const struct host_facts *host);

/* Does it or its Fallback name the action? */
bool policy_wants(const struct policy *policy, enum action action);
