// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The threads of a child of the test's own as settings; pinsafe-mempolicy, which
 * changes them, has a test for itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "daemon/act/act.h"
#include "daemon/act/ledger.h"
#include "daemon/act/thread.h"
#include "tests/unit/tree.h"

#define BOOT	"11111111-2222-3333-4444-555555555555"

static struct tree tree;
static struct act_context context;
static struct target_id target;
static int orders[2], answers[2];
static char program[PATH_MAX];

/* ---- the child: a thread for each order, 'd', 'l', 'i' or 'v' ---------------------- */

static void set_policy(int mode)
{
	unsigned long nodes = 1;
	bool has_nodes = mode == MPOL_INTERLEAVE;

	if (syscall(SYS_set_mempolicy, mode, has_nodes ? &nodes : NULL,
		    has_nodes ? 8 * sizeof(nodes) : 0) < 0)
		_exit(3);
}

static void *be_thread(void *order)
{
	switch ((int)(intptr_t)order) {
	case 'l':
		set_policy(MPOL_LOCAL);
		break;
	case 'i':
		set_policy(MPOL_INTERLEAVE);
		break;
	}
	if (write(answers[1], "+", 1) != 1)
		_exit(2);
	/* a parent that waits in the kernel, where nothing but SIGKILL reaches it */
	if ((int)(intptr_t)order == 'v' && vfork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	for (;;)
		pause();
	return NULL;
}

static void be_child(void)
{
	pthread_t thread;
	char order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(orders[0], &order, 1) == 1)
		pthread_create(&thread, NULL, be_thread, (void *)(intptr_t)order);
	_exit(0);
}

static void order(const char *threads)
{
	char byte;

	for (; *threads; threads++) {
		assert_int_equal(write(orders[1], threads, 1), 1);
		assert_int_equal(read(answers[0], &byte, 1), 1);
	}
}

/* ---- the stage ------------------------------------------------------------------ */

static int setup(void **state)
{
	struct thread first;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(orders, O_CLOEXEC) | pipe2(answers, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(orders[1]);
		be_child();
	}
	tree = tree_new();
	context = (struct act_context){
		.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.mempolicy_path = program,
	};
	assert_int_equal(thread_read(context.proc_fd, pid, pid, &first), 0);
	target = (struct target_id){ .process = { pid, first.start_ticks } };
	return ledger_open(tree.fd, BOOT, &context.ledger);
}

static int teardown(void **state)
{
	(void)state;
	ledger_free(context.ledger);
	kill(target.process.pid, SIGKILL);
	waitpid(target.process.pid, NULL, 0);
	close(context.proc_fd);
	close(orders[0]), close(orders[1]), close(answers[0]), close(answers[1]);
	tree_done(&tree);
	return 0;
}

static int act(enum plan_op op)
{
	struct plan_item item = {
		.op = op, .id = target, .mode = MODE_ENFORCE, .action = ACTION_MEMPOLICY,
	};

	*context.why = '\0';
	context.now_usec++;
	return act_apply(&context, &item);
}

/* How many threads have it, as "default local other". */
static void assert_policies(const char *expected)
{
	char command[256], found[64];
	FILE *out;

	snprintf(command, sizeof(command),
		 "head -qn 1 /proc/%d/task/*/numa_maps | awk '{ n[$2 ~ /^(default|local)$/ ? $2 :"
		 " \"other\"]++ } END { print n[\"default\"] + 0, n[\"local\"] + 0, n[\"other\"] + 0 }'",
		 target.process.pid);
	out = popen(command, "r");
	assert_non_null(fgets(found, sizeof(found), out));
	pclose(out);
	found[strcspn(found, "\n")] = '\0';
	assert_string_equal(found, expected);
}

static void assert_listed(size_t wanted, bool is_draining, bool is_foreign)
{
	struct held *held;
	size_t n;

	assert_int_equal(mempolicy_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, wanted);
	if (n > 0) {
		assert_int_equal(held[0].is_draining, is_draining);
		assert_int_equal(held[0].is_foreign, is_foreign);
	}
	held_free(held, n);
}

/* ---- */

static void test_there_and_back(void **state)
{
	(void)state;
	order("dd");
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_policies("0 3 0");
	assert_listed(1, false, false);
	assert_int_equal(act(PLAN_APPLY), ACT_NOOP);
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_policies("3 0 0");
	assert_listed(0, false, false);
}

static void test_policies_of_their_own_stay(void **state)
{
	(void)state;
	order("dli");
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_policies("0 3 1");
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_policies("2 1 1");
}

/* Born with our value, a thread goes back to the default with the others. */
static void test_new_threads(void **state)
{
	(void)state;
	order("d");
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	order("dd");
	assert_policies("0 4 0");
	assert_listed(1, false, false);
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_policies("4 0 0");
}

static void test_found_again_after_a_restart(void **state)
{
	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	ledger_free(context.ledger);
	assert_int_equal(ledger_open(tree.fd, BOOT, &context.ledger), 0);
	assert_listed(1, false, false);
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	assert_policies("1 0 0");
}

