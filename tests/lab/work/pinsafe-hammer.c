// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinsafe-hammer: everything at once to /dev/pinsafe, for kernels that watch
 * themselves.
 *
 *   pinsafe-hammer SECONDS SEED DIRECTORY
 *
 * Four threads make calls, right and wrong ones, about processes that four others
 * fork, exec, move between cgroups below DIRECTORY, pin and end; cgroups are made,
 * held and removed; one thread reads events, and one closes the device under all of
 * them and opens it again.  Says "done calls=N good=N born=N cgroups=N opens=N".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pinlab.h"
#include "pinsafe.h"
#include "start-ticks.h"

#define CALLERS		4
#define PARENTS		4
#define CHILDREN	64		/* whom callers may name */
#define CGROUPS		8
#define SCRATCH_BYTES	(64 << 10)

static const char *directory;
static atomic_int device = -1, stop;
static atomic_int children[CHILDREN];
static atomic_ulong n_calls, n_good, n_born, n_cgroups, n_opens;

static unsigned int pick(unsigned int *seed, unsigned int n)
{
	return (unsigned int)rand_r(seed) % n;
}

/* ---- calls ----------------------------------------------------------------- */

static int open_cgroup(unsigned int number)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%u", directory, number);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Behind it nothing can be written. */
static char *map_scratch(void)
{
	char *scratch = mmap(NULL, SCRATCH_BYTES + 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (scratch == MAP_FAILED || mprotect(scratch + SCRATCH_BYTES, 4096, PROT_NONE) < 0)
		abort();
	return scratch;
}

/* Where the module may write what it likes, some of it, or nothing at all. */
static __u64 address(unsigned int *seed, char *scratch)
{
	switch (pick(seed, 8)) {
	case 0: return 0;
	case 1: return ~0ULL - pick(seed, 64);
	case 2: return 0xffff888000000000ULL;
	case 3: return (__u64)(uintptr_t)(scratch + SCRATCH_BYTES - pick(seed, 64));
	default: return (__u64)(uintptr_t)scratch;
	}
}

static void call(unsigned long command, void *argument)
{
	n_calls++;
	n_good += ioctl(device, command, argument) == 0;
}

static void hold(unsigned int *seed, int pid, __u64 ticks)
{
	struct pinsafe_hold hold = { .kind = PINSAFE_PROCESS, .pid = pid, .start_ticks = ticks };

	hold.flags = pick(seed, 4) == 0 ? PINSAFE_HOLD_WAIT : 0;
	call(PINSAFE_HOLD, &hold);
}

static void hold_cgroup(unsigned int *seed)
{
	struct pinsafe_release release = { .kind = PINSAFE_CGROUP };
	struct pinsafe_hold hold = { .kind = PINSAFE_CGROUP };

	hold.cgroup_fd = open_cgroup(pick(seed, CGROUPS));
	call(PINSAFE_HOLD, &hold);
	release.cgroup_id = hold.cgroup_id;
	if (pick(seed, 2))
		call(PINSAFE_RELEASE, &release);
	if (hold.cgroup_fd >= 0)
		close(hold.cgroup_fd);
}

static void watch(unsigned int *seed)
{
	struct pinsafe_watch_device devices[2] = { { .major = 1, .minor = 3 }, { .major = 1, .minor = 5 } };
	struct pinsafe_watch_cgroup cgroup = { .flags = PINSAFE_WATCH_HOLD };
	struct pinsafe_watch watch = {
		.devices = (__u64)(uintptr_t)devices, .cgroups = (__u64)(uintptr_t)&cgroup,
		.device_count = pick(seed, 3), .cgroup_count = pick(seed, 2),
	};

	devices[0].flags = pick(seed, 2);
	cgroup.cgroup_fd = open_cgroup(pick(seed, CGROUPS));
	call(PINSAFE_WATCH, &watch);
	if (cgroup.cgroup_fd >= 0)
		close(cgroup.cgroup_fd);
}

static void sight(unsigned int *seed, int pid, __u64 ticks, char *scratch)
{
	struct pinsafe_sight sight = {
		.pid = pid, .start_ticks = ticks, .flags = pick(seed, 4),
		.nodes = address(seed, scratch), .node_count = 1024,
		.budget = pick(seed, 2) ? 0 : (__u64)rand_r(seed) << 12,
	};

	call(PINSAFE_SIGHT, &sight);
}

/* Any command on any bytes, but for pointers. */
static void garbage(unsigned int *seed, char *scratch)
{
	unsigned char bytes[128];
	__u64 wild;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pick(seed, 3) ? 0 : (unsigned char)rand_r(seed);
	for (size_t i = 0; i < sizeof(bytes); i += sizeof(wild)) {
		if (pick(seed, 4))
			continue;
		wild = address(seed, scratch);
		memcpy(bytes + i, &wild, sizeof(wild));
	}
	/* LIST and SIGHT write where these say: above all of ours, or scratch */
	bytes[7] |= 0x80, bytes[39] |= 0x80;
	call(pick(seed, 2) ? _IOC(pick(seed, 4), PINSAFE_IOC, pick(seed, 10), 8 * pick(seed, 17)) :
			     (unsigned long)_IOWR(PINSAFE_IOC, 7, struct pinsafe_sight), bytes);
}

static void *caller(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument;
	char *scratch = map_scratch();

	while (!stop) {
		struct pinsafe_list list = { .entries = address(&seed, scratch) };
		int pid = pick(&seed, 16) ? children[pick(&seed, CHILDREN)] : (int)pick(&seed, 4096);
		__u64 ticks = start_ticks(pid);
		struct pinsafe_release release = { .kind = PINSAFE_PROCESS, .pid = pid, .start_ticks = ticks };
		struct pinsafe_rearm rearm = { .pid = pid, .start_ticks = ticks };

		list.capacity = pick(&seed, SCRATCH_BYTES / sizeof(struct pinsafe_entry));
		switch (pick(&seed, 10)) {
		case 0: call(PINSAFE_LIST, &list); break;
		case 1: call(PINSAFE_RELEASE, &release); break;
		case 2: call(PINSAFE_REARM, &rearm); break;
		case 3: hold_cgroup(&seed); break;
		case 4: watch(&seed); break;
		case 5: case 6: sight(&seed, pid, ticks, scratch); break;
		case 7: garbage(&seed, scratch); break;
		default: hold(&seed, pid, ticks);
		}
	}
	return NULL;
}

/* ---- processes --------------------------------------------------------------- */

static void pin_some(void)
{
	struct pinlab_pin pin = { .mode = PINLAB_FAST, .len = 16 * 4096 };
	void *memory = mmap(NULL, pin.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/pinlab", O_RDWR | O_CLOEXEC);

	pin.addr = (__u64)(uintptr_t)memory;
	if (fd >= 0)
		(void)!ioctl(fd, PINLAB_IOC_PIN, &pin);
}

static void *wait_a_little(void *unused)
{
	usleep(2000);
	return unused;
}

static void live(unsigned int seed)
{
	char path[256], self[16];
	pthread_t thread;
	int fd;

	snprintf(path, sizeof(path), "%s/%u/cgroup.procs", directory, pick(&seed, CGROUPS));
	snprintf(self, sizeof(self), "%d", getpid());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, self, strlen(self));
	if (pick(&seed, 2))
		pin_some();
	if (pick(&seed, 2) && pthread_create(&thread, NULL, wait_a_little, NULL) == 0)
		pthread_join(thread, NULL);
	usleep(pick(&seed, 20000));
	if (pick(&seed, 4) == 0)
		execl("/bin/true", "true", (char *)NULL);
	_exit(0);
}

static void *parent(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument, place;
	pid_t pid;

	while (!stop) {
		place = pick(&seed, CHILDREN);
		pid = fork();
		if (pid == 0)
			live(seed);
		if (pid > 0) {
			children[place] = pid;
			n_born++;
			if (pick(&seed, 3) == 0)
				waitpid(pid, NULL, 0);
		}
		rand_r(&seed);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	return NULL;
}

static void *cgroups(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument;
	char path[256];

	while (!stop) {
		snprintf(path, sizeof(path), "%s/%u", directory, pick(&seed, CGROUPS));
		n_cgroups += rmdir(path) == 0;
		mkdir(path, 0755);
		usleep(1000);
	}
	return NULL;
}

/* ---- the device -------------------------------------------------------------- */

static void open_device(void)
{
	int fd = -1;

	while (!stop && (fd = open(PINSAFE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		usleep(1000);
	device = fd;
	n_opens += fd >= 0;
}

static void *reopen(void *unused)
{
	while (!stop) {
		usleep(300 * 1000);
		close(device);
		open_device();
	}
	return unused;
}

static void *reader(void *unused)
{
	struct pinsafe_event events[16];

	while (!stop) {
		if (read(device, events, sizeof(events)) <= 0)
			usleep(5000);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[CALLERS + PARENTS + 3];
	unsigned int seed;
	size_t n = 0;

	if (argc != 4) {
		fputs("usage: pinsafe-hammer SECONDS SEED DIRECTORY\n", stderr);
		return 2;
	}
	seed = (unsigned int)atoi(argv[2]) * 100;
	directory = argv[3];
	open_device();
	for (uintptr_t i = 0; i < CALLERS; i++)
		pthread_create(&threads[n++], NULL, caller, (void *)(seed + i));
	for (uintptr_t i = 0; i < PARENTS; i++)
		pthread_create(&threads[n++], NULL, parent, (void *)(seed + 10 + i));
	pthread_create(&threads[n++], NULL, cgroups, (void *)(uintptr_t)(seed + 20));
	pthread_create(&threads[n++], NULL, reader, NULL);
	pthread_create(&threads[n++], NULL, reopen, NULL);
	sleep((unsigned int)atoi(argv[1]));
	stop = 1;
	while (n > 0)
		pthread_join(threads[--n], NULL);
	close(device);
	while (waitpid(-1, NULL, 0) > 0)
		;
	printf("done calls=%lu good=%lu born=%lu cgroups=%lu opens=%lu\n", n_calls, n_good,
	       n_born, n_cgroups, n_opens);
	return 0;
}
