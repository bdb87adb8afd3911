// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-link.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/base/log.h"
#include "daemon/bus-api.h"

/* For the bus's own answer on who sent a message; it answers at once. */
#define CALL_TIMEOUT_USEC	(5ULL * 1000 * 1000)

#define RETRY_FIRST_USEC	(1000ULL * 1000)
#define RETRY_LAST_USEC		(30ULL * 1000 * 1000)

DEFINE_CLEANUP(sd_bus, sd_bus_unref);

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bus *bus = userdata;

	(void)m, (void)ret_error;
	bus->is_lost = true;
	bus->is_named = false;
	bus->retry_usec = state_now_usec() + RETRY_FIRST_USEC;
	return 0;
}

static int on_named(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);
	struct bus *bus = userdata;
	uint32_t answer = 0;

	(void)ret_error;
	if (!error && sd_bus_message_read(m, "u", &answer) >= 0 && answer == 1) {
		bus->is_named = true;
		bus->retry_wait_usec = 0;
		return 0;
	}
	log_error("cannot have the name %s on the bus: %s; pinsafectl will not find the daemon",
		  PINSAFE_BUS_NAME, error ? error->message : "another pinsafed has it");
	return 0;
}

int bus_open(const char *which, sd_bus **ret_bus)
{
	_cleanup_(sd_bus_unref) sd_bus *bus = NULL;
	int r;

	if (strcmp(which, "system") == 0)
		return sd_bus_open_system(ret_bus);
	if (strcmp(which, "session") == 0)
		return sd_bus_open_user(ret_bus);
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, which);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		return r;
	*ret_bus = take_ptr(bus);
	return 0;
}

static int set_up(struct bus *bus, sd_bus *connection)
{
	int r;

	r = sd_bus_set_method_call_timeout(connection, CALL_TIMEOUT_USEC);
	if (r >= 0)
		r = sd_bus_add_object_vtable(connection, NULL, PINSAFE_BUS_PATH,
					     PINSAFE_BUS_INTERFACE, bus_vtable, bus->state);
	if (r >= 0)
		r = sd_bus_match_signal_async(connection, NULL, NULL,
					      "/org/freedesktop/DBus/Local",
					      "org.freedesktop.DBus.Local", "Disconnected",
					      on_disconnected, NULL, bus);
	if (r >= 0)
		r = sd_bus_request_name_async(connection, NULL, PINSAFE_BUS_NAME, 0, on_named,
					      bus);
	return r < 0 ? r : sd_bus_attach_event(connection, bus->event, 0);
}

static void drop_connection(struct bus *bus)
{
	bus->is_named = false;
	if (bus->bus)
		sd_bus_close_unref(take_ptr(bus->bus));
}

/* Says so once, and tries again after longer and longer waits. */
static void note_away(struct bus *bus, uint64_t now_usec)
{
	if (!bus->retry_wait_usec)
		log_warning("the bus is away: pinsafectl cannot reach the daemon until it is back");
	bus->retry_wait_usec = bus->retry_wait_usec ? bus->retry_wait_usec * 2 : RETRY_FIRST_USEC;
	if (bus->retry_wait_usec > RETRY_LAST_USEC)
		bus->retry_wait_usec = RETRY_LAST_USEC;
	bus->retry_usec = now_usec + bus->retry_wait_usec;
}

static int link_up(struct bus *bus)
{
	_cleanup_(sd_bus_unref) sd_bus *connection = NULL;
	int r;

	drop_connection(bus);
	r = bus_open(bus->state->options->bus, &connection);
	if (r >= 0)
		r = set_up(bus, connection);
	if (r < 0)
		return r;
	bus->bus = take_ptr(connection);
	callers_forget(&bus->callers);
	bus->is_lost = false;
	bus->retry_usec = 0;
	return 0;
}

void bus_keep(struct bus *bus, uint64_t now_usec)
{
	if (!bus->is_lost || bus->retry_usec > now_usec)
		return;
	if (link_up(bus) < 0)
		note_away(bus, now_usec);
}

uint64_t bus_next_usec(const struct bus *bus)
{
	return bus->is_lost ? bus->retry_usec : 0;
}

int bus_new(struct state *state, struct sd_event *event, struct bus **ret_bus)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return -ENOMEM;
	bus->state = state;
	bus->event = event;
	bus->is_lost = true;
	*ret_bus = bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	if (bus->bus && bus->is_named)
		sd_bus_flush(bus->bus);
	drop_connection(bus);
	free(bus);
}

bool bus_is_named(const struct bus *bus)
{
	return bus->is_named;
}
