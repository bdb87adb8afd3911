// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/bus.h"

static void expect_exit(const char *error, enum exit_code exit)
{
	assert_int_equal(bus_find_trouble(error)->exit, exit);
}

/* The exit codes that scripts rely on. */
static void test_errors_become_exit_codes(void **state)
{
	(void)state;
	expect_exit("org.freedesktop.DBus.Error.ServiceUnknown", EXIT_NOT_RUNNING);
	expect_exit("org.freedesktop.DBus.Error.NameHasNoOwner", EXIT_NOT_RUNNING);
	expect_exit(PINSAFE_ERROR_DENIED, EXIT_DENIED);
	expect_exit("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
		    EXIT_DENIED);
	expect_exit(PINSAFE_ERROR_NO_TARGET, EXIT_NO_TARGET);
	expect_exit(PINSAFE_ERROR_CONFIG, EXIT_NO);
	expect_exit(PINSAFE_ERROR_NO_MODULE, EXIT_NO);
	expect_exit(PINSAFE_ERROR_TABLE_FULL, EXIT_NO);
	/* neither yes nor no: health's 1 means exposed */
	expect_exit(PINSAFE_ERROR_LIMITS, EXIT_TROUBLE);
	expect_exit("org.freedesktop.DBus.Error.NoReply", EXIT_TROUBLE);
	expect_exit("org.freedesktop.DBus.Error.UnknownMethod", EXIT_TROUBLE);
	expect_exit("org.example.Anything", EXIT_TROUBLE);
	expect_exit(NULL, EXIT_TROUBLE);
}

static void test_codes_are_those_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(EXIT_YES, 0);
	assert_int_equal(EXIT_NO, 1);
	assert_int_equal(EXIT_USAGE, 2);
	assert_int_equal(EXIT_NOT_RUNNING, 3);
	assert_int_equal(EXIT_DENIED, 4);
	assert_int_equal(EXIT_NO_TARGET, 5);
	assert_true(EXIT_TROUBLE >= 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_become_exit_codes),
		cmocka_unit_test(test_codes_are_those_of_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
