// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinwork: the lab's workload, a process whose memory a device pins.
 *
 *   pinwork [--kind none|uring|rdma|odirect|pinlab:MODE] [--pages N | --mib N]
 *           [--pin-pages N] [--place NODE:PAGES,...] [--thp] [--shared N]
 *           [--mappers N] [--threads N] [--cpus spread|free] [--duty PERCENT]
 *           [--delay-pin] [--reserve-gib N] [--target PID:ADDR] [--file PATH] [--control FIFO]
 *           [--storm COUNT[:PARALLEL] | --crowd COUNT]
 *
 * When the memory is there and pinned it prints one line,
 *
 *   ready pid=P addr=A pages=N pinned=N nodes=0:600,1:424 asked_at=NSEC pinned_at=NSEC
 *
 * (CLOCK_MONOTONIC right before the device is opened, and right after the pin) and
 * then obeys one command a line from the FIFO, which it makes, or from standard
 * input.  Each is answered by one line, "done COMMAND ..." or "error COMMAND: why":
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
 * --storm: COUNT children, PARALLEL at a time, pin one page through pinlab and
 * exit.  --crowd: they stay, and it says "ready crowd pins=N" when all have.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"

static void print_ready(const struct options *options, uint64_t asked_at, uint64_t pinned_at)
{
	const struct work *work = &options->work;
	int i;

	printf("ready pid=%d addr=%p pages=%zu pinned=%zu", getpid(), (void *)work->addr,
	       work->pages, work->pinned && work->kind->lasting ? work->pin_pages : 0);
	print_nodes(work);
	printf(" asked_at=%llu pinned_at=%llu", (unsigned long long)asked_at,
	       (unsigned long long)pinned_at);
	for (i = 0; i < options->nr_peers; i++)
		printf("%s%d", i ? "," : " peers=", options->peer_pids[i]);
	printf("\n");
}

static int start_peers(struct options *options)
{
	int i, r;

	for (i = 1; i < options->peers; i++) {
		r = fork_toucher(&options->work, i);
		if (r < 0)
			return r;
		options->peer_pids[options->nr_peers++] = r;
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
	uint64_t asked_at = 0, pinned_at = 0;
	int control, r;

	control = control_open(options->control);
	if (control < 0)
		return control;
	r = memory_new(work);
	if (r)
		return r;
	if (!options->delay_pin) {
		asked_at = now_nsec();
		r = command_pin(work);
		if (r)
			return r;
		pinned_at = now_nsec();
	}
	r = memory_placed();
	if (r)
		return r;
	/* before any thread exists, and after the pin, as in a real program */
	r = start_peers(options);
	if (r)
		return r;
	print_ready(options, asked_at, pinned_at);
	fflush(stdout);
	r = start_threads(work);
	if (r)
		return r;
	return loop(options, control);
}

static int crowd(const struct options *options)
{
	int r = crowd_start(options->work.kind_argument, options->crowd);

	if (r < 0)
		return r;
	printf("ready crowd pins=%d\n", r);
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct options options = {
		.work = {
			.kind = &pin_none,
			.pages = 4096,
			.threads = 4,
			.spread = true,
			.duty_percent = 10,
			.memfd = -1,
			.page_bytes = sysconf(_SC_PAGESIZE),
		},
		.peers = 1,
		.storm_parallel = 4,
		.argv = argv,
	};
	int r;

	r = options_parse(&options, argc, argv);
	if (r)
		return 2;
	if (options.storm) {
		r = storm_run(options.work.kind_argument, options.storm, options.storm_parallel);
		if (r >= 0)
			printf("done storm pins=%d\n", r);
	} else if (options.crowd) {
		r = crowd(&options);
	} else {
		r = run(&options);
	}
	if (r < 0)
		printf("error: %s\n", strerror(-r));
	fflush(stdout);
	/* at once: the threads still use this frame */
	_exit(r < 0);
}
