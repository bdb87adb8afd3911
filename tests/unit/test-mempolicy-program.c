// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinsafe-mempolicy on our own children, which need no rights to be traced.  What
 * a child finds wrong with what happened to it is its exit status.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "daemon/act/mempolicy-exit.h"
#include "tests/unit/calls.h"
#include "tests/unit/tree.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59	/* linux/prctl.h, from 5.11 */
#endif
#define DISPATCH_ALLOW 0
#define DISPATCH_BLOCK 1

/* ---- the program ------------------------------------------------------------ */

static char program[PATH_MAX];

static unsigned long long read_start(pid_t pid)
{
	char path[64], text[1024], *field;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	text[read(fd, text, sizeof(text) - 1)] = '\0';
	close(fd);
	field = strrchr(text, ')') + 1;
	for (int i = 3; i < 22; i++)	/* proc(5): the first one here is 3 */
		field = strchr(field + 1, ' ');
	return strtoull(field, NULL, 10);
}

static pid_t start_program(pid_t pid, unsigned long long start, const char *policy,
			   const char *spared)
{
	char number[16], ticks[32];
	pid_t child;

	snprintf(number, sizeof(number), "%d", pid);
	snprintf(ticks, sizeof(ticks), "%llu", start);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execl(program, "pinsafe-mempolicy", number, ticks, policy, spared, NULL);
		_exit(127);
	}
	return child;
}

static int wait_exit(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int run(pid_t pid, const char *policy)
{
	return wait_exit(start_program(pid, read_start(pid), policy, NULL));
}

/* ---- its subjects -------------------------------------------------------------- */

struct subject {
	pid_t pid;
	int go;			/* closed: finish, and say how it went */
};

/* Runs body(go) in a child and waits until that has written to "ready". */
static struct subject subject_new(int (*body)(int go, int ready))
{
	struct subject subject;
	int go[2], ready[2];
	char byte;

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	subject.pid = fork();
	assert_true(subject.pid >= 0);
	if (subject.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		close(ready[0]);
		_exit(body(go[0], ready[1]));
	}
	close(go[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	subject.go = go[1];
	return subject;
}

static int subject_end(struct subject *subject)
{
	close(subject->go);
	return wait_exit(subject->pid);
}

static void wait_go(int go)
{
	char byte;

	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
}

static int sit(int go, int ready)
{
	if (write(ready, "", 1) != 1)
		return 99;
	wait_go(go);
	return 0;
}

/* False: the thread has ended. */
static bool read_policy_once(pid_t pid, const char *tid, char policy[16])
{
	char path[300], text[42], *space;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/numa_maps", pid, tid);
	fd = open(path, O_RDONLY);
	n = (int)read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	space = strchr(text, ' ') + 1;
	snprintf(policy, 16, "%.*s", (int)strcspn(space, " \n"), space);
	return true;
}

/* The file of a thread that is just ending can show the default, once. */
static bool read_policy(pid_t pid, const char *tid, char policy[16])
{
	return read_policy_once(pid, tid, policy) &&
	       (strcmp(policy, "default") != 0 || read_policy_once(pid, tid, policy));
}

/* How many of its threads have the policy. */
static unsigned int count_policy(pid_t pid, const char *wanted, unsigned int *ret_threads)
{
	unsigned int n = 0, threads = 0;
	struct dirent *entry;
	char path[64], policy[16];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' || !read_policy(pid, entry->d_name, policy))
			continue;
		n += strcmp(policy, wanted) == 0;
		threads++;
	}
	closedir(dir);
	if (ret_threads)
		*ret_threads = threads;
	return n;
}

static void assert_all(pid_t pid, const char *policy)
{
	unsigned int threads, n = count_policy(pid, policy, &threads);

	assert_int_equal(n, threads);
}

#define NEEDS_PTRACE() do { if (!can_trace()) skip(); } while (0)

static bool can_trace(void)
{
	static int known = -1;
	struct subject subject;

	if (known >= 0)
		return known;
	subject = subject_new(sit);
	known = run(subject.pid, "local") != MEMPOLICY_DENIED &&
		access("/proc/self/numa_maps", R_OK) == 0;
	if (!known)
		print_message("# SKIP no ptrace or no NUMA here: pinsafe-mempolicy is NOT tested\n");
	subject_end(&subject);
	return known;
}

/* ---- what happens to a subject -------------------------------------------------- */

static void test_there_and_back(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(sit);
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
	assert_all(subject.pid, "local");
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
	assert_int_equal(run(subject.pid, "default"), MEMPOLICY_DONE);
	assert_all(subject.pid, "default");
	assert_int_equal(subject_end(&subject), 0);
}

/* Every call that blocks ends as if nobody had been there. */
static int wait_in_calls(int go, int ready)
{
	return calls_wait(go, ready);
}

static void test_calls_are_not_interrupted(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(wait_in_calls);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
		assert_all(subject.pid, "local");
		assert_int_equal(run(subject.pid, "default"), MEMPOLICY_DONE);
		assert_all(subject.pid, "default");
	}
	assert_int_equal(subject_end(&subject), 0);
}

/* A sleep that began anew each time would not end while it is disturbed. */
static void test_sleeps_end(void **state)
{
	struct subject subject;
	int status = 0, n;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_sleep);
	for (n = 0; n < 5000 && waitpid(subject.pid, &status, WNOHANG) == 0; n++)
		(void)wait_exit(start_program(subject.pid, read_start(subject.pid),
					      n & 1 ? "default" : "local", NULL));
	assert_true(n > 0 && n < 5000);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(subject.go);
}

