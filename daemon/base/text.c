// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_escape(const char *text, char *out, size_t size)
{
	char escape[sizeof("\\x00")];
	size_t len, used = 0;

	if (size == 0)
		return out;
	for (; *text; text++) {
		if (*text == '\\')
			len = (size_t)snprintf(escape, sizeof(escape), "\\\\");
		else if (*text >= 0x20 && *text < 0x7f)
			len = (size_t)snprintf(escape, sizeof(escape), "%c", *text);
		else
			len = (size_t)snprintf(escape, sizeof(escape), "\\x%02x",
					       (unsigned char)*text);
		if (used + len >= size)
			break;
		memcpy(out + used, escape, len);
		used += len;
	}
	out[used] = '\0';
	return out;
}

int text_replace(char **text, const char *by)
{
	char *copy = by ? strdup(by) : NULL;

	if (by && !copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}
