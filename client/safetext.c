// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/safetext.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "daemon/base/cleanup.h"

/* One character in the locale's encoding: its length in bytes, and its columns,
 * 0 when it must not be shown as it is. */
static size_t measure(const char *text, size_t len, unsigned int *ret_columns)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	int columns;
	size_t n;

	/* Most of all text, in each locale the same, and far cheaper. */
	*ret_columns = *text >= ' ' && *text <= '~';
	if (*ret_columns > 0)
		return 1;
	n = mbrtowc(&wide, text, len, &state);
	if (n == 0 || n > len)	/* (size_t)-1 and -2 among them: not a character */
		return 1;
	columns = iswprint((wint_t)wide) ? wcwidth(wide) : 0;
	*ret_columns = columns > 0 ? (unsigned int)columns : 0;
	return n;
}

#define ESCAPE_MAX	4	/* "\xHH" */

/* Returns what is behind it. */
static char *escape_byte(char *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	*out++ = '\\';
	switch (byte) {
	case '\n':
		*out++ = 'n';
		return out;
	case '\t':
		*out++ = 't';
		return out;
	default:
		*out++ = 'x';
		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 0xf];
		return out;
	}
}

char *safetext_escape(const char *text)
{
	size_t len = strlen(text), i;
	char *escaped = malloc(ESCAPE_MAX * len + 1), *out = escaped;

	if (!escaped)
		return NULL;
	while (len > 0) {
		unsigned int columns;
		size_t n = measure(text, len, &columns);

		if (columns > 0)
			out = mempcpy(out, text, n);
		for (i = 0; columns == 0 && i < n; i++)
			out = escape_byte(out, (unsigned char)text[i]);
		text += n;
		len -= n;
	}
	*out = '\0';
	return escaped;
}

size_t safetext_width(const char *escaped)
{
	size_t len = strlen(escaped), width = 0;

	while (len > 0) {
		unsigned int columns;
		size_t n = measure(escaped, len, &columns);

		width += columns;
		escaped += n;
		len -= n;
	}
	return width;
}

size_t safetext_fit(const char *escaped, size_t columns)
{
	size_t len = strlen(escaped), at = 0, width = 0;

	while (at < len) {
		unsigned int more;
		size_t n = measure(escaped + at, len - at, &more);

		if (width + more > columns)
			break;
		width += more;
		at += n;
	}
	return at;
}

/* How long a character the first byte promises; 0: no character begins so. */
static size_t utf8_promise(unsigned char byte)
{
	if (byte < 0x80)
		return 1;
	if (byte >= 0xc2 && byte < 0xe0)
		return 2;
	if (byte >= 0xe0 && byte < 0xf0)
		return 3;
	if (byte >= 0xf0 && byte < 0xf5)
		return 4;
	return 0;
}

/* Length of the valid character at the text's beginning, by RFC 3629: not
 * overlong, no surrogate, not above U+10FFFF; 0: there is none. */
static size_t utf8_length(const unsigned char *text, size_t len)
{
	size_t n = utf8_promise(text[0]), i;

	if (n == 0 || n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

char *safetext_utf8(const char *text, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *in = (const unsigned char *)text;
	char *utf8 = malloc(len * (sizeof(replacement) - 1) + 1), *out = utf8;
	size_t at = 0;

	if (!utf8)
		return NULL;
	while (at < len) {
		size_t n = utf8_length(in + at, len - at);

		if (n > 0)
			out = mempcpy(out, in + at, n);
		else
			out = mempcpy(out, replacement, sizeof(replacement) - 1);
		at += n > 0 ? n : 1;
	}
	*out = '\0';
	return utf8;
}

void safetext_format_bytes(uint64_t bytes, char text[SAFETEXT_BYTES_MAX])
{
	static const char units[] = "BKMGTPE";
	uint64_t unit = 1;
	unsigned int power = 0;

	/* 1023.95 and above would be printed as 1024.0 */
	while (power + 2 < sizeof(units) && (double)bytes / (double)unit >= 1023.95) {
		unit <<= 10;
		power++;
	}
	if (bytes == 0)
		strcpy(text, "0");
	else if (power == 0)
		snprintf(text, SAFETEXT_BYTES_MAX, "%" PRIu64 "B", bytes);
	else
		snprintf(text, SAFETEXT_BYTES_MAX, "%.1f%c", (double)bytes / (double)unit,
			 units[power]);
}
