// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A change of the host from its first to its last moment, on a made-up host whose
 * sysctl is a file: applied, proved, taken over by a next daemon, left to somebody
 * else, given up where it has no effect, and put back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/act/act.h"
#include "daemon/drift.h"
#include "daemon/metrics.h"
#include "daemon/orders.h"
#include "daemon/restore.h"
#include "daemon/settle.h"
#include "daemon/tick.h"
#include "tests/unit/tree.h"

#define SECOND	(1000ULL * 1000)
#define NOW	(1000 * SECOND)

#define SYSCTL	"proc/sys/kernel/numa_balancing"

static struct fixture {
	struct tree tree;
	struct state state;
	struct options options;
	char proc[PATH_MAX], sys[PATH_MAX], dev[PATH_MAX], conf[PATH_MAX], run[PATH_MAX];
} f;

static const struct target_id host = { .kind = TARGET_HOST };

/* ---- the host ------------------------------------------------------------------ */

static void write_process(int pid, unsigned int pinned_kb)
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
		 "Cpus_allowed_list:\t0-3\nMems_allowed_list:\t0-1\n", pinned_kb);
	tree_write(&f.tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	tree_write(&f.tree, path, "0::/jobs/a\n");
}

static void end_process(int pid)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -r '%s/proc/%d'", f.tree.path, pid);
	tree_run(command);
	state_mark(&f.state, (struct process_id){ pid, 0 }, RING_NONE, NULL);
}

static int read_sysctl(void)
{
	char path[PATH_MAX];
	FILE *file;
	int value = -1;

	snprintf(path, sizeof(path), "%s/" SYSCTL, f.tree.path);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &value), 1);
	fclose(file);
	return value;
}

static void write_host(void)
{
	tree_write(&f.tree, "proc/version", "Linux version 6.12.0 (x) #1 SMP 6.12.0\n");
	tree_write(&f.tree, "proc/sys/kernel/osrelease", "6.12.0\n");
	tree_write(&f.tree, SYSCTL, "1\n");
	tree_write(&f.tree, "etc/sysctl.d/90-numa.conf", "\nkernel.numa_balancing = 1\n");
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

static void open_state(void)
{
	const char *what = NULL;

	if (state_open(&f.state, &f.options, &what) < 0)
		fail_msg("%s", what);
}

static void name(char *path, const char *what)
{
	snprintf(path, PATH_MAX, "%s/%s", f.tree.path, what);
}

static int setup(void **unused)
{
	(void)unused;
	memset(&f, 0, sizeof(f));
	f.tree = tree_new();
	write_host();
	name(f.proc, "proc"), name(f.sys, "sys"), name(f.dev, "dev");
	name(f.conf, "conf"), name(f.run, "run");
	f.options = (struct options){
		.proc_root = f.proc, .sys_root = f.sys, .dev_root = f.dev,
		.fs_root = f.tree.path, .config_root = f.conf, .runtime_dir = f.run,
		.device = "/nonexistent/pinsafe", .bus = "unix:path=/nonexistent",
	};
	open_state();
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
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

#define ENFORCE	"[Daemon]\nMode=enforce\n"
#define OFF	"[Policy jobs]\nMatchCGroup=/jobs/**\nMatchPinnedMin=1M\nAction=host-off\n"

static void switch_off(void)
{
	configure(ENFORCE OFF);
	write_process(7, 4096);
	state_mark(&f.state, (struct process_id){ 7, 0 }, RING_NONE, NULL);
	tick(NOW);
}

static const struct target *host_row(void)
{
	return targets_find(&f.state.targets, &host);
}

static const struct target *row_of(int pid)
{
	return targets_find_process(&f.state.targets,
				    (struct process_id){ pid, (uint64_t)pid * 10 });
}

/* ---- its life --------------------------------------------------------------------- */

static void test_applied_and_proved(void **unused)
{
	(void)unused;
	assert_string_equal(f.state.host.balancing_owner, "/etc/sysctl.d/90-numa.conf:2");
	switch_off();
	assert_int_equal(read_sysctl(), 0);
	assert_non_null(ledger_find(f.state.ledger, ACTION_HOST_OFF, &host));
	assert_int_equal(host_row()->shown.proof, PROOF_VERIFIED);
	assert_int_equal(row_of(7)->shown.applied, ACTION_HOST_OFF);
	assert_string_equal(target_state_name(row_of(7)), "applied");
	assert_int_equal(f.state.status.mitigated, 1);
	assert_int_equal(f.state.status.held, 0);
	assert_int_equal(f.state.status.exposed, 0);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].applied, 1);
	assert_int_equal(f.state.tally.drifts, 0);
	assert_string_equal(f.state.host.balancing_owner, "pinsafed");
	assert_int_equal(f.state.host.balancing_at_start, 1);
	/* and stays so, without anything done again */
	tick(NOW + SETTLE_LOOK_USEC);
	tick(NOW + 2 * SETTLE_LOOK_USEC);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].applied, 1);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].undone, 0);
}

