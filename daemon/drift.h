/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift.h - kernel.numa_balancing, and who else changes it; processors that go
 *
 * Host images and tuning tools set it behind each other's back, and nobody is
 * told.  The kernel tells of no change either, so it is looked at with each tick,
 * and once in DRIFT_LOOK_USEC without one.  So is what is online: with the last
 * processor of a mask, or on kernels before 6.2 with any, the kernel widens it, which
 * looks like somebody else's doing and is nobody's.
 */
#pragma once

#include "daemon/state.h"

#define DRIFT_LOOK_USEC	(60ULL * 1000 * 1000)

/* At start: what it is, what it was before a daemon before us changed it, and who
 * set it. */
void drift_begin(struct state *state);

/* Reads it; what somebody else did since is told. */
void drift_look(struct state *state, uint64_t now_usec);

/* Is a mask as wide as its cpuset more likely the work of the kernel than somebody's?
 * The looks at settings are that far apart, and then some. */
#define DRIFT_CPUS_USEC	(30ULL * 1000 * 1000)
bool drift_is_of_cpus(const struct state *state, uint64_t now_usec);

/* We have just changed it. */
void drift_note_own(struct state *state);