static void test_registers_are_kept(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_compute);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
		assert_int_equal(run(subject.pid, "default"), MEMPOLICY_DONE);
	}
	assert_int_equal(subject_end(&subject), 0);
}

static void test_no_signal_is_lost(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_storm);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
		assert_int_equal(run(subject.pid, "default"), MEMPOLICY_DONE);
	}
	assert_int_equal(subject_end(&subject), 0);
}

/* They are not blocked as the others are, but sent again. */
static void test_no_sent_fault_is_lost(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_send_faults);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
		assert_int_equal(run(subject.pid, "default"), MEMPOLICY_DONE);
	}
	assert_int_equal(subject_end(&subject), 0);
}

/* Threads are born and end all the time. */
static void test_new_threads_are_reached(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_breed);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
		assert_int_equal(count_policy(subject.pid, "default", NULL), 0);
		assert_int_equal(run(subject.pid, "default"), MEMPOLICY_DONE);
		assert_int_equal(count_policy(subject.pid, "local", NULL), 0);
	}
	assert_int_equal(subject_end(&subject), 0);
}

/* Becomes the same program again and again, each time at other addresses. */
static int become(const char *go)
{
	struct pollfd event = { .fd = atoi(go) };
	char *argv[] = { "test-mempolicy-program", "become", (char *)go, NULL };

	if (poll(&event, 1, 0) == 0)
		execv("/proc/self/exe", argv);
	return event.revents ? 0 : 97;
}

static int start_to_become(int go, int ready)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", go);
	if (fcntl(go, F_SETFD, 0) < 0 || write(ready, "", 1) != 1)
		return 99;
	return become(number);
}

static void test_other_programs(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(start_to_become);
	for (int i = 0; i < 100; i++) {
		assert_int_not_equal(run(subject.pid, i & 1 ? "default" : "local"),
				     MEMPOLICY_FAILED);
	}
	assert_int_equal(subject_end(&subject), 0);
}

static void test_own_policies_are_left(void **state)
{
	unsigned int local, threads;
	struct subject subject;
	char spared[16];

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_own);	/* one thread interleaves, one does not */
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_DONE);
	local = count_policy(subject.pid, "local", &threads);
	assert_int_equal(local, threads - 1);
	snprintf(spared, sizeof(spared), "%d", subject.pid);
	assert_int_equal(wait_exit(start_program(subject.pid, read_start(subject.pid), "default",
						 spared)), MEMPOLICY_DONE);
	assert_int_equal(count_policy(subject.pid, "local", NULL), 1);
	assert_int_equal(count_policy(subject.pid, "default", NULL), threads - 2);
	assert_int_equal(subject_end(&subject), 0);
}

/* ---- what is refused ------------------------------------------------------------- */

