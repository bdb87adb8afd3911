// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Carrying out plan items, with a module in memory and a ledger on disk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "daemon/act/act.h"
#include "daemon/act/ledger.h"
#include "tests/unit/fake-module.h"
#include "tests/unit/tree.h"

#define BOOT	"11111111-2222-3333-4444-555555555555"

static struct tree tree;
static struct act_context context;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	tree = tree_new();
	tree_write(&tree, "cgroup/a/b/cgroup.procs", "");
	context = (struct act_context){
		.helper_fd = FAKE_FD,
		.cgroup_fd = openat(tree.fd, "cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.proc_fd = -1,
	};
	return ledger_open(tree.fd, BOOT, &context.ledger);
}

static int teardown(void **state)
{
	(void)state;
	ledger_free(context.ledger);
	close(context.cgroup_fd);
	tree_done(&tree);
	return 0;
}

static struct plan_item item(enum plan_op op, pid_t pid)
{
	return (struct plan_item){
		.op = op,
		.id = { TARGET_PROCESS, { pid, 10 * (uint64_t)pid }, 0, NULL },
		.mode = MODE_ENFORCE,
		.action = ACTION_HOLD,
		.policy = (char *)"gpu",
	};
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(context.cgroup_fd, path, &st, 0), 0);
	return st.st_ino;
}

static struct plan_item cgroup_item(enum plan_op op, const char *path, uint64_t id)
{
	struct plan_item made = item(op, 0);

	made.id = (struct target_id){ TARGET_CGROUP, { 0, 0 }, id, (char *)path };
	return made;
}

static const struct ledger_entry *recorded(const struct plan_item *of)
{
	return ledger_find(context.ledger, ACTION_HOLD, &of->id);
}

/* ---- processes ----------------------------------------------------------- */

static void test_hold_and_release(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5), release = item(PLAN_UNDO, 5);

	(void)state;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.entries[0].pid, 5);
	assert_string_equal(recorded(&hold)->policy, "gpu");
	assert_int_equal(act_apply(&context, &release), ACT_DONE);
	assert_int_equal(fake.n, 0);
	assert_null(recorded(&hold));
	assert_int_equal(act_apply(&context, &release), ACT_NOOP);
}

static void test_audit_touches_nothing(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5);

	(void)state;
	hold.mode = MODE_AUDIT;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	assert_int_equal(fake.calls, 0);
	assert_null(recorded(&hold));
}

/* But what is kept without a record gets one. */
static void test_watching_and_keeping_change_nothing(void **state)
{
	struct plan_item watch = item(PLAN_WATCH, 5), keep = item(PLAN_KEEP, 5);

	(void)state;
	assert_int_equal(act_apply(&context, &watch), ACT_NOOP);
	assert_null(recorded(&watch));
	assert_int_equal(act_apply(&context, &keep), ACT_NOOP);
	assert_int_equal(fake.calls, 0);
	assert_non_null(recorded(&keep));
}

static void test_kept_for_another_policy(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5), keep = item(PLAN_KEEP, 5);

	(void)state;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	keep.policy = (char *)"other";
	assert_int_equal(act_apply(&context, &keep), ACT_NOOP);
	assert_string_equal(recorded(&hold)->policy, "other");
	keep.policy = NULL;	/* an order: what the policy said is kept for later */
	assert_int_equal(act_apply(&context, &keep), ACT_NOOP);
	assert_string_equal(recorded(&hold)->policy, "other");
}

static void test_process_that_has_gone(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5);

	(void)state;
	hold.id.process.start_ticks = 51;	/* another one has the pid now */
	assert_int_equal(act_apply(&context, &hold), ACT_GONE);
	assert_int_equal(fake.n, 0);
	assert_null(recorded(&hold));
}

static void test_refusal_leaves_no_record(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5), other = item(PLAN_APPLY, 6);

	(void)state;
	fake.room = 1;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	assert_int_equal(act_apply(&context, &other), -ENOSPC);
	assert_null(recorded(&other));
	assert_non_null(recorded(&hold));
}

/* The module ends it with its file. */
static void test_hold_without_a_record(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5), release = item(PLAN_UNDO, 5), keep = hold;

	(void)state;
	disk_fill();
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	assert_int_equal(fake.n, 1);
	assert_null(recorded(&hold));
	keep.op = PLAN_KEEP;
	assert_int_equal(act_apply(&context, &keep), ACT_NOOP);
	assert_null(recorded(&hold));
	disk_free();
	assert_int_equal(act_apply(&context, &keep), ACT_NOOP);
	assert_non_null(recorded(&hold));
	assert_int_equal(act_apply(&context, &release), ACT_DONE);
	assert_int_equal(fake.n, 0);
}

static void test_failed_release_keeps_the_record(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5), release = item(PLAN_UNDO, 5);

	(void)state;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	fake.error = EPERM;
	assert_int_equal(act_apply(&context, &release), -EPERM);
	assert_non_null(recorded(&hold));
}

static void test_without_module(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5), release = item(PLAN_UNDO, 5);
	struct held *held;
	size_t n;

	(void)state;
	context.helper_fd = -1;
	assert_int_equal(act_apply(&context, &hold), -ENODEV);
	assert_null(recorded(&hold));
	assert_int_equal(act_apply(&context, &release), ACT_NOOP);
	assert_int_equal(hold_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 0);
	held_free(held, n);
}

/* ---- cgroups ------------------------------------------------------------- */

