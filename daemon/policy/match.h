/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.h - whom a policy, an order or a hold speaks of
 */
#pragma once

#include "daemon/model.h"
#include "daemon/policy/config.h"

/* The first open device that the policy names, or NULL. */
const struct device_open *match_device(const struct policy *policy,
				       const struct process_facts *facts);

/* Do the policy's devices and pins, which come and go, match right now? */
bool match_is_current(const struct policy *policy, const struct process_facts *facts);

/* Could the policy speak of a process in this cgroup, as far as MatchCGroup and
 * MatchUnit go?  NULL: path not known. */
bool match_cgroup(const struct policy *policy, const char *cgroup);

/* Why the policy does not speak of the process: the first key that does not
 * match, and what the process has, "MatchUser: 1000 is none of them"; safe to
 * print.  NULL: it does.  is_held_for: it is held for this policy, and so its
 * deeds stand.  0 or -ENOMEM. */
int match_explain(const struct policy *policy, const struct process_facts *facts,
		  bool is_held_for, char **ret_why);

/* Is the process the target, or in it? */
bool match_target(const struct target_id *target, const struct process_facts *facts);
