// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision, as text in and text out: a configuration, facts on a few
 * processes, what is held, and the plan that follows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/decide.h"
#include "module/uapi/pinsafe.h"

#define MIB	(1ULL << 20)
#define SECOND	(1000ULL * 1000)
#define NOW	(1000 * SECOND)

/* ---- a host in a hand ---------------------------------------------------- */

static struct case_ {
	struct config config;
	struct snapshot snapshot;
	struct process_facts processes[4];
	struct held held[4];
	struct override orders[4];
	struct decide_input input;
} c;

/* Facts own their strings; those of a case are the test's, and nobody frees. */
static char *lend(const char *text)
{
	return (char *)text;
}

/* A host of two nodes that balances, with the module; kernel fixed. */
static int setup(void **state)
{
	struct host_facts *host = &c.snapshot.host;

	(void)state;
	memset(&c, 0, sizeof(c));
	config_init(&c.config);
	nodeset_add(&host->nodes_memory, 0);
	nodeset_add(&host->nodes_memory, 1);
	host->balancing = 1;
	host->verdict = VERDICT_FIXED;
	host->kernel_code = 6 << 16 | 12 << 8;
	host->has_module = true;
	host->module_features = PINSAFE_FEATURE_HOLD | PINSAFE_FEATURE_HOLD_CGROUP;
	host->module_armed = PINSAFE_FEATURE_HOLD;
	c.snapshot.processes = c.processes;
	c.input = (struct decide_input){
		.config = &c.config,
		.snapshot = &c.snapshot,
		.held = c.held,
		.overrides = c.orders,
		.now_usec = NOW,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_done(&c.config);
	return 0;
}

static void configure(const char *text)
{
	struct config_source source = { "test.conf", text };
	struct config_errors errors;

	config_done(&c.config);
	assert_int_equal(config_parse(&source, 1, NULL, &c.config, &errors), 0);
}

static struct process_facts *add_process(pid_t pid, const char *cgroup,
					 uint64_t cgroup_id)
{
	struct process_facts *facts = &c.processes[c.snapshot.n_processes++];

	facts->id = (struct process_id){ pid, 10 * (uint64_t)pid };
	facts->cgroup = lend(cgroup);
	facts->cgroup_id = cgroup_id;
	return facts;
}

/* pid 100, in /work.service, pins 16 MiB */
static struct process_facts *add_pinner(void)
{
	struct process_facts *facts = add_process(100, "/work.service", 7);

	facts->vm_pin_bytes = 16 * MIB;
	return facts;
}

static struct held *add_held(pid_t pid, enum origin origin, const char *policy)
{
	struct held *held = &c.held[c.input.n_held++];

	held->id.kind = TARGET_PROCESS;
	held->id.process = (struct process_id){ pid, 10 * (uint64_t)pid };
	held->action = ACTION_HOLD;
	held->origin = origin;
	held->policy = lend(policy);
	held->since_usec = NOW;
	return held;
}

static struct held *add_held_cgroup(const char *path, uint64_t id, const char *policy)
{
	struct held *held = add_held(0, ORIGIN_POLICY, policy);

	held->id = (struct target_id){ TARGET_CGROUP, { 0, 0 }, id, lend(path) };
	return held;
}

static struct override *add_order(bool hold, pid_t pid)
{
	struct override *order = &c.orders[c.input.n_overrides++];

	order->id.kind = TARGET_PROCESS;
	order->id.process = (struct process_id){ pid, 10 * (uint64_t)pid };
	order->hold = hold;
	return order;
}

static struct override *add_order_cgroup(bool hold, const char *path, uint64_t id)
{
	struct override *order = add_order(hold, 0);

	order->id = (struct target_id){ TARGET_CGROUP, { 0, 0 }, id, lend(path) };
	return order;
}

static int compare_orders(const void *a, const void *b)
{
	const struct override *x = a, *y = b;

	return target_id_compare(&x->id, &y->id);
}

static void assert_plan(const char *expected)
{
	struct plan plan;
	_cleanup_(free) char *text = NULL;

	qsort(c.orders, c.input.n_overrides, sizeof(c.orders[0]), compare_orders);
	assert_int_equal(policy_decide(&c.input, &plan), 0);
	assert_int_equal(plan_format(&plan, &text), 0);
	plan_done(&plan);
	assert_string_equal(text, expected);
}

#define ENFORCE		"[Daemon]\nMode=enforce\n"
#define HOLD_ALL	ENFORCE "[Policy all]\nAction=hold\n"

/* ---- one process --------------------------------------------------------- */

static void test_pinner_is_held(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_pinner();
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy all: pins 16 MiB\n");
}

static void test_audit_says_what_it_would_do(void **state)
{
	(void)state;
	configure("[Policy all]\n");
	add_pinner();
	assert_plan("apply process 100@1000: mode audit, action hold, risk cost, scanned yes;"
		    " policy all: pins 16 MiB\n");
}

static void test_mode_of_a_policy_beats_the_daemons(void **state)
{
	(void)state;
	configure("[Policy all]\nMode=enforce\n");
	add_pinner();
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy all: pins 16 MiB\n");
}

static void test_no_policy_is_no_action(void **state)
{
	(void)state;
	configure(ENFORCE);
	add_pinner();
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned yes; no policy matches: pins 16 MiB\n");
}

static void test_policy_of_none(void **state)
{
	(void)state;
	configure(HOLD_ALL "[Policy not]\nPriority=60\nMatchCGroup=/work.service\n"
			   "Action=none\n");
	add_pinner();
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned yes; policy not wants nothing done: pins 16 MiB\n");
}

static void test_who_pins_nothing_is_let_be(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_process(100, "/work.service", 7);
	assert_plan("watch process 100@1000: mode enforce, action none, risk none,"
		    " scanned yes; no policy matches: pins nothing\n");
}

static void test_bell_without_size(void **state)
{
	struct process_facts *facts;

	(void)state;
	configure(HOLD_ALL);
	facts = add_process(100, "/work.service", 7);
	facts->pin_rang = true;
	facts->driver = lend("ib_uverbs");
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy all: pins memory through ib_uverbs\n");
	facts->has_sight = true;	/* and the module finds nothing any more */
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy all: has pinned memory through ib_uverbs\n");
}

static void test_device_counts_from_its_open(void **state)
{
	struct device_open devices[] = { { lend("/dev/null"), 1, 3, -1 },
					 { lend("/dev/nvidia0"), 195, 0, 1 } };
	struct process_facts *facts;

	(void)state;
	configure(ENFORCE "[Policy gpu]\nMatchDevice=/dev/nvidia[0-9]*\n");
	facts = add_process(100, "/work.service", 7);
	facts->devices = devices;
	facts->n_devices = 2;
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy gpu: opened /dev/nvidia0\n");
	configure(ENFORCE "[Policy gpu]\nMatchDevice=/dev/nvidia*\nMatchPinnedMin=1M\n");
	assert_plan("watch process 100@1000: mode enforce, action none, risk none,"
		    " scanned yes; no policy matches: pins nothing\n");
	facts->vm_pin_bytes = MIB;
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy gpu: pins 1 MiB\n");
}

static void test_names_of_strangers_do_not_forge_lines(void **state)
{
	struct device_open device = { lend("/dev/x\nrelease"), 1, 2, -1 };
	struct process_facts *facts;

	(void)state;
	configure(ENFORCE "[Policy x]\nMatchDevice=/dev/x**\n");
	facts = add_process(100, "/a\033[2J", 7);
	facts->devices = &device;
	facts->n_devices = 1;
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy x: opened /dev/x\\x0arelease\n");
}

static void test_without_module(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	c.snapshot.host.has_module = false;
	add_pinner();
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost, scanned yes;"
		    " policy all: pins 16 MiB; nothing suffices: hold: there is no pinsafe"
		    " module\n");
}

