// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/quote.h"

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/utf8.h"

/* U+F780 to U+F7FF are "\xef\x9e\x80" to "\xef\x9f\xbf". */
#define QUOTED_LENGTH	3

/* The byte that the sequence at text stands for, 0: none. */
static unsigned char quoted_byte(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (p[0] != 0xef || (p[1] != 0x9e && p[1] != 0x9f) || (p[2] & 0xc0) != 0x80)
		return 0;
	return (unsigned char)((p[1] == 0x9f ? 0xc0 : 0x80) | (p[2] & 0x3f));
}

static void write_ascii(FILE *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		fprintf(out, "\\u%04x", c);
	else
		fputc(c, out);
}

void quote_write(FILE *out, const char *text)
{
	if (!text) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	while (*text) {
		size_t length = utf8_sequence_length(text);
		bool is_bytes = length == 0 || (length == QUOTED_LENGTH && quoted_byte(text));

		if (is_bytes)
			fprintf(out, "\\uf7%02x", (unsigned char)*text);
		else if (length == 1)
			write_ascii(out, (unsigned char)*text);
		else
			fwrite(text, 1, length, out);
		text += is_bytes ? 1 : length;
	}
	fputc('"', out);
}

void quote_undo(char *text)
{
	char *out = text;

	while (*text) {
		unsigned char byte = quoted_byte(text);

		*out++ = byte ? (char)byte : *text;
		text += byte ? QUOTED_LENGTH : 1;
	}
	*out = '\0';
}
