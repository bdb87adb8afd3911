// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-call.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"
#include "daemon/bus-link.h"
#include "daemon/bus-value.h"

/* Somebody the bus was asked about, and what he wants. */
struct unknown_caller {
	struct bus *bus;
	struct unknown_caller *next;	/* at his place in bus->unknown */
	struct {
		const struct answer *answer;
		sd_bus_message *message;
	} calls[BUS_CALL_MAX_UNKNOWN_OF_ONE];
	size_t n;			/* one at least */
};

static const char *name_of(const struct unknown_caller *unknown)
{
	return sd_bus_message_get_sender(unknown->calls[0].message);
}

/* Where the pointer to him is, or would be. */
static struct unknown_caller **find_unknown(struct bus *bus, const char *name)
{
	struct unknown_caller **place =
		&bus->unknown[callers_place(name, BUS_UNKNOWN_PLACES)];

	while (*place && strcmp(name_of(*place), name) != 0)
		place = &(*place)->next;
	return place;
}

static void unknown_caller_free(struct unknown_caller *unknown)
{
	struct bus *bus = unknown->bus;

	*find_unknown(bus, name_of(unknown)) = unknown->next;
	bus->n_unknown--;
	bus->n_waiting -= unknown->n;
	for (size_t i = 0; i < unknown->n; i++)
		sd_bus_message_unref(unknown->calls[i].message);
	free(unknown);
}

DEFINE_CLEANUP(struct unknown_caller, unknown_caller_free);

/* ---- the price ------------------------------------------------------------------ */

static int give(const struct answer *answer, const struct call *call)
{
	struct quota *quota = &call->state->quota;
	uint64_t now_usec = state_clock_usec(), wait_usec;
	int r;

	if (call->is_root || answer->is_order)
		return answer->give(call);
	wait_usec = quota_wait_usec(quota, call->uid, now_usec);
	if (wait_usec > 0)
		return sd_bus_reply_method_errorf(call->message, PINSAFE_ERROR_LIMITS,
			"users other than root have asked too much: ask again in %u s, or as root",
			(unsigned int)(wait_usec / 1000000 + 1));
	r = answer->give(call);
	quota_charge(quota, call->uid, state_clock_usec() - now_usec, now_usec);
	return r;
}

/* ---- who calls ------------------------------------------------------------------ */

static int take_from(sd_bus_message *m, struct state *state, uid_t uid,
		     const struct answer *answer)
{
	const struct call call = {
		.message = m,
		.state = state,
		.uid = uid,
		.is_root = bus_is_root(uid),
	};

	return give(answer, &call);
}

static int refuse(sd_bus_message *m)
{
	return sd_bus_reply_method_errorf(m, PINSAFE_ERROR_LIMITS,
		"too many new callers at once: ask again in a moment");
}

/* Frees nothing: the slot's destroy callback does, also when the bus goes away
 * before it has answered. */
static int on_known(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct unknown_caller *unknown = userdata;
	uint32_t uid;

	(void)ret_error;
	/* he has gone, and nobody waits for the answer */
	if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return 0;
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "u", &uid) < 0) {
		for (size_t i = 0; i < unknown->n; i++)
			(void)refuse(unknown->calls[i].message);
		return 0;
	}
	callers_add(&unknown->bus->callers, name_of(unknown), uid);
	for (size_t i = 0; i < unknown->n; i++) {
		sd_bus_message *m = unknown->calls[i].message;
		int r = take_from(m, unknown->bus->state, uid, unknown->calls[i].answer);

		if (r < 0)
			(void)sd_bus_reply_method_errno(m, r, NULL);
	}
	return 0;
}

static int ask_bus(struct unknown_caller *unknown)
{
	sd_bus_slot *slot;
	int r;

	r = sd_bus_call_method_async(unknown->bus->bus, &slot, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus",
				     "GetConnectionUnixUser", on_known, unknown, "s",
				     name_of(unknown));
	if (r < 0)
		return r;
	sd_bus_slot_set_destroy_callback(slot, (sd_bus_destroy_t)unknown_caller_free);
	sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
	return 0;
}

static void put_call(struct unknown_caller *unknown, sd_bus_message *m,
		     const struct answer *answer)
{
	unknown->calls[unknown->n].answer = answer;
	unknown->calls[unknown->n++].message = sd_bus_message_ref(m);
	unknown->bus->n_waiting++;
}

static int add_unknown(struct bus *bus, sd_bus_message *m, const struct answer *answer)
{
	struct unknown_caller **place = find_unknown(bus, sd_bus_message_get_sender(m));
	_cleanup_(unknown_caller_free) struct unknown_caller *unknown = NULL;
	int r;

	unknown = calloc(1, sizeof(*unknown));
	if (!unknown)
		return -ENOMEM;
	unknown->bus = bus;
	put_call(unknown, m, answer);
	*place = unknown;
	bus->n_unknown++;
	r = ask_bus(unknown);
	if (r < 0)
		return r;
	take_ptr(unknown);
	return 1;
}

/* The bus is asked once for each connection, and the first call of each has a place of
 * its own, which those who call often cannot take from others. */
static int wait_for_bus(struct bus *bus, sd_bus_message *m, const struct answer *answer)
{
	struct unknown_caller *unknown = *find_unknown(bus, sd_bus_message_get_sender(m));

	if (!unknown)
		return bus->n_unknown < BUS_CALL_MAX_UNKNOWN ? add_unknown(bus, m, answer) :
							       refuse(m);
	if (unknown->n == BUS_CALL_MAX_UNKNOWN_OF_ONE ||
	    bus->n_waiting - bus->n_unknown >= BUS_CALL_MAX_MORE)
		return refuse(m);
	put_call(unknown, m, answer);
	return 1;
}

/* What nobody wants to hear is not asked: a bus counts, and limits, only calls that
 * want a reply. */
int bus_take_call(sd_bus_message *m, struct state *state, const struct answer *answer)
{
	const char *sender = sd_bus_message_get_sender(m);
	uid_t uid;

	if (!answer->is_order && sd_bus_message_get_expect_reply(m) <= 0)
		return 1;
	if (!sender)
		return -EBADMSG;
	if (callers_find(&state->bus->callers, sender, &uid))
		return take_from(m, state, uid, answer);
	return wait_for_bus(state->bus, m, answer);
}
