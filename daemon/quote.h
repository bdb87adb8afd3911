/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quote.h - any C string as a JSON string, and back
 *
 * JSON is UTF-8, names of processes and cgroups are bytes.  A byte that is part
 * of no UTF-8 is written as U+F700 plus the byte, of the private use area; so are
 * the bytes of a character that would read as such a one.  Nothing is lost, and
 * two names never become one.
 */
#pragma once

#include <stdio.h>

/* With its quotation marks; NULL text: null. */
void quote_write(FILE *out, const char *text);

/* In place: what quote_write() made of bytes becomes bytes again. */
void quote_undo(char *text);
