// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/glob.h"

static const struct {
	const char *pattern, *text;
	bool match;
} cases[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "/dev/kfd", "/dev/kfd", true },
	{ "/dev/kfd", "/dev/kf", false },
	{ "/dev/kfd", "/dev/kfd0", false },
	{ "/dev/accel/accel*", "/dev/accel/accel0", true },
	{ "/dev/accel/accel*", "/dev/accel/accel", true },
	{ "/dev/accel/accel*", "/dev/accel/accel0/x", false },
	{ "/dev/*", "/dev/vfio/1", false },
	{ "/dev/*/*", "/dev/vfio/1", true },
	{ "/dev/vfio/**", "/dev/vfio/devices/vfio0", true },
	{ "/dev/vfio/**", "/dev/vfio/", true },
	{ "/dev/vfio/**", "/dev/vfio", false },
	{ "**", "", true },
	{ "**/x", "a/b/x", true },
	{ "**/x", "x", false },
	{ "/a/**/z*9", "/a/b/c/zz/z19", true },
	{ "/a/**/z*9", "/a/b/c/zz/z1/9", false },
	{ "**a*b", "xa/ayb", true },
	{ "*a**b*", "ca/b/c", false },
	{ "*a**b*", "ca/bb", true },
	{ "*.service", "a.service.service", true },
	{ "*/b", "a/a/b", false },
	{ "a?c", "abc", true },
	{ "a?c", "a/c", false },
	{ "a?", "a", false },
	{ "/dev/hl[0-9]*", "/dev/hl0", true },
	{ "/dev/hl[0-9]*", "/dev/hl_controlD0", false },
	{ "[!a-c]", "d", true },
	{ "[!a-c]", "b", false },
	{ "[^a]", "a", false },
	{ "[!a]", "/", false },
	{ "[a/]", "/", false },
	{ "[]a]", "]", true },
	{ "[a-]", "-", true },
	{ "[a", "[a", true },
	{ "[!", "[!", true },
	{ "\\*", "*", true },
	{ "\\*", "x", false },
	{ "a\\", "a\\", true },
	{ "[\x80-\xff]", "\xe4", true },
};

static void test_cases(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (glob_match(cases[i].pattern, cases[i].text) != cases[i].match)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
}

static void test_literal_length(void **state)
{
	(void)state;
	assert_int_equal(glob_literal_length("/dev/kfd"), 8);
	assert_int_equal(glob_literal_length("/dev/hl[0-9]"), 7);
	assert_int_equal(glob_literal_length("**"), 0);
}

/* The plain definition; exponential, and obviously right. */
static bool matches(const char *p, const char *t)
{
	bool any;

	if (!*p)
		return !*t;
	if (*p != '*')
		return *t && (*p == '?' ? *t != '/' : *p == *t) && matches(p + 1, t + 1);
	any = p[1] == '*';
	p += 1 + any;
	for (;; t++) {
		if (matches(p, t))
			return true;
		if (!*t || (*t == '/' && !any))
			return false;
	}
}

static void fill(char *text, const char *letters, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		text[i] = letters[(size_t)rand() % strlen(letters)];
	text[len] = '\0';
}

static void test_agrees_with_the_definition(void **state)
{
	unsigned int seed = (unsigned int)time(NULL), i;
	char pattern[9], text[11];

	(void)state;
	print_message("# seed %u\n", seed);
	srand(seed);
	for (i = 0; i < 200000; i++) {
		fill(pattern, "**ab/?", (size_t)rand() % sizeof(pattern));
		fill(text, "aab/", (size_t)rand() % sizeof(text));
		if (strstr(pattern, "***"))
			continue;
		if (glob_match(pattern, text) != matches(pattern, text))
			fail_msg("\"%s\" on \"%s\"", pattern, text);
	}
}

/* Exponential matching would not come back from this one. */
static void test_many_stars_are_not_slow(void **state)
{
	char pattern[512] = "", text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < 60; i++)
		strcat(pattern, i % 2 ? "**a" : "*a");
	strcat(pattern, "b");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(glob_match(pattern, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_literal_length),
		cmocka_unit_test(test_agrees_with_the_definition),
		cmocka_unit_test(test_many_stars_are_not_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
