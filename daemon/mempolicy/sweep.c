// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mempolicy/sweep.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/mempolicy/code.h"
#include "daemon/mempolicy/task.h"

/* Enough for a chain of threads each of which starts the next one. */
#define MAX_ROUNDS 32

/* A thread that ends while we look may have made another one, which has its
 * policy: so many rounds in a row must find nothing to do where threads always
 * end, and one where none does. */
#define MAX_QUIET_ROUNDS 8

/* Between rounds that changed nothing: for a thread to leave its sequence, or
 * its wait for a disk. */
#define PAUSE_NSEC (2 * 1000 * 1000)

struct round {
	pid_t *late;		/* seized, not yet stopped */
	size_t n_late;
	size_t n_changed;
	size_t n_gone;		/* before we saw their policy, or changed it */
	unsigned int n_quiet;	/* rounds until now that found nothing to do */
};

static enum mempolicy_exit refuse(struct sweep *sweep, enum mempolicy_exit exit,
				  const char *why)
{
	sweep->why = why;
	return exit;
}

static const char under_seccomp[] = "under seccomp, which might kill it for set_mempolicy";

static enum mempolicy_exit fail(struct sweep *sweep, int r)
{
	sweep->error = -r;
	switch (r) {
	case -ESRCH:
		return refuse(sweep, MEMPOLICY_GONE, "no such process any more");
	case -EPERM:
	case -EACCES:
		return refuse(sweep, MEMPOLICY_DENIED, "not permitted");
	case -EAGAIN:
		return refuse(sweep, MEMPOLICY_STOPPED, "stopped by job control");
	case -EOPNOTSUPP:
		return refuse(sweep, MEMPOLICY_FILTERED, under_seccomp);
	case -ENOSYS:
		sweep->error = 0;
		return refuse(sweep, MEMPOLICY_FILTERED,
			      "its system calls go to a handler of its own (Syscall User Dispatch)");
	case -ENOEXEC:
		return refuse(sweep, MEMPOLICY_FOREIGN, "a thread of another ABI");
	case -ENOENT:
		return refuse(sweep, MEMPOLICY_FAILED, "this kernel has no memory policies");
	default:
		return refuse(sweep, MEMPOLICY_FAILED, "failed");
	}
}

/* ---- before anything is done ------------------------------------------------ */

/* The leader may have ended before its threads: 'Z', and nothing to be done
 * about it. */
static enum mempolicy_exit judge_thread(struct sweep *sweep, const struct task_facts *facts)
{
	if (facts->is_traced || facts->state == 't')
		return refuse(sweep, MEMPOLICY_TRACED, "traced by another program");
	if (facts->state == 'T')
		return refuse(sweep, MEMPOLICY_STOPPED, "stopped by job control");
	if (facts->is_filtered)
		return refuse(sweep, MEMPOLICY_FILTERED, under_seccomp);
	return MEMPOLICY_DONE;
}

static enum mempolicy_exit judge_threads(struct sweep *sweep)
{
	enum mempolicy_exit exit = MEMPOLICY_DONE;
	_cleanup_(free) pid_t *tids = NULL;
	struct task_facts facts;
	size_t n = 0;
	int r;

	r = task_list(sweep->tracer.pid_fd, &tids, &n);
	if (r < 0)
		return fail(sweep, r);
	for (size_t i = 0; i < n && exit == MEMPOLICY_DONE; i++) {
		r = task_read(sweep->tracer.pid_fd, tids[i], &facts);
		if (r == -ESRCH)
			continue;
		if (r < 0)
			return fail(sweep, r);
		exit = judge_thread(sweep, &facts);
	}
	return exit;
}

static enum mempolicy_exit judge_process(struct sweep *sweep)
{
	struct task_facts leader;
	int r;

	r = task_read(sweep->tracer.pid_fd, sweep->tracer.pid, &leader);
	if (r < 0)
		return fail(sweep, r);
	if (leader.start_ticks != sweep->start_ticks)
		return refuse(sweep, MEMPOLICY_GONE, "another process has its pid now");
	if (leader.is_kernel)
		return refuse(sweep, MEMPOLICY_KERNEL, "a kernel thread");
	r = task_is_native(sweep->tracer.pid_fd);
	if (r == -ESRCH && (leader.state == 'Z' || leader.state == 'X'))
		return refuse(sweep, MEMPOLICY_GONE, "has ended");
	if (r < 0)
		return fail(sweep, r);
	if (r == 0)
		return refuse(sweep, MEMPOLICY_FOREIGN, "a program of another ABI");
	return judge_threads(sweep);
}

/* ---- rounds ----------------------------------------------------------------- */

static bool is_spared(const struct sweep *sweep, pid_t tid)
{
	for (size_t i = 0; i < sweep->n_spared; i++) {
		if (sweep->spared[i] == tid)
			return true;
	}
	return false;
}

static int mode_of(enum task_policy policy)
{
	switch (policy) {
	case TASK_POLICY_DEFAULT:
	case TASK_POLICY_OTHER:
		break;
	case TASK_POLICY_LOCAL:
		return MPOL_LOCAL;
	}
	return MPOL_DEFAULT;
}

