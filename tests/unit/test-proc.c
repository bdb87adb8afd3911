// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/proc.h"
#include "tests/unit/tree.h"

#define NO_SUCH_PID 999

DEFINE_CLEANUP_EMBEDDED(struct process_facts, process_facts_done);

/* A host with its two roots open. */
struct host {
	struct tree tree;
	int proc_fd, sys_fd;
};

static struct host host_new(const char *name)
{
	struct host host = { .tree = tree_unfold(name) };

	host.proc_fd = tree_open(&host.tree, "proc");
	host.sys_fd = tree_open(&host.tree, "sys");
	return host;
}

static void host_done(struct host *host)
{
	close(host->proc_fd);
	close(host->sys_fd);
	tree_done(&host->tree);
}

DEFINE_CLEANUP_EMBEDDED(struct host, host_done);

static void read_full(const struct host *host, pid_t pid, struct process_facts *ret_facts)
{
	struct process_id id = { .pid = pid };
	bool gone;

	assert_int_equal(proc_read(host->proc_fd, host->sys_fd, id, PROC_FULL, ret_facts,
				   &gone), 0);
	assert_false(gone);
}

static void test_a_process_with_a_device(void **state)
{
	_cleanup_(host_done) struct host host = host_new("two-nodes");
	_cleanup_(process_facts_done) struct process_facts facts = { 0 };
	struct stat st;

	(void)state;
	read_full(&host, 200, &facts);
	assert_int_equal(facts.id.start_ticks, 6000);
	assert_string_equal(facts.comm, "ib_server");
	assert_string_equal(facts.exe, "/usr/bin/ib_server");
	assert_int_equal(facts.uid, 997);
	assert_int_equal(facts.threads, 2);
	assert_int_equal(facts.vm_pin_bytes, 8 << 20);
	assert_string_equal(facts.cgroup, "/system.slice/rdma.service");
	fstatat(host.sys_fd, "fs/cgroup/system.slice/rdma.service", &st, 0);
	assert_int_equal(facts.cgroup_id, st.st_ino);
	assert_int_equal(facts.n_devices, 1);
	assert_string_equal(facts.devices[0].path, "/dev/infiniband/uverbs0");
	assert_false(facts.is_realtime || facts.has_own_policy);
	assert_true(facts.has_scan_seq);
	assert_int_equal(facts.scan_seq, 7);
	assert_int_equal(nodeset_count(&facts.mems_allowed), 2);
}

static void test_a_container(void **state)
{
	_cleanup_(host_done) struct host host = host_new("container");
	_cleanup_(process_facts_done) struct process_facts facts = { 0 };

	(void)state;
	read_full(&host, 500, &facts);
	assert_true(facts.has_own_policy);
	assert_int_equal(nodeset_count(&facts.mems_allowed), 1);
	assert_int_not_equal(facts.cgroup_id, 0);
	assert_int_equal(strncmp(facts.cgroup, "/system.slice/docker-", 21), 0);
}

static void test_light_looks_at_no_descriptor(void **state)
{
	_cleanup_(host_done) struct host host = host_new("two-nodes");
	_cleanup_(process_facts_done) struct process_facts facts = { 0 };
	struct process_id id = { 200, 6000 };
	bool gone;

	(void)state;
	assert_int_equal(proc_read(host.proc_fd, host.sys_fd, id, PROC_LIGHT, &facts, &gone), 0);
	assert_false(gone);
	assert_int_equal(facts.vm_pin_bytes, 8 << 20);
	assert_int_equal(facts.n_devices, 0);
	assert_false(facts.has_scan_seq);
}

/* 300 has made the ring, 301 is its child: 7.x books VmPin for neither. */
static void test_who_owns_a_ring(void **state)
{
	_cleanup_(host_done) struct host host = host_new("two-nodes");
	struct process_facts facts;

	(void)state;
	read_full(&host, 300, &facts);
	assert_int_equal(facts.uring_bytes, 1048576 + 4096);
	process_facts_done(&facts);
	read_full(&host, 301, &facts);
	assert_int_equal(facts.uring_bytes, 0);
	assert_string_equal(facts.exe, "/usr/bin/ring");	/* " (deleted)" is off */
	process_facts_done(&facts);

	/* with VmPin the kernel has said whose it is */
	tree_write(&host.tree, "proc/301/status", "Uid:\t0\t0\nThreads:\t1\nVmPin:\t1028 kB\n");
	read_full(&host, 301, &facts);
	assert_int_equal(facts.uring_bytes, 1048576 + 4096);
	process_facts_done(&facts);

	/* and how much, for those whose rings are always booked */
	tree_write(&host.tree, "proc/301/status", "Uid:\t7\t7\nThreads:\t1\nVmPin:\t4 kB\n"
		   "CapEff:\t0000000000000000\n");
	read_full(&host, 301, &facts);
	assert_int_equal(facts.uring_bytes, 4096);
	process_facts_done(&facts);
	tree_write(&host.tree, "proc/301/status", "Uid:\t0\t0\nThreads:\t1\nVmPin:\t4 kB\n"
		   "CapEff:\t000001ffffffffff\n");
	read_full(&host, 301, &facts);
	assert_int_equal(facts.uring_bytes, 1048576 + 4096);
	process_facts_done(&facts);

	/* before 5.14 no inode is shown, and VmPin is always booked */
	tree_write(&host.tree, "proc/300/fdinfo/5", "UserBufs:\t1\n    0: 0x1000/4096\n");
	read_full(&host, 300, &facts);
	assert_int_equal(facts.uring_bytes, 0);
	process_facts_done(&facts);
}

