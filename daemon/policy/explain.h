/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - the decision tells its steps while it is made
 *
 * Whoever decides adds a step where he decides; with nobody asking there is no
 * trace, and adding does nothing.
 */
#pragma once

#include "daemon/policy/decision.h"

/* NULL: nobody asks about this one. */
struct trace *explain_trace(const struct decision *decision, const struct subject *subject);

/* Copies texts and makes them safe to print.  0 or -ENOMEM. */
int explain_add(struct trace *trace, enum trace_kind kind, const char *name, bool is_taken,
		const char *why);

/* Each policy that policy_find() has looked at; unmet is what it told, which is
 * safe to print as it is. */
int explain_add_policies(struct trace *trace, const struct config *config,
			 const struct policy *found, const char *unmet);

/* The end of it: what is wished, and the reason of its item in the plan, as it
 * stands there. */
int explain_add_result(struct trace *trace, enum action action, const char *reason);

/* policy_decide(), telling the steps of one process of the snapshot. */
int explain_decide(const struct decide_input *input, const struct process_facts *traced,
		   struct trace *trace, struct plan *ret_plan);
