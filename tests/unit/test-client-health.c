// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "client/health.h"
#include "client/verb.h"

static struct facts *fine_host(void)
{
	struct facts *status = facts_new_dict();

	facts_set(status, "mode", facts_new_string("enforce"));
	facts_set(status, "module_version", facts_new_string("0.1"));
	facts_set(status, "probes_armed", facts_new_bool(true));
	facts_set(status, "kernel_verdict", facts_new_string("affected"));
	facts_set(status, "pinners", facts_new_u64(2));
	facts_set(status, "held", facts_new_u64(1));
	facts_set(status, "exposed", facts_new_u64(0));
	facts_set(status, "ineffective", facts_new_u64(0));
	facts_set(status, "pinned_bytes", facts_new_u64(1000));
	facts_set(status, "remote_pinned_bytes", facts_new_u64(0));
	return status;
}

static void set(struct facts *facts, const char *name, uint64_t value)
{
	assert_int_equal(facts_set(facts, name, facts_new_u64(value)), 0);
}

static void set_string(struct facts *facts, const char *name, const char *value)
{
	assert_int_equal(facts_set(facts, name, facts_new_string(value)), 0);
}

static void expect(const struct facts *status, int exit, const char *expected)
{
	char line[HEALTH_LINE_MAX];

	assert_int_equal(health_judge(status, NULL, line), exit);
	assert_string_equal(line, expected);
}

static void expect_remote(const struct facts *status, unsigned int limit, int exit,
			  const char *expected)
{
	char line[HEALTH_LINE_MAX];

	assert_int_equal(health_judge(status, &limit, line), exit);
	assert_string_equal(line, expected);
}

static void test_fine(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	expect(status, EXIT_YES, "OK: 2 pinners, 1 held, none exposed");
	set(status, "last_reload_usec", 5);
	facts_set(status, "last_reload_successful", facts_new_bool(false));
	expect(status, EXIT_YES,
	       "OK: 2 pinners, 1 held, none exposed; the last reload failed");
}

static void test_exposed(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	set(status, "exposed", 1);
	expect(status, EXIT_NO, "EXPOSED: 1 process is scanned; risk: corruption");
	set(status, "exposed", 2);
	set_string(status, "kernel_verdict", "fixed");
	set_string(status, "mode", "audit");
	expect(status, EXIT_NO, "EXPOSED: 2 processes are scanned; risk: cost (audit)");
	set_string(status, "kernel_verdict", "unknown");
	expect(status, EXIT_NO, "EXPOSED: 2 processes are scanned; "
				"risk: cost, perhaps corruption (audit)");
}

static void test_what_does_not_work_is_worse(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	set(status, "exposed", 1);
	facts_set(status, "probes_armed", facts_new_bool(false));
	expect(status, EXIT_NO, "NOT PROTECTED: the kernel has disarmed the module's probes");
	set(status, "ineffective", 1);
	expect(status, EXIT_NO, "NOT PROTECTED: scans of 1 target go on all the same");
	set(status, "ineffective", 0);
	set(status, "held", 0);
	expect(status, EXIT_NO, "EXPOSED: 1 process is scanned; risk: corruption");
	set(status, "exposed", 0);
	expect(status, EXIT_TROUBLE,
	       "TROUBLE: the module's probes are disarmed, nothing can be held");
	set_string(status, "module_version", "");	/* without it there are none */
	expect(status, EXIT_YES, "OK: 2 pinners, 0 held, none exposed");
}

static void test_limit_of_remote_memory(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	expect_remote(status, 0, EXIT_YES, "OK: 2 pinners, 1 held, none exposed");
	set(status, "remote_pinned_bytes", 100);
	expect(status, EXIT_YES, "OK: 2 pinners, 1 held, none exposed");
	expect_remote(status, 10, EXIT_YES, "OK: 2 pinners, 1 held, none exposed");
	expect_remote(status, 9, EXIT_NO,
		      "REMOTE: 10% of pinned memory is far from its device (limit 9%)");
	set(status, "remote_pinned_bytes", 101);
	expect_remote(status, 10, EXIT_NO,
		      "REMOTE: 11% of pinned memory is far from its device (limit 10%)");
	set(status, "remote_pinned_bytes", 1);
	expect_remote(status, 0, EXIT_NO,
		      "REMOTE: 1% of pinned memory is far from its device (limit 0%)");
	set(status, "remote_pinned_bytes", UINT64_MAX);
	expect_remote(status, 100, EXIT_YES, "OK: 2 pinners, 1 held, none exposed");
	set(status, "pinned_bytes", 0);
	set(status, "remote_pinned_bytes", 0);
	expect_remote(status, 0, EXIT_YES, "OK: 2 pinners, 1 held, none exposed");
	set(status, "exposed", 1);
	expect_remote(status, 100, EXIT_NO, "EXPOSED: 1 process is scanned; risk: corruption");
}

/* An older daemon says less: that is not health. */
static void test_what_is_not_known_is_not_fine(void **state)
{
	_cleanup_(facts_free) struct facts *nothing = facts_new_dict();
	_cleanup_(facts_free) struct facts *older = facts_new_dict();

	(void)state;
	expect(nothing, EXIT_TROUBLE, "TROUBLE: pinsafed does not say what is exposed");
	set(older, "pinners", 1);
	set(older, "exposed", 0);
	expect(older, EXIT_YES, "OK: 1 pinner, 0 held, none exposed");
	expect_remote(older, 50, EXIT_TROUBLE,
		      "TROUBLE: pinsafed does not say what is remote (older version?)");
}

static void test_silence_is_trouble(void **state)
{
	static const int exits[] = {
		EXIT_NO, EXIT_USAGE, EXIT_NOT_RUNNING, EXIT_DENIED, EXIT_NO_TARGET, EXIT_TROUBLE,
	};
	char line[HEALTH_LINE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		assert_int_equal(health_judge_silence(exits[i], line), EXIT_TROUBLE);
		assert_memory_equal(line, "TROUBLE: ", 9);
	}
	health_judge_silence(EXIT_NOT_RUNNING, line);
	assert_non_null(strstr(line, "not running"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_exposed),
		cmocka_unit_test(test_what_does_not_work_is_worse),
		cmocka_unit_test(test_limit_of_remote_memory),
		cmocka_unit_test(test_what_is_not_known_is_not_fine),
		cmocka_unit_test(test_silence_is_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
