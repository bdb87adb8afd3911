// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/line.h"

#include <stdbool.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Tab is white space, "\r" ends the lines of some editors; the rest would make
 * a terminal that shows the line lie about it. */
static bool has_control(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool is_line_end = line[i] == '\r' && i + 1 == length;

		if ((unsigned char)line[i] < ' ' && line[i] != '\t' && !is_line_end)
			return true;
	}
	return memchr(line, 0x7f, length) != NULL;
}

/* Behind "]" there may be white space, and a comment after white space. */
static bool is_end(const char *text, const char *end)
{
	bool was_blank = false;

	for (; text < end; text++) {
		if (!is_blank(*text))
			return *text == ';' && was_blank;
		was_blank = true;
	}
	return true;
}

static enum line_kind judge_section(const char *line, const char *end,
				    char section[LINE_MAX_SECTION + 1],
				    const char **ret_why)
{
	const char *name = line + 1;
	const char *close = memchr(name, ']', (size_t)(end - name));
	size_t length;

	if (!close) {
		*ret_why = "section without \"]\"";
		return LINE_BAD_SECTION;
	}
	length = (size_t)(close - name);
	if (length == 0)
		*ret_why = "empty section name";
	else if (length > LINE_MAX_SECTION)
		*ret_why = "section name of more than 49 characters";
	else if (memchr(name, ';', length))
		*ret_why = "\";\" in a section name";
	else if (!is_end(close + 1, end))
		*ret_why = "text behind the section's \"]\"";
	else {
		memcpy(section, name, length);
		section[length] = '\0';
		return LINE_SECTION;
	}
	return LINE_BAD_SECTION;
}

static enum line_kind judge_key(const char *line, const char *end, const char **ret_why)
{
	const char *equals = memchr(line, '=', (size_t)(end - line));

	/* inih would also split at ":", and take " ;" for a comment first. */
	if (!equals || equals == line ||
	    memchr(line, ':', (size_t)(equals - line)) ||
	    memchr(line, ';', (size_t)(equals - line))) {
		*ret_why = "neither a [section] nor Key=value";
		return LINE_BAD;
	}
	return LINE_KEY;
}

enum line_kind line_judge(const char *line, size_t length,
			  char section[LINE_MAX_SECTION + 1], const char **ret_why)
{
	const char *end = line + length;
	bool is_marked = length >= 3 && memcmp(line, byte_order_mark, 3) == 0;
	const char *text = line + (is_marked ? 3 : 0);

	while (text < end && is_blank(*text))
		text++;
	if (has_control(line, length))
		*ret_why = "control character";
	else if (!is_marked && (text == end || *text == ';' || *text == '#'))
		return LINE_EMPTY;
	else if (length > LINE_MAX_CHARS)
		*ret_why = "line of more than 197 characters; list keys may be repeated";
	else if (is_marked)
		*ret_why = "line begins with a byte order mark; save the file as plain UTF-8";
	else if (text > line)
		*ret_why = "line begins with white space; values do not continue on a next line";
	else if (*line == '[')
		return judge_section(line, end, section, ret_why);
	else
		return judge_key(line, end, ret_why);
	return text < end && *text == '[' ? LINE_BAD_SECTION : LINE_BAD;
}
