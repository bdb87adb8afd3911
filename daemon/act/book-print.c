// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/book.h"

static struct ledger_line line_of(enum ledger_verb verb, const struct ledger_entry *entry)
{
	return (struct ledger_line){ .verb = verb, .action = entry->action, .id = entry->id };
}

static int print_value(FILE *out, const struct ledger_entry *entry, const struct saved *saved,
		       const char *ours)
{
	struct ledger_line line = line_of(LEDGER_SAVE, entry);

	line.name = saved->name;
	line.before = saved->before;
	line.ours = ours;
	return ledger_line_print(out, &line);
}

/* What was confirmed, and that it was. */
static int print_made(FILE *out, const struct ledger_entry *entry)
{
	struct ledger_line made = line_of(LEDGER_MADE, entry);
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < entry->n_saved && r == 0; i++) {
		const struct saved *saved = &entry->saved[i];

		if (!saved->is_made)
			continue;
		any = true;
		r = print_value(out, entry, saved, saved->earlier ?: saved->ours);
	}
	return r == 0 && any ? ledger_line_print(out, &made) : r;
}

/* What was not, behind that. */
static int print_not_made(FILE *out, const struct ledger_entry *entry)
{
	int r = 0;

	for (size_t i = 0; i < entry->n_saved && r == 0; i++) {
		const struct saved *saved = &entry->saved[i];

		if (saved->is_made && !saved->earlier)
			continue;
		if (!saved->is_made && saved->earlier)
			r = print_value(out, entry, saved, saved->earlier);
		if (r == 0)
			r = print_value(out, entry, saved, saved->ours);
	}
	return r;
}

static int print_entries(FILE *out, const struct book *book)
{
	int r = 0;

	for (size_t i = 0; i < book->n_entries && r == 0; i++) {
		const struct ledger_entry *entry = &book->entries[i];
		struct ledger_line line = line_of(LEDGER_APPLY, entry);

		line.policy = entry->policy;
		line.when_usec = entry->since_usec;
		r = ledger_line_print(out, &line);
		if (r == 0)
			r = print_made(out, entry);
		if (r == 0)
			r = print_not_made(out, entry);
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
			.when_usec = order->until_usec,
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

/* At least so many: what is being changed just now takes one more. */
size_t book_lines(const struct book *book)
{
	size_t n = book->n_entries + book->n_overrides;

	for (size_t i = 0; i < book->n_entries; i++)
		n += book->entries[i].n_saved + (book->entries[i].n_saved > 0);
	return n;
}
