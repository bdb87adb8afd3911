/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore.h - pinsafed --restore, the unit's ExecStopPost
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
 * OnStop=keep keeps them at a stop too, and the next start takes them over.  Holds
 * are the module's file's and end with it.
 */
#pragma once

#include "daemon/state.h"

/* Pure.  job: as in struct bus_fate; result: systemd's SERVICE_RESULT. */
bool restore_will_return(const char *job, const char *restart, const char *result);

/* EXIT_SUCCESS, or EXIT_FAILURE: something could not be put back. */
int restore_run(const struct options *options);
