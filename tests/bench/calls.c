// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * calls MSEC KIND [FILE]: makes the same call for that long, one after the
 * other, and prints the nanoseconds that one took.  Each makes one call of a
 * function that the module probes:
 *
 *   read     4 KiB O_DIRECT of FILE: pin_user_pages_fast without LONGTERM
 *   short    a page pinned so through pinlab, and let go
 *   long     the same with LONGTERM: where the bell is
 *   open     /dev/null opened and closed: chrdev_open
 *   getpid   none: how much the machine itself changed meanwhile
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pinlab.h"

#define PAGE	4096
/* calls between two looks at the clock */
#define BATCH	64

struct calls {
	int (*call)(struct calls *calls);
	int fd;
	int mode;	/* of pinlab */
	char *page;
};

static uint64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int call_read(struct calls *calls)
{
	return pread(calls->fd, calls->page, PAGE, 0) == PAGE ? 0 : -EIO;
}

static int call_pin(struct calls *calls)
{
	struct pinlab_pin arg = { .mode = calls->mode, .addr = (uintptr_t)calls->page, .len = PAGE };

	if (ioctl(calls->fd, PINLAB_IOC_PIN, &arg) || ioctl(calls->fd, PINLAB_IOC_UNPIN, arg.id))
		return -errno;
	return 0;
}

static int call_open(struct calls *calls)
{
	(void)calls;
	return close(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static int call_getpid(struct calls *calls)
{
	(void)calls;
	return syscall(SYS_getpid) > 0 ? 0 : -EIO;
}

static int choose(struct calls *calls, const char *kind, const char *file)
{
	calls->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	calls->mode = strcmp(kind, "long") ? PINLAB_SHORT : PINLAB_FAST;
	if (!strcmp(kind, "open")) {
		calls->call = call_open;
	} else if (!strcmp(kind, "getpid")) {
		calls->call = call_getpid;
	} else if (!strcmp(kind, "read") && file) {
		calls->call = call_read;
		calls->fd = open(file, O_RDONLY | O_DIRECT);
	} else if (!strcmp(kind, "short") || !strcmp(kind, "long")) {
		calls->call = call_pin;
		calls->fd = open("/dev/pinlab", O_RDWR);
	} else {
		return -EINVAL;
	}
	return calls->fd < 0 || calls->page == MAP_FAILED ? -errno : 0;
}

static int repeat(struct calls *calls, uint64_t nsec, uint64_t *ret_nsec)
{
	uint64_t begin, end, count = 0;
	int i, r = calls->call(calls);	/* the first one is another: it faults */

	begin = end = now_nsec();
	while (!r && end < begin + nsec) {
		for (i = 0; i < BATCH && !r; i++)
			r = calls->call(calls);
		count += i;
		end = now_nsec();
	}
	*ret_nsec = count ? (end - begin) / count : 0;
	return r;
}

int main(int argc, char **argv)
{
	struct calls calls = { 0 };
	uint64_t nsec;
	int r;

	if (argc < 3) {
		fprintf(stderr, "usage: calls MSEC read|short|long|open|getpid [FILE]\n");
		return 2;
	}
	r = choose(&calls, argv[2], argc > 3 ? argv[3] : NULL);
	if (!r)
		r = repeat(&calls, strtoul(argv[1], NULL, 0) * 1000000, &nsec);
	if (r) {
		fprintf(stderr, "calls %s: %s\n", argv[2], strerror(-r));
		return 1;
	}
	printf("%llu\n", (unsigned long long)nsec);
	return 0;
}
