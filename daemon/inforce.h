/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inforce.h - what actuators say is in force, and the rows it is in force for
 *
 * Holds are read with each tick, that is one ioctl(2); settings (setting.h) cost
 * a system call for each thread and are read when they are due: after a change
 * of ours, and with each look.
 */
#pragma once

#include "daemon/state.h"

/* The module's worker drops the dead at this pace. */
#define INFORCE_STRANGERS_USEC	(10ULL * 1000 * 1000)

/* 0 or negative errno. */
int inforce_read(struct state *state);

/* Holds and settings as one list, to be freed; what is inside stays the state's.
 * 0 or -ENOMEM. */
int inforce_list(const struct state *state, struct held **ret_list, size_t *ret_n);

/* Into the rows.  A process that is held and not known is marked, now and then:
 * it may have ended, and the module not noticed yet.  0 or -ENOMEM. */
int inforce_settle(struct state *state, uint64_t now_usec);

void held_list_done(struct held_list *held);

DEFINE_CLEANUP_EMBEDDED(struct held_list, held_list_done);
