// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings that others change too, and a daemon that is killed at any step: what
 * undo leaves is what was there before, or what somebody else wanted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "tests/unit/fake-settings.h"
#include "tests/unit/tree.h"

#define BOOT	"11111111-2222-3333-4444-555555555555"

static struct tree tree;
static struct act_context context;
static const struct target_id target = { .kind = TARGET_PROCESS, .process = { 100, 1000 } };

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_add("0-7");
	fake_add("0-7");
	fake_add("5");
	tree = tree_new();
	context = (struct act_context){ .helper_fd = -1, .cgroup_fd = -1, .proc_fd = -1 };
	return ledger_open(tree.fd, BOOT, &context.ledger);
}

static int teardown(void **state)
{
	(void)state;
	ledger_free(context.ledger);
	tree_done(&tree);
	return 0;
}

static void reopen(void)
{
	ledger_free(context.ledger);
	assert_int_equal(ledger_open(tree.fd, BOOT, &context.ledger), 0);
	assert_int_equal(ledger_skipped(context.ledger), 0);
}

/* As act_apply() does it. */
static int apply(const char *value)
{
	const struct plan_item item = {
		.op = PLAN_APPLY,
		.id = target,
		.action = ACTION_BIND,
		.cpus = (char *)value,
	};
	const struct ledger_entry *entry;
	int r;

	r = ledger_record(context.ledger, ACTION_BIND, &target, "gpu", 7);
	assert_int_equal(r, 0);
	r = setting_apply(&context, &fake_ops, &item);
	entry = ledger_find(context.ledger, ACTION_BIND, &target);
	if (r == ACT_GONE || (r < 0 && entry && entry->n_saved == 0))
		assert_int_equal(ledger_erase(context.ledger, ACTION_BIND, &target), 0);
	return r;
}

static int undo(void)
{
	return setting_undo(&context, &fake_ops, &target);
}

static void assert_values(const char *expected)
{
	char text[FAKE_MAX * FAKE_TEXT] = "";

	for (size_t i = 0; i < fake->n; i++) {
		if (fake->threads[i].is_alive)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s",
				 fake->threads[i].value);
	}
	assert_string_equal(text + 1, expected);
}

static void assert_natural(void)
{
	for (size_t i = 0; i < fake->n; i++) {
		const struct fake_thread *thread = &fake->threads[i];

		if (thread->is_alive && thread->owner != FAKE_FOREIGN)
			assert_string_equal(thread->value, thread->natural);
	}
}

static void assert_no_record(void)
{
	assert_null(ledger_find(context.ledger, ACTION_BIND, &target));
}

/* "bind gpu", "... draining", "... foreign", "": nothing in force */
static void assert_listed(const char *expected)
{
	struct held *held;
	char text[64] = "";
	size_t n;

	assert_int_equal(setting_list(&context, &fake_ops, &held, &n), 0);
	assert_true(n <= 1);
	if (n == 1)
		snprintf(text, sizeof(text), "%s %s%s%s", action_name(held->action),
			 held->policy, held->is_draining ? " draining" : "",
			 held->is_foreign ? " foreign" : "");
	assert_string_equal(text, expected);
	held_free(held, n);
}

/* ---- one after the other ----------------------------------------------------- */

static void test_there_and_back(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	assert_values("0-3 0-3 0-3");
	assert_listed("bind gpu");
	assert_int_equal(fake->writes, 3);
	assert_int_equal(apply("0-3"), ACT_NOOP);
	assert_int_equal(fake->writes, 3);
	reopen();
	assert_int_equal(apply("0-3"), ACT_NOOP);
	assert_listed("bind gpu");
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5");
	assert_int_equal(fake->forgotten, 3);
	assert_no_record();
	assert_listed("");
	assert_int_equal(undo(), ACT_NOOP);
}

static void test_what_was_so_already(void **state)
{
	(void)state;
	assert_int_equal(apply("5"), ACT_DONE);
	assert_int_equal(fake->writes, 2);
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5");
	for (size_t i = 0; i < 3; i++)
		fake_change(&fake->threads[i], "0-3");
	fake->writes = 0;
	assert_int_equal(apply("0-3"), ACT_DONE);	/* recorded, that is */
	assert_int_equal(undo(), ACT_NOOP);
	assert_int_equal(fake->writes, 0);
}

