/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake-module.h - /dev/pinsafe in a test's own memory
 *
 * Takes the place of ioctl(2) and the clock in the test that includes it, and
 * answers on FAKE_FD as module/uapi/pinsafe.h says the module would.  A process exists when
 * its start time is ten times its pid.
 */
#pragma once

#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "module/uapi/pinsafe.h"
#include "tests/unit/fake-ioctl.h"

#define FAKE_FD		1000
#define FAKE_ROOM	1024

static struct fake_module {
	struct pinsafe_entry entries[FAKE_ROOM];
	unsigned int n;
	unsigned int room;	/* of its table */
	unsigned int refused;	/* for want of room */
	unsigned int calls;
	unsigned int rearms;
	unsigned int watches;	/* entries of the last PINSAFE_WATCH */
	__u32 armed;		/* PINSAFE_FEATURE_*, as counters tell it */
	__u64 scan_offset;	/* where the scanner stands, in each process */
	__u64 sight_usec;	/* that a slice takes; 0: it cannot count */
	__u64 sight_slices;	/* of each process; 0: one, with nothing in it */
	__u64 clock_usec;	/* CLOCK_MONOTONIC, which only counts move */
	__u64 held_usec;	/* the last hold was taken then */
	int error;		/* of the next call, positive */
	int stuck;		/* of each release */
	int refusal;		/* of each hold */
} fake;

static void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.room = FAKE_ROOM;
	fake.armed = PINSAFE_FEATURE_HOLD;
}

static struct pinsafe_entry *fake_find(__u32 kind, __s32 pid, __u64 cgroup_id)
{
	for (unsigned int i = 0; i < fake.n; i++) {
		struct pinsafe_entry *entry = &fake.entries[i];

		if (entry->kind == kind &&
		    (kind == PINSAFE_CGROUP ? entry->cgroup_id == cgroup_id :
					      entry->pid == pid))
			return entry;
	}
	return NULL;
}

/* What a bell leaves behind. */
static inline void fake_ring(__s32 pid, __u32 origin)
{
	fake.entries[fake.n++] = (struct pinsafe_entry){
		.kind = PINSAFE_PROCESS,
		.state = PINSAFE_STATE_DRAINING,
		.origin = origin,
		.pid = pid,
		.start_ticks = 10 * (__u64)pid,
		.held_ns = 5000,
	};
}

static int fake_hold(struct pinsafe_hold *hold)
{
	struct pinsafe_entry *entry;
	struct stat st = { .st_ino = 0 };

	if (hold->flags || hold->reserved)
		return EINVAL;
	if (hold->kind == PINSAFE_PROCESS && hold->start_ticks != 10 * (__u64)hold->pid)
		return ESRCH;
	if (hold->kind == PINSAFE_CGROUP && fstat(hold->cgroup_fd, &st) < 0)
		return EBADF;
	if (fake.refusal)
		return fake.refusal;
	entry = fake_find(hold->kind, hold->pid, st.st_ino);
	if (!entry && fake.n == fake.room) {
		fake.refused++;
		return ENOSPC;
	}
	if (!entry)
		entry = &fake.entries[fake.n++];
	fake.held_usec = fake.clock_usec;
	entry->kind = hold->kind;
	entry->state = PINSAFE_STATE_HELD;
	entry->origin = PINSAFE_ORIGIN_ORDER;
	entry->pid = hold->kind == PINSAFE_PROCESS ? hold->pid : 0;
	entry->start_ticks = hold->start_ticks;
	entry->cgroup_id = st.st_ino;
	return 0;
}

static int fake_release(const struct pinsafe_release *release)
{
	struct pinsafe_entry *entry =
		fake_find(release->kind, release->pid, release->cgroup_id);

	if (release->reserved)
		return EINVAL;
	if (fake.stuck)
		return fake.stuck;
	if (!entry)
		return ENOENT;
	*entry = fake.entries[--fake.n];
	return 0;
}

static int fake_list(struct pinsafe_list *list)
{
	unsigned int n = fake.n < list->capacity ? fake.n : list->capacity;

	memcpy((void *)(uintptr_t)list->entries, fake.entries, n * sizeof(fake.entries[0]));
	list->count = fake.n;
	return 0;
}

static int fake_counters(struct pinsafe_counters *counters)
{
	*counters = (struct pinsafe_counters){
		.armed = fake.armed,
		.holds = fake.n,
		.table_full = fake.refused,
	};
	return 0;
}

static int fake_watch(const struct pinsafe_watch *watch)
{
	fake.watches = watch->device_count + watch->cgroup_count;
	return 0;
}

/* It finds nothing, for tests see pins in their tree's VmPin, but a page a slice
 * where a process has several. */
static int fake_sight(struct pinsafe_sight *sight)
{
	struct pinsafe_sight_node *nodes = (void *)(uintptr_t)sight->nodes;

	if (!(sight->flags & PINSAFE_SIGHT_SCAN)) {
		fake.clock_usec += fake.sight_usec;
		if (fake.sight_slices > 0)
			nodes[0].pinned_pages++;
		sight->cursor = sight->cursor + 1 < fake.sight_slices ? sight->cursor + 1 : 0;
		return fake.sight_usec ? 0 : EOPNOTSUPP;
	}
	sight->scan_offset = fake.scan_offset;
	return 0;
}

static int fake_call(int fd, unsigned long request, void *argument)
{
	int error = fake.error;

	if (fd != FAKE_FD)
		return EBADF;
	fake.calls++;
	fake.error = 0;
	if (error)
		return error;
	switch (request) {
	case PINSAFE_HOLD:
		return fake_hold(argument);
	case PINSAFE_RELEASE:
		return fake_release(argument);
	case PINSAFE_LIST:
		return fake_list(argument);
	case PINSAFE_GET_COUNTERS:
		return fake_counters(argument);
	case PINSAFE_WATCH:
		return fake_watch(argument);
	case PINSAFE_SIGHT:
		return fake_sight(argument);
	case PINSAFE_REARM:
		fake.rearms++;
		return 0;
	}
	return ENOTTY;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec = (time_t)(fake.clock_usec / 1000000);
	now->tv_nsec = (long)(fake.clock_usec % 1000000) * 1000;
	return 0;
}
