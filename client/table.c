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
	struct cell *cell = table->cells + (table->n_rows - 1) * table->n_columns + column;
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

static void print_text(const struct style *style, FILE *out, enum cut cut, const char *text,
		       size_t width)
{
	const char *ellipsis = style->utf8 ? "…" : "~";
	size_t n;

	if (safetext_width(text) <= width) {
		fputs(text, out);
		return;
	}
	switch (cut) {
	case CUT_NEVER:
		fputs(text, out);
		break;
	case CUT_END:
		n = safetext_fit_start(text, width - 1);
		fprintf(out, "%.*s%s", (int)n, text, ellipsis);
		break;
	case CUT_START:
		n = safetext_fit_end(text, width - 1);
		fprintf(out, "%s%s", ellipsis, text + strlen(text) - n);
		break;
	}
}

/* Nothing follows the last column, so no blanks trail. */
static void print_cell(const struct table *table, const struct style *style, FILE *out,
		       size_t column, const struct cell *cell, size_t width)
{
	const char *text = cell->text ? cell->text : "";
	enum align align = table->columns[column].align;
	size_t used = safetext_width(text);
	size_t padding = used < width ? width - used : 0;

	if (column > 0)
		print_padding(out, GAP);
	if (align == ALIGN_RIGHT)
		print_padding(out, padding);
	fputs(tone_start(style, cell->tone), out);
	print_text(style, out, table->columns[column].cut, text, width);
	fputs(tone_end(style, cell->tone), out);
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
			print_cell(table, style, out, i, table_cell(table, row, i), widths[i]);
		fputc('\n', out);
	}
}

/* The end of the first line of a text that is folded at blanks; a word wider
 * than the room stays whole, so that it can be copied. */
static size_t find_fold(const char *text, size_t room)
{
	size_t at = 0, fold = 0;

	while (text[at]) {
		size_t word = at + strspn(text + at, " ");

		word += strcspn(text + word, " ");
		if (fold > 0) {
			_cleanup_(free) char *line = strndup(text, word);

			if (line && safetext_width(line) > room)
				break;
		}
		at = fold = word;
	}
	return fold;
}

static void print_folded(const struct style *style, FILE *out, size_t indent, enum tone tone,
			 const char *text)
{
	size_t room = style->width > indent ? style->width - indent : 1;
	const char *start = tone_start(style, tone), *end = tone_end(style, tone);

	do {
		size_t n = find_fold(text, room);

		fprintf(out, "%s%.*s%s\n", start, (int)n, text, end);
		text += n;
		text += strspn(text, " ");
		if (*text)
			print_padding(out, indent);
	} while (*text);
}

/* Line by line, because a line break is the writer's and stays. */
static void print_value(const struct style *style, FILE *out, size_t indent, enum tone tone,
			const char *value)
{
	bool is_first = true;

	do {
		size_t n = strcspn(value, "\n");
		_cleanup_(free) char *line = strndup(value, n);
		_cleanup_(free) char *escaped = line ? safetext_escape(line) : NULL;

		if (!is_first)
			print_padding(out, indent);
		print_folded(style, out, indent, tone, escaped ? escaped : "?");
		is_first = false;
		value += n;
		value += *value == '\n';
	} while (*value);
}

void sheet_print(const struct style *style, FILE *out, const char *label, enum tone tone,
		 const char *value)
{
	fprintf(out, "%*s", LABEL_WIDTH, label);
	print_padding(out, LABEL_GAP);
	print_value(style, out, LABEL_WIDTH + LABEL_GAP, tone, value);
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
	print_value(style, out, 0, tone, text);
}

void sheet_item(const struct style *style, FILE *out, const char *text)
{
	fprintf(out, "%*s", ITEM_INDENT, "- ");
	print_value(style, out, ITEM_INDENT, TONE_PLAIN, text);
}
