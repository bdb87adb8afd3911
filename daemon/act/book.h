/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * book.h - what the lines of a ledger amount to
 *
 * The changes that would be in force if each recorded one had been made, and
 * the orders that stand.  Memory only.
 */
#pragma once

#include <stdio.h>

#include "daemon/act/ledger-line.h"
#include "daemon/act/ledger.h"

struct book {
	struct ledger_entry *entries;	/* sorted by action and target */
	size_t n_entries;
	struct override *overrides;	/* sorted by target */
	size_t n_overrides;
};

/* Enters a line; 0 or -ENOMEM. */
int book_follow(struct book *book, const struct ledger_line *line);

/* NULL: not in the book. */
struct ledger_entry *book_find_entry(const struct book *book, enum action action,
				     const struct target_id *id);
struct saved *book_find_saved(const struct ledger_entry *entry, const char *name);
struct override *book_find_override(const struct book *book, const struct target_id *id);

/* The fewest lines that lead to this book, and how many they are; 0 or -EINVAL
 * as ledger_line_print(). */
int book_print(const struct book *book, FILE *out);
size_t book_lines(const struct book *book);

void book_done(struct book *book);
