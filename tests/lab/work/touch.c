// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The threads.  Balancing scans a process by the processor time it uses and
 * sees who touches what by faults, so the threads write one word of every page,
 * each its own word, and rest in between as duty_percent says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

struct toucher {
	struct work *work;
	int thread;
};

/* The first 64 bytes of a page are the device's (see pin-pinlab.c). */
#define WORDS_OFFSET	64
#define WORDS		256

static uint64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Rests are short: after a pass that faults on each of its pages, emulated, one as long
 * would be half a minute without a tick in which anybody could ask for a scan.  So it
 * would be after a stretch in which the emulator had to wait for a processor. */
#define STRETCH_NSEC	(20 * 1000000)
#define STRETCH_PAGES	256

static void rest(const struct work *work, uint64_t worked_nsec)
{
	uint64_t nsec = worked_nsec < 2 * STRETCH_NSEC ? worked_nsec : 2 * STRETCH_NSEC;
	struct timespec t;

	nsec = nsec * (100 - work->duty_percent) / work->duty_percent;
	t = (struct timespec){ .tv_sec = nsec / 1000000000, .tv_nsec = nsec % 1000000000 };
	if (nsec)
		nanosleep(&t, NULL);
}

static uint64_t rest_after_stretch(const struct work *work, uint64_t start_nsec)
{
	uint64_t worked_nsec = now_nsec() - start_nsec;

	if (worked_nsec < STRETCH_NSEC)
		return start_nsec;
	rest(work, worked_nsec);
	return now_nsec();
}

void touch_round(struct work *work, int thread)
{
	size_t word = WORDS_OFFSET + thread % WORDS * sizeof(uint64_t), page;
	uint64_t start = now_nsec();
	int i;

	/* several passes, or a small memory would only measure the rest */
	for (i = 0; i < 4; i++) {
		for (page = 0; page < work->pages && !work->stop; page++) {
			++*(volatile uint64_t *)(work->addr + page * work->page_bytes + word);
			if (page % STRETCH_PAGES == STRETCH_PAGES - 1)
				start = rest_after_stretch(work, start);
		}
	}
	if (work->kind->round)
		work->kind->round(work, thread);
	rest(work, now_nsec() - start);
}

void touch_place_thread(const struct work *work, int thread)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (!work->spread)
		return;
	CPU_ZERO(&set);
	CPU_SET(thread % cpus, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *touch_forever(void *arg)
{
	struct toucher *toucher = arg;

	touch_place_thread(toucher->work, toucher->thread);
	while (!toucher->work->stop)
		touch_round(toucher->work, toucher->thread);
	free(toucher);
	return NULL;
}

int touch_start(struct work *work, int thread)
{
	struct toucher *toucher;
	pthread_t id;
	int r;

	toucher = malloc(sizeof(*toucher));
	if (!toucher)
		return -ENOMEM;
	toucher->work = work;
	toucher->thread = thread;
	r = pthread_create(&id, NULL, touch_forever, toucher);
	if (r) {
		free(toucher);
		return -r;
	}
	pthread_detach(id);
	return 0;
}