/* As a thread's CPUs are, that asked for none: by its cpuset, until that is widened. */
static int record_all(struct act_context *unused, const struct target_id *id,
		      const struct wanted *current, char **ret_before)
{
	(void)unused;
	(void)id;
	(void)current;
	*ret_before = strdup("all");
	return 0;
}

static void test_what_is_so_by_chance(void **state)
{
	const struct plan_item item = { .id = target, .action = ACTION_BIND,
					.cpus = (char *)"0-7" };
	struct setting_ops ops = fake_ops;

	(void)state;
	ops.record = record_all;
	fake->threads[2].is_alive = false;
	assert_int_equal(ledger_record(context.ledger, ACTION_BIND, &target, "gpu", 7), 0);
	assert_int_equal(setting_apply(&context, &ops, &item), ACT_DONE);
	assert_int_equal(fake->writes, 2);
	assert_int_equal(setting_apply(&context, &ops, &item), ACT_NOOP);
	assert_int_equal(setting_undo(&context, &ops, &target), ACT_DONE);
	assert_values("all all");
	assert_no_record();
}

static void test_another_mind(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	assert_int_equal(apply("4-7"), ACT_DONE);
	assert_values("4-7 4-7 4-7");
	assert_listed("bind gpu");
	reopen();
	assert_listed("bind gpu");
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5");
}

static void test_new_threads(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake_bear(&fake->threads[2]);
	assert_listed("bind gpu");		/* it has ours from birth */
	fake_add("2");				/* this one chose its own */
	assert_listed("bind gpu draining");
	assert_int_equal(apply("0-3"), ACT_DONE);
	assert_listed("bind gpu");
	assert_values("0-3 0-3 0-3 0-3 0-3");
	fake_bear(&fake->threads[1]);
	assert_int_equal(apply("4-7"), ACT_DONE);
	assert_values("4-7 4-7 4-7 4-7 4-7 4-7");
	fake_bear(&fake->threads[1]);
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5 0-7 2 0-7 0-7");
}

/* The first thread is somebody else's by now: what we made of it is no measure. */
static void test_new_threads_beside_a_foreign_one(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake_change(&fake->threads[0], "1");
	assert_int_equal(apply("4-7"), ACT_FOREIGN);
	fake_bear(&fake->threads[1]);
	assert_listed("bind gpu foreign");
	assert_int_equal(apply("2"), ACT_FOREIGN);
	assert_values("1 2 2 2");
	assert_int_equal(undo(), ACT_FOREIGN);
	assert_values("1 0-7 5 0-7");
}

static void test_threads_that_ended(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake->threads[1].is_alive = false;
	assert_listed("bind gpu");
	assert_int_equal(apply("0-3"), ACT_NOOP);
	entry = ledger_find(context.ledger, ACTION_BIND, &target);
	assert_int_equal(entry->n_saved, 2);
	assert_null(ledger_find_saved(entry, "101@1001"));
	fake->threads[0].is_alive = fake->threads[2].is_alive = false;
	assert_listed("");
	assert_int_equal(apply("0-3"), ACT_GONE);
	assert_no_record();
}

static void test_undo_of_a_process_that_ended(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	for (size_t i = 0; i < 3; i++)
		fake->threads[i].is_alive = false;
	assert_int_equal(undo(), ACT_GONE);
	assert_no_record();
}

static void test_somebody_else(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake_change(&fake->threads[1], "6");
	assert_listed("bind gpu foreign");
	assert_int_equal(apply("0-3"), ACT_FOREIGN);
	assert_int_equal(apply("4-7"), ACT_FOREIGN);
	assert_values("4-7 6 4-7");
	reopen();
	assert_listed("bind gpu foreign");
	assert_int_equal(undo(), ACT_FOREIGN);
	assert_values("0-7 6 5");
	assert_no_record();
	assert_int_equal(fake->overwritten, 0);
}

