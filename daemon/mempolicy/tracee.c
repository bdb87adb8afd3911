// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mempolicy/tracee.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/mempolicy/arch.h"
#include "daemon/mempolicy/code.h"
#include "daemon/mempolicy/hazard.h"
#include "daemon/mempolicy/task.h"

/* A thread stops within microseconds, unless it is in an uninterruptible wait:
 * those we come back to. */
#define STOP_NSEC	(50ULL * 1000 * 1000)

/* With registers borrowed there is no giving up before they are put back; what
 * can keep the thread from its call, a frozen cgroup, is noticed after: */
#define CALL_NSEC	(100ULL * 1000 * 1000)
#define RETURN_NSEC	(10ULL * 1000 * 1000 * 1000)

/* A stop that is near is waited for awake: to be woken takes longer, with somebody's
 * registers in hand. */
#define SPIN_NSEC	(30 * 1000)

/* A wake-up by SIGCHLD can be lost to nobody here, but costs nothing to doubt. */
#define SLICE_NSEC	(5 * 1000 * 1000)

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

#define BIT(signal) (1ULL << ((signal) - 1))

/* When a fault or a refused call makes one of these while it is blocked, the kernel
 * takes its handler from the whole process: kernel/signal.c, force_sig_info_to_task(). */
#define FAULTS (BIT(SIGSYS) | BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP))

enum stop {
	STOP_GONE,
	STOP_NONE,		/* not in time */
	STOP_INTERRUPT,		/* ours */
	STOP_GROUP,		/* job control */
	STOP_CALL,		/* entry to, or exit from, a system call */
	STOP_SIGNAL,
};

uint64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

/* ---- stops ---------------------------------------------------------------- */

static enum stop judge(int status, int *ret_signal)
{
	int signal = WSTOPSIG(status);

	if (!WIFSTOPPED(status))
		return STOP_GONE;
	if (status >> 16 == PTRACE_EVENT_STOP)
		return signal == SIGTRAP ? STOP_INTERRUPT : STOP_GROUP;
	if (signal == (SIGTRAP | 0x80))
		return STOP_CALL;
	*ret_signal = signal;
	return STOP_SIGNAL;
}

static enum stop wait_stop(pid_t tid, uint64_t wait_nsec, int *ret_signal)
{
	uint64_t since = now_nsec(), now;
	struct timespec slice = { .tv_nsec = SLICE_NSEC };
	sigset_t children;
	int status;
	pid_t found;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	for (;;) {
		found = waitpid(tid, &status, __WALL | WNOHANG);
		if (found == tid)
			return judge(status, ret_signal);
		if (found < 0)
			return STOP_GONE;
		now = now_nsec();
		if (now - since >= wait_nsec)
			return STOP_NONE;
		if (now - since >= SPIN_NSEC)
			(void)sigtimedwait(&children, NULL, &slice);
	}
}

static int let_go(pid_t tid, int result)
{
	(void)ptrace(PTRACE_DETACH, tid, NULL, NULL);
	return result;
}

/* The stop that was asked for comes before signals; one that came before we
 * asked is delivered as if we were not there. */
static int wait_interrupt(pid_t tid, uint64_t wait_nsec)
{
	uint64_t until = now_nsec() + wait_nsec;
	int signal = 0;

	while (now_nsec() < until) {
		switch (wait_stop(tid, wait_nsec, &signal)) {
		case STOP_GONE:
			return TRACEE_GONE;
		case STOP_NONE:
			return TRACEE_LATE;
		case STOP_INTERRUPT:
			return TRACEE_DONE;
		case STOP_GROUP:
			return let_go(tid, -EAGAIN);
		case STOP_CALL:
			signal = 0;
			break;
		case STOP_SIGNAL:
			break;
		}
		if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
		    ptrace(PTRACE_CONT, tid, NULL, (void *)(long)signal) < 0)
			return TRACEE_GONE;
	}
	return TRACEE_LATE;
}

/* ---- while it is borrowed -------------------------------------------------- */

struct loan {
	struct arch arch;
	uint64_t mask;		/* of signals, as the kernel has it */
	uint64_t since_nsec;
	bool is_running;	/* as far as we have seen */
	uint64_t unseen;	/* signals that somebody sent and we kept from it */
};

static enum stop wait_loan(pid_t tid, struct loan *loan, uint64_t wait_nsec, int *ret_signal)
{
	enum stop stop = wait_stop(tid, wait_nsec, ret_signal);

