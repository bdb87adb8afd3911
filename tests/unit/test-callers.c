// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "daemon/callers.h"

static struct callers callers;

static void test_known(void **state)
{
	uid_t uid = 1;

	(void)state;
	callers_forget(&callers);
	assert_false(callers_find(&callers, ":1.7", &uid));
	assert_false(callers_find(&callers, "", &uid));
	callers_add(&callers, ":1.7", 1000);
	callers_add(&callers, ":1.71", 0);
	assert_true(callers_find(&callers, ":1.7", &uid));
	assert_int_equal(uid, 1000);
	assert_true(callers_find(&callers, ":1.71", &uid));
	assert_int_equal(uid, 0);
	assert_false(callers_find(&callers, ":1.711", &uid));
	callers_forget(&callers);
	assert_false(callers_find(&callers, ":1.7", &uid));
}

/* Cut short it would be another's. */
static void test_long_name(void **state)
{
	uid_t uid;

	(void)state;
	callers_forget(&callers);
	callers_add(&callers, ":1.234567890123456789012", 0);
	assert_false(callers_find(&callers, ":1.234567890123456789012", &uid));
	assert_false(callers_find(&callers, ":1.23456789012345678901", &uid));
	callers_add(&callers, ":1.23456789012345678901", 5);
	assert_true(callers_find(&callers, ":1.23456789012345678901", &uid));
	assert_int_equal(uid, 5);
}

static void test_the_oldest_go(void **state)
{
	char name[CALLERS_NAME_MAX];
	uid_t uid;

	(void)state;
	callers_forget(&callers);
	for (unsigned int i = 0; i < 3 * CALLERS_MAX; i++) {
		snprintf(name, sizeof(name), ":1.%u", i);
		callers_add(&callers, name, i);
	}
	for (unsigned int i = 0; i < 3 * CALLERS_MAX; i++) {
		snprintf(name, sizeof(name), ":1.%u", i);
		assert_int_equal(callers_find(&callers, name, &uid), i >= 2 * CALLERS_MAX);
		assert_true(i < 2 * CALLERS_MAX || uid == i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_the_oldest_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
