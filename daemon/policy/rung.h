/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rung.h - can an action be had for a process, and does it suffice
 */
#pragma once

#include "daemon/policy/ladder.h"
#include "daemon/policy/place.h"
#include "daemon/policy/sentence.h"

#define RUNG_BALANCES	1	/* kernel.numa_balancing is a mask: for locality, */
#define RUNG_TIERS	2	/* and between tiers of memory */

/* Both are 0 or -ENOMEM; to return the 0 of refuse() is to pass the rung over. */
#define remark(rung, ...)	sentence_format_part(&(rung)->remark, __VA_ARGS__)
#define refuse(rung, ...)	remark(rung, __VA_ARGS__)

/* What all rungs of one ladder are judged by. */
struct climb {
	const struct decision *decision;
	const struct subject *subject;
	const struct policy *policy;
	const struct host_facts *host;	/* had we not touched it */
	enum risk risk;			/* there */
	enum scanned scanned;		/* there, nothing of ours in force */
	bool must_suffice;		/* chosen by auto, or by Fallback= */
};

/* 1: it can be had, and rung says on what and with which parameters; 0: it is
 * passed over, and rung's remark says why; -ENOMEM.  rung has the action. */
int rung_try(const struct climb *climb, struct rung *rung);

int rung_try_confine(const struct climb *climb, struct rung *rung);

/* Why nothing may be done to the process through its cgroup, NULL: it may. */
const char *rung_refuse_cgroup(const struct process_facts *facts);

struct target_id rung_target_of_cgroup(const struct process_facts *facts);

/* Would it run on one node, with all its pinned memory there? */
bool rung_is_beside(const struct climb *climb, const struct held *held,
		    const struct place *place);

/* "one memory node", "balancing is off": the kernel scans nothing here. */
const char *rung_why_not_scanned(enum scanned scanned);
