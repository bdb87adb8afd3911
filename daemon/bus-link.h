/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-link.h - our connection to the bus, for the files of bus*.c
 */
#pragma once

#include "daemon/bus.h"
#include "daemon/callers.h"

struct sd_bus;
struct sd_bus_vtable;
struct unknown_caller;

/* Lists of callers whom the bus was asked about; see bus-call.h. */
#define BUS_UNKNOWN_PLACES	512

struct bus {
	struct state *state;
	struct sd_event *event;
	struct sd_bus *bus;
	struct callers callers;
	struct unknown_caller *unknown[BUS_UNKNOWN_PLACES];	/* by callers_place() */
	size_t n_unknown;
	size_t n_waiting;		/* calls of theirs */
	bool is_lost;
	bool is_named;
	uint64_t retry_usec;		/* connect then, while lost */
	uint64_t retry_wait_usec;
};

/* A connection to "system", "session" or an address; 0 or negative errno. */
int bus_open(const char *which, struct sd_bus **ret_bus);

/* Our interface; its userdata is the state. */
extern const struct sd_bus_vtable *const bus_vtable;
