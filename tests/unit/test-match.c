// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/decide.h"
#include "daemon/policy/match.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);

static struct config parse(const char *text)
{
	struct config_source source = { "test.conf", text };
	struct config_errors errors;
	struct config config;

	assert_int_equal(config_parse(&source, 1, NULL, &config, &errors), 0);
	return config;
}

/* The name of the policy that a pinner with these facts falls under, or "-". */
static void assert_found(const struct config *config, const char *cgroup, const char *exe,
			 const char *expected)
{
	struct process_facts facts = {
		.cgroup = (char *)cgroup,
		.exe = (char *)exe,
		.vm_pin_bytes = 4096,
	};
	const struct policy *policy;

	assert_int_equal(policy_find(config, &facts, NULL, &policy, NULL), 0);
	assert_string_equal(policy ? policy->name : "-", expected);
}

static void test_cgroup_stands_for_all_below(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchCGroup=/a/*.service /b\n");

	(void)state;
	assert_found(&config, "/a/1.service", NULL, "x");
	assert_found(&config, "/a/1.service/worker/2", NULL, "x");
	assert_found(&config, "/b/c", NULL, "x");
	assert_found(&config, "/bc", NULL, "-");
	assert_found(&config, "/a", NULL, "-");
	assert_found(&config, "/a/c/1.service", NULL, "-");
	assert_found(&config, "/", NULL, "-");
	assert_found(&config, NULL, NULL, "-");
}

static void test_root_stands_for_all_of_version_2(void **state)
{
	_cleanup_(config_done) struct config config = parse("[Policy x]\nMatchCGroup=/\n");

	(void)state;
	assert_found(&config, "/", NULL, "x");
	assert_found(&config, "/a/b", NULL, "x");
	assert_found(&config, NULL, NULL, "-");
}

static void test_executable(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchExecutable=/usr/bin/a /opt/**/b\n");

	(void)state;
	assert_found(&config, NULL, "/usr/bin/a", "x");
	assert_found(&config, NULL, "/opt/1/2/b", "x");
	assert_found(&config, NULL, "/usr/bin/a (deleted)", "x");
	assert_found(&config, NULL, "/usr/bin/aa", "-");
	assert_found(&config, NULL, " (deleted)", "-");
	assert_found(&config, NULL, NULL, "-");
}

static void test_longer_than_any_path(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchExecutable=/**\n[Policy y]\nMatchCGroup=/**\n");
	static char path[8192];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	assert_found(&config, path, path, "-");
}

static void test_first_by_priority_then_name(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy c]\n[Policy b]\nPriority=60\nMatchCGroup=/b\n"
		      "[Policy a]\nPriority=60\nMatchCGroup=/b /a\n");

	(void)state;
	assert_found(&config, "/b", NULL, "a");
	assert_found(&config, "/c", NULL, "c");
}

static void test_all_keys_must_match(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchCGroup=/a\nMatchExecutable=/b\nMatchPinnedMin=4K\n");

	(void)state;
	assert_found(&config, "/a", "/b", "x");
	assert_found(&config, "/a", "/c", "-");
	assert_found(&config, "/c", "/b", "-");
}

static void test_least_size(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchPinnedMin=8K\n");
	struct process_facts facts = { .vm_pin_bytes = 8191, .pin_rang = true };
	const struct policy *policy;

	(void)state;
	assert_int_equal(policy_find(&config, &facts, NULL, &policy, NULL), 0);
	assert_null(policy);
	facts.vm_pin_bytes = 8192;
	assert_int_equal(policy_find(&config, &facts, NULL, &policy, NULL), 0);
	assert_non_null(policy);
}

/* What a process did stays true while it is held for it; what it is does not. */
static void test_deeds_last(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchCGroup=/a\nMatchDevice=/dev/x\nMatchDriver=x\n"
		      "MatchPinnedMin=1G\n");
	struct process_facts facts = { .cgroup = (char *)"/a" };
	const struct policy *policy;

	(void)state;
	assert_int_equal(policy_find(&config, &facts, "x", &policy, NULL), 0);
	assert_non_null(policy);
	assert_false(match_is_current(policy, &facts));
	assert_int_equal(policy_find(&config, &facts, "y", &policy, NULL), 0);
	assert_null(policy);
	facts.cgroup = (char *)"/b";
	assert_int_equal(policy_find(&config, &facts, "x", &policy, NULL), 0);
	assert_null(policy);
}

