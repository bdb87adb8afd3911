/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sentence.h - text for operators that is safe to print anywhere
 *
 * Reasons and error messages quote names that others chose: a device node in a
 * container, a cgroup, a line of a file.  They end up in terminals, journal
 * lines and D-Bus strings, so the whole sentence goes through text_escape().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0 or -ENOMEM; *ret_text is for the caller to free. */
int sentence_format(char **ret_text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A part of a sentence to come, not escaped yet. */
int sentence_format_part(char **ret_text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "16 MiB", rounded down. */
void sentence_format_bytes(uint64_t bytes, char *text, size_t size);
