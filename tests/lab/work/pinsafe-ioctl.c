// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinsafe-ioctl: /dev/pinsafe from the command line, without a daemon between.
 *
 *   pinsafe-ioctl WORD [ARGUMENT…] [, WORD [ARGUMENT…]]…
 *   pinsafe-ioctl serve FIFO
 *
 * The first form opens the device, obeys all of the words, separated by commas,
 * and closes it, which ends all holds.  The second keeps it open and obeys one
 * line from the FIFO, which it makes, after the other until "quit"; the last
 * line of each answer is "done WORD" or "error WORD ERRNO".
 *
 *   info, counters, list        NAME=VALUE, one target a line
 *   hold PID [wait]             start time is read from /proc; PID@TICKS gives it
 *   hold cgroup DIR [wait]
 *   release PID | release cgroup ID
 *   watch [device MAJOR:MINOR[+]]… [cgroup DIR]…     +: with HOLD
 *   rearm PID
 *   sight PID [extra|scan]      sums per node, budget 64 MiB a call
 *   events [MILLISECONDS]       what is there; waits that long for the first
 *   bad                         wrong arguments of every kind, one line each
 *   sleep MILLISECONDS
 *   drop UID                    go on as this user, with the file open
 *   raw NUMBER                  an ioctl of that number
 *
 * Exit: 0, or 1 when a word failed; its errno's name is the last thing printed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pinsafe.h"
#include "start-ticks.h"

#define MAX_WORDS	600
#define MAX_NODES	1024

static int dev = -1;

/* PID or PID@TICKS */
static int parse_process(const char *text, __s32 *ret_pid, __u64 *ret_ticks)
{
	char *at;

	*ret_pid = strtol(text, &at, 10);
	*ret_ticks = *at == '@' ? strtoull(at + 1, NULL, 10) : start_ticks(*ret_pid);
	return 0;
}

static int call(unsigned long command, void *argument)
{
	return ioctl(dev, command, argument) < 0 ? -errno : 0;
}

static int info(int n, char **word)
{
	struct pinsafe_info i = { 0 };
	int r = call(PINSAFE_GET_INFO, &i);

	(void)n, (void)word;
	if (!r)
		printf("abi=%u abi_oldest=%u features=0x%llx max_holds=%u max_cgroups=%u max_devices=%u max_events=%u version=%s\n",
		       i.abi, i.abi_oldest, i.features, i.max_holds, i.max_cgroups,
		       i.max_devices, i.max_events, i.version);
	return r;
}

static int counters(int n, char **word)
{
	struct pinsafe_counters c = { 0 };
	int r = call(PINSAFE_GET_COUNTERS, &c);

	(void)n, (void)word;
	if (!r)
		printf("refused_scans=%llu gate_calls=%llu pin_calls=%llu open_calls=%llu events=%llu events_lost=%llu table_full=%llu missed=%llu reaped=%llu holds=%u armed=0x%x\n",
		       c.refused_scans, c.gate_calls, c.pin_calls, c.open_calls,
		       c.events, c.events_lost, c.table_full, c.missed, c.reaped,
		       c.holds, c.armed);
	return r;
}

static int hold(int n, char **word)
{
	struct pinsafe_hold h = { .kind = PINSAFE_PROCESS };
	int r, at = 1;

	if (n < 2)
		return -EDOM;
	if (!strcmp(word[1], "cgroup")) {
		h.kind = PINSAFE_CGROUP;
		at = 2;
		h.cgroup_fd = n > 2 ? open(word[2], O_RDONLY | O_CLOEXEC) : -1;
	} else {
		parse_process(word[1], &h.pid, &h.start_ticks);
	}
	if (n > at + 1 && !strcmp(word[at + 1], "wait"))
		h.flags = PINSAFE_HOLD_WAIT;
	r = call(PINSAFE_HOLD, &h);
	if (h.kind == PINSAFE_CGROUP && h.cgroup_fd >= 0)
		close(h.cgroup_fd);
	if (!r)
		printf("state=%s cgroup_id=%llu\n", h.state == PINSAFE_STATE_HELD ?
		       "held" : "draining", h.cgroup_id);
	return r;
}