	loan->is_running = stop == STOP_NONE;
	return stop;
}

static int write_mask(pid_t tid, uint64_t mask)
{
	return ptrace(PTRACE_SETSIGMASK, tid, (void *)sizeof(mask), &mask) < 0 ? -errno : 0;
}

/* What the thread has blocked itself stays so, or who waits for it elsewhere would
 * miss it; but for SIGSYS, which a dispatched call makes even in its handler. */
static uint64_t mask_to_borrow(uint64_t own)
{
	return ~FAULTS | (own & ~BIT(SIGSYS));
}

/* False: not sent by anybody, but made by what the thread did for us. */
static bool keep_signal(pid_t tid, struct loan *loan, int signal)
{
	siginfo_t info;

	if (signal != SIGSTOP &&
	    (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) < 0 || info.si_code > 0))
		return false;
	loan->unseen |= BIT(signal);
	return true;
}

static void send_unseen(pid_t pid, pid_t tid, uint64_t unseen)
{
	for (int signal = 1; unseen; signal++, unseen >>= 1) {
		if (unseen & 1)
			(void)syscall(SYS_tgkill, pid, tid, signal);
	}
}

/* Lets it run to the next entry to or exit from the kernel.  TRACEE_DONE,
 * TRACEE_GONE, TRACEE_LATE: it does not get there; -ENOSYS: its call is dispatched. */
static int run_to_call(pid_t tid, struct loan *loan)
{
	uint64_t until = now_nsec() + CALL_NSEC;
	int signal;

	while (now_nsec() < until) {
		if (ptrace(PTRACE_SYSCALL, tid, NULL, NULL) < 0)
			return errno == ESRCH ? TRACEE_GONE : -errno;
		switch (wait_loan(tid, loan, CALL_NSEC, &signal)) {
		case STOP_GONE:
			return TRACEE_GONE;
		case STOP_NONE:
			return TRACEE_LATE;
		case STOP_CALL:
			return TRACEE_DONE;
		case STOP_INTERRUPT:	/* it goes on in spite of these, and stops */
		case STOP_GROUP:	/* with its group when it is let go */
			break;
		case STOP_SIGNAL:
			if (!keep_signal(tid, loan, signal))
				return signal == SIGSYS ? -ENOSYS : -EFAULT;
			break;
		}
	}
	return TRACEE_LATE;
}

/* From wherever it is to the stop in which registers can be put back; a thread
 * that is stopped already must run for that, but not in its own code: the
 * request is seen first.  Any other stop, which may be under way while we ask,
 * forgets the request; so it is made anew, and only then is the thread let run.
 * kernel/signal.c, ptrace_stop(). */
static int run_to_interrupt(pid_t tid, struct loan *loan)
{
	uint64_t until = now_nsec() + RETURN_NSEC;
	int signal;

	while (now_nsec() < until) {
		if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
			return TRACEE_GONE;
		if (!loan->is_running)
			(void)ptrace(PTRACE_CONT, tid, NULL, NULL);
		switch (wait_loan(tid, loan, RETURN_NSEC, &signal)) {
		case STOP_GONE:
			return TRACEE_GONE;
		case STOP_NONE:
			return -ETIMEDOUT;
		case STOP_INTERRUPT:
		case STOP_GROUP:
			return TRACEE_DONE;
		case STOP_CALL:
			break;
		case STOP_SIGNAL:
			(void)keep_signal(tid, loan, signal);
			break;
		}
	}
	return -ETIMEDOUT;
}

/* At the entry, which is before seccomp(2): another thread can have given it a filter
 * since tracee_resume() looked, but one that comes from here on does not see this
 * call any more (arm64 asks again, microseconds later).  TRACEE_DONE; -EOPNOTSUPP:
 * evaded; negative errno. */
static int enter(struct tracer *tracer, pid_t tid, struct loan *loan, int mode)
{
	struct task_facts facts;
	int r;

	if (task_read(tracer->pid_fd, tid, &facts) == 0 && !facts.is_filtered)
		return arch_enter(tid, &loan->arch, mode);
	r = arch_evade(tid, &loan->arch);
	return r < 0 ? r : -EOPNOTSUPP;
}

