// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/sense/topology.h"
#include "tests/unit/tree.h"

static void assert_set(const struct nodeset *set, const char *expected)
{
	char text[64];

	assert_int_equal(nodeset_format(set, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

/* Loads tests/trees/NAME; sets are "online memory cpu". */
static struct host_facts load(const char *name, const char *online, const char *memory,
			      const char *cpu)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold(name);
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	struct host_facts host = { 0 };

	assert_int_equal(topology_load(sys_fd, &host), 0);
	assert_set(&host.nodes_online, online);
	assert_set(&host.nodes_memory, memory);
	assert_set(&host.nodes_cpu, cpu);
	return host;
}

static void test_nodes(void **state)
{
	struct host_facts host;

	(void)state;
	host = load("two-nodes", "0-1", "0-1", "0-1");
	assert_true(host.has_pin_counters);
	assert_int_equal(host.pins_acquired, 4100 + 8192);
	assert_int_equal(host.pins_released, 100);
	host_facts_done(&host);
	host = load("cpu-less", "0-2", "0-2", "0-1");
	host_facts_done(&host);
	host = load("memory-less", "0-1", "1", "0-1");
	host_facts_done(&host);
	host = load("no-numa", "0", "0", "0");
	assert_false(host.has_pin_counters);
}

static void test_what_a_node_has(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	struct host_facts host = { 0 };

	(void)state;
	tree_write(&tree, "sys/devices/system/node/node0/cpulist", "0-3\n");
	tree_write(&tree, "sys/devices/system/node/node0/distance", "10 21\n");
	tree_write(&tree, "sys/devices/system/node/node1/cpulist", "\n");
	tree_write(&tree, "sys/devices/system/node/node1/distance", "21 10 17\n");
	assert_int_equal(topology_load(sys_fd, &host), 0);
	assert_int_equal(host.n_nodes, 2);
	assert_int_equal(nodeset_count(&host.nodes[0].cpus), 4);
	assert_int_equal(host.nodes[0].distances[1], 21);
	assert_int_equal(host.nodes[1].node, 1);
	assert_true(nodeset_is_empty(&host.nodes[1].cpus));
	/* of three nodes, when there are two: one is about to come or go */
	assert_null(host.nodes[1].distances);
	host_facts_done(&host);
}

static void test_counters_of_old_kernels_and_leaving_nodes(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	uint64_t acquired = 0, released = 0;

	(void)state;
	tree_write(&tree, "sys/devices/system/node/online", "0-2\n");
	assert_int_equal(topology_read_pins(sys_fd, &acquired, &released), 0);
	assert_int_equal(acquired, 4100 + 8192);
	tree_write(&tree, "sys/devices/system/node/node1/vmstat", "nr_free_pages 1\n");
	assert_int_equal(topology_read_pins(sys_fd, &acquired, &released), -EOPNOTSUPP);
}

static void test_nonsense_is_an_error(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	struct host_facts host = { 0 };

	(void)state;
	tree_write(&tree, "sys/devices/system/node/has_memory", "many\n");
	assert_int_equal(topology_load(sys_fd, &host), -EINVAL);
}

static void test_node_of_a_device(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");

	(void)state;
	assert_int_equal(topology_find_device_node(sys_fd, 231, 192), 1);
	assert_int_equal(topology_find_device_node(sys_fd, 231, 193), -1);

	/* a class device three levels below the function that knows its node */
	tree_write(&tree, "sys/devices/pci0/0000:3b:00.0/numa_node", "1\n");
	tree_write(&tree, "sys/devices/pci0/0000:3b:00.0/hl/class/hl0/numa_node", "-1\n");
	tree_link(&tree, "sys/dev/char/511:0",
		  "../../devices/pci0/0000:3b:00.0/hl/class/hl0");
	assert_int_equal(topology_find_device_node(sys_fd, 511, 0), 1);

	/* unknown to the firmware, and nowhere above */
	tree_write(&tree, "sys/dev/char/10:1/device/numa_node", "-1\n");
	assert_int_equal(topology_find_device_node(sys_fd, 10, 1), -1);
	tree_write(&tree, "sys/dev/char/10:2/device/numa_node", "1000000\n");
	assert_int_equal(topology_find_device_node(sys_fd, 10, 2), -1);

	/* one level above is not looked at, whatever stands there */
	tree_write(&tree, "sys/devices/virtual/numa_node", "1\n");
	tree_write(&tree, "sys/devices/virtual/misc/x/uevent", "DEVNAME=x\n");
	tree_link(&tree, "sys/dev/char/10:3", "../../devices/virtual/misc/x");
	assert_int_equal(topology_find_device_node(sys_fd, 10, 3), -1);
}

static void test_path_of_a_device(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_unfold("two-nodes");
	_cleanup_(close) int sys_fd = tree_open(&tree, "sys");
	_cleanup_(free) char *path = NULL;

	(void)state;
	assert_int_equal(topology_find_device_path(sys_fd, 231, 192, &path), 0);
	assert_string_equal(path, "/dev/infiniband/uverbs0");
	tree_write(&tree, "sys/dev/char/9:9/uevent", "MAJOR=9\n");
	assert_int_equal(topology_find_device_path(sys_fd, 9, 9, &path), -ENOENT);
	assert_int_equal(topology_find_device_path(sys_fd, 9, 8, &path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_what_a_node_has),
		cmocka_unit_test(test_counters_of_old_kernels_and_leaving_nodes),
		cmocka_unit_test(test_nonsense_is_an_error),
		cmocka_unit_test(test_node_of_a_device),
		cmocka_unit_test(test_path_of_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