static void test_stopped(void **state)
{
	struct subject subject;
	int status;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(sit);
	kill(subject.pid, SIGSTOP);
	assert_int_equal(waitpid(subject.pid, &status, WUNTRACED), subject.pid);
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_STOPPED);
	assert_all(subject.pid, "default");
	kill(subject.pid, SIGCONT);
	assert_int_equal(subject_end(&subject), 0);
}

static void test_traced(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(sit);
	assert_int_equal(ptrace(PTRACE_SEIZE, subject.pid, NULL, NULL), 0);
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_TRACED);
	assert_all(subject.pid, "default");
	assert_int_equal(subject_end(&subject), 0);
}

static int sit_filtered(int go, int ready)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return 98;
	return sit(go, ready);
}

static void test_filtered(void **state)
{
	struct subject subject;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(sit_filtered);
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_FILTERED);
	assert_all(subject.pid, "default");
	assert_int_equal(subject_end(&subject), 0);
}

static volatile char dispatch_selector;
static volatile int dispatched;

static void on_dispatch(int signal)
{
	(void)signal;
	dispatch_selector = DISPATCH_ALLOW;
	dispatched++;
}

/* Runs code whose system calls are its own business, for most of its time. */
static int dispatch_calls(int go, int ready)
{
	struct sigaction action = { .sa_handler = on_dispatch };
	struct pollfd event = { .fd = go };
	int n = 0;

	sigaction(SIGSYS, &action, NULL);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &dispatch_selector) < 0 ||
	    write(ready, "", 1) != 1)
		return 98;
	do {
		dispatch_selector = DISPATCH_BLOCK;
		for (volatile int i = 0; i < 1000000; i++)
			;
		syscall(SYS_getpid);
		if (dispatched != ++n)
			return 97;
	} while (poll(&event, 1, 0) == 0);
	return 0;
}

/* The same at rest, in a call that ends when it is interrupted. */
static int dispatch_waits(int go, int ready)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	if (epoll_ctl(fd, EPOLL_CTL_ADD, go, &event) < 0 ||
	    prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &dispatch_selector) < 0 ||
	    write(ready, "", 1) != 1)
		return 98;
	return epoll_wait(fd, &event, 1, -1) == 1 ? 0 : 97;
}

static void refuse_dispatched(int (*body)(int go, int ready))
{
	struct subject subject = subject_new(body);
	int r;

	for (int i = 0; i < 20; i++) {
		r = run(subject.pid, i & 1 ? "default" : "local");
		assert_true(r == MEMPOLICY_FILTERED || r == MEMPOLICY_DONE);
	}
	assert_int_equal(subject_end(&subject), 0);
}

/* Kernels that do not tell let it through where it is no such code. */
static void test_dispatched(void **state)
{
	(void)state;
	NEEDS_PTRACE();
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0) < 0) {
		print_message("# SKIP no Syscall User Dispatch in this kernel\n");
		skip();
	}
	refuse_dispatched(dispatch_calls);
	refuse_dispatched(dispatch_waits);
}

static void *lock_in_sit(void *go)
{
	wait_go(*(int *)go);
	return NULL;
}

/* Locks all its threads in as soon as the first one has been changed: from then on
 * set_mempolicy(2) kills it. */
static int lock_in(int go, int ready)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_set_mempolicy, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(rules) / sizeof(rules[0]), rules };
	pthread_t threads[60];
	int mode;

	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		pthread_create(&threads[i], NULL, lock_in_sit, &go);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || write(ready, "", 1) != 1)
		return 98;
	do {
		if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0)
			return 97;
	} while (mode != MPOL_LOCAL);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter))
		return 96;
	wait_go(go);
	return 0;
}

static void test_filtered_meanwhile(void **state)
{
	struct subject subject;
	int r;

	(void)state;
	NEEDS_PTRACE();
	for (int i = 0; i < 20; i++) {
		subject = subject_new(lock_in);
		r = run(subject.pid, "local");
		assert_true(r == MEMPOLICY_FILTERED || r == MEMPOLICY_DONE);
		assert_int_equal(subject_end(&subject), 0);
	}
}

/* for (;;) pause(), by int 0x80 */
static const unsigned char program_32bit[] = {
	0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0,
	0x54, 0x80, 0x04, 0x08, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0, 0x20, 0, 1, 0,
	0, 0, 0, 0, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x04, 0x08, 0, 0x80, 0x04, 0x08, 0x5d, 0, 0, 0,
	0x5d, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
	0xb8, 0x1d, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7,
};

