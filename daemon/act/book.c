// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void entry_done(struct ledger_entry *entry)
{
	target_id_done(&entry->id);
	free(entry->policy);
}

struct ledger_entry *book_find_entry(const struct book *book, enum action action,
				     const struct target_id *id)
{
	for (size_t i = 0; i < book->n_entries; i++) {
		struct ledger_entry *entry = &book->entries[i];

		if (entry->action == action && target_id_compare(&entry->id, id) == 0)
			return entry;
	}
	return NULL;
}

struct override *book_find_override(const struct book *book, const struct target_id *id)
{
	for (size_t i = 0; i < book->n_overrides; i++) {
		if (target_id_compare(&book->overrides[i].id, id) == 0)
			return &book->overrides[i];
	}
	return NULL;
}

static void remove_entry(struct book *book, struct ledger_entry *entry)
{
	size_t behind = (size_t)(book->entries + --book->n_entries - entry);

	entry_done(entry);
	memmove(entry, entry + 1, behind * sizeof(*entry));
}

static void remove_override(struct book *book, struct override *order)
{
	size_t behind = (size_t)(book->overrides + --book->n_overrides - order);

	target_id_done(&order->id);
	memmove(order, order + 1, behind * sizeof(*order));
}

static int add_entry(struct book *book, const struct ledger_line *line)
{
	struct ledger_entry entry = { .action = line->action };
	struct ledger_entry *old, *longer;
	int r;

	longer = reallocarray(book->entries, book->n_entries + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	book->entries = longer;
	r = target_id_copy(&line->id, &entry.id);
	if (r < 0)
		return r;
	if (line->policy && !(entry.policy = strdup(line->policy))) {
		entry_done(&entry);
		return -ENOMEM;
	}
	old = book_find_entry(book, line->action, &line->id);
	if (old)
		remove_entry(book, old);
	book->entries[book->n_entries++] = entry;
	return 0;
}

static int add_override(struct book *book, const struct ledger_line *line)
{
	struct override order = { .hold = line->hold, .until_usec = line->until_usec };
	struct override *old, *longer;
	int r;

	longer = reallocarray(book->overrides, book->n_overrides + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	book->overrides = longer;
	r = target_id_copy(&line->id, &order.id);
	if (r < 0)
		return r;
	old = book_find_override(book, &line->id);
	if (old)
		remove_override(book, old);
	book->overrides[book->n_overrides++] = order;
	return 0;
}

int book_follow(struct book *book, const struct ledger_line *line)
{
	struct ledger_entry *entry;
	struct override *order;

	switch (line->verb) {
	case LEDGER_APPLY:
		return add_entry(book, line);
	case LEDGER_UNDO:
		entry = book_find_entry(book, line->action, &line->id);
		if (entry)
			remove_entry(book, entry);
		break;
	case LEDGER_ORDER:
		return add_override(book, line);
	case LEDGER_DROP:
		order = book_find_override(book, &line->id);
		if (order)
			remove_override(book, order);
		break;
	}
	return 0;
}

static int print_entries(FILE *out, const struct book *book)
{
	int r = 0;

	for (size_t i = 0; i < book->n_entries && r == 0; i++) {
		const struct ledger_entry *entry = &book->entries[i];
		struct ledger_line line = {
			.verb = LEDGER_APPLY,
			.action = entry->action,
			.id = entry->id,
			.policy = entry->policy,
		};

		r = ledger_line_print(out, &line);
	}
	return r;
}

static int print_overrides(FILE *out, const struct book *book)
{
	int r = 0;

	for (size_t i = 0; i < book->n_overrides && r == 0; i++) {
		const struct override *order = &book->overrides[i];
		struct ledger_line line = {
			.verb = LEDGER_ORDER,
			.hold = order->hold,
			.id = order->id,
			.until_usec = order->until_usec,
		};

		r = ledger_line_print(out, &line);
	}
	return r;
}

int book_print(const struct book *book, FILE *out)
{
	int r = print_entries(out, book);

	return r < 0 ? r : print_overrides(out, book);
}

size_t book_lines(const struct book *book)
{
	return book->n_entries + book->n_overrides;
}

void book_done(struct book *book)
{
	for (size_t i = 0; i < book->n_entries; i++)
		entry_done(&book->entries[i]);
	for (size_t i = 0; i < book->n_overrides; i++)
		target_id_done(&book->overrides[i].id);
	free(book->entries);
	free(book->overrides);
	*book = (struct book){};
}
