// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "daemon/sense/threads.h"
#include "tests/unit/tree.h"

enum { OTHER = 0, FIFO = 1, BATCH = 3, EXT = 7 };

static void add_thread(const struct tree *tree, int tid, int policy, const char *mempolicy)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "task/%d/stat", tid);
	snprintf(text, sizeof(text),
		 "%d (w) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 "
		 "0 0 17 0 0 %d 0 0 0\n", tid, policy);
	tree_write(tree, path, text);
	snprintf(path, sizeof(path), "task/%d/numa_maps", tid);
	snprintf(text, sizeof(text), "00400000 %s file=/bin/x mapped=1\n", mempolicy);
	tree_write(tree, path, text);
}

static void assert_threads(const struct tree *tree, bool realtime, bool own_policy)
{
	bool found_realtime, found_own_policy;

	assert_int_equal(threads_read(tree->fd, &found_realtime, &found_own_policy), 0);
	assert_int_equal(found_realtime, realtime);
	assert_int_equal(found_own_policy, own_policy);
}

static void test_one_plain_thread_is_enough(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)state;
	add_thread(&tree, 10, FIFO, "local");
	assert_threads(&tree, true, true);
	add_thread(&tree, 11, EXT, "bind:0");
	assert_threads(&tree, true, true);
	add_thread(&tree, 12, BATCH, "local");
	assert_threads(&tree, false, true);
	add_thread(&tree, 13, FIFO, "default");
	assert_threads(&tree, false, false);
}

static void test_too_many_threads_prove_nothing(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	int tid;

	(void)state;
	for (tid = 1; tid <= 1024; tid++)
		add_thread(&tree, tid, FIFO, "local");
	assert_threads(&tree, true, true);
	add_thread(&tree, 1025, FIFO, "local");
	assert_threads(&tree, false, false);
}

static void test_gone(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	bool realtime, own_policy;

	(void)state;
	assert_int_equal(threads_read(tree.fd, &realtime, &own_policy), -ENOENT);
	tree_write(&tree, "task/7/none", "");	/* a thread that ends while we look */
	assert_threads(&tree, false, false);
	add_thread(&tree, 8, FIFO, "local");	/* which says nothing */
	assert_threads(&tree, true, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_plain_thread_is_enough),
		cmocka_unit_test(test_too_many_threads_prove_nothing),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
