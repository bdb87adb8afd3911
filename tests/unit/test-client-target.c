// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/target.h"

#define ROOT "/fake/fs/cgroup"

static int parse(const char *text, struct target *ret_target)
{
	const char *why = NULL;
	int r = target_parse(text, ROOT, ret_target, &why);

	if (r == -EINVAL)
		assert_non_null(why);
	return r;
}

static void expect_pid(const char *text, uint32_t pid)
{
	_cleanup_(target_done) struct target target = { 0 };

	assert_int_equal(parse(text, &target), 0);
	assert_int_equal(target.form, TARGET_FORM_PID);
	assert_int_equal(target.pid, pid);
	assert_null(target.cgroup);
}

static void expect_cgroup(const char *text, const char *cgroup)
{
	_cleanup_(target_done) struct target target = { 0 };

	assert_int_equal(parse(text, &target), 0);
	assert_int_equal(target.form, TARGET_FORM_CGROUP);
	assert_string_equal(target.cgroup, cgroup);
	assert_int_equal(target.pid, 0);
}

static void expect_unit(const char *text, const char *unit)
{
	_cleanup_(target_done) struct target target = { 0 };

	assert_int_equal(parse(text, &target), 0);
	assert_int_equal(target.form, TARGET_FORM_UNIT);
	assert_string_equal(target.unit, unit);
}

static void test_processes(void **state)
{
	(void)state;
	expect_pid("1", 1);
	expect_pid("pid:4194304", 4194304);
	expect_pid("007", 7);
}

static void test_cgroups(void **state)
{
	(void)state;
	expect_cgroup("/a/b", "/a/b");
	expect_cgroup("cgroup:/a/b//", "/a/b");
	expect_cgroup("/", "/");
	expect_cgroup(ROOT "/a", "/a");
	expect_cgroup(ROOT, "/");
	expect_cgroup(ROOT "x/a", ROOT "x/a");
	expect_cgroup("/a/...", "/a/...");
}

static void test_units(void **state)
{
	(void)state;
	expect_unit("unit:train.service", "train.service");
	expect_unit("unit:train", "train.service");
	expect_unit("unit:v1.2", "v1.2.service");
	expect_unit("unit:run-r0123.scope", "run-r0123.scope");
	expect_unit("unit:a@b\\x2dc.slice", "a@b\\x2dc.slice");
}

static void test_the_rest_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	    "train",   "0",	   "pid:",    "pid:0",
		"pid:-1",   "pid:+1",  "pid: 1",   "4194305", "99999999999999999999999",
		"1 2",	    "0x10",    "cgroup:a", "cgroup:", "/a//b",
		"/a/../b",  "/..",     "/.",	   "unit:",   "unit:a/b",
		"unit:a b", "unit:\n", "PID:1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		_cleanup_(target_done) struct target target = { 0 };

		if (parse(bad[i], &target) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	}
}

static void test_long_unit_is_refused(void **state)
{
	_cleanup_(target_done) struct target target = { 0 };
	char text[300] = "unit:";

	(void)state;
	memset(text + 5, 'a', sizeof(text) - 6);
	assert_int_equal(parse(text, &target), -EINVAL);
	assert_null(target.unit);
}

#define FIELDS_4_TO_21 "1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 64 0 "

static void expect_start(const char *stat, uint64_t expected)
{
	uint64_t start = 0;

	assert_int_equal(target_parse_stat(stat, &start), 0);
	assert_int_equal(start, expected);
}

static void test_start_time_whatever_the_name(void **state)
{
	uint64_t start;

	(void)state;
	expect_start("7 (sh) S " FIELDS_4_TO_21 "987654 1 2\n", 987654);
	expect_start("7 () S " FIELDS_4_TO_21 "1 1", 1);
	expect_start("7 (a) S 1 2 3 (b)) R " FIELDS_4_TO_21 "18446744073709551615 0",
		     UINT64_MAX);
	expect_start("7 (\n) S) S " FIELDS_4_TO_21 "5 0", 5);
	assert_int_equal(target_parse_stat("", &start), -EBADMSG);
	assert_int_equal(target_parse_stat("7 (sh) S 1 2", &start), -EBADMSG);
	assert_int_equal(target_parse_stat("7 (sh) S " FIELDS_4_TO_21, &start), -EBADMSG);
	assert_int_equal(target_parse_stat("7 (sh) S " FIELDS_4_TO_21 "x", &start),
			 -EBADMSG);
}

static void test_start_time_of_a_tree(void **state)
{
	char root[] = "/tmp/test-client-target-XXXXXX", path[64];
	struct target target = { .pid = 7 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/7", root);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(target_read_start(root, &target), -ESRCH);
	strcat(path, "/stat");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("7 (x) S " FIELDS_4_TO_21 "42 0\n", f);
	fclose(f);
	assert_int_equal(target_read_start(root, &target), 0);
	assert_int_equal(target.start_ticks, 42);
	unlink(path);
	path[strlen(path) - strlen("/stat")] = '\0';
	rmdir(path);
	rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_the_rest_is_refused),
		cmocka_unit_test(test_long_unit_is_refused),
		cmocka_unit_test(test_start_time_whatever_the_name),
		cmocka_unit_test(test_start_time_of_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