/* 1: it is to be changed, 0: not this one, -ESRCH: has ended, or negative errno. */
static int is_wanted(struct sweep *sweep, pid_t tid)
{
	enum task_policy policy;
	struct task_facts facts;
	int r;

	r = task_read(sweep->tracer.pid_fd, tid, &facts);
	if (r < 0)
		return r;
	if (facts.state == 'Z' || facts.state == 'X')	/* a leader stays so */
		return tid == sweep->tracer.pid ? 0 : -ESRCH;
	if (facts.is_kernel)
		return 0;
	r = task_read_policy(sweep->tracer.pid_fd, tid, &policy);
	if (r < 0)
		return r;
	if ((int)policy == sweep->to)
		return 0;
	if ((int)policy == sweep->from && !is_spared(sweep, tid))
		return 1;
	sweep->n_own++;
	return 0;
}

static int take_result(struct sweep *sweep, struct round *round, pid_t tid, int r)
{
	switch (r) {
	case TRACEE_DONE:
		round->n_changed++;
		return 0;
	case TRACEE_LATE:
		round->late[round->n_late++] = tid;
		return 0;
	case TRACEE_BUSY:
		sweep->n_left++;
		return 0;
	case TRACEE_GONE:
		round->n_gone++;
		return 0;
	default:
		return r;
	}
}

static bool is_late(const struct round *round, pid_t tid)
{
	for (size_t i = 0; i < round->n_late; i++) {
		if (round->late[i] == tid)
			return true;
	}
	return false;
}

/* Those that had not stopped when we last looked. */
static int resume_late(struct sweep *sweep, struct round *round)
{
	size_t n = round->n_late;
	int r = 0;

	round->n_late = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		pid_t tid = round->late[i];

		r = take_result(sweep, round, tid,
				tracee_resume(&sweep->tracer, tid, mode_of(sweep->to)));
	}
	return r;
}

/* round->late has room for the threads of this round and those late before. */
static int visit(struct sweep *sweep, struct round *round, const pid_t *tids, size_t n)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		if (is_late(round, tids[i]))
			continue;
		r = is_wanted(sweep, tids[i]);
		round->n_gone += r == -ESRCH;
		if (r < 0 && r != -ESRCH)
			return r;
		if (r <= 0)
			continue;
		r = take_result(sweep, round, tids[i],
				tracee_seize(&sweep->tracer, tids[i], mode_of(sweep->to)));
		if (r < 0)
			return r;
	}
	return resume_late(sweep, round);
}

static int run_round(struct sweep *sweep, struct round *round)
{
	_cleanup_(free) pid_t *tids = NULL;
	pid_t *late;
	size_t n;
	int r;

	r = task_list(sweep->tracer.pid_fd, &tids, &n);
	if (r < 0)
		return r;
	late = reallocarray(round->late, n + round->n_late, sizeof(*late));
	if (!late)
		return -ENOMEM;
	round->late = late;
	sweep->rounds++;
	sweep->n_threads = n;
	sweep->n_own = 0;
	sweep->n_left = 0;
	round->n_changed = 0;
	round->n_gone = 0;
	r = visit(sweep, round, tids, n);
	sweep->n_changed += round->n_changed;
	sweep->n_left += round->n_late;
	return r;
}

static void rest(void)
{
	struct timespec pause = { .tv_nsec = PAUSE_NSEC };

	(void)nanosleep(&pause, NULL);
}

static bool is_done(const struct sweep *sweep, struct round *round)
{
	if (round->n_changed > 0 || sweep->n_left > 0) {
		round->n_quiet = 0;
		return false;
	}
	return round->n_gone == 0 || ++round->n_quiet == MAX_QUIET_ROUNDS;
}

static enum mempolicy_exit run_rounds(struct sweep *sweep, struct round *round)
{
	int r;

	do {
		r = run_round(sweep, round);
		if (r < 0)
			return fail(sweep, r);
		if (is_done(sweep, round))
			return MEMPOLICY_DONE;
		if (sweep->n_left > 0)
			rest();
	} while (sweep->rounds < MAX_ROUNDS && now_nsec() < sweep->until_nsec);
	return refuse(sweep, MEMPOLICY_PARTLY, "some threads cannot be reached now");
}

enum mempolicy_exit sweep_run(struct sweep *sweep)
{
	struct round round = { 0 };
	enum mempolicy_exit exit;
	int r;

	sweep->tracer.has_sequences = -1;
	exit = judge_process(sweep);
	if (exit != MEMPOLICY_DONE)
		return exit;
	r = code_find_call(sweep->tracer.pid_fd, &sweep->tracer.call_address);
	if (r == -ENOENT)
		return refuse(sweep, MEMPOLICY_NO_CALL, "no system call found in its code");
	if (r < 0)
		return fail(sweep, r);
	exit = run_rounds(sweep, &round);
	free(round.late);
	return exit;
}
