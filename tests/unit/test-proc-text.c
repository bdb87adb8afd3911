// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/sense/proc-text.h"

#define BEHIND_COMM								\
	" S 300 1 1 0 -1 4194560 500 0 0 0 100 50 0 0 20 0 1 0 %s 25000000 3000 " \
	"18446744073709551615 1 1 1 0 0 0 0 0 0 0 0 0 17 3 0 %s 0 0 0 0 0\n"

static int parse_stat(const char *before, const char *start, const char *policy,
		      struct proc_stat *ret_stat)
{
	char text[512], *end;

	end = stpcpy(text, before);
	snprintf(end, sizeof(text) - (size_t)(end - text), BEHIND_COMM, start, policy);
	return proc_parse_stat(text, ret_stat);
}

static void test_stat(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(parse_stat("301 (work)", "7001", "2", &stat), 0);
	assert_string_equal(stat.comm, "work");
	assert_int_equal(stat.parent, 300);
	assert_int_equal(stat.start_ticks, 7001);
	assert_int_equal(stat.policy, 2);
}

static void test_stat_of_hostile_names(void **state)
{
	static const char *const names[] = {
		"", ")", "(", ") S 1 1", "a b", "a\nb", ") ) )", "((((", "\x1b[2J", "1 (x) R 9",
	};
	struct proc_stat stat;
	char before[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(before, sizeof(before), "5 (%s)", names[i]);
		assert_int_equal(parse_stat(before, "7001", "0", &stat), 0);
		assert_string_equal(stat.comm, names[i]);
		assert_int_equal(stat.start_ticks, 7001);
	}
	assert_int_equal(parse_stat("5 (kworker/u512:3-events_unbound)", "1", "0", &stat), 0);
	assert_string_equal(stat.comm, "kworker/u512:3-");
}

static void test_broken_stat(void **state)
{
	struct proc_stat stat = { .parent = 77 };

	(void)state;
	assert_int_equal(proc_parse_stat("", &stat), -EINVAL);
	assert_int_equal(proc_parse_stat("5 (x", &stat), -EINVAL);
	assert_int_equal(proc_parse_stat("5 )x(", &stat), -EINVAL);
	assert_int_equal(proc_parse_stat("5 (x) S 1", &stat), -EINVAL);
	assert_int_equal(parse_stat("5 (x)", "-1", "0", &stat), -EINVAL);
	assert_int_equal(parse_stat("5 (x)", "99999999999999999999", "0", &stat), -EINVAL);
	assert_int_equal(parse_stat("5 (x)", "1", "4294967296", &stat), -EINVAL);
	assert_int_equal(stat.parent, 77);
}

static void test_status(void **state)
{
	static const char text[] =
		"Name:\t a\\nVmPin:\t1 kB\nTgid:\t5\nUid:\t1000\t0\t1000\t1000\n"
		"VmLck:\t       0 kB\nVmPin:\t   16384 kB\nThreads:\t12\n"
		"CapEff:\t0000000000004000\nMems_allowed:\t3\nMems_allowed_list:\t0-1,3\n";
	struct proc_status status;

	(void)state;
	assert_int_equal(proc_parse_status(text, &status), 0);
	assert_int_equal(status.uid, 0);
	assert_int_equal(status.threads, 12);
	assert_int_equal(status.vm_pin_bytes, 16 << 20);
	assert_true(status.has_memory);
	assert_true(status.may_lock_memory);
	assert_int_equal(nodeset_count(&status.mems_allowed), 3);
}

static void test_status_of_a_kernel_thread(void **state)
{
	struct proc_status status;

	(void)state;
	assert_int_equal(proc_parse_status("Uid:\t0\t0\t0\t0\nThreads:\t1\n", &status), 0);
	assert_false(status.has_memory);
	assert_false(status.may_lock_memory);
	assert_int_equal(status.vm_pin_bytes, 0);
	assert_true(nodeset_is_empty(&status.mems_allowed));
}

static void test_broken_status(void **state)
{
	struct proc_status status;

	(void)state;
	assert_int_equal(proc_parse_status("", &status), -EINVAL);
	assert_int_equal(proc_parse_status("Uid:\t0\nThreads:\t1\n", &status), -EINVAL);
	assert_int_equal(proc_parse_status("Uid:\t0\t-1\nThreads:\t1\n", &status), -EINVAL);
	assert_int_equal(proc_parse_status("Uid:\t0\t0\n", &status), -EINVAL);
	assert_int_equal(proc_parse_status("Uid:\t0\t0\nThreads:\t1\n"
					   "VmPin:\t36028797018963968 kB\n", &status), -EINVAL);
}

