/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mempolicy-run.h - the program that gives threads another memory policy
 *
 * A program of its own (daemon/mempolicy), because it stops threads of others and
 * must come to an end whatever happens to us.
 */
#pragma once

#include "daemon/act/act.h"

/* "local" or "default" for all threads of a process but those spared and those
 * with a policy of their own.  ACT_DONE; ACT_NOOP: not everywhere yet, some threads
 * cannot be reached now; ACT_GONE; negative errno, with context->why: refused.
 * Waits about a second at most. */
int mempolicy_run(struct act_context *context, struct process_id process, const char *policy,
		  const pid_t *spared, size_t n_spared);
