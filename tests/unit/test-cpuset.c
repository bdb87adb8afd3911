// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libcgroup sees the host's cgroups and no made-up tree: here only that it says no
 * in our words.  What it writes is a case of the lab.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/act/cpuset.h"

static void test_no_such_cgroup(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_true(cpuset_write("/pinsafe-test-has-no/such.cgroup", "cpuset.cpus", "0", &why) < 0);
	assert_non_null(why);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_such_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
