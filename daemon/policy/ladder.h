/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder.h - the mildest action of a policy that can be had and suffices
 *
 * Which action suffices against what is a table of the kernel's behaviour:
 *
 *                  corruption                      cost
 *      hold        yes                             yes
 *      mempolicy   yes                             yes
 *      confine     on 6.16 and later, on one node, where no memory moves
 *      bind        on one node, if all pinned      no: scans go on
 *                  memory is there
 *      host-off    yes, unless tiering scans on    likewise
 *
 * `auto` takes the first of hold, mempolicy (if the policy names it), confine
 * and bind that suffices.  An action that the policy names is taken although it
 * does not suffice.  An action that cannot be had, would do harm, or has a
 * setback is passed over in either case.
 */
#pragma once

#include "daemon/base/cleanup.h"
#include "daemon/policy/decision.h"

struct rung {
	enum action action;	/* ACTION_NONE: none can be had */
	bool is_exempt;		/* because the policy says so */
	bool is_host_off_first;		/* see struct wish */
	bool is_hold_refused;
	bool is_beside_pins;
	struct target_id target;	/* its strings are borrowed */
	char *cpus;
	char *mems;
	char *remark;		/* on what was taken, or why nothing; NULL: none */
};

/* For a process that the policy speaks of.  0 or -ENOMEM. */
int ladder_climb(const struct decision *decision, const struct subject *subject,
		 const struct policy *policy, struct rung *ret_rung);

void rung_done(struct rung *rung);
DEFINE_CLEANUP_EMBEDDED(struct rung, rung_done);
