/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subject.h - where a setting of one target stands
 *
 * What apply, undo and list of setting.h have in common: to look at one setting
 * and at what the ledger says of it.
 *
 *      read      in the ledger                         standing
 *      anything  not there                             NEW
 *      ours      not there, but others of its process  BORN
 *      ours      there                                 OURS
 *      before    there, never confirmed                PENDING
 *      else      there                                 FOREIGN
 *
 * "Before" of a confirmed one is FOREIGN: we had changed it, somebody put it back.
 */
#pragma once

#include "daemon/act/setting.h"
#include "daemon/base/cleanup.h"

struct subject {
	struct act_context *context;
	const struct setting_ops *ops;
	const struct target_id *id;
};

enum standing {
	STANDING_NEW,
	STANDING_BORN,
	STANDING_OURS,
	STANDING_PENDING,
	STANDING_FOREIGN,
};

/* NULL: not recorded. */
const struct ledger_entry *subject_find(const struct subject *subject);

/* ACT_DONE, ACT_GONE, negative errno; *ret_current is for the caller to free. */
int subject_read(const struct subject *subject, const char *name, char **ret_current);

/* Writes a value and looks whether it is there; -EBUSY: it is not. */
int subject_write(const struct subject *subject, const char *name, const char *value);

bool subject_is_same(const struct subject *subject, const struct wanted *current,
		     const char *value);

/* Is what was read what we set, or were about to? */
bool subject_is_ours(const struct subject *subject, const struct saved *saved,
		     const struct wanted *current);

enum standing subject_judge(const struct subject *subject, const struct wanted *current);

/* The saved setting whose "before" a new thread would have, had we done nothing:
 * nothing tells who made it, so that of the first thread, else any.  NULL: not
 * settings of threads, or none saved. */
const struct saved *subject_find_parent(const struct subject *subject);

int wanted_compare(const void *a, const void *b);
const struct wanted *wanted_find(const struct wanted *wanted, size_t n, const char *name);

/* An array and its length, freed together. */
struct wanted_list {
	struct wanted *list;
	size_t n;
};

void wanted_list_done(struct wanted_list *list);
DEFINE_CLEANUP_EMBEDDED(struct wanted_list, wanted_list_done);
