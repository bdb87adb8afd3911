// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/cgroup.h"
#include "tests/unit/tree.h"

static void test_paths(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	_cleanup_(close) int fd = -1;

	(void)state;
	assert_true(cgroup_is_mounted(sys_fd));
	fd = cgroup_open(sys_fd, "/system.slice/ring.service");
	assert_true(fd >= 0);
	assert_int_equal(cgroup_open(sys_fd, "/none"), -ENOENT);
	assert_int_equal(cgroup_open(sys_fd, "/../cgroup"), -ENOENT);
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
	assert_int_not_equal(cgroup_read_id(hybrid_fd, "/system.slice/a.service"), 0);
	assert_false(cgroup_is_mounted(none_fd));
	assert_int_equal(cgroup_open(none_fd, "/"), -ENOENT);
}

static void assert_list(const struct nodeset *set, const char *expected)
{
	char text[64];

	assert_int_equal(nodeset_format(set, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void test_facts_for_confining(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct cgroup_facts facts = { 0 };
	int sys_fd;

	(void)state;
	tree_write(&tree, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n");
	tree_write(&tree, "sys/fs/cgroup/cpuset.cpus.effective", "0-7\n");
	tree_write(&tree, "sys/fs/cgroup/cpuset.mems.effective", "0-1\n");
	tree_write(&tree, "sys/fs/cgroup/a.slice/cpuset.cpus.effective", "0-3\n");
	tree_write(&tree, "sys/fs/cgroup/a.slice/cpuset.mems.effective", "0\n");
	tree_write(&tree, "sys/fs/cgroup/a.slice/b.service/cgroup.controllers", "memory\n");
	tree_write(&tree, "sys/fs/cgroup/a.slice/b.service/memory.numa_stat",
		   "anon N0=4096 N1=8192\nfile N0=0 N1=100\nanon_thp N0=7 N1=7\n");
	tree_write(&tree, "sys/fs/cgroup/own/cgroup.controllers", "cpuset2 memory\n");
	sys_fd = tree_open(&tree, "sys");

	assert_int_equal(cgroup_read_facts(sys_fd, "/a.slice/b.service", &facts), 0);
	assert_true(facts.is_systemd && facts.has_cpuset && facts.has_resident);
	assert_list(&facts.cpus, "0-3");
	assert_list(&facts.mems, "0");
	assert_int_equal(facts.n_resident, 2);
	assert_int_equal(facts.resident[0].bytes, 4096);
	assert_int_equal(facts.resident[1].node, 1);
	assert_int_equal(facts.resident[1].bytes, 8292);
	cgroup_facts_done(&facts);

	assert_int_equal(cgroup_read_facts(sys_fd, "/own", &facts), 0);
	assert_false(facts.is_systemd || facts.has_cpuset || facts.has_resident);
	assert_list(&facts.cpus, "0-7");
	cgroup_facts_done(&facts);
	assert_int_equal(cgroup_read_facts(sys_fd, "/none", &facts), -ENOENT);
	close(sys_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_id_is_the_inode),
		cmocka_unit_test(test_hybrid_and_none),
		cmocka_unit_test(test_facts_for_confining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