/* ---- what is held -------------------------------------------------------- */

static void test_held_stays_held(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_pinner();
	add_held(100, ORIGIN_POLICY, "all");
	assert_plan("keep process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n");
	c.held[0].is_draining = true;
	assert_plan("keep process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 16 MiB\n");
}

static void test_unwanted_is_released(void **state)
{
	(void)state;
	configure(ENFORCE);
	add_pinner();
	add_held(100, ORIGIN_POLICY, "gone");
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; no policy matches: pins 16 MiB\n");
}

static void test_unpinning_does_not_flap(void **state)
{
	struct process_facts *facts;

	(void)state;
	configure(HOLD_ALL);
	facts = add_pinner();
	add_held(100, ORIGIN_POLICY, "all");
	facts->vm_pin_bytes = 0;
	assert_plan("keep process 100@1000: mode enforce, action hold, risk none,"
		    " scanned no: held; policy all: has pinned, so it is held until it exits\n");
	c.held[0].policy = NULL;	/* for whom is not known any more */
	assert_plan("undo process 100@1000: mode enforce, action hold, risk none,"
		    " scanned no: held; no policy matches: pins nothing\n");
}

static void test_changed_policy_ends_what_it_held(void **state)
{
	(void)state;
	configure(ENFORCE "[Policy all]\nAction=none\n");
	add_pinner();
	add_held(100, ORIGIN_POLICY, "all");
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all wants nothing done: pins 16 MiB\n");
	configure(ENFORCE "[Policy all]\nMatchCGroup=/other\n");
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; no policy matches: pins 16 MiB\n");
}

