/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - the client's two voices: answers on stdout, complaints on stderr
 */
#pragma once

#include "client/facts.h"
#include "client/table.h"

/* How stdout wants to be written to: 80 columns, or the terminal's width where
 * it is wider; colour only on a terminal and not with NO_COLOR. */
struct style output_style(void);

/* Prints an answer as JSON; EXIT_YES. */
int output_json(struct facts *facts);

/* Prints "pinsafectl: what: why" and, where next is not NULL, the next step;
 * returns exit, so that a verb can return it.  Line breaks in why begin new
 * lines of the same form; everything unprintable is escaped.  what NULL: says
 * nothing. */
int complain(int exit, const char *what, const char *next, const char *why);
int complainf(int exit, const char *what, const char *next, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same where the text already is "what: why". */
int complain_whole(int exit, const char *next, const char *text);

/* The usual trouble: negative errno, and the one without which nothing goes. */
int complain_errno(const char *what, int error);

/* Flushes stdout; exit as it is, or trouble when what was said did not arrive,
 * unless its reader has left. */
int output_finish(int exit);
