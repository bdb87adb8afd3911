/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-call.h - who calls, and what an answer costs him
 *
 * Root is answered however many others ask, as long as no more connections are new at
 * once than a bus has: nothing tells a new one of root's from any other.  Others have
 * their share of the loop's time (quota.h); orders, which are theirs only with polkit's
 * consent, are limited by bus-order.h.  Who is behind a name the bus is asked once, and
 * his calls wait until it has said so; the loop does not, for what others send meanwhile
 * would pile up in our memory.
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

/* Connections of which the bus is to say whose they are (dbus-daemon has 2048, and some
 * may have gone meanwhile); calls of one that wait for that, and of all together beyond
 * the first of each. */
#define BUS_CALL_MAX_UNKNOWN		4096
#define BUS_CALL_MAX_UNKNOWN_OF_ONE	16
#define BUS_CALL_MAX_MORE		512

/* Has the answer given, now or later.  Return value as sd-bus wants it of a method. */
int bus_take_call(struct sd_bus_message *m, struct state *state,
		  const struct answer *answer);
