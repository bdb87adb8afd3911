// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole ticks over a made-up host and a module in memory: who is held, who is
 * let go, what is told.  Time is a number here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>

#include "daemon/drift.h"
#include "daemon/exits.h"
#include "daemon/gather.h"
#include "daemon/inforce.h"
#include "daemon/journal.h"
#include "daemon/orders.h"
#include "daemon/settle.h"
#include "daemon/survey.h"
#include "daemon/tick.h"
#include "tests/unit/fake-fanotify.h"
#include "tests/unit/fake-module.h"
#include "tests/unit/tree.h"

#define SECOND	(1000ULL * 1000)
#define NOW	(1000 * SECOND)

static struct fixture {
	struct tree tree;
	struct state state;
	struct options options;
	char proc[PATH_MAX], sys[PATH_MAX], dev[PATH_MAX], conf[PATH_MAX], run[PATH_MAX];
} f;

/* ---- the host ------------------------------------------------------------------ */

static void write_process(int pid, const char *cgroup, unsigned int pinned_kb)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (job) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 %d 25000000 3000 "
		 "18446744073709551615 1 1 1 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		 pid, pid * 10);
	tree_write(&f.tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/task/%d/stat", pid, pid);
	tree_write(&f.tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/task/%d/numa_maps", pid, pid);
	tree_write(&f.tree, path, "55d0 default file=/x mapped=1\n");
	snprintf(path, sizeof(path), "proc/%d/fd/.", pid);
	tree_make_parents(&f.tree, path);
	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text),
		 "Name:\tjob\nUid:\t1000\t1000\t1000\t1000\nVmPin:\t%8u kB\nThreads:\t1\n"
		 "Mems_allowed_list:\t0-1\n", pinned_kb);
	tree_write(&f.tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	tree_write(&f.tree, path, text);
}

static void end_process(int pid)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -r '%s/proc/%d'", f.tree.path, pid);
	tree_run(command);
}

static void write_host(void)
{
	tree_write(&f.tree, "proc/version", "Linux version 6.12.0 (x) #1 SMP 6.12.0\n");
	tree_write(&f.tree, "proc/sys/kernel/osrelease", "6.12.0\n");
	tree_write(&f.tree, "proc/sys/kernel/numa_balancing", "1\n");
	tree_write(&f.tree, "sys/devices/system/node/online", "0-1\n");
	tree_write(&f.tree, "sys/devices/system/node/has_memory", "0-1\n");
	tree_write(&f.tree, "sys/devices/system/node/has_cpu", "0-1\n");
	tree_write(&f.tree, "sys/fs/cgroup/cgroup.controllers", "cpuset memory\n");
	tree_write(&f.tree, "sys/fs/cgroup/jobs/a/cgroup.procs", "");
	tree_write(&f.tree, "dev/.keep", "");
	tree_write(&f.tree, "run/.keep", "");
}

static void configure(const char *text)
{
	_cleanup_(free) char *errors = NULL;

	tree_write(&f.tree, "conf/pinsafed.conf", text);
	if (orders_reload(&f.state, NOW, &errors) < 0)
		fail_msg("%s", errors);
}

static void name(char *path, const char *what)
{
	snprintf(path, PATH_MAX, "%s/%s", f.tree.path, what);
}

static int setup(void **unused)
{
	const char *what = NULL;

	(void)unused;
	memset(&f, 0, sizeof(f));
	fake_reset();
	fake_fanotify.refused = NULL;
	f.tree = tree_new();
	write_host();
	name(f.proc, "proc"), name(f.sys, "sys"), name(f.dev, "dev");
	name(f.conf, "conf"), name(f.run, "run");
	f.options = (struct options){
		.proc_root = f.proc, .sys_root = f.sys, .dev_root = f.dev,
		.fs_root = f.tree.path,
		.config_root = f.conf, .runtime_dir = f.run, .device = "/nonexistent/pinsafe",
		.bus = "unix:path=/nonexistent",
	};
	if (state_open(&f.state, &f.options, &what) < 0)
		fail_msg("%s", what);
	f.state.helper_fd = FAKE_FD;
	f.state.is_armed = true;
	f.state.host.has_module = true;
	f.state.host.module_armed = PINSAFE_FEATURE_HOLD;
	f.state.host.module_features = PINSAFE_FEATURE_HOLD | PINSAFE_FEATURE_HOLD_CGROUP;
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	f.state.helper_fd = -1;		/* not a descriptor */
	state_done(&f.state);
	tree_done(&f.tree);
	return 0;
}

/* As often as the loop would; what never ends is an error. */
static void tick(uint64_t now_usec)
{
	for (int i = 0; i < 20; i++) {
		assert_int_equal(tick_run(&f.state, now_usec), 0);
		if (!state_has_work(&f.state, now_usec))
			return;
	}
	fail_msg("twenty ticks and always something to do");
}

static void mark(int pid)
{
	state_mark(&f.state, (struct process_id){ pid, 0 }, RING_NONE, NULL);
}

static struct target *row_of(int pid)
{
	return targets_find_process(&f.state.targets,
				    (struct process_id){ pid, (uint64_t)pid * 10 });
}

static void ring(int pid, uint32_t flags)
{
	struct pinsafe_event event = {
		.type = PINSAFE_EVENT_PIN,
		.flags = flags,
		.pid = pid,
		.start_ticks = (uint64_t)pid * 10,
		.module = "habanalabs",
	};

	gather_event(&f.state, &event);
}

#define ENFORCE	"[Daemon]\nMode=enforce\n"
#define POLICY	"[Policy jobs]\nMatchCGroup=/jobs/**\nMatchPinnedMin=1M\nAction=hold\n"

/* ---- what is held -------------------------------------------------------------- */

static void test_pinner_is_held(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	write_process(8, "/elsewhere", 4096);
	mark(7), mark(8);
	tick(NOW);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.entries[0].pid, 7);
	assert_true(row_of(7)->shown.is_held);
	assert_false(row_of(8)->shown.is_held);
	assert_int_equal(f.state.status.pinners, 2);
	assert_int_equal(f.state.status.held, 1);
	assert_int_equal(f.state.status.exposed, 1);	/* 8 */
}

/* However often it is looked at after that. */
static void test_known_since_it_is_a_target(void **unused)
{
	uint64_t known_usec;

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 0);
	state_mark(&f.state, (struct process_id){ 7, 0 }, RING_OPEN, NULL);
	tick(NOW - 1);
	assert_int_equal(row_of(7)->known_usec, 0);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	known_usec = row_of(7)->known_usec;
	assert_true(known_usec > 0);
	mark(7);
	tick(NOW + 1);
	assert_int_equal(row_of(7)->looked_usec, NOW + 1);
	assert_int_equal(row_of(7)->known_usec, known_usec);
}