#define CONTAINER "/system.slice/docker-1.scope/system.slice/a.service"

static void test_unit(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchUnit=a.service b@*.service user@7.service s-*.scope\n");

	(void)state;
	assert_found(&config, "/system.slice/a.service", NULL, "x");
	assert_found(&config, "/system.slice/a.service/worker", NULL, "x");
	assert_found(&config, "/system.slice/system-b.slice/b@1.service", NULL, "x");
	assert_found(&config, "/user.slice/user-7.slice/user@7.service/c.scope", NULL, "x");
	assert_found(&config, "/user.slice/user-8.slice/user@8.service/s-1.scope", NULL, "x");
	assert_found(&config, "/user.slice/user-8.slice/user@8.service/t.scope", NULL, "-");
	assert_found(&config, "/system.slice/aa.service", NULL, "-");
	assert_found(&config, CONTAINER, NULL, "-");
	assert_found(&config, "/", NULL, "-");
	assert_found(&config, NULL, NULL, "-");
}

static void test_cgroups_of_a_policy(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchUnit=a.service\nMatchCGroup=/system.slice\n");
	const struct policy *x = config_find_policy(&config, "x");

	(void)state;
	assert_true(match_cgroup(x, "/system.slice/a.service"));
	assert_true(match_cgroup(x, NULL));
	assert_false(match_cgroup(x, "/system.slice/b.service"));
	assert_false(match_cgroup(x, "/a.service"));
}

static void assert_matches(const struct config *config, const struct process_facts *facts,
			   bool matches)
{
	const struct policy *policy;

	assert_int_equal(policy_find(config, facts, NULL, &policy, NULL), 0);
	assert_int_equal(policy != NULL, matches);
}

static void test_user(void **state)
{
	_cleanup_(config_done) struct config config = parse("[Policy x]\nMatchUser=7 0\n");
	struct process_facts facts = { .uid = 7, .vm_pin_bytes = 1 };

	(void)state;
	assert_matches(&config, &facts, true);
	facts.uid = 0;
	assert_matches(&config, &facts, true);
	facts.uid = 70;
	assert_matches(&config, &facts, false);
}

static void test_driver(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchDriver=mlx5_* ib_uverbs\n");
	struct process_facts facts = { .vm_pin_bytes = 1 };

	(void)state;
	assert_matches(&config, &facts, false);
	facts.driver = (char *)"ib_uverbs";
	assert_matches(&config, &facts, true);
	facts.driver = (char *)"mlx5_ib";
	assert_matches(&config, &facts, true);
	facts.driver = (char *)"nvidia";
	assert_matches(&config, &facts, false);
}

/* Whatever it is held for, another user's or unit's process is another matter. */
static void test_what_it_is_may_change(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchUser=7\nMatchUnit=a.service\nMatchExecutable=/a\n"
		      "MatchPinnedMin=1G\n");
	struct process_facts facts = { .uid = 7, .cgroup = (char *)"/a.service",
				       .exe = (char *)"/a" };
	const struct process_facts as_held = facts;
	const struct policy *policy;

	(void)state;
	assert_int_equal(policy_find(&config, &facts, "x", &policy, NULL), 0);
	assert_non_null(policy);
	facts.uid = 8;
	assert_int_equal(policy_find(&config, &facts, "x", &policy, NULL), 0);
	assert_null(policy);
	facts = as_held;
	facts.cgroup = (char *)"/b.service";
	assert_int_equal(policy_find(&config, &facts, "x", &policy, NULL), 0);
	assert_null(policy);
	facts = as_held;
	facts.exe = (char *)"/b";
	assert_int_equal(policy_find(&config, &facts, "x", &policy, NULL), 0);
	assert_null(policy);
}

