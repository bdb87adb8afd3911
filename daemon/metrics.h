/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - totals as OpenMetrics text
 *
 * Totals only: nothing that names a process, because everyone may read it.
 * Names and units follow the OpenMetrics 1.0 specification; ends in "# EOF".
 */
#pragma once

struct state;

/* *ret_text is the caller's to free; 0 or -ENOMEM. */
int metrics_format(const struct state *state, char **ret_text);
