// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "daemon/sense/fds.h"
#include "daemon/sense/same-file.h"
#include "tests/unit/tree.h"

#define PID	7

DEFINE_CLEANUP_EMBEDDED(struct fds, fds_done);

/* Which file is behind a descriptor: fake.files[fd], in the order of these numbers. */
static struct {
	bool can_compare;
	const int *files;
	int error;		/* of each comparison, negative */
	unsigned int calls;
} fake;

bool same_file_can_compare(int pid_fd)
{
	(void)pid_fd;
	return fake.can_compare;
}

int same_file_compare(pid_t pid, int fd, int other, int *ret_order)
{
	assert_int_equal(pid, PID);
	fake.calls++;
	*ret_order = fake.error ? 0 : fake.files[fd] - fake.files[other];
	return fake.error;
}

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
	assert_int_equal(fds_read(tree.fd, PID, &fds), 0);
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
	assert_int_equal(fds_read(tree.fd, PID, &fds), 0);
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
	assert_int_equal(fds_read(tree.fd, PID, &fds), 0);
	assert_int_equal(fds.rings[0].bytes, 16384ULL << 30);
	fds_done(&fds);
}

/* Descriptors 0 to n - 1, each a ring with as many pages as the number of its file. */
static void write_rings(const struct tree *tree, const int *files, int n, uint64_t inode)
{
	char path[32], text[128];

	for (int fd = 0; fd < n; fd++) {
		snprintf(path, sizeof(path), "fd/%d", fd);
		tree_link(tree, path, "anon_inode:[io_uring]");
		snprintf(path, sizeof(path), "fdinfo/%d", fd);
		snprintf(text, sizeof(text), "ino:\t%d\nUserBufs:\t1\n    0: 0x1000/%d\n",
			 (int)inode, files[fd] * 4096);
		tree_write(tree, path, text);
	}
	fake.files = files;
	fake.calls = 0;
}

static uint64_t sum_rings(const struct tree *tree, size_t n_expected)
{
	_cleanup_(fds_done) struct fds fds = { 0 };
	uint64_t bytes = 0;

	assert_int_equal(fds_read(tree->fd, PID, &fds), 0);
	assert_int_equal(fds.n_rings, n_expected);
	for (size_t i = 0; i < fds.n_rings; i++)
		bytes += fds.rings[i].bytes;
	return bytes;
}

static void test_a_ring_counts_once(void **state)
{
	static const int files[] = { 30, 10, 20, 10, 30, 40, 20, 20, 10, 40 };
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	write_rings(&tree, files, 10, 0);
	fake.can_compare = true;
	assert_int_equal(sum_rings(&tree, 4), 100 * 4096);
	assert_true(fake.calls > 0);
}

/* The bound of text is there for rings, not for names of one ring. */
static void test_names_of_a_ring_hide_no_other(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	static char text[1 << 20];
	static int files[64];

	(void)state;
	for (int fd = 0; fd < 63; fd++)
		files[fd] = 1;
	files[63] = 2;
	write_rings(&tree, files, 64, 9);
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "UserBufs:\t1\n    0: 0x1000/4096\n", 31);
	for (int fd = 0; fd < 63; fd++) {
		char path[32];

		snprintf(path, sizeof(path), "fdinfo/%d", fd);
		tree_write(&tree, path, text);
	}
	fake.can_compare = true;
	assert_int_equal(sum_rings(&tree, 2), 3 * 4096);
}

/* What cannot be told apart counts as one, the largest. */
static void test_at_least_where_nobody_can_tell(void **state)
{
	static const int files[] = { 1, 3, 2 };
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	write_rings(&tree, files, 3, 0);
	tree_link(&tree, "fd/3", "anon_inode:[io_uring]");
	tree_write(&tree, "fdinfo/3", "ino:\t9\nUserBufs:\t1\n    0: 0x1000/4096\n");
	fake.can_compare = false;
	assert_int_equal(sum_rings(&tree, 2), 4 * 4096);
	fake.can_compare = true;
	fake.error = -EPERM;
	assert_int_equal(sum_rings(&tree, 2), 4 * 4096);
	fake.error = 0;
}

static void test_gone(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct fds fds;

	(void)state;
	assert_int_equal(fds_read(tree.fd, PID, &fds), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_by_number_and_by_name),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_a_long_list_of_buffers),
		cmocka_unit_test(test_a_ring_counts_once),
		cmocka_unit_test(test_names_of_a_ring_hide_no_other),
		cmocka_unit_test(test_at_least_where_nobody_can_tell),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
