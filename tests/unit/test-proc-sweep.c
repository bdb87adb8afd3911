// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/proc.h"
#include "tests/unit/tree.h"

static void assert_found(const struct process_id *ids, size_t n, const pid_t *expected)
{
	size_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(ids[i].pid, expected[i]);
	assert_int_equal(expected[n], 0);
}

/* Sweeps tests/trees/NAME; expected ends with 0. */
static void sweep(const char *name, const struct device_number *devices, size_t n_devices,
		  const pid_t *expected)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold(name);
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	_cleanup_(free) struct process_id *ids = NULL;
	size_t n;

	assert_int_equal(proc_sweep(proc_fd, sys_fd, devices, n_devices, &ids, &n), 0);
	assert_found(ids, n, expected);
}

static void test_pinners(void **state)
{
	(void)state;
	/* VmPin, and rings of holders of CAP_IPC_LOCK */
	sweep("two-nodes", NULL, 0, (pid_t[]){ 200, 300, 301, 0 });
	sweep("hostile", NULL, 0, (pid_t[]){ 66, 68, 0 });
	sweep("vanishing", NULL, 0, (pid_t[]){ 10, 0 });
	sweep("no-numa", NULL, 0, (pid_t[]){ 0 });
	sweep("hybrid", NULL, 0, (pid_t[]){ 0 });
}

/* Nothing on the host is pinned: no ring is looked for. */
static void test_a_host_that_pins_nothing(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	_cleanup_(free) struct process_id *ids = NULL;
	size_t n;

	(void)state;
	tree_write(&tree, "sys/devices/system/node/online", "0\n");
	tree_write(&tree, "sys/devices/system/node/node0/vmstat",
		   "nr_foll_pin_acquired 100\nnr_foll_pin_released 101\n");
	assert_int_equal(proc_sweep(proc_fd, sys_fd, NULL, 0, &ids, &n), 0);
	assert_found(ids, n, (pid_t[]){ 200, 0 });
}

static void test_device_users(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("vanishing");
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	_cleanup_(free) struct process_id *ids = NULL;
	struct device_number fuse = { 10, 229 };
	struct stat st;
	size_t n;

	(void)state;
	if (stat("/dev/fuse", &st) < 0)
		skip();
	tree_write(&tree, "proc/20/stat", "20 (d) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 "
		   "0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0\n");
	tree_write(&tree, "proc/20/status", "Uid:\t7\t7\nThreads:\t1\nVmPin:\t0 kB\n");
	tree_link(&tree, "proc/20/fd/3", "/dev/fuse");
	assert_int_equal(proc_sweep(proc_fd, sys_fd, &fuse, 1, &ids, &n), 0);
	assert_found(ids, n, (pid_t[]){ 10, 20, 0 });
}

static void test_everybody_with_memory(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(free) struct process_id *ids = NULL;
	size_t n;

	(void)state;
	tree_write(&tree, "proc/2/status", "Uid:\t0\t0\nThreads:\t1\n");	/* kthreadd */
	assert_int_equal(proc_find_all(proc_fd, &ids, &n), 0);
	assert_found(ids, n, (pid_t[]){ 100, 200, 300, 301, 0 });
	assert_int_equal(ids[3].start_ticks, 7001);
}

static void test_processes_of_a_cgroup(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	_cleanup_(free) struct process_id *ids = NULL;
	size_t n;

	(void)state;
	/* 999 has gone between the two files */
	tree_write(&tree, "sys/fs/cgroup/system.slice/cgroup.procs", "999\n301\n");
	assert_int_equal(proc_find_in_cgroup(proc_fd, sys_fd, "/system.slice", &ids, &n), 0);
	assert_found(ids, n, (pid_t[]){ 200, 300, 301, 301, 0 });
	assert_int_equal(ids[0].start_ticks, 6000);
	assert_int_equal(proc_find_in_cgroup(proc_fd, sys_fd, "/none", &ids, &n), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinners),
		cmocka_unit_test(test_a_host_that_pins_nothing),
		cmocka_unit_test(test_device_users),
		cmocka_unit_test(test_everybody_with_memory),
		cmocka_unit_test(test_processes_of_a_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
