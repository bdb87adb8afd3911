/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus.h - asking the daemon
 *
 * Every function returns an exit code: EXIT_YES with its outputs set, or what
 * the verb should end with, after the operator was told why.  "what" is the
 * subject of that complaint; NULL: the caller can do without the answer.
 * Asking never starts the daemon: who looks whether enforcement runs must not
 * start it.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "client/facts.h"
#include "client/target.h"
#include "client/verb.h"
#include "daemon/bus-api.h"

DEFINE_CLEANUP(sd_bus, sd_bus_flush_close_unref);
DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);

/* What an error on the bus means to the operator. */
struct bus_trouble {
	const char *error;	/* its name on the bus */
	enum exit_code exit;
	const char *why;	/* NULL: the daemon's own words */
	const char *next;	/* NULL: no step of ours helps */
};

/* Never NULL: the last row stands for all that is not in the table. */
const struct bus_trouble *bus_find_trouble(const char *error);

int bus_open(const char *what, sd_bus **ret_bus);

/* Calls a method of the manager; arguments by types as in
 * sd_bus_message_append(3), "" for none. */
int bus_call(sd_bus *bus, const char *what, const char *method,
	     sd_bus_message **ret_reply, const char *types, ...);

/* The same, the one value of the reply as facts. */
int bus_ask(sd_bus *bus, const char *what, const char *method, struct facts **ret_facts);
int bus_ask_target(sd_bus *bus, const char *what, const char *method,
		   const struct target *target, struct facts **ret_facts);

/* The same, the reply as a file to read; the caller closes it. */
int bus_ask_file(sd_bus *bus, const char *what, const char *method, int *ret_fd);

/* All properties of the manager. */
int bus_ask_status(sd_bus *bus, const char *what, struct facts **ret_status);

/* The bus, and an operand as a target that the daemon understands: start time and
 * the unit's cgroup filled in.  What is no target is refused first, bus or no bus. */
int bus_open_target(const struct request *request, const char *operand, sd_bus **ret_bus,
		    struct target *ret_target);
