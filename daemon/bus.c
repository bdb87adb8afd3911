// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bus.c - org.pinsafe1: what it offers
 *
 * Reading: totals for everyone, targets for their owner and root.  Orders are in
 * bus-order.c, signals in bus-signal.c, the connection in bus-link.c; nobody
 * else speaks D-Bus.
 */
#include "daemon/bus.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"
#include "daemon/bus-link.h"
#include "daemon/bus-order.h"
#include "daemon/bus-value.h"
#include "daemon/metrics.h"
#include "daemon/orders.h"
#include "daemon/report.h"
#include "daemon/tick.h"

#define LOOK_ANEW_USEC	(1000ULL * 1000)

DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);
DEFINE_CLEANUP_EMBEDDED(struct target_id, target_id_done);

/* ---- who asks ---------------------------------------------------------------- */

static bool may_see(const struct target *row, uid_t uid)
{
	return bus_is_root(uid) || (row->id.kind == TARGET_PROCESS && row->facts.uid == uid);
}

/* ---- reading ----------------------------------------------------------------- */

static int on_list_targets(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	const struct targets *targets = &((struct state *)userdata)->targets;
	uid_t uid;
	int r;

	(void)ret_error;
	r = bus_read_sender(m, &uid);
	if (r >= 0)
		r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	for (size_t i = 0; r >= 0 && i < targets->n; i++) {
		if (may_see(targets->rows[i], uid))
			r = bus_append_target(reply, targets->rows[i]);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_send(reply);
}

/* A path means the cgroup that has it now, not one before it. */
static struct target *find_target(struct state *state, struct target_id *id)
{
	if (id->kind == TARGET_CGROUP && orders_resolve(state, id) < 0)
		return NULL;
	return targets_find(&state->targets, id);
}

/* Who asks for one target wants the truth of now; not more than once a second,
 * for a look costs something and everybody may ask for his own. */
static void look_anew(struct state *state, const struct target *row)
{
	uint64_t now_usec = state_now_usec();

	if (row->id.kind != TARGET_PROCESS || now_usec < row->looked_usec + LOOK_ANEW_USEC)
		return;
	state_mark(state, row->id.process, false, NULL);
	(void)tick_run(state, now_usec);
}

static int on_get_target(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	_cleanup_(target_id_done) struct target_id id = { 0 };
	struct state *state = userdata;
	struct target *row;
	uid_t uid;
	int r;

	r = bus_read_name(m, &id);
	if (r >= 0)
		r = bus_read_sender(m, &uid);
	if (r < 0)
		return r;
	row = find_target(state, &id);
	if (row && !may_see(row, uid))
		return sd_bus_error_set(ret_error, PINSAFE_ERROR_DENIED,
					"the target belongs to another user: ask as root");
	if (row)
		look_anew(state, row);
	row = find_target(state, &id);
	if (!row)
		return sd_bus_error_set(ret_error, PINSAFE_ERROR_NO_TARGET,
					"not a known target: it neither pins memory nor has a watched device open; see pinsafectl list");
	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = bus_append_target(reply, row);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int on_get_host(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	_cleanup_(report_done) struct report report = { 0 };
	struct state *state = userdata;
	int r;

	(void)ret_error;
	state_refresh_balancing(state);
	state_refresh_pins(state);
	report_host(state, &report);
	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = bus_append_report(reply, &report);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int on_get_metrics(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(free) char *text = NULL;
	int r;

	(void)ret_error;
	state_refresh_pins(userdata);
	r = metrics_format(userdata, &text);
	return r < 0 ? r : sd_bus_reply_method_return(m, "s", text);
}

/* ---- orders ------------------------------------------------------------------ */

static int on_reload(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	return bus_order(m, userdata, ORDER_RELOAD, NULL, 0);
}

static int on_hold(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(target_id_done) struct target_id target = { 0 };
	int r = bus_read_name(m, &target);

	(void)ret_error;
	return r < 0 ? r : bus_order(m, userdata, ORDER_HOLD, &target, 0);
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(target_id_done) struct target_id target = { 0 };
	uint64_t for_usec;
	int r = bus_read_name(m, &target);

	(void)ret_error;
	if (r >= 0)
		r = sd_bus_message_read(m, "t", &for_usec);
	return r < 0 ? r : bus_order(m, userdata, ORDER_RELEASE, &target, for_usec);
}

/* ---- what we offer ----------------------------------------------------------- */

static int get_version(sd_bus *bus, const char *path, const char *interface,
		       const char *property, sd_bus_message *reply, void *userdata,
		       sd_bus_error *ret_error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
	return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
}

#define PROPERTY(name, type, field)						\
	SD_BUS_PROPERTY(name, type, NULL, offsetof(struct state, status.field),	\
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	PROPERTY("Mode", "s", mode),
	PROPERTY("ModuleVersion", "s", module_version),
	PROPERTY("ModuleMissing", "s", module_missing),
	PROPERTY("ModuleAbi", "u", module_abi),
	PROPERTY("Missing", "as", missing),
	PROPERTY("KernelVerdict", "s", verdict),
	PROPERTY("KernelVerdictReason", "s", verdict_reason),
	PROPERTY("Balancing", "i", balancing),
	PROPERTY("ProbesArmed", "b", probes_armed),
	PROPERTY("Pinners", "u", pinners),
	PROPERTY("Held", "u", held),
	PROPERTY("Exposed", "u", exposed),
	PROPERTY("Ineffective", "u", ineffective),
	PROPERTY("LastReloadUsec", "t", last_reload_usec),
	PROPERTY("LastReloadSuccessful", "b", last_reload_successful),
	PROPERTY("LastReloadError", "s", last_reload_error),
	SD_BUS_PROPERTY("StartedUsec", "t", NULL, offsetof(struct state, status.started_usec),
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD_WITH_ARGS("ListTargets", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("aa{sv}", targets), on_list_targets,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetTarget", SD_BUS_ARGS("(uts)", target),
				SD_BUS_RESULT("a{sv}", facts), on_get_target,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetHost", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", facts),
				on_get_host, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetMetrics", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", text),
				on_get_metrics, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reload,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Hold", SD_BUS_ARGS("(uts)", target), SD_BUS_NO_RESULT,
				on_hold, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("(uts)", target, "t", usec),
				SD_BUS_NO_RESULT, on_release, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("TargetChanged", SD_BUS_ARGS("(uts)", target, "a{sv}", facts),
				0),
	SD_BUS_SIGNAL_WITH_ARGS("PinObserved", SD_BUS_ARGS("(uts)", target, "s", driver), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Reloaded", SD_BUS_ARGS("b", successful, "s", errors), 0),
	SD_BUS_VTABLE_END,
};

const sd_bus_vtable *const bus_vtable = vtable;