static void test_audit_releases_for_real(void **state)
{
	(void)state;
	configure("[Policy all]\n");
	add_pinner();
	add_held(100, ORIGIN_POLICY, "all");
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB; audit mode holds nothing\n");
}

static void test_held_but_not_looked_at_is_not_judged(void **state)
{
	(void)state;
	configure(ENFORCE);
	add_held(100, ORIGIN_POLICY, "all");
	assert_plan("");
}

static void test_reused_pid_is_another_process(void **state)
{
	(void)state;
	configure(ENFORCE);
	add_pinner();
	add_held(100, ORIGIN_POLICY, "all")->id.process.start_ticks = 5;
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned yes; no policy matches: pins 16 MiB\n");
}

/* ---- bells --------------------------------------------------------------- */

static void test_wanted_bell_becomes_ours(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_pinner();
	add_held(100, ORIGIN_BELL, NULL);
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n");
}

static void test_unwanted_bell_lasts_ten_seconds(void **state)
{
	(void)state;
	configure(ENFORCE);
	add_pinner();
	add_held(100, ORIGIN_BELL, NULL);
	assert_plan("keep process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; no policy matches: pins 16 MiB;"
		    " held for ten seconds since the bell\n"
		    "again at 1010000000 usec\n");
	c.input.now_usec = NOW + DECIDE_BELL_HOLD_USEC - 1;
	assert_plan("keep process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; no policy matches: pins 16 MiB;"
		    " held for ten seconds since the bell\n"
		    "again at 1010000000 usec\n");
	c.input.now_usec = NOW + DECIDE_BELL_HOLD_USEC;
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; no policy matches: pins 16 MiB\n");
}

/* ---- orders -------------------------------------------------------------- */

static void test_order_to_hold_beats_policy_and_audit(void **state)
{
	(void)state;
	configure("[Policy all]\nAction=none\n");
	add_process(100, "/work.service", 7);
	add_order(true, 100);
	assert_plan("apply process 100@1000: mode enforce, action hold, risk none, scanned yes;"
		    " held by order\n");
	add_held(100, ORIGIN_OVERRIDE, NULL);
	assert_plan("keep process 100@1000: mode enforce, action hold, risk none,"
		    " scanned no: held; held by order\n");
	c.input.n_overrides = 0;
	assert_plan("undo process 100@1000: mode enforce, action hold, risk none,"
		    " scanned no: held; no policy matches: pins nothing;"
		    " audit mode holds nothing\n");
}

static void test_order_to_release_runs_out(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_pinner();
	add_held(100, ORIGIN_POLICY, "all");
	add_order(false, 100)->until_usec = NOW + 60 * SECOND;
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; released by order\n"
		    "again at 1060000000 usec\n");
	c.input.now_usec = NOW + 60 * SECOND;
	assert_plan("keep process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n");
}

static void test_order_does_not_wait_for_the_bell(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_pinner();
	add_held(100, ORIGIN_BELL, NULL);
	add_order(false, 100);
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; released by order\n");
}