static int release(int n, char **word)
{
	struct pinsafe_release x = { .kind = PINSAFE_PROCESS };

	if (n > 2 && !strcmp(word[1], "cgroup")) {
		x.kind = PINSAFE_CGROUP;
		x.cgroup_id = strtoull(word[2], NULL, 10);
	} else if (n == 2) {
		parse_process(word[1], &x.pid, &x.start_ticks);
	} else {
		return -EDOM;
	}
	return call(PINSAFE_RELEASE, &x);
}

static void print_entry(const struct pinsafe_entry *e)
{
	static const char *const states[] = { "?", "draining", "held" };
	static const char *const origins[] = { "?", "order", "pin", "open" };

	printf("kind=%s pid=%d start=%llu cgroup_id=%llu state=%s origin=%s refused=%llu last_refused_ns=%llu held_ns=%llu\n",
	       e->kind == PINSAFE_CGROUP ? "cgroup" : "process", e->pid,
	       e->start_ticks, e->cgroup_id, states[e->state % 3],
	       origins[e->origin % 4], e->refused_scans, e->last_refused_ns,
	       e->held_ns);
}

static int list(int n, char **word)
{
	struct pinsafe_list l = { .capacity = 70000 };
	struct pinsafe_entry *entries = calloc(l.capacity, sizeof(*entries));
	unsigned int i;
	int r;

	(void)n, (void)word;
	l.entries = (uintptr_t)entries;
	r = call(PINSAFE_LIST, &l);
	for (i = 0; !r && i < l.count; i++)
		print_entry(&entries[i]);
	if (!r)
		printf("count=%u\n", l.count);
	free(entries);
	return r;
}

static void parse_device(const char *text, struct pinsafe_watch_device *device)
{
	sscanf(text, "%u:%u", &device->major, &device->minor);
	if (strchr(text, '+'))
		device->flags = PINSAFE_WATCH_HOLD;
}

static int watch(int n, char **word)
{
	static struct pinsafe_watch_device devices[MAX_WORDS];
	static struct pinsafe_watch_cgroup cgroups[MAX_WORDS];
	struct pinsafe_watch w = { .devices = (uintptr_t)devices,
				   .cgroups = (uintptr_t)cgroups };
	unsigned int i;
	int r;

	memset(devices, 0, sizeof(devices));
	for (i = 1; i + 1 < (unsigned int)n; i += 2) {
		if (!strcmp(word[i], "device")) {
			parse_device(word[i + 1], &devices[w.device_count++]);
			continue;
		}
		cgroups[w.cgroup_count].flags = PINSAFE_WATCH_HOLD;
		cgroups[w.cgroup_count++].cgroup_fd = open(word[i + 1], O_RDONLY | O_CLOEXEC);
	}
	r = call(PINSAFE_WATCH, &w);
	for (i = 0; i < w.cgroup_count; i++)
		close(cgroups[i].cgroup_fd);
	return r;
}

static int rearm(int n, char **word)
{
	struct pinsafe_rearm x = { 0 };

	if (n != 2)
		return -EDOM;
	parse_process(word[1], &x.pid, &x.start_ticks);
	return call(PINSAFE_REARM, &x);
}

