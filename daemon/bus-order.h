/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-order.h - orders from the bus, and who may give them
 *
 * Root at once, others after polkit agreed, which may take as long as somebody
 * needs for his password; until then the order waits, as few of each user and in all
 * as quota.h says.  The loop never does.
 */
#pragma once

#include <stdint.h>

#include "daemon/model.h"

struct call;

enum order_kind {
	ORDER_RELOAD,
	ORDER_HOLD,
	ORDER_RELEASE,
};

/* Carries the order out or has it wait, and replies, now or later.  Takes the
 * contents of target, leaving it empty; reload has none.  Return value as
 * sd-bus wants it of a method. */
int bus_order(const struct call *call, enum order_kind kind, struct target_id *target,
	      uint64_t for_usec);
