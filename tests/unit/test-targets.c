// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "daemon/metrics.h"
#include "daemon/targets.h"

DEFINE_CLEANUP_EMBEDDED(struct targets, targets_done);

static struct target *add(struct targets *targets, pid_t pid, const char *cgroup)
{
	struct target_id id = {
		.kind = cgroup ? TARGET_CGROUP : TARGET_PROCESS,
		.process = { pid, 10 * (uint64_t)pid },
		.cgroup_id = cgroup ? (uint64_t)pid : 0,
		.cgroup = (char *)cgroup,
	};
	struct target *row;

	if (cgroup)
		id.process = (struct process_id){ 0 };
	assert_int_equal(targets_add(targets, &id, &row), 0);
	return row;
}

static void test_table(void **unused)
{
	static const pid_t pids[] = { 50, 7, 300, 8, 7, 50 };
	_cleanup_(targets_done) struct targets targets;
	struct target_id cgroup = { .kind = TARGET_CGROUP };

	(void)unused;
	assert_int_equal(targets_init(&targets, false), 0);
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		assert_int_equal(add(&targets, pids[i], NULL)->id.process.pid, pids[i]);
	add(&targets, 1, "/a");
	assert_int_equal(targets.n, 5);			/* each once */
	for (size_t i = 1; i < targets.n; i++)
		assert_true(target_id_compare(&targets.rows[i - 1]->id, &targets.rows[i]->id) < 0);
	assert_non_null(targets_find_process(&targets, (struct process_id){ 300, 3000 }));
	assert_null(targets_find_process(&targets, (struct process_id){ 300, 3001 }));
	cgroup.cgroup_id = 1;
	assert_string_equal(targets_find(&targets, &cgroup)->id.cgroup, "/a");
	cgroup.cgroup_id = 2;
	assert_null(targets_find(&targets, &cgroup));
	targets_drop(&targets, targets_find_process(&targets, (struct process_id){ 7, 70 }));
	assert_null(targets_find_process(&targets, (struct process_id){ 7, 70 }));
	assert_int_equal(targets.n, 4);
}

