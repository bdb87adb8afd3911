// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd - many new connections that all ask at once, and one more behind them
 *
 *	crowd CONNECTIONS CALLS MEMBER
 *
 * Has so many connections to the system bus ask the daemon so often each, then one
 * more ask once.  Prints "sent" when the bus has it all, and then what became of the
 * last: "answered", or the error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"

#define MAX_CONNECTIONS	200

static sd_bus *crowd[MAX_CONNECTIONS + 1];
static const char *member;
static int is_done;

static int on_other(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	(void)reply, (void)userdata, (void)ret_error;
	return 0;
}

static int on_last(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	(void)userdata, (void)ret_error;
	puts(error ? error->message : "answered");
	is_done = 1;
	return 0;
}

/* The bus has what was sent before a question of which it has sent the answer. */
static int ask(sd_bus **bus, int calls, sd_bus_message_handler_t on_reply)
{
	int r = sd_bus_open_system(bus);

	for (int i = 0; r >= 0 && i < calls; i++)
		r = sd_bus_call_method_async(*bus, NULL, PINSAFE_BUS_NAME, PINSAFE_BUS_PATH,
					     PINSAFE_BUS_INTERFACE, member, on_reply, NULL, NULL);
	return r < 0 ? r : sd_bus_call_method(*bus, "org.freedesktop.DBus",
					      "/org/freedesktop/DBus", "org.freedesktop.DBus",
					      "GetId", NULL, NULL, NULL);
}

static int wait_for_last(sd_bus *bus)
{
	int r = 0;

	while (!is_done && r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	return r;
}

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[1]) : 0, r = 0;

	if (n < 1 || n > MAX_CONNECTIONS) {
		fputs("usage: crowd CONNECTIONS CALLS MEMBER\n", stderr);
		return 2;
	}
	member = argv[3];
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; r >= 0 && i < n; i++)
		r = ask(&crowd[i], atoi(argv[2]), on_other);
	if (r >= 0)
		r = ask(&crowd[n], 1, on_last);
	if (r >= 0)
		puts("sent");
	if (r >= 0)
		r = wait_for_last(crowd[n]);
	if (r < 0)
		fprintf(stderr, "crowd: %s\n", strerror(-r));
	return r < 0;
}
