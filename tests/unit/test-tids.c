// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include "daemon/base/tids.h"
#include "tests/unit/tree.h"

static void test_list(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(free) pid_t *tids = NULL;
	size_t n;

	(void)state;
	tree_write(&tree, "task/7/stat", "");
	tree_write(&tree, "task/1207/stat", "");
	assert_int_equal(tids_read(tree.fd, "task", &tids, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(tids[0], 7);
	assert_int_equal(tids[1], 1207);
	assert_int_equal(tids_read(tree.fd, "none", &tids, &n), -ENOENT);
}

/* ---- threads that end while they are listed --------------------------------- */

#define N_RUNNERS 8

static atomic_bool is_over;
static atomic_int runners[N_RUNNERS];	/* their tids; 0: none, or told to end */

static void *run(void *arg)
{
	atomic_int *tid = arg;

	*tid = (int)syscall(SYS_gettid);
	while (*tid != 0)
		usleep(100);
	return NULL;
}

/* The oldest, which stands before the others in the list, makes way for a new one
 * at its end, and so on. */
static void *relay(void *arg)
{
	pthread_t threads[N_RUNNERS];

	for (size_t i = 0; i < N_RUNNERS || !is_over; i++) {
		size_t at = i % N_RUNNERS;

		if (i >= N_RUNNERS) {
			runners[at] = 0;
			pthread_join(threads[at], NULL);
		}
		if (pthread_create(&threads[at], NULL, run, &runners[at]) != 0)
			abort();
		while (runners[at] == 0)
			usleep(100);
	}
	for (size_t i = 0; i < N_RUNNERS; i++) {
		runners[i] = 0;
		pthread_join(threads[i], NULL);
	}
	return arg;
}

static bool is_listed(const pid_t *tids, size_t n, pid_t tid)
{
	for (size_t i = 0; i < n; i++) {
		if (tids[i] == tid)
			return true;
	}
	return false;
}

/* Who runs before and after was there all the time. */
static void check_list(void)
{
	_cleanup_(free) pid_t *tids = NULL;
	int before[N_RUNNERS];
	size_t n;

	for (size_t i = 0; i < N_RUNNERS; i++)
		before[i] = runners[i];
	assert_int_equal(tids_read(AT_FDCWD, "/proc/self/task", &tids, &n), 0);
	for (size_t i = 0; i < N_RUNNERS; i++)
		assert_true(before[i] == 0 || before[i] != runners[i] ||
			    is_listed(tids, n, before[i]));
}

static void test_none_is_left_out(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, relay, NULL), 0);
	for (int i = 0; i < 20000; i++)
		check_list();
	is_over = true;
	pthread_join(thread, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_none_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
