/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pinwork: a process that has memory, touches it from several threads, and has
 * a device pin it.  This header is what its files share.
 *
 * One `struct work` per process.  The memory is made once (memory.c), the
 * threads touch it (touch.c), and a pin kind, one entry of a table, pins and
 * unpins the first pin_pages of it.  Failures are negative errno.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WORK_MAX_NODES	64

struct pin_kind;

struct work {
	/* what was asked for */
	const struct pin_kind *kind;
	const char *kind_argument;	/* after the colon of --kind, or NULL */
	size_t pages;
	size_t pin_pages;		/* how many of them are pinned */
	size_t place[WORK_MAX_NODES];	/* pages per node; all 0 = where it falls */
	bool thp;			/* huge pages wanted, not forbidden */
	bool shared;			/* MAP_SHARED of a memfd */
	int mappers;			/* extra mappings of one file page */
	int threads;			/* that touch, the first one included */
	bool spread;			/* thread n stays on processor n */
	size_t reserve_bytes;		/* mapped besides, and never touched */
	int duty_percent;		/* how much of the time a thread touches; emulation is
					 * slow, so not more than what scans need */
	const char *file;		/* scratch file of odirect and mappers */
	pid_t target;			/* pinlab:remote: whose memory, at target_addr */
	unsigned long target_addr;

	/* what became of it */
	char *addr;
	int memfd;
	size_t page_bytes;
	bool pinned;
	void *pin_state;		/* the kind's own */
	volatile bool stop;
};

/* How memory gets pinned.  pin() leaves what unpin() needs in pin_state. */
struct pin_kind {
	const char *name;
	bool lasting;			/* pages stay pinned until unpin() */
	int (*pin)(struct work *work);
	void (*unpin)(struct work *work);
	/* called by each thread after each round of touching; may be NULL */
	int (*round)(struct work *work, int thread);
	/* pages where the device and the process no longer agree; may be NULL */
	int (*lost)(struct work *work, size_t *ret_pages);
	/* the device writes and the process looks, then the other way round:
	 * pages that came out different on either side; may be NULL */
	int (*echo)(struct work *work, size_t *ret_pages);
};

extern const struct pin_kind pin_none, pin_uring, pin_rdma, pin_odirect, pin_pinlab;

/* memory.c */
int memory_new(struct work *work);
/* Its place need not be guarded any more: the thread has its own policy again. */
int memory_placed(void);
/* How many pages are on each node now; a page that is nowhere counts for none. */
int memory_nodes(const struct work *work, size_t ret_nodes[WORK_MAX_NODES]);

/* touch.c: one round over the memory; thread tells whose word is written */
void touch_round(struct work *work, int thread);
/* one more thread that touches until work->stop */
int touch_start(struct work *work, int thread);
void touch_place_thread(const struct work *work, int thread);

/* storm.c: count short-lived processes, parallel at a time, each of which pins
 * one page through /dev/pinlab by the mode named.  Returns how many did. */
int storm_run(const char *mode, int count, int parallel);
/* count processes that do so and stay until this one ends.  How many did. */
int crowd_start(const char *mode, int count);

/* pin-pinlab.c: the mode of that name (NULL: fast), or -EINVAL */
int pinlab_mode_parse(const char *name);

#endif
