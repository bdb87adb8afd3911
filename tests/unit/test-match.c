// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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
		parse("[Policy x]\nMatchCGroup=/a\nMatchDevice=/dev/x\nMatchPinnedMin=1G\n");
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

static void test_why_not(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("[Policy a]\nPriority=90\nMatchCGroup=/a\n"
		      "[Policy b]\nPriority=80\nMatchExecutable=/b\n"
		      "[Policy c]\nPriority=70\nMatchDevice=/dev/c\n"
		      "[Policy d]\nPriority=60\nMatchPinnedMin=1G\n"
		      "[Policy e]\n");
	struct process_facts facts = { .cgroup = (char *)"/x", .vm_pin_bytes = 1 };
	_cleanup_(free) char *why = NULL;
	const struct policy *policy;

	(void)state;
	assert_int_equal(policy_find(&config, &facts, NULL, &policy, &why), 0);
	assert_string_equal(policy->name, "e");
	assert_string_equal(why, "policy a: MatchCGroup does not match\n"
				 "policy b: MatchExecutable does not match\n"
				 "policy c: MatchDevice does not match\n"
				 "policy d: MatchPinnedMin does not match\n");
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
		cmocka_unit_test(test_why_not),
		cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
