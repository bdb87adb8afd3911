// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/sentence.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"

#define ESCAPE_CHARS	4	/* of one byte at most: "\xHH" */

int sentence_format(char **ret_text, const char *format, ...)
{
	_cleanup_(free) char *raw = NULL;
	size_t size;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&raw, format, args);
	va_end(args);
	if (n < 0) {
		raw = NULL;
		return -ENOMEM;
	}
	size = ESCAPE_CHARS * (size_t)n + 1;
	*ret_text = malloc(size);
	if (!*ret_text)
		return -ENOMEM;
	text_escape(raw, *ret_text, size);
	return 0;
}
