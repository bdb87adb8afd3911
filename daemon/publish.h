/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * publish.h - end of a tick: what changed is told, on the bus and in the
 * journal, each change once
 */
#pragma once

#include "daemon/state.h"

/* One row, where what operators see of it changed. */
void publish_changes(struct state *state, struct target *row, uint64_t now_usec);

/* It is about to leave the table. */
void publish_gone(struct state *state, struct target *row);

/* All rows, and the totals. */
void publish_tick(struct state *state, uint64_t now_usec);
