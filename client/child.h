/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - what another program says
 */
#pragma once

#include <stdbool.h>

/* Runs a program, found by PATH and the system folders, with nothing to read,
 * and gathers what it writes to stdout and, with_stderr, to stderr.  Its exit
 * status (128 + signal where one ended it; 127: it could not be run), or
 * negative errno.  *ret_text is for the caller to free. */
int child_read(char *const argv[], bool with_stderr, char **ret_text);
