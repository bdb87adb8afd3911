/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survey.h - the module's sight on everybody
 *
 * Bells tell of pins that are made from now on, and /proc shows only what
 * drivers book.  What was pinned before, while nobody listened, is found by one
 * cheap look of sight at each process, a few of them a tick.
 */
#pragma once

#include "daemon/state.h"

/* Processes looked at in one tick, some 50 us each, a pinner a few ms; and the
 * time after which no other one is begun. */
#define SURVEY_BATCH	256
#define SURVEY_USEC	(50ULL * 1000)

/* Begins anew with everybody there is now; without sight a no-op. */
void survey_begin(struct state *state);

/* Looks at the next few and marks who pins. */
void survey_go_on(struct state *state);
