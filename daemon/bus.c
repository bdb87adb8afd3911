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
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"
#include "daemon/bus-call.h"
#include "daemon/bus-link.h"
#include "daemon/bus-order.h"
#include "daemon/bus-value.h"
#include "daemon/drift.h"
#include "daemon/metrics.h"
#include "daemon/orders.h"
#include "daemon/report.h"
#include "daemon/stock.h"
#include "daemon/tick.h"

#define LOOK_ANEW_USEC	(1000ULL * 1000)

/* dbus-daemon disconnects who sends it a message of more than 32 MiB. */
#define LIST_BYTES_MAX	(24U << 20)

DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);
DEFINE_CLEANUP_EMBEDDED(struct target_id, target_id_done);
DEFINE_CLEANUP_EMBEDDED(struct trace, trace_done);

/* ---- who asks ---------------------------------------------------------------- */

static bool may_see(const struct call *call, const struct target *row)
{
	return call->is_root ||
	       (row->id.kind == TARGET_PROCESS && row->facts.uid == call->uid);
}

/* ---- reading ----------------------------------------------------------------- */

/* Takes what it needs of room.  A row that is longer than its share, which a user
 * can bring about by paths of thousands of bytes, is told without them. */
static int append_row(sd_bus_message *reply, const struct target *row, size_t share, size_t *room)
{
	_cleanup_(report_done) struct report report = { 0 };
	size_t bytes;

	report_target(row, &report);
	if (report_bytes(&report) > share)
		report_shorten(&report);
	bytes = report_bytes(&report);
	if (report.is_short || bytes > *room)
		return report.is_short ? -ENOMEM : -E2BIG;
	*room -= bytes;
	return bus_append_report(reply, &report);
}

static int append_rows(const struct call *call, sd_bus_message *reply)
{
	const struct targets *targets = &call->state->targets;
	size_t room = LIST_BYTES_MAX, n = 0;
	int r = 0;

	for (size_t i = 0; i < targets->n; i++)
		n += may_see(call, targets->rows[i]);
	for (size_t i = 0; r >= 0 && i < targets->n; i++) {
		if (may_see(call, targets->rows[i]))
			r = append_row(reply, targets->rows[i], LIST_BYTES_MAX / n, &room);
	}
	return r;
}

static int list_targets(const struct call *call)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	if (r >= 0)
		r = append_rows(call, reply);
	if (r == -E2BIG)
		return sd_bus_reply_method_errorf(call->message, PINSAFE_ERROR_LIMITS,
			"more targets than one message on the bus can hold: see pinsafectl snapshot, as root");
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
	state_mark(state, row->id.process, RING_NONE, NULL);
	(void)tick_run(state, now_usec);
}

/* One answer for what is no target and for what another has: who may not see a
 * target is not told that it is one. */
static int refuse_target(const struct call *call)
{
	const char *why = call->is_root ?
		"not a known target: it neither pins memory nor has a watched device open" :
		"not a known target of yours: it neither pins memory nor has a watched device open, or is another user's, which root may see";
	int r = sd_bus_reply_method_errorf(call->message, PINSAFE_ERROR_NO_TARGET, "%s", why);

	return r < 0 ? r : 1;
}

/* The row that the caller names and may see, looked at anew.  0; 1: he was told that
 * there is none; negative errno. */
static int read_target(const struct call *call, struct target **ret_row)
{
	_cleanup_(target_id_done) struct target_id id = { 0 };
	struct state *state = call->state;
	struct target *row;
	int r;

	r = bus_read_name(call->message, &id);
	if (r < 0)
		return r;
	row = find_target(state, &id);
	if (!row || !may_see(call, row))
		return refuse_target(call);
	look_anew(state, row);
	*ret_row = find_target(state, &id);
	return *ret_row ? 0 : refuse_target(call);
}

static int get_target(const struct call *call)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	struct target *row;
	int r;

	r = read_target(call, &row);
	if (r != 0)
		return r;
	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = bus_append_target(reply, row);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int get_host(const struct call *call)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	_cleanup_(report_done) struct report report = { 0 };
	struct state *state = call->state;
	int r;

	drift_look(state, state_now_usec());
	state_refresh_pins(state);
	report_host(state, &report);
	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = bus_append_report(reply, &report);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int get_metrics(const struct call *call)
{
	_cleanup_(free) char *text = NULL;
	int r;

	state_refresh_pins(call->state);
	r = metrics_format(call->state, &text);
	return r < 0 ? r : sd_bus_reply_method_return(call->message, "s", text);
}

/* ---- why, and on what facts --------------------------------------------------- */

