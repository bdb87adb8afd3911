// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/sorted.h"

static void entry_done(struct ledger_entry *entry)
{
	target_id_done(&entry->id);
	free(entry->policy);
}

/* ---- places ------------------------------------------------------------- */

static int compare_entry(const void *key, const void *element)
{
	const struct ledger_entry *a = key, *b = element;

	if (a->action != b->action)
		return a->action < b->action ? -1 : 1;
	return target_id_compare(&a->id, &b->id);
}

/* Where the entry is, or would be. */
static size_t place_entry(const struct book *book, enum action action,
			  const struct target_id *id, bool *ret_found)
{
	const struct ledger_entry key = { .action = action, .id = *id };

	return sorted_find(&key, book->entries, book->n_entries, sizeof(key), compare_entry,
			   ret_found);
}

struct ledger_entry *book_find_entry(const struct book *book, enum action action,
				     const struct target_id *id)
{
	bool found;
	size_t place = place_entry(book, action, id, &found);

	return found ? &book->entries[place] : NULL;
}

struct override *book_find_override(const struct book *book, const struct target_id *id)
{
	bool found;
	size_t place = override_find(book->overrides, book->n_overrides, id, &found);

	return found ? &book->overrides[place] : NULL;
}

/* ---- following ---------------------------------------------------------- */

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

/* There is room; takes what entry owns. */
static void insert_entry(struct book *book, const struct ledger_entry *entry)
{
	bool found;
	size_t place = place_entry(book, entry->action, &entry->id, &found);
	struct ledger_entry *at = &book->entries[place];

	if (found)
		entry_done(at);
	else
		memmove(at + 1, at, (book->n_entries++ - place) * sizeof(*at));
	*at = *entry;
}

static void insert_override(struct book *book, const struct override *order)
{
	bool found;
	size_t place = override_find(book->overrides, book->n_overrides, &order->id, &found);
	struct override *at = &book->overrides[place];

	if (found)
		target_id_done(&at->id);
	else
		memmove(at + 1, at, (book->n_overrides++ - place) * sizeof(*at));
	*at = *order;
}

static int add_entry(struct book *book, const struct ledger_line *line)
{
	struct ledger_entry entry = { .action = line->action };
	struct ledger_entry *longer;
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
	insert_entry(book, &entry);
	return 0;
}

static int add_override(struct book *book, const struct ledger_line *line)
{
	struct override order = { .hold = line->hold, .until_usec = line->until_usec };
	struct override *longer;
	int r;

	longer = reallocarray(book->overrides, book->n_overrides + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	book->overrides = longer;
	r = target_id_copy(&line->id, &order.id);
	if (r < 0)
		return r;
	insert_override(book, &order);
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
