/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - building a plan
 */
#pragma once

#include "daemon/model.h"

/* Appends an item that speaks of the target, with copies of all strings; policy
 * may be NULL, remark goes behind the reason.  Everything else of the item is
 * the caller's to set.  0 or -ENOMEM. */
int plan_add(struct plan *plan, const struct target_id *id, const char *policy,
	     const char *reason, const char *remark, struct plan_item **ret_item);

/* Looks among the first n_sorted items, which plan_sort() has sorted; NULL: not
 * there.  Valid until the next plan_add(). */
struct plan_item *plan_find(const struct plan *plan, size_t n_sorted,
			    const struct target_id *id);

void plan_sort(struct plan *plan);

/* Decide again at that time, if not earlier. */
void plan_wake_at(struct plan *plan, uint64_t usec);
