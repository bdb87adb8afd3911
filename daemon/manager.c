// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * manager.c - which events there are, and what each makes due
 *
 *	module's events, fanotify, pidfds ---> dirty processes --+
 *	inotify (device nodes, cgroups, the module's node) ------+--> tick_run()
 *	SIGHUP, orders from the bus, time -----------------------+
 *
 * sd-event dispatches one source at a time, oldest first; on_post() runs after
 * each, so that one tick takes in what one read of a source brought, and a
 * source that never dries up cannot keep ticks from running.
 */
#include "daemon/manager.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "daemon/base/log.h"
#include "daemon/bus-unit.h"
#include "daemon/bus.h"
#include "daemon/gather.h"
#include "daemon/journal.h"
#include "daemon/orders.h"
#include "daemon/sense/helper.h"
#include "daemon/service.h"
#include "daemon/tick.h"

#define SECOND_USEC	(1000ULL * 1000)

/* What has a time is not urgent to the millisecond, and wake-ups that meet are one;
 * what is due now does not wait for others (0 would be sd-event's default). */
#define TIMER_SLACK_USEC	(250ULL * 1000)

#define EVENT_BATCH	64	/* taken from the module in one go */

/* Clients should find us on the bus when systemd calls us started; a bus that
 * is not there must not fail the start. */
#define READY_USEC	(3 * SECOND_USEC)

/* A tick that failed, for want of memory mostly, is not tried again at once. */
#define RETRY_USEC	SECOND_USEC

struct manager {
	struct state *state;
	sd_event *event;
	sd_event_source *tick_timer;	/* when there is work without an event */
	sd_event_source *helper;
	sd_event_source *opened;	/* fanotify */
	sd_event_source *nodes;
	struct unit_manager units;
	uint64_t retry_usec;		/* no tick before; 0: the last one worked */
	bool is_ready;
	char status[160];
};

static void manager_done(struct manager *manager)
{
	sd_event_source_unref(manager->tick_timer);
	sd_event_source_unref(manager->helper);
	sd_event_source_unref(manager->opened);
	sd_event_source_unref(manager->nodes);
	manager->state->units = NULL;
	bus_free(take_ptr(manager->state->bus));
	sd_event_unref(manager->event);
}

DEFINE_CLEANUP_EMBEDDED(struct manager, manager_done);

/* ---- processes that move ------------------------------------------------------ */

static int on_helper(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pinsafe_event events[EVENT_BATCH];
	struct manager *manager = userdata;
	int n = helper_read_events(fd, events, EVENT_BATCH);

	for (int i = 0; i < n; i++)
		gather_event(manager->state, &events[i]);
	/* A module that cannot be read would wake us for ever. */
	if (n < 0 || (revents & (EPOLLERR | EPOLLHUP))) {
		log_error("cannot read the module's events: %s; a sweep each quarter of an hour finds pinners from now on",
			  n < 0 ? strerror(-n) : "hung up");
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	return 0;
}

static int on_opened(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct state *state = ((struct manager *)userdata)->state;
	_cleanup_(free) pid_t *pids = NULL;
	bool overflow = false;
	size_t n = 0;
	int r;

	(void)fd, (void)revents;
	r = opens_read(state->opens, &pids, &n, &overflow);
	if (r < 0 || overflow)
		gather_lost(state, 1);
	if (r < 0) {
		state->opens_missing = "reading fanotify failed";
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	for (size_t i = 0; i < n; i++)
		state_mark(state, (struct process_id){ .pid = pids[i] }, RING_OPEN, NULL);
	state->tally.events += n;
	return 0;
}

static int on_exits(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)fd, (void)revents;
	manager->state->are_targets_due = true;	/* the tick reads who it was */
	return 0;
}

/* ---- folders that move -------------------------------------------------------- */

static int on_nodes(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)fd, (void)revents;
	if (opens_read_nodes(manager->state->opens) != 0)
		manager->state->are_nodes_due = true;
	return 0;
}

static int add_io(struct manager *manager, sd_event_source **ret_source, int fd,
		  sd_event_io_handler_t handler)
{
	return sd_event_add_io(manager->event, ret_source, fd, EPOLLIN, handler, manager);
}

/* Opens are heard by the module's bell, where it has one. */
static int watch_opens(struct manager *manager)
{
	struct state *state = manager->state;
	bool listen = state->helper_fd < 0 ||
		      !(state->host.module_features & PINSAFE_FEATURE_BELL_OPEN);
	int r;

	manager->opened = sd_event_source_disable_unref(manager->opened);
	manager->nodes = sd_event_source_disable_unref(manager->nodes);
	opens_free(take_ptr(state->opens));
	state->opens_missing = NULL;
	r = opens_new(state->dev_fd, listen, &state->opens, &state->opens_missing);
	if (r < 0)
		return r;
	state->are_nodes_due = true;
	if (listen && opens_fanotify_fd(state->opens) >= 0)
		r = add_io(manager, &manager->opened, opens_fanotify_fd(state->opens),
			   on_opened);
	return r < 0 ? r : add_io(manager, &manager->nodes, opens_inotify_fd(state->opens),
				  on_nodes);
}

/* The store has the file before the first hold is taken on it. */
static int watch_helper(struct manager *manager)
{
	struct state *state = manager->state;
	int r = service_keep_helper(state->helper_fd);

	if (r < 0)
		log_warning("systemd does not keep the module's file: %s; a restart will drop all holds for a moment",
			    strerror(-r));
	return add_io(manager, &manager->helper, state->helper_fd, on_helper);
}

static void find_helper(struct manager *manager)
{
	struct state *state = manager->state;

	if (state->helper_fd >= 0 || state_open_helper(state, -1) < 0)
		return;
	journal_module(&state->host);
	if (watch_helper(manager) < 0 || watch_opens(manager) < 0)
		log_error("cannot watch the module: no memory or descriptors");
	watch_reset(state->watch);
	state->is_sweep_due = true;
}

static int on_folders(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;
	bool has_device = false;

	(void)source, (void)fd, (void)revents;
	if (watch_read(manager->state->watch, &has_device) > 0)
		manager->state->is_watch_due = true;
	if (has_device)
		find_helper(manager);
	return 0;
}

/* ---- signals and time --------------------------------------------------------- */

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)info;
	service_stopping();
	return sd_event_exit(manager->event, 0);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info,
		     void *userdata)
{
	struct manager *manager = userdata;
	_cleanup_(free) char *errors = NULL;

	(void)source, (void)info;
	service_reloading();
	(void)orders_reload(manager->state, state_now_usec(), &errors);
	service_ready(manager->status);
	return 0;
}

