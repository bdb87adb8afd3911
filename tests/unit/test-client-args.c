// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "client/args.h"
#include "daemon/base/cleanup.h"

static const struct verb verbs[] = {
	{ "list", "ls", "", "", VERB_JSON | VERB_ALL, 0, 0, NULL },
	{ "show", NULL, "TARGET", "", VERB_JSON, 1, 1, NULL },
	{ "release", NULL, "TARGET", "", VERB_FOR, 1, 1, NULL },
	{ "run", NULL, "-- COMMAND...", "", VERB_COMMAND, 1, -1, NULL },
	{ "check-config", NULL, "[DIR]", "", VERB_JSON, 0, 1, NULL },
	{ "plan", NULL, "", "", VERB_JSON | VERB_CONFIG | VERB_SNAPSHOT, 0, 0, NULL },
	{ "health", NULL, "", "", VERB_JSON | VERB_MAX_REMOTE, 0, 0, NULL },
	{ NULL, NULL, NULL, NULL, 0, 0, 0, NULL },
};

/* A command line, split at blanks, to be read. */
struct line {
	char text[128];
	char *argv[16];
	int argc;
	struct request request;
	char *error;
};

static int read_line(struct line *line, const char *text)
{
	char *rest = line->text;

	strcpy(line->text, text);
	line->argv[0] = (char *)"pinsafectl";
	line->argc = 1;
	while ((line->argv[line->argc] = strsep(&rest, " ")))
		line->argc++;
	return args_parse(verbs, line->argc, line->argv, &line->request, &line->error);
}

static void expect_refused(const char *text, const char *error)
{
	struct line line;

	assert_int_equal(read_line(&line, text), -EINVAL);
	assert_string_equal(line.error, error);
	free(line.error);
}

static void expect_read(struct line *line, const char *text, const char *verb)
{
	assert_int_equal(read_line(line, text), 0);
	assert_null(line->error);
	assert_string_equal(line->request.verb->name, verb);
}

static void test_options_stand_anywhere(void **state)
{
	struct line line;

	(void)state;
	expect_read(&line, "--json ls -qa", "list");
	assert_true(line.request.json && line.request.quiet && line.request.all);
	expect_read(&line, "show --json 42 --quiet", "show");
	assert_int_equal(line.request.n_args, 1);
	assert_string_equal(line.request.args[0], "42");
	expect_read(&line, "show -- --json", "show");
	assert_string_equal(line.request.args[0], "--json");
	assert_false(line.request.json);
}

static void test_command_keeps_its_options(void **state)
{
	struct line line;

	(void)state;
	expect_read(&line, "run -- sleep --help", "run");
	assert_int_equal(line.request.n_args, 2);
	assert_string_equal(line.request.args[1], "--help");
	assert_null(line.request.args[2]);	/* "--" left a place behind */
	assert_false(line.request.help);
	expect_read(&line, "run ls --json -- -q", "run");
	assert_int_equal(line.request.n_args, 4);
	assert_false(line.request.json || line.request.quiet);
	assert_null(line.request.args[4]);	/* execvp needs it */
}

static void test_help_and_version_need_nothing_else(void **state)
{
	struct line line;

	(void)state;
	assert_int_equal(read_line(&line, "--help"), 0);
	assert_true(line.request.help);
	assert_null(line.request.verb);
	assert_int_equal(read_line(&line, "-V"), 0);
	assert_true(line.request.version);
	expect_read(&line, "show -h", "show");
	assert_true(line.request.help);
}

static void test_for_takes_a_time(void **state)
{
	struct line line;

	(void)state;
	expect_read(&line, "release 1 --for 10min", "release");
	assert_int_equal(line.request.for_usec, 600000000);
	expect_read(&line, "release --for=2h 1", "release");
	assert_int_equal(line.request.for_usec, 7200000000);
	expect_refused("release 1 --for", "--for: a time is missing, such as 10min");
	expect_refused("release 1 --for ever",
		       "--for ever: not a time; write 90s, 10min, 2h or \"1d 6h\"");
	expect_refused("release 1 --for 0s",
		       "--for 0s: without a length; leave --for out to "
		       "release until the target is gone");
	expect_refused("release 1 --for 999999999w",
		       "--for 999999999w: longer than can be counted");
}

