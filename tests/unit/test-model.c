// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/model.h"

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(action_name(ACTION_HOLD), "hold");
	assert_string_equal(scope_name(SCOPE_CGROUP), "cgroup");
	assert_string_equal(mode_name(MODE_ENFORCE), "enforce");
	assert_string_equal(verdict_name(VERDICT_AFFECTED), "affected");
	assert_string_equal(risk_name(RISK_CORRUPTION), "corruption");
	assert_string_equal(scanned_name(SCANNED_NO_HELD), "no: held");
	assert_string_equal(proof_name(PROOF_INEFFECTIVE), "ineffective");
	assert_string_equal(origin_name(ORIGIN_OVERRIDE), "override");
	assert_string_equal(plan_op_name(PLAN_UNDO), "undo");
}

static void test_order_of_targets(void **state)
{
	struct target_id a = { .process = { 7, 100 } }, b = { .process = { 7, 101 } };
	struct target_id c = { .kind = TARGET_CGROUP, .cgroup_id = 1 };
	struct target_id d = { .kind = TARGET_CGROUP, .cgroup_id = UINT64_MAX };

	(void)state;
	assert_true(target_id_compare(&a, &b) < 0);
	assert_true(target_id_compare(&b, &a) > 0);
	assert_int_equal(target_id_compare(&a, &a), 0);
	assert_true(target_id_compare(&b, &c) < 0);
	assert_true(target_id_compare(&c, &d) < 0);
	assert_true(target_id_compare(&d, &c) > 0);
	assert_false(process_id_equal(a.process, b.process));
}

static void test_a_copy_owns_its_path(void **state)
{
	struct target_id id = { .kind = TARGET_CGROUP, .cgroup_id = 5 }, copy;

	(void)state;
	id.cgroup = strdup("/a");
	assert_int_equal(target_id_copy(&id, &copy), 0);
	target_id_done(&id);
	assert_null(id.cgroup);
	assert_string_equal(copy.cgroup, "/a");
	target_id_done(&copy);
}

static void test_who_is_a_pinner(void **state)
{
	struct process_facts facts = { .n_devices = 1 };

	(void)state;
	assert_false(process_is_pinner(&facts));	/* an open device is no pin */
	facts.pin_rang = true;
	assert_true(process_is_pinner(&facts));
	facts.has_sight = true;				/* counted: nothing is left */
	assert_false(process_is_pinner(&facts));
	facts.large_bytes = 1;
	assert_true(process_is_pinner(&facts));
	facts = (struct process_facts){ .has_sight = true, .vm_pin_bytes = 4096 };
	assert_true(process_is_pinner(&facts));
	facts = (struct process_facts){ .uring_bytes = 4096 };
	assert_true(process_is_pinner(&facts));
}

static void test_how_much_is_pinned(void **state)
{
	struct process_facts facts = { .vm_pin_bytes = 10, .uring_bytes = 20 };

	(void)state;
	assert_int_equal(process_pinned_bytes(&facts), 20);
	facts.vm_pin_bytes = 30;
	assert_int_equal(process_pinned_bytes(&facts), 30);
	facts.has_sight = true;				/* large folios only */
	assert_int_equal(process_pinned_bytes(&facts), 30);
	facts.pinned_bytes = 25;
	assert_int_equal(process_pinned_bytes(&facts), 25);
}

static void test_done_frees_and_empties(void **state)
{
	struct snapshot snapshot = { .n_processes = 1 };
	struct plan plan = { .n_items = 1 };

	(void)state;
	snapshot.host.kernel_release = strdup("6.1");
	snapshot.processes = calloc(1, sizeof(*snapshot.processes));
	snapshot.processes->exe = strdup("/bin/x");
	snapshot.processes->devices = calloc(1, sizeof(struct device_open));
	snapshot.processes->devices->path = strdup("/dev/x");
	snapshot.processes->n_devices = 1;
	snapshot_done(&snapshot);
	assert_null(snapshot.processes);
	snapshot_done(&snapshot);

	plan.items = calloc(1, sizeof(*plan.items));
	plan.items->reason = strdup("because");
	plan.items->policy = strdup("p");
	plan_done(&plan);
	assert_int_equal(plan.n_items, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_order_of_targets),
		cmocka_unit_test(test_a_copy_owns_its_path),
		cmocka_unit_test(test_who_is_a_pinner),
		cmocka_unit_test(test_how_much_is_pinned),
		cmocka_unit_test(test_done_frees_and_empties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