static int on_watchdog(sd_event_source *source, uint64_t usec, void *userdata)
{
	uint64_t period_usec = service_watchdog_usec();

	(void)usec, (void)userdata;
	service_alive();
	/* From now: a ping that was late is not made up for by several. */
	(void)sd_event_source_set_time(source, state_now_usec() + period_usec);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* While there is no module to ring. */
static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	if (manager->state->helper_fd >= 0)
		return 0;
	gather_poll(manager->state, state_now_usec());
	(void)sd_event_source_set_time(source, usec + GATHER_POLL_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Its dispatch is all that is wanted: on_post() follows. */
static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec, (void)userdata;
	return 0;
}

/* ---- after each event --------------------------------------------------------- */

static void tell_service(struct manager *manager, uint64_t now_usec)
{
	uint64_t ready_usec = manager->state->status.started_usec + READY_USEC;
	char text[sizeof(manager->status)];

	status_format(manager->state, text, sizeof(text));
	if (!manager->is_ready &&
	    (bus_is_named(manager->state->bus) || now_usec >= ready_usec)) {
		manager->is_ready = true;
		service_ready(text);
	} else if (strcmp(text, manager->status) != 0) {
		service_status(text);
	}
	memcpy(manager->status, text, sizeof(text));
}

static uint64_t next_usec(const struct manager *manager, uint64_t now_usec)
{
	const struct state *state = manager->state;
	uint64_t next = state_has_work(state, now_usec) ? now_usec : state_next_usec(state);

	if (manager->retry_usec)
		next = manager->retry_usec;
	if (!manager->is_ready)
		next = time_earlier(next, state->status.started_usec + READY_USEC);
	return time_earlier(next, bus_next_usec(state->bus));
}

static int arm_timer(struct manager *manager, uint64_t now_usec)
{
	sd_event_source *timer = manager->tick_timer;
	uint64_t next = next_usec(manager, now_usec);

	if (!next)
		return sd_event_source_set_enabled(timer, SD_EVENT_OFF);
	(void)sd_event_source_set_time_accuracy(timer, next > now_usec ? TIMER_SLACK_USEC : 1);
	(void)sd_event_source_set_time(timer, next);
	return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void tick(struct manager *manager, uint64_t now_usec)
{
	int r;

	if (manager->retry_usec > now_usec || !state_has_work(manager->state, now_usec))
		return;
	r = tick_run(manager->state, now_usec);
	manager->retry_usec = r < 0 ? now_usec + RETRY_USEC : 0;
	if (r < 0)
		log_error("a tick failed: %s, trying again in a second", strerror(-r));
}

static int on_post(sd_event_source *source, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t now_usec = state_now_usec();

	(void)source;
	bus_keep(manager->state->bus, now_usec);
	tick(manager, now_usec);
	tell_service(manager, now_usec);
	return arm_timer(manager, now_usec);
}

/* ---- beginning ---------------------------------------------------------------- */

static int add_timer(struct manager *manager, sd_event_source **ret_source, uint64_t after_usec,
		     sd_event_time_handler_t handler)
{
	return sd_event_add_time_relative(manager->event, ret_source, CLOCK_BOOTTIME, after_usec,
					  TIMER_SLACK_USEC, handler, manager);
}

static int add_times(struct manager *manager)
{
	uint64_t watchdog_usec = service_watchdog_usec();
	int r;

	r = add_timer(manager, &manager->tick_timer, 0, on_time);
	if (r >= 0 && manager->state->helper_fd < 0)
		r = add_timer(manager, NULL, GATHER_POLL_USEC, on_poll);
	if (r >= 0 && watchdog_usec)
		r = add_timer(manager, NULL, watchdog_usec, on_watchdog);
	return r;
}

/* SIGHUP and the stop signals are blocked by main() before anything starts. */
static int add_signals(struct manager *manager)
{
	int r = sd_event_add_signal(manager->event, NULL, SIGTERM, on_stop, manager);

	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGINT, on_stop, manager);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGHUP, on_hangup, manager);
	return r;
}

