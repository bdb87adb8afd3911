// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood - a user who asks and asks
 *
 *	flood MEMBER [PID START_TICKS]
 *
 * Asks the daemon on the system bus without waiting for answers, as many questions
 * under way as a bus lets one connection have, until it is killed.  Prints
 * "answered" with the first answer and "refused" with the first refusal for asking
 * too much; ends when something else comes back.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"

/* dbus-daemon's max_replies_per_connection is 128, and its refusal looks like ours. */
#define WINDOW	100

static const char *member;
static uint32_t pid;
static uint64_t start_ticks;
static int under_way, failure;

static void say_once(bool *said, const char *what)
{
	if (!*said)
		puts(what);
	*said = true;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	static bool was_answered, was_refused;

	(void)userdata, (void)ret_error;
	under_way--;
	if (!error) {
		say_once(&was_answered, "answered");
	} else if (strcmp(error->name, PINSAFE_ERROR_LIMITS) == 0) {
		say_once(&was_refused, "refused");
	} else {
		fprintf(stderr, "flood: %s: %s\n", error->name, error->message);
		failure = 1;
	}
	return 0;
}

static int ask(sd_bus *bus)
{
	int r;

	if (pid)
		r = sd_bus_call_method_async(bus, NULL, PINSAFE_BUS_NAME, PINSAFE_BUS_PATH,
					     PINSAFE_BUS_INTERFACE, member, on_reply, NULL,
					     "(uts)", pid, start_ticks, "");
	else
		r = sd_bus_call_method_async(bus, NULL, PINSAFE_BUS_NAME, PINSAFE_BUS_PATH,
					     PINSAFE_BUS_INTERFACE, member, on_reply, NULL, NULL);
	under_way += r >= 0;
	return r;
}

static int flood(sd_bus *bus)
{
	int r = 0;

	while (!failure && r >= 0) {
		while (r >= 0 && under_way < WINDOW)
			r = ask(bus);
		if (r >= 0)
			r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	return r;
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	int r;

	if (argc != 2 && argc != 4) {
		fputs("usage: flood MEMBER [PID START_TICKS]\n", stderr);
		return 2;
	}
	member = argv[1];
	if (argc == 4) {
		pid = (uint32_t)strtoul(argv[2], NULL, 10);
		start_ticks = strtoull(argv[3], NULL, 10);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = flood(bus);
	if (r < 0)
		fprintf(stderr, "flood: %s\n", strerror(-r));
	return 1;
}