static void test_audit_holds_nothing(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(fake.n, 0);
	assert_int_equal(row_of(7)->shown.op, PLAN_APPLY);
	assert_int_equal(row_of(7)->mode, MODE_AUDIT);
	assert_int_equal(f.state.status.exposed, 1);
	assert_int_equal(fake.watches, 0);
}

static void test_enforce_to_audit_releases(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.watches, 1);		/* /jobs, where a pin holds */
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 0);
	assert_int_equal(fake.watches, 0);
}

/* A cgroup that would be held stays known, so that it is told of once. */
static void test_audit_keeps_cgroups_in_mind(void **unused)
{
	const struct target *row;

	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY "Scope=cgroup\n");
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(f.state.targets.n, 2);
	row = f.state.targets.rows[1];
	assert_int_equal(row->id.kind, TARGET_CGROUP);
	assert_int_equal(row->journal_burst, 1);
	f.state.are_targets_due = true;
	tick(NOW + SECOND);
	assert_ptr_equal(f.state.targets.rows[1], row);
	assert_int_equal(row->journal_burst, 1);
	write_process(7, "/jobs/a", 0);			/* nobody means it now */
	mark(7);
	tick(NOW + 2 * SECOND);
	assert_int_equal(f.state.targets.n, 0);
}

static void test_end_of_process_is_forgotten(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	end_process(7);
	fake.n = 0;					/* the module reaps */
	mark(7);
	tick(NOW + SECOND);
	assert_null(row_of(7));
	assert_int_equal(f.state.targets.n, 0);
}

static void test_pid_of_another(void **unused)
{
	struct process_id old = { 7, 70 }, young = { 7, 71 };

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_non_null(targets_find_process(&f.state.targets, old));
	tree_write(&f.tree, "proc/7/stat",
		   "7 (other) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 71 25000000 3000 "
		   "18446744073709551615 1 1 1 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	fake.n = 0;
	mark(7);
	tick(NOW + SECOND);
	assert_null(targets_find_process(&f.state.targets, old));
	/* the fake module knows no such process either: nothing is held */
	assert_int_equal(fake.n, 0);
	(void)young;
}

static void test_cgroup_until_the_last_leaves(void **unused)
{
	(void)unused;
	configure(ENFORCE "[Policy jobs]\nMatchCGroup=/jobs/**\nMatchPinnedMin=1M\n"
			  "Action=hold\nScope=cgroup\n");
	write_process(7, "/jobs/a", 4096);
	write_process(8, "/jobs/a", 4096);
	mark(7), mark(8);
	tick(NOW);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.entries[0].kind, PINSAFE_CGROUP);
	assert_true(row_of(7)->shown.is_held);
	assert_true(row_of(8)->shown.is_held);
	end_process(7);
	mark(7);
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 1);
	end_process(8);
	mark(8);
	/* a next worker is about to start: held while the policy stands */
	tick(NOW + 2 * SECOND);
	assert_int_equal(fake.n, 1);
	configure(ENFORCE);
	tick(NOW + 3 * SECOND);
	assert_int_equal(fake.n, 0);
	assert_int_equal(f.state.targets.n, 0);
}

static void test_full_table_widens(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	fake.room = 1;
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	write_process(8, "/jobs/a", 4096);
	mark(8);
	/* the place of 7's own hold is needed for the cgroup's: it may take
	 * more than one tick, but it must end */
	fake.room = 2;
	fake.error = 0;
	tick(NOW + SECOND);
	assert_true(row_of(7)->shown.is_held);
	assert_true(row_of(8)->shown.is_held);
	write_process(9, "/jobs/a", 4096);
	mark(9);
	tick(NOW + 2 * SECOND);
	assert_true(f.state.is_table_full);
	assert_int_equal(f.state.tally.tables_full, 1);
}

/* Two processes, and room for one; then for eight. */
static void fill_table(void)
{
	configure(ENFORCE POLICY);
	fake.room = 1;
	write_process(7, "/jobs/a", 4096);
	write_process(8, "/jobs/a", 4096);
	mark(7), mark(8);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_true(f.state.is_table_full);
	fake.room = 8;
	tick(NOW);					/* the cgroup's hold first, */
	tick(NOW);					/* then 7's own goes */
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.entries[0].kind, PINSAFE_CGROUP);
}

static void test_full_table_is_forgotten(void **unused)
{
	(void)unused;
	f.state.host.module_max_holds = 8;
	fill_table();
	tick(NOW + TICK_TABLE_USEC - 1);
	assert_true(f.state.is_table_full);
	fake.refused++;					/* somebody, meanwhile */
	tick(NOW + TICK_TABLE_USEC);
	assert_true(f.state.is_table_full);
	tick(NOW + 2 * TICK_TABLE_USEC);
	assert_false(f.state.is_table_full);
	assert_int_equal(fake.n, 2);
	assert_non_null(fake_find(PINSAFE_PROCESS, 7, 0));
	assert_non_null(fake_find(PINSAFE_PROCESS, 8, 0));
	tick(NOW + 4 * TICK_TABLE_USEC);
	assert_int_equal(f.state.tally.tables_full, 1);
}

/* The cgroup's hold is all there is in it, but without that it would be full. */
static void test_full_table_is_believed(void **unused)
{
	(void)unused;
	f.state.host.module_max_holds = 2;
	fill_table();
	for (unsigned int i = 1; i < 10; i++) {
		tick(NOW + i * TICK_TABLE_USEC);
		assert_true(f.state.is_table_full);
		assert_int_equal(fake.n, 1);
	}
}

static void test_order_that_fails_in_silence(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });

	(void)unused;
	configure("[Daemon]\nMode=audit\n");
	write_process(7, "/", 4096);
	mark(7);
	tick(NOW);
	f.state.is_table_full = true;
	fake.room = 0;
	row_of(7)->journal_burst = JOURNAL_BURST;	/* has changed too often */
	row_of(7)->journal_usec = NOW;
	assert_int_equal(orders_hold(&f.state, &id, NOW), -ENOSPC);
}

static void test_held_before_us_is_looked_at(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	fake.entries[fake.n++] = (struct pinsafe_entry){
		.kind = PINSAFE_PROCESS, .state = PINSAFE_STATE_HELD,
		.origin = PINSAFE_ORIGIN_ORDER, .pid = 7, .start_ticks = 70,
	};
	f.state.are_targets_due = true;
	tick(NOW);
	assert_non_null(row_of(7));
	assert_true(row_of(7)->shown.is_held);
	assert_int_equal(fake.n, 1);
}

static void test_held_but_not_in_proc(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	fake.entries[fake.n++] = (struct pinsafe_entry){
		.kind = PINSAFE_PROCESS, .state = PINSAFE_STATE_HELD,
		.origin = PINSAFE_ORIGIN_ORDER, .pid = 7, .start_ticks = 70,
	};
	tick(NOW);
	assert_int_equal(f.state.targets.n, 0);
	assert_true(state_next_usec(&f.state) <= NOW + INFORCE_STRANGERS_USEC);
	tick(NOW + INFORCE_STRANGERS_USEC);
	fake.n = 0;
	tick(NOW + 2 * INFORCE_STRANGERS_USEC);
	assert_int_equal(f.state.strangers_usec, 0);
}

