// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Binding a child of the test's own, which has threads; the cpuset is made up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "daemon/act/act.h"
#include "daemon/act/ledger.h"
#include "daemon/act/setting.h"
#include "daemon/act/thread.h"
#include "tests/unit/tree.h"

#define BOOT	"11111111-2222-3333-4444-555555555555"
#define THREADS	4

static struct tree tree;
static struct act_context context;
static struct target_id target;
static cpu_set_t given;		/* that the test itself may use */
static char every[512], low[8], high[8];	/* lists: all of them, two of them */
static int orders[2], answers[2];

/* ---- the child --------------------------------------------------------------- */

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void make_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_on, NULL) != 0)
		_exit(1);
}

/* A byte is a new thread; the answer says that it is there. */
static void be_child(void)
{
	char byte;

	for (int i = 1; i < THREADS; i++)
		make_thread();
	while (write(answers[1], "+", 1) == 1 && read(orders[0], &byte, 1) == 1)
		make_thread();
	_exit(0);
}

static void await_answer(void)
{
	char byte;

	assert_int_equal(read(answers[0], &byte, 1), 1);
}

static void order_thread(void)
{
	assert_int_equal(write(orders[1], "+", 1), 1);
	await_answer();
}

/* ---- the stage ---------------------------------------------------------------- */

static void pick_cpus(void)
{
	struct nodeset set = { 0 };
	int cpu = -1;

	assert_int_equal(sched_getaffinity(0, sizeof(given), &given), 0);
	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &given))
			nodeset_add(&set, i);
	}
	assert_int_equal(nodeset_format(&set, every, sizeof(every)), 0);
	cpu = nodeset_next(&set, 0);
	snprintf(low, sizeof(low), "%d", cpu);
	cpu = nodeset_next(&set, (unsigned int)cpu + 1);
	snprintf(high, sizeof(high), "%d", cpu);
}

static void allow(const char *cpus)
{
	tree_write(&tree, "cgroup/cpuset.cpus.effective", cpus);
}

static int setup(void **state)
{
	struct thread first;
	pid_t pid;

	(void)state;
	pick_cpus();
	assert_int_equal(pipe(orders) | pipe(answers), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_child();
	await_answer();
	tree = tree_new();
	allow(every);
	context = (struct act_context){
		.helper_fd = -1,
		.cgroup_fd = tree_open(&tree, "cgroup"),
		.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};
	assert_int_equal(thread_read(context.proc_fd, pid, pid, &first), 0);
	target = (struct target_id){ TARGET_PROCESS, { pid, first.start_ticks }, 0, NULL };
	return ledger_open(tree.fd, BOOT, &context.ledger);
}

static void end_child(void)
{
	if (target.process.pid) {
		kill(target.process.pid, SIGKILL);
		waitpid(target.process.pid, NULL, 0);
	}
	target.process.pid = 0;
}

static int teardown(void **state)
{
	(void)state;
	end_child();
	for (int i = 0; i < 2; i++) {
		close(orders[i]);
		close(answers[i]);
	}
	ledger_free(context.ledger);
	close(context.cgroup_fd);
	close(context.proc_fd);
	tree_done(&tree);
	return 0;
}

static int act(enum plan_op op, const char *cpus)
{
	const struct plan_item item = {
		.op = op,
		.id = target,
		.mode = MODE_ENFORCE,
		.action = ACTION_BIND,
		.cpus = (char *)cpus,
		.policy = (char *)"gpu",
	};

	return act_apply(&context, &item);
}

/* The masks of its threads, in the order of their tids. */
static size_t read_masks(cpu_set_t masks[16], pid_t tids[16])
{
	struct wanted *names;
	struct thread thread;
	size_t n;

	assert_int_equal(thread_names(context.proc_fd, target.process, NULL, &names, &n), 0);
	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(thread_parse(names[i].name, &thread), 0);
		tids[i] = thread.tid;
		assert_int_equal(sched_getaffinity(thread.tid, sizeof(masks[i]), &masks[i]), 0);
	}
	wanted_free(names, n);
	return n;
}