static void test_hostile_names(void **state)
{
	_cleanup_(host_done) struct host host = host_new("hostile");
	struct process_facts facts;

	(void)state;
	read_full(&host, 66, &facts);
	assert_string_equal(facts.comm, "a) R 1 (\nVmPin:");
	assert_int_equal(facts.id.start_ticks, 660);
	assert_int_equal(facts.vm_pin_bytes, 4096);
	assert_true(facts.has_scan_seq);
	process_facts_done(&facts);
	read_full(&host, 67, &facts);
	assert_string_equal(facts.comm, "\x1b[2J\x1b[Hroot#");
	assert_int_equal(facts.vm_pin_bytes, 0);
	process_facts_done(&facts);
}

static void test_cgroups_of_v1(void **state)
{
	_cleanup_(host_done) struct host host = host_new("hybrid");
	struct process_facts facts;

	(void)state;
	read_full(&host, 700, &facts);
	assert_string_equal(facts.cgroup, "/system.slice/a.service");
	assert_int_not_equal(facts.cgroup_id, 0);
	process_facts_done(&facts);
	read_full(&host, 701, &facts);
	assert_null(facts.cgroup);
	assert_int_equal(facts.cgroup_id, 0);
	process_facts_done(&facts);
}

static void assert_gone(const struct host *host, pid_t pid, uint64_t start_ticks)
{
	struct process_id id = { pid, start_ticks };
	struct process_facts facts;
	bool gone = false;

	assert_int_equal(proc_read(host->proc_fd, host->sys_fd, id, PROC_FULL, &facts, &gone),
			 0);
	assert_true(gone);
	assert_null(facts.cgroup);
}

static void test_gone_is_an_outcome(void **state)
{
	_cleanup_(host_done) struct host host = host_new("vanishing");
	uint64_t start;

	(void)state;
	assert_gone(&host, NO_SUCH_PID, 0);
	assert_gone(&host, 11, 0);
	assert_gone(&host, 12, 0);
	assert_gone(&host, 12, 120);
	assert_gone(&host, 13, 0);
	assert_gone(&host, 10, 101);		/* another process has the pid */
	assert_int_equal(proc_read_start(host.proc_fd, 10, &start), 0);
	assert_int_equal(start, 100);
	assert_int_equal(proc_read_start(host.proc_fd, NO_SUCH_PID, &start), -ESRCH);
	assert_int_equal(proc_read_start(host.proc_fd, 11, &start), -ESRCH);
}

/* 65,536 supplementary groups stand before VmPin. */
static void test_nobody_hides_behind_groups(void **state)
{
	_cleanup_(host_done) struct host host = host_new("two-nodes");
	_cleanup_(process_facts_done) struct process_facts facts = { 0 };
	static char text[65536 * 11 + 128];
	size_t len, i;

	(void)state;
	len = (size_t)sprintf(text, "Uid:\t0\t0\nGroups:\t");
	for (i = 0; i < 65536; i++)
		len += (size_t)sprintf(text + len, "%zu ", 4294900000 + i);
	sprintf(text + len, "\nVmPin:\t64 kB\nThreads:\t1\n");
	tree_write(&host.tree, "proc/100/status", text);
	read_full(&host, 100, &facts);
	assert_int_equal(facts.vm_pin_bytes, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_with_a_device),
		cmocka_unit_test(test_a_container),
		cmocka_unit_test(test_light_looks_at_no_descriptor),
		cmocka_unit_test(test_who_owns_a_ring),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_cgroups_of_v1),
		cmocka_unit_test(test_gone_is_an_outcome),
		cmocka_unit_test(test_nobody_hides_behind_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
