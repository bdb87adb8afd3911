// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "daemon/state.h"

/* ---- dirty processes ------------------------------------------------------------ */

static void state_empty(struct state *state)
{
	for (size_t i = 0; i < state->dirty.n; i++)
		free(state->dirty.list[i].driver);
	free(state->dirty.list);
	*state = (struct state){ 0 };
}

DEFINE_CLEANUP_EMBEDDED(struct state, state_empty);

static void test_each_process_once(void **unused)
{
	_cleanup_(state_empty) struct state state = { 0 };

	(void)unused;
	state_mark(&state, (struct process_id){ 9, 90 }, RING_NONE, NULL);
	state_mark(&state, (struct process_id){ 7, 70 }, RING_PIN, "habanalabs");
	state_mark(&state, (struct process_id){ 7, 0 }, RING_NONE, NULL);
	state_mark(&state, (struct process_id){ 7, 70 }, RING_NONE, "other");
	assert_int_equal(state.dirty.n, 2);
	assert_int_equal(state.dirty.list[0].id.pid, 7);
	assert_int_equal(state.dirty.list[0].id.start_ticks, 70);
	assert_int_equal(state.dirty.list[0].ring, RING_PIN);
	assert_string_equal(state.dirty.list[0].driver, "habanalabs");
}

static void test_a_reused_pid_is_another(void **unused)
{
	_cleanup_(state_empty) struct state state = { 0 };

	(void)unused;
	state_mark(&state, (struct process_id){ 7, 70 }, RING_PIN, NULL);
	state_mark(&state, (struct process_id){ 7, 71 }, RING_NONE, NULL);
	assert_int_equal(state.dirty.n, 1);
	assert_int_equal(state.dirty.list[0].id.start_ticks, 71);
	assert_int_equal(state.dirty.list[0].ring, RING_NONE);
}

static void test_any_order(void **unused)
{
	_cleanup_(state_empty) struct state state = { 0 };
	unsigned int seed = (unsigned int)time(NULL);
	struct dirty_process dirty;
	pid_t last = 0;

	(void)unused;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 2000; i++)
		state_mark(&state, (struct process_id){ 1 + rand_r(&seed) % 700, 0 }, RING_NONE, NULL);
	assert_true(state.dirty.n <= 700);
	while (state_take_dirty(&state, &dirty)) {
		assert_true(dirty.id.pid > last);
		last = dirty.id.pid;
	}
	assert_int_equal(state.dirty.n, 0);
}

static pid_t take(struct state *state)
{
	struct dirty_process dirty = { 0 };

	return state_take_dirty(state, &dirty) ? dirty.id.pid : 0;
}

static void test_bells_first(void **unused)
{
	_cleanup_(state_empty) struct state state = { 0 };

	(void)unused;
	for (pid_t pid = 1; pid <= 6; pid++)
		state_mark(&state, (struct process_id){ pid, 0 }, RING_NONE, NULL);
	assert_int_equal(take(&state), 1);
	state_mark(&state, (struct process_id){ 6, 60 }, RING_PIN, NULL);
	state_mark(&state, (struct process_id){ 3, 30 }, RING_PIN, NULL);
	assert_int_equal(take(&state), 3);
	state_mark(&state, (struct process_id){ 3, 30 }, RING_PIN, NULL);
	assert_int_equal(take(&state), 6);		/* not 3 again */
	assert_int_equal(take(&state), 3);
	assert_int_equal(state.dirty.n_rung, 0);
	assert_int_equal(take(&state), 4);
	state_mark(&state, (struct process_id){ 2, 20 }, RING_PIN, NULL);
	state_mark(&state, (struct process_id){ 2, 21 }, RING_NONE, NULL);	/* another */
	assert_int_equal(take(&state), 5);
	assert_int_equal(take(&state), 2);
	assert_int_equal(take(&state), 0);
}

/* ---- time ----------------------------------------------------------------------- */

static void test_earliest_counts(void **unused)
{
	struct state state = { .targets.again_usec = 40 };

	(void)unused;
	assert_int_equal(state_next_usec(&state), 40);
	state.sweep_usec = 50;
	assert_int_equal(state_next_usec(&state), 40);
	state.decide_usec = 30;
	assert_int_equal(state_next_usec(&state), 30);
	state.look_usec = 20;
	assert_int_equal(state_next_usec(&state), 20);
	state.strangers_usec = 10;
	assert_int_equal(state_next_usec(&state), 10);
	assert_false(state_has_work(&state, 9));
	assert_true(state_has_work(&state, 10));
}

/* Anybody's message asks, so no row may be touched: here there are none. */
static void test_asking_costs_the_same_with_many_targets(void **unused)
{
	struct state state = { .targets = { .rows = NULL, .n = 16384, .again_usec = 40 } };

	(void)unused;
	assert_false(state_has_work(&state, 39));
	assert_true(state_has_work(&state, 40));
}

static void test_never(void **unused)
{
	struct state state = { 0 };

	(void)unused;
	assert_int_equal(state_next_usec(&state), 0);
	assert_false(state_has_work(&state, UINT64_MAX));
	state.is_sweep_due = true;
	assert_true(state_has_work(&state, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_process_once),
		cmocka_unit_test(test_a_reused_pid_is_another),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_bells_first),
		cmocka_unit_test(test_earliest_counts),
		cmocka_unit_test(test_asking_costs_the_same_with_many_targets),
		cmocka_unit_test(test_never),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
