// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-fate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/base/cleanup.h"
#include "daemon/bus-link.h"

#define SYSTEMD_NAME		"org.freedesktop.systemd1"
#define SYSTEMD_PATH		"/org/freedesktop/systemd1"
#define SYSTEMD_SOCKET		"unix:path=/run/systemd/private"
#define OUR_UNIT		"pinsafed.service"
#define CALL_TIMEOUT_USEC	(30ULL * 1000 * 1000)

DEFINE_CLEANUP(sd_bus, sd_bus_unref);
DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);

static int open_private(sd_bus **ret_bus)
{
	_cleanup_(sd_bus_unref) sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, SYSTEMD_SOCKET);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		return r;
	*ret_bus = take_ptr(bus);
	return 0;
}

int bus_open_systemd(const char *which, sd_bus **ret_bus)
{
	int r = bus_open(which, ret_bus);

	if (r < 0 && strcmp(which, "system") == 0)
		r = open_private(ret_bus);
	if (r >= 0)
		(void)sd_bus_set_method_call_timeout(*ret_bus, CALL_TIMEOUT_USEC);
	return r;
}

void bus_close_systemd(sd_bus *bus)
{
	sd_bus_flush_close_unref(bus);
}

void bus_fate_done(struct bus_fate *fate)
{
	free(fate->active_state);
	free(fate->job);
	free(fate->restart);
	*fate = (struct bus_fate){ 0 };
}

/* *ret_path is for the caller to free. */
static int find_unit(sd_bus *bus, const char *unit, char **ret_path)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	const char *path;
	int r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH,
				   "org.freedesktop.systemd1.Manager", "LoadUnit", NULL, &reply,
				   "s", unit);

	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

static int read_job(sd_bus *bus, const char *unit_path, char **ret_type)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	const char *path;
	uint32_t id;
	int r = sd_bus_get_property(bus, SYSTEMD_NAME, unit_path,
				    "org.freedesktop.systemd1.Unit", "Job", NULL, &reply, "(uo)");

	if (r >= 0)
		r = sd_bus_message_read(reply, "(uo)", &id, &path);
	if (r < 0)
		return r;
	if (id != 0 &&
	    sd_bus_get_property_string(bus, SYSTEMD_NAME, path, "org.freedesktop.systemd1.Job",
				       "JobType", NULL, ret_type) >= 0)
		return 0;
	*ret_type = strdup("");		/* or done by now */
	return *ret_type ? 0 : -ENOMEM;
}

int bus_read_fate(sd_bus *bus, struct bus_fate *ret_fate)
{
	_cleanup_(free) char *path = NULL;
	int r;

	*ret_fate = (struct bus_fate){ 0 };
	r = find_unit(bus, OUR_UNIT, &path);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, SYSTEMD_NAME, path,
					       "org.freedesktop.systemd1.Unit", "ActiveState",
					       NULL, &ret_fate->active_state);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, SYSTEMD_NAME, path,
					       "org.freedesktop.systemd1.Service", "Restart",
					       NULL, &ret_fate->restart);
	if (r >= 0)
		r = read_job(bus, path, &ret_fate->job);
	if (r < 0)
		bus_fate_done(ret_fate);
	return r;
}
