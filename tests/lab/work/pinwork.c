// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinwork: the lab's workload, a process whose memory a device pins.
 *
 *   pinwork [--kind none|uring|rdma|odirect|pinlab:MODE] [--pages N | --mib N]
 *           [--pin-pages N] [--place NODE:PAGES,...] [--thp] [--shared N]
 *           [--mappers N] [--threads N] [--cpus spread|free] [--duty PERCENT]
 *           [--delay-pin] [--target PID:ADDR] [--file PATH] [--control FIFO]
 *           [--storm COUNT[:PARALLEL]]
 *
 * When the memory is there and pinned it prints one line,
 *
 *   ready pid=P addr=A pages=N pinned=N nodes=0:600,1:424 pinned_at=NSEC
 *
 * (pinned_at: CLOCK_MONOTONIC right after the pin) and then obeys one command a
 * line from the FIFO, which it makes, or from standard input.  Each is answered
 * by one line, "done COMMAND ..." or "error COMMAND: why":
 *
 *   pin, unpin     the device
 *   pthread        one more thread that touches
 *   fork           a child that touches its copy: "done fork pid=P"
 *   exec           the same program again in this process, pinning nothing; it
 *                  answers with a new "ready"
 *   nodes          where the pages are now
 *   lost           pages that the device and the process see differently
 *   echo           the device writes, the process reads, and back: pages wrong
 *   quit
 *
 * --threads counts the main thread: with 1 the process has no other.  With 0
 * nobody touches.  --shared N: the memory is a memfd, mapped by N processes of
 * which the first pins; the others' pids are in the ready line as peers=.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

#define MAX_PEERS	64

static const struct pin_kind *const kinds[] = {
	&pin_none, &pin_uring, &pin_rdma, &pin_odirect, &pin_pinlab,
};

struct options {
	struct work work;
	const char *control;
	int peers;		/* processes that share the memory, this one included */
	bool delay_pin;
	int storm, storm_parallel;
	char **argv;		/* for exec */
};

static pid_t peers[MAX_PEERS];
static int nr_peers;

static int usage(const char *what)
{
	fprintf(stderr, "pinwork: bad or missing argument: %s\n", what);
	return -EINVAL;
}

static int parse_kind(struct work *work, char *text)
{
	char *colon = strchr(text, ':');
	size_t i;

	work->kind_argument = NULL;
	if (colon) {
		*colon = '\0';
		work->kind_argument = colon + 1;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(text, kinds[i]->name)) {
			work->kind = kinds[i];
			if (work->kind == &pin_pinlab && work->kind_argument &&
			    !strcmp(work->kind_argument, "memfd"))
				work->shared = true;
			return 0;
		}
	return usage(text);
}

static int parse_place(struct work *work, char *text)
{
	unsigned int node;
	size_t pages;
	char *part;

	for (part = strtok(text, ","); part; part = strtok(NULL, ",")) {
		if (sscanf(part, "%u:%zu", &node, &pages) != 2 || node >= WORK_MAX_NODES)
			return usage(part);
		work->place[node] = pages;
	}
	return 0;
}

static int parse_option(struct options *options, int c, char *arg)
{
	struct work *work = &options->work;

	switch (c) {
	case 'k': return parse_kind(work, strdup(arg));
	case 'p': work->pages = strtoul(arg, NULL, 0); return 0;
	case 'm': work->pages = (strtoul(arg, NULL, 0) << 20) / work->page_bytes; return 0;
	case 'P': work->pin_pages = strtoul(arg, NULL, 0); return 0;
	case 'l': return parse_place(work, strdup(arg));
	case 'T': work->thp = true; return 0;
	case 's': work->shared = true; options->peers = atoi(arg); return 0;
	case 'M': work->mappers = atoi(arg); return 0;
	case 't': work->threads = atoi(arg); return 0;
	case 'c': work->spread = strcmp(arg, "free"); return 0;
	case 'd': work->duty_percent = atoi(arg); return 0;
	case 'D': options->delay_pin = true; return 0;
	case 'f': work->file = arg; return 0;
	case 'C': options->control = arg; return 0;
	case 'r':
		return sscanf(arg, "%d:%li", &work->target, (long *)&work->target_addr) == 2 ?
			0 : usage(arg);
	case 'S':
		return sscanf(arg, "%d:%d", &options->storm, &options->storm_parallel) >= 1 ?
			0 : usage(arg);
	}
	return usage("unknown option");
}

