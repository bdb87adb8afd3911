// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "daemon/sense/nodes.h"
#include "tests/unit/tree.h"

DEFINE_CLEANUP_EMBEDDED(struct device_nodes, device_nodes_done);

static bool has_folder(const struct device_nodes *nodes, const char *folder)
{
	size_t i;

	for (i = 0; i < nodes->n_folders; i++)
		if (strcmp(nodes->folders[i], folder) == 0)
			return true;
	return false;
}

static void make_folders(const struct tree *tree)
{
	static const char *const paths[] = {
		"infiniband/x", "vfio/devices/x", "shm/a/b/c/x", "bus/usb/001/x",
	};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		tree_write(tree, paths[i], "");
}

/* Which folders a glob leads into. */
static void assert_walks(const char *glob, const char *into, const char *not_into)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };

	make_folders(&tree);
	assert_int_equal(device_nodes_find(tree.fd, (char **)&glob, 1, &nodes), 0);
	assert_int_equal(nodes.n_nodes, 0);
	assert_true(has_folder(&nodes, "."));
	assert_true(has_folder(&nodes, into));
	assert_false(has_folder(&nodes, not_into));
}

static void test_walks_only_where_a_match_can_be(void **state)
{
	(void)state;
	assert_walks("/dev/infiniband/uverbs*", "infiniband/", "vfio/");
	assert_walks("/dev/vfio/**", "vfio/devices/", "bus/");
	assert_walks("/dev/v*", ".", "vfio/");
	assert_walks("/dev/*/x", "vfio/", "vfio/devices/");
	assert_walks("/dev/**", "bus/usb/001/", "none/");
	assert_walks("/dev/v**", "vfio/devices/", "bus/");
	assert_walks("/dev/kfd", ".", "bus/");
}

static void test_other_globs_walk_nowhere(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };
	const char *glob = "/srv/x*";

	(void)state;
	assert_int_equal(device_nodes_find(tree.fd, (char **)&glob, 1, &nodes), 0);
	assert_int_equal(nodes.n_folders, 0);
	assert_int_equal(device_nodes_find(tree.fd, NULL, 0, &nodes), 0);
	assert_int_equal(nodes.n_folders, 0);
}

static void test_links_are_not_followed(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };
	const char *glob = "/dev/*/x";

	(void)state;
	make_folders(&tree);
	tree_link(&tree, "link", "vfio");
	assert_int_equal(device_nodes_find(tree.fd, (char **)&glob, 1, &nodes), 0);
	assert_true(has_folder(&nodes, "vfio/"));
	assert_false(has_folder(&nodes, "link/"));
}

/* The machine's own /dev has /dev/null and /dev/zero, and /dev/fd, a link. */
static void test_nodes_of_this_machine(void **state)
{
	_cleanup_(close) int dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };
	const char *globs[] = { "/dev/nul[l]", "/dev/zer?", "/dev/fd/*" };

	(void)state;
	assert_int_equal(device_nodes_find(dev_fd, (char **)globs, 3, &nodes), 0);
	assert_int_equal(nodes.n_nodes, 2);
	assert_int_equal(nodes.nodes[0].major, 1);
	assert_int_equal(nodes.nodes[0].minor + nodes.nodes[1].minor, 3 + 5);
	assert_int_equal(nodes.n_folders, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks_only_where_a_match_can_be),
		cmocka_unit_test(test_other_globs_walk_nowhere),
		cmocka_unit_test(test_links_are_not_followed),
		cmocka_unit_test(test_nodes_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
