/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.h - subjects of pinsafe-mempolicy: processes to which something would be
 * wrong if they noticed it
 *
 * Each runs in a child: writes a byte to "ready" once it is at it, ends when "go"
 * ends, and returns 0 or the number of what went wrong.
 */
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/mempolicy.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/calls-send.h"

static atomic_int calls_futex;
static int calls_pipe[2];	/* readable at its end when all shall end */
static int calls_semaphore;
static atomic_bool calls_end;

static inline void calls_wait_go(int go)
{
	char byte;

	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
}

/* ---- one blocking call each: true, it ended as it should ------------------------ */

static inline bool call_futex(void)
{
	return syscall(SYS_futex, &calls_futex, FUTEX_WAIT, 0, NULL, NULL, 0) == 0;
}

static inline bool call_futex_timed(void)
{
	struct timespec hour = { 3600, 0 };

	return syscall(SYS_futex, &calls_futex, FUTEX_WAIT, 0, &hour, NULL, 0) == 0;
}

static inline bool call_read(void)
{
	char byte;

	return read(calls_pipe[0], &byte, 1) == 0;
}

static inline bool call_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	return epoll_ctl(fd, EPOLL_CTL_ADD, calls_pipe[0], &event) == 0 &&
	       epoll_wait(fd, &event, 1, -1) == 1;
}

static inline bool call_poll(void)
{
	struct pollfd event = { .fd = calls_pipe[0], .events = POLLIN };

	return poll(&event, 1, 3600 * 1000) == 1;
}

static inline bool call_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(calls_pipe[0], &set);
	return select(calls_pipe[0] + 1, &set, NULL, NULL, NULL) == 1;
}

static inline bool call_sigtimedwait(void)
{
	struct timespec hour = { 3600, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &hour) == SIGUSR2;
}

static inline bool call_semaphore(void)
{
	struct sembuf take = { .sem_num = 0, .sem_op = -1 };

	return semop(calls_semaphore, &take, 1) == 0;
}

static inline bool call_yield(void)
{
	while (!calls_end)
		sched_yield();
	return true;
}

static bool (*const calls[])(void) = {
	call_futex, call_futex_timed, call_read, call_epoll, call_poll, call_select,
	call_sigtimedwait, call_semaphore, call_send, call_sendmsg, call_sendmmsg,
	call_write, call_writev, call_connect, call_yield,
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static inline void *calls_run(void *call)
{
	return (void *)(uintptr_t)!(*(bool (*const *)(void))call)();
}

static inline int calls_join(const pthread_t *threads, size_t n)
{
	void *result;

	for (size_t i = 0; i < n; i++) {
		pthread_join(threads[i], &result);
		if (result)
			return (int)i + 1;
	}
	return 0;
}

static inline int calls_wait(int go, int ready)
{
	struct sembuf give = { .sem_num = 0, .sem_op = 1 };
	pthread_t threads[CALLS];
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	calls_semaphore = semget(IPC_PRIVATE, 1, 0600);
	if (pipe(calls_pipe) < 0 || calls_semaphore < 0 || !calls_fill())
		return 90;
	for (size_t i = 0; i < CALLS; i++)
		pthread_create(&threads[i], NULL, calls_run, (void *)(uintptr_t)&calls[i]);
	if (write(ready, "", 1) != 1)
		return 91;
	calls_wait_go(go);
	calls_end = true;
	/* who is on the way back to his wait is woken when he is there */
	for (int woken = 0; woken < 2;)
		woken += (int)syscall(SYS_futex, &calls_futex, FUTEX_WAKE, 2, NULL, NULL, 0);
	kill(getpid(), SIGUSR2);
	semop(calls_semaphore, &give, 1);
	close(calls_pipe[1]);
	calls_drain();
	r = calls_join(threads, CALLS);
	semctl(calls_semaphore, 0, IPC_RMID);
	return r;
}

/* ---- sleeps ----------------------------------------------------------------------- */

static inline int calls_sleep(int go, int ready)
{
	struct timespec nap = { .tv_nsec = 200 * 1000 * 1000 }, from, to;
	int64_t nsec;

	(void)go;
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (write(ready, "", 1) != 1)
		return 91;
	if (nanosleep(&nap, NULL) != 0)
		return 1;
	if (poll(NULL, 0, 100) != 0)	/* the remaining time of this one, too */
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &to);
	nsec = (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
	return nsec >= 300 * 1000 * 1000 ? 0 : 3;
}

/* ---- registers -------------------------------------------------------------------- */

/* The same two sequences in two ways, in integer and in vector registers. */
static inline void *calls_check_sums(void *unused)
{
	uint64_t a = 1, b = 1, c = 1;
	double x = 1, y = 1, z = 1;

	(void)unused;
	while (!calls_end) {
		for (int i = 0; i < 10000; i++) {
			a = a * 6364136223846793005ULL + 1442695040888963407ULL;
			b = b * 6364136223846793005ULL + 1442695040888963407ULL;
			c ^= a - b;
			x = x * 1.0000001 + 0.5;
			y = y * 1.0000001 + 0.5;
			z += x - y;
			__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c));
#if defined(__x86_64__)
			__asm__ volatile("" : "+x"(x), "+x"(y), "+x"(z));
#endif
		}
		if (a != b || c != 1 || x != y || z != 1)
			return (void *)1;
		if (x > 1e100)
			x = y = 1;
	}
	return NULL;
}

