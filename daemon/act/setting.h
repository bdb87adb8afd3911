/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * setting.h - values that we change and that others may change too
 *
 * All mitigations but hold come down to settings: a thread's CPU mask, a
 * thread's memory policy, a unit's cpuset, a sysctl.  A setting has a name
 * within its target and a value that is text.  This file has what they share:
 *
 *      apply    read -> record (name, before, ours) -> write -> read back
 *      undo     read -> still ours? write before : leave it, ACT_FOREIGN
 *      list     what the ledger says we set, compared with what is set
 *
 * so that no change is without its inverse on disk, none of somebody else's is
 * overwritten, and a daemon killed anywhere in between finds what it did.
 */
#pragma once

#include "daemon/act/act.h"
#include "daemon/act/ledger.h"

/* A setting that should have this value. */
struct wanted {
	char *name;	/* no blanks: "1207@5003", "AllowedCPUs" */
	char *value;
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
	/* To ours, or back to what was before. */
	int (*write)(struct act_context *context, const struct target_id *id,
		     const char *name, const char *value);
	/* After a write of what was before: what the change left elsewhere; NULL */
	int (*forget)(struct act_context *context, const struct target_id *id,
		      const char *name);
};

/* As the operations of struct actuator. */
int setting_apply(struct act_context *context, const struct setting_ops *ops,
		  const struct plan_item *item);
int setting_undo(struct act_context *context, const struct setting_ops *ops,
		 const struct target_id *id);
int setting_list(struct act_context *context, const struct setting_ops *ops,
		 struct held **ret_held, size_t *ret_n);

void wanted_free(struct wanted *wanted, size_t n);
