/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orders.h - what an operator may order
 *
 * Who may order is bus.c's business.  An order is on disk before it is carried
 * out, so that it outlives the daemon, and is carried out before the call
 * returns.
 */
#pragma once

#include "daemon/state.h"

/* Fills in what the caller of a target left out (a cgroup's id).  0; -ESRCH: no
 * such process or cgroup; -EINVAL: not a target. */
int orders_resolve(const struct state *state, struct target_id *target);

/* 0; -ENODEV: no module; -ESRCH; or what the module said. */
int orders_hold(struct state *state, const struct target_id *target, uint64_t now_usec);

/* for_usec 0: until the target is gone.  0; -ESRCH; or what the module said. */
int orders_release(struct state *state, const struct target_id *target, uint64_t for_usec,
		   uint64_t now_usec);

/* Reads the configuration and puts it in force.  0; -EINVAL: *ret_errors says
 * why, and the old one stays; other negative errno.  *ret_errors is NULL or the
 * caller's to free. */
int orders_reload(struct state *state, uint64_t now_usec, char **ret_errors);
