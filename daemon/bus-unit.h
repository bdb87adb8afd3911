/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-unit.h - systemd's units, for the wing that changes them (act/act.h)
 *
 * Calls of org.freedesktop.systemd1(5), answered within milliseconds and waited
 * for at most as long as any call of ours.  Writes are "systemctl set-property
 * --runtime": a drop-in below /run/systemd that daemon-reload reads again.
 *
 * SetUnitProperties() has no inverse: a property that is written back leaves its
 * drop-in.  forget() removes that file and, when the last of ours is gone from the
 * unit, its folders where nothing else is in them, and has systemd read its files
 * again where it says that it needs to.
 */
#pragma once

#include "daemon/act/act.h"

struct bus;

/* *ret_units is valid as long as the bus; its functions fail with -ENOTCONN while
 * that is away.  Besides AllowedCPUs and AllowedMemoryNodes, read() knows
 * ControlGroup, DropInPaths (with blanks between them) and NeedDaemonReload
 * ("yes", "no"). */
void bus_units_init(struct bus *bus, struct unit_manager *ret_units);

/* For tests and for who has a connection of his own: userdata is a pointer to an
 * sd_bus pointer. */
struct sd_bus;
void bus_units_init_from(struct sd_bus **bus, struct unit_manager *ret_units);