static void assert_cgroup(const char *text, const char *expected)
{
	const char *path;
	size_t len = 0;

	path = proc_parse_cgroup(text, &len);
	if (!expected) {
		assert_null(path);
		return;
	}
	assert_non_null(path);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(path, expected, len);
}

static void test_cgroup(void **state)
{
	(void)state;
	assert_cgroup("0::/a/b\n", "/a/b");
	assert_cgroup("0::/", "/");
	assert_cgroup("2:memory:/0::/x\n1:name=systemd:/s\n0::/s\n", "/s");
	assert_cgroup("2:memory:/a\n1:name=systemd:/s\n", NULL);
	assert_cgroup("10::/a\n", NULL);
	assert_cgroup("0::a\n", NULL);
	assert_cgroup("", NULL);
}

static void assert_ring(const char *text, int expected, uint64_t inode, uint64_t bytes)
{
	struct proc_ring ring = { 0 };

	assert_int_equal(proc_parse_ring(text, &ring), expected);
	assert_int_equal(ring.inode, inode);
	assert_int_equal(ring.bytes, bytes);
}

static void test_ring(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	(void)state;
	assert_ring("pos:\t0\nino:\t4711\nUserFiles:\t1\n    0: x\nUserBufs:\t2\n"
		    "    0: 0x7f0000000000/1048576\n    1: 0x7f0000200000/4096\nPollList:\n",
		    1, 4711, 1052672);
	assert_ring("UserBufs:\t1\n    0: 0x1000/8192", 1, 0, 8192);	/* before 5.14 */
	assert_ring("ino:\t7\nUserBufs:\t0\nPollList:\n", 0, 0, 0);
	assert_ring("pos:\t0\nflags:\t02\nino:\t7\n", 0, 0, 0);		/* no list at all */

	/* empty slots of a sparse table: 6.1 and 6.12, and 7.x */
	assert_ring("ino:\t7\nUserBufs:\t2\n    0: 0xffffffffffffffff/4294967295\n"
		    "    1: 0x1000/4096\n", 1, 7, 4096);
	assert_ring("ino:\t7\nUserBufs:\t2\n    0: <none>\n    1: 0x1000/4096\n", 1, 7, 4096);
	assert_ring("ino:\t7\nUserBufs:\t1\n    0: <none>\n", 0, 0, 0);

	/* the ring was busy, or the text was cut off: known to be there */
	assert_ring("ino:\t7\nUserBufs:\t3\nPollList:\n", 1, 7, 3 * page);
	assert_ring("ino:\t7\nUserBufs:\t3\n    0: 0x1000/8192\n", 1, 7, 8192 + 2 * page);
	assert_ring("ino:\t7\nUserBufs:\t99999999999\n", 0, 0, 0);
}

static void test_own_policy(void **state)
{
	(void)state;
	assert_false(proc_parse_own_policy("00400000 default file=/bin/x mapped=20"));
	assert_false(proc_parse_own_policy("00400000 default\n"));
	assert_true(proc_parse_own_policy("00400000 local file=/bin/x"));
	assert_true(proc_parse_own_policy("00400000 local file=/bin/x mapped="));
	assert_true(proc_parse_own_policy("7f0000000000 bind:0-1 anon=1"));
	assert_true(proc_parse_own_policy("00400000 prefer (many):0 file=/x"));
	assert_true(proc_parse_own_policy("00400000 interleave=static:0-1"));
	assert_true(proc_parse_own_policy("00400000 weighted interleave:0-1"));
	/* with the balancing flag it is scanned */
	assert_false(proc_parse_own_policy("00400000 bind=balancing:0-1 file=/x"));
	assert_false(proc_parse_own_policy("00400000 bind=static|balancing:0-1"));
	assert_false(proc_parse_own_policy("00400000 bind=:0-1 file=/x"));
	assert_false(proc_parse_own_policy(""));
	assert_false(proc_parse_own_policy("00400000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_stat_of_hostile_names),
		cmocka_unit_test(test_broken_stat),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_of_a_kernel_thread),
		cmocka_unit_test(test_broken_status),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_own_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
