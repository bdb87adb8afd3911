// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing is forgotten before all is put back, so that an undo which is killed can
 * be done again, or an apply in its place: what was put back already is as before,
 * and the ledger knows that it was us.  Before anything is put back, threads that
 * were born with our value since the last apply are recorded.
 */
#include "daemon/act/setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/subject.h"

/* Threads that are born while we go through them; each round but the last found
 * some.  A process that outruns this is brought up to date the next time. */
#define ROUNDS	8

/* A change to be made: from (freed by us) to (the wanted's). */
struct change {
	const char *name;
	char *before;		/* to be recorded */
	char *current;		/* is ours, and stays so until confirmed; NULL: is not */
	const char *value;
	bool is_set;		/* already; only to be recorded */
};

struct changes {
	struct change *list;
	size_t n;
};

static void changes_done(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->list[i].before);
		free(changes->list[i].current);
	}
	free(changes->list);
	*changes = (struct changes){ 0 };
}

DEFINE_CLEANUP_EMBEDDED(struct changes, changes_done);

/* ---- recording ------------------------------------------------------------ */

/* Of one that changes from a value of ours to another both are recorded, in that
 * order: whichever is found is ours. */
static int record(const struct subject *subject, const struct changes *changes)
{
	_cleanup_(free) struct saved *saved = calloc(2 * changes->n + 1, sizeof(*saved));
	size_t n = 0;

	if (!saved)
		return -ENOMEM;
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->list[i];
		struct saved one = { .name = (char *)change->name, .before = change->before };

		one.ours = change->current;
		if (one.ours)
			saved[n++] = one;
		one.ours = (char *)change->value;
		saved[n++] = one;
	}
	return ledger_save(subject->context->ledger, subject->ops->action, subject->id, saved, n);
}

static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

static int find_before(const struct subject *subject, const struct wanted *current,
		       char **ret_before)
{
	if (!subject->ops->record)
		return copy_text(current->value, ret_before);
	return subject->ops->record(subject->context, subject->id, current, ret_before);
}

/* ---- applying ------------------------------------------------------------- */

/* Fills what differs by where the setting stands.  1: a change, 0: none. */
static int plan_change(const struct subject *subject, const struct wanted *wanted,
		       const struct wanted *current, struct change *change)
{
	const struct saved *saved = ledger_find_saved(subject_find(subject), wanted->name);
	const struct saved *parent;
	int r = 0;

	switch (subject_judge(subject, current)) {
	case STANDING_NEW:
		r = find_before(subject, current, &change->before);
		/* not current: a thread may be there by its cpuset alone */
		change->is_set = r == 0 && strcmp(change->before, wanted->value) == 0;
		break;
	case STANDING_BORN:
		parent = subject_find_parent(subject);
		change->is_set = subject_is_same(subject, current, wanted->value);
		r = copy_text(parent->before, &change->before);
		if (r == 0)
			r = copy_text(current->value, &change->current);
		break;
	case STANDING_OURS:
		if (strcmp(saved->ours, wanted->value) == 0 &&
		    subject_is_same(subject, current, wanted->value))
			return 0;
		r = copy_text(saved->before, &change->before);
		if (r == 0)
			r = copy_text(current->value, &change->current);
		break;
	case STANDING_PENDING:
		r = copy_text(saved->before, &change->before);
		break;
	case STANDING_FOREIGN:
		return 0;
	}
	return r < 0 ? r : 1;
}

/* What an apply came upon. */
struct findings {
	bool foreign;
	bool waiting;		/* asked for, not there yet */
};

/* 1, 0, negative errno. */
static int look_at(const struct subject *subject, const struct wanted *wanted,
		   struct changes *changes, struct findings *findings)
{
	struct change *change = &changes->list[changes->n];
	_cleanup_(free) char *text = NULL;
	struct wanted current = { .name = wanted->name };
	int r;

	r = subject_read(subject, wanted->name, &text);
	if (r != ACT_DONE)
		return r == ACT_GONE ? 0 : r;
	current.value = text;
	findings->foreign |= subject_judge(subject, &current) == STANDING_FOREIGN;
	*change = (struct change){ .name = wanted->name, .value = wanted->value };
	r = plan_change(subject, wanted, &current, change);
	/* what is half filled is freed with the rest */
	changes->n += r != 0;
	return r;
}

