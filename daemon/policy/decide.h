/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.h - the whole of the policy, as one pure function
 *
 * No I/O, no clock, no logging, no globals: the same input gives the same plan,
 * byte for byte.  plan, explain, audit mode and the golden tests are all this
 * function.
 */
#pragma once

#include "daemon/model.h"
#include "daemon/policy/config.h"

/* A hold taken inside a probe lasts at least this long, then the policy's word
 * counts: hold first, ask later, without flapping. */
#define DECIDE_BELL_HOLD_USEC	(10ULL * 1000 * 1000)

struct decide_input {
	const struct config *config;
	const struct snapshot *snapshot;
	const struct held *held;
	size_t n_held;
	const struct override *overrides;
	size_t n_overrides;
	uint64_t now_usec;
};

/* 0 or -ENOMEM.  A held process that is not in the snapshot is not judged: it
 * was not looked at. */
int policy_decide(const struct decide_input *input, struct plan *ret_plan);

/* Which policy matches, NULL: none; *ret_why: for each policy before it, first
 * predicate that failed, one line each, for explain (may be NULL). */
const struct policy *policy_find(const struct config *config,
				 const struct process_facts *facts, char **ret_why);

/* What balancing can do to this process, and whether it is scanned, were no
 * action of ours in force. */
enum risk policy_risk(const struct host_facts *host, const struct process_facts *facts);
enum scanned policy_scanned(const struct host_facts *host,
			    const struct process_facts *facts);

/* The plan as text, one item a line, for golden tests and the debug log. */
int plan_format(const struct plan *plan, char **ret_text);