/* ---- bells --------------------------------------------------------------------- */

static void test_bell_of_an_unwanted_pinner(void **unused)
{
	unsigned int before;

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 16);		/* below the minimum */
	fake_ring(7, PINSAFE_ORIGIN_PIN);
	fake.entries[0].held_ns = NOW * 1000;
	ring(7, PINSAFE_EVENT_HELD);
	tick(NOW);
	assert_int_equal(fake.n, 1);			/* hold first, ask later */
	assert_true(row_of(7)->facts.pin_rang);
	assert_string_equal(row_of(7)->facts.driver, "habanalabs");
	assert_true(f.state.decide_usec > NOW);
	before = fake.rearms;
	tick(f.state.decide_usec);
	assert_int_equal(fake.n, 0);
	assert_int_equal(row_of(7)->shown.is_held, false);
	/* let go once: its bell stays silent until the next sweep */
	tick(NOW + 400 * SECOND);
	assert_int_equal(fake.rearms, before);
	f.state.is_sweep_due = true;
	tick(NOW + 401 * SECOND);
	assert_true(fake.rearms > before);
}

static void test_release_that_fails(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 16);
	fake_ring(7, PINSAFE_ORIGIN_PIN);
	fake.entries[0].held_ns = NOW * 1000;
	ring(7, PINSAFE_EVENT_HELD);
	tick(NOW);
	fake.stuck = EPERM;
	tick(NOW + 11 * SECOND);			/* ends: does not spin */
	assert_true(row_of(7)->shown.is_held);
	assert_int_equal(row_of(7)->failed, -EPERM);
	fake.stuck = 0;
	tick(NOW + 13 * SECOND);
	assert_int_equal(fake.n, 0);
}

static void test_what_fails_is_left_for_a_while(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	fake.refusal = EPERM;
	tick(NOW);
	assert_int_equal(fake.n, 0);
	assert_non_null(setbacks_find(&f.state.setbacks, &id, ACTION_HOLD));
	assert_int_equal(f.state.tally.actions[ACTION_HOLD].failed, 1);
	assert_int_equal(f.state.status.exposed, 1);
	fake.refusal = 0;
	tick(NOW + SETBACK_USEC / 2);
	assert_int_equal(fake.n, 0);
	assert_true(state_next_usec(&f.state) <= NOW + SETBACK_USEC);
	tick(NOW + SETBACK_USEC);
	assert_int_equal(fake.n, 1);
	assert_int_equal(f.state.setbacks.n, 0);
}

static void test_reload_tries_again(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	fake.refusal = EPERM;
	tick(NOW);
	assert_int_equal(f.state.setbacks.n, 1);
	fake.refusal = 0;
	configure(ENFORCE POLICY);
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 1);
	/* and what ends takes its setbacks with it */
	fake.refusal = EPERM;
	write_process(8, "/jobs/a", 4096);
	mark(8);
	tick(NOW + 2 * SECOND);
	assert_int_equal(f.state.setbacks.n, 1);
	end_process(8);
	mark(8);
	tick(NOW + 3 * SECOND);
	assert_int_equal(f.state.setbacks.n, 0);
}

static void test_bell_is_armed_again_slower_and_slower(void **unused)
{
	uint64_t now = NOW, wait, last = 0;

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 16);
	for (int i = 0; i < 12; i++) {
		ring(7, 0);
		tick(now);
		wait = row_of(7)->again.at_usec - now;
		assert_true(wait >= last);
		last = wait;
		now += wait;
		tick(now);
		assert_int_equal(fake.rearms, i + 1);
	}
	assert_int_equal(last, 300 * SECOND);
}

/* The time of one is not the end of the other's, nor does one that has gone wake
 * the loop for ever. */
static void test_each_bell_has_its_own_time(void **unused)
{
	uint64_t first, second;

	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	write_process(7, "/jobs/a", 16);
	write_process(8, "/jobs/a", 16);
	ring(7, 0);
	tick(NOW);
	ring(8, 0);
	tick(NOW + SECOND / 2);
	first = row_of(7)->again.at_usec;
	second = row_of(8)->again.at_usec;
	assert_true(first < second);
	assert_int_equal(f.state.targets.again_usec, first);
	tick(first);
	assert_int_equal(row_of(7)->again.at_usec, 0);
	assert_int_equal(f.state.targets.again_usec, second);
	assert_true(state_has_work(&f.state, second));
	end_process(8);
	tick(second);
	assert_int_equal(f.state.targets.again_usec, 0);
}

/* An open is told before there is a descriptor of it. */
static void test_who_opens_is_looked_at_twice(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 0);
	write_process(8, "/jobs/a", 0);
	state_mark(&f.state, (struct process_id){ 7, 0 }, RING_OPEN, NULL);
	state_mark(&f.state, (struct process_id){ 8, 0 }, RING_OPEN, NULL);
	tick(NOW);
	assert_int_equal(fake.n, 0);
	write_process(7, "/jobs/a", 4096);
	tick(NOW + SECOND - 1);
	assert_int_equal(fake.n, 0);
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.entries[0].pid, 7);
	assert_null(row_of(8));
}

static void test_growth_is_noticed(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 16);
	ring(7, 0);
	tick(NOW);
	assert_int_equal(fake.n, 0);
	assert_true(row_of(7)->facts.is_counting);
	write_process(7, "/jobs/a", 4096);		/* what the ring was about */
	tick(row_of(7)->again.at_usec);
	assert_int_equal(fake.n, 1);
	assert_true(row_of(7)->facts.is_counting);	/* it may not be all */
	tick(row_of(7)->again.at_usec);
	assert_false(row_of(7)->facts.is_counting);
}

