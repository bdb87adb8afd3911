/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.h - an answer of the bus as facts
 *
 * Any type but file descriptors.  Names of properties ("LastReloadUsec") become
 * names of facts ("last_reload_usec"); the unnamed structures of bus-api.h get
 * the names of their fields.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "client/facts.h"

/* Reads the next value of the message, which is the answer to that method; 0 or
 * negative errno (-EBADMSG: there is none, or of a type that is no fact). */
int reply_read(sd_bus_message *message, const char *method, struct facts **ret_facts);
