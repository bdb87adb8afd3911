// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/nodeset.h"

static void assert_roundtrip(const char *text, const char *expected)
{
	struct nodeset set;
	char out[64];

	assert_int_equal(nodeset_parse(text, &set), 0);
	assert_int_equal(nodeset_format(&set, out, sizeof(out)), 0);
	assert_string_equal(out, expected);
}

static void test_lists(void **state)
{
	(void)state;
	assert_roundtrip("", "");
	assert_roundtrip("\n", "");
	assert_roundtrip("0", "0");
	assert_roundtrip("0-3,8\n", "0-3,8");
	assert_roundtrip("8,0,2,1", "0-2,8");
	assert_roundtrip("3-3,5-6,6", "3,5-6");
	assert_roundtrip("8191", "8191");
	assert_roundtrip("0-8191", "0-8191");
}

static void test_refuses_what_is_no_list(void **state)
{
	static const char *const bad[] = {
		",", "0,", ",0", "0-", "-1", "3-1", "a", "0 1", " 0", "0\n\n", "0x1",
		"+1", "1--2", "0,,1", "0-1-2",
	};
	struct nodeset set;
	size_t i;

	(void)state;
	memset(&set, 0xa5, sizeof(set));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(nodeset_parse(bad[i], &set), -EINVAL);
	assert_int_equal(nodeset_parse("8192", &set), -ERANGE);
	assert_int_equal(nodeset_parse("0-99999999999999999999", &set), -ERANGE);
	assert_true(nodeset_has(&set, 0) && !nodeset_has(&set, 1));	/* untouched */
}

static void test_members(void **state)
{
	struct nodeset set = { 0 }, more = { 0 };

	(void)state;
	assert_true(nodeset_is_empty(&set));
	assert_int_equal(nodeset_next(&set, 0), -1);
	nodeset_add(&set, 63);
	nodeset_add(&set, 64);
	nodeset_add(&set, NODESET_MAX);	/* out of range: ignored */
	assert_int_equal(nodeset_count(&set), 2);
	assert_int_equal(nodeset_next(&set, 0), 63);
	assert_int_equal(nodeset_next(&set, 64), 64);
	assert_int_equal(nodeset_next(&set, 65), -1);
	assert_false(nodeset_has(&set, NODESET_MAX));

	more = set;
	nodeset_add(&more, 8191);
	assert_true(nodeset_is_subset(&set, &more));
	assert_false(nodeset_is_subset(&more, &set));
}

static void test_format_says_when_it_does_not_fit(void **state)
{
	struct nodeset set;
	char text[5];

	(void)state;
	assert_int_equal(nodeset_parse("10-11", &set), 0);
	assert_int_equal(nodeset_format(&set, text, sizeof(text)), -ENOSPC);
	assert_int_equal(nodeset_format(&set, text, 0), -ENOSPC);
	assert_int_equal(nodeset_parse("1-22", &set), 0);
	assert_int_equal(nodeset_format(&set, text, sizeof(text)), 0);
}

static void test_random_sets_survive_a_round_trip(void **state)
{
	static char text[NODESET_MAX * 5];
	unsigned int seed = (unsigned int)time(NULL), i, n, rounds;
	struct nodeset set, again;

	(void)state;
	print_message("# seed %u\n", seed);
	srand(seed);
	for (rounds = 0; rounds < 50; rounds++) {
		set = (struct nodeset){ 0 };
		n = (unsigned int)rand() % 3000;
		for (i = 0; i < n; i++)
			nodeset_add(&set, (unsigned int)rand() % NODESET_MAX);
		assert_int_equal(nodeset_format(&set, text, sizeof(text)), 0);
		assert_int_equal(nodeset_parse(text, &again), 0);
		assert_memory_equal(&set, &again, sizeof(set));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refuses_what_is_no_list),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_format_says_when_it_does_not_fit),
		cmocka_unit_test(test_random_sets_survive_a_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
