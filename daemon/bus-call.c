// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-call.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"
#include "daemon/bus-link.h"
#include "daemon/bus-value.h"

/* A call whose sender is not known yet. */
struct unknown_call {
	struct bus *bus;
	struct unknown_call *next;	/* in bus->unknown */
	const struct answer *answer;
	sd_bus_message *message;
};

static void unknown_call_free(struct unknown_call *unknown)
{
	struct unknown_call **place = &unknown->bus->unknown;

	while (*place && *place != unknown)
		place = &(*place)->next;
	if (*place)
		*place = unknown->next;
	sd_bus_message_unref(unknown->message);
	free(unknown);
}

DEFINE_CLEANUP(struct unknown_call, unknown_call_free);

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

/* Frees nothing: the slot's destroy callback does, also when the bus goes away
 * before it has answered. */
static int on_known(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct unknown_call *unknown = userdata;
	sd_bus_message *m = unknown->message;
	uint32_t uid;
	int r;

	(void)ret_error;
	/* he has gone, and nobody waits for the answer */
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "u", &uid) < 0)
		return 0;
	callers_add(&unknown->bus->callers, sd_bus_message_get_sender(m), uid);
	r = take_from(m, unknown->bus->state, uid, unknown->answer);
	if (r < 0)
		(void)sd_bus_reply_method_errno(m, r, NULL);
	return 0;
}

static bool is_room(const struct bus *bus, const char *sender)
{
	size_t n = 0, own = 0;

	for (const struct unknown_call *call = bus->unknown; call; call = call->next) {
		n++;
		own += strcmp(sd_bus_message_get_sender(call->message), sender) == 0;
	}
	return n < BUS_CALL_MAX_UNKNOWN && own < BUS_CALL_MAX_UNKNOWN_OF_ONE;
}

static int ask_bus(struct bus *bus, sd_bus_message *m, const char *sender,
		   const struct answer *answer)
{
	_cleanup_(unknown_call_free) struct unknown_call *unknown = calloc(1, sizeof(*unknown));
	sd_bus_slot *slot;
	int r;

	if (!unknown)
		return -ENOMEM;
	*unknown = (struct unknown_call){
		.bus = bus,
		.next = bus->unknown,
		.answer = answer,
		.message = sd_bus_message_ref(m),
	};
	bus->unknown = unknown;
	r = sd_bus_call_method_async(bus->bus, &slot, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus",
				     "GetConnectionUnixUser", on_known, unknown, "s", sender);
	if (r < 0)
		return r;
	take_ptr(unknown);
	sd_bus_slot_set_destroy_callback(slot, (sd_bus_destroy_t)unknown_call_free);
	sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
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
	if (!is_room(state->bus, sender))
		return sd_bus_reply_method_errorf(m, PINSAFE_ERROR_LIMITS,
			"too many new callers at once: ask again in a moment");
	return ask_bus(state->bus, m, sender, answer);
}
