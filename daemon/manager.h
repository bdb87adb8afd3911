/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manager.h - the loop
 *
 * Turns events into dirty processes and due flags, and runs a tick when there
 * are any.  Nothing is decided or changed in a callback.
 */
#pragma once

#include "daemon/state.h"

/* Runs until SIGTERM or SIGINT.  Holds are not released at the end: they belong
 * to the module's file, which systemd keeps over a restart and drops at a stop.
 * 0; negative errno: could not begin, *ret_what says at what (constant). */
int manager_run(struct state *state, const char **ret_what);