static void test_undone_with_the_last_target(void **unused)
{
	(void)unused;
	switch_off();
	write_process(8, 4096);
	state_mark(&f.state, (struct process_id){ 8, 0 }, RING_NONE, NULL);
	tick(NOW + SECOND);
	end_process(7);
	tick(NOW + 2 * SECOND);
	assert_int_equal(read_sysctl(), 0);
	end_process(8);
	tick(NOW + 3 * SECOND);
	assert_int_equal(read_sysctl(), 1);
	assert_null(ledger_find(f.state.ledger, ACTION_HOST_OFF, &host));
	assert_int_equal(f.state.tally.drifts, 0);
	assert_null(host_row());
}

static void test_audit_changes_nothing(void **unused)
{
	(void)unused;
	configure("[Daemon]\nMode=audit\n" OFF);
	write_process(7, 4096);
	state_mark(&f.state, (struct process_id){ 7, 0 }, RING_NONE, NULL);
	tick(NOW);
	assert_int_equal(read_sysctl(), 1);
	assert_int_equal(f.state.status.exposed, 1);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].applied, 0);
	assert_null(ledger_find(f.state.ledger, ACTION_HOST_OFF, &host));
}

static void test_policy_that_goes_undoes(void **unused)
{
	(void)unused;
	switch_off();
	configure(ENFORCE);
	tick(NOW + SECOND);
	assert_int_equal(read_sysctl(), 1);
}

static void test_next_daemon_takes_over(void **unused)
{
	(void)unused;
	switch_off();
	state_done(&f.state);
	open_state();
	assert_int_equal(f.state.host.balancing_at_start, 1);
	assert_string_equal(f.state.host.balancing_owner, "pinsafed");
	f.state.are_settings_due = f.state.is_sweep_due = true;
	configure(ENFORCE OFF);
	tick(NOW + SECOND);
	assert_int_equal(read_sysctl(), 0);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].applied, 0);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].undone, 0);
	assert_int_equal(row_of(7)->shown.applied, ACTION_HOST_OFF);
}

/* ---- others ------------------------------------------------------------------------ */

static void test_somebody_else_changes_it(void **unused)
{
	(void)unused;
	switch_off();
	tree_write(&f.tree, SYSCTL, "1\n");
	tick(NOW + DRIFT_LOOK_USEC);
	assert_int_equal(f.state.tally.drifts, 1);
	assert_string_equal(f.state.host.balancing_owner, "/etc/sysctl.d/90-numa.conf:2");
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].foreign, 1);
	assert_int_equal(read_sysctl(), 1);
	assert_non_null(setbacks_find(&f.state.setbacks, &host, ACTION_HOST_OFF));
	/* his word counts for long, */
	tick(NOW + 2 * SETBACK_USEC);
	assert_int_equal(read_sysctl(), 1);
	/* and until the operator says something */
	configure(ENFORCE OFF);
	tick(NOW + 2 * SETBACK_USEC + SECOND);
	assert_int_equal(read_sysctl(), 0);
}

