// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/sorted.h"

static int compare(const void *key, const void *element)
{
	int a = *(const int *)key, b = *(const int *)element;

	return (a > b) - (a < b);
}

static int compare_tens(const void *key, const void *element)
{
	int a = *(const int *)key, b = *(const int *)element / 10;

	return (a > b) - (a < b);
}

/* Every key from below the first to above the last, in arrays of every length. */
static void test_every_place(void **state)
{
	static const int list[] = { 2, 4, 6, 8, 10, 12, 14 };

	(void)state;
	for (size_t n = 0; n <= 7; n++) {
		for (int key = 1; key <= 15; key++) {
			size_t below = (size_t)((key - 1) / 2);
			bool found;
			size_t place = sorted_find(&key, n ? list : NULL, n, sizeof(int), compare,
						   &found);

			assert_int_equal(place, below < n ? below : n);
			assert_int_equal(found, key % 2 == 0 && below < n);
		}
	}
}

static void test_first_of_equals(void **state)
{
	static const int list[] = { 5, 11, 12, 13, 31 };
	int key = 1;
	bool found;

	(void)state;
	assert_int_equal(sorted_find(&key, list, 5, sizeof(int), compare_tens, &found), 1);
	assert_true(found);
	key = 2;
	assert_int_equal(sorted_find(&key, list, 5, sizeof(int), compare_tens, &found), 4);
	assert_false(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_first_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
