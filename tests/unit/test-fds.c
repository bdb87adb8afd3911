// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "daemon/sense/fds.h"
#include "tests/unit/tree.h"

static void test_devices_by_number_and_by_name(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct fds fds;

	(void)state;
	tree_link(&tree, "fd/0", "/dev/null");
	tree_link(&tree, "fd/1", "/dev/tty");
	tree_link(&tree, "fd/2", "socket:[77]");
	tree_link(&tree, "fd/3", "/etc/passwd");
	tree_link(&tree, "fd/4", "/dev/full");		/* a memory device, like null */
	tree_link(&tree, "fd/5", "/dev/no-such-accelerator");
	tree_link(&tree, "fd/6", "/dev/no-such-accelerator");
	tree_link(&tree, "fd/7", "anon_inode:[eventfd]");
	assert_int_equal(fds_read(tree.fd, &fds), 0);
	assert_int_equal(fds.n_rings, 0);
	assert_int_equal(fds.n_devices, 1);
	assert_string_equal(fds.devices[0].path, "/dev/no-such-accelerator");
	assert_int_equal(fds.devices[0].node, -1);
	fds_done(&fds);
}

static void test_rings(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct fds fds;

	(void)state;
	tree_link(&tree, "fd/4", "anon_inode:[io_uring]");
	tree_write(&tree, "fdinfo/4", "ino:\t9\nUserBufs:\t1\n    0: 0x1000/4096\n");
	tree_link(&tree, "fd/5", "anon_inode:[io_uring]");
	tree_write(&tree, "fdinfo/5", "ino:\t10\nUserBufs:\t0\n");
	tree_link(&tree, "fd/6", "anon_inode:[io_uring]");	/* closed meanwhile */
	assert_int_equal(fds_read(tree.fd, &fds), 0);
	assert_int_equal(fds.n_rings, 1);
	assert_int_equal(fds.rings[0].inode, 9);
	assert_int_equal(fds.rings[0].bytes, 4096);
	fds_done(&fds);
}

/* 16,384 buffers, the most the kernel takes: each one counts. */
static void test_a_long_list_of_buffers(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	static char text[16384 * 40];
	size_t i, len;
	struct fds fds;

	(void)state;
	len = (size_t)sprintf(text, "ino:\t9\nUserBufs:\t16384\n");
	for (i = 0; i < 16384; i++)
		len += (size_t)sprintf(text + len, "%5zu: 0x7f0000000000/1073741824\n", i);
	tree_link(&tree, "fd/4", "anon_inode:[io_uring]");
	tree_write(&tree, "fdinfo/4", text);
	assert_int_equal(fds_read(tree.fd, &fds), 0);
	assert_int_equal(fds.rings[0].bytes, 16384ULL << 30);
	fds_done(&fds);
}

static void test_gone(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct fds fds;

	(void)state;
	assert_int_equal(fds_read(tree.fd, &fds), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_by_number_and_by_name),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_a_long_list_of_buffers),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
