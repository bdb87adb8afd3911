// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not by snprintf(): each reason of each plan goes through here, each look. */
static size_t escape_byte(unsigned char byte, char escape[4])
{
	static const char digits[] = "0123456789abcdef";

	escape[0] = (char)byte;
	if (byte >= 0x20 && byte < 0x7f && byte != '\\')
		return 1;
	escape[0] = '\\';
	escape[1] = '\\';
	if (byte == '\\')
		return 2;
	escape[1] = 'x';
	escape[2] = digits[byte >> 4];
	escape[3] = digits[byte & 0xf];
	return 4;
}

char *text_escape(const char *text, char *out, size_t size)
{
	char escape[4];
	size_t len, used = 0;

	if (size == 0)
		return out;
	for (; *text; text++) {
		len = escape_byte((unsigned char)*text, escape);
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
