/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-call.h - who calls, and what an answer costs him
 *
 * Root is answered however many others ask.  Others have their share of the loop's
 * time (quota.h); orders, which are theirs only with polkit's consent, are limited
 * by bus-order.h.  Who is behind a name the bus is asked once, and the call waits
 * until it has said so; the loop does not, for what others send meanwhile would pile
 * up in our memory.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus_message;
struct state;

struct call {
	struct sd_bus_message *message;
	struct state *state;
	uid_t uid;
	bool is_root;
};

struct answer {
	const char *member;
	/* Replies, also with a refusal: 0 or positive; negative errno: did not. */
	int (*give)(const struct call *call);
	bool is_order;
};

/* Calls that wait for the bus to say who calls: in all, and of one connection. */
#define BUS_CALL_MAX_UNKNOWN		512
#define BUS_CALL_MAX_UNKNOWN_OF_ONE	16

/* Has the answer given, now or later.  Return value as sd-bus wants it of a method. */
int bus_take_call(struct sd_bus_message *m, struct state *state,
		  const struct answer *answer);
