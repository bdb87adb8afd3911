// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinsafe-mempolicy PID START local|default [TID...]
 *
 * Gives every thread of a running process the memory policy MPOL_LOCAL, with
 * which it is placed as by default and never scanned, or takes it back.  START is
 * the process' start time, field 22 of /proc/PID/stat; the threads named are left
 * alone, as are those with a policy of their own.
 *
 * pinsafed starts it, and it goes on to the end when pinsafed dies: what would
 * end it politely is blocked, and it never takes more than a few seconds.
 * Prints one JSON object on stdout; daemon/act/mempolicy-exit.h
 * says how it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/mempolicy/sweep.h"
#include "daemon/mempolicy/task.h"

#define NAME "pinsafe-mempolicy"

#define TOTAL_NSEC (2ULL * 1000 * 1000 * 1000)

static int usage(void)
{
	fputs("usage: " NAME " PID START local|default [TID...]\n", stderr);
	return MEMPOLICY_USAGE;
}

/* Everything but what cannot be blocked; SIGCHLD is waited for. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGCHLD, SIG_DFL);
}

static int parse_number(const char *text, unsigned long long max, unsigned long long *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno || *end || *ret > max ? -EINVAL : 0;
}

static int parse_tid(const char *text, pid_t *ret)
{
	unsigned long long number;

	if (parse_number(text, INT32_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	*ret = (pid_t)number;
	return 0;
}

static int parse_policy(const char *word, struct sweep *sweep)
{
	if (strcmp(word, "local") == 0) {
		sweep->from = TASK_POLICY_DEFAULT;
		sweep->to = TASK_POLICY_LOCAL;
	} else if (strcmp(word, "default") == 0) {
		sweep->from = TASK_POLICY_LOCAL;
		sweep->to = TASK_POLICY_DEFAULT;
	} else {
		return -EINVAL;
	}
	return 0;
}

static int parse_words(int argc, char **argv, struct sweep *sweep, pid_t *spared)
{
	unsigned long long start;

	if (argc < 4 || parse_tid(argv[1], &sweep->tracer.pid) < 0 ||
	    parse_number(argv[2], UINT64_MAX, &start) < 0 || parse_policy(argv[3], sweep) < 0)
		return -EINVAL;
	for (int i = 4; i < argc; i++) {
		if (parse_tid(argv[i], &spared[sweep->n_spared++]) < 0)
			return -EINVAL;
	}
	sweep->start_ticks = start;
	sweep->spared = spared;
	return 0;
}

static void print_outcome(const struct sweep *sweep)
{
	printf("{\"threads\": %zu, \"changed\": %zu, \"own\": %zu, \"left\": %zu, \"rounds\": %u, "
	       "\"borrowed_max_usec\": %llu, \"borrowed_sum_usec\": %llu}\n",
	       sweep->n_threads, sweep->n_changed, sweep->n_own, sweep->n_left, sweep->rounds,
	       (unsigned long long)sweep->tracer.borrowed_max_nsec / 1000,
	       (unsigned long long)sweep->tracer.borrowed_sum_nsec / 1000);
	if (!sweep->why)
		return;
	if (sweep->error && sweep->error != ESRCH)
		fprintf(stderr, NAME ": process %d: %s: %s\n", sweep->tracer.pid, sweep->why,
			strerror(sweep->error));
	else
		fprintf(stderr, NAME ": process %d: %s\n", sweep->tracer.pid, sweep->why);
}

static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	_cleanup_(free) pid_t *spared = calloc((size_t)argc + 1, sizeof(*spared));
	struct sweep sweep = { .tracer.pid_fd = -1 };
	enum mempolicy_exit exit;

	block_signals();
	if (!spared || parse_words(argc, argv, &sweep, spared) < 0)
		return usage();
	sweep.tracer.pid_fd = open_process(sweep.tracer.pid);
	if (sweep.tracer.pid_fd < 0) {
		sweep.why = "no such process";
		exit = MEMPOLICY_GONE;
	} else {
		sweep.until_nsec = now_nsec() + TOTAL_NSEC;
		exit = sweep_run(&sweep);
	}
	print_outcome(&sweep);
	return (int)exit;
}
