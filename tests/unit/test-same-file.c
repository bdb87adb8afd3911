// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/same-file.h"
#include "tests/unit/tree.h"

/* Of ourselves; false: this kernel or its sandbox does not tell. */
static bool compare(int fd, int other, int *ret_order)
{
	int r = same_file_compare(getpid(), fd, other, ret_order);

	if (r == -ENOSYS || r == -EPERM)
		return false;
	assert_int_equal(r, 0);
	return true;
}

static void test_dup_is_the_same(void **state)
{
	_cleanup_(close) int one = open("/dev/null", O_RDONLY);
	_cleanup_(close) int same = dup(one);
	_cleanup_(close) int other = open("/dev/null", O_RDONLY);
	int order, back;

	(void)state;
	if (!compare(one, same, &order))
		skip();
	assert_int_equal(order, 0);
	assert_true(compare(one, other, &order));
	assert_int_not_equal(order, 0);
	assert_true(compare(other, same, &back));
	assert_int_equal(order < 0, back > 0);
	assert_int_equal(same_file_compare(getpid(), one, 9999, &order), -EBADF);
}

static void test_only_what_runs_here(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(close) int self = open("/proc/self", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_false(same_file_can_compare(tree.fd));
	if (self < 0)
		skip();
	assert_true(same_file_can_compare(self));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dup_is_the_same),
		cmocka_unit_test(test_only_what_runs_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
