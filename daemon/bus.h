/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus.h - org.pinsafe1 on the bus
 *
 * bus-api.h says what it offers, org.pinsafe1(5) is the manual.  The bus may be
 * away, at boot or when it is restarted: then nothing is told and nothing else
 * changes, and the loop connects again.  All emit functions take a NULL bus.
 */
#pragma once

#include "daemon/state.h"

struct sd_event;

/* Not yet connected. */
int bus_new(struct state *state, struct sd_event *event, struct bus **ret_bus);
void bus_free(struct bus *bus);

/* Connects and asks for our name, when that is due and not so already. */
void bus_keep(struct bus *bus, uint64_t now_usec);

/* When bus_keep() wants to be called again; 0: we are connected. */
uint64_t bus_next_usec(const struct bus *bus);

/* We have our name, so that clients find us. */
bool bus_is_named(const struct bus *bus);

void bus_emit_target(struct bus *bus, const struct target *row);
void bus_emit_gone(struct bus *bus, const struct target *row);
void bus_emit_pin(struct bus *bus, const struct target *row);
void bus_emit_reloaded(struct bus *bus, bool is_successful, const char *errors);

/* changed: as status_update() gives it. */
void bus_emit_properties(struct bus *bus, uint32_t changed);
