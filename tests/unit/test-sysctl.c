// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/sense/sysctl.h"
#include "tests/unit/tree.h"

/* owner NULL: nobody */
static void assert_owner(const struct tree *tree, int value, const char *owner)
{
	_cleanup_(close) int proc_fd = tree_open(tree, "proc");
	_cleanup_(free) char *found = NULL;

	assert_int_equal(sysctl_find_owner(tree->fd, proc_fd, value, &found), 0);
	if (owner)
		assert_string_equal(found, owner);
	else
		assert_null(found);
}

static void test_nobody(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	tree_write(&tree, "proc/cmdline", "quiet root=/dev/vda\n");
	assert_owner(&tree, 1, NULL);
}

static void test_command_line(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	tree_write(&tree, "proc/cmdline", "quiet numa_balancing=disable ro\n");
	assert_owner(&tree, 0, "kernel command line");
	assert_owner(&tree, 1, NULL);
	tree_write(&tree, "proc/cmdline", "sysctl.kernel.numa_balancing=3\n");
	assert_owner(&tree, 3, "kernel command line");
	tree_write(&tree, "proc/cmdline", "numa_balancing=perhaps\n");
	assert_owner(&tree, 0, NULL);
}

static void test_last_file_by_name_wins(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	tree_write(&tree, "proc/cmdline", "numa_balancing=enable\n");
	tree_write(&tree, "etc/sysctl.d/10-a.conf", "kernel.numa_balancing = 1\n");
	tree_write(&tree, "usr/lib/sysctl.d/90-b.conf",
		   "# kernel.numa_balancing=1\n\n-kernel/numa_balancing=0\n");
	assert_owner(&tree, 0, "/usr/lib/sysctl.d/90-b.conf:3");
	assert_owner(&tree, 1, NULL);
	/* the same name in a higher folder replaces */
	tree_write(&tree, "run/sysctl.d/90-b.conf", "vm.swappiness=1\n");
	assert_owner(&tree, 1, "/etc/sysctl.d/10-a.conf:1");
	tree_write(&tree, "etc/sysctl.d/95-c", "kernel.numa_balancing=0\n");
	assert_owner(&tree, 1, "/etc/sysctl.d/10-a.conf:1");
}

static void test_other_lines(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	tree_write(&tree, "proc/cmdline", "");
	tree_write(&tree, "etc/sysctl.d/1.conf",
		   "kernel.numa_balancing_scan_size_mb=1\nkernel.numa_balancing=\n"
		   "kernel.numa_balancing=1x\nkernel.numa_balancing 1\nkernel.numa_bal");
	assert_owner(&tree, 1, NULL);
	assert_owner(&tree, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_last_file_by_name_wins),
		cmocka_unit_test(test_other_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
