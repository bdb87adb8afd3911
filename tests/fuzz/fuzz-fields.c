/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First line: a key, or a pattern.  A value lies on the line of its key, a glob
 * that is its own text matches it, and what an operator reads is printable. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/glob.h"
#include "daemon/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_field(const char *key, const char *text)
{
	const char *value;
	uint64_t number;
	size_t len;

	value = fs_find_field(text, key, &len);
	if (!value) {
		if (fs_find_u64(text, key, &number) == 0)
			abort();
		return;
	}
	if (value < text || value + len > text + strlen(text) || memchr(value, '\n', len))
		abort();
}

static void check_glob(const char *pattern, const char *text)
{
	glob_match(pattern, text);
	if (pattern[glob_literal_length(pattern)] == '\0' && !glob_match(pattern, pattern))
		abort();
	if (!glob_match("**", text))
		abort();
}

static void check_escape(const char *text)
{
	char out[32];
	size_t i;

	text_escape(text, out, sizeof(out));
	for (i = 0; out[i]; i++)
		if (out[i] < 0x20 || out[i] > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* matching is polynomial, not free */
	_cleanup_(free) char *key = strndup((const char *)data, size < 512 ? size : 512);
	char *text;

	if (!key)
		return 0;
	text = strchr(key, '\n');
	if (text)
		*text++ = '\0';
	check_field(key, text ? text : "");
	check_glob(key, text ? text : "");
	check_escape(key);
	return 0;
}
