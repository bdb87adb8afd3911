// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our limits against the inih that we are linked to: what line_judge() lets
 * through must reach the handler whole, and what it refuses would not.  A build
 * of inih with more room makes the second part needless, not wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "daemon/policy/line.h"

/* What inih made of a text. */
struct seen {
	unsigned int values;
	char section[256];
	char name[256];
	char value[1024];	/* the last one */
};

static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct seen *seen = user;

	seen->values++;
	snprintf(seen->section, sizeof(seen->section), "%s", section);
	snprintf(seen->name, sizeof(seen->name), "%s", name);
	snprintf(seen->value, sizeof(seen->value), "%s", value);
	return 1;
}

static int feed(const char *text, struct seen *ret_seen)
{
	*ret_seen = (struct seen){ 0 };
	return ini_parse_string(text, on_value, ret_seen);
}

static enum line_kind judge(const char *line, const char **ret_why)
{
	char section[LINE_MAX_SECTION + 1];

	return line_judge(line, strlen(line), section, ret_why);
}

/* "Key=aaa...", of that many characters. */
static void write_line(char *line, size_t length)
{
	memset(line, 'a', length);
	memcpy(line, "Key=", 4);
	line[length] = '\0';
}

static void test_longest_line_comes_whole(void **state)
{
	char line[LINE_MAX_CHARS + 2], text[LINE_MAX_CHARS + 16];
	struct seen seen;
	const char *why;

	(void)state;
	write_line(line, LINE_MAX_CHARS);
	assert_int_equal(judge(line, &why), LINE_KEY);
	snprintf(text, sizeof(text), "[s]\r\n%s\r\n", line);
	assert_int_equal(feed(text, &seen), 0);
	assert_int_equal(seen.values, 1);
	assert_string_equal(seen.value, line + 4);
	write_line(line, LINE_MAX_CHARS + 1);
	assert_int_equal(judge(line, &why), LINE_BAD);
}

/* The end of a value becomes a key of its own.  inih promises 197 characters
 * (ini.h: INI_MAX_LINE is "3 more than the longest line") and cuts behind 199. */
static void test_longer_lines_are_cut_by_inih(void **state)
{
	char line[256], text[512];
	struct seen seen;

	(void)state;
	write_line(line, 199);
	strcat(line, "x=y");
	snprintf(text, sizeof(text), "[s]\n%s\n", line);
	assert_int_equal(feed(text, &seen), 0);
	if (seen.values == 1 && strcmp(seen.value, line + 4) == 0) {
		print_message("this build of inih has room for longer lines\n");
		skip();
	}
	assert_int_equal(seen.values, 2);
	assert_string_equal(seen.name, "x");
	assert_string_equal(seen.value, "y");
}

static void test_longest_section_comes_whole(void **state)
{
	char name[LINE_MAX_SECTION + 2] = "", text[128], section[LINE_MAX_SECTION + 1];
	struct seen seen;
	const char *why;

	(void)state;
	memset(name, 's', LINE_MAX_SECTION);
	snprintf(text, sizeof(text), "[%s]", name);
	assert_int_equal(line_judge(text, strlen(text), section, &why), LINE_SECTION);
	assert_string_equal(section, name);
	snprintf(text, sizeof(text), "[%s]\na=b\n", name);
	assert_int_equal(feed(text, &seen), 0);
	assert_string_equal(seen.section, name);
	name[LINE_MAX_SECTION] = 's';
	snprintf(text, sizeof(text), "[%s]", name);
	assert_int_equal(judge(text, &why), LINE_BAD_SECTION);
	snprintf(text, sizeof(text), "[%s]\na=b\n", name);
	assert_int_equal(feed(text, &seen), 0);
	assert_int_not_equal(strlen(seen.section), strlen(name));
}

/* What inih makes of a text without a word, and what we say to the line. */
static const struct {
	const char *text;
	const char *section, *name, *value;
	const char *line, *why;
} surprises[] = {
	{ "[s]\nk=a\n b\n", "s", "k", "b", " b",
	  "line begins with white space; values do not continue on a next line" },
	{ "[]\nk=a\n", "", "k", "a", "[]", "empty section name" },
	{ "[s] x=y\nk=a\n", "s", "k", "a", "[s] x=y", "text behind the section's \"]\"" },
	{ "[s]\nk: a=b\n", "s", "k", "a=b", "k: a=b", "neither a [section] nor Key=value" },
	{ "[s]\nk=a\rb\n", "s", "k", "a\rb", "k=a\rb", "control character" },
	{ "\xef\xbb\xbf[s]\nk=a\n", "s", "k", "a", "\xef\xbb\xbf[s]",
	  "line begins with a byte order mark; save the file as plain UTF-8" },
};

static void test_what_inih_takes_silently(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(surprises) / sizeof(surprises[0]); i++) {
		struct seen seen;
		const char *why = "";

		assert_int_equal(feed(surprises[i].text, &seen), 0);
		assert_string_equal(seen.section, surprises[i].section);
		assert_string_equal(seen.name, surprises[i].name);
		assert_string_equal(seen.value, surprises[i].value);
		assert_true(judge(surprises[i].line, &why) >= LINE_BAD);
		assert_string_equal(why, surprises[i].why);
	}
}

/* Duplicates reach us one by one, so that we can refuse them. */
static void test_duplicates_come_apart(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(feed("[s]\nk=a\nk=b\n[t]\n[s]\nk=c\n", &seen), 0);
	assert_int_equal(seen.values, 3);
	assert_string_equal(seen.value, "c");
}

static void test_comments(void **state)
{
	char line[1024];
	const char *why;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[0] = '#';
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(judge(line, &why), LINE_EMPTY);
	assert_int_equal(judge("\t ; x", &why), LINE_EMPTY);
	assert_int_equal(judge("\r", &why), LINE_EMPTY);
	assert_int_equal(judge("; \033[2J", &why), LINE_BAD);
	assert_int_equal(judge("k=a ; [b", &why), LINE_KEY);
	assert_int_equal(judge("[s]\t; c", &why), LINE_SECTION);
	assert_int_equal(judge(" [s]", &why), LINE_BAD_SECTION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest_line_comes_whole),
		cmocka_unit_test(test_longer_lines_are_cut_by_inih),
		cmocka_unit_test(test_longest_section_comes_whole),
		cmocka_unit_test(test_what_inih_takes_silently),
		cmocka_unit_test(test_duplicates_come_apart),
		cmocka_unit_test(test_comments),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