/* For as long as it takes; the bell told of him once. */
static void test_bell_waits_for_descriptors(void **unused)
{
	struct rlimit limit, none;

	(void)unused;
	configure(ENFORCE POLICY);
	tick(NOW);
	write_process(7, "/jobs/a", 4096);
	ring(7, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(gather_dirty(&f.state, NOW + SECOND), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_null(row_of(7));
	assert_false(state_has_work(&f.state, NOW + SECOND));
	assert_int_equal(state_next_usec(&f.state), NOW + SECOND + GATHER_WAIT_USEC);
	tick(NOW + SECOND + GATHER_WAIT_USEC);
	assert_non_null(row_of(7));
	assert_true(row_of(7)->facts.pin_rang);
	assert_string_equal(row_of(7)->facts.driver, "habanalabs");
	assert_int_equal(fake.n, 1);
}

/* No pidfd tells of him. */
static void test_end_of_the_unwatched_is_seen(void **unused)
{
	uint64_t at_usec;

	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	write_process(7, "/jobs/a", 4096);
	f.state.is_sweep_due = true;
	tick(NOW + SECOND);
	assert_non_null(row_of(7));
	f.state.targets.exit_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	f.state.targets.n_unwatched = 1;
	end_process(7);
	at_usec = f.state.unwatched_usec;
	assert_true(at_usec > NOW + SECOND && at_usec <= NOW + SECOND + EXITS_UNWATCHED_USEC);
	assert_true(state_has_work(&f.state, at_usec));
	tick(at_usec);
	assert_null(row_of(7));
	assert_int_equal(f.state.targets.n_unwatched, 0);
}

static void test_lost_events_sweep(void **unused)
{
	struct pinsafe_event event = { .type = PINSAFE_EVENT_LOST, .lost = 12 };

	(void)unused;
	configure(ENFORCE POLICY);
	tick(NOW);
	write_process(7, "/jobs/a", 4096);
	gather_event(&f.state, &event);
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 1);
	assert_int_equal(f.state.tally.events_lost, 12);
	assert_int_equal(f.state.tally.resyncs, 1);
}

static void count_pins(unsigned int acquired, unsigned int released)
{
	char text[128];

	snprintf(text, sizeof(text), "nr_foll_pin_acquired %u\nnr_foll_pin_released %u\n",
		 acquired, released);
	tree_write(&f.tree, "sys/devices/system/node/node0/vmstat", text);
	tree_write(&f.tree, "sys/devices/system/node/node1/vmstat", text);
}

/* With counters of which all that was pinned is released. */
static void first_sweep(void)
{
	count_pins(100, 100);
	f.state.is_sweep_due = true;
	tick(NOW);
}

static void begin_without_module(void)
{
	configure("[Daemon]\nMode=audit\n" POLICY);
	f.state.helper_fd = -1;
	first_sweep();
}

/* As the loop does now and then without a module; has it swept? */
static bool poll(uint64_t now_usec)
{
	uint64_t sweeps = f.state.tally.sweeps;

	gather_poll(&f.state, now_usec);
	tick(now_usec);
	return f.state.tally.sweeps > sweeps;
}

static void test_sweeps_where_pins_stand(void **unused)
{
	(void)unused;
	begin_without_module();
	assert_false(poll(NOW + 31 * SECOND));
	count_pins(500, 500);				/* came and went */
	assert_false(poll(NOW + 33 * SECOND));
	write_process(7, "/jobs/a", 4096);
	count_pins(1524, 500);
	assert_false(poll(NOW + 35 * SECOND));		/* seems so */
	assert_true(poll(NOW + 37 * SECOND));
	assert_non_null(row_of(7));
	count_pins(2048, 500);
	assert_false(poll(NOW + 65 * SECOND));		/* too soon */
	assert_true(poll(NOW + 67 * SECOND));		/* the second at which they stand */
	assert_false(poll(NOW + 100 * SECOND));		/* they stand, and nobody came */
	end_process(7);
	write_process(8, "/jobs/a", 4096);		/* takes as much as was dropped */
	count_pins(3596, 2048);
	assert_true(poll(NOW + 102 * SECOND));
	assert_non_null(row_of(8));
}

#define DEVICE	\
	"[Daemon]\nMode=audit\n[Policy d]\nMatchDevice=/dev/null /dev/fuse\nAction=hold\n"

/* Nodes need root, so those of this machine stand in. */
static void use_own_nodes(void)
{
	_cleanup_(close) int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(dup2(fd, f.state.dev_fd) >= 0);
}

/* By a descriptor that it has, as if inherited: nobody hears an open. */
static void write_user_of_fuse(int pid)
{
	char command[PATH_MAX * 2];

	write_process(pid, "/jobs/a", 0);
	snprintf(command, sizeof(command), "ln -s /dev/fuse '%s/proc/%d/fd/3'", f.tree.path, pid);
	tree_run(command);
}

/* Memory and terminals are no devices here, and not every machine has another. */
static void assert_user_of_fuse_is_known(int pid)
{
	if (access("/dev/fuse", F_OK) == 0)
		assert_non_null(row_of(pid));
}

static bool is_missing(const char *beginning)
{
	for (char **line = f.state.status.missing; line && *line; line++) {
		if (strncmp(*line, beginning, strlen(beginning)) == 0)
			return true;
	}
	return false;
}

static void listen_for_opens(void)
{
	assert_int_equal(opens_new(f.state.dev_fd, true, &f.state.opens,
				   &f.state.opens_missing), 0);
	f.state.are_nodes_due = true;
}

/* Nobody hears opens: each interval is swept.  So it is told. */
static void test_sweeps_where_nodes_cannot_be_marked(void **unused)
{
	(void)unused;
	use_own_nodes();
	configure(DEVICE);
	f.state.helper_fd = -1;
	fake_fanotify.refused = "null";
	fake_fanotify.error = ENODEV;
	listen_for_opens();
	first_sweep();
	assert_true(is_missing("device opens"));
	write_user_of_fuse(7);
	assert_true(poll(NOW + 30 * SECOND));
	assert_user_of_fuse_is_known(7);

	fake_fanotify.refused = NULL;
	f.state.are_nodes_due = true;
	tick(NOW + 31 * SECOND);
	assert_false(is_missing("device opens"));
	assert_false(poll(NOW + 62 * SECOND));
}

/* Nor without a fanotify group, whatever there is to mark. */
static void test_deaf_stays_deaf(void **unused)
{
	(void)unused;
	use_own_nodes();
	configure(DEVICE);
	f.state.helper_fd = -1;
	listen_for_opens();
	f.state.opens_missing = "reading fanotify failed";
	tick(NOW);
	assert_true(is_missing("device opens"));
}

static void test_a_module_without_the_open_bell(void **unused)
{
	(void)unused;
	use_own_nodes();
	configure(DEVICE);
	listen_for_opens();
	tick(NOW);
	assert_true(is_missing("open bell: opens of devices are heard by fanotify"));
	fake_fanotify.refused = "null";
	fake_fanotify.error = EPERM;
	f.state.are_nodes_due = true;
	tick(NOW + SECOND);
	assert_true(is_missing("open bell: opens of devices are found by the sweep only"));
}

/* A processor adds its releases later than another its acquisitions. */
static void test_pins_that_pass_are_not_swept_for(void **unused)
{
	(void)unused;
	begin_without_module();
	for (unsigned int i = 1; i < 200; i++) {
		count_pins(100 + i, 100 + i - i % 2);
		assert_false(poll(NOW + (30 + 2 * i) * SECOND));
	}
}

static void test_counters_are_not_believed_for_ever(void **unused)
{
	(void)unused;
	begin_without_module();
	write_process(7, "/jobs/a", 4096);
	count_pins(1124, 1200);				/* somebody else's came late */
	assert_false(poll(NOW + 899 * SECOND));
	assert_true(poll(NOW + 900 * SECOND));
	assert_non_null(row_of(7));
}

/* Nor swept for more often than that. */
static void test_nothing_moves_and_is_not_believed_for_ever(void **unused)
{
	(void)unused;
	use_own_nodes();
	configure(DEVICE);
	f.state.helper_fd = -1;
	listen_for_opens();
	first_sweep();
	write_user_of_fuse(7);
	for (unsigned int t = 2; t < 900; t += 2)
		assert_false(poll(NOW + t * SECOND));
	assert_true(poll(NOW + 900 * SECOND));
	assert_user_of_fuse_is_known(7);
	assert_false(poll(NOW + 1798 * SECOND));
	assert_true(poll(NOW + 1800 * SECOND));
}

/* A ring that 7.x books nowhere, of somebody with CAP_IPC_LOCK. */
static void write_user_of_ring(int pid)
{
	char command[PATH_MAX * 2], path[64];

	write_process(pid, "/jobs/a", 0);
	snprintf(path, sizeof(path), "proc/%d/status", pid);
	tree_write(&f.tree, path,
		   "Name:\tjob\nUid:\t0\t0\t0\t0\nVmPin:\t       0 kB\nThreads:\t1\n"
		   "CapEff:\t0000000000004000\nMems_allowed_list:\t0-1\n");
	snprintf(path, sizeof(path), "proc/%d/fdinfo/5", pid);
	tree_write(&f.tree, path,
		   "pos:\t0\nflags:\t02\nmnt_id:\t1\nino:\t77\nSqThread:\t-1\nUserBufs:\t1\n"
		   "    0: 0x7f0000000000/4194304\n");
	snprintf(command, sizeof(command), "ln -s 'anon_inode:[io_uring]' '%s/proc/%d/fd/5'",
		 f.tree.path, pid);
	tree_run(command);
}

static void test_disbelief_looks_at_rings(void **unused)
{
	(void)unused;
	begin_without_module();
	write_user_of_ring(7);
	count_pins(1124, 1200);
	assert_true(poll(NOW + 900 * SECOND));
	assert_non_null(row_of(7));
}

/* Sweeps that the daemon with the module makes at its own times, until then. */
static unsigned int sweep_until(uint64_t end_usec)
{
	uint64_t sweeps = f.state.tally.sweeps;

	while (f.state.sweep_usec < end_usec)
		tick(f.state.sweep_usec);
	return (unsigned int)(f.state.tally.sweeps - sweeps);
}

/* The open bell does not ring for a descriptor that is inherited or sent. */
static void test_with_the_module_devices_are_looked_for(void **unused)
{
	(void)unused;
	use_own_nodes();
	f.state.host.module_features |= PINSAFE_FEATURE_BELL_OPEN;
	configure(DEVICE);
	first_sweep();
	write_user_of_fuse(7);
	assert_int_equal(sweep_until(NOW + 1000 * SECOND), 1);	/* 900, and the fleet's share */
	assert_user_of_fuse_is_known(7);
	assert_int_equal(sweep_until(NOW + 2000 * SECOND), 1);
}

/* More often only where pins were made, and then for them. */
static void test_with_the_module_devices_are_not_looked_for_always(void **unused)
{
	(void)unused;
	use_own_nodes();
	configure(DEVICE);
	f.state.config.sweep_interval_sec = 60;
	first_sweep();
	write_user_of_fuse(7);
	assert_int_equal(sweep_until(NOW + 300 * SECOND), 0);
	count_pins(200, 200);
	assert_int_equal(sweep_until(NOW + 900 * SECOND), 1);
	assert_null(row_of(7));
	assert_int_equal(sweep_until(NOW + 1700 * SECOND), 1);
	assert_user_of_fuse_is_known(7);
}

static void test_with_the_module_bells_are_believed(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	first_sweep();
	assert_int_equal(sweep_until(NOW + 3000 * SECOND), 0);
	count_pins(200, 200);
	assert_int_equal(sweep_until(NOW + 6000 * SECOND), 1);
}

static void test_storm_is_taken_in_batches(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	for (int pid = 1000; pid < 1000 + 3 * GATHER_BATCH; pid++) {
		write_process(pid, "/jobs/a", 4096);
		mark(pid), mark(pid);
	}
	assert_int_equal(f.state.dirty.n, 3 * GATHER_BATCH);
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(f.state.targets.n, GATHER_BATCH);
	assert_true(state_has_work(&f.state, NOW));
	tick(NOW);
	assert_int_equal(f.state.status.exposed, 3 * GATHER_BATCH);
}

static void write_storm(int n)
{
	f.state.host.module_features |= PINSAFE_FEATURE_SIGHT;
	for (int pid = 1000; pid < 1000 + n; pid++) {
		write_process(pid, "/jobs/a", 4096);
		mark(pid);
	}
	fake.sight_usec = GATHER_USEC / 2;
}

static void test_slow_looks_end_the_tick(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	write_storm(10);
	for (int i = 1; i <= 5; i++) {
		mark(1000);				/* noisy, and has to wait */
		assert_int_equal(tick_run(&f.state, NOW), 0);
		assert_int_equal(f.state.tally.looked_at, 2 * i);
		assert_true(state_has_work(&f.state, NOW));
	}
	assert_int_equal(f.state.status.exposed, 10);
	tick(NOW);
	assert_int_equal(f.state.dirty.n, 0);
}

/* However many others there are to look at, and however long its count takes. */
static void test_bell_is_held_in_the_same_tick(void **unused)
{
	(void)unused;
	configure(ENFORCE "[Policy bells]\nMatchCGroup=/jobs/**\nMatchPinnedMin=4K\nAction=hold\n");
	tick(NOW);
	write_storm(10);
	fake.sight_slices = 7;
	f.state.effort_usec = 3600 * SECOND;		/* decisions are dear */
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(fake.n, 0);
	ring(1009, 0);
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_non_null(fake_find(PINSAFE_PROCESS, 1009, 0));
	assert_int_equal(row_of(1009)->facts.pinned_bytes, sysconf(_SC_PAGESIZE));
	assert_true(f.state.dirty.n > 0);
	fake.sight_slices = 0;
	tick(NOW);
}

/* Two slices a tick: what was seen shows at once, and others get their turn. */
static void test_huge_process_is_counted_over_ticks(void **unused)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	write_storm(1);
	fake.sight_slices = 7;
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(row_of(1000)->facts.pinned_bytes, 2 * page);
	assert_true(row_of(1000)->facts.is_counting);
	assert_true(state_has_work(&f.state, NOW));
	tick(NOW);
	assert_int_equal(row_of(1000)->facts.pinned_bytes, 7 * page);
	assert_int_equal(f.state.dirty.n, 0);

	/* counted once, it is not taken for less while it is counted again */
	mark(1000);
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(row_of(1000)->facts.pinned_bytes, 7 * page);
	tick(NOW);
	fake.sight_slices = 0;
}