static int append_trace(sd_bus_message *m, const struct trace *trace)
{
	int r = sd_bus_message_open_container(m, 'a', "(ssbs)");

	for (size_t i = 0; r >= 0 && i < trace->n_steps; i++) {
		const struct trace_step *step = &trace->steps[i];
		_cleanup_(free) char *name = report_make_utf8(step->name ? step->name : "");
		_cleanup_(free) char *why = report_make_utf8(step->why ? step->why : "");

		r = name && why ? sd_bus_message_append(m, "(ssbs)",
							trace_kind_name(step->kind), name,
							step->is_taken, why) :
				  -ENOMEM;
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int explain(struct state *state, const struct target *row,
		   struct trace *ret_trace)
{
	_cleanup_(stock_done) struct stock stock = { 0 };
	int r = stock_take(state, state_now_usec(), &stock);

	return r < 0 ? r : policy_explain(&stock.input, &row->facts, ret_trace);
}

static int tell_steps(const struct call *call)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	_cleanup_(trace_done) struct trace trace = { 0 };
	struct target *row;
	int r;

	r = read_target(call, &row);
	if (r != 0)
		return r;
	if (row->id.kind != TARGET_PROCESS)
		return sd_bus_reply_method_errorf(call->message, SD_BUS_ERROR_INVALID_ARGS,
					"policies speak of processes: name one in that cgroup");
	r = explain(call->state, row, &trace);
	if (r >= 0)
		r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = append_trace(reply, &trace);
	return r < 0 ? r : sd_bus_message_send(reply);
}

/* A file that nobody can change any more, at its beginning. */
static int write_snapshot(struct state *state, int *ret_fd)
{
	_cleanup_(close) int fd = memfd_create("pinsafe-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_(fclose) FILE *out = NULL;
	int r;

	if (fd < 0)
		return -errno;
	out = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 3), "w");
	if (!out)
		return -errno;
	r = stock_write(state, state_now_usec(), out);
	if (r < 0)
		return r;
	if (fclose(take_ptr(out)) != 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int dump_snapshot(const struct call *call)
{
	_cleanup_(close) int fd = -1;
	int r;

	if (!call->is_root)
		return sd_bus_reply_method_errorf(call->message, PINSAFE_ERROR_DENIED,
					"a snapshot names the processes of all users: ask as root");
	r = write_snapshot(call->state, &fd);
	/* sd-bus sends a duplicate */
	return r < 0 ? r : sd_bus_reply_method_return(call->message, "h", fd);
}

/* ---- orders ------------------------------------------------------------------ */

static int reload(const struct call *call)
{
	return bus_order(call, ORDER_RELOAD, NULL, 0);
}

static int hold(const struct call *call)
{
	_cleanup_(target_id_done) struct target_id target = { 0 };
	int r = bus_read_name(call->message, &target);

	return r < 0 ? r : bus_order(call, ORDER_HOLD, &target, 0);
}

static int release(const struct call *call)
{
	_cleanup_(target_id_done) struct target_id target = { 0 };
	uint64_t for_usec;
	int r = bus_read_name(call->message, &target);

	if (r >= 0)
		r = sd_bus_message_read(call->message, "t", &for_usec);
	return r < 0 ? r : bus_order(call, ORDER_RELEASE, &target, for_usec);
}

/* ---- what we offer ----------------------------------------------------------- */

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	static const struct answer answers[] = {
		{ "ListTargets", list_targets, false },
		{ "GetTarget", get_target, false },
		{ "GetHost", get_host, false },
		{ "GetMetrics", get_metrics, false },
		{ "Explain", tell_steps, false },
		{ "DumpSnapshot", dump_snapshot, false },
		{ "Reload", reload, true },
		{ "Hold", hold, true },
		{ "Release", release, true },
	};
	const char *member = sd_bus_message_get_member(m);

	(void)ret_error;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcmp(answers[i].member, member) == 0)
			return bus_take_call(m, userdata, &answers[i]);
	}
	return -EBADRQC;
}

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
	PROPERTY("Mitigated", "u", mitigated),
	PROPERTY("Exposed", "u", exposed),
	PROPERTY("Ineffective", "u", ineffective),
	PROPERTY("PinnedBytes", "t", pinned_bytes),
	PROPERTY("RemotePinnedBytes", "t", remote_pinned_bytes),
	PROPERTY("LastReloadUsec", "t", last_reload_usec),
	PROPERTY("LastReloadSuccessful", "b", last_reload_successful),
	PROPERTY("LastReloadError", "s", last_reload_error),
	SD_BUS_PROPERTY("StartedUsec", "t", NULL, offsetof(struct state, status.started_usec),
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD_WITH_ARGS("ListTargets", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("aa{sv}", targets), on_call,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetTarget", SD_BUS_ARGS("(uts)", target),
				SD_BUS_RESULT("a{sv}", facts), on_call,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetHost", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", facts),
				on_call, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetMetrics", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", text),
				on_call, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("(uts)", target),
				SD_BUS_RESULT("a(ssbs)", steps), on_call,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("DumpSnapshot", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", facts),
				on_call, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_call,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Hold", SD_BUS_ARGS("(uts)", target), SD_BUS_NO_RESULT,
				on_call, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("(uts)", target, "t", usec),
				SD_BUS_NO_RESULT, on_call, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("TargetChanged", SD_BUS_ARGS("(uts)", target, "a{sv}", facts),
				0),
	SD_BUS_SIGNAL_WITH_ARGS("PinObserved", SD_BUS_ARGS("(uts)", target, "s", driver), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Reloaded", SD_BUS_ARGS("b", successful, "s", errors), 0),
	SD_BUS_VTABLE_END,
};

const sd_bus_vtable *const bus_vtable = vtable;
