// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/safetext.h"
#include "daemon/base/cleanup.h"

#define GAP		1	/* columns between columns */
#define LABEL_WIDTH	11	/* of a sheet */
#define LABEL_GAP	2
#define ITEM_INDENT	4

struct cell {
	char *text;		/* escaped */
	enum tone tone;
};

struct table {
	const struct column *columns;
	size_t n_columns;
	struct cell *cells;	/* row by row */
	size_t n_rows;
};

static const char *tone_start(const struct style *style, enum tone tone)
{
	if (!style->colour)
		return "";
	switch (tone) {
	case TONE_PLAIN:
		return "";
	case TONE_GOOD:
		return "\033[32m";
	case TONE_WARN:
		return "\033[33m";
	case TONE_BAD:
		return "\033[1;31m";
	case TONE_DIM:
		return "\033[2m";
	case TONE_BOLD:
		return "\033[1m";
	}
	return "";
}

static const char *tone_end(const struct style *style, enum tone tone)
{
	return style->colour && tone != TONE_PLAIN ? "\033[0m" : "";
}

struct table *table_new(const struct column *columns, size_t n_columns)
{
	struct table *table = calloc(1, sizeof(*table));

	assert(n_columns <= TABLE_COLUMNS_MAX);
	if (!table)
		return NULL;
	table->columns = columns;
	table->n_columns = n_columns;
	return table;
}