static int add_sources(struct manager *manager)
{
	struct state *state = manager->state;
	int r = add_signals(manager);

	if (r >= 0)
		r = add_times(manager);
	if (r >= 0)
		r = add_io(manager, NULL, watch_inotify_fd(state->watch), on_folders);
	if (r >= 0 && state->targets.exit_fd >= 0)
		r = add_io(manager, NULL, state->targets.exit_fd, on_exits);
	if (r >= 0 && state->helper_fd >= 0)
		r = watch_helper(manager);
	if (r >= 0)
		r = watch_opens(manager);
	return r < 0 ? r : sd_event_add_post(manager->event, NULL, on_post, manager);
}

int manager_run(struct state *state, const char **ret_what)
{
	_cleanup_(manager_done) struct manager manager = { .state = state };
	int r;

	*ret_what = "the event loop";
	r = sd_event_new(&manager.event);
	if (r < 0)
		return r;
	r = bus_new(state, manager.event, &state->bus);
	if (r < 0)
		return r;
	bus_units_init(state->bus, &manager.units);
	state->units = &manager.units;
	journal_ledger(state);
	state_refresh_rights(state);
	(void)state_open_helper(state, service_take_helper());
	journal_module(&state->host);
	r = add_sources(&manager);
	if (r < 0)
		return r;
	gather_inherited(state);
	r = on_post(NULL, &manager);
	return r < 0 ? r : sd_event_loop(manager.event);
}