/* They pin nothing. */
static void write_crowd(int n)
{
	for (int pid = 1000; pid < 1000 + n; pid++)
		write_process(pid, "/jobs/a", 0);
}

static void test_slow_survey_ends_the_tick(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	write_crowd(10);
	f.state.host.module_features |= PINSAFE_FEATURE_SIGHT;
	fake.sight_usec = SURVEY_USEC / 2;
	survey_begin(&f.state, true);
	assert_int_equal(f.state.survey.n, 10);
	survey_go_on(&f.state);
	assert_int_equal(f.state.survey.next, 2);
	for (int i = 0; i < 4; i++)
		survey_go_on(&f.state);
	assert_false(survey_is_under_way(&f.state));
}

/* By /proc alone, without sight: so many processes at a time, however many. */
static void test_survey_goes_in_batches(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	f.state.helper_fd = -1;
	tick(NOW);
	write_crowd(2 * SURVEY_BATCH);
	write_process(1000 + 2 * SURVEY_BATCH, "/jobs/a", 4096);
	f.state.is_sweep_due = true;
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(tick_run(&f.state, NOW), 0);
		assert_int_equal(f.state.survey.next, i * SURVEY_BATCH);
		assert_true(state_has_work(&f.state, NOW));
		assert_int_equal(f.state.targets.n, 0);
	}
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_false(survey_is_under_way(&f.state));
	assert_non_null(row_of(1000 + 2 * SURVEY_BATCH));
}