static unsigned long long now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int sight(int n, char **word)
{
	static struct pinsafe_sight_node nodes[MAX_NODES];
	struct pinsafe_sight s = { .nodes = (uintptr_t)nodes, .node_count = MAX_NODES,
				   .budget = 64 << 20 };
	unsigned long long longest = 0, calls = 0, begin, total;
	int r, i;

	if (n < 2)
		return -EDOM;
	memset(nodes, 0, sizeof(nodes));
	parse_process(word[1], &s.pid, &s.start_ticks);
	if (n > 2 && !strcmp(word[2], "extra"))
		s.flags = PINSAFE_SIGHT_EXTRA;
	if (n > 2 && !strcmp(word[2], "scan"))
		s.flags = PINSAFE_SIGHT_SCAN;
	begin = now_nsec();
	do {
		r = call(PINSAFE_SIGHT, &s);
		if (s.lock_ns > longest)
			longest = s.lock_ns;
		calls++;
	} while (!r && s.cursor);
	total = now_nsec() - begin;
	for (i = 0; !r && i < MAX_NODES; i++)
		if (i < 2 || nodes[i].pinned_pages || nodes[i].large_pages || nodes[i].extra_pages)
			printf("node%d=%llu/%llu/%llu/%llu ", i, nodes[i].pinned_pages,
			       nodes[i].large_pages, nodes[i].large_folios,
			       nodes[i].extra_pages);
	if (!r)
		printf("calls=%llu total_ns=%llu longest_lock_ns=%llu scan=%u:%llx\n", calls,
		       total, longest, s.scan_seq, (unsigned long long)s.scan_offset);
	return r;
}

static void print_event(const struct pinsafe_event *e)
{
	static const char *const types[] = { "?", "pin", "open", "drained", "lost", "full" };

	printf("event=%s flags=%u pid=%d start=%llu kind=%u cgroup_id=%llu device=%u:%u lost=%llu caller=%s module=%s time_ns=%llu\n",
	       types[e->type % 6], e->flags, e->pid, e->start_ticks, e->kind,
	       e->cgroup_id, e->major, e->minor, e->lost, e->caller, e->module,
	       e->time_ns);
}

static int events(int n, char **word)
{
	struct pollfd pfd = { .fd = dev, .events = POLLIN };
	struct pinsafe_event e[16];
	ssize_t r;
	size_t i;

	poll(&pfd, 1, n > 1 ? atoi(word[1]) : 0);
	for (;;) {
		r = read(dev, e, sizeof(e));
		if (r <= 0)
			return r == 0 || errno == EAGAIN ? 0 : -errno;
		for (i = 0; i < r / sizeof(*e); i++)
			print_event(&e[i]);
	}
}

static void tried(const char *what, int r, int want)
{
	printf("bad %s: %s", what, r ? strerrorname_np(-r) : "0");
	printf(r == want ? "\n" : " WRONG, want %s\n", want ? strerrorname_np(-want) : "0");
}

static int null_pointers(void)
{
	return call(PINSAFE_GET_INFO, NULL) == -EFAULT &&
	       call(PINSAFE_GET_COUNTERS, NULL) == -EFAULT &&
	       call(PINSAFE_HOLD, NULL) == -EFAULT &&
	       call(PINSAFE_RELEASE, NULL) == -EFAULT &&
	       call(PINSAFE_LIST, NULL) == -EFAULT &&
	       call(PINSAFE_WATCH, NULL) == -EFAULT &&
	       call(PINSAFE_REARM, NULL) == -EFAULT &&
	       call(PINSAFE_SIGHT, NULL) == -EFAULT ? -EFAULT : 0;
}

#define TRY(want, command, type, ...) do {				\
	struct type x_ = { __VA_ARGS__ };				\
									\
	tried(#command " " #__VA_ARGS__, call(command, &x_), -(want));	\
} while (0)