static int make(const struct subject *subject, const struct changes *changes,
		struct findings *findings)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->list[i];
		int r;

		if (change->is_set)
			continue;
		r = subject_write(subject, change->name, change->value);
		if (r < 0)
			return r;
		findings->waiting |= r == ACT_NOOP;
	}
	return 0;
}

/* ---- putting back --------------------------------------------------------- */

/* ACT_DONE, ACT_NOOP: is so already, ACT_GONE, ACT_FOREIGN, negative errno. */
static int put_back(const struct subject *subject, const struct saved *saved)
{
	struct wanted current = { .name = saved->name };
	_cleanup_(free) char *text = NULL;
	int r, done = ACT_NOOP;

	r = subject_read(subject, saved->name, &text);
	if (r != ACT_DONE)
		return r;
	current.value = text;
	if (strcmp(text, saved->before) != 0 && subject_is_ours(subject, saved, &current)) {
		done = subject_write(subject, saved->name, saved->before);
		if (done != ACT_DONE)
			return done;
	} else if (!subject_is_same(subject, &current, saved->before)) {
		return ACT_FOREIGN;
	}
	if (subject->ops->forget)
		r = subject->ops->forget(subject->context, subject->id, saved->name);
	return r < 0 ? r : done;
}

/* What is saved and no longer wanted: a thread that ended, or a setting that the
 * policy has dropped. */
static int drop_unwanted(const struct subject *subject, const struct wanted_list *wanted)
{
	const struct ledger_entry *entry = subject_find(subject);
	int r = 0;

	for (size_t i = entry ? entry->n_saved : 0; i-- > 0 && r >= 0;) {
		const struct saved *saved = &entry->saved[i];

		if (wanted_find(wanted->list, wanted->n, saved->name))
			continue;
		r = put_back(subject, saved);
		if (r >= 0)
			r = ledger_forget(subject->context->ledger, subject->ops->action,
					  subject->id, saved->name);
	}
	return r;
}

/* ACT_DONE: something was changed or recorded, ACT_NOOP, ACT_GONE. */
static int apply_round(const struct subject *subject, const struct plan_item *item,
		       struct findings *findings)
{
	_cleanup_(wanted_list_done) struct wanted_list wanted = { 0 };
	_cleanup_(changes_done) struct changes changes = { 0 };
	int r;

	r = subject->ops->find(subject->context, item, &wanted.list, &wanted.n);
	if (r != 0)
		return r;
	qsort(wanted.list, wanted.n, sizeof(*wanted.list), wanted_compare);
	changes.list = calloc(wanted.n + 1, sizeof(*changes.list));
	if (!changes.list)
		return -ENOMEM;
	for (size_t i = 0; i < wanted.n && r >= 0; i++)
		r = look_at(subject, &wanted.list[i], &changes, findings);
	if (r >= 0)
		r = record(subject, &changes);
	if (r >= 0)
		r = make(subject, &changes, findings);
	if (r >= 0)
		r = drop_unwanted(subject, &wanted);
	if (r < 0)
		return r;
	return changes.n > 0 ? ACT_DONE : ACT_NOOP;
}

static int apply_rounds(const struct subject *subject, const struct plan_item *item)
{
	struct findings findings = { 0 };
	const int rounds = subject->ops->names ? ROUNDS : 1;
	bool done = false;
	int r = ACT_DONE;

	for (int i = 0; r == ACT_DONE && !findings.waiting && i < rounds; i++) {
		findings.foreign = false;
		r = apply_round(subject, item, &findings);
		done |= r == ACT_DONE;
	}
	if (r < 0 || r == ACT_GONE)
		return r;
	/* while threads are born, an earlier value may still be about */
	if (rounds == 1 ? !findings.waiting : r == ACT_NOOP)
		(void)ledger_confirm(subject->context->ledger, subject->ops->action, subject->id);
	if (findings.foreign)
		return ACT_FOREIGN;
	return done ? ACT_DONE : ACT_NOOP;
}

