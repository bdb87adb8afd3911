// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/proc.h"
#include "tests/unit/tree.h"

/* A round through a tree finds as many as expected, which ends with 0. */
static void sweep(const struct tree *tree, const struct proc_wanted *wanted,
		  enum proc_look what, const pid_t *expected)
{
	_cleanup_(close) int proc_fd = tree_open(tree, "proc");
	_cleanup_(free) pid_t *pids = NULL;
	size_t n, i;

	assert_int_equal(proc_list(proc_fd, &pids, &n), 0);
	for (i = 0; i < n; i++)
		if (proc_look(proc_fd, wanted, pids[i]) >= what)
			assert_int_equal(pids[i], *expected++);
	assert_int_equal(*expected, 0);
}

static void sweep_tree(const char *name, const pid_t *expected)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold(name);
	struct proc_wanted wanted = { .unbooked_rings = true };

	sweep(&tree, &wanted, PROC_SUSPECT, expected);
}

static void test_pinners(void **state)
{
	(void)state;
	/* VmPin, and rings of holders of CAP_IPC_LOCK */
	sweep_tree("two-nodes", (pid_t[]){ 200, 300, 301, 0 });
	sweep_tree("hostile", (pid_t[]){ 66, 68, 0 });
	sweep_tree("vanishing", (pid_t[]){ 10, 13, 0 });	/* 13 had no time to go */
	sweep_tree("no-numa", (pid_t[]){ 0 });
	sweep_tree("hybrid", (pid_t[]){ 0 });
}

/* Nothing on the host is pinned: no ring is looked for. */
static void test_a_host_that_pins_nothing(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	struct proc_wanted wanted = { 0 };

	(void)state;
	sweep(&tree, &wanted, PROC_SUSPECT, (pid_t[]){ 200, 0 });
}

static void test_device_users(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("vanishing");
	struct device_number fuse = { 10, 229 };
	struct proc_wanted wanted = { .devices = &fuse, .n_devices = 1 };
	struct stat st;

	(void)state;
	if (stat("/dev/fuse", &st) < 0)
		skip();
	tree_write(&tree, "proc/20/stat", "20 (d) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 "
		   "0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0\n");
	tree_write(&tree, "proc/20/status", "Uid:\t7\t7\nThreads:\t1\nVmPin:\t0 kB\n");
	tree_link(&tree, "proc/20/fd/3", "/dev/fuse");
	sweep(&tree, &wanted, PROC_SUSPECT, (pid_t[]){ 10, 13, 20, 0 });
}

static void test_everybody_with_memory(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	struct proc_wanted wanted = { 0 };

	(void)state;
	tree_write(&tree, "proc/2/status", "Uid:\t0\t0\nThreads:\t1\n");	/* kthreadd */
	sweep(&tree, &wanted, PROC_ORDINARY, (pid_t[]){ 100, 200, 300, 301, 0 });
}

static void test_names_that_are_no_pids(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(close) int proc_fd = -1;
	_cleanup_(free) pid_t *pids = NULL;
	size_t n;

	(void)state;
	tree_write(&tree, "proc/10/x", "");
	tree_write(&tree, "proc/9/x", "");
	tree_write(&tree, "proc/0/x", "");
	tree_write(&tree, "proc/7x/x", "");
	tree_write(&tree, "proc/99999999999/x", "");
	tree_write(&tree, "proc/self", "");
	proc_fd = tree_open(&tree, "proc");
	assert_int_equal(proc_list(proc_fd, &pids, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(pids[0], 9);
	assert_int_equal(pids[1], 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinners),
		cmocka_unit_test(test_a_host_that_pins_nothing),
		cmocka_unit_test(test_device_users),
		cmocka_unit_test(test_everybody_with_memory),
		cmocka_unit_test(test_names_that_are_no_pids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