static void bad_holds(int me, __u64 ticks)
{
	TRY(EINVAL, PINSAFE_HOLD, pinsafe_hold, .kind = 0);
	TRY(EINVAL, PINSAFE_HOLD, pinsafe_hold, .kind = 3);
	TRY(EINVAL, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .flags = 2);
	TRY(EINVAL, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .reserved = 1);
	TRY(ESRCH, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .pid = 0);
	TRY(ESRCH, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .pid = -1);
	TRY(ESRCH, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .pid = 2147483647);
	TRY(ESRCH, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .pid = me, .start_ticks = ticks + 1);
	TRY(ESRCH, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .pid = 2, .start_ticks = start_ticks(2));
	TRY(EBADF, PINSAFE_HOLD, pinsafe_hold, .kind = 2, .cgroup_fd = -1);
	TRY(EBADF, PINSAFE_HOLD, pinsafe_hold, .kind = 2, .cgroup_fd = 0);
	TRY(EBADF, PINSAFE_HOLD, pinsafe_hold, .kind = 2, .cgroup_fd = dev);
	TRY(EINVAL, PINSAFE_RELEASE, pinsafe_release, .kind = 0);
	TRY(EINVAL, PINSAFE_RELEASE, pinsafe_release, .kind = 1, .reserved = 1);
	TRY(ENOENT, PINSAFE_RELEASE, pinsafe_release, .kind = 1, .pid = me, .start_ticks = ticks);
	TRY(ESRCH, PINSAFE_RELEASE, pinsafe_release, .kind = 1, .pid = me, .start_ticks = ticks + 1);
	TRY(ENOENT, PINSAFE_RELEASE, pinsafe_release, .kind = 2, .cgroup_id = 12345678);
}

/* Descriptors that are no cgroup v2 directory, or that of one that is gone. */
static void bad_cgroups(void)
{
	static const char gone[] = "/sys/fs/cgroup/pinsafe-bad";
	int fds[] = { 999, open("/", O_RDONLY), open("/sys/fs/cgroup/cgroup.procs", O_RDONLY),
		      mkdir(gone, 0755) ? -1 : open(gone, O_RDONLY) };
	size_t i;

	if (fds[3] < 0 || rmdir(gone))
		printf("bad %s: WRONG, cannot make it\n", gone);
	for (i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		struct pinsafe_watch_cgroup cgroup = { fds[i], PINSAFE_WATCH_HOLD };

		TRY(EBADF, PINSAFE_HOLD, pinsafe_hold, .kind = 2, .cgroup_fd = fds[i]);
		TRY(EBADF, PINSAFE_WATCH, pinsafe_watch, .cgroup_count = 1,
		    .cgroups = (uintptr_t)&cgroup);
		close(fds[i]);
	}
}

static void bad_watches(int me, __u64 ticks)
{
	struct pinsafe_watch_device device = { .major = 1, .minor = 3, .flags = 2 };
	struct pinsafe_watch_device big = { .major = 1 << 12, .minor = 3 };
	struct pinsafe_watch_cgroup cgroup = { .cgroup_fd = dev, .flags = PINSAFE_WATCH_HOLD };
	struct pinsafe_watch_cgroup flagless = { .cgroup_fd = dev };

	TRY(EINVAL, PINSAFE_WATCH, pinsafe_watch, .reserved = 1);
	TRY(E2BIG, PINSAFE_WATCH, pinsafe_watch, .device_count = 257);
	TRY(E2BIG, PINSAFE_WATCH, pinsafe_watch, .cgroup_count = 4000000000);
	TRY(EFAULT, PINSAFE_WATCH, pinsafe_watch, .device_count = 1);
	TRY(EINVAL, PINSAFE_WATCH, pinsafe_watch, .device_count = 1, .devices = (uintptr_t)&device);
	TRY(EINVAL, PINSAFE_WATCH, pinsafe_watch, .device_count = 1, .devices = (uintptr_t)&big);
	TRY(EBADF, PINSAFE_WATCH, pinsafe_watch, .cgroup_count = 1, .cgroups = (uintptr_t)&cgroup);
	TRY(EINVAL, PINSAFE_WATCH, pinsafe_watch, .cgroup_count = 1, .cgroups = (uintptr_t)&flagless);
	TRY(EINVAL, PINSAFE_REARM, pinsafe_rearm, .pid = me, .reserved = 1);
	TRY(ENOENT, PINSAFE_REARM, pinsafe_rearm, .pid = me, .start_ticks = ticks);
	TRY(ESRCH, PINSAFE_REARM, pinsafe_rearm, .pid = me, .start_ticks = ticks + 1);
}