static void test_narrower_order_wins(void **state)
{
	(void)state;
	configure(ENFORCE);
	add_process(100, "/a/b/c", 9);
	add_order_cgroup(true, "/a/b", 8);
	add_order_cgroup(false, "/a", 7);
	assert_plan("watch process 100@1000: mode enforce, action hold, risk none,"
		    " scanned yes; held by order on cgroup /a/b\n"
		    "apply cgroup /a/b: mode enforce, action hold, risk none, scanned yes;"
		    " held by order on cgroup /a/b\n");
	add_order(false, 100);
	assert_plan("watch process 100@1000: mode enforce, action none, risk none,"
		    " scanned yes; released by order\n"
		    "apply cgroup /a/b: mode enforce, action hold, risk none,"
		    " scanned no: held; held by order on cgroup /a/b\n");
}

/* ---- cgroups ------------------------------------------------------------- */

#define HOLD_CGROUPS	ENFORCE "[Policy all]\nScope=cgroup\n"

static void test_cgroup_is_held_once(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	add_process(101, "/work.service", 7)->vm_pin_bytes = 2 * MIB;
	assert_plan("watch process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 16 MiB\n"
		    "watch process 101@1010: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 2 MiB\n"
		    "apply cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 16 MiB\n");
}

static void test_held_cgroup_covers_its_processes(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	add_process(101, "/work.service/sub", 8);
	add_process(102, "/work.service2", 9);
	add_held_cgroup("/work.service", 7, "all");
	assert_plan("watch process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n"
		    "watch process 101@1010: mode enforce, action none, risk none,"
		    " scanned no: held; no policy matches: pins nothing; its cgroup is held\n"
		    "watch process 102@1020: mode enforce, action none, risk none,"
		    " scanned yes; no policy matches: pins nothing\n"
		    "keep cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n");
}

/* "-" sorts before "/", but /a-b is not below /a. */
static void test_names_that_begin_alike(void **state)
{
	static const char *const paths[] = { "/a-b", "/a/b", "/a", "/a.b" };
	struct plan plan;

	(void)state;
	configure(HOLD_CGROUPS);
	for (pid_t i = 0; i < 4; i++)
		add_process(100 + i, paths[i], 10 + (uint64_t)i);
	add_held_cgroup("/a", 12, "all");
	assert_int_equal(policy_decide(&c.input, &plan), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(plan.items[i].scanned,
				 i == 1 || i == 2 ? SCANNED_NO_HELD : SCANNED_YES);
	plan_done(&plan);
}

static void test_process_keeps_its_hold_until_its_cgroups_is_effective(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	add_held(100, ORIGIN_POLICY, "all");
	add_held_cgroup("/work.service", 7, "all")->is_draining = true;
	assert_plan("keep process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB;"
		    " by itself until its cgroup is held\n"
		    "keep cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n"
		    "again at 1001000000 usec\n");
	c.held[1].is_draining = false;
	assert_plan("undo process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n"
		    "keep cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n");
}

static void test_shared_cgroups_are_not_held(void **state)
{
	static const char *const shared[] = {
		"/", "/system.slice", "/init.scope", "/user.slice/user-1000.slice",
		"/user.slice/user-1000.slice/user@1000.service",
		"/user.slice/user-1000.slice/user@1000.service/init.scope",
	};

	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		c.processes[0].cgroup = lend(shared[i]);
		assert_plan("apply process 100@1000: mode enforce, action hold, risk cost,"
			    " scanned yes; policy all: pins 16 MiB; by itself, because"
			    " others share its cgroup\n");
	}
	c.processes[0].cgroup =
		lend("/user.slice/user-1000.slice/user@1000.service/app.slice/a.service");
	assert_plan("watch process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 16 MiB\n"
		    "apply cgroup /user.slice/user-1000.slice/user@1000.service/app.slice/a.service:"
		    " mode enforce, action hold, risk cost, scanned yes; policy all:"
		    " pins 16 MiB\n");
}

static void test_cgroups_of_version_1(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	c.snapshot.host.module_features = PINSAFE_FEATURE_HOLD;
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy all: pins 16 MiB; by itself, because the module cannot hold"
		    " cgroups here\n");
	c.processes[0].cgroup_id = 0;
	assert_plan("apply process 100@1000: mode enforce, action hold, risk cost, scanned yes;"
		    " policy all: pins 16 MiB; by itself, because it is in no cgroup of"
		    " version 2\n");
}

