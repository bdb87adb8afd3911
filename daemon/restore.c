// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/act/act.h"
#include "daemon/base/log.h"
#include "daemon/bus-unit.h"
#include "daemon/conffile.h"
#include "daemon/journal.h"
#include "daemon/tick.h"

/* Putting back takes a few seconds at most. */
#define OTHERS_SEC 10

DEFINE_CLEANUP(struct sd_bus, bus_close_systemd);
DEFINE_CLEANUP_EMBEDDED(struct bus_fate, bus_fate_done);
DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

/* ---- is it the end? -------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

/* systemd.service(5), the table of Restart=. */
static bool is_restarted(const char *restart, const char *result)
{
	static const char *const abnormal[] = { "on-failure", "on-abnormal", NULL };

	if (strcmp(restart, "always") == 0)
		return true;
	if (strcmp(result, "success") == 0)
		return strcmp(restart, "on-success") == 0;
	if (strcmp(result, "exit-code") == 0)
		return strcmp(restart, "on-failure") == 0;
	if (strcmp(result, "watchdog") == 0 && strcmp(restart, "on-watchdog") == 0)
		return true;
	if (strcmp(result, "watchdog") != 0 && strcmp(result, "timeout") != 0 &&
	    strcmp(restart, "on-abort") == 0)
		return true;
	return is_one_of(restart, abnormal);
}

static bool is_down(const struct bus_fate *fate)
{
	return strcmp(fate->active_state, "inactive") == 0 ||
	       strcmp(fate->active_state, "failed") == 0;
}

bool restore_will_return(const struct bus_fate *fate, const char *result)
{
	static const char *const back[] = {
		"start", "restart", "try-restart", "reload-or-start", NULL,
	};

	if (*fate->job)
		return is_one_of(fate->job, back);
	if (is_down(fate))
		return false;
	/* Else not at its end: it has a daemon, or will have. */
	return strcmp(fate->active_state, "deactivating") != 0 ||
	       is_restarted(fate->restart, result);
}

/* 1: keep all, 0: restore, negative errno: not to be touched. */
static int is_to_stay(const struct bus_fate *fate)
{
	const char *result = getenv("SERVICE_RESULT");

	if (result)
		return restore_will_return(fate, result);
	if (is_down(fate))		/* by hand */
		return 0;
	log_error("the service is %s: stop it first, that restores too", fate->active_state);
	return -EBUSY;
}

/* ---- what the operator wants ------------------------------------------------------- */

static bool is_kept(const char *config_root)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	int r = conffile_load(config_root, &config, &errors);

	if (r < 0)
		log_warning("the configuration cannot be read (pinsafed --check-config), so OnStop= is not known: restoring");
	return r >= 0 && config.keep_on_stop;
}

static const char *name_of(const struct target_id *id, char *name, size_t size)
{
	switch (id->kind) {
	case TARGET_PROCESS:
		snprintf(name, size, "process %d", id->process.pid);
		break;
	case TARGET_CGROUP:
		snprintf(name, size, "cgroup %s", id->cgroup ? id->cgroup : "?");
		break;
	case TARGET_HOST:
		snprintf(name, size, "this host");
		break;
	}
	return name;
}

static void say(int level, enum action action, const struct target_id *id, const char *what)
{
	struct log_fields fields = {
		.message_id = LOG_ID_RESTORED,
		.pid = id->process.pid,
		.start_ticks = id->process.start_ticks,
		.cgroup = id->cgroup,
		.action = action_name(action),
	};
	char name[256];

	log_write(level, &fields, "%s of %s %s", action_name(action),
		  name_of(id, name, sizeof(name)), what);
}

static void tell_kept(const struct ledger *ledger)
{
	const struct ledger_entry *entries;
	size_t n;

	entries = ledger_entries(ledger, &n);
	for (size_t i = 0; i < n; i++) {
		if (entries[i].action != ACTION_HOLD)
			say(LOG_INFO, entries[i].action, &entries[i].id,
			    "stays as it is (OnStop=keep)");
	}
}

/* ---- putting back --------------------------------------------------------------------- */

static void tell_outcome(void *userdata, enum action action, const struct target_id *id, int r)
{
	bool *has_failed = userdata;
	char what[256];

	if (action == ACTION_HOLD)	/* ends with the module's file */
		return;
	if (r < 0) {
		*has_failed = true;
		snprintf(what, sizeof(what), "could not be put back: %s", strerror(-r));
		say(LOG_ERR, action, id, what);
	} else if (r == ACT_FOREIGN) {
		say(LOG_WARNING, action, id,
		    "is put back but for what somebody else has changed, which is left alone");
	} else if (r == ACT_DONE) {
		say(LOG_INFO, action, id, "is put back");
	}
}

static int put_back(struct state *state)
{
	struct act_context context = tick_act_context(state);
	bool has_failed = false;
	struct act_restored restored = { &has_failed, tell_outcome };

	context.is_last = true;
	(void)act_restore(&context, &restored);
	/* what a newer pinsafed has set stays set */
	return has_failed || ledger_was_newer(state->ledger) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Who stops the service and calls us by hand may find the service's own at it: the
 * second waits for the first, but not for a daemon that somebody has started. */
static int open_when_free(const struct options *options, struct state *state,
			  const char **ret_what)
{
	const struct timespec pause = { .tv_nsec = 100L * 1000 * 1000 };
	int r = state_open(state, options, ret_what);

	for (int i = 0; r == -EBUSY && i < OTHERS_SEC * 10; i++) {
		state_done(state);
		(void)nanosleep(&pause, NULL);
		r = state_open(state, options, ret_what);
	}
	return r;
}

static int restore(const struct options *options, bool is_last, struct sd_bus **bus)
{
	_cleanup_(state_done) struct state state;
	struct unit_manager units;
	const char *what;
	int r;

	r = open_when_free(options, &state, &what);
	if (r < 0) {
		log_error("%s: %s; what was set stays set", what, strerror(-r));
		return EXIT_FAILURE;
	}
	journal_ledger(&state);
	state.now_usec = state_now_usec();
	if (is_kept(options->config_root)) {
		if (is_last)
			tell_kept(state.ledger);
		return EXIT_SUCCESS;
	}
	if (*bus) {
		bus_units_init_from(bus, &units);
		state.units = &units;
	}
	return put_back(&state);
}

int restore_run(const struct options *options)
{
	_cleanup_(bus_close_systemd) struct sd_bus *bus = NULL;
	_cleanup_(bus_fate_done) struct bus_fate fate = { 0 };
	int r;

	if (bus_open_systemd(options->bus, &bus) < 0)
		bus = NULL;
	r = bus ? bus_read_fate(bus, &fate) : -ENOTCONN;
	if (r < 0) {
		log_warning("systemd does not say what becomes of the service: %s; taking it for a stop",
			    strerror(-r));
		return restore(options, true, &bus);
	}
	r = is_to_stay(&fate);
	if (r != 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	return restore(options, is_down(&fate), &bus);
}
