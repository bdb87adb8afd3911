/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carry.h - carrying out what was decided, and what comes of it
 *
 * An action that fails, or that somebody else has changed, becomes a setback
 * (setback.h): the next decision takes the next rung.
 */
#pragma once

#include "daemon/state.h"

/* 1: something is different now; 0: not. */
int carry_out(struct state *state, const struct plan *plan, uint64_t now_usec);

/* What was done to cgroups that were removed since.  Before Linux 5.15 the module
 * cannot see that, and its hold would pass for one of the next cgroup at that
 * path. */
void carry_release_removed(struct state *state, uint64_t now_usec);

/* Settings that somebody else has changed are his: what is left of ours is put
 * back, and the action is not tried again on that target. */
void carry_give_up_foreign(struct state *state, uint64_t now_usec);
