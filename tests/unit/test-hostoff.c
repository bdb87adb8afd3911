// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.numa_balancing in a made-up /proc.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/act/act.h"
#include "daemon/act/ledger.h"
#include "daemon/base/fs.h"
#include "tests/unit/tree.h"

#define BOOT	"11111111-2222-3333-4444-555555555555"
#define SYSCTL	"sys/kernel/numa_balancing"

static struct tree tree;
static struct act_context context;

static int setup(void **state)
{
	(void)state;
	tree = tree_new();
	tree_write(&tree, SYSCTL, "1\n");
	context = (struct act_context){
		.helper_fd = -1,
		.cgroup_fd = -1,
		.proc_fd = tree.fd,
		.now_usec = 77,
	};
	return ledger_open(tree.fd, BOOT, &context.ledger);
}

static int teardown(void **state)
{
	(void)state;
	ledger_free(context.ledger);
	tree_done(&tree);
	return 0;
}

static int act(enum plan_op op)
{
	const struct plan_item item = {
		.op = op,
		.id = { .kind = TARGET_HOST },
		.mode = MODE_ENFORCE,
		.action = ACTION_HOST_OFF,
		.policy = (char *)"gpu",
	};

	return act_apply(&context, &item);
}

static void assert_balancing(uint64_t expected)
{
	uint64_t value;

	assert_int_equal(fs_read_u64(tree.fd, SYSCTL, &value), 0);
	assert_int_equal(value, expected);
}

static size_t count_held(bool is_foreign)
{
	struct held *held;
	size_t n;

	assert_int_equal(hostoff_actuator.list(&context, &held, &n), 0);
	if (n == 1) {
		assert_int_equal(held->id.kind, TARGET_HOST);
		assert_int_equal(held->action, ACTION_HOST_OFF);
		assert_string_equal(held->policy, "gpu");
		assert_int_equal(held->since_usec, 77);
		assert_int_equal(held->is_foreign, is_foreign);
		assert_false(held->is_draining);
	}
	held_free(held, n);
	return n;
}

static void test_off_and_on(void **state)
{
	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_balancing(0);
	assert_int_equal(count_held(false), 1);
	context.now_usec = 99;
	assert_int_equal(act(PLAN_APPLY), ACT_NOOP);
	context.now_usec = 77;
	assert_int_equal(count_held(false), 1);
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_balancing(1);
	assert_int_equal(count_held(false), 0);
}

/* A full disk is not the module's full table. */
static void test_what_cannot_be_recorded_is_not_done(void **state)
{
	(void)state;
	disk_fill();
	assert_int_equal(act(PLAN_APPLY), -ENOTRECOVERABLE);
	assert_non_null(strstr(context.why, "ledger"));
	assert_balancing(1);
	assert_int_equal(count_held(false), 0);
	disk_free();
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_balancing(0);
}

static void tell_nobody(void *userdata, enum action action, const struct target_id *id, int r)
{
	(void)userdata, (void)action, (void)id;
	assert_int_equal(r, ACT_DONE);
}

/* Nor is a full disk a reason to leave anything as it is. */
static void test_undo_on_a_full_disk(void **state)
{
	struct act_restored nobody = { NULL, tell_nobody };

	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	disk_fill();
	ledger_free(context.ledger);
	assert_int_equal(ledger_open(tree.fd, BOOT, &context.ledger), 0);
	assert_true(ledger_is_behind(context.ledger));
	assert_int_equal(count_held(false), 1);
	assert_int_equal(act_restore(&context, &nobody), 0);
	assert_balancing(1);
	assert_int_equal(count_held(false), 0);
	disk_free();
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_false(ledger_is_behind(context.ledger));
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
}

static void test_tiering_stays(void **state)
{
	(void)state;
	tree_write(&tree, SYSCTL, "3\n");
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_balancing(2);
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_balancing(3);
}

/* It was off: it is not we who switch it on. */
static void test_was_off(void **state)
{
	(void)state;
	tree_write(&tree, SYSCTL, "0\n");
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_int_equal(count_held(false), 1);
	assert_int_equal(act(PLAN_UNDO), ACT_NOOP);
	assert_balancing(0);
}

static void test_somebody_else(void **state)
{
	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	tree_write(&tree, SYSCTL, "1\n");
	assert_int_equal(count_held(true), 1);
	assert_int_equal(act(PLAN_APPLY), ACT_FOREIGN);
	assert_balancing(1);
	tree_write(&tree, SYSCTL, "2\n");
	assert_int_equal(act(PLAN_UNDO), ACT_FOREIGN);
	assert_balancing(2);
	assert_int_equal(count_held(false), 0);
}

static void test_restart(void **state)
{
	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	ledger_free(context.ledger);
	assert_int_equal(ledger_open(tree.fd, BOOT, &context.ledger), 0);
	assert_int_equal(count_held(false), 1);
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_balancing(1);
}

static void test_no_sysctl(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(tree.fd, SYSCTL, 0), 0);
	assert_int_equal(act(PLAN_APPLY), -EOPNOTSUPP);
	assert_string_equal(context.why, "no sysctl kernel.numa_balancing");
	assert_int_equal(count_held(false), 0);
}

/* A sysctl that cannot be written is an error, and no change is remembered. */
static void test_not_to_be_written(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	assert_int_equal(fchmodat(tree.fd, SYSCTL, 0400, 0), 0);
	assert_int_equal(act(PLAN_APPLY), -EACCES);
	assert_int_equal(count_held(false), 0);
	assert_balancing(1);
}

static void test_another_kind_of_target(void **state)
{
	const struct plan_item item = {
		.op = PLAN_APPLY,
		.id = { TARGET_PROCESS, { 7, 70 }, 0, NULL },
		.mode = MODE_ENFORCE,
		.action = ACTION_HOST_OFF,
	};

	(void)state;
	assert_int_equal(act_apply(&context, &item), -EINVAL);
	assert_balancing(1);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_off_and_on),
		TEST(test_what_cannot_be_recorded_is_not_done),
		TEST(test_undo_on_a_full_disk),
		TEST(test_tiering_stays),
		TEST(test_was_off),
		TEST(test_somebody_else),
		TEST(test_restart),
		TEST(test_no_sysctl),
		TEST(test_not_to_be_written),
		TEST(test_another_kind_of_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
