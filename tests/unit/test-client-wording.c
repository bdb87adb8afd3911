// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/wording.h"

/* A host where all is well; a test changes what it is about. */
static struct facts *fine_host(void)
{
	struct facts *status = facts_new_dict();

	facts_set(status, "mode", facts_new_string("enforce"));
	facts_set(status, "module_version", facts_new_string("0.1"));
	facts_set(status, "module_abi", facts_new_u64(1));
	facts_set(status, "probes_armed", facts_new_bool(true));
	facts_set(status, "kernel_verdict", facts_new_string("affected"));
	facts_set(status, "balancing", facts_new_s64(1));
	facts_set(status, "pinners", facts_new_u64(3));
	facts_set(status, "held", facts_new_u64(3));
	facts_set(status, "exposed", facts_new_u64(0));
	facts_set(status, "ineffective", facts_new_u64(0));
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

static void expect_headline(const struct facts *status, enum tone expected_tone,
			    const char *expected)
{
	enum tone tone;
	_cleanup_(free) char *text = wording_headline(status, &tone);

	assert_string_equal(text, expected);
	assert_int_equal(tone, expected_tone);
}

static void test_headline_when_all_is_well(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	expect_headline(status, TONE_GOOD, "PROTECTED: none of 3 pinners is scanned");
	assert_null(wording_next_step(status));
	assert_true(wording_works(status));
	set(status, "pinners", 1);
	expect_headline(status, TONE_GOOD, "PROTECTED: the one pinner is not scanned");
	set(status, "pinners", 0);
	set(status, "held", 1);
	expect_headline(status, TONE_GOOD,
			"PROTECTED: 1 held; no pin is seen, as with drivers whose pins "
			"the kernel does not count");
	set(status, "held", 0);
	expect_headline(status, TONE_GOOD, "NOTHING TO PROTECT: no process pins memory");
	set_string(status, "module_version", "");
	expect_headline(status, TONE_GOOD,
			"NOTHING TO PROTECT: no process pins memory, as far as "
			"can be seen without the module");
	set(status, "balancing", 0);
	expect_headline(status, TONE_GOOD,
			"SAFE: NUMA balancing is off, nothing is scanned");
	facts_set(status, "balancing", facts_new_s64(-1));
	expect_headline(status, TONE_GOOD, "SAFE: this kernel has no NUMA balancing");
}

static void test_headline_of_the_exposed(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	set(status, "exposed", 2);
	expect_headline(status, TONE_BAD,
			"EXPOSED: NUMA balancing can corrupt the pinned memory "
			"of 2 of 3 pinners");
	assert_non_null(wording_next_step(status));
	set_string(status, "kernel_verdict", "fixed");
	set_string(status, "mode", "audit");
	expect_headline(status, TONE_WARN,
			"EXPOSED: NUMA balancing scans the pinned memory of 2 "
			"of 3 pinners; audit mode: nothing is changed");
	assert_non_null(strstr(wording_next_step(status), "Mode=enforce"));
	set_string(status, "kernel_verdict", "unknown");
	set_string(status, "mode", "enforce");
	set(status, "pinners", 1);
	set(status, "exposed", 1);
	expect_headline(status, TONE_WARN,
			"EXPOSED: NUMA balancing scans, and on this kernel "
			"perhaps corrupts, the pinned memory of 1 of 1 pinner");
}

static void test_exposed_is_not_broken(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	set(status, "exposed", 3);
	assert_true(wording_works(status));
	facts_set(status, "probes_armed", facts_new_bool(false));
	set(status, "held", 0);		/* nothing rests on the probes */
	assert_true(wording_works(status));
}

static void test_next_step_without_the_module(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	set(status, "exposed", 1);
	assert_null(strstr(wording_next_step(status), "module"));
	assert_non_null(strstr(wording_next_step(status), "pinsafectl explain"));
	set_string(status, "module_version", "");
	assert_non_null(strstr(wording_next_step(status), "load the module"));
}

static void test_headline_when_a_hold_does_not_work(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();

	(void)state;
	facts_set(status, "probes_armed", facts_new_bool(false));
	expect_headline(status, TONE_BAD,
			"NOT PROTECTED: the kernel has disarmed the module's probes");
	assert_false(wording_works(status));
	assert_non_null(wording_next_step(status));
	assert_non_null(strstr(wording_next_step(status), "ftrace_enabled"));
	set(status, "exposed", 1);
	set(status, "ineffective", 1);
	expect_headline(status, TONE_BAD,
			"NOT PROTECTED: 1 target is held, but scans go on");
	assert_false(wording_works(status));
}

/* A daemon that says less than we ask must not make us say more than it knows. */
static void test_headline_of_nothing_is_not_protected(void **state)
{
	_cleanup_(facts_free) struct facts *status = facts_new_dict();
	enum tone tone;
	_cleanup_(free) char *text = wording_headline(status, &tone);

	(void)state;
	assert_string_equal(text,
			    "UNKNOWN: pinsafed does not say whether memory is protected");
	assert_int_equal(tone, TONE_WARN);
}

static void expect_target(const struct facts *target, enum tone expected_tone,
			  const char *expected)
{
	enum tone tone;
	_cleanup_(free) char *text = wording_target(target, &tone);

	assert_string_equal(text, expected);
	assert_int_equal(tone, expected_tone);
}

static void test_target(void **state)
{
	_cleanup_(facts_free) struct facts *target = facts_new_dict();

	(void)state;
	expect_target(target, TONE_WARN, "UNKNOWN: whether it is scanned cannot be said");
	set_string(target, "risk", "corruption");
	set_string(target, "scanned", "no: own policy");
	expect_target(target, TONE_GOOD, "PROTECTED: not scanned (own policy)");
	facts_set(target, "exposed", facts_new_bool(true));
	set_string(target, "scanned", "yes");
	expect_target(target, TONE_BAD,
		      "EXPOSED: its pinned memory is scanned; risk: corruption");
	set_string(target, "risk", "cost");
	set_string(target, "mode", "audit");
	expect_target(target, TONE_WARN,
		      "EXPOSED: its pinned memory is scanned; risk: cost; audit "
		      "mode: nothing is changed");
	set_string(target, "proof", "ineffective");
	expect_target(target, TONE_BAD, "NOT PROTECTED: held, but scans go on");
}

/* Neither bind, which does not stop scans, nor a hold that drains, nor host-off
 * with tiering is called protection. */
static void test_protected_is_not_said_too_early(void **state)
{
	_cleanup_(facts_free) struct facts *target = facts_new_dict();

	(void)state;
	set_string(target, "risk", "corruption");
	set_string(target, "scanned", "no: held");
	set_string(target, "state", "draining");
	expect_target(target, TONE_WARN,
		      "NOT YET PROTECTED: held, while a scan that was under way ends");
	set_string(target, "state", "applied");
	set_string(target, "action", "bind");
	set_string(target, "scanned", "yes");
	expect_target(target, TONE_WARN,
		      "MITIGATED: bind keeps it beside its memory; scans go on, and cost time");
	set_string(target, "action", "mempolicy");
	set_string(target, "scanned", "no: own policy");
	expect_target(target, TONE_GOOD, "PROTECTED: not scanned (own policy)");
	set_string(target, "action", "host-off");
	set_string(target, "scanned", "yes");
	set_string(target, "proof", "ineffective");
	expect_target(target, TONE_BAD,
		      "NOT PROTECTED: host-off is in force, but scans go on");
	set_string(target, "proof", "none");
	set_string(target, "state", "watched");
	expect_target(target, TONE_WARN,
		      "UNKNOWN: it is scanned, and nothing is said to be done about it");
}

static void test_headline_of_the_mitigated(void **state)
{
	_cleanup_(facts_free) struct facts *status = fine_host();
	_cleanup_(free) char *counts = NULL;

	(void)state;
	set(status, "mitigated", 3);
	expect_headline(status, TONE_GOOD, "PROTECTED: none of 3 pinners is scanned");
	set(status, "held", 1);
	expect_headline(status, TONE_GOOD,
			"PROTECTED: none of 3 pinners is exposed (1 held, 2 by another action)");
	counts = wording_counts(status);
	assert_string_equal(counts, "3 pinners, 1 held, 2 by another action, 0 exposed, "
				    "0 ineffective");
	set(status, "pinners", 0);
	set(status, "held", 0);
	expect_headline(status, TONE_GOOD,
			"PROTECTED: 3 taken care of; no pin is seen, as with drivers whose "
			"pins the kernel does not count");
	set(status, "ineffective", 2);
	expect_headline(status, TONE_BAD,
			"NOT PROTECTED: 2 targets are taken care of, but scans go on");
	assert_false(wording_works(status));
}

static void expect_drift(const struct facts *host, enum tone expected_tone,
			 const char *expected)
{
	enum tone tone;
	_cleanup_(free) char *text = wording_drift(host, &tone);

	assert_string_equal(text, expected);
	assert_int_equal(tone, expected_tone);
}

static void test_who_set_balancing_and_drift(void **state)
{
	_cleanup_(facts_free) struct facts *host = fine_host();
	_cleanup_(free) char *before = wording_owned_balancing(host), *after = NULL;

	(void)state;
	assert_string_equal(before, "on (kernel.numa_balancing = 1)");
	expect_drift(host, TONE_PLAIN, "");		/* an older daemon does not say */
	set_string(host, "balancing_owner", "/etc/sysctl.d/9.conf:3");
	after = wording_owned_balancing(host);
	assert_string_equal(after, "on (kernel.numa_balancing = 1), set by "
				   "/etc/sysctl.d/9.conf:3");
	facts_set(host, "balancing_at_start", facts_new_s64(1));
	expect_drift(host, TONE_PLAIN, "");
	facts_set(host, "balancing_at_start", facts_new_s64(0));
	expect_drift(host, TONE_WARN, "it was 0 when pinsafed started");
	set_string(host, "balancing_owner", "pinsafed");
	expect_drift(host, TONE_PLAIN, "it was 0 when pinsafed started");
}

static void expect_action(const char *target_state, const char *action,
			  const char *expected)
{
	_cleanup_(facts_free) struct facts *target = facts_new_dict();
	_cleanup_(free) char *text = NULL;

	set_string(target, "state", target_state);
	set_string(target, "action", action);
	text = wording_action(target);
	assert_string_equal(text, expected);
	assert_int_equal(wording_is_pending(target), *expected == '(');
}

static void test_action_says_what_is_in_force(void **state)
{
	(void)state;
	expect_action("held", "hold", "hold");
	expect_action("held", "none", "hold");
	expect_action("draining", "hold", "draining");
	expect_action("released", "hold", "released");
	expect_action("watched", "hold", "(hold)");
	expect_action("watched", "none", "none");
	expect_action("applied", "bind", "bind");
	expect_action("watched", "host-off", "(host-off)");
	expect_action("released", "bind", "released");
}

static void expect_reload(const struct facts *status, const char *expected)
{
	enum tone tone;
	_cleanup_(free) char *text = wording_reload(status, 70000000, &tone);

	assert_string_equal(text, expected);
}

static void test_reload(void **state)
{
	_cleanup_(facts_free) struct facts *status = facts_new_dict();

	(void)state;
	expect_reload(status, "none");
	set(status, "last_reload_usec", 5000000);
	set_string(status, "last_reload_error", "a:1: bad");
	expect_reload(status,
		      "reload FAILED 1min 5s ago, what was loaded before is in force:\n"
		      "a:1: bad");
	facts_set(status, "last_reload_successful", facts_new_bool(true));
	expect_reload(status, "loaded 1min 5s ago");
	set(status, "last_reload_usec", 80000000);	/* not from the future */
	expect_reload(status, "loaded 0s ago");
}

static void test_balancing_is_a_mask(void **state)
{
	(void)state;
	assert_non_null(strstr(wording_balancing(-1), "none"));
	assert_non_null(strstr(wording_balancing(0), "off"));
	assert_non_null(strstr(wording_balancing(1), "on ("));
	assert_non_null(strstr(wording_balancing(2), "tiering only"));
	assert_non_null(strstr(wording_balancing(3), "on, with memory tiering"));
	assert_non_null(strstr(wording_balancing(4), "does not know"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headline_when_all_is_well),
		cmocka_unit_test(test_headline_of_the_exposed),
		cmocka_unit_test(test_exposed_is_not_broken),
		cmocka_unit_test(test_next_step_without_the_module),
		cmocka_unit_test(test_headline_when_a_hold_does_not_work),
		cmocka_unit_test(test_headline_of_nothing_is_not_protected),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_protected_is_not_said_too_early),
		cmocka_unit_test(test_headline_of_the_mitigated),
		cmocka_unit_test(test_who_set_balancing_and_drift),
		cmocka_unit_test(test_action_says_what_is_in_force),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_balancing_is_a_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