void table_free(struct table *table)
{
	size_t i;

	if (!table)
		return;
	for (i = 0; i < table->n_rows * table->n_columns; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

int table_add_row(struct table *table)
{
	size_t n = table->n_rows * table->n_columns;
	struct cell *cells;

	cells = reallocarray(table->cells, n + table->n_columns, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	memset(cells + n, 0, table->n_columns * sizeof(*cells));
	table->cells = cells;
	table->n_rows++;
	return 0;
}

int table_set(struct table *table, size_t column, enum tone tone, const char *text)
{
	struct cell *cell =
		table->cells + (table->n_rows - 1) * table->n_columns + column;
	char *escaped = safetext_escape(text);

	if (!escaped)
		return -ENOMEM;
	free(cell->text);
	cell->text = escaped;
	cell->tone = tone;
	return 0;
}

static const struct cell *table_cell(const struct table *table, size_t row, size_t column)
{
	return table->cells + row * table->n_columns + column;
}

/* The width that each column would like. */
static void measure_columns(const struct table *table, size_t *widths)
{
	size_t row, i;

	for (i = 0; i < table->n_columns; i++) {
		widths[i] = safetext_width(table->columns[i].title);
		for (row = 0; row < table->n_rows; row++) {
			const char *text = table_cell(table, row, i)->text;
			size_t width = text ? safetext_width(text) : 0;

			if (width > widths[i])
				widths[i] = width;
		}
	}
}

/* The widest column that can still give way; n_columns: none can. */
static size_t find_widest(const struct table *table, const size_t *widths)
{
	size_t i, widest = table->n_columns;

	for (i = 0; i < table->n_columns; i++) {
		const struct column *column = &table->columns[i];

		if (column->cut == CUT_NEVER || widths[i] <= column->min_width)
			continue;
		if (widest == table->n_columns || widths[i] > widths[widest])
			widest = i;
	}
	return widest;
}

static void fit_columns(const struct table *table, size_t *widths, size_t room)
{
	size_t total = GAP * (table->n_columns - 1), i;

	for (i = 0; i < table->n_columns; i++)
		total += widths[i];
	while (total > room) {
		i = find_widest(table, widths);
		if (i == table->n_columns)
			return;
		widths[i]--;
		total--;
	}
}

static void print_padding(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

/* The longest tail that begins at a "/" and fits, or else the last name. */
static const char *find_tail(const char *path, size_t width)
{
	const char *tail = strchr(path, '/'), *last = strrchr(path, '/');

	while (tail && tail != last && safetext_width(tail) > width)
		tail = strchr(tail + 1, '/');
	if (!last)
		return path;
	return safetext_width(tail) > width ? last + 1 : tail;
}

/* As much of a cell as its column has room for. */
static char *cut_text(const struct style *style, enum cut cut, const char *text,
		      size_t width)
{
	const char *ellipsis = style->utf8 ? "…" : "~";
	char *shorter;
	int r;

	if (cut == CUT_NEVER || safetext_width(text) <= width)
		return strdup(text);
	if (cut == CUT_PATH)
		text = find_tail(text, width - 1);
	if (*text == '/')
		r = asprintf(&shorter, "%s%s", ellipsis, text);
	else if (safetext_width(text) <= width)
		return strdup(text);
	else
		r = asprintf(&shorter, "%.*s%s", (int)safetext_fit(text, width - 1), text,
			     ellipsis);
	return r < 0 ? NULL : shorter;
}

/* Nothing follows the last column, so no blanks trail. */
static void print_cell(const struct table *table, const struct style *style, FILE *out,
		       size_t column, const struct cell *cell, size_t width)
{
	const char *text = cell->text ? cell->text : "";
	enum align align = table->columns[column].align;
	_cleanup_(free) char *cut =
		cut_text(style, table->columns[column].cut, text, width);
	size_t used = cut ? safetext_width(cut) : 0;
	size_t padding = used < width ? width - used : 0;

	if (column > 0)
		print_padding(out, GAP);
	if (align == ALIGN_RIGHT)
		print_padding(out, padding);
	if (used > 0)
		fprintf(out, "%s%s%s", tone_start(style, cell->tone), cut,
			tone_end(style, cell->tone));
	if (align == ALIGN_LEFT && column + 1 < table->n_columns)
		print_padding(out, padding);
}

void table_print(const struct table *table, const struct style *style, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX], row, i;

	measure_columns(table, widths);
	fit_columns(table, widths, style->width);
	for (i = 0; i < table->n_columns; i++) {
		struct cell title = { (char *)table->columns[i].title, TONE_BOLD };

		print_cell(table, style, out, i, &title, widths[i]);
	}
	fputc('\n', out);
	for (row = 0; row < table->n_rows; row++) {
		for (i = 0; i < table->n_columns; i++)
			print_cell(table, style, out, i, table_cell(table, row, i),
				   widths[i]);
		fputc('\n', out);
	}
}

/* The end of the first line of a text that is folded at blanks. */
static size_t find_fold(const char *text, size_t room)
{
	size_t at = 0, fold = 0;

	while (text[at]) {
		size_t word = at + strspn(text + at, " ");

		word += strcspn(text + word, " ");
		if (fold > 0 && safetext_fit(text, room) < word)
			break;
		at = fold = word;
	}
	return fold;
}

static void print_folded(const struct style *style, FILE *out, size_t indent,
			 enum tone tone, const char *text)
{
	_cleanup_(free) char *escaped = safetext_escape(text);
	size_t room = style->width > indent ? style->width - indent : 1;
	const char *rest = escaped ? escaped : "?";

	do {
		size_t n = find_fold(rest, room);

		fprintf(out, "%s%.*s%s\n", tone_start(style, tone), (int)n, rest,
			tone_end(style, tone));
		rest += n;
		rest += strspn(rest, " ");
		if (*rest)
			print_padding(out, indent);
	} while (*rest);
}

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "%*s%*s", LABEL_WIDTH, label, LABEL_GAP, "");
}

void sheet_print(const struct style *style, FILE *out, const char *label, enum tone tone,
		 const char *value)
{
	print_label(out, label);
	print_folded(style, out, LABEL_WIDTH + LABEL_GAP, tone, value);
}

void sheet_print_lines(const struct style *style, FILE *out, const char *label,
		       enum tone tone, const char *value)
{
	do {
		size_t n = strcspn(value, "\n");
		_cleanup_(free) char *line = strndup(value, n);

		sheet_print(style, out, label, tone, line ? line : "?");
		label = "";
		value += n;
		value += *value == '\n';
	} while (*value);
}

void sheet_printf(const struct style *style, FILE *out, const char *label, enum tone tone,
		  const char *format, ...)
{
	_cleanup_(free) char *value = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&value, format, ap);
	va_end(ap);
	if (r < 0)
		value = NULL;
	sheet_print(style, out, label, tone, value ? value : "?");
}

void sheet_title(const struct style *style, FILE *out, enum tone tone, const char *text)
{
	print_folded(style, out, 0, tone, text);
}

void sheet_item(const struct style *style, FILE *out, const char *text)
{
	fprintf(out, "%*s", ITEM_INDENT, "- ");
	print_folded(style, out, ITEM_INDENT, TONE_PLAIN, text);
}
