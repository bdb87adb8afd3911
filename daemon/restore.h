/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore.h - pinsafed --restore, the end of the service
 *
 * Settings outlive the daemon that made them, for a restart, an upgrade and a
 * crash must not drop protection; a stop must not leave them behind.  What tells
 * them apart is what systemd has in mind:
 *
 *      systemctl stop, shutdown       a stop job              restore
 *      systemctl restart, upgrade     a restart or start job  keep
 *      kill -9, crash, watchdog       no job, Restart=always  keep
 *      the same, Restart=no           no job                  restore
 *      systemd does not answer        unknown                 restore
 *
 * It runs as ExecStopPost of pinsafed.service, which a stop waits for, and once more
 * as ExecStop of pinsafed-restore.service when that unit is down for good: systemd
 * runs no ExecStopPost for a unit that is stopped while it waits for its restart.
 * What the first one has put back the second does not find any more.
 *
 * OnStop=keep keeps them at a stop too, and the next start takes them over.  Holds
 * are the module's file's and end with it.
 */
#pragma once

#include "daemon/bus-fate.h"
#include "daemon/state.h"

/* Pure.  result: systemd's SERVICE_RESULT. */
bool restore_will_return(const struct bus_fate *fate, const char *result);

/* EXIT_SUCCESS, or EXIT_FAILURE: something could not be put back. */
int restore_run(const struct options *options);
