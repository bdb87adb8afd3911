// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/act/setting.h"
#include "daemon/act/thread.h"
#include "tests/unit/tree.h"

static void write_stat(const struct tree *tree, int tid, const char *comm, const char *rest)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "7/task/%d/stat", tid);
	snprintf(text, sizeof(text), "%d (%s) %s\n", tid, comm, rest);
	tree_write(tree, path, text);
}

#define STAT(state, flags, start)	\
	state " 1 7 7 0 -1 " flags " 1 2 3 4 5 6 7 8 20 0 3 0 " start " 9 10 11"

static void test_names(void **state)
{
	static const struct thread thread = { .tid = 1207, .start_ticks = 5003 };
	static const char *const bad[] = {
		"", "@", "7", "7@", "@7", "0@7", "-7@7", "7@-7", "7@7 ", "7 @7", "7@7@7",
		"2147483648@7", "7@18446744073709551616", "+7@7",
	};
	_cleanup_(free) char *name = thread_format(&thread);
	struct thread parsed = { .state = 'R' };

	(void)state;
	assert_string_equal(name, "1207@5003");
	assert_int_equal(thread_parse(name, &parsed), 0);
	assert_int_equal(parsed.tid, 1207);
	assert_int_equal(parsed.start_ticks, 5003);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(thread_parse(bad[i], &parsed), -EINVAL);
}

static void test_read(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct thread thread;

	(void)state;
	write_stat(&tree, 8, "a) R 1 (b\n) S", STAT("S", "67108928", "5003"));
	assert_int_equal(thread_read(tree.fd, 7, 8, &thread), 0);
	assert_int_equal(thread.tid, 8);
	assert_int_equal(thread.start_ticks, 5003);
	assert_int_equal(thread.state, 'S');
	assert_true(thread.flags & THREAD_NO_AFFINITY);
	assert_false(thread.flags & THREAD_KERNEL);
	assert_true(thread_is_alive(&thread));
	assert_int_equal(thread_check(tree.fd, 7, &thread), 0);
	thread.start_ticks++;		/* another one has the tid */
	assert_int_equal(thread_check(tree.fd, 7, &thread), ACT_GONE);
	assert_int_equal(thread_read(tree.fd, 7, 9, &thread), ACT_GONE);
	assert_int_equal(thread_read(tree.fd, 6, 8, &thread), ACT_GONE);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"", "8", "8 (x", "8 (x)", "8 (x) ", "8 (x) S 1 7", "8 (x) S 1 7 7 0 -1 f 1",
		"8 (x) S 1 7 7 0 -1 64 1 2 3 4 5 6 7 8 20 0 3 0 -5 9",
		"8 (x) S 1 7 7 0 -1 64 1 2 3 4 5 6 7 8 20 0 3 0 18446744073709551616 9",
	};
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct thread thread;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tree_write(&tree, "7/task/8/stat", texts[i]);
		assert_int_equal(thread_read(tree.fd, 7, 8, &thread), -EINVAL);
	}
}

static bool is_movable(const struct thread *thread)
{
	return !(thread->flags & THREAD_NO_AFFINITY);
}

static void test_all(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct wanted *names;
	size_t n;

	(void)state;
	write_stat(&tree, 7, "first", STAT("Z", "64", "700"));	/* but not the process */
	write_stat(&tree, 8, "second", STAT("S", "64", "800"));
	write_stat(&tree, 9, "iou-wrk-7", STAT("S", "67108928", "900"));
	assert_int_equal(thread_names(tree.fd, (struct process_id){ 7, 700 }, is_movable,
				      &names, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(names[0].name, "8@800");
	assert_null(names[0].value);
	wanted_free(names, n);
	assert_int_equal(thread_names(tree.fd, (struct process_id){ 7, 700 }, NULL, &names, &n),
			 0);
	assert_int_equal(n, 2);
	wanted_free(names, n);
	assert_int_equal(thread_names(tree.fd, (struct process_id){ 7, 701 }, NULL, &names, &n),
			 ACT_GONE);
	assert_int_equal(thread_names(tree.fd, (struct process_id){ 6, 700 }, NULL, &names, &n),
			 ACT_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
