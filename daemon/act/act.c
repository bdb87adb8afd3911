// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/act.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/act/ledger.h"

static const struct actuator *find_enforcing(enum action action)
{
	switch (action) {
	case ACTION_NONE:
		break;
	case ACTION_HOLD:
		return &hold_actuator;
	}
	return &null_actuator;
}

const struct actuator *act_find(enum action action, enum mode mode)
{
	switch (mode) {
	case MODE_AUDIT:
		break;
	case MODE_ENFORCE:
		return find_enforcing(action);
	}
	return &null_actuator;
}

/* The record comes first: killed in between, we find a change that was never
 * made, and undoing that does no harm. */
static int take(struct act_context *context, const struct actuator *actuator,
		const struct plan_item *item)
{
	int r;

	if (!actuator->is_recorded)
		return actuator->apply(context, &item->id);
	r = ledger_record(context->ledger, item->action, &item->id, item->policy);
	if (r < 0)
		return r;
	r = actuator->apply(context, &item->id);
	if (r < 0 || r == ACT_GONE)
		(void)ledger_erase(context->ledger, item->action, &item->id);
	return r;
}

static int let_go(struct act_context *context, const struct actuator *actuator,
		  const struct plan_item *item)
{
	int r = actuator->undo(context, &item->id);

	if (r >= 0 && actuator->is_recorded)
		(void)ledger_erase(context->ledger, item->action, &item->id);
	return r;
}

/* What is kept may be kept for another policy than it was taken for. */
static int keep(struct act_context *context, const struct actuator *actuator,
		const struct plan_item *item)
{
	const struct ledger_entry *entry;
	int r;

	if (!actuator->is_recorded || !item->policy)
		return ACT_NOOP;
	entry = ledger_find(context->ledger, item->action, &item->id);
	if (!entry || (entry->policy && strcmp(entry->policy, item->policy) == 0))
		return ACT_NOOP;
	r = ledger_record(context->ledger, item->action, &item->id, item->policy);
	return r < 0 ? r : ACT_NOOP;
}

int act_apply(struct act_context *context, const struct plan_item *item)
{
	const struct actuator *actuator = act_find(item->action, item->mode);

	switch (item->op) {
	case PLAN_WATCH:
		break;
	case PLAN_KEEP:
		return keep(context, actuator, item);
	case PLAN_HOLD:
		return take(context, actuator, item);
	case PLAN_RELEASE:
		return let_go(context, actuator, item);
	}
	return ACT_NOOP;
}

static int compare_held(const void *key, const void *element)
{
	const struct held *held = element;

	return target_id_compare(key, &held->id);
}

static bool is_held(const struct held *held, size_t n_held, const struct target_id *id)
{
	return n_held > 0 && bsearch(id, held, n_held, sizeof(*held), compare_held);
}

int act_prune(struct act_context *context, enum action action, const struct held *held,
	      size_t n_held)
{
	const struct ledger_entry *entries;
	size_t n;

	/* From the end, because erasing moves only what stands behind. */
	for (entries = ledger_entries(context->ledger, &n); n > 0; n--) {
		const struct ledger_entry *entry = &entries[n - 1];
		int r;

		if (entry->action != action || is_held(held, n_held, &entry->id))
			continue;
		r = ledger_erase(context->ledger, action, &entry->id);
		if (r < 0)
			return r;
	}
	return 0;
}

void held_free(struct held *held, size_t n)
{
	for (size_t i = 0; held && i < n; i++) {
		target_id_done(&held[i].id);
		free(held[i].policy);
	}
	free(held);
}