static void test_full_table_widens_to_cgroups(void **state)
{
	(void)state;
	configure(HOLD_ALL);
	add_pinner();
	c.input.table_full = true;
	assert_plan("watch process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 16 MiB; through its cgroup, because the"
		    " module's table is full\n"
		    "apply cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 16 MiB; through its cgroup, because the"
		    " module's table is full\n");
}

static void test_earnest_beats_audit_in_one_cgroup(void **state)
{
	(void)state;
	configure("[Policy a]\nScope=cgroup\n"
		  "[Policy b]\nPriority=60\nMatchPinnedMin=8M\nScope=cgroup\nMode=enforce\n");
	add_process(99, "/work.service", 7)->vm_pin_bytes = MIB;
	add_pinner();
	assert_plan("watch process 99@990: mode audit, action hold, risk cost, scanned yes;"
		    " policy a: pins 1 MiB\n"
		    "watch process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy b: pins 16 MiB\n"
		    "apply cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned yes; policy b: pins 16 MiB\n");
}

static void test_cgroup_stays_held_between_two_workers(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_process(100, "/work.service", 7);
	add_held_cgroup("/work.service", 7, "all");
	assert_plan("watch process 100@1000: mode enforce, action none, risk none,"
		    " scanned no: held; no policy matches: pins nothing; its cgroup is held\n"
		    "keep cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; somebody in it has pinned, so it is held until it is"
		    " gone\n");
}

static void test_cgroup_stays_held_below_the_size(void **state)
{
	(void)state;
	configure(ENFORCE "[Policy all]\nScope=cgroup\nMatchPinnedMin=1G\n");
	add_pinner();
	add_held_cgroup("/work.service", 7, "all");
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned no: held; no policy matches: pins 16 MiB; its cgroup is held\n"
		    "keep cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; somebody in it has pinned, so it is held until it is"
		    " gone\n");
	add_order(false, 100);
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned no: held; released by order; its cgroup is held\n"
		    "undo cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; no policy wants it held any more\n");
}

static void test_cgroup_nobody_wants_is_released(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS "[Policy not]\nPriority=60\nMatchCGroup=/work.service\n"
			       "Action=none\n");
	add_pinner();
	add_held_cgroup("/work.service", 7, "all");
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned no: held; policy not wants nothing done: pins 16 MiB;"
		    " its cgroup is held\n"
		    "undo cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; no policy wants it held any more\n");
	configure(ENFORCE);
	c.snapshot.n_processes = 0;
	assert_plan("undo cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; no policy wants it held any more\n");
}

/* Between two workers, but the policy would not take it any more. */
static void test_changed_policy_ends_what_a_cgroup_held(void **state)
{
	static const char *const changed[] = {
		ENFORCE "[Policy all]\nScope=cgroup\nMode=audit\n",
		ENFORCE "[Policy all]\nScope=cgroup\nAction=none\n",
		ENFORCE "[Policy all]\nScope=cgroup\nMatchCGroup=/other.service\n",
		ENFORCE "[Policy all]\nScope=process\n",
		ENFORCE "[Policy other]\nScope=cgroup\n",
	};

	(void)state;
	add_held_cgroup("/work.service", 7, "all");
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		configure(changed[i]);
		assert_plan("undo cgroup /work.service: mode enforce, action hold,"
			    " risk none, scanned no: held; no policy wants it held any more\n");
	}
	c.input.table_full = true;	/* widened from a process: it stands */
	configure(ENFORCE "[Policy all]\nScope=process\n");
	assert_plan("keep cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; somebody in it has pinned, so it is held until it is"
		    " gone\n");
}

static void test_plan_is_in_the_order_of_targets(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_process(100, "/b.service", 9)->vm_pin_bytes = MIB;
	add_process(200, "/a.service", 8)->vm_pin_bytes = MIB;
	assert_plan("watch process 100@1000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 1 MiB\n"
		    "watch process 200@2000: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 1 MiB\n"
		    "apply cgroup /a.service: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 1 MiB\n"
		    "apply cgroup /b.service: mode enforce, action hold, risk cost,"
		    " scanned yes; policy all: pins 1 MiB\n");
}