/* How many threads are on exactly this one CPU. */
static size_t count_on(const char *cpu)
{
	cpu_set_t masks[16];
	pid_t tids[16];
	size_t n = read_masks(masks, tids), on = 0;

	for (size_t i = 0; i < n; i++)
		on += CPU_COUNT(&masks[i]) == 1 && CPU_ISSET(atoi(cpu), &masks[i]);
	return on;
}

static size_t count_free(void)
{
	cpu_set_t masks[16];
	pid_t tids[16];
	size_t n = read_masks(masks, tids), is_free = 0;

	for (size_t i = 0; i < n; i++)
		is_free += CPU_EQUAL(&masks[i], &given);
	return is_free;
}

static void set_thread(size_t which, const char *cpu)
{
	cpu_set_t masks[16], mask;
	pid_t tids[16];

	assert_true(which < read_masks(masks, tids));
	CPU_ZERO(&mask);
	CPU_SET(atoi(cpu), &mask);
	assert_int_equal(sched_setaffinity(tids[which], sizeof(mask), &mask), 0);
}

static void assert_listed(const char *cpus, bool is_draining, bool is_foreign)
{
	struct held *held;
	size_t n;

	assert_int_equal(bind_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(target_id_compare(&held->id, &target), 0);
	assert_string_equal(held->cpus, cpus);
	assert_int_equal(held->is_draining, is_draining);
	assert_int_equal(held->is_foreign, is_foreign);
	held_free(held, n);
}

static bool is_listed_as_reset(void)
{
	struct held *held;
	size_t n;
	bool is_reset;

	assert_int_equal(bind_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 1);
	is_reset = held->is_reset;
	held_free(held, n);
	return is_reset;
}

static bool has_two_cpus(void)
{
	return CPU_COUNT(&given) >= 2;
}

/* ---- tests ---------------------------------------------------------------------- */

static void test_there_and_back(void **state)
{
	(void)state;
	if (!has_two_cpus())
		skip();
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	assert_int_equal(count_on(low), THREADS);
	assert_listed(low, false, false);
	assert_int_equal(act(PLAN_APPLY, low), ACT_NOOP);
	assert_int_equal(act(PLAN_APPLY, high), ACT_DONE);
	assert_int_equal(count_on(high), THREADS);
	assert_int_equal(act(PLAN_UNDO, NULL), ACT_DONE);
	assert_int_equal(count_free(), THREADS);
}

static void test_new_threads(void **state)
{
	(void)state;
	if (!has_two_cpus())
		skip();
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	order_thread();
	assert_int_equal(count_on(low), THREADS + 1);	/* inherited */
	assert_listed(low, false, false);
	order_thread();
	set_thread(THREADS + 1, high);
	assert_listed(low, true, false);
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	assert_int_equal(count_on(low), THREADS + 2);
	order_thread();
	assert_int_equal(act(PLAN_UNDO, NULL), ACT_DONE);
	assert_int_equal(count_on(high), 1);
	assert_int_equal(count_free(), THREADS + 2);
}

static void test_own_masks_come_back(void **state)
{
	(void)state;
	if (!has_two_cpus())
		skip();
	set_thread(1, high);
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	assert_int_equal(count_on(low), THREADS);
	assert_int_equal(act(PLAN_UNDO, NULL), ACT_DONE);
	assert_int_equal(count_on(high), 1);
	assert_int_equal(count_free(), THREADS - 1);
}

static void test_somebody_else(void **state)
{
	(void)state;
	if (!has_two_cpus())
		skip();
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	set_thread(2, high);
	assert_listed(low, false, true);
	assert_int_equal(act(PLAN_APPLY, low), ACT_FOREIGN);
	assert_int_equal(count_on(high), 1);
	assert_int_equal(act(PLAN_UNDO, NULL), ACT_FOREIGN);
	assert_int_equal(count_on(high), 1);
	assert_int_equal(count_free(), THREADS - 1);
}

/* As the kernel leaves a thread whose last processor went. */
static void test_as_if_nobody_had_asked(void **state)
{
	cpu_set_t masks[16];
	pid_t tids[16];

	(void)state;
	if (!has_two_cpus())
		skip();
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	assert_false(is_listed_as_reset());
	assert_true(1 < read_masks(masks, tids));
	assert_int_equal(sched_setaffinity(tids[1], sizeof(given), &given), 0);
	assert_true(is_listed_as_reset());
	set_thread(2, high);
	assert_false(is_listed_as_reset());
}

/* What equals the cpuset is recorded as all there could be, anything else as it is. */
static void test_what_is_recorded(void **state)
{
	const struct ledger_entry *entry;
	size_t n_all = 0;

	(void)state;
	if (!has_two_cpus())
		skip();
	set_thread(3, high);
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	entry = ledger_find(context.ledger, ACTION_BIND, &target);
	assert_int_equal(entry->n_saved, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		assert_string_equal(entry->saved[i].ours, low);
		n_all += strcmp(entry->saved[i].before, "all") == 0;
	}
	assert_int_equal(n_all, THREADS - 1);
}

static void test_outside_its_cpuset(void **state)
{
	char expected[64];

	(void)state;
	if (!has_two_cpus())
		skip();
	allow(low);
	assert_int_equal(act(PLAN_APPLY, high), -EINVAL);
	snprintf(expected, sizeof(expected), "its cpuset allows CPUs %s, none of %s", low, high);
	assert_string_equal(context.why, expected);
	assert_int_equal(count_free(), THREADS);
	assert_null(ledger_find(context.ledger, ACTION_BIND, &target));
}

/* The kernel takes of a list what the cpuset allows: here, what there is. */
static void test_part_of_a_list(void **state)
{
	char list[32];

	(void)state;
	if (!has_two_cpus())
		skip();
	snprintf(list, sizeof(list), "%s,8000-8191", low);
	assert_int_equal(act(PLAN_APPLY, list), ACT_DONE);
	assert_int_equal(count_on(low), THREADS);
	assert_listed(list, false, false);
	assert_int_equal(act(PLAN_APPLY, list), ACT_NOOP);
	assert_int_equal(act(PLAN_UNDO, NULL), ACT_DONE);
	assert_int_equal(count_free(), THREADS);
}

static void test_gone(void **state)
{
	struct held *held;
	size_t n;

	(void)state;
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	end_child();
	assert_int_equal(bind_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(act_prune(&context, ACTION_BIND, held, n), 0);
	held_free(held, n);
}

static void test_another_process(void **state)
{
	(void)state;
	target.process.start_ticks++;
	assert_int_equal(act(PLAN_APPLY, low), ACT_GONE);
	assert_null(ledger_find(context.ledger, ACTION_BIND, &target));
}

static void test_nonsense(void **state)
{
	(void)state;
	assert_int_equal(act(PLAN_APPLY, NULL), -EINVAL);
	assert_int_equal(act(PLAN_APPLY, "x"), -EINVAL);
	assert_int_equal(act(PLAN_APPLY, ""), -EINVAL);
	assert_int_equal(count_free(), THREADS);
}

static struct restored {
	unsigned int n;
	int r;
} restored;

static void note(void *userdata, enum action action, const struct target_id *id, int r)
{
	struct restored *to = userdata;

	assert_int_equal(action, ACTION_BIND);
	assert_int_equal(target_id_compare(id, &target), 0);
	to->n++;
	to->r = r;
}

/* By the next daemon, which knows nothing but the ledger. */
static void test_restore(void **state)
{
	const struct act_restored how = { &restored, note };

	(void)state;
	if (!has_two_cpus())
		skip();
	assert_int_equal(act(PLAN_APPLY, low), ACT_DONE);
	order_thread();
	ledger_free(context.ledger);
	assert_int_equal(ledger_open(tree.fd, BOOT, &context.ledger), 0);
	assert_int_equal(act_restore(&context, &how), 0);
	assert_int_equal(restored.n, 1);
	assert_int_equal(restored.r, ACT_DONE);
	assert_int_equal(count_free(), THREADS + 1);
	assert_int_equal(act_restore(&context, &how), 0);
	assert_int_equal(restored.n, 1);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_there_and_back),
		TEST(test_new_threads),
		TEST(test_own_masks_come_back),
		TEST(test_somebody_else),
		TEST(test_as_if_nobody_had_asked),
		TEST(test_what_is_recorded),
		TEST(test_outside_its_cpuset),
		TEST(test_part_of_a_list),
		TEST(test_gone),
		TEST(test_another_process),
		TEST(test_nonsense),
		TEST(test_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