static int make_call(struct tracer *tracer, pid_t tid, struct loan *loan, int mode)
{
	bool is_evaded;
	long result = 0;
	int r;

	r = arch_prepare(tid, &loan->arch, tracer->call_address, mode);
	if (r == 0)
		r = run_to_call(tid, loan);
	if (r == TRACEE_DONE)
		r = enter(tracer, tid, loan, mode);
	is_evaded = r == -EOPNOTSUPP;
	if (r == TRACEE_DONE || is_evaded)
		r = run_to_call(tid, loan);
	if (r == TRACEE_DONE)
		r = arch_leave(tid, &loan->arch, &result);
	if (is_evaded && r != TRACEE_GONE)
		return -EOPNOTSUPP;
	return r == TRACEE_DONE ? (int)result : r;
}

static void count(struct tracer *tracer, uint64_t nsec)
{
	tracer->borrowed_sum_nsec += nsec;
	if (nsec > tracer->borrowed_max_nsec)
		tracer->borrowed_max_nsec = nsec;
}

static int give_back(struct tracer *tracer, pid_t tid, struct loan *loan)
{
	int r;

	r = run_to_interrupt(tid, loan);
	if (r == TRACEE_DONE)
		r = arch_restore(tid, &loan->arch);
	if (r == 0)
		r = write_mask(tid, loan->mask);
	count(tracer, now_nsec() - loan->since_nsec);
	(void)let_go(tid, 0);
	send_unseen(tracer->pid, tid, loan->unseen);
	return r == -ESRCH ? TRACEE_GONE : r;
}

/* Not without its registers: the call that we have interrupted must be made again. */
static int decline(pid_t tid, const struct loan *loan, int result)
{
	(void)arch_restore(tid, &loan->arch);
	return let_go(tid, result);
}

static int borrow(struct tracer *tracer, pid_t tid, struct loan *loan, int mode)
{
	int r, back;

	if (ptrace(PTRACE_GETSIGMASK, tid, (void *)sizeof(loan->mask), &loan->mask) < 0)
		return decline(tid, loan, errno == ESRCH ? TRACEE_GONE : -errno);
	loan->since_nsec = now_nsec();
	r = write_mask(tid, mask_to_borrow(loan->mask));
	if (r == 0)
		r = make_call(tracer, tid, loan, mode);
	if (r == TRACEE_GONE || r == -ESRCH)
		return TRACEE_GONE;
	back = give_back(tracer, tid, loan);
	if (back != TRACEE_DONE)
		return back;
	return r == TRACEE_LATE ? TRACEE_BUSY : r;
}

/* ---- from beginning to end ------------------------------------------------- */

/* Maybe of another program than when it was looked for. */
static int check_call(struct tracer *tracer, pid_t tid)
{
	int r = code_check_call(tracer->pid_fd, tid, &tracer->call_address);

	if (r > 0)
		tracer->has_sequences = -1;
	return r;
}

/* Seized, it cannot be reaped but by us: so if it is one of the process' threads
 * now, it has been all the time. */
static int judge_thread(struct tracer *tracer, pid_t tid, const struct arch *arch)
{
	struct task_facts facts;

	if (task_read(tracer->pid_fd, tid, &facts) < 0)
		return TRACEE_GONE;
	/* A program opens its device, and then locks itself in: what was no filter
	 * when we began can be one by now, and kill it. */
	if (facts.is_filtered)
		return -EOPNOTSUPP;
	if (hazard_is_dispatched(tid))
		return -ENOSYS;
	if (check_call(tracer, tid) < 0 || !hazard_may_borrow(tracer, tid, arch))
		return TRACEE_BUSY;
	return TRACEE_DONE;
}

int tracee_resume(struct tracer *tracer, pid_t tid, int mode)
{
	struct loan loan = { 0 };
	int r;

	r = wait_interrupt(tid, STOP_NSEC);
	if (r != TRACEE_DONE)
		return r;
	r = arch_read(tid, &loan.arch);
	if (r < 0)
		return let_go(tid, r == -ESRCH ? TRACEE_GONE : r);
	r = judge_thread(tracer, tid, &loan.arch);
	return r == TRACEE_DONE ? borrow(tracer, tid, &loan, mode) : decline(tid, &loan, r);
}

int tracee_seize(struct tracer *tracer, pid_t tid, int mode)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)PTRACE_O_TRACESYSGOOD) < 0)
		return errno == ESRCH ? TRACEE_GONE : -errno;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return TRACEE_GONE;
	return tracee_resume(tracer, tid, mode);
}
