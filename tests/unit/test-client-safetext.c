// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/safetext.h"
#include "daemon/base/cleanup.h"

static void expect_escaped(const char *text, const char *expected)
{
	_cleanup_(free) char *escaped = safetext_escape(text);

	assert_string_equal(escaped, expected);
}

static void test_escape_disarms_terminals(void **state)
{
	(void)state;
	expect_escaped("train", "train");
	expect_escaped("", "");
	expect_escaped("\033[2J", "\\x1b[2J");
	expect_escaped("a\nb\tc\r", "a\\nb\\tc\\x0d");
	expect_escaped("\x9b""2J\x7f", "\\x9b2J\\x7f");
	expect_escaped("dev-disk-by\\x2duuid", "dev-disk-by\\x2duuid");
}

static void test_escape_follows_the_locale(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	expect_escaped("träin", "träin");
	expect_escaped("tr\xe4in", "tr\\xe4in");		/* Latin-1 is not UTF-8 */
	expect_escaped("\xe2\x80\xae", "\\xe2\\x80\\xae"); /* right-to-left override */
	expect_escaped("\xc2\x9b", "\\xc2\\x9b");		/* CSI of one character */
	expect_escaped("\xe2\x82", "\\xe2\\x82");		/* cut short */
	setlocale(LC_CTYPE, "C");
	expect_escaped("tr\xc3\xa4in", "tr\\xc3\\xa4in");
}

static void test_width_counts_columns(void **state)
{
	(void)state;
	assert_int_equal(safetext_width("abc"), 3);
	assert_int_equal(safetext_width(""), 0);
	assert_int_equal(safetext_fit("abc", 2), 2);
	assert_int_equal(safetext_fit("abc", 9), 3);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(safetext_width("äöü"), 3);
	assert_int_equal(safetext_width("日本"), 4);
	assert_int_equal(safetext_fit("日本", 3), 3);	/* no half of a wide one */
	setlocale(LC_CTYPE, "C");
}

static void expect_utf8(const char *text, const char *expected)
{
	_cleanup_(free) char *utf8 = safetext_utf8(text, strlen(text));

	assert_string_equal(utf8, expected);
}

#define BAD "\xef\xbf\xbd"

static void test_utf8_replaces_what_is_broken(void **state)
{
	(void)state;
	expect_utf8("plain \x01 ä 日 \xf0\x9f\x98\x80",
		    "plain \x01 ä 日 \xf0\x9f\x98\x80");
	expect_utf8("\xff", BAD);
	expect_utf8("a\xe4z", "a" BAD "z");
	expect_utf8("\xe2\x82", BAD BAD);		/* cut short */
	expect_utf8("\xc0\x80", BAD BAD);		/* overlong NUL */
	expect_utf8("\xe0\x80\x80", BAD BAD BAD);
	expect_utf8("\xed\xa0\x80", BAD BAD BAD);	/* surrogate */
	expect_utf8("\xf4\x90\x80\x80", BAD BAD BAD BAD);
	expect_utf8("\xf5\x80\x80\x80", BAD BAD BAD BAD);
}

/* Whatever goes in, what comes out is valid, which is what going in again
 * unchanged means. */
static void test_utf8_of_random_bytes_is_valid(void **state)
{
	unsigned int seed = (unsigned int)time(NULL), round;
	char text[64];
	size_t i;

	(void)state;
	print_message("# seed %u\n", seed);
	srand(seed);
	for (round = 0; round < 20000; round++) {
		_cleanup_(free) char *once = NULL, *escaped = NULL;

		for (i = 0; i + 1 < sizeof(text); i++)
			text[i] = (char)(1 + rand() % 255);
		text[i] = '\0';
		once = safetext_utf8(text, i);
		expect_utf8(once, once);
		escaped = safetext_escape(text);
		for (i = 0; escaped[i]; i++)
			assert_true(escaped[i] >= ' ' && escaped[i] != 0x7f);
	}
}

static void expect_bytes(uint64_t bytes, const char *expected)
{
	char text[SAFETEXT_BYTES_MAX];

	safetext_format_bytes(bytes, text);
	assert_string_equal(text, expected);
}

static void test_bytes_have_one_decimal(void **state)
{
	(void)state;
	expect_bytes(0, "0");
	expect_bytes(512, "512B");
	expect_bytes(1023, "1023B");
	expect_bytes(1024, "1.0K");
	expect_bytes(1536, "1.5K");
	expect_bytes(1048575, "1.0M");	/* not 1024.0K */
	expect_bytes(16777216, "16.0M");
	expect_bytes(1ULL << 40, "1.0T");
	expect_bytes(UINT64_MAX, "16.0E");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape_disarms_terminals),
		cmocka_unit_test(test_escape_follows_the_locale),
		cmocka_unit_test(test_width_counts_columns),
		cmocka_unit_test(test_utf8_replaces_what_is_broken),
		cmocka_unit_test(test_utf8_of_random_bytes_is_valid),
		cmocka_unit_test(test_bytes_have_one_decimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