static void test_cgroup(void **state)
{
	struct plan_item hold = cgroup_item(PLAN_APPLY, "/a/b", inode_of("a/b"));
	struct plan_item release = cgroup_item(PLAN_UNDO, NULL, inode_of("a/b"));

	(void)state;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	assert_int_equal(fake.entries[0].kind, PINSAFE_CGROUP);
	assert_int_equal(fake.entries[0].cgroup_id, hold.id.cgroup_id);
	assert_string_equal(recorded(&hold)->id.cgroup, "/a/b");
	assert_int_equal(act_apply(&context, &release), ACT_DONE);
	assert_int_equal(fake.n, 0);
}

static void test_cgroup_that_has_gone(void **state)
{
	struct plan_item gone = cgroup_item(PLAN_APPLY, "/a/c", 77);
	struct plan_item reused = cgroup_item(PLAN_APPLY, "/a/b", inode_of("a"));

	(void)state;
	assert_int_equal(act_apply(&context, &gone), ACT_GONE);
	assert_int_equal(act_apply(&context, &reused), ACT_GONE);
	assert_int_equal(fake.calls, 0);
	assert_null(recorded(&gone));
	assert_null(recorded(&reused));
}

static void test_cgroup_without_hierarchy_or_path(void **state)
{
	struct plan_item unnamed = cgroup_item(PLAN_APPLY, NULL, inode_of("a"));
	struct plan_item hold = cgroup_item(PLAN_APPLY, "/a/b", inode_of("a/b"));
	int fd = context.cgroup_fd;

	(void)state;
	assert_int_equal(act_apply(&context, &unnamed), -EOPNOTSUPP);
	context.cgroup_fd = -1;
	assert_int_equal(act_apply(&context, &hold), -EOPNOTSUPP);
	context.cgroup_fd = fd;
}

/* ---- listing ------------------------------------------------------------- */

static void test_list(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 9), ordered = item(PLAN_APPLY, 3);
	struct plan_item group = cgroup_item(PLAN_APPLY, "/a/b", inode_of("a/b"));
	struct override order = { .id = ordered.id, .hold = true };
	struct held *held;
	size_t n;

	(void)state;
	assert_int_equal(act_apply(&context, &group), ACT_DONE);
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	ordered.policy = NULL;
	assert_int_equal(act_apply(&context, &ordered), ACT_DONE);
	assert_int_equal(ledger_set_override(context.ledger, &order), 0);
	fake_ring(6, PINSAFE_ORIGIN_OPEN);
	assert_int_equal(hold_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 4);
	assert_int_equal(held[0].id.process.pid, 3);
	assert_int_equal(held[0].origin, ORIGIN_OVERRIDE);
	assert_null(held[0].policy);
	assert_int_equal(held[1].id.process.pid, 6);
	assert_int_equal(held[1].origin, ORIGIN_BELL);
	assert_true(held[1].is_draining);
	assert_int_equal(held[1].since_usec, 5);
	assert_int_equal(held[2].id.process.pid, 9);
	assert_int_equal(held[2].origin, ORIGIN_POLICY);
	assert_string_equal(held[2].policy, "gpu");
	assert_int_equal(held[3].id.kind, TARGET_CGROUP);
	assert_string_equal(held[3].id.cgroup, "/a/b");
	held_free(held, n);
}

static void test_holding_what_a_bell_took_makes_it_ours(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 6);
	struct held *held;
	size_t n;

	(void)state;
	fake_ring(6, PINSAFE_ORIGIN_PIN);
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	assert_int_equal(hold_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(held[0].origin, ORIGIN_POLICY);
	assert_string_equal(held[0].policy, "gpu");
	held_free(held, n);
}

static void test_list_longer_than_the_first_guess(void **state)
{
	struct held *held;
	size_t n;

	(void)state;
	for (int pid = 1; pid <= 700; pid++)
		fake_ring(pid, PINSAFE_ORIGIN_PIN);
	assert_int_equal(hold_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 700);
	assert_int_equal(held[699].id.process.pid, 700);
	held_free(held, n);
}

static void test_prune(void **state)
{
	struct plan_item one = item(PLAN_APPLY, 1), two = item(PLAN_APPLY, 2),
			 three = item(PLAN_APPLY, 3);
	struct held still = { .id = two.id };

	(void)state;
	assert_int_equal(act_apply(&context, &one), ACT_DONE);
	assert_int_equal(act_apply(&context, &two), ACT_DONE);
	assert_int_equal(act_apply(&context, &three), ACT_DONE);
	assert_int_equal(act_prune(&context, ACTION_HOLD, &still, 1), 0);
	assert_null(recorded(&one));
	assert_non_null(recorded(&two));
	assert_null(recorded(&three));
}

/* What a daemon that was killed left is found again by the next. */
static void test_restart(void **state)
{
	struct plan_item hold = item(PLAN_APPLY, 5);
	struct held *held;
	size_t n;

	(void)state;
	assert_int_equal(act_apply(&context, &hold), ACT_DONE);
	ledger_free(context.ledger);
	assert_int_equal(ledger_open(tree.fd, BOOT, &context.ledger), 0);
	assert_int_equal(hold_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(held[0].policy, "gpu");
	held_free(held, n);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_hold_and_release),
		TEST(test_audit_touches_nothing),
		TEST(test_watching_and_keeping_change_nothing),
		TEST(test_kept_for_another_policy),
		TEST(test_process_that_has_gone),
		TEST(test_refusal_leaves_no_record),
		TEST(test_hold_without_a_record),
		TEST(test_failed_release_keeps_the_record),
		TEST(test_without_module),
		TEST(test_cgroup),
		TEST(test_cgroup_that_has_gone),
		TEST(test_cgroup_without_hierarchy_or_path),
		TEST(test_list),
		TEST(test_holding_what_a_bell_took_makes_it_ours),
		TEST(test_list_longer_than_the_first_guess),
		TEST(test_prune),
		TEST(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
