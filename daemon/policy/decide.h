/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.h - the whole of the policy, as one pure function
 *
 * No I/O, no clock, no logging, no globals: the same input gives the same plan,
 * byte for byte.  plan, explain, audit mode and the golden tests are all this
 * function.
 *
 * For each process of the snapshot: match.c finds the policy that speaks of it,
 * ladder.c finds the mildest of its actions that can be had and suffices, wish.c
 * turns orders and policy into what should be in force, risk.c says what is at
 * stake, and decide.c compares that with what is in force.
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
	const struct override *overrides;	/* sorted by target */
	size_t n_overrides;
	uint64_t now_usec;
	/* what did not work: these rungs are passed over */
	const struct setback *setbacks;
	size_t n_setbacks;
	/* a hold was refused for want of room: from now on hold cgroups */
	bool table_full;
};

/* 0 or -ENOMEM.  The plan has one item for each process of the snapshot, which
 * says what is wished for it, and one for each further action that is in force
 * on it; and one for each action on a cgroup, and on the host, that is in force
 * or should be.  What a held process that is not in the snapshot needs is not
 * judged: it was not looked at.  Processes come first, so that carrying the plan
 * out in order leaves no gap where a cgroup's hold gives way to those of its
 * processes.  Otherwise what is in force stays until what replaces it is: then
 * next_usec asks to decide again soon. */
int policy_decide(const struct decide_input *input, struct plan *ret_plan);

/* The first policy that matches, NULL: none.  held_for names the policy that a
 * process is held for, NULL: it is not.  *ret_why says for each policy before
 * it which key did not match, a line each, for explain; ret_why may be NULL.
 * 0 or -ENOMEM. */
int policy_find(const struct config *config, const struct process_facts *facts,
		const char *held_for, const struct policy **ret_policy, char **ret_why);

/* The verdict in force: the configuration's, else the kernel's. */
enum verdict policy_verdict(const struct config *config, const struct host_facts *host);

/* What balancing can do to pinned memory on this host, and to what this process
 * is seen to pin. */
enum risk policy_host_risk(const struct config *config, const struct host_facts *host);
enum risk policy_risk(const struct config *config, const struct host_facts *host,
		      const struct process_facts *facts);

/* Whether the kernel would scan the process, were no action of ours in force. */
enum scanned policy_scanned(const struct host_facts *host,
			    const struct process_facts *facts);

/* ---- explaining ---------------------------------------------------------- */

enum trace_kind {
	TRACE_ORDER,		/* an operator's word */
	TRACE_POLICY,		/* name: the policy's; why: first key unmet */
	TRACE_RUNG,		/* name: the action's; why not, or what is missing */
	TRACE_RESULT,		/* name: the action's; why: the plan's reason */
};

/* How the decision on one process came about, in the order in which things are
 * looked at.  Texts are safe to print. */
struct trace_step {
	enum trace_kind kind;
	char *name;
	bool is_taken;		/* matched, chosen */
	char *why;
};

struct trace {
	struct trace_step *steps;
	size_t n_steps;
};

/* The same decision as policy_decide() makes on this process, told step by
 * step; it ends with one TRACE_RESULT.  0 or -ENOMEM. */
int policy_explain(const struct decide_input *input, const struct process_facts *facts,
		   struct trace *ret_trace);
void trace_done(struct trace *trace);

const char *trace_kind_name(enum trace_kind kind);

/* ---- text ---------------------------------------------------------------- */

/* The plan as text, one item a line, for golden tests and the debug log.
 * 0 or -ENOMEM. */
int plan_format(const struct plan *plan, char **ret_text);
