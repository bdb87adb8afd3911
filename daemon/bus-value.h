/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-value.h - our nouns in and out of messages
 *
 * All return 0 or positive, or negative errno as sd-bus gives it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/report.h"

struct sd_bus_message;

/* The owner of the daemon counts as root, which differs in tests only. */
bool bus_is_root(uid_t uid);

/* a{sv} */
int bus_append_report(struct sd_bus_message *m, const struct report *report);
int bus_append_target(struct sd_bus_message *m, const struct target *row);

/* (uts): pid, start ticks, cgroup; pid 0 names the cgroup.  What is read may be
 * no target at all: orders_resolve() tells. */
int bus_append_name(struct sd_bus_message *m, const struct target_id *id);
int bus_read_name(struct sd_bus_message *m, struct target_id *ret_id);
