/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8.h - text that must be UTF-8, out of bytes that need not be
 *
 * Names of processes, paths and cgroups are bytes; D-Bus and JSON take UTF-8
 * only.
 */
#pragma once

#include <stddef.h>

/* Length of the well-formed sequence at text (Unicode table 3-7); 0: none. */
size_t utf8_sequence_length(const char *text);