/* What is due on the way is done afterwards, not by beginning anew. */
static void test_round_that_is_under_way_goes_on(void **unused)
{
	struct pinsafe_event lost = { .type = PINSAFE_EVENT_LOST, .lost = 1 };

	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	write_crowd(3 * SURVEY_BATCH);
	gather_event(&f.state, &lost);
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(f.state.tally.sweeps, 2);
	write_process(7, "/jobs/a", 4096);		/* behind the cursor */
	gather_event(&f.state, &lost);
	for (int i = 2; i <= 3; i++)
		assert_int_equal(tick_run(&f.state, NOW + 5000 * SECOND), 0);
	assert_false(survey_is_under_way(&f.state));
	assert_int_equal(f.state.tally.sweeps, 2);
	assert_int_equal(f.state.targets.n, 0);
	assert_true(state_has_work(&f.state, NOW + 5000 * SECOND));
	tick(NOW + 5000 * SECOND);
	assert_int_equal(f.state.tally.sweeps, 3);
	assert_non_null(row_of(7));
}

/* They are found when those are held of whom bells told. */
static void test_bell_does_not_wait_for_the_survey(void **unused)
{
	uint64_t before_usec;

	(void)unused;
	configure(ENFORCE POLICY);
	tick(NOW);
	write_crowd(10);
	f.state.host.module_features |= PINSAFE_FEATURE_SIGHT;
	fake.sight_usec = SURVEY_USEC;
	f.state.is_sweep_due = true;
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(f.state.survey.next, 1);
	write_process(7, "/jobs/a", 4096);
	ring(7, 0);
	before_usec = fake.clock_usec;
	assert_int_equal(tick_run(&f.state, NOW), 0);
	assert_int_equal(fake.held_usec - before_usec, fake.sight_usec);	/* its own */
	assert_int_equal(f.state.survey.next, 2);
}

static void test_order_does_not_wait_for_others(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 1009, 10090 });

	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	tick(NOW);
	write_storm(10);
	assert_int_equal(orders_hold(&f.state, &id, NOW), 0);
	assert_true(row_of(1009)->shown.is_held);
	assert_int_equal(f.state.dirty.n, 8);
}

/* ---- proof --------------------------------------------------------------------- */

static void test_probes_that_do_not_fire(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(row_of(7)->shown.proof, PROOF_IDLE);
	fake.armed = 0;
	tick(NOW + SETTLE_LOOK_USEC);
	assert_int_equal(row_of(7)->shown.proof, PROOF_INEFFECTIVE);
	assert_int_equal(row_of(7)->shown.scanned, SCANNED_YES);
	assert_int_equal(f.state.status.ineffective, 1);
	assert_int_equal(f.state.status.exposed, 1);
	fake.armed = PINSAFE_FEATURE_HOLD;
	fake.entries[0].last_refused_ns = (NOW + 2 * SETTLE_LOOK_USEC) * 1000;
	tick(NOW + 2 * SETTLE_LOOK_USEC);
	assert_int_equal(row_of(7)->shown.proof, PROOF_VERIFIED);
	assert_int_equal(f.state.status.exposed, 0);
}

static void test_a_scan_in_spite_of_the_hold(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	fake.scan_offset = 0x1000;
	mark(7);
	tick(NOW);
	fake.scan_offset = 0x2000;
	tick(NOW + SETTLE_LOOK_USEC);
	assert_int_equal(row_of(7)->shown.proof, PROOF_INEFFECTIVE);
}

static bool is_set_back(int pid, enum action action)
{
	return setbacks_find(&f.state.setbacks, &row_of(pid)->id, action);
}

static void set_back(int pid, enum action action, uint64_t until_usec)
{
	assert_int_equal(setbacks_add(&f.state.setbacks, &row_of(pid)->id, action, "x", until_usec),
			 1);
}

/* Masks go with their processors: nobody has changed them, and whoever cannot be bound
 * as things are can be when they come back. */
static void test_processors_come_and_go(void **unused)
{
	(void)unused;
	configure(ENFORCE POLICY);
	tree_write(&f.tree, "sys/devices/system/cpu/online", "0-3\n");
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_false(drift_is_of_cpus(&f.state, NOW));
	set_back(7, ACTION_BIND, NOW + 900 * SECOND);
	set_back(7, ACTION_CONFINE, 0);		/* somebody else's word */
	set_back(7, ACTION_MEMPOLICY, NOW + 900 * SECOND);
	tick(NOW + SECOND);
	assert_true(is_set_back(7, ACTION_BIND));
	tree_write(&f.tree, "sys/devices/system/cpu/online", "0-1\n");
	tick(NOW + 2 * SECOND);
	assert_false(is_set_back(7, ACTION_BIND));
	assert_true(is_set_back(7, ACTION_CONFINE));
	assert_true(is_set_back(7, ACTION_MEMPOLICY));
	assert_true(drift_is_of_cpus(&f.state, NOW + 2 * SECOND));
	assert_false(drift_is_of_cpus(&f.state, NOW + 2 * SECOND + DRIFT_CPUS_USEC));
}

static void test_nothing_held_nothing_timed(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(f.state.look_usec, 0);
	assert_true(f.state.drift_usec < f.state.sweep_usec);
	assert_int_equal(state_next_usec(&f.state), f.state.drift_usec);
}

/* ---- orders -------------------------------------------------------------------- */

