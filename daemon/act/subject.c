// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct ledger_entry *subject_find(const struct subject *subject)
{
	return ledger_find(subject->context->ledger, subject->ops->action, subject->id);
}

int subject_read(const struct subject *subject, const char *name, char **ret_current)
{
	return subject->ops->read(subject->context, subject->id, name, ret_current);
}

bool subject_is_same(const struct subject *subject, const struct wanted *current,
		     const char *value)
{
	if (strcmp(current->value, value) == 0)
		return true;
	return subject->ops->is_same &&
	       subject->ops->is_same(subject->context, subject->id, current, value);
}

int subject_write(const struct subject *subject, const char *name, const char *value)
{
	_cleanup_(free) char *current = NULL;
	struct act_context *context = subject->context;
	int r;

	r = subject->ops->write(context, subject->id, name, value);
	if (r != ACT_DONE)
		return r;
	r = subject_read(subject, name, &current);
	if (r != ACT_DONE)
		return r;
	if (subject_is_same(subject, &(struct wanted){ (char *)name, current }, value))
		return ACT_DONE;
	snprintf(context->why, sizeof(context->why), "%.60s is \"%.50s\", not \"%.50s\"", name,
		 current, value);
	return -EBUSY;
}

bool subject_is_ours(const struct subject *subject, const struct saved *saved,
		     const struct wanted *current)
{
	return subject_is_same(subject, current, saved->ours) ||
	       (saved->earlier && subject_is_same(subject, current, saved->earlier));
}

const struct saved *subject_find_parent(const struct subject *subject)
{
	const struct ledger_entry *entry = subject_find(subject);
	char leader[32];
	int length;

	if (!subject->ops->names || !entry || entry->n_saved == 0)
		return NULL;
	length = snprintf(leader, sizeof(leader), "%d@", subject->id->process.pid);
	for (size_t i = 0; i < entry->n_saved; i++) {
		if (strncmp(entry->saved[i].name, leader, (size_t)length) == 0)
			return &entry->saved[i];
	}
	return &entry->saved[0];
}

/* One that others have or had of us.  Those of a process are mostly all alike, and
 * each is compared once. */
static bool is_born(const struct subject *subject, const struct wanted *current)
{
	const struct ledger_entry *entry = subject_find(subject);
	const char *seen = "";

	if (!subject->ops->names || !entry)
		return false;
	for (size_t i = 0; i < 2 * entry->n_saved; i++) {
		const struct saved *saved = &entry->saved[i / 2];
		const char *value = i % 2 ? saved->earlier : saved->ours;

		if (!value || strcmp(value, seen) == 0)
			continue;
		if (subject_is_same(subject, current, value))
			return true;
		seen = value;
	}
	return false;
}

enum standing subject_judge(const struct subject *subject, const struct wanted *current)
{
	const struct saved *saved = ledger_find_saved(subject_find(subject), current->name);

	if (!saved)
		return is_born(subject, current) ? STANDING_BORN : STANDING_NEW;
	if (subject_is_ours(subject, saved, current))
		return STANDING_OURS;
	if (!saved->is_made && subject_is_same(subject, current, saved->before))
		return STANDING_PENDING;
	return STANDING_FOREIGN;
}

int wanted_compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return strcmp(x->name, y->name);
}

const struct wanted *wanted_find(const struct wanted *wanted, size_t n, const char *name)
{
	const struct wanted key = { .name = (char *)name };

	return n == 0 ? NULL : bsearch(&key, wanted, n, sizeof(key), wanted_compare);
}

void wanted_free(struct wanted *wanted, size_t n)
{
	for (size_t i = 0; wanted && i < n; i++) {
		free(wanted[i].name);
		free(wanted[i].value);
	}
	free(wanted);
}

void wanted_list_done(struct wanted_list *list)
{
	wanted_free(list->list, list->n);
	*list = (struct wanted_list){ 0 };
}
