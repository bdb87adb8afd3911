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

/* An action began or ended; or, in audit, would have begun. */
void journal_applied(struct target *row, enum action action, uint64_t now_usec);
void journal_would_apply(struct target *row, uint64_t now_usec);
void journal_undone(struct target *row, enum action action, uint64_t now_usec);

void journal_pin_observed(struct target *row, uint64_t now_usec);

/* row NULL: the probes do not fire, for all holds at once. */
void journal_ineffective(struct target *row, enum action action, uint64_t now_usec);
void journal_effective_again(void);

/* why "": the error says all. */
void journal_action_failed(struct target *row, const struct plan_item *item, int error,
			   const char *why, uint64_t now_usec);
/* Somebody else has changed what the action had set. */
void journal_foreign(struct target *row, enum action action, uint64_t now_usec);

/* kernel.numa_balancing is another than it was, and not by us. */
void journal_drift(const struct host_facts *host, int before);

void journal_module(const struct host_facts *host);

/* What could not be taken from it. */
void journal_ledger(const struct state *state);
/* From now on the ledger cannot be written. */
void journal_behind(const struct state *state);
void journal_events_lost(struct tally *tally, uint64_t now_usec);
void journal_reloaded(const struct config *config);
void journal_reload_failed(const char *errors, bool has_config);
