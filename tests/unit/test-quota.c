// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "daemon/quota.h"

#define NOW	(1000ULL * 1000 * 1000)
#define SECOND	(1000ULL * 1000)

/* How many questions of that cost are taken at once. */
static unsigned int ask_all(struct quota *quota, uid_t uid, uint64_t work_usec, uint64_t now_usec)
{
	unsigned int n = 0;

	while (n < 100000 && quota_wait_usec(quota, uid, now_usec) == 0) {
		quota_charge(quota, uid, work_usec, now_usec);
		n++;
	}
	return n;
}

static void test_a_burst_then_a_share(void **state)
{
	struct quota quota = { 0 };

	(void)state;
	assert_int_equal(ask_all(&quota, 7, 0, NOW), QUOTA_USER_USEC / QUOTA_CALL_USEC);
	/* one more when the last is paid back, and not earlier */
	assert_int_equal(quota_wait_usec(&quota, 7, NOW), 1);
	assert_int_equal(ask_all(&quota, 7, 0, NOW + 1), 1);
	assert_int_equal(quota_wait_usec(&quota, 7, NOW + 1),
			 QUOTA_CALL_USEC * QUOTA_USER_SHARE);
	assert_int_equal(ask_all(&quota, 7, 0, NOW + SECOND),
			 SECOND / QUOTA_USER_SHARE / QUOTA_CALL_USEC - 1);
	/* all of it is back in the end, and no more than that */
	assert_int_equal(ask_all(&quota, 7, 0, NOW + 3600 * SECOND),
			 QUOTA_USER_USEC / QUOTA_CALL_USEC);
}

static void test_work_counts(void **state)
{
	struct quota quota = { 0 };

	(void)state;
	assert_int_equal(ask_all(&quota, 7, 100 * 1000, NOW), 10);
	assert_int_equal(ask_all(&quota, 7, 100 * 1000, NOW + SECOND), 1);
}

/* The last one may take longer than is left, by no more than he has at once. */
static void test_one_that_took_long(void **state)
{
	struct quota quota = { 0 };

	(void)state;
	quota_charge(&quota, 7, QUOTA_USER_USEC - 1, NOW);
	assert_int_equal(quota_wait_usec(&quota, 7, NOW), 0);
	quota_charge(&quota, 7, 3600 * SECOND, NOW);
	assert_true(quota_wait_usec(&quota, 7, NOW) <= QUOTA_USER_USEC * QUOTA_USER_SHARE);
	assert_true(quota_wait_usec(&quota, 7, NOW) > 0);
}

static void test_others_may_still_ask(void **state)
{
	struct quota quota = { 0 };

	(void)state;
	(void)ask_all(&quota, 7, 0, NOW);
	assert_int_equal(quota_wait_usec(&quota, 8, NOW), 0);
}

/* With many names one has no more than all have. */
static void test_all_together(void **state)
{
	struct quota quota = { 0 };
	unsigned int n = 0;

	(void)state;
	for (uid_t uid = 100000; uid < 165536; uid++)
		n += ask_all(&quota, uid, 0, NOW);
	assert_int_equal(n, QUOTA_ALL_USEC / QUOTA_CALL_USEC);
	assert_int_not_equal(quota_wait_usec(&quota, 7, NOW), 0);
	n = 0;
	for (uid_t uid = 100000; uid < 165536; uid++)
		n += ask_all(&quota, uid, 0, NOW + SECOND);
	assert_int_equal(n, SECOND / QUOTA_ALL_SHARE / QUOTA_CALL_USEC);
	assert_int_equal(quota_wait_usec(&quota, 7, NOW + 3600 * SECOND), 0);
	assert_int_equal(quota.n, 0);
}

/* Nobody is turned away for want of a place. */
static void test_bounded(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);
	struct quota quota = { 0 };
	uint64_t now_usec = NOW;
	size_t most = 0;

	(void)state;
	for (uid_t uid = 100000; uid < 165536; uid++) {
		if (quota_wait_usec(&quota, uid, NOW) == 0)
			quota_charge(&quota, uid, 0, NOW);
	}
	assert_int_equal(quota.n, QUOTA_ALL_USEC / QUOTA_CALL_USEC);
	print_message("seed %u\n", seed);
	for (int i = 0; i < 200000; i++) {
		uid_t uid = (uid_t)(rand_r(&seed) % 65536);
		uint64_t work_usec = rand_r(&seed) % 100 ? 0 : rand_r(&seed) % SECOND;

		now_usec += (uint64_t)rand_r(&seed) % 3 * (uint64_t)rand_r(&seed) % 10000;
		if (quota_wait_usec(&quota, uid, now_usec) == 0)
			quota_charge(&quota, uid, work_usec, now_usec);
		most = quota.n > most ? quota.n : most;
	}
	print_message("at most %zu users\n", most);
	assert_true(most > 1);
	assert_true(most < QUOTA_MAX_USERS);
}

static void test_slots(void **state)
{
	struct quota_slots slots = { 0 };
	uid_t uid = 0;

	(void)state;
	for (int i = 0; i < QUOTA_USER_SLOTS; i++)
		assert_true(quota_take_slot(&slots, 1000));
	assert_false(quota_take_slot(&slots, 1000));
	assert_true(quota_take_slot(&slots, 1001));
	quota_give_slot(&slots, 1000);
	assert_true(quota_take_slot(&slots, 1000));
	assert_false(quota_take_slot(&slots, 1000));
	while (quota_take_slot(&slots, uid))
		uid++;
	assert_int_equal(slots.n, QUOTA_MAX_SLOTS);
	quota_give_slot(&slots, 4711);		/* has none */
	assert_int_equal(slots.n, QUOTA_MAX_SLOTS);
	for (int i = 0; i < QUOTA_USER_SLOTS; i++)
		quota_give_slot(&slots, 1000);
	assert_int_equal(slots.n, QUOTA_MAX_SLOTS - QUOTA_USER_SLOTS);
	assert_true(quota_take_slot(&slots, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_burst_then_a_share),
		cmocka_unit_test(test_work_counts),
		cmocka_unit_test(test_one_that_took_long),
		cmocka_unit_test(test_others_may_still_ask),
		cmocka_unit_test(test_all_together),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
