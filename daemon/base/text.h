/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - text from strangers
 *
 * A process chooses its comm, the path of its executable and, in a container,
 * the names of its cgroups.  What an operator reads must not move his cursor,
 * forge a line of the log or break a table.
 */
#pragma once

#include <stddef.h>

/* Writes text with each byte that is not printable ASCII as "\xHH", and a
 * backslash doubled so that nothing can pass for such an escape.  Always ends
 * with NUL; what does not fit is left out, never half an escape.  Returns out. */
char *text_escape(const char *text, char *out, size_t size);

/* *text becomes a copy of by, or NULL; 0, or -ENOMEM and it is as before. */
int text_replace(char **text, const char *by);
