// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#include "client/timespan.h"

static void expect_usec(const char *text, uint64_t expected)
{
	uint64_t usec = 0;

	assert_int_equal(timespan_parse(text, &usec), 0);
	assert_int_equal(usec, expected);
}

static void expect_refused(const char *text, int error)
{
	uint64_t usec = 77;

	assert_int_equal(timespan_parse(text, &usec), error);
	assert_int_equal(usec, 77);
}

static void test_parse_reads_systemds_spans(void **state)
{
	(void)state;
	expect_usec("90", 90000000);
	expect_usec("10min", 600000000);
	expect_usec("10m", 600000000);
	expect_usec("1h 30min", 5400000000);
	expect_usec("1h30min", 5400000000);
	expect_usec(" 2 days 1 s ", 172801000000);
	expect_usec("250ms", 250000);
	expect_usec("7us", 7);
	expect_usec("1w", 604800000000);
	expect_usec("0", 0);
}

static void test_parse_refuses_the_rest(void **state)
{
	static const char *const bad[] = {
		"",    " ",    "min", "10x",  "10 fortnights", "-5s",
		"+5s", "1.5h", "5s,", "1h x", "0x10",	       "5 s s",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], -EINVAL);
}

static void test_parse_refuses_what_does_not_fit(void **state)
{
	(void)state;
	expect_usec("18446744073709551615us", UINT64_MAX);
	expect_refused("18446744073709551616us", -ERANGE);
	expect_refused("18446744073709551615ms", -ERANGE);
	expect_refused("18446744073709551615us 1us", -ERANGE);
	expect_refused("99999999999999999999999d", -ERANGE);
}

static void expect_text(uint64_t usec, const char *expected)
{
	char text[32];

	timespan_format(usec, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void test_format_shows_two_units(void **state)
{
	(void)state;
	expect_text(0, "0s");
	expect_text(999999, "0s");
	expect_text(1000000, "1s");
	expect_text(60000000, "1min");
	expect_text(185000000, "3min 5s");
	expect_text(3600000000, "1h");
	expect_text(3601000000, "1h");
	expect_text(273600000000, "3d 4h");
	expect_text(UINT64_MAX, "213503982d 8h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_reads_systemds_spans),
		cmocka_unit_test(test_parse_refuses_the_rest),
		cmocka_unit_test(test_parse_refuses_what_does_not_fit),
		cmocka_unit_test(test_format_shows_two_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