static void test_drift_without_a_change_of_ours(void **unused)
{
	(void)unused;
	configure(ENFORCE);
	tick(NOW);
	tree_write(&f.tree, SYSCTL, "2\n");
	assert_true(state_next_usec(&f.state) <= NOW + DRIFT_LOOK_USEC);
	tick(NOW + DRIFT_LOOK_USEC);
	assert_int_equal(f.state.tally.drifts, 1);
	assert_null(f.state.host.balancing_owner);
	assert_int_equal(f.state.host.balancing_at_start, 1);
	tick(NOW + 2 * DRIFT_LOOK_USEC);
	assert_int_equal(f.state.tally.drifts, 1);
}

static void test_tiering_makes_it_ineffective(void **unused)
{
	(void)unused;
	tree_write(&f.tree, SYSCTL, "3\n");
	state_done(&f.state);
	open_state();
	switch_off();
	/* bit 1 is never touched, and nothing is hidden */
	assert_int_equal(read_sysctl(), 2);
	assert_int_equal(host_row()->shown.proof, PROOF_INEFFECTIVE);
	assert_int_equal(f.state.status.exposed, 1);
	/* nor does it come and go with the setback */
	tick(NOW + 2 * SETBACK_USEC);
	assert_int_equal(read_sysctl(), 2);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].applied, 1);
	assert_int_equal(f.state.tally.actions[ACTION_HOST_OFF].undone, 0);
	end_process(7);
	tick(NOW + 2 * SETBACK_USEC + SECOND);
	assert_int_equal(read_sysctl(), 3);
}

/* What was in vain on 3 is not on 1. */
static void test_tiering_goes(void **unused)
{
	(void)unused;
	tree_write(&f.tree, SYSCTL, "3\n");
	state_done(&f.state);
	open_state();
	switch_off();
	end_process(7);
	tick(NOW + SECOND);
	assert_non_null(setbacks_find(&f.state.setbacks, &host, ACTION_HOST_OFF));
	tree_write(&f.tree, SYSCTL, "1\n");
	write_process(8, 4096);
	state_mark(&f.state, (struct process_id){ 8, 0 }, RING_NONE, NULL);
	tick(NOW + 2 * SECOND);
	assert_int_equal(read_sysctl(), 0);
	assert_int_equal(host_row()->shown.proof, PROOF_VERIFIED);
}

/* ---- what a decision is made on ------------------------------------------------------ */

static void test_cgroups_of_pinners_are_read(void **unused)
{
	(void)unused;
	configure(ENFORCE "[Policy jobs]\nMatchCGroup=/jobs/**\nMatchPinnedMin=1M\n"
			  "Action=confine\n");
	write_process(7, 4096), write_process(8, 4096);
	state_mark(&f.state, (struct process_id){ 7, 0 }, RING_NONE, NULL);
	state_mark(&f.state, (struct process_id){ 8, 0 }, RING_NONE, NULL);
	tick(NOW);
	assert_int_equal(f.state.n_cgroups, 1);
	assert_string_equal(f.state.cgroups[0].path, "/jobs/a");
	tick(NOW + DRIFT_LOOK_USEC);
	assert_int_equal(f.state.n_cgroups, 1);
	configure(ENFORCE "[Policy jobs]\nAction=host-off\n");
	tick(NOW + 2 * DRIFT_LOOK_USEC);
	assert_int_equal(f.state.n_cgroups, 0);
}

/* ---- the end ----------------------------------------------------------------------- */

static void test_restore(void **unused)
{
	(void)unused;
	switch_off();
	state_done(&f.state);
	assert_int_equal(restore_run(&f.options), EXIT_SUCCESS);
	assert_int_equal(read_sysctl(), 1);
	open_state();
	assert_null(ledger_find(f.state.ledger, ACTION_HOST_OFF, &host));
}

static void test_restore_leaves_what_is_not_ours(void **unused)
{
	(void)unused;
	switch_off();
	state_done(&f.state);
	tree_write(&f.tree, SYSCTL, "2\n");
	assert_int_equal(restore_run(&f.options), EXIT_SUCCESS);
	assert_int_equal(read_sysctl(), 2);
	open_state();
}

static void test_restore_keeps(void **unused)
{
	(void)unused;
	switch_off();
	configure("[Daemon]\nOnStop=keep\n");
	state_done(&f.state);
	assert_int_equal(restore_run(&f.options), EXIT_SUCCESS);
	assert_int_equal(read_sysctl(), 0);
	open_state();
	assert_non_null(ledger_find(f.state.ledger, ACTION_HOST_OFF, &host));
}

