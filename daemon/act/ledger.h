/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.h - what we changed on this host, and how to put it back
 *
 * /run/pinsafed/ledger: boot id first, then one text line per change, written
 * and synced before the change is made, so that a daemon killed at any point
 * finds each change that it may have made.  A torn last line is tolerated; a
 * ledger of another boot or a newer format is empty.  Also keeps the operator's
 * overrides, which must outlive a restart.  Rewritten by temporary file and
 * rename when it has grown past its live entries.
 */
#pragma once

#include "daemon/model.h"

struct ledger;

/* A change that may be in force. */
struct ledger_entry {
	enum action action;
	struct target_id id;
	char *policy;			/* that wanted it; NULL: none */
};

/* dirfd: the runtime directory, kept by the ledger as its own duplicate, and
 * locked as long; -EBUSY: another daemon has it. */
int ledger_open(int dirfd, const char *boot_id, struct ledger **ret_ledger);
void ledger_free(struct ledger *ledger);

/* Whole lines that made no sense and were left out when it was opened. */
unsigned int ledger_skipped(const struct ledger *ledger);

/* "About to apply ACTION to TARGET"; on disk when this returns 0.  A second
 * record of the same replaces the first. */
int ledger_record(struct ledger *ledger, enum action action, const struct target_id *id,
		  const char *policy);
/* "No longer in force."  Not synced: to undo twice does no harm. */
int ledger_erase(struct ledger *ledger, enum action action, const struct target_id *id);

/* NULL: no such record. */
const struct ledger_entry *ledger_find(const struct ledger *ledger, enum action action,
				       const struct target_id *id);
/* All of them, sorted by action and target; ledger_erase() moves those behind the one
 * erased up, anything else makes the pointer invalid. */
const struct ledger_entry *ledger_entries(const struct ledger *ledger, size_t *ret_n);

/* Overrides: replace the one on the same target, -EINVAL for a path with a
 * newline in it; drop. */
int ledger_set_override(struct ledger *ledger, const struct override *override);
int ledger_drop_override(struct ledger *ledger, const struct target_id *id);
/* NULL: no order on exactly this target.  Valid until the next change. */
const struct override *ledger_find_override(const struct ledger *ledger,
					    const struct target_id *id);
/* Sorted by target. */
const struct override *ledger_overrides(const struct ledger *ledger, size_t *ret_n);