static void test_exits_are_told_once(void **unused)
{
	_cleanup_(targets_done) struct targets targets;
	struct process_id ids[4];
	pid_t child = fork();

	(void)unused;
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(targets_init(&targets, true), 0);
	add(&targets, child, NULL);
	assert_int_equal(targets_read_exits(&targets, ids, 4), 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(targets_read_exits(&targets, ids, 4), 1);
	assert_int_equal(ids[0].pid, child);
	assert_int_equal(targets_read_exits(&targets, ids, 4), 0);
}

/* fork() for each would be dear, and threads are no processes: one and the same, by
 * many start times. */
static struct target *add_self(struct targets *targets, uint64_t start_ticks)
{
	struct target_id id = target_id_of_process((struct process_id){ getpid(), start_ticks });
	struct target *row;

	assert_int_equal(targets_add(targets, &id, &row), 0);
	return row;
}

static void limit_files(rlim_t n, struct rlimit *ret_before)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	*ret_before = limit;
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Whoever has many processes uses up pidfds, and nothing else. */
static void test_pidfds_leave_a_share(void **unused)
{
	_cleanup_(targets_done) struct targets targets;
	struct rlimit before;
	struct target *last = NULL;
	int spare[16];

	(void)unused;
	assert_int_equal(targets_init(&targets, true), 0);
	limit_files(64, &before);
	for (uint64_t i = 1; i <= 80; i++)
		last = add_self(&targets, i);
	assert_int_equal(targets.n, 80);
	assert_true(target_is_unwatched(&targets, last));
	assert_false(target_is_unwatched(&targets, targets.rows[0]));
	assert_true(targets.n_unwatched >= 80 - 48 && targets.n_unwatched < 80);
	for (size_t i = 0; i < 16; i++)
		assert_true((spare[i] = dup(STDERR_FILENO)) >= 0);
	assert_int_equal(dup(STDERR_FILENO), -1);
	for (size_t i = 0; i < 16; i++)
		close(spare[i]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_unwatched_are_watched_when_they_can(void **unused)
{
	_cleanup_(targets_done) struct targets targets;
	struct rlimit before;

	(void)unused;
	assert_int_equal(targets_init(&targets, true), 0);
	limit_files(64, &before);
	for (uint64_t i = 1; i <= 80; i++)
		add_self(&targets, i);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	while (targets.n > 40)
		targets_drop(&targets, targets.rows[0]);
	assert_true(targets.n_unwatched > 0);
	for (uint64_t i = 41; i <= 80; i++)
		assert_false(target_is_unwatched(&targets, add_self(&targets, i)));
	assert_int_equal(targets.n, 40);
	assert_int_equal(targets.n_unwatched, 0);
}

static void test_a_dead_process_is_not_added(void **unused)
{
	_cleanup_(targets_done) struct targets targets;
	struct target_id id = { .kind = TARGET_PROCESS, .process = { 4194304 + 1, 1 } };
	struct target *row;

	(void)unused;
	assert_int_equal(targets_init(&targets, true), 0);
	/* no pid is as high: the kernel's limit is 2^22 */
	assert_true(targets_add(&targets, &id, &row) >= 0);
	assert_true(targets.n <= 1);
}

static void test_in_a_cgroup(void **unused)
{
	struct target row = { .id.kind = TARGET_PROCESS, .facts.cgroup = (char *)"/a/bc" };

	(void)unused;
	assert_true(target_is_in_cgroup(&row, "/a"));
	assert_true(target_is_in_cgroup(&row, "/a/bc"));
	assert_true(target_is_in_cgroup(&row, "/"));
	assert_false(target_is_in_cgroup(&row, "/a/b"));
	assert_false(target_is_in_cgroup(&row, "/a/bc/d"));
	row.facts.cgroup = NULL;
	assert_false(target_is_in_cgroup(&row, "/"));
}

static void test_who_changes_often_is_hushed(void **unused)
{
	struct target row = { 0 };
	uint64_t now = 5;

	(void)unused;
	for (int i = 0; i < JOURNAL_BURST; i++)
		assert_true(journal_may_speak(&row, now));
	assert_false(journal_may_speak(&row, now));
	assert_false(journal_may_speak(&row, now + JOURNAL_WINDOW_USEC - 1));
	assert_true(journal_may_speak(&row, now + JOURNAL_WINDOW_USEC));
}

/* OpenMetrics: a TYPE before each sample's family, counters end in _total, and
 * the end says so. */
static void test_metrics(void **unused)
{
	struct state state = { .helper_fd = -1, .status.verdict = (char *)"fixed" };
	struct process_facts facts = { .n_pinned = 1,
		.pinned = &(struct node_bytes){ .node = 1, .bytes = 8192 } };
	struct target row = { .id.kind = TARGET_PROCESS, .facts = facts };
	struct target *rows[] = { &row };
	_cleanup_(free) char *text = NULL;
	char *line, *rest = NULL;

	(void)unused;
	state.targets.rows = rows;
	state.targets.n = 1;
	nodeset_add(&state.host.nodes_memory, 0);
	nodeset_add(&state.host.nodes_memory, 1);
	assert_int_equal(metrics_format(&state, &text), 0);
	assert_non_null(strstr(text, "pinsafe_pinned_node_bytes{node=\"0\"} 0\n"));
	assert_non_null(strstr(text, "pinsafe_pinned_node_bytes{node=\"1\"} 8192\n"));
	assert_non_null(strstr(text, "pinsafe_targets{state=\"watched\"} 1\n"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		assert_true(line[0] == '#' || strncmp(line, "pinsafe_", 8) == 0);
		if (strstr(line, " counter"))
			assert_null(strstr(line, "_total"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_exits_are_told_once),
		cmocka_unit_test(test_pidfds_leave_a_share),
		cmocka_unit_test(test_unwatched_are_watched_when_they_can),
		cmocka_unit_test(test_a_dead_process_is_not_added),
		cmocka_unit_test(test_in_a_cgroup),
		cmocka_unit_test(test_who_changes_often_is_hushed),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
