/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timespan.h - lengths of time as systemd.time(7) writes them
 *
 * Pure text.  "1h 30min", "90" (seconds), "250ms"; units us, ms, s, min, h, d, w
 * and their longer names.  No fractions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0; -EINVAL: not a time span; -ERANGE: does not fit. */
int timespan_parse(const char *text, uint64_t *ret_usec);

/* The two largest units, "3d 4h", "2min 5s"; below a second "0s". */
void timespan_format(uint64_t usec, char *text, size_t size);
