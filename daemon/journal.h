/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - what the operator is told, one function a kind of event
 *
 * Every kind has its MESSAGE_ID and an entry in systemd/pinsafe.catalog.  A
 * target that keeps changing state is told of JOURNAL_BURST times in
 * JOURNAL_WINDOW_USEC and then only counted.
 */
#pragma once

#include "daemon/state.h"

#define JOURNAL_BURST		6
#define JOURNAL_WINDOW_USEC	(60ULL * 1000 * 1000)

/* Pure: may this row speak now? */
bool journal_may_speak(struct target *row, uint64_t now_usec);

/* A hold began, became another's or ended; or, in audit, would have. */
void journal_held(struct target *row, uint64_t now_usec);
void journal_would_hold(struct target *row, uint64_t now_usec);
void journal_released(struct target *row, uint64_t now_usec);

void journal_pin_observed(struct target *row, uint64_t now_usec);

/* is_armed false: the probes do not fire, for all holds at once (row NULL). */
void journal_ineffective(struct target *row, uint64_t now_usec);
void journal_effective_again(void);

void journal_action_failed(struct target *row, int error, uint64_t now_usec);

void journal_module(const struct host_facts *host);
void journal_events_lost(struct tally *tally, uint64_t now_usec);
void journal_reloaded(const struct config *config);
void journal_reload_failed(const char *errors, bool has_config);
