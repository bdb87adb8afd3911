// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/callers.h"

#include <stdlib.h>
#include <string.h>

size_t callers_place(const char *name, size_t n)
{
	const char *dot = strrchr(name, '.');

	return dot ? strtoul(dot + 1, NULL, 10) % n : 0;
}

bool callers_find(const struct callers *callers, const char *name, uid_t *ret_uid)
{
	const struct caller_set *set = &callers->sets[callers_place(name, CALLERS_SETS)];

	for (size_t i = 0; i < CALLERS_WAYS; i++) {
		const struct caller *caller = &set->list[i];

		if (!caller->name[0] || strcmp(caller->name, name) != 0)
			continue;
		*ret_uid = caller->uid;
		return true;
	}
	return false;
}

void callers_add(struct callers *callers, const char *name, uid_t uid)
{
	struct caller_set *set = &callers->sets[callers_place(name, CALLERS_SETS)];
	struct caller *caller = &set->list[set->next];

	if (strlen(name) >= CALLERS_NAME_MAX)
		return;
	memset(caller->name, 0, CALLERS_NAME_MAX);
	memcpy(caller->name, name, strlen(name));
	caller->uid = uid;
	set->next = (set->next + 1) % CALLERS_WAYS;
}

void callers_forget(struct callers *callers)
{
	memset(callers, 0, sizeof(*callers));	/* too large for a copy on the stack */
}
