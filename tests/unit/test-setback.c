// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/setback.h"

#define NOW	(1000ULL * 1000 * 1000)

DEFINE_CLEANUP_EMBEDDED(struct setbacks, setbacks_done);

static struct target_id process(int pid)
{
	return (struct target_id){ .kind = TARGET_PROCESS, .process = { pid, 1 } };
}

static void test_one_for_each(void **state)
{
	_cleanup_(setbacks_done) struct setbacks setbacks = { 0 };
	struct target_id seven = process(7), eight = process(8);

	(void)state;
	assert_int_equal(setbacks_add(&setbacks, &seven, ACTION_BIND, "a", NOW), 1);
	assert_int_equal(setbacks_add(&setbacks, &seven, ACTION_HOLD, "b", NOW), 1);
	assert_int_equal(setbacks_add(&setbacks, &seven, ACTION_BIND, "c", 0), 0);
	assert_int_equal(setbacks.n, 2);
	assert_string_equal(setbacks_find(&setbacks, &seven, ACTION_BIND)->reason, "c");
	assert_null(setbacks_find(&setbacks, &eight, ACTION_BIND));
	assert_int_equal(setbacks_add(&setbacks, &eight, ACTION_BIND, "d", NOW), 1);
	assert_int_equal(setbacks_drop_target(&setbacks, &seven), 2);
	assert_int_equal(setbacks_drop_action(&setbacks, ACTION_HOLD), 0);
	assert_int_equal(setbacks_drop_action(&setbacks, ACTION_BIND), 1);
	assert_int_equal(setbacks.n, 0);
}

static void test_their_end(void **state)
{
	_cleanup_(setbacks_done) struct setbacks setbacks = { 0 };
	struct target_id seven = process(7), host = { .kind = TARGET_HOST };

	(void)state;
	assert_int_equal(setbacks_next_usec(&setbacks), 0);
	assert_int_equal(setbacks_add(&setbacks, &host, ACTION_HOST_OFF, "for ever", 0), 1);
	assert_int_equal(setbacks_next_usec(&setbacks), 0);
	assert_int_equal(setbacks_add(&setbacks, &seven, ACTION_HOLD, "x", NOW + 5), 1);
	assert_int_equal(setbacks_add(&setbacks, &seven, ACTION_BIND, "y", NOW + 3), 1);
	assert_int_equal(setbacks_next_usec(&setbacks), NOW + 3);
	assert_int_equal(setbacks_drop_old(&setbacks, NOW + 2), 0);
	assert_int_equal(setbacks_drop_old(&setbacks, NOW + 3), 1);
	assert_int_equal(setbacks_drop_old(&setbacks, NOW * 1000), 1);
	assert_int_equal(setbacks_drop_passing(&setbacks, ACTION_HOST_OFF), 0);
	assert_non_null(setbacks_find(&setbacks, &host, ACTION_HOST_OFF));
	assert_int_equal(setbacks_add(&setbacks, &seven, ACTION_HOST_OFF, "z", NOW), 1);
	assert_int_equal(setbacks_drop_passing(&setbacks, ACTION_HOLD), 0);
	assert_int_equal(setbacks_drop_passing(&setbacks, ACTION_HOST_OFF), 1);
	assert_null(setbacks_find(&setbacks, &seven, ACTION_HOST_OFF));
}

static void test_order(void **state)
{
	_cleanup_(setbacks_done) struct setbacks setbacks = { 0 };
	unsigned int seed = (unsigned int)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 500; i++) {
		struct target_id id = process(1 + rand_r(&seed) % 50);
		enum action action = (enum action)(1 + rand_r(&seed) % ACTION_HOST_OFF);

		assert_true(setbacks_add(&setbacks, &id, action, "x", 0) >= 0);
		assert_non_null(setbacks_find(&setbacks, &id, action));
	}
	for (size_t i = 1; i < setbacks.n; i++) {
		const struct setback *a = &setbacks.list[i - 1], *b = &setbacks.list[i];
		int order = target_id_compare(&a->id, &b->id);

		assert_true(order < 0 || (order == 0 && a->action < b->action));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_for_each),
		cmocka_unit_test(test_their_end),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("setback", tests, NULL, NULL);
}
