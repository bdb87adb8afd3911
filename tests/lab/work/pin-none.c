// SPDX-License-Identifier: GPL-2.0-or-later
/* The neighbour: nothing is pinned. */
#include "work.h"

static int none_pin(struct work *work)
{
	(void)work;
	return 0;
}

static void none_unpin(struct work *work)
{
	(void)work;
}

const struct pin_kind pin_none = { .name = "none", .pin = none_pin, .unpin = none_unpin };