static void test_foreign(void **state)
{
	struct subject subject;
	int fd, ready[2];
	char byte;

	(void)state;
	NEEDS_PTRACE();
	fd = memfd_create("foreign", MFD_CLOEXEC);
	assert_int_equal(write(fd, program_32bit, sizeof(program_32bit)), sizeof(program_32bit));
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	subject.pid = fork();
	if (subject.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		syscall(SYS_execveat, fd, "", (char *[]){ "foreign", NULL }, NULL, AT_EMPTY_PATH);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);	/* closed by exec, or by exit */
	close(ready[0]);
	close(fd);
	if (waitpid(subject.pid, NULL, WNOHANG) != 0 ||
	    run(subject.pid, "local") == MEMPOLICY_GONE) {
		print_message("# SKIP no 32-bit programs here\n");
		skip();
	}
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_FOREIGN);
	kill(subject.pid, SIGKILL);
	waitpid(subject.pid, NULL, 0);
}

static void test_gone(void **state)
{
	struct subject subject = subject_new(sit);
	unsigned long long start = read_start(subject.pid);
	siginfo_t info;

	(void)state;
	assert_int_equal(wait_exit(start_program(subject.pid, start + 1, "local", NULL)),
			 MEMPOLICY_GONE);
	close(subject.go);
	assert_int_equal(waitid(P_PID, (id_t)subject.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(wait_exit(start_program(subject.pid, start, "local", NULL)),
			 MEMPOLICY_GONE);	/* a zombie */
	assert_int_equal(wait_exit(subject.pid), 0);
	assert_int_equal(wait_exit(start_program(subject.pid, start, "local", NULL)),
			 MEMPOLICY_GONE);
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(wait_exit(start_program(1, 1, "bind", NULL)), MEMPOLICY_USAGE);
	assert_int_equal(wait_exit(start_program(1, 1, "local", "x")), MEMPOLICY_USAGE);
	assert_int_equal(wait_exit(start_program(0, 1, "local", NULL)), MEMPOLICY_USAGE);
}

/* vfork() waits where nothing but death can wake it. */
static void test_what_cannot_be_stopped_is_left(void **state)
{
	struct subject subject;
	unsigned int local, threads;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_vfork);
	assert_int_equal(run(subject.pid, "local"), MEMPOLICY_PARTLY);
	local = count_policy(subject.pid, "local", &threads);
	assert_int_equal(local, threads - 1);
	assert_int_equal(subject_end(&subject), 0);
}

static bool is_traced(pid_t tid)
{
	char path[64], line[128];
	bool traced = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		traced |= strncmp(line, "TracerPid:", 10) == 0 && atoi(line + 10) != 0;
	fclose(file);
	return traced;
}

/* Killed while it waits for such a thread, it leaves nothing behind; what it had
 * borrowed before is given back by then. */
static void test_killed(void **state)
{
	struct subject subject;
	unsigned int local, threads;
	pid_t child;

	(void)state;
	NEEDS_PTRACE();
	subject = subject_new(calls_vfork);
	child = start_program(subject.pid, read_start(subject.pid), "local", NULL);
	do {
		assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
		local = count_policy(subject.pid, "local", &threads);
	} while (local < threads - 1 || is_traced(subject.pid));
	kill(child, SIGTERM);	/* is not heard */
	kill(child, SIGINT);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(subject_end(&subject), 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_calls_are_not_interrupted),
		cmocka_unit_test(test_sleeps_end),
		cmocka_unit_test(test_registers_are_kept),
		cmocka_unit_test(test_no_signal_is_lost),
		cmocka_unit_test(test_no_sent_fault_is_lost),
		cmocka_unit_test(test_new_threads_are_reached),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_own_policies_are_left),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_traced),
		cmocka_unit_test(test_filtered),
		cmocka_unit_test(test_dispatched),
		cmocka_unit_test(test_filtered_meanwhile),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_what_cannot_be_stopped_is_left),
		cmocka_unit_test(test_killed),
	};
	const char *root = getenv("top_builddir");

	if (argc == 3)
		return become(argv[2]);
	snprintf(program, sizeof(program), "%s/pinsafe-mempolicy", root ? root : ".");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
