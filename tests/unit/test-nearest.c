// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/nearest.h"

static void test_counts_mistakes(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("list", "list"), 0);
	assert_int_equal(nearest_distance("LIST", "list"), 0);
	assert_int_equal(nearest_distance("lst", "list"), 1);
	assert_int_equal(nearest_distance("listt", "list"), 1);
	assert_int_equal(nearest_distance("lest", "list"), 1);
	assert_int_equal(nearest_distance("chekconfig", "check-config"), 2);
}

static void test_swapped_neighbours_are_one_mistake(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("ba", "ab"), 1);
	assert_int_equal(nearest_distance("lsit", "list"), 1);
	assert_int_equal(nearest_distance("Deamon", "Daemon"), 1);
}

static void test_a_third_of_the_name_is_the_limit(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("x", "y"), 1);
	assert_true(nearest_distance("stop", "show") == SIZE_MAX);
	assert_int_equal(nearest_distance("reloxx", "reload"), 2);
	assert_true(nearest_distance("relxxx", "reload") == SIZE_MAX);
	assert_int_equal(nearest_distance("abcdefghijkl", "abcdefghixyz"), 3);
	assert_true(nearest_distance("abcdefghijklmnop", "abcdefghijkl1234") == SIZE_MAX);
	assert_true(nearest_distance("", "list") == SIZE_MAX);
}

static void test_long_words_are_near_to_nothing(void **state)
{
	char word[4096];

	(void)state;
	memset(word, 's', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_true(nearest_distance(word, "status") == SIZE_MAX);
	assert_true(nearest_distance("status", word) == SIZE_MAX);
	word[63] = '\0';
	assert_int_equal(nearest_distance(word, word), 0);
}

static void test_halves(void **state)
{
	(void)state;
	assert_true(nearest_is_half("MatchExe", "MatchExecutable"));
	assert_true(nearest_is_half("device", "MatchDevice"));
	assert_true(nearest_is_half("Mode", "Mode"));
	assert_false(nearest_is_half("chDev", "MatchDevice"));
	assert_false(nearest_is_half("Modes", "Mode"));
	assert_false(nearest_is_half("On", "OnStop"));
	assert_false(nearest_is_half("", "Mode"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_mistakes),
		cmocka_unit_test(test_swapped_neighbours_are_one_mistake),
		cmocka_unit_test(test_a_third_of_the_name_is_the_limit),
		cmocka_unit_test(test_long_words_are_near_to_nothing),
		cmocka_unit_test(test_halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
