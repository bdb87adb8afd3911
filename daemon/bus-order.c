// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-order.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/act/act.h"
#include "daemon/base/log.h"
#include "daemon/bus-api.h"
#include "daemon/bus-call.h"
#include "daemon/orders.h"
#include "daemon/state.h"

#define CHECK_TIMEOUT_USEC	(120ULL * 1000 * 1000)
#define POLKIT_INTERACTIVE	1U	/* AllowUserInteraction */

struct order {
	struct state *state;
	enum order_kind kind;
	struct target_id target;
	uint64_t for_usec;
	sd_bus_message *message;
	uid_t uid;			/* who gave it */
	bool is_waiting;		/* counts in state->waiting_orders */
};

DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);

static void order_free(struct order *order)
{
	if (order->is_waiting)
		quota_give_slot(&order->state->waiting_orders, order->uid);
	sd_bus_message_unref(order->message);
	target_id_done(&order->target);
	free(order);
}

DEFINE_CLEANUP(struct order, order_free);

/* ---- carrying out -------------------------------------------------------------- */

static int reply_failure(const struct order *order, int error)
{
	const struct host_facts *host = &order->state->host;

	switch (-error) {
	case ESRCH:
		return sd_bus_reply_method_errorf(order->message, PINSAFE_ERROR_NO_TARGET,
			"no such process or cgroup: it has ended, or never was");
	case EINVAL:
		return sd_bus_reply_method_errorf(order->message, SD_BUS_ERROR_INVALID_ARGS,
			"not a target: give a pid with its start time, or pid 0 with the path of a cgroup below the root");
	case ENODEV:
		return sd_bus_reply_method_errorf(order->message, PINSAFE_ERROR_NO_MODULE,
			"holding needs the helper module: %s",
			host->module_missing ? host->module_missing : "it is not loaded");
	case ENOSPC:
		return sd_bus_reply_method_errorf(order->message, PINSAFE_ERROR_TABLE_FULL,
			"the module's table is full: hold a cgroup instead");
	case ENOTRECOVERABLE:
		return sd_bus_reply_method_errorf(order->message, SD_BUS_ERROR_FAILED,
			"not carried out: " ACT_UNRECORDED);
	default:
		if (order->kind == ORDER_RELEASE)
			return sd_bus_reply_method_errorf(order->message, SD_BUS_ERROR_FAILED,
				"noted, but not done yet: %s; it is tried again, and the journal of pinsafed says more",
				strerror(-error));
		return sd_bus_reply_method_errorf(order->message, SD_BUS_ERROR_FAILED,
			"not carried out: %s; the journal of pinsafed says more",
			strerror(-error));
	}
}

static int reload(struct order *order, uint64_t now_usec)
{
	_cleanup_(free) char *errors = NULL;
	int r = orders_reload(order->state, now_usec, &errors);

	if (r < 0)
		return sd_bus_reply_method_errorf(order->message, PINSAFE_ERROR_CONFIG,
			"%s: %s", order->state->has_config ?
			"the old configuration stays in force" :
			"nothing is held or released until it is mended",
			errors ? errors : strerror(-r));
	return sd_bus_reply_method_return(order->message, NULL);
}

static int change_target(struct order *order, uint64_t now_usec)
{
	int r = orders_resolve(order->state, &order->target);

	if (r >= 0 && order->kind == ORDER_HOLD)
		r = orders_hold(order->state, &order->target, now_usec);
	else if (r >= 0)
		r = orders_release(order->state, &order->target, order->for_usec, now_usec);
	return r < 0 ? reply_failure(order, r) :
		       sd_bus_reply_method_return(order->message, NULL);
}

static int carry_out(struct order *order)
{
	uint64_t now_usec = state_now_usec();

	return order->kind == ORDER_RELOAD ? reload(order, now_usec) :
					     change_target(order, now_usec);
}

/* ---- polkit ---------------------------------------------------------------------- */

static const char *action_of(enum order_kind kind)
{
	switch (kind) {
	case ORDER_RELOAD:
		return "org.pinsafe1.reload";
	case ORDER_HOLD:
		return "org.pinsafe1.hold";
	case ORDER_RELEASE:
		return "org.pinsafe1.release";
	}
	return NULL;
}

static int deny(struct order *order, const char *why)
{
	return sd_bus_reply_method_errorf(order->message, PINSAFE_ERROR_DENIED,
					  "%s is for root: %s", action_of(order->kind), why);
}

/* Frees nothing: the slot's destroy callback does, also when the bus goes away
 * before polkit has answered. */
static int on_checked(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct order *order = userdata;
	int is_authorized, is_challenge, r;

	(void)ret_error;
	if (sd_bus_message_is_method_error(reply, NULL))
		return deny(order, "polkit, which could allow others, does not answer");
	r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(reply, "bb", &is_authorized, &is_challenge);
	if (r < 0)
		return deny(order, "polkit's answer cannot be read");
	if (is_authorized)
		return carry_out(order);
	return deny(order, is_challenge ? "polkit wants a password, ask from a terminal with an agent" :
					  "polkit does not allow it");
}

static int append_question(sd_bus_message *call, const struct order *order)
{
	bool ask = sd_bus_message_get_allow_interactive_authorization(order->message) > 0;
	int r;

	r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s",
				  sd_bus_message_get_sender(order->message),
				  action_of(order->kind));
	if (r >= 0)
		r = sd_bus_message_append(call, "a{ss}us", 0, ask ? POLKIT_INTERACTIVE : 0U, "");
	return r;
}

/* Takes the order. */
static int ask_polkit(struct order *order)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *call = NULL;
	_cleanup_(order_free) struct order *owned = order;
	sd_bus *bus = sd_bus_message_get_bus(order->message);
	sd_bus_slot *slot;
	int r;

	order->is_waiting = quota_take_slot(&order->state->waiting_orders, order->uid);
	if (!order->is_waiting)
		return sd_bus_reply_method_errorf(order->message, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"too many orders wait for polkit already: answer or end those first, or order as root");
	r = sd_bus_message_new_method_call(bus, &call, "org.freedesktop.PolicyKit1",
					   "/org/freedesktop/PolicyKit1/Authority",
					   "org.freedesktop.PolicyKit1.Authority",
					   "CheckAuthorization");
	if (r >= 0)
		r = append_question(call, order);
	if (r >= 0)
		r = sd_bus_call_async(bus, &slot, call, on_checked, order, CHECK_TIMEOUT_USEC);
	if (r < 0)
		return r;
	take_ptr(owned);
	sd_bus_slot_set_destroy_callback(slot, (sd_bus_destroy_t)order_free);
	sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
	return 1;
}

int bus_order(const struct call *call, enum order_kind kind, struct target_id *target,
	      uint64_t for_usec)
{
	_cleanup_(order_free) struct order *order = calloc(1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	order->state = call->state;
	order->kind = kind;
	order->for_usec = for_usec;
	order->message = sd_bus_message_ref(call->message);
	order->uid = call->uid;
	if (target) {
		order->target = *target;
		*target = (struct target_id){ 0 };
	}
	return call->is_root ? carry_out(order) : ask_polkit(take_ptr(order));
}
