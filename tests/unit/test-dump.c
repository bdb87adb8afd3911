// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random hosts go onto paper and come back: what is decided on the copy is what
 * is decided on the original.  And paper that anybody may have written.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/dump.h"
#include "daemon/policy/decide.h"
#include "daemon/quote.h"
#include "tests/unit/random-host.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);
DEFINE_CLEANUP_EMBEDDED(struct dump, dump_done);
DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);

static char *write_text(const struct dump *dump)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(dump_write(dump, out), 0);
	fclose(out);
	return text;
}

static void parse_config(struct config *config)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	struct config_source source = { "x", random_host_config };

	if (config_parse(&source, 1, NULL, config, &errors) < 0)
		fail_msg("%u: %s", errors.errors[0].line, errors.errors[0].text);
}

static char *decide(const struct dump *dump, const struct config *config)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	char *text = NULL;
	struct decide_input input = {
		.config = config,
		.snapshot = &dump->snapshot,
		.held = dump->held,
		.n_held = dump->n_held,
		.overrides = dump->overrides,
		.n_overrides = dump->n_overrides,
		.setbacks = dump->setbacks,
		.n_setbacks = dump->n_setbacks,
		.now_usec = dump->now_usec,
		.table_full = dump->table_full,
	};

	assert_int_equal(policy_decide(&input, &plan), 0);
	assert_int_equal(plan_format(&plan, &text), 0);
	return text;
}

static void parse(const char *text, struct dump *dump)
{
	_cleanup_(free) char *why = NULL;

	if (dump_parse(text, strlen(text), dump, &why) < 0)
		fail_msg("%s", why);
}

/* ---- there and back ------------------------------------------------------------ */

static void check_round_trip(unsigned int seed)
{
	_cleanup_(dump_done) struct dump dump = random_host(seed), copy = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	_cleanup_(free) char *text = write_text(&dump);
	_cleanup_(free) char *again = NULL, *plan = NULL, *copied_plan = NULL;

	parse(text, &copy);
	again = write_text(&copy);
	assert_string_equal(again, text);
	parse_config(&config);
	plan = decide(&dump, &config);
	copied_plan = decide(&copy, &config);
	assert_string_equal(copied_plan, plan);
}

static void test_round_trip(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (unsigned int i = 0; i < 300; i++)
		check_round_trip(seed + i);
}

static void test_strings(void **state)
{
	static const char *const texts[] = {
		"", "plain", "\"\\\b\x01\x7f\n", "\xc3\xa9", "\xff\xfe\x80", "half \xe2\x82",
		"\xef\x9e\x80", "\xef\x9f\xbf x", "\xf0\x9f\x98\x80", "\xed\xa0\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_(dump_done) struct dump copy = { 0 };
		_cleanup_(free) char *text = NULL;
		struct dump dump = {
			.hostname = (char *)texts[i],
			.snapshot.host.kernel_release = (char *)texts[i],
		};

		text = write_text(&dump);
		parse(text, &copy);
		assert_string_equal(copy.hostname, texts[i]);
		assert_string_equal(copy.snapshot.host.kernel_release, texts[i]);
	}
}

static void test_names_are_in_order(void **state)
{
	_cleanup_(dump_done) struct dump dump = { 0 };

	(void)state;
	parse("{\"schema\":\"pinsafe.snapshot/1\",\"host\":{\"balancing\":1},\"news\":[{}],"
	      "\"processes\":[{\"pid\":9,\"start_ticks\":1},{\"pid\":7,\"start_ticks\":1,\"x\":1}]}",
	      &dump);
	assert_int_equal(dump.snapshot.n_processes, 2);
	assert_int_equal(dump.snapshot.processes[0].id.pid, 7);
	assert_int_equal(dump.snapshot.host.balancing, 1);
}

/* ---- what is refused ----------------------------------------------------------- */

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{ "", "ends too early|nothing there" },
	{ "{", "line 1, column 2: ends too early" },
	{ "{\n \"a\": tru }", "line 2" },
	{ "null", "ends too early|nothing there" },
	{ "[]", "not a snapshot" },
	{ "{}", "not a snapshot" },
	{ "{} x", "line 1" },
	{ "{\"schema\":\"pinsafe.plan/1\"}", "not a snapshot" },
	{ "{\"schema\":\"pinsafe.snapshot/2\"}", "newer" },
	{ "{\"schema\":\"pinsafe.snapshot/99999999999999999999\"}", "newer" },
	{ "{\"schema\":\"pinsafe.snapshot/x\"}", "schema" },
	{ "{\"schema\":\"pinsafe.snapshot/1\"}", "host: is missing" },
	{ "{\"schema\":\"pinsafe.snapshot/1\",\"host\":null}", "host: is missing" },
	{ "{\"schema\":\"pinsafe.snapshot/1\",\"host\":1}", "host: must be an object" },
	{ "{\"schema\":\"pinsafe.snapshot/1\",\"host\":{}}", "host.balancing: is missing" },