static inline int calls_compute(int go, int ready)
{
	pthread_t threads[2];

	for (size_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, calls_check_sums, NULL);
	if (write(ready, "", 1) != 1)
		return 91;
	calls_wait_go(go);
	calls_end = true;
	return calls_join(threads, 2);
}

/* ---- signals ------------------------------------------------------------------------ */

static atomic_uint calls_sent, calls_seen;

static inline void calls_on_signal(int signal)
{
	(void)signal;
	calls_seen++;
}

static inline void *calls_be_hit(void *unused)
{
	volatile unsigned int work = 0;

	(void)unused;
	while (!calls_end)
		work++;
	while (calls_seen < calls_sent)
		sched_yield();
	return NULL;
}

/* most: how many may be under way, so that each one sent is one to be seen. */
static inline int calls_be_sent(int go, int ready, int signal, unsigned int most)
{
	struct sigaction action = { .sa_handler = calls_on_signal };
	struct pollfd event = { .fd = go };
	union sigval none = { 0 };
	pthread_t thread;

	sigaction(signal, &action, NULL);
	pthread_create(&thread, NULL, calls_be_hit, NULL);
	if (write(ready, "", 1) != 1)
		return 91;
	while (poll(&event, 1, 0) == 0) {
		if (calls_sent - calls_seen < most && pthread_sigqueue(thread, signal, none) == 0)
			calls_sent++;
	}
	calls_end = true;
	calls_join(&thread, 1);
	return calls_seen == calls_sent && calls_sent > 0 ? 0 : 1;
}

static inline int calls_storm(int go, int ready)
{
	return calls_be_sent(go, ready, SIGRTMIN, 100);	/* these are queued */
}

static inline int calls_send_faults(int go, int ready)
{
	return calls_be_sent(go, ready, SIGSEGV, 1);
}

/* ---- threads ------------------------------------------------------------------------- */

static inline void *calls_be_brief(void *unused)
{
	return unused;
}

static inline void *calls_make_threads(void *unused)
{
	pthread_t thread;

	(void)unused;
	while (!calls_end) {
		if (pthread_create(&thread, NULL, calls_be_brief, NULL) == 0)
			pthread_join(thread, NULL);
	}
	return NULL;
}

static inline int calls_breed(int go, int ready)
{
	pthread_t threads[2];

	for (size_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, calls_make_threads, NULL);
	if (write(ready, "", 1) != 1)
		return 91;
	calls_wait_go(go);
	calls_end = true;
	return calls_join(threads, 2);
}

static inline void *calls_interleave(void *ready)
{
	unsigned long nodes = 1;

	if (syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, 8 * sizeof(nodes)) < 0)
		return (void *)1;
	if (ready && write(*(int *)ready, "", 1) != 1)
		return (void *)2;
	while (!calls_end)
		sched_yield();
	return NULL;
}

static inline int calls_own(int go, int ready)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, calls_run, (void *)(uintptr_t)&calls[CALLS - 1]);
	pthread_create(&threads[1], NULL, calls_interleave, &ready);
	calls_wait_go(go);
	calls_end = true;
	return calls_join(threads, 2);
}

static inline void *calls_wait_for_child(void *go)
{
	char byte;
	pid_t child = vfork();

	if (child == 0) {
		while (read(*(int *)go, &byte, 1) < 0)
			;
		_exit(0);
	}
	return (void *)(uintptr_t)(child < 0 || waitpid(child, NULL, 0) != child);
}

/* Ready once the child exists: then its maker waits for it. */
static inline int calls_vfork(int go, int ready)
{
	pthread_t thread;

	pthread_create(&thread, NULL, calls_wait_for_child, &go);
	while (waitid(P_ALL, 0, NULL, WEXITED | WNOHANG | WNOWAIT) < 0)
		sched_yield();
	if (write(ready, "", 1) != 1)
		return 91;
	return calls_join(&thread, 1);
}
