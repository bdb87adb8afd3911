/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-fate.h - what systemd has in mind for our unit
 *
 * Asked while the unit is being stopped: is that its end, or will it be back in a
 * moment?  See restore.h.
 */
#pragma once

#include <stdbool.h>

struct sd_bus;

/* Of pinsafed.service; for bus_fate_done() to free. */
struct bus_fate {
	char *active_state;
	char *job;		/* "stop", "restart", ...; "": none is queued */
	char *restart;		/* Restart= of it, "always" */
};

/* A connection that can ask systemd, also where the bus is gone already, as late
 * in a shutdown: root may use systemd's own socket.  0 or negative errno. */
int bus_open_systemd(const char *which, struct sd_bus **ret_bus);
void bus_close_systemd(struct sd_bus *bus);

/* 0 or negative errno. */
int bus_read_fate(struct sd_bus *bus, struct bus_fate *ret_fate);
void bus_fate_done(struct bus_fate *fate);