static void test_when_the_service_returns(void **unused)
{
	static const struct {
		const char *active_state, *job, *restart, *result;
		bool returns;
	} cases[] = {
		{ "deactivating", "stop", "always", "success", false },
		{ "deactivating", "stop", "always", "signal", false },
		{ "deactivating", "restart", "always", "success", true },
		{ "deactivating", "try-restart", "no", "success", true },
		{ "deactivating", "start", "no", "signal", true },
		{ "deactivating", "", "always", "signal", true },
		{ "deactivating", "", "always", "watchdog", true },
		{ "deactivating", "", "always", "success", true },
		{ "deactivating", "", "no", "signal", false },
		{ "deactivating", "", "on-failure", "success", false },
		{ "deactivating", "", "on-failure", "exit-code", true },
		{ "deactivating", "", "on-abnormal", "exit-code", false },
		{ "deactivating", "", "on-abnormal", "core-dump", true },
		{ "deactivating", "", "on-abort", "signal", true },
		{ "deactivating", "", "on-abort", "watchdog", false },
		{ "deactivating", "", "on-watchdog", "watchdog", true },
		{ "deactivating", "", "on-success", "success", true },
		/* seen by the other unit, whose own result it is */
		{ "inactive", "", "always", "success", false },
		{ "failed", "", "always", "success", false },
		{ "inactive", "start", "always", "success", true },
		{ "failed", "restart", "always", "success", true },
		{ "active", "", "on-failure", "success", true },
		{ "activating", "", "always", "success", true },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bus_fate fate = {
			.active_state = (char *)cases[i].active_state,
			.job = (char *)cases[i].job,
			.restart = (char *)cases[i].restart,
		};

		if (restore_will_return(&fate, cases[i].result) != cases[i].returns)
			fail_msg("%s, %s, %s, %s", cases[i].active_state, cases[i].job,
				 cases[i].restart, cases[i].result);
	}
}

/* ---- the metrics' file --------------------------------------------------------------- */

static bool has_metrics(void)
{
	return faccessat(f.tree.fd, "metrics.prom", F_OK, 0) == 0;
}

static void test_metrics_file(void **unused)
{
	char config[PATH_MAX + 64];
	struct stat st;

	(void)unused;
	snprintf(config, sizeof(config), ENFORCE "MetricsTextfile=%s/metrics.prom\n",
		 f.tree.path);
	configure(config);
	tick(NOW);
	assert_int_equal(fstatat(f.tree.fd, "metrics.prom", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(f.state.metrics_usec, NOW + METRICS_WRITE_USEC);
	unlinkat(f.tree.fd, "metrics.prom", 0);
	tick(NOW + SECOND);
	assert_false(has_metrics());
	tick(state_next_usec(&f.state));
	assert_true(has_metrics());
	assert_true(faccessat(f.tree.fd, "metrics.prom.tmp", F_OK, 0) < 0);
	configure(ENFORCE "MetricsTextfile=/nonexistent/x.prom\n");
	tick(NOW + 2 * METRICS_WRITE_USEC);
	assert_int_equal(f.state.metrics_error, -ENOENT);
	configure(ENFORCE);
	tick(NOW + 3 * METRICS_WRITE_USEC);
	assert_int_equal(f.state.metrics_usec, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_applied_and_proved),
		TEST(test_undone_with_the_last_target),
		TEST(test_audit_changes_nothing),
		TEST(test_policy_that_goes_undoes),
		TEST(test_next_daemon_takes_over),
		TEST(test_somebody_else_changes_it),
		TEST(test_drift_without_a_change_of_ours),
		TEST(test_tiering_makes_it_ineffective),
		TEST(test_tiering_goes),
		TEST(test_cgroups_of_pinners_are_read),
		TEST(test_restore),
		TEST(test_restore_leaves_what_is_not_ours),
		TEST(test_restore_keeps),
		cmocka_unit_test(test_when_the_service_returns),
		TEST(test_metrics_file),
	};

	unsetenv("SERVICE_RESULT");
	return cmocka_run_group_tests_name("inforce", tests, NULL, NULL);
}