static int parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "kind", 1, 0, 'k' }, { "pages", 1, 0, 'p' }, { "mib", 1, 0, 'm' },
		{ "pin-pages", 1, 0, 'P' }, { "place", 1, 0, 'l' }, { "thp", 0, 0, 'T' },
		{ "shared", 1, 0, 's' }, { "mappers", 1, 0, 'M' }, { "threads", 1, 0, 't' },
		{ "cpus", 1, 0, 'c' }, { "duty", 1, 0, 'd' }, { "delay-pin", 0, 0, 'D' },
		{ "file", 1, 0, 'f' }, { "control", 1, 0, 'C' }, { "target", 1, 0, 'r' },
		{ "storm", 1, 0, 'S' }, { }
	};
	struct work *work = &options->work;
	int c, r;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		r = parse_option(options, c, optarg);
		if (r)
			return r;
	}
	if (optind < argc || !work->pages || work->duty_percent < 1 || work->duty_percent > 100 ||
	    options->peers > MAX_PEERS)
		return usage(optind < argc ? argv[optind] : "out of range");
	if (!work->pin_pages)
		work->pin_pages = work->pages;
	return work->pin_pages > work->pages ? usage("--pin-pages") : 0;
}

static int pin(struct work *work)
{
	int r;

	if (work->pinned)
		return -EALREADY;
	r = work->kind->pin(work);
	work->pinned = !r;
	return r;
}

static int unpin(struct work *work)
{
	if (!work->pinned)
		return -EALREADY;
	/* odirect's threads look at this before they use the descriptor */
	work->pinned = false;
	work->kind->unpin(work);
	return 0;
}

static void print_nodes(const struct work *work)
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

static void print_ready(const struct work *work, uint64_t pinned_at)
{
	int i;

	printf("ready pid=%d addr=%p pages=%zu pinned=%zu", getpid(), (void *)work->addr,
	       work->pages, work->pinned && work->kind->lasting ? work->pin_pages : 0);
	print_nodes(work);
	printf(" pinned_at=%llu", (unsigned long long)pinned_at);
	for (i = 0; i < nr_peers; i++)
		printf("%s%d", i ? "," : " peers=", peers[i]);
	printf("\n");
}

static uint64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* A process that touches the memory and nothing else, until its parent ends. */
static pid_t fork_toucher(struct work *work, int thread)
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

static int start_peers(struct options *options)
{
	int i, r;

	for (i = 1; i < options->peers; i++) {
		r = fork_toucher(&options->work, i);
		if (r < 0)
			return r;
		peers[nr_peers++] = r;
	}
	return 0;
}

static int start_threads(struct work *work)
{
	int i, r;

	touch_place_thread(work, 0);
	for (i = 1; i < work->threads; i++) {
		r = touch_start(work, i);
		if (r)
			return r;
	}
	return 0;
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
		r = pin(work);
		printf(" pinned_at=%llu", (unsigned long long)now_nsec());
		return r;
	}
	if (!strcmp(word, "unpin"))
		return unpin(work);
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
static int commands_read(struct options *options, int fd)
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

static int control_open(const char *path)
{
	int fd;

	if (!path)
		return STDIN_FILENO;
	if (mkfifo(path, 0600) && errno != EEXIST)
		return -errno;
	/* for writing too: a FIFO whose last writer left would be readable forever */
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int loop(struct options *options, int control)
{
	struct work *work = &options->work;
	struct pollfd poll_control = { .fd = control, .events = POLLIN };
	int r;

	for (;;) {
		if (poll(&poll_control, 1, work->threads ? 0 : -1) < 0)
			return -errno;
		if (poll_control.revents & POLLIN) {
			r = commands_read(options, control);
			if (r)
				return r;
		} else if (poll_control.revents) {
			/* standard input is closed: only signals end it now */
			poll_control.fd = -1;
			poll_control.revents = 0;
		}
		if (work->threads)
			touch_round(work, 0);
	}
}

static int run(struct options *options)
{
	struct work *work = &options->work;
	uint64_t pinned_at = 0;
	int control, r;

	control = control_open(options->control);
	if (control < 0)
		return control;
	r = memory_new(work);
	if (r)
		return r;
	if (!options->delay_pin) {
		r = pin(work);
		if (r)
			return r;
		pinned_at = now_nsec();
	}
	/* before any thread exists, and after the pin, as in a real program */
	r = start_peers(options);
	if (r)
		return r;
	print_ready(work, pinned_at);
	fflush(stdout);
	r = start_threads(work);
	if (r)
		return r;
	return loop(options, control);
}

int main(int argc, char **argv)
{
	struct options options = {
		.work = {
			.kind = &pin_none,
			.pages = 4096,
			.threads = 4,
			.spread = true,
			.duty_percent = 50,
			.memfd = -1,
			.page_bytes = sysconf(_SC_PAGESIZE),
		},
		.peers = 1,
		.storm_parallel = 4,
		.argv = argv,
	};
	int r;

	r = parse(&options, argc, argv);
	if (r)
		return 2;
	if (options.storm) {
		r = storm_run(options.work.kind_argument, options.storm, options.storm_parallel);
		if (r >= 0)
			printf("done storm pins=%d\n", r);
	} else {
		r = run(&options);
	}
	if (r < 0)
		printf("error: %s\n", strerror(-r));
	fflush(stdout);
	/* at once: the threads still use this frame */
	_exit(r < 0);
}
