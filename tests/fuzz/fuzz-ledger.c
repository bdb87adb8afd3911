/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line is refused, or means the same after it was printed and read again; a book
 * takes any line, and so does what it prints.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/book.h"
#include "daemon/act/ledger-line.h"
#include "daemon/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct ledger_line *line)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out || ledger_line_print(out, line) < 0 || fclose(out) != 0 || length == 0)
		abort();
	text[length - 1] = '\0';	/* the newline */
	return text;
}

static void check_line(const struct ledger_line *line)
{
	_cleanup_(free) char *once = print(line);
	_cleanup_(free) char *copy = strdup(once);
	_cleanup_(free) char *twice = NULL;
	struct ledger_line again;

	if (!copy || ledger_line_parse(copy, &again) < 0)
		abort();
	twice = print(&again);
	if (strcmp(once, twice) != 0)
		abort();
}

static void follow(struct book *book, char *rest, bool is_ours)
{
	while (rest) {
		char *one = strsep(&rest, "\n");
		struct ledger_line line;

		if (ledger_line_parse(one, &line) < 0) {
			if (is_ours && *one)
				abort();
			continue;
		}
		check_line(&line);
		if (book_follow(book, &line) < 0)
			abort();
	}
}

static char *print_book(const struct book *book)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out || book_print(book, out) < 0 || fclose(out) != 0)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *text = strndup((const char *)data, size);
	_cleanup_(free) char *once = NULL, *copy = NULL, *twice = NULL;
	struct book book = { 0 }, again = { 0 };

	follow(&book, text, false);
	once = print_book(&book);
	copy = strdup(once);
	if (!copy)
		abort();
	follow(&again, copy, true);
	twice = print_book(&again);
	if (strcmp(once, twice) != 0)
		abort();
	book_done(&book);
	book_done(&again);
	return 0;
}
