// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/cgroup.h"
#include "tests/unit/tree.h"

static void assert_pids(int sys_fd, const char *path, size_t expected, long sum)
{
	_cleanup_(free) pid_t *pids = NULL;
	size_t n = 0, i;

	assert_int_equal(cgroup_read_pids(sys_fd, path, &pids, &n), 0);
	assert_int_equal(n, expected);
	for (i = 0; i < n; i++)
		sum -= pids[i];
	assert_int_equal(sum, 0);
}

static void test_pids_in_it_and_below(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	pid_t *pids = NULL;
	size_t n;

	(void)state;
	assert_true(cgroup_is_mounted(sys_fd));
	assert_pids(sys_fd, "/system.slice/ring.service", 2, 300 + 301);
	assert_pids(sys_fd, "/system.slice", 3, 200 + 300 + 301);
	assert_pids(sys_fd, "/", 4, 100 + 200 + 300 + 301);
	assert_int_equal(cgroup_read_pids(sys_fd, "/none", &pids, &n), -ENOENT);
	assert_int_equal(cgroup_read_pids(sys_fd, "/../cgroup", &pids, &n), -ENOENT);
}

static void test_odd_names_and_lines(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");

	(void)state;
	tree_write(&tree, "sys/fs/cgroup/a/.hidden/cgroup.procs", "7\n");
	tree_write(&tree, "sys/fs/cgroup/a/ spaces /cgroup.procs", "8\n0\n-3\n9\n");
	tree_write(&tree, "sys/fs/cgroup/a/broken/cgroup.procs", "10\nx\n11\n");
	assert_pids(sys_fd, "/a", 4, 7 + 8 + 9 + 10);
}

static void test_id_is_the_inode(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	struct stat st;

	(void)state;
	assert_int_equal(fstatat(sys_fd, "fs/cgroup/user.slice", &st, 0), 0);
	assert_int_equal(cgroup_read_id(sys_fd, "/user.slice"), st.st_ino);
	assert_int_equal(cgroup_read_id(sys_fd, "/user.slice (deleted)"), 0);
}

static void test_hybrid_and_none(void **state)
{
	_cleanup_(tree_done) struct tree hybrid = tree_unfold("hybrid");
	_cleanup_(close) int hybrid_fd = tree_open(&hybrid, "sys");
	_cleanup_(tree_done) struct tree none = tree_unfold("no-numa");
	_cleanup_(close) int none_fd = tree_open(&none, "sys");

	(void)state;
	assert_true(cgroup_is_mounted(hybrid_fd));
	assert_pids(hybrid_fd, "/system.slice/a.service", 1, 700);
	assert_false(cgroup_is_mounted(none_fd));
	assert_int_equal(cgroup_open(none_fd, "/"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pids_in_it_and_below),
		cmocka_unit_test(test_odd_names_and_lines),
		cmocka_unit_test(test_id_is_the_inode),
		cmocka_unit_test(test_hybrid_and_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
