// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/proof.h"

#define SECOND	(1000ULL * 1000)
#define NOW	(1000 * SECOND)

static struct target held(void)
{
	return (struct target){ .shown.is_held = true };
}

static void test_by_what_is_seen(void **unused)
{
	struct target row = { 0 };

	(void)unused;
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_NONE);
	row = held();
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_IDLE);
	assert_int_equal(proof_judge(&row, false, 1, NOW), PROOF_INEFFECTIVE);
	row.last_refused_usec = NOW - SECOND;
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_VERIFIED);
	assert_int_equal(proof_judge(&row, false, 1, NOW), PROOF_INEFFECTIVE);
	row.last_refused_usec = NOW - PROOF_FRESH_USEC;
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_IDLE);
	row.last_refused_usec = NOW - SECOND;
	row.shown.is_draining = true;
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_UNVERIFIED);
}

static void test_a_pass_that_ended(void **unused)
{
	struct target row = held();

	(void)unused;
	row.last_refused_usec = NOW;
	proof_note_position(&row.scan, (struct scan_position){ 5, 0 }, NOW);
	proof_note_position(&row.scan, (struct scan_position){ 5, 0 }, NOW);
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_VERIFIED);
	proof_note_position(&row.scan, (struct scan_position){ 6, 0 }, NOW);
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_INEFFECTIVE);
	proof_note_position(&row.scan, (struct scan_position){ 6, 0 }, NOW + PROOF_MOVED_USEC);
	row.last_refused_usec = NOW + PROOF_MOVED_USEC;
	assert_int_equal(proof_judge(&row, true, 1, NOW + PROOF_MOVED_USEC), PROOF_VERIFIED);
}

/* A pass over a terabyte takes an hour; its first scan tells. */
static void test_a_scan_within_a_pass(void **unused)
{
	struct target row = held();

	(void)unused;
	proof_note_position(&row.scan, (struct scan_position){ 5, 0x1000 }, NOW);
	proof_note_position(&row.scan, (struct scan_position){ 5, 0x2000 }, NOW);
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_INEFFECTIVE);
}

static void test_exec_is_no_pass(void **unused)
{
	struct target row = held();

	(void)unused;
	proof_note_position(&row.scan, (struct scan_position){ 5, 0 }, NOW);
	proof_note_position(&row.scan, (struct scan_position){ 0, 0x1000 }, NOW);
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_IDLE);
	proof_note_position(&row.scan, (struct scan_position){ 1, 0 }, NOW);
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_INEFFECTIVE);
}

static struct target set(enum action action)
{
	return (struct target){ .shown.applied = action };
}

static void test_a_setting(void **unused)
{
	struct target row = set(ACTION_HOST_OFF);

	(void)unused;
	assert_int_equal(proof_judge(&row, true, 0, NOW), PROOF_VERIFIED);
	assert_int_equal(proof_judge(&row, true, 2, NOW), PROOF_INEFFECTIVE);
	row = set(ACTION_CONFINE);
	assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_VERIFIED);
}

/* Killed between the ledger and the kernel: what the next daemon finds has not been
 * tried yet, and must not be given up for a quarter of an hour. */
static void test_recorded_and_not_there_yet(void **unused)
{
	static const enum action actions[] = { ACTION_HOST_OFF, ACTION_CONFINE };

	(void)unused;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct target row = set(actions[i]);

		row.shown.is_settling = true;
		assert_int_equal(proof_judge(&row, true, 1, NOW), PROOF_UNVERIFIED);
		row.settling_usec = NOW;
		assert_int_equal(proof_judge(&row, true, 1, NOW + PROOF_SETTLE_USEC - 1),
				 PROOF_UNVERIFIED);
		assert_int_equal(proof_judge(&row, true, 1, NOW + PROOF_SETTLE_USEC),
				 PROOF_INEFFECTIVE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_what_is_seen),
		cmocka_unit_test(test_a_pass_that_ended),
		cmocka_unit_test(test_a_scan_within_a_pass),
		cmocka_unit_test(test_exec_is_no_pass),
		cmocka_unit_test(test_a_setting),
		cmocka_unit_test(test_recorded_and_not_there_yet),
	};

	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
