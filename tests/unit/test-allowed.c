// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/act/allowed.h"
#include "tests/unit/tree.h"

static struct tree tree;
static struct act_context context;

static int setup(void **state)
{
	(void)state;
	tree = tree_new();
	tree_write(&tree, "proc/stat", "cpu  5 2 3\ncpu0 1 2\ncpu1 1 2\ncpu9 3 4\nintr 5 cpu7\n");
	tree_write(&tree, "proc/7/task/8/cgroup", "1:cpuset:/v1\n0::/a/b/c\n");
	tree_write(&tree, "sys/a/b/c/cgroup.procs", "");
	context = (struct act_context){
		.proc_fd = tree_open(&tree, "proc"),
		.cgroup_fd = tree_open(&tree, "sys"),
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(context.proc_fd);
	close(context.cgroup_fd);
	tree_done(&tree);
	return 0;
}

static void assert_allowed(const char *expected)
{
	struct nodeset cpus;
	char text[64];

	assert_int_equal(allowed_read_cpus(&context, 7, 8, &cpus), 0);
	assert_int_equal(nodeset_format(&cpus, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void test_nearest(void **state)
{
	(void)state;
	assert_allowed("0-1,9");	/* nobody has the controller */
	tree_write(&tree, "sys/cpuset.cpus.effective", "0-15\n");
	assert_allowed("0-15");
	tree_write(&tree, "sys/a/b/cpuset.cpus.effective", "4-7\n");
	assert_allowed("4-7");
	tree_write(&tree, "sys/a/b/c/cpuset.cpus.effective", "5\n");
	assert_allowed("5");
	tree_write(&tree, "proc/7/task/8/cgroup", "0::/\n");
	assert_allowed("0-15");
	tree_write(&tree, "proc/7/task/8/cgroup", "0::/a/b/removed\n");
	assert_allowed("4-7");
}

static void test_online_is_read_once(void **state)
{
	(void)state;
	assert_allowed("0-1,9");
	tree_write(&tree, "proc/stat", "cpu  1 2 3\ncpu0 1 2\n");
	assert_allowed("0-1,9");
	context.online = (struct nodeset){ 0 };
	assert_allowed("0");
}

static void test_not_to_be_seen(void **state)
{
	int fd = context.cgroup_fd;

	(void)state;
	tree_write(&tree, "sys/cpuset.cpus.effective", "0-15\n");
	tree_write(&tree, "proc/7/task/8/cgroup", "1:cpuset:/v1\n");
	assert_allowed("0-1,9");
	tree_write(&tree, "proc/7/task/8/cgroup", "0::/../../other\n");
	assert_allowed("0-1,9");
	tree_write(&tree, "proc/7/task/8/cgroup", "0::/a\n");
	context.cgroup_fd = -1;
	assert_allowed("0-1,9");
	context.cgroup_fd = fd;
}

static void test_gone_or_nonsense(void **state)
{
	struct nodeset cpus;

	(void)state;
	assert_int_equal(allowed_read_cpus(&context, 7, 9, &cpus), ACT_GONE);
	tree_write(&tree, "sys/cpuset.cpus.effective", "many\n");
	assert_int_equal(allowed_read_cpus(&context, 7, 8, &cpus), -EINVAL);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_nearest),
		TEST(test_online_is_read_once),
		TEST(test_not_to_be_seen),
		TEST(test_gone_or_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
