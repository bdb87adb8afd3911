// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/whatif.h"
#include "module/uapi/pinsafe.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

#define HOLD_ALL	"[Daemon]\nMode=enforce\n[Policy all]\nMatchPinnedMin=1\nAction=hold\n"

static struct process_facts processes[2];
static struct decided decided[2];
static struct dump dump;

/* Two pinners that a policy "all" holds. */
static int setup(void **state)
{
	static char all[] = "all";

	(void)state;
	for (int i = 0; i < 2; i++) {
		processes[i] = (struct process_facts){
			.id = { 7 + i, 70 },
			.comm = "a\n\"b",
			.threads = 1,
			.vm_pin_bytes = 1 << 20,
		};
		decided[i] = (struct decided){
			.id = { .kind = TARGET_PROCESS, .process = { 7 + i, 70 } },
			.action = ACTION_HOLD,
			.mode = MODE_ENFORCE,
			.policy = all,
		};
	}
	dump = (struct dump){
		.snapshot = {
			.host = {
				.balancing = 1,
				.verdict = VERDICT_FIXED,
				.has_module = true,
				.module_features = PINSAFE_FEATURE_HOLD,
				.module_armed = PINSAFE_FEATURE_HOLD,
			},
			.processes = processes,
			.n_processes = 2,
		},
		.decided = decided,
		.n_decided = 2,
		.now_usec = 1000,
	};
	nodeset_add(&dump.snapshot.host.nodes_memory, 0);
	nodeset_add(&dump.snapshot.host.nodes_memory, 1);
	dump.snapshot.host.nodes_online = dump.snapshot.host.nodes_memory;
	dump.snapshot.host.nodes_cpu = dump.snapshot.host.nodes_memory;
	for (int i = 0; i < 2; i++)
		processes[i].mems_allowed = dump.snapshot.host.nodes_memory;
	return 0;
}

static char *whatif(const char *text, bool json, size_t *ret_exposed)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	struct config_source source = { "x", text };
	char *told = NULL;
	size_t length;
	FILE *out;

	if (config_parse(&source, 1, NULL, &config, &errors) < 0)
		fail_msg("%s", errors.errors[0].text);
	out = open_memstream(&told, &length);
	assert_non_null(out);
	assert_int_equal(whatif_write(&dump, &config, json, out, ret_exposed), 0);
	fclose(out);
	return told;
}

static void test_nothing(void **state)
{
	_cleanup_(free) char *told = NULL;
	size_t exposed = 9;

	(void)state;
	told = whatif(HOLD_ALL, false, &exposed);
	assert_string_equal(told, "nothing changes\n");
	assert_int_equal(exposed, 0);
}

static void test_exposed(void **state)
{
	_cleanup_(free) char *told = NULL;
	size_t exposed = 0;

	(void)state;
	told = whatif("[Daemon]\nMode=enforce\n[Policy none]\nAction=none\n", false, &exposed);
	assert_int_equal(exposed, 2);
	assert_non_null(strstr(told, "process 7 (a\\x0a\"b): hold (all) -> none (none), EXPOSED\n"));
	assert_non_null(strstr(told, "\n2 changes, 2 would become exposed\n"));
}

/* What is in force is undone, and nothing comes in its place. */
static void expect_exposed_by_undoing(enum action action, enum target_kind kind)
{
	struct held held = {
		.id = { .kind = kind },
		.action = action,
		.policy = (char[]){ "all" },
	};
	_cleanup_(free) char *told = NULL;
	size_t exposed = 0;

	if (kind == TARGET_PROCESS)
		held.id.process = processes[0].id;
	dump.held = &held;
	dump.n_held = 1;
	told = whatif("[Daemon]\nMode=enforce\n[Policy none]\nAction=none\n", false, &exposed);
	assert_int_equal(exposed, 2);
	assert_non_null(strstr(told, "process 7 (a\\x0a\"b): hold (all) -> none (none), EXPOSED\n"));
}

static void test_undoing_exposes(void **state)
{
	(void)state;
	expect_exposed_by_undoing(ACTION_HOLD, TARGET_PROCESS);
	processes[0].has_own_policy = true;
	expect_exposed_by_undoing(ACTION_MEMPOLICY, TARGET_PROCESS);
	setup(NULL);
	dump.snapshot.host.balancing = 0;
	expect_exposed_by_undoing(ACTION_HOST_OFF, TARGET_HOST);
}

static void test_audit_exposes(void **state)
{
	_cleanup_(free) char *told = NULL;
	size_t exposed = 0;

	(void)state;
	told = whatif("[Policy all]\nMatchPinnedMin=1\nAction=hold\n", false, &exposed);
	assert_int_equal(exposed, 2);
	assert_non_null(strstr(told, "hold (all) -> hold (all, audit), EXPOSED"));
}

static void test_what_was_exposed_does_not_become_it(void **state)
{
	_cleanup_(free) char *told = NULL;
	size_t exposed = 0;

	(void)state;
	decided[0] = (struct decided){ .id = decided[0].id, .is_exposed = true };
	told = whatif("", false, &exposed);
	assert_int_equal(exposed, 1);
	free(take_ptr(told));
	told = whatif(HOLD_ALL, false, &exposed);
	assert_int_equal(exposed, 0);
	assert_non_null(strstr(told, "process 7"));
	assert_non_null(strstr(told, "none -> hold (all), no longer exposed"));
	assert_null(strstr(told, "process 8"));
}

static void test_json(void **state)
{
	_cleanup_(free) char *told = NULL;
	size_t exposed = 0;

	(void)state;
	told = whatif("", true, &exposed);
	assert_non_null(strstr(told, "{\"schema\":\"pinsafe.plan/1\",\"changes\":["));
	assert_non_null(strstr(told, "\"comm\":\"a\\u000a\\\"b\""));
	assert_non_null(strstr(told, "\"from\":{\"policy\":\"all\",\"action\":\"hold\","
				     "\"mode\":\"enforce\",\"exposed\":false}"));
	assert_non_null(strstr(told, "\"to\":{\"policy\":null,\"action\":\"none\""));
	assert_non_null(strstr(told, "],\"exposed\":2}\n"));
	free(take_ptr(told));
	told = whatif(HOLD_ALL, true, &exposed);
	assert_string_equal(told, "{\"schema\":\"pinsafe.plan/1\",\"changes\":[],\"exposed\":0}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, setup),
		cmocka_unit_test_setup(test_exposed, setup),
		cmocka_unit_test_setup(test_undoing_exposes, setup),
		cmocka_unit_test_setup(test_audit_exposes, setup),
		cmocka_unit_test_setup(test_what_was_exposed_does_not_become_it, setup),
		cmocka_unit_test_setup(test_json, setup),
	};

	return cmocka_run_group_tests_name("whatif", tests, NULL, NULL);
}
