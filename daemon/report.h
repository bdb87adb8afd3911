/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a row or the host as named values
 *
 * The keys of bus-api.h are spelled here and nowhere else; bus.c only turns
 * values into D-Bus types.  Strings are valid UTF-8 whatever the process calls
 * itself: other bytes become U+FFFD, because the bus would drop the message.
 */
#pragma once

#include "daemon/state.h"

/* D-Bus's letters for what a value is. */
enum value_type {
	VALUE_STRING = 's',
	VALUE_BOOL = 'b',
	VALUE_INT = 'i',
	VALUE_UINT = 'u',
	VALUE_BIG = 't',
	VALUE_STRINGS = 'A',	/* as */
	VALUE_NODES = 'N',	/* a(ut): node, bytes */
	VALUE_DEVICES = 'D',	/* a(si): path, node */
};

struct value {
	const char *key;
	enum value_type type;
	char *text;			/* VALUE_STRING, owned */
	uint64_t number;		/* VALUE_BOOL, _INT, _UINT, _BIG */
	/* lent by the row or the state */
	char *const *strings;		/* NULL-terminated */
	const struct process_facts *facts;
};

#define REPORT_MAX	40

struct report {
	struct value values[REPORT_MAX];
	size_t n;
	bool is_short;			/* no memory for some value */
};

/* Lent values live as long as the row or state does. */
void report_target(const struct target *row, struct report *ret_report);
void report_host(const struct state *state, struct report *ret_report);
void report_done(struct report *report);

/* What a value takes in a message, at most. */
size_t report_bytes(const struct report *report);

/* Leaves out what takes more than a number or a word does: paths, reasons, lists. */
#define REPORT_SHORT_BYTES	192
void report_shorten(struct report *report);

DEFINE_CLEANUP_EMBEDDED(struct report, report_done);

/* A copy of text that is valid UTF-8; NULL: no memory. */
char *report_make_utf8(const char *text);
