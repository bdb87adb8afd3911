// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "client/advice.h"

static void set_string(struct facts *facts, const char *name, const char *value)
{
	assert_int_equal(facts_set(facts, name, facts_new_string(value)), 0);
}

static struct facts *exposed_target(const char *cgroup)
{
	struct facts *target = facts_new_dict();

	set_string(target, "cgroup", cgroup);
	set_string(target, "mode", "enforce");
	set_string(target, "action", "none");
	facts_set(target, "exposed", facts_new_bool(true));
	return target;
}

static void expect_scanned(const char *cgroup, const char *expected)
{
	_cleanup_(facts_free) struct facts *target = exposed_target(cgroup);
	_cleanup_(free) char *text = advice_scanned(target);

	assert_non_null(text);
	if (!strstr(text, expected))
		fail_msg("%s: %s", cgroup, text);
}

static void test_setting_of_each_home(void **state)
{
	(void)state;
	expect_scanned("/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope",
		       "linux.memoryPolicy with mode MPOL_LOCAL");
	expect_scanned("/system.slice/docker-1.scope", "numactl --localalloc before its command");
	expect_scanned("/system.slice/train.service/worker",
		       "NUMAPolicy=local in [Service] of train.service");
	expect_scanned("/user.slice/user-7.slice/user@7.service/app.slice/nb.service",
		       "NUMAPolicy=local in [Service] of nb.service");
	expect_scanned("/user.slice/user-7.slice/user@7.service", "pinsafectl run -- COMMAND");
	expect_scanned("/user.slice/user-7.slice/session-2.scope", "pinsafectl run -- COMMAND");
	expect_scanned("/slurm/job_7", "numactl --localalloc COMMAND");
	expect_scanned("", "pinsafectl run -- COMMAND");
}

static void test_no_advice_where_something_is_done(void **state)
{
	_cleanup_(facts_free) struct facts *target = exposed_target("/a.slice/b.service");
	_cleanup_(free) char *text = NULL;

	(void)state;
	set_string(target, "mode", "audit");
	text = advice_scanned(target);
	assert_non_null(text);		/* nothing would be done, enforced or not */
	set_string(target, "action", "hold");
	assert_null(advice_scanned(target));
	set_string(target, "mode", "enforce");
	facts_set(target, "exposed", facts_new_bool(false));
	assert_null(advice_scanned(target));
}

static void add_device(struct facts *devices, const char *path, int64_t node)
{
	struct facts *device = facts_new_dict();

	facts_set(device, "path", facts_new_string(path));
	facts_set(device, "node", facts_new_s64(node));
	assert_int_equal(facts_add(devices, device), 0);
}

static void add_node(struct facts *nodes, uint64_t number, uint64_t bytes)
{
	struct facts *node = facts_new_dict();

	facts_set(node, "node", facts_new_u64(number));
	facts_set(node, "bytes", facts_new_u64(bytes));
	assert_int_equal(facts_add(nodes, node), 0);
}

/* Pinned on nodes 0 and 1, its device on node 1. */
static struct facts *remote_target(const char *cgroup)
{
	struct facts *target = exposed_target(cgroup);
	struct facts *devices = facts_new_list(), *nodes = facts_new_list();

	add_device(devices, "/dev/infiniband/uverbs0", -1);
	add_device(devices, "/dev/accel/accel0", 1);
	add_device(devices, "/dev/accel/accel1", 1);
	add_node(nodes, 0, 4096);
	add_node(nodes, 1, 8192);
	facts_set(target, "devices", devices);
	facts_set(target, "nodes", nodes);
	return target;
}

static void expect_remote(const char *cgroup, const char *expected)
{
	_cleanup_(facts_free) struct facts *target = remote_target(cgroup);
	_cleanup_(free) char *text = advice_remote(target);

	assert_non_null(text);
	assert_non_null(strstr(text, "its device is on node 1, and pins do not move"));
	if (!strstr(text, expected))
		fail_msg("%s: %s", cgroup, text);
}

static void test_node_of_the_device(void **state)
{
	(void)state;
	expect_remote("/system.slice/train.service",
		      "NUMAPolicy=bind, NUMAMask=1 and CPUAffinity=numa in [Service] of "
		      "train.service");
	expect_remote("/docker/1", "linux.resources.cpu with the cpus of node 1 and mems 1");
	expect_remote("/slurm/job_7", "numactl --cpunodebind=1 --membind=1 COMMAND");
}

static void test_no_node_to_advise(void **state)
{
	_cleanup_(facts_free) struct facts *target = remote_target("/a"), *local = NULL;
	struct facts *nodes = facts_new_list();

	(void)state;
	add_device((struct facts *)facts_get(target, "devices"), "/dev/accel/accel7", 0);
	assert_null(advice_remote(target));	/* devices on two nodes */
	local = remote_target("/a");
	add_node(nodes, 1, 4096);
	add_node(nodes, 0, 0);
	facts_set(local, "nodes", nodes);
	assert_null(advice_remote(local));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setting_of_each_home),
		cmocka_unit_test(test_no_advice_where_something_is_done),
		cmocka_unit_test(test_node_of_the_device),
		cmocka_unit_test(test_no_node_to_advise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
