// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"

static void saved_done(struct saved *saved)
{
	free(saved->name);
	free(saved->before);
	free(saved->ours);
	free(saved->earlier);
	*saved = (struct saved){ 0 };
}

DEFINE_CLEANUP_EMBEDDED(struct saved, saved_done);
#include "daemon/base/sorted.h"

static void entry_done(struct ledger_entry *entry)
{
	for (size_t i = 0; i < entry->n_saved; i++)
		saved_done(&entry->saved[i]);
	free(entry->saved);
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

static int replace_text(char **text, const char *by)
{
	char *copy = by ? strdup(by) : NULL;

	if (by && !copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
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
	struct ledger_entry entry = { .action = line->action, .since_usec = line->when_usec };
	struct ledger_entry *old, *longer;
	int r;

	old = book_find_entry(book, line->action, &line->id);
	if (old)
		return replace_text(&old->policy, line->policy);
	longer = reallocarray(book->entries, book->n_entries + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	book->entries = longer;
	r = target_id_copy(&line->id, &entry.id);
	if (r == 0)
		r = replace_text(&entry.policy, line->policy);
	if (r < 0) {
		entry_done(&entry);
		return r;
	}
	insert_entry(book, &entry);
	return 0;
}

static int add_override(struct book *book, const struct ledger_line *line)
{
	struct override order = { .hold = line->hold, .until_usec = line->when_usec };
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

/* ---- settings of an entry ----------------------------------------------- */

/* Where it is, or where it would have to be. */
static size_t find_place(const struct ledger_entry *entry, const char *name, bool *ret_is_there)
{
	size_t low = 0, high = entry->n_saved;
	int order = 1;

	while (low < high && order != 0) {
		size_t middle = low + (high - low) / 2;

		order = strcmp(name, entry->saved[middle].name);
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_is_there = order == 0;
	return order == 0 ? high : low;
}

struct saved *book_find_saved(const struct ledger_entry *entry, const char *name)
{
	bool is_there;
	size_t place = find_place(entry, name, &is_there);

	return is_there ? &entry->saved[place] : NULL;
}

/* Both values are ours until it is confirmed which of them is set. */
static int change_mind(struct saved *saved, const char *ours)
{
	int r;

	if (strcmp(saved->ours, ours) == 0)
		return 0;
	r = replace_text(&saved->earlier, saved->ours);
	return r < 0 ? r : replace_text(&saved->ours, ours);
}

static int insert_saved(struct ledger_entry *entry, size_t place, const struct ledger_line *line)
{
	_cleanup_(saved_done) struct saved saved = {
		.name = strdup(line->name),
		.before = strdup(line->before),
		.ours = strdup(line->ours),
	};
	struct saved *longer;

	if (!saved.name || !saved.before || !saved.ours)
		return -ENOMEM;
	longer = reallocarray(entry->saved, entry->n_saved + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	entry->saved = longer;
	memmove(&longer[place + 1], &longer[place], (entry->n_saved++ - place) * sizeof(*longer));
	longer[place] = saved;
	saved = (struct saved){ 0 };	/* the book's now */
	return 0;
}

static int add_saved(struct ledger_entry *entry, const struct ledger_line *line)
{
	bool is_there;
	size_t place = find_place(entry, line->name, &is_there);

	return is_there ? change_mind(&entry->saved[place], line->ours) :
			  insert_saved(entry, place, line);
}

static void remove_saved(struct ledger_entry *entry, const char *name)
{
	struct saved *saved = book_find_saved(entry, name);

	if (!saved)
		return;
	saved_done(saved);
	memmove(saved, saved + 1,
		(size_t)(entry->saved + --entry->n_saved - saved) * sizeof(*saved));
}

static void confirm_saved(struct ledger_entry *entry)
{
	for (size_t i = 0; i < entry->n_saved; i++) {
		struct saved *saved = &entry->saved[i];

		saved->is_made = true;
		(void)replace_text(&saved->earlier, NULL);
	}
}

/* ---- following ----------------------------------------------------------- */

static int follow_entry(struct book *book, struct ledger_entry *entry,
			const struct ledger_line *line)
{
	switch (line->verb) {
	case LEDGER_SAVE:
		return add_saved(entry, line);
	case LEDGER_MADE:
		confirm_saved(entry);
		break;
	case LEDGER_BACK:
		for (size_t i = 0; i < entry->n_saved; i++)
			entry->saved[i].is_made = false;
		break;
	case LEDGER_FORGET:
		remove_saved(entry, line->name);
		break;
	case LEDGER_UNDO:
		remove_entry(book, entry);
		break;
	case LEDGER_APPLY:
	case LEDGER_ORDER:
	case LEDGER_DROP:
		break;
	}
	return 0;
}

int book_follow(struct book *book, const struct ledger_line *line)
{
	struct ledger_entry *entry;
	struct override *order;

	switch (line->verb) {
	case LEDGER_APPLY:
		return add_entry(book, line);
	case LEDGER_SAVE:
	case LEDGER_MADE:
	case LEDGER_BACK:
	case LEDGER_FORGET:
	case LEDGER_UNDO:
		entry = book_find_entry(book, line->action, &line->id);
		return entry ? follow_entry(book, entry, line) : 0;
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