static struct device_open devices[] = { { .path = (char *)"/dev/a" },
					{ .path = (char *)"/dev/b" } };

/* key, what a process has that the first policy does not want, and the same for
 * a process that has nothing */
static const struct {
	const char *key, *with, *without;
} reasons[] = {
	{ "MatchUser=7 8", "MatchUser: 1000 is none of them", "MatchUser: 0 is none of them" },
	{ "MatchUnit=b.service", "MatchUnit: a.service is none of them",
	  "MatchUnit: it is in no unit" },
	{ "MatchExecutable=/b", "MatchExecutable: /x\\x0ay is none of them",
	  "MatchExecutable: it cannot be told" },
	{ "MatchCGroup=/a", "MatchCGroup: /a.slice/a.service/w is none of them",
	  "MatchCGroup: it is in no cgroup of version 2" },
	{ "MatchPinnedMin=1M", "MatchPinnedMin: it pins 4096 of 1048576 bytes",
	  "MatchPinnedMin: it pins 0 of 1048576 bytes" },
	{ "MatchDriver=nvidia*", "MatchDriver: mlx5_ib is none of them",
	  "MatchPinnedMin: it pins nothing" },
	{ "MatchDevice=/dev/c", "MatchDevice: /dev/a and 1 more are none of them",
	  "MatchDevice: none is open" },
};

static void assert_reason(const char *key, const struct process_facts *facts,
			  const char *expected)
{
	_cleanup_(free) char *why = NULL, *line = NULL, *all = NULL, *text = NULL;
	_cleanup_(config_done) struct config config = { .n_policies = 0 };
	const struct policy *policy;

	assert_true(asprintf(&text, "[Policy a]\n%s\n", key) > 0);
	assert_true(asprintf(&line, "policy a: %s\n", expected) > 0);
	config = parse(text);
	assert_int_equal(match_explain(&config.policies[0], facts, false, &why), 0);
	assert_string_equal(why, expected);
	assert_int_equal(policy_find(&config, facts, NULL, &policy, &all), 0);
	assert_null(policy);
	assert_string_equal(all, line);
}

static void test_why_not(void **state)
{
	struct process_facts none = { .uid = 0 };
	struct process_facts facts = {
		.uid = 1000, .cgroup = (char *)"/a.slice/a.service/w", .exe = (char *)"/x\ny",
		.vm_pin_bytes = 4096, .driver = (char *)"mlx5_ib", .devices = devices,
		.n_devices = 2,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		assert_reason(reasons[i].key, &facts, reasons[i].with);
		assert_reason(reasons[i].key, &none, reasons[i].without);
	}
	facts.n_devices = 1;
	assert_reason("MatchDevice=/dev/c", &facts, "MatchDevice: /dev/a is none of them");
	facts.cgroup = (char *)"/user@7.service/a.slice/b.scope";
	assert_reason("MatchUnit=b.service", &facts,
		      "MatchUnit: b.scope, in user@7.service, is none of them");
}

/* What it is goes before what it did, and a policy that speaks of it has no
 * reason not to. */
static void test_order_of_reasons(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy x]\nMatchDevice=/dev/a\nMatchCGroup=/a\nMatchUser=1\n");
	struct process_facts facts = { .uid = 2, .cgroup = (char *)"/b" };
	const struct policy *x = &config.policies[0];
	static const char *const expected[] = {
		"MatchUser: 2 is none of them", "MatchCGroup: /b is none of them",
		"MatchDevice: none is open",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		_cleanup_(free) char *why = NULL;

		assert_int_equal(match_explain(x, &facts, false, &why), 0);
		assert_string_equal(why, expected[i]);
		if (i == 0)
			facts.uid = 1;
		else
			facts.cgroup = (char *)"/a";
	}
	_cleanup_(free) char *why = NULL;

	assert_int_equal(match_explain(x, &facts, true, &why), 0);
	assert_null(why);
}

