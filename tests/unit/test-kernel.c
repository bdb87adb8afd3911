// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/kernel.h"
#include "tests/unit/tree.h"

#define DEBIAN(release, version)							\
	"Linux version " release " (debian-kernel@lists.debian.org) (gcc-12 "		\
	"(Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) "	\
	"#1 SMP PREEMPT_DYNAMIC Debian " version " (2026-08-12)\n"
#define BUILT(release)									\
	"Linux version " release " (root@build) (gcc (Debian 10.2.1-6) 10.2.1 20210110) "	\
	"#1 SMP Tue Feb 22 10:00:00 UTC 2022\n"
#define UBUNTU										\
	"Linux version 5.15.0-91-generic (buildd@lcy02-amd64-045) (gcc 11.4.0) "	\
	"#101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023\n"

static const struct {
	const char *text, *version;
	enum verdict verdict;
	unsigned int code;
} cases[] = {
	/* upstream and own builds: every border of the table */
	{ BUILT("4.19.300"), "4.19.300", VERDICT_FIXED, 0x0413ff },
	{ BUILT("5.8.18"), "5.8.18", VERDICT_FIXED, 0x050812 },
	{ BUILT("5.9.0"), "5.9.0", VERDICT_AFFECTED, 0x050900 },
	{ BUILT("5.10.101"), "5.10.101", VERDICT_AFFECTED, 0x050a65 },
	{ BUILT("5.10.101-unfixed"), "5.10.101", VERDICT_AFFECTED, 0x050a65 },
	{ BUILT("5.10.102"), "5.10.102", VERDICT_FIXED, 0x050a66 },
	{ BUILT("5.10.262+"), "5.10.262", VERDICT_FIXED, 0x050aff },
	{ BUILT("5.11.0"), "5.11.0", VERDICT_AFFECTED, 0x050b00 },
	{ BUILT("5.14.21"), "5.14.21", VERDICT_AFFECTED, 0x050e15 },
	{ BUILT("5.15.24"), "5.15.24", VERDICT_AFFECTED, 0x050f18 },
	{ BUILT("5.15.25"), "5.15.25", VERDICT_FIXED, 0x050f19 },
	{ BUILT("5.16.0-rc1"), "5.16.0-rc1", VERDICT_AFFECTED, 0x051000 },
	{ BUILT("5.16.10"), "5.16.10", VERDICT_AFFECTED, 0x05100a },
	{ BUILT("5.16.11"), "5.16.11", VERDICT_FIXED, 0x05100b },
	{ BUILT("5.17.0-rc4-mine"), "5.17.0-rc4", VERDICT_AFFECTED, 0x051100 },
	{ BUILT("5.17-rc5"), "5.17.0-rc5", VERDICT_FIXED, 0x051100 },
	{ BUILT("5.17.0"), "5.17.0", VERDICT_FIXED, 0x051100 },
	{ BUILT("7.3.4"), "7.3.4", VERDICT_FIXED, 0x070304 },
	/* Debian: the number in front is that of its ABI */
	{ DEBIAN("5.10.0-11-amd64", "5.10.92-1"), "5.10.92", VERDICT_AFFECTED, 0x050a5c },
	{ DEBIAN("5.10.0-12-amd64", "5.10.103-1"), "5.10.103", VERDICT_FIXED, 0x050a67 },
	{ DEBIAN("6.1.0-56-amd64", "6.1.192-2"), "6.1.192", VERDICT_FIXED, 0x0601c0 },
	{ DEBIAN("5.17.0-rc3-amd64", "5.17~rc3-1~exp1"), "5.17.0-rc3",
	  VERDICT_AFFECTED, 0x051100 },
	/* Ubuntu, with and without its signature */
	{ UBUNTU, "5.15.0", VERDICT_UNKNOWN, 0x050f00 },
	{ UBUNTU "Ubuntu 5.15.0-91.101-generic 5.15.131\n", "5.15.131",
	  VERDICT_FIXED, 0x050f83 },
	{ UBUNTU "Ubuntu 5.15.0-18.18-generic 5.15.12\n", "5.15.12",
	  VERDICT_AFFECTED, 0x050f0c },
	/* others: not guessed at, until the fix is older than their branch */
	{ BUILT("4.18.0-513.el8.x86_64"), "4.18.0", VERDICT_UNKNOWN, 0x041200 },
	{ BUILT("5.14.0-362.8.1.el9_3.x86_64"), "5.14.0", VERDICT_UNKNOWN, 0x050e00 },
	{ BUILT("5.14.21-150500.55.7-default"), "5.14.21", VERDICT_UNKNOWN, 0x050e15 },
	{ BUILT("5.10.199-190.747.amzn2.x86_64"), "5.10.199", VERDICT_UNKNOWN, 0x050ac7 },
	{ BUILT("5.15.0-200.131.27.el8uek.x86_64"), "5.15.0", VERDICT_UNKNOWN, 0x050f00 },
	{ BUILT("5.15.158.2-1.cm2"), "5.15.158", VERDICT_UNKNOWN, 0x050f9e },
	{ BUILT("6.12.0-55.el10.x86_64"), "6.12.0", VERDICT_FIXED, 0x060c00 },
	/* no release at all */
	{ "", NULL, VERDICT_UNKNOWN, 0 },
	{ "Linux version", NULL, VERDICT_UNKNOWN, 0 },
	{ "Linux version 6 (x)", NULL, VERDICT_UNKNOWN, 0 },
	{ "Linux version 99999999999.1.1 (x)", NULL, VERDICT_UNKNOWN, 0 },
	{ "FreeBSD 14.1", NULL, VERDICT_UNKNOWN, 0 },
};