static void test_order_to_hold(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });
	struct target_id gone = target_id_of_process((struct process_id){ 7, 69 });
	size_t n;

	(void)unused;
	configure("[Daemon]\nMode=audit\n");
	write_process(7, "/elsewhere", 0);
	assert_int_equal(orders_resolve(&f.state, &gone), -ESRCH);
	assert_int_equal(orders_resolve(&f.state, &id), 0);
	assert_int_equal(orders_hold(&f.state, &id, NOW), 0);
	assert_int_equal(fake.n, 1);
	(void)ledger_overrides(f.state.ledger, &n);
	assert_int_equal(n, 1);
}

static void test_order_that_fails_leaves_nothing(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });
	size_t n;

	(void)unused;
	configure("[Daemon]\nMode=audit\n");
	write_process(7, "/", 0);
	fake.room = 0;
	/* the first time, when the table is not known to be full, and after it */
	assert_int_equal(orders_hold(&f.state, &id, NOW), -ENOSPC);
	assert_int_equal(orders_hold(&f.state, &id, NOW), -ENOSPC);
	(void)ledger_overrides(f.state.ledger, &n);
	assert_int_equal(n, 0);
	f.state.helper_fd = -1;
	assert_int_equal(orders_hold(&f.state, &id, NOW), -ENODEV);
}

static void test_holds_on_a_full_disk(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	disk_fill();
	tick(NOW);
	assert_false(f.state.is_table_full);
	assert_true(row_of(7)->shown.is_held);
	assert_int_equal(orders_release(&f.state, &id, 0, NOW), -ENOTRECOVERABLE);
	assert_true(row_of(7)->shown.is_held);
	disk_free();
	assert_int_equal(orders_release(&f.state, &id, 0, NOW), 0);
	assert_false(row_of(7)->shown.is_held);
}

static void test_order_that_fails_leaves_the_one_before(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });
	const struct override *order;

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(orders_release(&f.state, &id, 50 * SECOND, NOW), 0);
	fake.room = 0;
	assert_true(orders_hold(&f.state, &id, NOW + SECOND) < 0);
	order = ledger_find_override(f.state.ledger, &id);
	assert_non_null(order);
	assert_false(order->hold);
	assert_int_equal(order->until_usec, NOW + 50 * SECOND);
	fake.room = FAKE_ROOM;
	tick(NOW + 2 * SECOND);
	assert_string_equal(target_state_name(row_of(7)), "released");
	assert_int_equal(f.state.decide_usec, NOW + 50 * SECOND);
}

static void test_release_for_a_while(void **unused)
{
	struct target_id id = target_id_of_process((struct process_id){ 7, 70 });

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(orders_release(&f.state, &id, 5 * SECOND, NOW), 0);
	assert_int_equal(fake.n, 0);
	assert_string_equal(target_state_name(row_of(7)), "released");
	tick(state_next_usec(&f.state));
	tick(NOW + 6 * SECOND);
	assert_int_equal(fake.n, 1);
}

static void run_in_cgroups(const char *what)
{
	char command[2 * PATH_MAX];

	snprintf(command, sizeof(command), "cd '%s/sys/fs/cgroup' && %s", f.tree.path, what);
	tree_run(command);
}

/* As systemctl restart does: the same path, another cgroup. */
static void make_cgroup_again(void)
{
	run_in_cgroups("mkdir jobs/b && rm -r jobs/a && mv jobs/b jobs/a");
}

static void test_release_of_a_cgroup_shows_on_its_processes(void **unused)
{
	struct target_id id = { .kind = TARGET_CGROUP, .cgroup = (char *)"/jobs/a" };
	struct target_id own = target_id_of_process((struct process_id){ 8, 80 });

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	write_process(8, "/jobs/a", 4096);
	mark(7);
	mark(8);
	tick(NOW);
	assert_int_equal(orders_resolve(&f.state, &id), 0);
	assert_int_equal(orders_release(&f.state, &id, 0, NOW), 0);
	assert_string_equal(target_state_name(row_of(7)), "released");
	assert_string_equal(target_state_name(row_of(8)), "released");
	assert_int_equal(orders_hold(&f.state, &own, NOW + SECOND), 0);
	assert_string_equal(target_state_name(row_of(8)), "held");
	assert_string_equal(target_state_name(row_of(7)), "released");
}

static void test_nearest_order_shows(void **unused)
{
	struct target_id outer = { .kind = TARGET_CGROUP, .cgroup = (char *)"/jobs" };
	struct target_id inner = { .kind = TARGET_CGROUP, .cgroup = (char *)"/jobs/a" };

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(orders_resolve(&f.state, &inner), 0);
	assert_int_equal(orders_resolve(&f.state, &outer), 0);
	assert_int_equal(orders_release(&f.state, &outer, 0, NOW), 0);
	assert_true(row_of(7)->shown.is_released);
	assert_int_equal(orders_hold(&f.state, &inner, NOW + SECOND), 0);
	assert_false(row_of(7)->shown.is_released);
}

static void test_order_ends_with_its_cgroup(void **unused)
{
	struct target_id id = { .kind = TARGET_CGROUP, .cgroup = (char *)"/jobs/a" };
	struct target_id next = id;
	size_t n;

	(void)unused;
	configure(ENFORCE POLICY);
	assert_int_equal(orders_resolve(&f.state, &id), 0);
	assert_int_equal(orders_release(&f.state, &id, 0, NOW), 0);
	tick(NOW + SECOND);
	assert_non_null(ledger_find_override(f.state.ledger, &id));
	make_cgroup_again();
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW + 2 * SECOND);
	(void)ledger_overrides(f.state.ledger, &n);
	assert_int_equal(n, 0);
	assert_null(targets_find(&f.state.targets, &id));
	assert_true(row_of(7)->shown.is_held);		/* nobody released this one */
	assert_int_equal(orders_resolve(&f.state, &next), 0);
	assert_int_equal(orders_hold(&f.state, &next, NOW + 3 * SECOND), 0);
	run_in_cgroups("rm -r jobs");
	tick(NOW + 4 * SECOND);
	(void)ledger_overrides(f.state.ledger, &n);
	assert_int_equal(n, 0);
	assert_null(targets_find(&f.state.targets, &next));
}

static void test_hold_ends_with_its_cgroup(void **unused)
{
	struct target_id id = { .kind = TARGET_CGROUP, .cgroup = (char *)"/jobs/a" };
	struct target_id next = id;

	(void)unused;
	configure(ENFORCE POLICY "Scope=cgroup\n");
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	assert_int_equal(fake.n, 1);
	assert_int_equal(orders_resolve(&f.state, &id), 0);
	assert_int_equal(fake.entries[0].cgroup_id, id.cgroup_id);
	/* the fake module, like one before Linux 5.15, notices nothing */
	end_process(7);
	make_cgroup_again();
	write_process(8, "/jobs/a", 4096);
	mark(7), mark(8);
	tick(NOW + SECOND);
	assert_int_equal(orders_resolve(&f.state, &next), 0);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.entries[0].cgroup_id, next.cgroup_id);
	assert_null(targets_find(&f.state.targets, &id));
	end_process(8);
	run_in_cgroups("rm -r jobs");
	mark(8);
	tick(NOW + 2 * SECOND);
	assert_int_equal(fake.n, 0);
	assert_int_equal(f.state.targets.n, 0);
}

