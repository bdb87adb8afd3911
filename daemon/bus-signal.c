// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bus-signal.c - what we tell without being asked
 *
 * Signals are lost without regret: who listens reads the properties first.
 */
#include "daemon/bus.h"

#include <errno.h>
#include <systemd/sd-bus.h>

#include "daemon/bus-api.h"
#include "daemon/bus-link.h"
#include "daemon/bus-value.h"

DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);

static int begin_signal(struct bus *bus, const char *member, sd_bus_message **ret_m)
{
	*ret_m = NULL;
	if (!bus || !bus->is_named)
		return -ENOTCONN;
	return sd_bus_message_new_signal(bus->bus, ret_m, PINSAFE_BUS_PATH,
					 PINSAFE_BUS_INTERFACE, member);
}

void bus_emit_target(struct bus *bus, const struct target *row)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *m = NULL;

	if (begin_signal(bus, "TargetChanged", &m) >= 0 && bus_append_name(m, &row->id) >= 0 &&
	    bus_append_target(m, row) >= 0)
		(void)sd_bus_send(bus->bus, m, NULL);
}

void bus_emit_gone(struct bus *bus, const struct target *row)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *m = NULL;

	if (begin_signal(bus, "TargetChanged", &m) >= 0 && bus_append_name(m, &row->id) >= 0 &&
	    sd_bus_message_append(m, "a{sv}", 1, "state", "s", "gone") >= 0)
		(void)sd_bus_send(bus->bus, m, NULL);
}

void bus_emit_pin(struct bus *bus, const struct target *row)
{
	_cleanup_(free) char *driver =
		report_make_utf8(row->facts.driver ? row->facts.driver : "");
	_cleanup_(sd_bus_message_unref) sd_bus_message *m = NULL;

	if (driver && begin_signal(bus, "PinObserved", &m) >= 0 &&
	    bus_append_name(m, &row->id) >= 0 && sd_bus_message_append(m, "s", driver) >= 0)
		(void)sd_bus_send(bus->bus, m, NULL);
}

void bus_emit_reloaded(struct bus *bus, bool is_successful, const char *errors)
{
	_cleanup_(free) char *text = report_make_utf8(errors ? errors : "");
	_cleanup_(sd_bus_message_unref) sd_bus_message *m = NULL;

	if (text && begin_signal(bus, "Reloaded", &m) >= 0 &&
	    sd_bus_message_append(m, "bs", is_successful, text) >= 0)
		(void)sd_bus_send(bus->bus, m, NULL);
}

void bus_emit_properties(struct bus *bus, uint32_t changed)
{
	const char *names[32] = { NULL };
	size_t n = 0;

	if (!bus || !bus->is_named)
		return;
	for (size_t i = 0; status_properties[i]; i++) {
		if (changed & 1U << i)
			names[n++] = status_properties[i];
	}
	if (n > 0)
		(void)sd_bus_emit_properties_changed_strv(bus->bus, PINSAFE_BUS_PATH,
							  PINSAFE_BUS_INTERFACE, (char **)names);
}