#define HOST "{\"schema\":\"pinsafe.snapshot/1\",\"host\":{\"balancing\":1},"
	{ HOST "\"processes\":{}}", "processes: must be a list" },
	{ HOST "\"processes\":[1]}", "processes[0]: must be an object" },
	{ HOST "\"processes\":[{\"pid\":1}]}", "processes[0].start_ticks: is missing" },
	{ HOST "\"processes\":[{\"pid\":-1,\"start_ticks\":1}]}", "processes[0].pid: must be" },
	{ HOST "\"processes\":[{\"pid\":1e3,\"start_ticks\":1}]}", "processes[0].pid: must be" },
	{ HOST "\"processes\":[{\"pid\":4294967296,\"start_ticks\":1}]}", "processes[0].pid" },
	{ HOST "\"processes\":[{\"pid\":\"1\",\"start_ticks\":1}]}", "processes[0].pid" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1},{\"pid\":1,\"start_ticks\":1}]}",
	  "processes: the same one is there twice" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"comm\":\"0123456789abcdef\"}]}",
	  "processes[0].comm: must have less than 16 bytes" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"comm\":\"a\\u0000b\"}]}", "NUL" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"cgroup\":\"x\"}]}", "slash" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"cpus_allowed\":\"1-\"}]}",
	  "processes[0].cpus_allowed: must be a list" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"mems_allowed\":\"99999\"}]}",
	  "processes[0].mems_allowed: must be a list" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"has_sight\":1}]}", "true or false" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"devices\":[{\"major\":1}]}]}",
	  "processes[0].devices[0].path: is missing" },
	{ HOST "\"processes\":[{\"pid\":1,\"start_ticks\":1,\"pinned\":[{\"node\":1024}]}]}",
	  "processes[0].pinned[0].node: must be a whole number from 0 to 1023" },
	{ HOST "\"held\":[{\"action\":\"hold\"}]}", "held[0].target: is missing" },
	{ HOST "\"held\":[{\"target\":{\"kind\":\"host\"},\"action\":\"auto\"}]}",
	  "held[0].action: \"auto\" is no word" },
	{ HOST "\"held\":[{\"target\":{\"kind\":\"cgroup\"}}]}",
	  "held[0].target: a cgroup must have its path" },
	{ HOST "\"held\":[{\"target\":{\"kind\":\"process\"}}]}", "must have a pid" },
	{ HOST "\"decided\":[{\"target\":{\"kind\":\"host\"}},{\"target\":{\"kind\":\"host\"}}]}",
	  "decided: the same one is there twice" },
	{ HOST "\"now_usec\":-1}", "now_usec: must be" },
	{ HOST "\"hostname\":\"\xff\"}", "line 1" },
	{ "{\"schema\":\"pinsafe.snapshot/1\",\"host\":{\"balancing\":1,"
	  "\"nodes\":[{\"node\":0,\"distances\":[10,20]}]}}",
	  "host.nodes[0].distances: must be a list of 1 numbers" },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nesting" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		_cleanup_(free) char *why = NULL;
		struct dump dump;

		assert_int_equal(dump_parse(bad[i].text, strlen(bad[i].text), &dump, &why), -EINVAL);
		assert_non_null(why);
		if (!strchr(bad[i].why, '|') && !strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why);
		assert_null(dump.snapshot.processes);
	}
}

static void test_too_large(void **state)
{
	_cleanup_(free) char *why = NULL;
	struct dump dump;

	(void)state;
	assert_int_equal(dump_parse("{", (size_t)DUMP_MAX_BYTES + 1, &dump, &why), -EINVAL);
	assert_non_null(strstr(why, "larger than 32 MiB"));
}

static void test_cut_off_anywhere(void **state)
{
	_cleanup_(dump_done) struct dump dump = random_host(1);
	_cleanup_(free) char *text = write_text(&dump);
	size_t length = strlen(text) - 2;		/* the last brace, and the newline */

	(void)state;
	for (size_t i = 0; i < length; i += 7) {
		_cleanup_(free) char *why = NULL;
		struct dump copy;

		assert_int_equal(dump_parse(text, i, &copy, &why), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_names_are_in_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_cut_off_anywhere),
	};

	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
