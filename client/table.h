/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - rows and columns for people
 *
 * Two shapes: a table, whose columns give way to each other until it fits, and
 * sheet rows, "label  value" with the value folded.  Both write to a FILE, know
 * nothing of terminals, and take unsafe text: they escape it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "daemon/base/cleanup.h"

struct style {
	unsigned int width;	/* columns to fit in */
	bool colour;
	bool utf8;		/* the ellipsis may be one */
};

/* Never the only carrier of a meaning: the words say it too. */
enum tone {
	TONE_PLAIN,
	TONE_GOOD,
	TONE_WARN,
	TONE_BAD,
	TONE_DIM,
	TONE_BOLD,
};

enum align {
	ALIGN_LEFT,
	ALIGN_RIGHT,
};

/* Which part of a cell is given up when room is short. */
enum cut {
	CUT_NEVER,
	CUT_END,
	CUT_PATH,		/* leading folders first: the last name tells apart */
};

struct column {
	const char *title;
	enum align align;
	enum cut cut;
	unsigned int min_width;	/* of a column that is cut */
};

struct table;

#define TABLE_COLUMNS_MAX 16

/* The columns must outlive the table. */
struct table *table_new(const struct column *columns, size_t n_columns);
void table_free(struct table *table);
DEFINE_CLEANUP(struct table, table_free);

/* Adds a row of n_columns empty cells; 0 or -ENOMEM. */
int table_add_row(struct table *table);

/* Fills a cell of the last row, with an escaped copy; 0 or -ENOMEM. */
int table_set(struct table *table, size_t column, enum tone tone, const char *text);

/* Title line and rows.  The widest column that may be cut gives way first, down
 * to its minimum; what then still does not fit is wider than asked. */
void table_print(const struct table *table, const struct style *style, FILE *out);

/* "     Label  value", folded at blanks where it is wider than the room; a word
 * wider than that stays whole, so that it can be copied. */
void sheet_print(const struct style *style, FILE *out, const char *label, enum tone tone,
		 const char *value);
void sheet_printf(const struct style *style, FILE *out, const char *label, enum tone tone,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same for a text of ours with line breaks, which stay; in the others a line
 * break is escaped, lest a name pass for a row. */
void sheet_print_lines(const struct style *style, FILE *out, const char *label,
		       enum tone tone, const char *value);

/* A line on its own, or an item of a list, folded likewise. */
void sheet_title(const struct style *style, FILE *out, enum tone tone, const char *text);
void sheet_item(const struct style *style, FILE *out, const char *text);
