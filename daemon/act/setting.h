/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * setting.h - values that we change and that others may change too
 *
 * All mitigations but hold come down to settings: a thread's CPU mask, a
 * thread's memory policy, a unit's cpuset, a sysctl.  A setting has a name
 * within its target and a value that is text.  This file has what they share:
 *
 *      apply    read -> record (name, before, ours) -> write -> read back -> confirm
 *      undo     read -> still ours? write before : leave it, ACT_FOREIGN
 *      list     what the ledger says we set, compared with what is set
 *
 * so that no change is without its inverse on disk, none of somebody else's is
 * overwritten, and a daemon killed anywhere in between finds what it did.
 *
 * What stands between looking and writing: somebody who changes a setting in those
 * microseconds loses.  And who sets the very value that we set cannot be told from
 * us; undo takes it for ours.
 */
#pragma once

#include "daemon/act/act.h"
#include "daemon/act/ledger.h"

/* A setting that should have this value. */
struct wanted {
	char *name;	/* no blanks: "1207@5003", "AllowedCPUs" */
	char *value;	/* no blanks */
};

struct setting_ops {
	enum action action;
	/* Which settings the item means: one, or one a thread.  0, ACT_GONE, or
	 * negative errno: refused, and nothing has been changed. */
	int (*find)(struct act_context *context, const struct plan_item *item,
		    struct wanted **ret_wanted, size_t *ret_n);
	/* ACT_DONE, ACT_GONE, negative errno. */
	int (*read)(struct act_context *context, const struct target_id *id,
		    const char *name, char **ret_value);
	/* To ours, or back to what was before.  ACT_DONE, ACT_GONE, negative errno;
	 * to ours also ACT_NOOP: asked for, not there yet.  Nothing is confirmed
	 * then, and it is listed as draining. */
	int (*write)(struct act_context *context, const struct target_id *id,
		     const char *name, const char *value);

	/* All below may be NULL. */

	/* For settings of threads: those that are there, without values.  A new
	 * thread has what the one that made it had, so ours may be set where we
	 * never set it.  0, ACT_GONE, negative errno. */
	int (*names)(struct act_context *context, const struct target_id *id,
		     struct wanted **ret_names, size_t *ret_n);
	/* What to write one day to be back where "current" was read: "all" CPUs,
	 * not those that there are today.  0 or negative errno. */
	int (*record)(struct act_context *context, const struct target_id *id,
		      const struct wanted *current, char **ret_before);
	/* Is what was read what writing "value" leads to?  NULL: the same text. */
	bool (*is_same)(struct act_context *context, const struct target_id *id,
			const struct wanted *current, const char *value);
	/* After a write of what was before: what the change left elsewhere.
	 * ACT_DONE or negative errno; also called when nothing is left. */
	int (*forget)(struct act_context *context, const struct target_id *id,
		      const char *name);
	/* Fills cpus and mems from what was saved; 0 or -ENOMEM. */
	int (*show)(const struct ledger_entry *entry, struct held *held);
};

/* As the operations of struct actuator.  ACT_FOREIGN of apply and undo: some of
 * the settings are somebody else's now, and were left; the others are done.  An
 * apply that fails the first time leaves nothing behind; one that fails when the
 * action is in force already leaves that in force.  -EBUSY: a value did not stick. */
int setting_apply(struct act_context *context, const struct setting_ops *ops,
		  const struct plan_item *item);
int setting_undo(struct act_context *context, const struct setting_ops *ops,
		 const struct target_id *id);
/* is_draining: something is not as it should be that apply would mend. */
int setting_list(struct act_context *context, const struct setting_ops *ops,
		 struct held **ret_held, size_t *ret_n);

/* Takes NULL. */
void wanted_free(struct wanted *wanted, size_t n);
