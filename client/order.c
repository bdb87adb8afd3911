// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * order.c - reload, hold, release
 *
 * An order that the daemon took is not yet an order that shows: after hold and
 * release the target is asked for, and what is in force is said, not what was
 * wanted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/timespan.h"
#include "client/verb.h"
#include "client/wording.h"

static int print_json(const char *verb, const struct facts *target)
{
	_cleanup_(facts_free) struct facts *answer = facts_new(verb);

	if (!answer || (target && facts_merge(answer, target) < 0))
		return complain_errno(verb, -ENOMEM);
	return output_json(answer);
}

static void print_state(const char *operand, const struct facts *target,
			const char *extra)
{
	bool is_audit = facts_is(target, "mode", "audit");
	bool is_released = facts_is(target, "state", "released");
	struct style style = output_style();
	_cleanup_(free) char *text = NULL;

	if (asprintf(&text, "%s: %s%s%s", operand, facts_string(target, "state"),
		     is_released ? extra : "",
		     is_audit ? "; audit mode: nothing is changed" : "") < 0)
		text = NULL;
	sheet_title(&style, stdout, TONE_PLAIN, text ? text : operand);
}

/* Without the answer, for which others' processes need more rights than the
 * order, the order is done all the same. */
static int print_outcome(sd_bus *bus, const struct request *request,
			 struct target *target, const char *extra)
{
	_cleanup_(facts_free) struct facts *facts = NULL;

	if (request->quiet)
		return EXIT_YES;
	bus_ask_target(bus, NULL, "GetTarget", target, &facts);
	if (request->json)
		return print_json(request->verb->name, facts);
	if (facts)
		print_state(request->args[0], facts, extra);
	else
		printf("%s: %s ordered%s\n", request->args[0], request->verb->name,
		       extra);
	return EXIT_YES;
}

int verb_hold(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	_cleanup_(target_done) struct target target = { 0 };
	const char *operand = request->args[0];
	int exit;

	exit = bus_open_target(request, operand, &bus, &target);
	if (!exit)
		exit = bus_call(bus, operand, "Hold", &reply, "(uts)", target.pid,
				target.start_ticks, target.cgroup ? target.cgroup : "");
	return exit ? exit : print_outcome(bus, request, &target, "");
}

int verb_release(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	_cleanup_(target_done) struct target target = { 0 };
	const char *operand = request->args[0];
	char span[32], extra[64] = "";
	int exit;

	exit = bus_open_target(request, operand, &bus, &target);
	if (!exit)
		exit = bus_call(bus, operand, "Release", &reply, "(uts)t", target.pid,
				target.start_ticks, target.cgroup ? target.cgroup : "",
				request->for_usec);
	if (exit)
		return exit;
	if (request->for_usec > 0) {
		timespan_format(request->for_usec, span, sizeof(span));
		snprintf(extra, sizeof(extra), " for %s", span);
	}
	return print_outcome(bus, request, &target, extra);
}

int verb_reload(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int exit;

	exit = bus_open("reload", &bus);
	if (!exit)
		exit = bus_call(bus, "reload", "Reload", &reply, "");
	if (exit || request->quiet)
		return exit;
	if (request->json)
		return print_json("reload", NULL);
	puts("configuration reloaded");
	return EXIT_YES;
}
