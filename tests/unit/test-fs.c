// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/base/fs.h"
#include "tests/unit/tree.h"

static void test_reads_whole_files(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(free) char *text = NULL;
	char buf[6];

	(void)state;
	tree_write(&tree, "a/short", "12345");
	tree_write(&tree, "a/empty", "");
	assert_int_equal(fs_read(tree.fd, "a/short", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "12345");
	assert_int_equal(fs_read(tree.fd, "a/empty", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(fs_read(tree.fd, "a/short", buf, 5), -EFBIG);
	assert_int_equal(fs_read(tree.fd, "a/none", buf, 5), -ENOENT);
	assert_int_equal(fs_read_head(tree.fd, "a/short", buf, 3), 2);
	assert_string_equal(buf, "12");
	assert_int_equal(fs_read_all(tree.fd, "a/short", 5, &text), 5);
	assert_string_equal(text, "12345");
}

static void test_read_all_grows_to_its_limit(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	static char large[3 * 4096 + 1];
	size_t size;

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	tree_write(&tree, "large", large);
	for (size = 4095; size <= 4097; size++) {	/* around the first allocation */
		_cleanup_(free) char *text = NULL;

		large[size] = '\0';
		tree_write(&tree, "some", large);
		assert_int_equal(fs_read_all(tree.fd, "some", 1 << 20, &text), size);
		assert_string_equal(text, large);
		large[size] = 'x';
	}
	char *none = NULL;

	assert_int_equal(fs_read_all(tree.fd, "large", 3 * 4096 - 1, &none), -EFBIG);
	assert_null(none);
}

static void assert_number(const char *text, int expected, int64_t value)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	int64_t found = value;

	tree_write(&tree, "n", text);
	assert_int_equal(fs_read_s64(tree.fd, "n", &found), expected);
	assert_int_equal(found, value);
}

static void test_numbers(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	uint64_t n;

	(void)state;
	assert_number("-1\n", 0, -1);
	assert_number("  7 \n", 0, 7);
	assert_number("", -EINVAL, 5);
	assert_number("x", -EINVAL, 5);
	assert_number("1 2", -EINVAL, 5);
	assert_number("9223372036854775808", -ERANGE, 5);
	assert_number("1111111111111111111111111111111111111111111111111111111111111111111",
		      -EINVAL, 5);
	tree_write(&tree, "n", "18446744073709551615\n");
	assert_int_equal(fs_read_u64(tree.fd, "n", &n), 0);
	assert_true(n == UINT64_MAX);
	tree_write(&tree, "n", "-1\n");
	assert_int_equal(fs_read_u64(tree.fd, "n", &n), -EINVAL);
}

static void test_links(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	char buf[5];

	(void)state;
	tree_link(&tree, "l", "four");
	assert_int_equal(fs_read_link(tree.fd, "l", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "four");
	assert_int_equal(fs_read_link(tree.fd, "l", buf, 4), -ENAMETOOLONG);
	assert_int_equal(fs_read_link(tree.fd, "m", buf, 4), -ENOENT);
}

static void test_fields(void **state)
{
	static const char text[] = "Name:\tVmPin: 7\nVmPinned: 1\nVmPin:\t   16 kB\n"
				   "nr_pin 42\nseq    :   9  \nbare\nempty:\nneg: -3\n"
				   "big: 18446744073709551616\nlast 5";
	uint64_t n = 0;
	size_t len;

	(void)state;
	assert_int_equal(fs_find_u64(text, "VmPin", &n), 0);
	assert_int_equal(n, 16);
	assert_int_equal(fs_find_u64(text, "nr_pin", &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(fs_find_u64(text, "seq", &n), 0);
	assert_int_equal(n, 9);
	assert_int_equal(fs_find_u64(text, "last", &n), 0);
	assert_int_equal(n, 5);
	assert_memory_equal(fs_find_field(text, "seq", &len), "9", 1);
	assert_int_equal(len, 1);
	assert_null(fs_find_field(text, "bare", &len));
	assert_int_equal(fs_find_u64(text, "nr_", &n), -ENOENT);
	assert_int_equal(fs_find_u64(text, "empty", &n), -EINVAL);
	assert_int_equal(fs_find_u64(text, "neg", &n), -EINVAL);
	assert_int_equal(fs_find_u64(text, "big", &n), -EINVAL);
	assert_int_equal(fs_find_u64("", "x", &n), -ENOENT);
}

static void test_entries_without_the_folder_itself(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(closedir) DIR *dir = NULL;
	unsigned int n = 0;
	struct dirent *entry;

	(void)state;
	assert_int_equal(fs_open_dir_stream(tree.fd, "none", &dir), -ENOENT);
	tree_write(&tree, "d/.hidden", "");
	tree_write(&tree, "d/...", "");
	assert_int_equal(fs_open_dir_stream(tree.fd, "d", &dir), 0);
	while ((entry = fs_next_entry(dir))) {
		assert_true(strcmp(entry->d_name, ".hidden") == 0 ||
			    strcmp(entry->d_name, "...") == 0);
		n++;
	}
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_whole_files),
		cmocka_unit_test(test_read_all_grows_to_its_limit),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_entries_without_the_folder_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
