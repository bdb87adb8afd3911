// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/facts.h"

static void test_schema_comes_first(void **state)
{
	_cleanup_(facts_free) struct facts *facts = facts_new("status");

	(void)state;
	assert_int_equal(facts_set(facts, "n", facts_new_u64(UINT64_MAX)), 0);
	assert_int_equal(facts_set(facts, "b", facts_new_bool(false)), 0);
	assert_string_equal(facts_format(facts),
			    "{\n"
			    "  \"schema\":\"pinsafe.status/1\",\n"
			    "  \"n\":18446744073709551615,\n"
			    "  \"b\":false\n"
			    "}");
}

static void test_what_is_not_there_is_empty(void **state)
{
	_cleanup_(facts_free) struct facts *facts = facts_new_dict();

	(void)state;
	assert_false(facts_has(facts, "x"));
	assert_string_equal(facts_string(facts, "x"), "");
	assert_int_equal(facts_u64(facts, "x"), 0);
	assert_int_equal(facts_s64(facts, "x"), 0);
	assert_false(facts_bool(facts, "x"));
	assert_int_equal(facts_length(facts_get(facts, "x")), 0);
	assert_string_equal(facts_text(NULL), "");
	assert_string_equal(facts_string(NULL, "x"), "");
	assert_int_equal(facts_length(facts), 0);	/* a dictionary is no list */
}

static void test_values_come_back(void **state)
{
	_cleanup_(facts_free) struct facts *facts = facts_new_dict();
	struct facts *list = facts_new_list();

	(void)state;
	assert_int_equal(facts_add(list, facts_new_string("a/b")), 0);
	assert_int_equal(facts_set(facts, "l", list), 0);
	assert_int_equal(facts_set(facts, "i", facts_new_s64(-1)), 0);
	assert_int_equal(facts_set(facts, "t", facts_new_bool(true)), 0);
	assert_int_equal(facts_length(facts_get(facts, "l")), 1);
	assert_string_equal(facts_text(facts_at(facts_get(facts, "l"), 0)), "a/b");
	assert_int_equal(facts_s64(facts, "i"), -1);
	assert_string_equal(facts_string(facts, "i"), "-1");
	assert_true(facts_bool(facts, "t"));
	assert_string_equal(facts_string(facts, "t"), "true");
}

static void test_no_memory_is_passed_on(void **state)
{
	_cleanup_(facts_free) struct facts *facts = facts_new_dict();

	(void)state;
	assert_int_not_equal(facts_set(facts, "x", NULL), 0);
	assert_false(facts_has(facts, "x"));
}

static void test_strings_become_valid_json(void **state)
{
	_cleanup_(facts_free) struct facts *facts = facts_new_dict();

	(void)state;
	facts_set(facts, "comm", facts_new_string("\033[2J\n\"\\ \xff ä"));
	assert_string_equal(facts_format(facts),
			    "{\n"
			    "  \"comm\":\"\\u001b[2J\\n\\\"\\\\ \xef\xbf\xbd ä\"\n"
			    "}");
}

static void test_merge_shares(void **state)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("show");
	struct facts *target = facts_new_dict();

	(void)state;
	facts_set(target, "pid", facts_new_u64(42));
	assert_int_equal(facts_merge(answer, target), 0);
	facts_free(target);
	assert_int_equal(facts_u64(answer, "pid"), 42);
}

static void gather_name(const char *name, const struct facts *value, void *data)
{
	strcat(data, name);
	strcat(data, facts_text(value));
}

static void test_each_goes_in_order(void **state)
{
	_cleanup_(facts_free) struct facts *facts = facts_new_dict();
	char names[32] = "";

	(void)state;
	facts_set(facts, "z", facts_new_u64(1));
	facts_set(facts, "a", facts_new_u64(2));
	facts_each(facts, gather_name, names);
	assert_string_equal(names, "z1a2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_comes_first),
		cmocka_unit_test(test_what_is_not_there_is_empty),
		cmocka_unit_test(test_values_come_back),
		cmocka_unit_test(test_no_memory_is_passed_on),
		cmocka_unit_test(test_strings_become_valid_json),
		cmocka_unit_test(test_merge_shares),
		cmocka_unit_test(test_each_goes_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
