// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/sentence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"

#define ESCAPE_CHARS	4	/* of one byte at most: "\xHH" */

static int escape(const char *raw, char **ret_text)
{
	size_t size = ESCAPE_CHARS * strlen(raw) + 1;

	*ret_text = malloc(size);
	if (!*ret_text)
		return -ENOMEM;
	text_escape(raw, *ret_text, size);
	return 0;
}

int sentence_format(char **ret_text, const char *format, ...)
{
	_cleanup_(free) char *raw = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&raw, format, args);
	va_end(args);
	if (n < 0) {
		raw = NULL;
		return -ENOMEM;
	}
	return escape(raw, ret_text);
}

int sentence_format_part(char **ret_text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(ret_text, format, args);
	va_end(args);
	if (n >= 0)
		return 0;
	*ret_text = NULL;
	return -ENOMEM;
}

void sentence_format_bytes(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (unit < 4 && bytes >= 1024) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, size, "%" PRIu64 " %s", bytes, units[unit]);
}