static void test_every_policy_before_has_its_line(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy a]\nPriority=90\nMatchUser=7\n"
		      "[Policy b]\nPriority=80\nMatchDriver=b\n[Policy c]\n");
	struct process_facts facts = { .vm_pin_bytes = 1 };
	_cleanup_(free) char *why = NULL;
	const struct policy *policy;

	(void)state;
	assert_int_equal(policy_find(&config, &facts, NULL, &policy, &why), 0);
	assert_string_equal(policy->name, "c");
	assert_string_equal(why, "policy a: MatchUser: 0 is none of them\n"
				 "policy b: MatchDriver: no driver has been seen to pin\n");
}

/* Names of strangers are made safe to print once: a reader can tell what stands
 * there, and nothing moves his cursor. */
static void test_strangers_names_in_an_explanation(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy a]\nPriority=90\nMatchExecutable=/b\n"
		      "[Policy b]\nMatchDevice=/dev/**\n");
	struct device_open device = { .path = (char *)"/dev/x\ny" };
	struct process_facts facts = { .id = { 5, 50 }, .exe = (char *)"/x\\\ny",
				       .devices = &device, .n_devices = 1 };
	struct snapshot snapshot = { .n_processes = 0 };
	struct decide_input input = { .config = &config, .snapshot = &snapshot };
	struct trace trace;

	(void)state;
	assert_int_equal(policy_explain(&input, &facts, &trace), 0);
	assert_string_equal(trace.steps[0].why,
			    "MatchExecutable: /x\\\\\\x0ay is none of them");
	assert_int_equal(trace.steps[trace.n_steps - 1].kind, TRACE_RESULT);
	assert_non_null(strstr(trace.steps[trace.n_steps - 1].why, "opened /dev/x\\x0ay"));
	trace_done(&trace);
}

static void test_targets(void **state)
{
	struct process_facts facts = { .id = { 5, 50 }, .cgroup = (char *)"/a/b",
				       .cgroup_id = 9 };
	struct target_id same = { .process = { 5, 50 } }, reused = { .process = { 5, 51 } };
	struct target_id by_id = { .kind = TARGET_CGROUP, .cgroup_id = 9 };
	struct target_id above = { .kind = TARGET_CGROUP, .cgroup_id = 1,
				   .cgroup = (char *)"/a" };
	struct target_id beside = { .kind = TARGET_CGROUP, .cgroup_id = 2,
				    .cgroup = (char *)"/a/bc" };

	(void)state;
	assert_true(match_target(&same, &facts));
	assert_false(match_target(&reused, &facts));
	assert_true(match_target(&by_id, &facts));
	assert_true(match_target(&above, &facts));
	assert_false(match_target(&beside, &facts));
	facts.cgroup = NULL;
	facts.cgroup_id = 0;
	by_id.cgroup_id = 0;
	assert_false(match_target(&by_id, &facts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup_stands_for_all_below),
		cmocka_unit_test(test_root_stands_for_all_of_version_2),
		cmocka_unit_test(test_executable),
		cmocka_unit_test(test_longer_than_any_path),
		cmocka_unit_test(test_first_by_priority_then_name),
		cmocka_unit_test(test_all_keys_must_match),
		cmocka_unit_test(test_least_size),
		cmocka_unit_test(test_deeds_last),
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_cgroups_of_a_policy),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_driver),
		cmocka_unit_test(test_what_it_is_may_change),
		cmocka_unit_test(test_why_not),
		cmocka_unit_test(test_order_of_reasons),
		cmocka_unit_test(test_every_policy_before_has_its_line),
		cmocka_unit_test(test_strangers_names_in_an_explanation),
		cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
