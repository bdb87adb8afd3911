// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/child.h"
#include "client/sysfile.h"
#include "daemon/base/cleanup.h"

static int run(const char *script, bool with_stderr, char **ret_text)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };

	return child_read(argv, with_stderr, ret_text);
}

static void test_text_and_status(void **state)
{
	_cleanup_(free) char *text = NULL, *both = NULL, *none = NULL;

	(void)state;
	assert_int_equal(run("echo out; echo err >&2; exit 3", false, &text), 3);
	assert_string_equal(text, "out\n");
	assert_int_equal(run("echo out; echo err >&2", true, &both), 0);
	assert_string_equal(both, "out\nerr\n");
	assert_int_equal(run("cat", false, &none), 0);	/* nothing to read */
	assert_string_equal(none, "");
}

static void test_more_than_a_pipe_holds(void **state)
{
	_cleanup_(free) char *text = NULL;

	(void)state;
	assert_int_equal(run("head -c 300000 /dev/zero | tr '\\0' x", false, &text), 0);
	assert_int_equal(strlen(text), 300000);
}

static void test_signals_and_absent_programs(void **state)
{
	_cleanup_(free) char *text = NULL, *more = NULL;
	char *argv[] = { (char *)"/nonexistent/program", NULL };

	(void)state;
	assert_int_equal(run("kill -9 $$", false, &text), 128 + 9);
	assert_int_equal(child_read(argv, false, &more), 127);
}

static void test_sysfile_reads_a_line(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(sysfile_read("/nonexistent", "x", text, sizeof(text)), -ENOENT);
	assert_int_equal(sysfile_read("/", "dev/null", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(sysfile_read("/dev", "zero", text, 1), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_status),
		cmocka_unit_test(test_more_than_a_pipe_holds),
		cmocka_unit_test(test_signals_and_absent_programs),
		cmocka_unit_test(test_sysfile_reads_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
