// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/callers.h"

#include <string.h>

bool callers_find(const struct callers *callers, const char *name, uid_t *ret_uid)
{
	for (size_t i = 0; i < CALLERS_MAX; i++) {
		const struct caller *caller = &callers->list[i];

		if (!caller->name[0] || strcmp(caller->name, name) != 0)
			continue;
		*ret_uid = caller->uid;
		return true;
	}
	return false;
}

void callers_add(struct callers *callers, const char *name, uid_t uid)
{
	struct caller *caller = &callers->list[callers->next];

	if (strlen(name) >= CALLERS_NAME_MAX)
		return;
	memset(caller->name, 0, CALLERS_NAME_MAX);
	memcpy(caller->name, name, strlen(name));
	caller->uid = uid;
	callers->next = (callers->next + 1) % CALLERS_MAX;
}

void callers_forget(struct callers *callers)
{
	*callers = (struct callers){ 0 };
}