/* What was before, set by somebody, is his: we did change it. */
static void test_somebody_puts_it_back(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake_change(&fake->threads[1], "0-7");
	reopen();
	assert_listed("bind gpu foreign");
	assert_int_equal(apply("0-3"), ACT_FOREIGN);
	assert_values("0-3 0-7 0-3");
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5");
}

static void test_refused(void **state)
{
	(void)state;
	fake->write_error = -EPERM;
	assert_int_equal(apply("0-3"), -EPERM);
	assert_no_record();
	assert_values("0-7 0-7 5");
	fake->write_error = 0;
	fake->read_error = -EIO;
	assert_int_equal(apply("0-3"), -EIO);
	assert_no_record();
	assert_int_equal(fake->writes, 0);
}

static void test_a_value_that_does_not_stick(void **state)
{
	(void)state;
	fake->stuck = "102@1002";
	assert_int_equal(apply("0-3"), -EBUSY);
	assert_string_equal(context.why, "102@1002 is \"5\", not \"0-3\"");
	assert_values("0-7 0-7 5");
	assert_no_record();
}

/* Like a thread that sleeps so deeply that nothing can be done to it. */
static void test_a_value_that_takes_its_time(void **state)
{
	(void)state;
	fake->stuck = "101@1001";
	fake->stuck_result = ACT_NOOP;
	assert_int_equal(apply("0-3"), ACT_DONE);
	assert_int_equal(fake->writes, 3);
	assert_values("0-3 0-7 0-3");
	assert_listed("bind gpu draining");
	fake->stuck = NULL;
	assert_int_equal(apply("0-3"), ACT_DONE);
	assert_values("0-3 0-3 0-3");
	assert_listed("bind gpu");
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5");
}

/* What was in force stays so, and goes back. */
static void test_refused_the_second_time(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake_add("6");
	fake->stuck = "103@1003";
	assert_int_equal(apply("0-3"), -EBUSY);
	assert_values("0-3 0-3 0-3 6");
	assert_listed("bind gpu draining");
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5 6");
}

static void test_undo_that_fails_stays_recorded(void **state)
{
	(void)state;
	assert_int_equal(apply("0-3"), ACT_DONE);
	fake->write_error = -EROFS;
	assert_int_equal(undo(), -EROFS);
	reopen();
	assert_listed("bind gpu");
	fake->write_error = 0;
	assert_int_equal(undo(), ACT_DONE);
	assert_values("0-7 0-7 5");
	assert_no_record();
}

/* ---- killed at each step ------------------------------------------------------ */

static int apply_first(void)
{
	return apply("0-3");
}

static int apply_other(void)
{
	return apply("4-7");
}

/* Runs it in a child that dies at its nth step; false: it got to its end. */
static bool is_killed(int (*run)(void), unsigned int nth)
{
	int status;
	pid_t pid;

	fake->steps_left = nth;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run() < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fake->steps_left = 0;
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != FAKE_KILLED)
		assert_int_equal(WEXITSTATUS(status), 0);
	reopen();
	return WEXITSTATUS(status) == FAKE_KILLED;
}

enum after { UNDO, SAME_AND_UNDO, THIRD_AND_UNDO, KILLED_AGAIN };

static void bring_back(enum after after, int (*run)(void))
{
	switch (after) {
	case UNDO:
		break;
	case SAME_AND_UNDO:
		assert_true(run() >= 0);
		break;
	case THIRD_AND_UNDO:
		assert_true(apply("2") >= 0);
		assert_values("2 2 2 2 2");
		assert_listed("bind gpu");
		break;
	case KILLED_AGAIN:
		for (unsigned int nth = 1; is_killed(apply_other, nth); nth++)
			;
		for (unsigned int nth = 1; is_killed(undo, nth); nth++)
			;
		break;
	}
	assert_true(undo() >= 0);
	assert_natural();
	assert_values("0-7 0-7 5 0-7 6");
	assert_no_record();
	assert_int_equal(fake->overwritten, 0);
}

static void begin(int (*prepare)(void))
{
	teardown(NULL);
	setup(NULL);
	if (prepare)
		assert_int_equal(prepare(), ACT_DONE);
	fake_bear(&fake->threads[0]);
	fake_add("6");
}

