/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decision.h - what the parts of policy_decide() share
 */
#pragma once

#include "daemon/policy/decide.h"
#include "daemon/policy/plan.h"
#include "daemon/policy/wish.h"

/* One process of the snapshot, with all that the decision on it looks at. */
struct subject {
	const struct process_facts *facts;
	const struct held *own;		/* hold of itself, or NULL */
	const struct held *around;	/* effective hold of a cgroup, or NULL */
	struct wish wish;
};

struct decision {
	const struct decide_input *input;
	const struct held **held;	/* as input's, in the order of targets: */
	size_t n_held;
	size_t first_cgroup;		/* processes before, cgroups from here on */
	struct subject *subjects;	/* as the snapshot's processes */
	size_t n_subjects;
	struct plan plan;
};

/* The hold of exactly this target, or NULL. */
const struct held *decision_find_held(const struct decision *decision,
				      const struct target_id *id);

/* Is there a hold, and can no scan be left over from before it? */
bool decision_is_effective(const struct held *held);

/* Does the wish ask for a hold, of that kind of target, that can be taken? */
bool decision_wants(const struct wish *wish, enum target_kind kind);

/* Add their items to the plan; 0 or -ENOMEM. */
int decision_judge_processes(struct decision *decision);
int decision_judge_cgroups(struct decision *decision);

enum risk decision_risk(const struct decision *decision, const struct subject *subject);
