// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/pin.h"
#include "module/uapi/pinsafe.h"
#include "tests/unit/fake-ioctl.h"

DEFINE_CLEANUP_EMBEDDED(struct process_facts, process_facts_done);

/* A module that sees the same in each slice of a process. */
static struct {
	unsigned int slices, calls, interrupts;
	int error;
	struct pinsafe_sight_node seen[2];
	struct pinsafe_sight last;
} module;

static int sight(struct pinsafe_sight *sight)
{
	struct pinsafe_sight_node *nodes = (void *)(uintptr_t)sight->nodes;
	size_t i;

	module.last = *sight;
	assert_int_equal(sight->cursor, module.calls);
	for (i = 0; i < 2; i++) {
		nodes[i].pinned_pages += module.seen[i].pinned_pages;
		nodes[i].large_pages += module.seen[i].large_pages;
	}
	module.calls++;
	sight->cursor = module.calls < module.slices ? module.calls : 0;
	return 0;
}

static int fake_call(int fd, unsigned long request, void *argument)
{
	(void)fd;
	assert_int_equal(request, PINSAFE_SIGHT);
	if (module.interrupts > 0) {
		module.interrupts--;
		return EINTR;
	}
	return module.error ? module.error : sight(argument);
}

static int module_load(void **state)
{
	(void)state;
	memset(&module, 0, sizeof(module));
	module.slices = 3;
	return 0;
}

static int count(struct pin_walk *walk, struct process_facts *facts)
{
	int r;

	do {
		r = pin_walk_on(0, walk, facts);
	} while (r == PIN_MORE);
	assert_null(walk->nodes);	/* ended: the next one begins anew */
	return r;
}

static void test_adds_up_slices(void **state)
{
	_cleanup_(process_facts_done) struct process_facts facts = { .id = { 7, 100 } };
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct pin_walk walk = { 0 };

	(void)state;
	module.interrupts = 2;
	module.seen[1] = (struct pinsafe_sight_node){ .pinned_pages = 10, .large_pages = 512 };
	assert_int_equal(count(&walk, &facts), 0);
	assert_int_equal(module.calls, 3);
	assert_int_equal(module.last.pid, 7);
	assert_int_equal(module.last.start_ticks, 100);
	assert_true(facts.has_sight);
	assert_int_equal(facts.n_pinned, 1);
	assert_int_equal(facts.pinned[0].node, 1);
	assert_int_equal(facts.pinned[0].bytes, 30 * page);
	assert_int_equal(facts.pinned_bytes, 30 * page);
	assert_int_equal(facts.large_bytes, 3 * 512 * page);

	/* and a second count replaces the first */
	module.calls = 0;
	module.seen[0].pinned_pages = 1;
	assert_int_equal(count(&walk, &facts), 0);
	assert_int_equal(facts.n_pinned, 2);
	assert_int_equal(facts.pinned_bytes, 33 * page);
}

static void test_a_count_under_way(void **state)
{
	_cleanup_(process_facts_done) struct process_facts facts = { .pin_rang = true };
	struct pin_walk walk = { 0 };

	(void)state;
	assert_int_equal(pin_walk_on(0, &walk, &facts), PIN_MORE);
	assert_false(facts.has_sight);
	assert_int_equal(pin_walk_so_far(&walk, &facts), 0);
	assert_false(facts.has_sight);		/* nothing seen is nothing proven */
	assert_true(process_is_pinner(&facts));
	module.seen[0].pinned_pages = 1;
	assert_int_equal(pin_walk_on(0, &walk, &facts), PIN_MORE);
	assert_int_equal(pin_walk_so_far(&walk, &facts), 0);
	assert_true(facts.has_sight);
	assert_int_equal(facts.pinned_bytes, sysconf(_SC_PAGESIZE));
	pin_walk_done(&walk);
}

static void test_failures_leave_the_facts_alone(void **state)
{
	_cleanup_(process_facts_done) struct process_facts facts = { 0 };
	struct pin_walk walk = { 0 };

	(void)state;
	module.error = ESRCH;
	assert_int_equal(count(&walk, &facts), -ESRCH);
	module.error = EOPNOTSUPP;
	assert_int_equal(count(&walk, &facts), -EOPNOTSUPP);
	assert_false(facts.has_sight);
	assert_null(facts.pinned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_adds_up_slices, module_load),
		cmocka_unit_test_setup(test_a_count_under_way, module_load),
		cmocka_unit_test_setup(test_failures_leave_the_facts_alone, module_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