static void test_cgroup_is_released_by_order(void **state)
{
	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	add_held_cgroup("/work.service", 7, "all");
	add_order_cgroup(false, "/work.service", 7);
	assert_plan("watch process 100@1000: mode enforce, action none, risk cost,"
		    " scanned no: held; released by order on cgroup /work.service;"
		    " its cgroup is held\n"
		    "undo cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; released by order\n");
	c.snapshot.n_processes = 0;
	c.orders[0].until_usec = NOW;	/* has run out, and nobody is in it */
	assert_plan("keep cgroup /work.service: mode enforce, action hold, risk none,"
		    " scanned no: held; somebody in it has pinned, so it is held until it is"
		    " gone\n");
}

static void test_audit_releases_a_cgroup_for_real(void **state)
{
	(void)state;
	configure("[Policy all]\nScope=cgroup\n");
	add_pinner();
	add_held_cgroup("/work.service", 7, "all");
	assert_plan("watch process 100@1000: mode audit, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB\n"
		    "undo cgroup /work.service: mode enforce, action hold, risk cost,"
		    " scanned no: held; policy all: pins 16 MiB; audit mode holds nothing\n");
}

/* ---- the function -------------------------------------------------------- */

/* Same input, same plan, whatever the order of what is held. */
static void test_order_of_input_does_not_matter(void **state)
{
	_cleanup_(free) char *one = NULL, *two = NULL;
	struct plan plan;
	struct held swap;

	(void)state;
	configure(HOLD_CGROUPS);
	add_pinner();
	add_process(200, "/b.service", 8)->vm_pin_bytes = MIB;
	add_held(200, ORIGIN_BELL, NULL);
	add_held_cgroup("/gone.service", 9, "all");
	add_held_cgroup("/b.service", 8, "all");
	assert_int_equal(policy_decide(&c.input, &plan), 0);
	assert_int_equal(plan_format(&plan, &one), 0);
	plan_done(&plan);
	swap = c.held[0];
	c.held[0] = c.held[2];
	c.held[2] = swap;
	assert_int_equal(policy_decide(&c.input, &plan), 0);
	assert_int_equal(plan_format(&plan, &two), 0);
	plan_done(&plan);
	assert_string_equal(one, two);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_pinner_is_held),
		TEST(test_audit_says_what_it_would_do),
		TEST(test_mode_of_a_policy_beats_the_daemons),
		TEST(test_no_policy_is_no_action),
		TEST(test_policy_of_none),
		TEST(test_who_pins_nothing_is_let_be),
		TEST(test_bell_without_size),
		TEST(test_device_counts_from_its_open),
		TEST(test_names_of_strangers_do_not_forge_lines),
		TEST(test_without_module),
		TEST(test_held_stays_held),
		TEST(test_unwanted_is_released),
		TEST(test_unpinning_does_not_flap),
		TEST(test_changed_policy_ends_what_it_held),
		TEST(test_audit_releases_for_real),
		TEST(test_held_but_not_looked_at_is_not_judged),
		TEST(test_reused_pid_is_another_process),
		TEST(test_wanted_bell_becomes_ours),
		TEST(test_unwanted_bell_lasts_ten_seconds),
		TEST(test_order_to_hold_beats_policy_and_audit),
		TEST(test_order_to_release_runs_out),
		TEST(test_order_does_not_wait_for_the_bell),
		TEST(test_narrower_order_wins),
		TEST(test_cgroup_is_held_once),
		TEST(test_held_cgroup_covers_its_processes),
		TEST(test_names_that_begin_alike),
		TEST(test_process_keeps_its_hold_until_its_cgroups_is_effective),
		TEST(test_shared_cgroups_are_not_held),
		TEST(test_cgroups_of_version_1),
		TEST(test_full_table_widens_to_cgroups),
		TEST(test_earnest_beats_audit_in_one_cgroup),
		TEST(test_cgroup_stays_held_between_two_workers),
		TEST(test_cgroup_stays_held_below_the_size),
		TEST(test_cgroup_nobody_wants_is_released),
		TEST(test_changed_policy_ends_what_a_cgroup_held),
		TEST(test_plan_is_in_the_order_of_targets),
		TEST(test_cgroup_is_released_by_order),
		TEST(test_audit_releases_a_cgroup_for_real),
		TEST(test_order_of_input_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