static void test_verdicts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(free) char *version = NULL;
		const char *reason = NULL;
		enum verdict verdict;
		unsigned int code;

		verdict = kernel_judge(cases[i].text, &version, &code, &reason);
		if (verdict != cases[i].verdict || code != cases[i].code || !reason)
			fail_msg("%s: %s, %#x, %s", cases[i].text, verdict_name(verdict),
				 code, reason);
		if (cases[i].version)
			assert_string_equal(version, cases[i].version);
		else
			assert_null(version);
	}
}

static void load(const char *name, struct host_facts *ret_host)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold(name);
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");

	*ret_host = (struct host_facts){ 0 };
	assert_int_equal(kernel_load(proc_fd, sys_fd, ret_host), 0);
}

static void test_loads_a_host(void **state)
{
	struct host_facts host;

	(void)state;
	load("two-nodes", &host);
	assert_string_equal(host.kernel_release, "6.12.117+deb12-amd64");
	assert_string_equal(host.kernel_version, "6.12.117");
	assert_int_equal(host.verdict, VERDICT_FIXED);
	assert_non_null(strstr(host.verdict_reason, "CVE-2022-48797"));
	assert_int_equal(host.balancing, 1);
	assert_true(host.has_cgroup2);
	host_facts_done(&host);

	load("no-numa", &host);
	assert_int_equal(host.balancing, -1);
	assert_false(host.has_cgroup2);
	host_facts_done(&host);

	load("hybrid", &host);
	assert_int_equal(host.verdict, VERDICT_AFFECTED);
	assert_true(host.has_cgroup2);
	host_facts_done(&host);
}

static void test_reads_ubuntus_signature(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("no-numa");
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	struct host_facts host = { 0 };

	(void)state;
	tree_write(&tree, "proc/version", UBUNTU);
	tree_write(&tree, "proc/version_signature", "Ubuntu 5.15.0-91.101-generic 5.15.131\n");
	assert_int_equal(kernel_load(proc_fd, sys_fd, &host), 0);
	assert_string_equal(host.kernel_version, "5.15.131");
	host_facts_done(&host);
}

static void test_balancing_and_boot_id(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("cpu-less");
	_cleanup_(close) int proc_fd = tree_open(&tree, "proc");
	char id[37];

	(void)state;
	assert_int_equal(kernel_read_balancing(proc_fd), 3);
	tree_write(&tree, "proc/sys/kernel/numa_balancing", "4\n");
	assert_int_equal(kernel_read_balancing(proc_fd), 4);
	tree_write(&tree, "proc/sys/kernel/numa_balancing", "4294967296\n");
	assert_int_equal(kernel_read_balancing(proc_fd), -1);
	assert_int_equal(kernel_read_boot_id(proc_fd, id), 0);
	assert_string_equal(id, "0b2c7c5e-54a1-4d5f-9d0e-6f1f0c9a3b17");
	tree_write(&tree, "proc/sys/kernel/random/boot_id", "short\n");
	assert_int_equal(kernel_read_boot_id(proc_fd, id), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_loads_a_host),
		cmocka_unit_test(test_reads_ubuntus_signature),
		cmocka_unit_test(test_balancing_and_boot_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