static void test_plan_takes_files(void **state)
{
	struct line line;

	(void)state;
	expect_read(&line, "plan", "plan");
	assert_null(line.request.config_dir);
	assert_null(line.request.snapshot);
	expect_read(&line, "plan --config /etc/x --snapshot=a=b --json", "plan");
	assert_string_equal(line.request.config_dir, "/etc/x");
	assert_string_equal(line.request.snapshot, "a=b");
	assert_true(line.request.json);
	expect_read(&line, "plan --snapshot -", "plan");
	assert_string_equal(line.request.snapshot, "-");
	expect_refused("plan --config",
		       "--config: a folder is missing, such as /etc/pinsafe");
	expect_refused("plan --snapshot=",
		       "--snapshot: a file is missing, or - for standard input");
	expect_refused("plan --conf x", "--conf: no such option");
	expect_refused("plan --for 1s", "plan: takes no --for");
	expect_refused("health --config x", "health: takes no --config");
}

static void test_health_takes_a_percentage(void **state)
{
	struct line line;

	(void)state;
	expect_read(&line, "health", "health");
	assert_false(line.request.has_max_remote);
	expect_read(&line, "health --max-remote-pinned 0", "health");
	assert_true(line.request.has_max_remote);
	assert_int_equal(line.request.max_remote_percent, 0);
	expect_read(&line, "health --max-remote-pinned=100%", "health");
	assert_int_equal(line.request.max_remote_percent, 100);
	expect_refused("health --max-remote-pinned",
		       "--max-remote-pinned: a percentage is missing, such as 10");
	expect_refused("health --max-remote-pinned 101",
		       "--max-remote-pinned 101: not a percentage from 0 to 100");
	expect_refused("health --max-remote-pinned 99999999999999999999",
		       "--max-remote-pinned 99999999999999999999: "
		       "not a percentage from 0 to 100");
	expect_refused("health --max-remote-pinned -1",
		       "--max-remote-pinned -1: not a percentage from 0 to 100");
	expect_refused("health --max-remote-pinned 1%%",
		       "--max-remote-pinned 1%%: not a percentage from 0 to 100");
	expect_refused("status --max-remote-pinned 1", "status: no such verb");
}

static void test_wrong_lines_are_named(void **state)
{
	(void)state;
	expect_refused("lsit", "lsit: no such verb; did you mean \"list\"?");
	expect_refused("shwo 1", "shwo: no such verb; did you mean \"show\"?");
	expect_refused("checkconfig",
		       "checkconfig: no such verb; did you mean \"check-config\"?");
	expect_refused("frobnicate", "frobnicate: no such verb");
	expect_refused("stop", "stop: no such verb");
	expect_refused("list --jsno", "--jsno: no such option");
	expect_refused("list -x", "-x: no such option");
	expect_refused("list --for 1s", "list: takes no --for");
	expect_refused("run --json true", "run: takes no --json");
	expect_refused("show", "show: TARGET is missing");
	expect_refused("show 1 2", "show: too many operands, from \"2\" on");
	expect_refused("list x", "list: too many operands, from \"x\" on");
}

static void test_empty_line_is_refused(void **state)
{
	char *argv[] = { (char *)"pinsafectl", NULL }, *error;
	struct request request;

	(void)state;
	assert_int_equal(args_parse(verbs, 1, argv, &request, &error), -EINVAL);
	assert_string_equal(error, "verb: none given");
	free(error);
	assert_int_equal(args_parse(verbs, 0, argv + 1, &request, &error), -EINVAL);
	free(error);
}

static void test_nearest_of_two(void **state)
{
	static const struct verb two[] = {
		{ .name = "restart" }, { .name = "resort" }, { .name = NULL },
	};

	(void)state;
	assert_string_equal(args_nearest_verb(two, "restrt")->name, "restart");
	assert_null(args_nearest_verb(two, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_command_keeps_its_options),
		cmocka_unit_test(test_help_and_version_need_nothing_else),
		cmocka_unit_test(test_for_takes_a_time),
		cmocka_unit_test(test_plan_takes_files),
		cmocka_unit_test(test_health_takes_a_percentage),
		cmocka_unit_test(test_wrong_lines_are_named),
		cmocka_unit_test(test_empty_line_is_refused),
		cmocka_unit_test(test_nearest_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
