// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/subject.h"

DEFINE_CLEANUP_EMBEDDED(struct held, held_done);

/* Is it what a thread has that asked for nothing? */
static bool is_reset(const struct subject *subject, const struct wanted *current)
{
	_cleanup_(free) char *before = NULL;

	return subject->ops->record &&
	       subject->ops->record(subject->context, subject->id, current, &before) >= 0 &&
	       strcmp(before, current->value) != 0;
}

static void note_foreign(const struct subject *subject, const struct wanted *current,
			 struct held *held)
{
	held->is_reset = (held->is_reset || !held->is_foreign) && is_reset(subject, current);
	held->is_foreign = true;
}

/* 1: it is there, 0: gone, or -ENOMEM.  What cannot be read may be as it should
 * be or not: apply will tell. */
static int look_at(const struct subject *subject, char *name, struct held *held)
{
	_cleanup_(free) char *text = NULL;
	struct wanted current = { .name = name };
	int r;

	r = subject_read(subject, name, &text);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		held->is_draining = true;
	if (r != ACT_DONE)
		return r < 0;
	current.value = text;
	switch (subject_judge(subject, &current)) {
	case STANDING_NEW:
	case STANDING_PENDING:
		held->is_draining = true;
		break;
	case STANDING_BORN:
	case STANDING_OURS:
		break;
	case STANDING_FOREIGN:
		note_foreign(subject, &current, held);
		break;
	}
	return 1;
}

static int look_at_new(const struct subject *subject, const struct ledger_entry *entry,
		       struct held *held)
{
	_cleanup_(wanted_list_done) struct wanted_list names = { 0 };
	int r;

	if (!subject->ops->names)
		return 0;
	r = subject->ops->names(subject->context, subject->id, &names.list, &names.n);
	if (r < 0 && r != -ENOMEM)
		held->is_draining = true;
	if (r != 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < names.n && r >= 0; i++) {
		if (!ledger_find_saved(entry, names.list[i].name))
			r = look_at(subject, names.list[i].name, held);
	}
	return r < 0 ? r : 0;
}

static int copy_entry(const struct setting_ops *ops, const struct ledger_entry *entry,
		      struct held *held)
{
	int r = target_id_copy(&entry->id, &held->id);

	if (r < 0)
		return r;
	if (entry->policy && !(held->policy = strdup(entry->policy)))
		return -ENOMEM;
	held->action = entry->action;
	held->origin = ORIGIN_POLICY;
	held->since_usec = entry->since_usec;
	return ops->show ? ops->show(entry, held) : 0;
}

/* 1, 0: none of its settings is there any more, or never was, -ENOMEM. */
static int read_held(struct act_context *context, const struct setting_ops *ops,
		     const struct ledger_entry *entry, struct held *ret_held)
{
	const struct subject subject = { context, ops, &entry->id };
	_cleanup_(held_done) struct held held = { 0 };
	int r = 0, present = 0;

	for (size_t i = 0; i < entry->n_saved && r >= 0; i++) {
		r = look_at(&subject, entry->saved[i].name, &held);
		present |= r;
	}
	if (r < 0 || !present)
		return r;
	r = look_at_new(&subject, entry, &held);
	if (r >= 0)
		r = copy_entry(ops, entry, &held);
	if (r < 0)
		return r;
	*ret_held = held;
	held = (struct held){ 0 };	/* the caller's now */
	return 1;
}

int setting_list(struct act_context *context, const struct setting_ops *ops,
		 struct held **ret_held, size_t *ret_n)
{
	const struct ledger_entry *entries;
	size_t n_entries, n = 0;
	struct held *held;
	int r = 0;

	entries = ledger_entries(context->ledger, &n_entries);
	held = calloc(n_entries + 1, sizeof(*held));
	if (!held)
		return -ENOMEM;
	for (size_t i = 0; i < n_entries && r >= 0; i++) {
		if (entries[i].action != ops->action)
			continue;
		r = read_held(context, ops, &entries[i], &held[n]);
		n += r == 1;
	}
	if (r < 0) {
		held_free(held, n);
		return r;
	}
	held_sort(held, n);
	*ret_held = held;
	*ret_n = n;
	return 0;
}
