// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/text.h"

static void test_escapes_what_is_not_printable(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(text_escape("plain text ~", out, sizeof(out)), "plain text ~");
	assert_string_equal(text_escape("a\nb\x1b[2J\x7f", out, sizeof(out)),
			    "a\\x0ab\\x1b[2J\\x7f");
	assert_string_equal(text_escape("\xc3\xa4", out, sizeof(out)), "\\xc3\\xa4");
	assert_string_equal(text_escape("\\x0a", out, sizeof(out)), "\\\\x0a");
}

static void test_never_ends_in_half_an_escape(void **state)
{
	char out[8];

	(void)state;
	assert_string_equal(text_escape("abcd\n", out, sizeof(out)), "abcd");
	assert_string_equal(text_escape("abc\n", out, sizeof(out)), "abc\\x0a");
	assert_string_equal(text_escape("abcdefgh", out, sizeof(out)), "abcdefg");
	assert_string_equal(text_escape("x", out, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes_what_is_not_printable),
		cmocka_unit_test(test_never_ends_in_half_an_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