static void kill_everywhere(int (*prepare)(void), int (*run)(void))
{
	for (enum after after = UNDO; after <= KILLED_AGAIN; after++) {
		unsigned int nth = 0;
		bool killed;

		do {
			begin(prepare);
			killed = is_killed(run, ++nth);
			bring_back(after, run);
		} while (killed);
		assert_true(nth > 4);
		print_message("%u steps\n", nth - 1);
	}
}

static void test_killed_applying(void **state)
{
	(void)state;
	kill_everywhere(NULL, apply_first);
}

static void test_killed_bringing_up_to_date(void **state)
{
	(void)state;
	kill_everywhere(apply_first, apply_first);
}

static void test_killed_changing_its_mind(void **state)
{
	(void)state;
	kill_everywhere(apply_first, apply_other);
}

static void test_killed_undoing(void **state)
{
	(void)state;
	kill_everywhere(apply_first, undo);
}

/* ---- anything in any order ----------------------------------------------------- */

static int random_apply(void)
{
	static const char *const values[] = { "0-3", "4-7", "2" };

	return apply(values[random() % 3]);
}

static void check(int r)
{
	assert_true(r >= 0);
	assert_int_equal(fake->overwritten, 0);
}

/* What is left after a whole undo is nobody's. */
static void settle(void)
{
	if (ledger_find(context.ledger, ACTION_BIND, &target))
		return;
	assert_natural();
	for (size_t i = 0; i < fake->n; i++) {
		struct fake_thread *thread = &fake->threads[i];

		thread->owner = FAKE_NOBODY;
		memcpy(thread->natural, thread->value, sizeof(thread->natural));
	}
}

static void undo_all(void)
{
	check(undo());
	assert_no_record();
	settle();
}

static bool is_recorded(const struct fake_thread *thread)
{
	return ledger_find_saved(ledger_find(context.ledger, ACTION_BIND, &target),
				 thread->name);
}

static void random_step(unsigned int round)
{
	struct fake_thread *thread = fake_pick();
	char value[FAKE_TEXT];

	switch (random() % 8) {
	case 0:
	case 1:
		check(random_apply());
		break;
	case 2:
		undo_all();
		break;
	case 3:
		/* what new threads are undone to is written in one place */
		if (thread == &fake->threads[0])
			break;
		/* before we know the thread, it is the thread's own wish */
		if (!is_recorded(thread))
			thread->owner = FAKE_NOBODY;
		snprintf(value, sizeof(value), "f%u", round);
		fake_change(thread, value);
		break;
	case 4:
		fake_bear(thread);
		break;
	case 5:
		thread->is_alive = thread == &fake->threads[0];
		break;
	case 6:
		(void)is_killed(random() % 2 ? random_apply : undo,
				1 + (unsigned int)random() % 20);
		settle();
		break;
	case 7:
		reopen();
		break;
	}
	assert_int_equal(fake->overwritten, 0);
}

static void test_any_order(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srandom(seed);
	for (unsigned int life = 0; life < 20; life++) {
		begin(NULL);
		fake->births = 1 + random() % 20;
		for (unsigned int round = 0; round < 40; round++)
			random_step(round);
		undo_all();
	}
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_there_and_back),
		TEST(test_what_was_so_already),
		TEST(test_what_is_so_by_chance),
		TEST(test_another_mind),
		TEST(test_new_threads),
		TEST(test_new_threads_beside_a_foreign_one),
		TEST(test_threads_that_ended),
		TEST(test_undo_of_a_process_that_ended),
		TEST(test_somebody_else),
		TEST(test_somebody_puts_it_back),
		TEST(test_refused),
		TEST(test_a_value_that_does_not_stick),
		TEST(test_a_value_that_takes_its_time),
		TEST(test_refused_the_second_time),
		TEST(test_undo_that_fails_stays_recorded),
		TEST(test_killed_applying),
		TEST(test_killed_bringing_up_to_date),
		TEST(test_killed_changing_its_mind),
		TEST(test_killed_undoing),
		TEST(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
