/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.h - what we changed on this host, and how to put it back
 *
 * /run/pinsafed/ledger: boot id first, then one text line per change, written
 * and synced before the change is made, so that a daemon killed at any point
 * finds each change that it may have made.  A torn last line is tolerated; a
 * ledger of another boot is empty.  So is one of a newer format, which a newer
 * pinsafed has left to this one; it is kept as ledger.newer.  Format 1 had holds only: the
 * same lines, without save, made and forget, and 0 for since.  Also keeps the
 * operator's overrides, which must outlive a restart.  Rewritten by temporary file
 * and rename when it has grown past its live entries.
 *
 * Errors of whatever adds a line: -ENOMEM; -ENOTRECOVERABLE, it is not on disk (full,
 * mostly), so nothing would know how to put the change back, and it must not be made.
 * What only takes away never fails by that: the file tells of more than there is until
 * the next line that fits, and to undo twice does no harm.
 */
#pragma once

#include "daemon/model.h"

struct ledger;

/* One setting of a change: what it was, and what we made of it, or were about to
 * make when we were killed.  No blanks or newlines in them; a value may be empty,
 * which the file spells "-". */
struct saved {
	char *name;
	char *before;
	char *ours;
	char *earlier;		/* ours too, until the new one is confirmed; NULL */
	bool is_made;		/* confirmed: a "before" is somebody else's doing */
};

/* A change that may be in force. */
struct ledger_entry {
	enum action action;
	struct target_id id;
	char *policy;			/* that wanted it; NULL: none */
	uint64_t since_usec;		/* CLOCK_BOOTTIME; 0: unknown */
	struct saved *saved;		/* sorted by name */
	size_t n_saved;
};

/* dirfd: the runtime directory, kept by the ledger as its own duplicate, and
 * locked as long; -EBUSY: another daemon has it. */
int ledger_open(int dirfd, const char *boot_id, struct ledger **ret_ledger);
void ledger_free(struct ledger *ledger);

/* Whole lines that made no sense and were left out when it was opened. */
unsigned int ledger_skipped(const struct ledger *ledger);

/* Could it not be written when we last tried?  The next line tries again. */
bool ledger_is_behind(const struct ledger *ledger);

/* Was there one of a newer format? */
bool ledger_was_newer(const struct ledger *ledger);

/* "About to apply ACTION to TARGET"; on disk when this returns 0.  A second
 * record of the same changes the policy: since when and what was saved stays. */
int ledger_record(struct ledger *ledger, enum action action, const struct target_id *id,
		  const char *policy, uint64_t since_usec);
/* "About to change these settings of it", which must be recorded (else -ENOENT);
 * on disk, with one write and one sync, when this returns 0.  Of each, name,
 * before and ours are looked at; -EINVAL: a blank in one.  A name that is known
 * keeps its "before": that is where undo has to lead, however often we changed
 * our mind. */
int ledger_save(struct ledger *ledger, enum action action, const struct target_id *id,
		const struct saved *saved, size_t n);
/* "All that is saved of it has been made."  Not synced: without it a setting that
 * is as before passes for one that we never came to. */
int ledger_confirm(struct ledger *ledger, enum action action, const struct target_id *id);
/* "About to put back all that is saved of it": takes that word back.  Not synced. */
int ledger_retract(struct ledger *ledger, enum action action, const struct target_id *id);
/* This one is put back, or its thread is gone.  Not synced. */
int ledger_forget(struct ledger *ledger, enum action action, const struct target_id *id,
		  const char *name);
/* "No longer in force."  Not synced: to undo twice does no harm. */
int ledger_erase(struct ledger *ledger, enum action action, const struct target_id *id);

/* NULL: no such record. */
const struct ledger_entry *ledger_find(const struct ledger *ledger, enum action action,
				       const struct target_id *id);
/* NULL: not saved, or no entry.  Valid until the next change. */
const struct saved *ledger_find_saved(const struct ledger_entry *entry, const char *name);
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
