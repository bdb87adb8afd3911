// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of the control file; pinwork.c describes them. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "options.h"

int command_pin(struct work *work)
{
	int r;

	if (work->pinned)
		return -EALREADY;
	r = work->kind->pin(work);
	work->pinned = !r;
	return r;
}

static int command_unpin(struct work *work)
{
	if (!work->pinned)
		return -EALREADY;
	/* odirect's threads look at this before they use the descriptor */
	work->pinned = false;
	work->kind->unpin(work);
	return 0;
}

void print_nodes(const struct work *work)
{
	size_t nodes[WORK_MAX_NODES], node;
	const char *comma = "";

	printf(" nodes=");
	if (memory_nodes(work, nodes))
		return;
	for (node = 0; node < WORK_MAX_NODES; node++)
		if (nodes[node]) {
			printf("%s%zu:%zu", comma, node, nodes[node]);
			comma = ",";
		}
}

uint64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

pid_t fork_toucher(struct work *work, int thread)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	work->stop = false;
	/* what the parent's device pinned is not the child's to unpin */
	work->kind = &pin_none;
	touch_place_thread(work, thread);
	for (;;)
		touch_round(work, thread);
}

/* The same arguments, and a later one wins: nothing is pinned this time. */
static int exec_again(struct options *options)
{
	char *argv[64];
	int n;

	for (n = 0; options->argv[n] && n < 61; n++)
		argv[n] = options->argv[n];
	argv[n++] = "--kind=none";
	argv[n] = NULL;
	fflush(stdout);
	execv("/proc/self/exe", argv);
	return -errno;
}

static int count_pages(struct work *work, int (*count)(struct work *, size_t *))
{
	size_t pages;
	int r;

	if (!count || !work->pinned)
		return -EOPNOTSUPP;
	r = count(work, &pages);
	if (!r)
		printf(" pages=%zu", pages);
	return r;
}

/* Prints the rest of the answer's line; the caller has printed "done WORD". */
static int command_run(struct options *options, const char *word)
{
	struct work *work = &options->work;
	int r;

	if (!strcmp(word, "pin")) {
		r = command_pin(work);
		printf(" pinned_at=%llu", (unsigned long long)now_nsec());
		return r;
	}
	if (!strcmp(word, "unpin"))
		return command_unpin(work);
	if (!strcmp(word, "pthread"))
		return touch_start(work, ++work->threads);
	if (!strcmp(word, "fork")) {
		r = fork_toucher(work, 1);
		printf(" pid=%d", r);
		return r < 0 ? r : 0;
	}
	if (!strcmp(word, "exec"))
		return exec_again(options);
	if (!strcmp(word, "nodes")) {
		print_nodes(work);
		return 0;
	}
	if (!strcmp(word, "lost"))
		return count_pages(work, work->kind->lost);
	if (!strcmp(word, "echo"))
		return count_pages(work, work->kind->echo);
	return -ENOSYS;
}

/* The answer is put together in memory: its first word depends on its end. */
static void command_answer(struct options *options, const char *word)
{
	char *rest = NULL;
	size_t size;
	FILE *out = stdout;
	int r;

	stdout = open_memstream(&rest, &size);
	r = command_run(options, word);
	fclose(stdout);
	stdout = out;
	if (r)
		printf("error %s: %s\n", word, strerror(-r));
	else
		printf("done %s%s\n", word, rest);
	fflush(stdout);
	free(rest);
}

/* 1: quit.  A whole line at a time: writers use one write() per command. */
int commands_read(struct options *options, int fd)
{
	char text[256], *word, *next = text;
	ssize_t n;

	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return n < 0 && errno != EAGAIN ? -errno : 0;
	text[n] = '\0';
	while ((word = strsep(&next, "\n"))) {
		if (!strcmp(word, "quit"))
			return 1;
		if (*word)
			command_answer(options, word);
	}
	return 0;
}
