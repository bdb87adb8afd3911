// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/setback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"

DEFINE_CLEANUP_EMBEDDED(struct setback, setback_done);

static int compare(const struct setback *setback, const struct target_id *id,
		   enum action action)
{
	int order = target_id_compare(&setback->id, id);

	return order ? order : (int)setback->action - (int)action;
}

/* Where it is, or where it would be inserted. */
static size_t find_place(const struct setbacks *setbacks, const struct target_id *id,
			 enum action action)
{
	size_t low = 0, high = setbacks->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&setbacks->list[middle], id, action) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct setback *setbacks_find(const struct setbacks *setbacks,
				    const struct target_id *id, enum action action)
{
	size_t place = find_place(setbacks, id, action);

	if (place == setbacks->n || compare(&setbacks->list[place], id, action) != 0)
		return NULL;
	return &setbacks->list[place];
}

static int insert(struct setbacks *setbacks, size_t place, struct setback *setback)
{
	struct setback *list = reallocarray(setbacks->list, setbacks->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	setbacks->list = list;
	memmove(&list[place + 1], &list[place], (setbacks->n - place) * sizeof(*list));
	setbacks->n++;
	list[place] = *setback;
	*setback = (struct setback){ 0 };
	return 1;
}

int setbacks_add(struct setbacks *setbacks, const struct target_id *id, enum action action,
		 const char *reason, uint64_t until_usec)
{
	_cleanup_(setback_done) struct setback setback = {
		.action = action,
		.reason = strdup(reason),
		.until_usec = until_usec,
	};
	size_t place = find_place(setbacks, id, action);

	if (!setback.reason || target_id_copy(id, &setback.id) < 0)
		return -ENOMEM;
	if (place == setbacks->n || compare(&setbacks->list[place], id, action) != 0)
		return insert(setbacks, place, &setback);
	setback_done(&setbacks->list[place]);
	setbacks->list[place] = setback;
	setback = (struct setback){ 0 };
	return 0;
}

static void drop(struct setbacks *setbacks, size_t i)
{
	setback_done(&setbacks->list[i]);
	setbacks->n--;
	memmove(&setbacks->list[i], &setbacks->list[i + 1],
		(setbacks->n - i) * sizeof(*setbacks->list));
}

size_t setbacks_drop_target(struct setbacks *setbacks, const struct target_id *id)
{
	size_t before = setbacks->n;

	for (size_t i = setbacks->n; i-- > 0;) {
		if (target_id_compare(&setbacks->list[i].id, id) == 0)
			drop(setbacks, i);
	}
	return before - setbacks->n;
}

size_t setbacks_drop_action(struct setbacks *setbacks, enum action action)
{
	size_t before = setbacks->n;

	for (size_t i = setbacks->n; i-- > 0;) {
		if (setbacks->list[i].action == action)
			drop(setbacks, i);
	}
	return before - setbacks->n;
}

size_t setbacks_drop_passing(struct setbacks *setbacks, enum action action)
{
	size_t before = setbacks->n;

	for (size_t i = setbacks->n; i-- > 0;) {
		if (setbacks->list[i].action == action && setbacks->list[i].until_usec)
			drop(setbacks, i);
	}
	return before - setbacks->n;
}

size_t setbacks_drop_old(struct setbacks *setbacks, uint64_t now_usec)
{
	size_t before = setbacks->n;

	for (size_t i = setbacks->n; i-- > 0;) {
		if (setbacks->list[i].until_usec && setbacks->list[i].until_usec <= now_usec)
			drop(setbacks, i);
	}
	return before - setbacks->n;
}

uint64_t setbacks_next_usec(const struct setbacks *setbacks)
{
	uint64_t next = 0;

	for (size_t i = 0; i < setbacks->n; i++) {
		uint64_t until_usec = setbacks->list[i].until_usec;

		if (until_usec && (!next || until_usec < next))
			next = until_usec;
	}
	return next;
}

void setbacks_done(struct setbacks *setbacks)
{
	for (size_t i = 0; i < setbacks->n; i++)
		setback_done(&setbacks->list[i]);
	free(setbacks->list);
	*setbacks = (struct setbacks){ 0 };
}
