/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * safetext.h - text that is safe to show
 *
 * Names of processes and cgroups are whatever their owners chose: control
 * characters, escape sequences, broken UTF-8.  Nothing of that may reach a
 * terminal or break a JSON reader.  What is printable follows the locale of the
 * program (LC_CTYPE).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* For a terminal, on one line: what is not printable, and what takes no column
 * of its own (marks that turn the writing direction among it), becomes \n, \t or
 * \xNN byte by byte.  For the caller to free; NULL: no memory. */
char *safetext_escape(const char *text);

/* Columns that an escaped text takes. */
size_t safetext_width(const char *escaped);

/* Bytes of the longest beginning that takes at most that many columns. */
size_t safetext_fit(const char *escaped, size_t columns);

/* For JSON: the text with each byte that is not part of valid UTF-8 replaced by
 * U+FFFD.  For the caller to free; NULL: no memory. */
char *safetext_utf8(const char *text, size_t len);

/* "4.0K", "1.5G": powers of 1024, one decimal; "0" and "512B" below. */
#define SAFETEXT_BYTES_MAX 32
void safetext_format_bytes(uint64_t bytes, char text[SAFETEXT_BYTES_MAX]);