int setting_apply(struct act_context *context, const struct setting_ops *ops,
		  const struct plan_item *item)
{
	const struct subject subject = { context, ops, &item->id };
	const struct ledger_entry *entry = subject_find(&subject);
	bool is_first = !entry || entry->n_saved == 0;
	int r = apply_rounds(&subject, item);

	if (r < 0 && is_first) {
		char why[ACT_WHY];

		memcpy(why, context->why, sizeof(why));
		(void)setting_undo(context, ops, &item->id);
		memcpy(context->why, why, sizeof(why));
	}
	return r;
}

/* ---- undoing -------------------------------------------------------------- */

/* 1: the thread has our value from birth; *change is to be recorded. */
static int look_at_born(const struct subject *subject, const struct wanted *thread,
			struct change *change)
{
	_cleanup_(free) char *text = NULL;
	struct wanted current = { .name = thread->name };
	int r;

	if (ledger_find_saved(subject_find(subject), thread->name))
		return 0;
	r = subject_read(subject, thread->name, &text);
	if (r != ACT_DONE)
		return r < 0 ? r : 0;
	current.value = text;
	if (subject_judge(subject, &current) != STANDING_BORN)
		return 0;
	r = copy_text(subject_find_parent(subject)->before, &change->before);
	if (r < 0)
		return r;
	change->current = take_ptr(text);
	change->name = thread->name;
	change->value = change->current;
	return 1;
}

/* How many there are, or negative errno. */
static int record_born(const struct subject *subject)
{
	_cleanup_(wanted_list_done) struct wanted_list names = { 0 };
	_cleanup_(changes_done) struct changes changes = { 0 };
	int r;

	if (!subject->ops->names)
		return 0;
	r = subject->ops->names(subject->context, subject->id, &names.list, &names.n);
	if (r != 0)
		return r == ACT_GONE ? 0 : r;
	changes.list = calloc(names.n + 1, sizeof(*changes.list));
	if (!changes.list)
		return -ENOMEM;
	for (size_t i = 0; i < names.n; i++) {
		r = look_at_born(subject, &names.list[i], &changes.list[changes.n]);
		if (r < 0)
			return r;
		changes.n += r == 1;
	}
	r = record(subject, &changes);
	return r < 0 ? r : (int)changes.n;
}

/* How the settings of a target went, from the mildest: the last one counts. */
struct tally {
	unsigned int noop, gone, done, foreign;
	int error;		/* the first */
};

static void count(struct tally *tally, int r)
{
	tally->noop += r == ACT_NOOP;
	tally->gone += r == ACT_GONE;
	tally->done += r == ACT_DONE;
	tally->foreign += r == ACT_FOREIGN;
	if (r < 0 && tally->error == 0)
		tally->error = r;
}

static int sum_up(const struct tally *tally)
{
	if (tally->error)
		return tally->error;
	if (tally->foreign)
		return ACT_FOREIGN;
	if (tally->done)
		return ACT_DONE;
	return tally->gone && !tally->noop ? ACT_GONE : ACT_NOOP;
}

static void put_back_all(const struct subject *subject, struct tally *tally)
{
	const struct ledger_entry *entry = subject_find(subject);

	/* the last first: what was set later may rest on what was set before */
	for (size_t i = entry->n_saved; i-- > 0;)
		count(tally, put_back(subject, &entry->saved[i]));
}

int setting_undo(struct act_context *context, const struct setting_ops *ops,
		 const struct target_id *id)
{
	const struct subject subject = { context, ops, id };
	struct tally first = { 0 };
	int r = 0;

	if (!subject_find(&subject))
		return ACT_NOOP;
	(void)ledger_retract(context->ledger, ops->action, id);
	for (int i = 0; i < ROUNDS; i++) {
		struct tally again = { 0 };

		r = record_born(&subject);
		if (i > 0 && r <= 0)
			break;
		put_back_all(&subject, i == 0 ? &first : &again);
		if (again.error)
			count(&first, again.error);
	}
	if (r < 0 && first.error == 0)
		first.error = r;
	if (first.error == 0)
		(void)ledger_erase(context->ledger, ops->action, id);
	return sum_up(&first);
}
