// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/policy/decide.h"

#define KERNEL(major, minor)	((major) << 16 | (minor) << 8)

static struct config config;
static struct host_facts host;
static struct process_facts facts;

/* A balancing host of two nodes, and a pinner. */
static int setup(void **state)
{
	(void)state;
	config_init(&config);
	host = (struct host_facts){ .balancing = 1, .kernel_code = KERNEL(6, 12) };
	nodeset_add(&host.nodes_memory, 0);
	nodeset_add(&host.nodes_memory, 1);
	facts = (struct process_facts){ .vm_pin_bytes = 4096 };
	return 0;
}

static void test_verdict(void **state)
{
	(void)state;
	host.verdict = VERDICT_AFFECTED;
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_CORRUPTION);
	host.verdict = VERDICT_FIXED;
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_COST);
	host.verdict = VERDICT_UNKNOWN;
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_COST);
	config.verdict = VERDICT_AFFECTED;
	assert_int_equal(policy_verdict(&config, &host), VERDICT_AFFECTED);
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_CORRUPTION);
	host.verdict = VERDICT_AFFECTED;
	config.verdict = VERDICT_FIXED;
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_COST);
}

static void test_nobody_balances(void **state)
{
	(void)state;
	host.verdict = VERDICT_AFFECTED;
	for (int balancing = -1; balancing <= 0; balancing++) {
		host.balancing = balancing;
		assert_int_equal(policy_risk(&config, &host, &facts), RISK_NONE);
		assert_int_equal(policy_scanned(&host, &facts), SCANNED_NO_SYSCTL);
	}
	host.balancing = 2;	/* tiering alone scans too */
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_CORRUPTION);
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_YES);
}

static void test_one_memory_node(void **state)
{
	struct nodeset one = { 0 };

	(void)state;
	nodeset_add(&one, 1);
	nodeset_add(&host.nodes_cpu, 0);
	nodeset_add(&host.nodes_cpu, 1);
	host.nodes_memory = one;
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_NONE);
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_NO_ONE_NODE);
}

static void test_who_pins_nothing_risks_nothing(void **state)
{
	(void)state;
	facts.vm_pin_bytes = 0;
	assert_int_equal(policy_risk(&config, &host, &facts), RISK_NONE);
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_YES);
}

static void test_what_the_process_says(void **state)
{
	(void)state;
	facts.has_own_policy = true;
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_NO_OWN_POLICY);
	facts.is_realtime = true;
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_NO_REALTIME);
}

/* One node in cpuset.mems ends scans from 6.16 on, not before. */
static void test_cpuset(void **state)
{
	(void)state;
	nodeset_add(&facts.mems_allowed, 1);
	host.kernel_code = KERNEL(6, 15) | 255;
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_YES);
	host.kernel_code = KERNEL(6, 16);
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_NO_CPUSET);
	nodeset_add(&facts.mems_allowed, 0);
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_YES);
	facts.mems_allowed = (struct nodeset){ 0 };	/* not known */
	assert_int_equal(policy_scanned(&host, &facts), SCANNED_YES);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_verdict),
		TEST(test_nobody_balances),
		TEST(test_one_memory_node),
		TEST(test_who_pins_nothing_risks_nothing),
		TEST(test_what_the_process_says),
		TEST(test_cpuset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
