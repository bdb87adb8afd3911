/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - totals as OpenMetrics text
 *
 * Totals only: nothing that names a process, because everyone may read it.
 * Names and units follow the OpenMetrics 1.0 specification; ends in "# EOF".
 */
#pragma once

#include <stdint.h>

struct state;

/* Of the file for node_exporter's textfile collector, which is read as often. */
#define METRICS_WRITE_USEC	(30ULL * 1000 * 1000)

/* *ret_text is the caller's to free; 0 or -ENOMEM. */
int metrics_format(const struct state *state, char **ret_text);

/* Writes MetricsTextfile= when it is due, by rename: who reads it sees the old one
 * or the new one.  Trouble is told once. */
void metrics_write(struct state *state, uint64_t now_usec);
