// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dry run: says yes to everything and changes nothing.  Not even the ledger
 * hears of it, because there is nothing to undo.
 */
#include "daemon/act/act.h"

static int null_apply(struct act_context *context, const struct plan_item *item)
{
	(void)context;
	(void)item;
	return ACT_DONE;
}

static int null_undo(struct act_context *context, const struct target_id *id)
{
	(void)context;
	(void)id;
	return ACT_DONE;
}

static int null_list(struct act_context *context, struct held **ret_held, size_t *ret_n)
{
	(void)context;
	*ret_held = NULL;
	*ret_n = 0;
	return 0;
}

const struct actuator null_actuator = {
	.name = "null",
	.is_recorded = false,
	.apply = null_apply,
	.undo = null_undo,
	.list = null_list,
};