/* Who cannot be done now is left to itself, and others get their turn. */
static void test_one_that_is_stuck_keeps_nobody_waiting(void **state)
{
	struct target_id stuck = target;
	struct thread first;
	pid_t other = fork();

	(void)state;
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	order("v");
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);	/* of its other thread */
	assert_listed(1, true, false);
	assert_int_equal(thread_read(context.proc_fd, other, other, &first), 0);
	target.process = (struct process_id){ other, first.start_ticks };
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_policies("0 1 0");
	assert_int_equal(act(PLAN_UNDO), ACT_DONE);
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, NULL, 0), other);
	target = stuck;
}

/* Has the program tell how often it was run. */
static void count_runs(const char *path)
{
	char script[2 * PATH_MAX];

	snprintf(script, sizeof(script), "#!/bin/sh\necho >>%s/runs\nexec '%s' \"$@\"\n", tree.path,
		 program);
	tree_write(&tree, path, script);
	assert_int_equal(fchmodat(tree.fd, path, 0700, 0), 0);
}

static off_t runs(void)
{
	struct stat st;

	assert_int_equal(fstatat(tree.fd, "runs", &st, 0), 0);
	return st.st_size;
}

/* Each run takes two seconds for them. */
static void test_many_that_are_stuck_are_one_run(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	order("vvv");
	count_runs("counting");
	snprintf(path, sizeof(path), "%s/counting", tree.path);
	context.mempolicy_path = path;
	assert_int_equal(act(PLAN_UNDO), -EBUSY);
	assert_policies("1 3 0");
	assert_int_equal(runs(), 1);
}

static enum action told_of[2];
static size_t n_told;

static void note(void *userdata, enum action action, const struct target_id *id, int r)
{
	(void)userdata, (void)id, (void)r;
	assert_true(n_told < 2);
	told_of[n_told++] = action;
}

/* What was set last is put back first, but for memory policies. */
static void test_restore_comes_to_them_last(void **state)
{
	const struct act_restored how = { NULL, note };
	struct plan_item bind = {
		.op = PLAN_APPLY, .id = target, .mode = MODE_ENFORCE, .action = ACTION_BIND,
		.cpus = (char *)"0",
	};

	(void)state;
	context.now_usec++;
	context.cgroup_fd = tree.fd;
	context.helper_fd = -1;
	if (act_apply(&context, &bind) != ACT_DONE)
		skip();		/* there is but one CPU */
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	assert_int_equal(act_restore(&context, &how), 0);
	assert_int_equal(n_told, 2);
	assert_int_equal(told_of[0], ACTION_BIND);
	assert_int_equal(told_of[1], ACTION_MEMPOLICY);
	assert_policies("1 0 0");
}

static void test_refused_leaves_nothing(void **state)
{
	int status;

	(void)state;
	kill(target.process.pid, SIGSTOP);
	assert_int_equal(waitpid(target.process.pid, &status, WUNTRACED), target.process.pid);
	assert_int_equal(act(PLAN_APPLY), -EBUSY);
	assert_non_null(strstr(context.why, "stopped by job control"));
	assert_listed(0, false, false);
	assert_policies("1 0 0");
}

static void test_no_program(void **state)
{
	(void)state;
	context.mempolicy_path = "/nonexistent/pinsafe-mempolicy";
	assert_int_equal(act(PLAN_APPLY), -ENOENT);
	assert_non_null(strstr(context.why, "cannot start /nonexistent"));
	assert_listed(0, false, false);
}

static void test_gone(void **state)
{
	(void)state;
	assert_int_equal(act(PLAN_APPLY), ACT_DONE);
	target.process.start_ticks++;
	assert_int_equal(act(PLAN_APPLY), ACT_GONE);
	target.process.start_ticks--;
	kill(target.process.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)target.process.pid, NULL, WEXITED | WNOWAIT), 0);
	assert_listed(0, false, false);
	assert_int_equal(act(PLAN_UNDO), ACT_GONE);
}

/* May we trace, and has this kernel memory policies? */
static bool can_test(void)
{
	int status;
	pid_t pid = fork();
	bool can;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	can = pid > 0 && ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 &&
	      access("/proc/self/numa_maps", R_OK) == 0;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return can;
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		test(test_there_and_back),
		test(test_policies_of_their_own_stay),
		test(test_new_threads),
		test(test_found_again_after_a_restart),
		test(test_one_that_is_stuck_keeps_nobody_waiting),
		test(test_refused_leaves_nothing),
		test(test_many_that_are_stuck_are_one_run),
		test(test_restore_comes_to_them_last),
		test(test_no_program),
		test(test_gone),
	};
	const char *root = getenv("top_builddir");

	if (!can_test()) {
		printf("1..0 # SKIP no ptrace or no NUMA here: mempolicy is NOT tested\n");
		return 77;
	}
	snprintf(program, sizeof(program), "%s/pinsafe-mempolicy", root ? root : ".");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