static int bad(int n, char **word)
{
	int me = getpid();
	__u64 ticks = start_ticks(me);
	struct pinsafe_event event;

	(void)n, (void)word;
	bad_holds(me, ticks);
	bad_cgroups();
	bad_watches(me, ticks);
	TRY(EINVAL, PINSAFE_SIGHT, pinsafe_sight, .pid = me, .flags = 4);
	TRY(ESRCH, PINSAFE_SIGHT, pinsafe_sight, .pid = me, .start_ticks = ticks + 1);
	TRY(E2BIG, PINSAFE_SIGHT, pinsafe_sight, .pid = me, .start_ticks = ticks, .node_count = 0);
	TRY(EFAULT, PINSAFE_SIGHT, pinsafe_sight, .pid = me, .start_ticks = ticks,
	    .node_count = MAX_NODES, .flags = PINSAFE_SIGHT_EXTRA);
	TRY(0, PINSAFE_HOLD, pinsafe_hold, .kind = 1, .pid = me, .start_ticks = ticks);
	TRY(EFAULT, PINSAFE_LIST, pinsafe_list, .capacity = 0xffffffff, .entries = 1);
	TRY(0, PINSAFE_RELEASE, pinsafe_release, .kind = 1, .pid = me, .start_ticks = ticks);
	tried("null pointers", null_pointers(), -EFAULT);
	tried("another size", call(_IOWR(PINSAFE_IOC, 0x02, char[47]), &event), -ENOTTY);
	tried("another number", call(_IOWR(PINSAFE_IOC, 0x7f, struct pinsafe_hold), &event), -ENOTTY);
	tried("a short read", read(dev, &event, sizeof(event) - 1) < 0 ? -errno : 0, -EINVAL);
	tried("a second open", open(PINSAFE_DEVICE, O_RDONLY | O_CLOEXEC) < 0 ? -errno : 0, -EBUSY);
	return 0;
}

static int pause_for(int n, char **word)
{
	return n == 2 && !usleep(atoi(word[1]) * 1000) ? 0 : -EDOM;
}

static int drop(int n, char **word)
{
	return n == 2 && !setuid(atoi(word[1])) ? 0 : -EDOM;
}

static int raw(int n, char **word)
{
	char room[4096] = "";

	return n == 2 ? call(strtoul(word[1], NULL, 0), room) : -EDOM;
}

static const struct {
	const char *name;
	int (*run)(int n, char **word);
} words[] = {
	{ "info", info }, { "counters", counters }, { "hold", hold },
	{ "release", release }, { "list", list }, { "watch", watch },
	{ "rearm", rearm }, { "sight", sight }, { "events", events },
	{ "bad", bad }, { "sleep", pause_for }, { "drop", drop }, { "raw", raw },
};

static int run(int n, char **word)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word[0], words[i].name))
			return words[i].run(n, word);
	return -EDOM;
}

static int run_all(int n, char **word)
{
	int i, r, first = 0;

	for (i = 0; i <= n; i++) {
		if (i < n && strcmp(word[i], ","))
			continue;
		r = i > first ? run(i - first, word + first) : 0;
		if (r) {
			printf("error %s %s\n", word[first], strerrorname_np(-r));
			return 1;
		}
		first = i + 1;
	}
	return 0;
}

/* Each line is obeyed as if given as arguments. */
static void obey(char *line)
{
	char *word[MAX_WORDS], *p;
	int n = 0;

	for (p = strtok(line, " \n"); p && n < MAX_WORDS; p = strtok(NULL, " \n"))
		word[n++] = p;
	if (n && !run_all(n, word))
		printf("done %s\n", word[0]);
}

static int serve(const char *path)
{
	char line[65536];
	FILE *file;

	mkfifo(path, 0600);
	file = fopen(path, "r+");
	if (!file)
		return 1;
	printf("ready\n");
	while (fgets(line, sizeof(line), file) && strcmp(line, "quit\n"))
		obey(line);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open(PINSAFE_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (dev < 0) {
		printf("error open %s\n", strerrorname_np(errno));
		return 1;
	}
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	return run_all(argc - 1, argv + 1);
}