static void test_order_ends_with_its_process(void **unused)
{
	struct override order = { .id = target_id_of_process((struct process_id){ 7, 70 }) };
	size_t n;

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 16);
	assert_int_equal(ledger_set_override(f.state.ledger, &order), 0);
	order.id.process.start_ticks = 69;		/* had the pid before */
	assert_int_equal(ledger_set_override(f.state.ledger, &order), 0);
	order.id.process.pid = 8;			/* there is none */
	assert_int_equal(ledger_set_override(f.state.ledger, &order), 0);
	tick(NOW);
	assert_int_equal(ledger_overrides(f.state.ledger, &n)->id.process.start_ticks, 70);
	assert_int_equal(n, 1);
}

static void test_cgroups_are_checked(void **unused)
{
	static const char *const bad[] = { "", "/", "jobs", "/jobs/", "/jobs/../jobs", "/..",
					   "//jobs", "/jobs/./a" };
	struct target_id id = { .kind = TARGET_CGROUP };

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		id.cgroup = (char *)bad[i];
		assert_int_equal(orders_resolve(&f.state, &id), -EINVAL);
	}
	id.cgroup = (char *)"/nowhere";
	assert_int_equal(orders_resolve(&f.state, &id), -ESRCH);
	id.cgroup = (char *)"/jobs/a";
	assert_int_equal(orders_resolve(&f.state, &id), 0);
	assert_true(id.cgroup_id > 0);
}

static void test_bad_configuration_changes_nothing(void **unused)
{
	_cleanup_(free) char *errors = NULL;

	(void)unused;
	configure(ENFORCE POLICY);
	write_process(7, "/jobs/a", 4096);
	mark(7);
	tick(NOW);
	tree_write(&f.tree, "conf/pinsafed.conf", "[Daemon]\nMode=audti\nColour=red\n");
	assert_int_equal(orders_reload(&f.state, NOW + SECOND, &errors), -EINVAL);
	assert_non_null(strstr(errors, "pinsafed.conf:2:"));
	assert_non_null(strstr(errors, "pinsafed.conf:3:"));
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 1);
	assert_int_equal(f.state.config.mode, MODE_ENFORCE);
	assert_false(f.state.status.last_reload_successful);
	assert_string_equal(f.state.status.last_reload_error, errors);
}

static void test_broken_configuration_at_start(void **unused)
{
	_cleanup_(free) char *errors = NULL;

	(void)unused;
	tree_write(&f.tree, "conf/pinsafed.conf", "[Daemon]\nMode=audti\n");
	assert_int_equal(orders_reload(&f.state, NOW, &errors), -EINVAL);
	write_process(7, "/jobs/a", 4096);
	fake.entries[fake.n++] = (struct pinsafe_entry){
		.kind = PINSAFE_PROCESS, .state = PINSAFE_STATE_HELD,
		.origin = PINSAFE_ORIGIN_ORDER, .pid = 7, .start_ticks = 70,
	};
	fake.watches = 5;				/* of the daemon before */
	f.state.is_watch_due = true;
	tick(NOW);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.watches, 5);
	configure(ENFORCE);				/* nobody is meant now */
	tick(NOW + SECOND);
	assert_int_equal(fake.n, 0);
	assert_int_equal(fake.watches, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(test_pinner_is_held),
	TEST(test_known_since_it_is_a_target),
	TEST(test_audit_holds_nothing),
	TEST(test_enforce_to_audit_releases),
	TEST(test_audit_keeps_cgroups_in_mind),
	TEST(test_end_of_process_is_forgotten),
	TEST(test_pid_of_another),
	TEST(test_cgroup_until_the_last_leaves),
	TEST(test_full_table_widens),
	TEST(test_full_table_is_forgotten),
	TEST(test_full_table_is_believed),
	TEST(test_order_that_fails_in_silence),
	TEST(test_held_before_us_is_looked_at),
	TEST(test_held_but_not_in_proc),
	TEST(test_bell_of_an_unwanted_pinner),
	TEST(test_release_that_fails),
	TEST(test_what_fails_is_left_for_a_while),
	TEST(test_reload_tries_again),
	TEST(test_bell_is_armed_again_slower_and_slower),
	TEST(test_each_bell_has_its_own_time),
	TEST(test_who_opens_is_looked_at_twice),
	TEST(test_growth_is_noticed),
	TEST(test_bell_waits_for_descriptors),
	TEST(test_end_of_the_unwatched_is_seen),
	TEST(test_lost_events_sweep),
	TEST(test_sweeps_where_pins_stand),
	TEST(test_sweeps_where_nodes_cannot_be_marked),
	TEST(test_deaf_stays_deaf),
	TEST(test_a_module_without_the_open_bell),
	TEST(test_pins_that_pass_are_not_swept_for),
	TEST(test_counters_are_not_believed_for_ever),
	TEST(test_nothing_moves_and_is_not_believed_for_ever),
	TEST(test_disbelief_looks_at_rings),
	TEST(test_with_the_module_devices_are_looked_for),
	TEST(test_with_the_module_devices_are_not_looked_for_always),
	TEST(test_with_the_module_bells_are_believed),
	TEST(test_storm_is_taken_in_batches),
	TEST(test_slow_looks_end_the_tick),
	TEST(test_huge_process_is_counted_over_ticks),
	TEST(test_bell_is_held_in_the_same_tick),
	TEST(test_slow_survey_ends_the_tick),
	TEST(test_survey_goes_in_batches),
	TEST(test_round_that_is_under_way_goes_on),
	TEST(test_bell_does_not_wait_for_the_survey),
	TEST(test_order_does_not_wait_for_others),
	TEST(test_probes_that_do_not_fire),
	TEST(test_a_scan_in_spite_of_the_hold),
	TEST(test_processors_come_and_go),
	TEST(test_nothing_held_nothing_timed),
	TEST(test_order_to_hold),
	TEST(test_order_that_fails_leaves_nothing),
	TEST(test_holds_on_a_full_disk),
	TEST(test_order_that_fails_leaves_the_one_before),
	TEST(test_release_for_a_while),
	TEST(test_release_of_a_cgroup_shows_on_its_processes),
	TEST(test_nearest_order_shows),
	TEST(test_order_ends_with_its_cgroup),
	TEST(test_hold_ends_with_its_cgroup),
	TEST(test_order_ends_with_its_process),
	TEST(test_cgroups_are_checked),
	TEST(test_bad_configuration_changes_nothing),
	TEST(test_broken_configuration_at_start),
};

int main(void)
{
	return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
