/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survey.h - a round through everybody, a few of them a tick
 *
 * Finds by /proc who pins or has a device open.  A thorough round believes no
 * counter.  It looks at everybody's descriptors, if policies name devices, because
 * nothing else tells of them, or else of those whose rings are booked nowhere; and
 * with the module's sight at everybody's memory: bells tell of pins that are made
 * from now on, and /proc shows only what drivers book, so what was pinned before,
 * while nobody listened, is found by one cheap look of sight.
 *
 * Strangers decide how many processes there are and how many files each has open,
 * so a tick looks at some of them only; see SURVEY_USEC.
 */
#pragma once

#include "daemon/state.h"

/* Processes looked at in one tick, some 50 us each, a pinner a few ms; and the
 * time after which no other one is begun. */
#define SURVEY_BATCH	256
#define SURVEY_USEC	(50ULL * 1000)

/* Begins with everybody there is now; who comes later is the next round's. */
void survey_begin(struct state *state, bool is_thorough);

bool survey_is_under_way(const struct state *state);

/* Looks at the next few and marks who pins; between rounds a no-op. */
void survey_go_on(struct state *state);
