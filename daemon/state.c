// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "daemon/act/act.h"
#include "daemon/base/fs.h"
#include "daemon/base/sorted.h"
#include "daemon/drift.h"
#include "daemon/sense/cgroup.h"
#include "daemon/sense/helper.h"
#include "daemon/sense/kernel.h"
#include "daemon/sense/topology.h"
#include "daemon/stock.h"

/* Is this the kernel's own /proc, or a recorded tree? */
static bool is_live(int proc_fd)
{
	struct statfs fs;

	return fstatfs(proc_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Without cgroup v2 the daemon works by process. */
static int open_cgroups(struct state *state)
{
	bool is_hybrid;

	state->cgroup_fd = cgroup_open(state->sys_fd, "/");
	is_hybrid = faccessat(state->sys_fd, "fs/cgroup/cgroup.controllers", F_OK, 0) < 0;
	if (asprintf(&state->cgroup_path, "%s/fs/cgroup%s", state->options->sys_root,
		     is_hybrid ? "/unified" : "") < 0) {
		state->cgroup_path = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int open_roots(struct state *state, const char **ret_what)
{
	const struct options *options = state->options;
	const struct {
		const char *path;
		int *fd;
	} roots[] = {
		{ options->proc_root, &state->proc_fd },
		{ options->sys_root, &state->sys_fd },
		{ options->dev_root, &state->dev_fd },
	};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		*ret_what = roots[i].path;
		*roots[i].fd = fs_open_dir(AT_FDCWD, roots[i].path);
		if (*roots[i].fd < 0)
			return *roots[i].fd;
	}
	state->has_live_proc = is_live(state->proc_fd);
	return open_cgroups(state);
}

static int open_ledger(struct state *state)
{
	char boot_id[37] = "00000000-0000-0000-0000-000000000000";
	_cleanup_(close) int dir_fd = -1;

	if (mkdir(state->options->runtime_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	dir_fd = fs_open_dir(AT_FDCWD, state->options->runtime_dir);
	if (dir_fd < 0)
		return dir_fd;
	/* A recorded tree may lack one; all its ledgers are then of one boot. */
	(void)kernel_read_boot_id(state->proc_fd, boot_id);
	return ledger_open(dir_fd, boot_id, &state->ledger);
}

static int open_watches(struct state *state)
{
	struct watch_roots roots = {
		.dev_fd = state->dev_fd,
		.cgroup_fd = state->host.has_cgroup2 ? state->cgroup_fd : -1,
		.cgroup_path = state->cgroup_path,
		.device = state->options->device,
	};

	return watch_new(&roots, &state->watch);
}

int state_open(struct state *state, const struct options *options, const char **ret_what)
{
	int r;

	*state = (struct state){
		.options = options,
		.proc_fd = -1,
		.sys_fd = -1,
		.dev_fd = -1,
		.cgroup_fd = -1,
		.helper_fd = -1,
		.targets.exit_fd = -1,
	};
	config_init(&state->config);
	r = open_roots(state, ret_what);
	if (r < 0)
		return r;
	*ret_what = "the host's topology";
	r = topology_load(state->sys_fd, &state->host);
	if (r < 0)
		return r;
	*ret_what = "the kernel's version";
	r = kernel_load(state->proc_fd, state->sys_fd, &state->host);
	if (r < 0)
		return r;
	r = open_ledger(state);
	*ret_what = r == -EBUSY ? "another pinsafed works here" : options->runtime_dir;
	if (r < 0)
		return r;
	drift_begin(state);
	*ret_what = "inotify and epoll";
	r = targets_init(&state->targets, state->has_live_proc);
	if (r < 0)
		return r;
	return open_watches(state);
}

void state_done(struct state *state)
{
	for (size_t i = 0; i < state->dirty.n; i++)
		free(state->dirty.list[i].driver);
	free(state->dirty.list);
	free(state->survey.pids);
	targets_done(&state->targets);
	status_done(&state->status);
	opens_free(state->opens);
	watch_free(state->watch);
	held_free(state->holds.list, state->holds.n);
	held_free(state->settings.list, state->settings.n);
	setbacks_done(&state->setbacks);
	stock_drop_cgroups(state);
	ledger_free(state->ledger);
	config_done(&state->config);
	host_facts_done(&state->host);
	free(state->cgroup_path);
	close_p(&state->helper_fd);
	close_p(&state->cgroup_fd);
	close_p(&state->dev_fd);
	close_p(&state->sys_fd);
	close_p(&state->proc_fd);
}

/* Takes the place of what the host facts said of the module before. */
static int note_missing(struct host_facts *host, const char *why)
{
	char *text = strdup(why);

	if (!text)
		return -ENOMEM;
	free(host->module_missing);
	host->module_missing = text;
	host->has_module = false;
	return 0;
}

int state_open_helper(struct state *state, int kept_fd)
{
	_cleanup_(close) int fd = kept_fd >= 0 ? kept_fd : helper_open(state->options->device);
	int r = fd;

	if (r >= 0)
		r = helper_load(fd, &state->host);
	if (r < 0) {
		(void)note_missing(&state->host, helper_explain(r));
		return r;
	}
	state->helper_fd = take_fd(&fd);
	state->is_armed = state->host.module_armed & PINSAFE_FEATURE_HOLD;
	state->are_targets_due = true;
	state->is_watch_due = true;
	return 0;
}

bool state_has_sight(const struct state *state)
{
	return state->helper_fd >= 0 &&
	       (state->host.module_features & PINSAFE_FEATURE_SIGHT);
}

bool state_hears_opens(const struct state *state)
{
	return !state->opens_missing && !state->are_marks_missing;
}

void state_refresh_balancing(struct state *state)
{
	int balancing = kernel_read_balancing(state->proc_fd);

	/* Out of descriptors is not "changed by somebody". */
	if (balancing != KERNEL_BALANCING_UNREAD)
		state->host.balancing = balancing;
}

void state_refresh_pins(struct state *state)
{
	if (state->host.has_pin_counters)
		(void)topology_read_pins(state->sys_fd, &state->host.pins_acquired,
					 &state->host.pins_released);
}

/* Yama's 3 forbids it to everybody until the next boot. */
static bool can_trace(const struct state *state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t yama = 0;

	(void)fs_read_u64(state->proc_fd, "sys/kernel/yama/ptrace_scope", &yama);
	return yama < 3 && syscall(SYS_capget, &header, data) == 0 &&
	       data[0].effective & (1U << CAP_SYS_PTRACE);
}

/* sd_booted(3), below another root. */
static bool has_systemd(const struct state *state)
{
	_cleanup_(close) int root_fd = fs_open_dir(AT_FDCWD, state->options->fs_root);

	return state->units && root_fd >= 0 &&
	       faccessat(root_fd, "run/systemd/system", F_OK, 0) == 0;
}

void state_refresh_rights(struct state *state)
{
	state->host.can_trace = can_trace(state);
	state->host.has_systemd = has_systemd(state);
}

static int compare_dirty(const void *key, const void *element)
{
	const struct dirty_process *dirty = element;
	pid_t pid = *(const pid_t *)key;

	return (pid > dirty->id.pid) - (pid < dirty->id.pid);
}

/* Where pid is in the sorted list, or would be. */
static size_t find_dirty(const struct dirty *dirty, pid_t pid, bool *ret_found)
{
	return sorted_find(&pid, dirty->list, dirty->n, sizeof(*dirty->list), compare_dirty,
			   ret_found);
}

static struct dirty_process *insert_dirty(struct dirty *dirty, size_t place)
{
	if (dirty->n == dirty->capacity) {
		size_t capacity = dirty->capacity ? dirty->capacity * 2 : 32;
		struct dirty_process *list = realloc(dirty->list, capacity * sizeof(*list));

		if (!list)
			return NULL;
		dirty->list = list;
		dirty->capacity = capacity;
	}
	memmove(&dirty->list[place + 1], &dirty->list[place],
		(dirty->n - place) * sizeof(*dirty->list));
	dirty->n++;
	dirty->list[place] = (struct dirty_process){ 0 };
	return &dirty->list[place];
}

void state_mark(struct state *state, struct process_id id, enum ring ring, const char *driver)
{
	struct dirty *dirty = &state->dirty;
	bool found;
	size_t place = find_dirty(dirty, id.pid, &found);
	struct dirty_process *entry;

	entry = found ? &dirty->list[place] : insert_dirty(dirty, place);
	if (!entry) {
		state->is_sweep_due = true;
		return;
	}
	dirty->n_rung -= entry->ring == RING_PIN;
	/* The later event names the process that has the pid now. */
	if (id.start_ticks && entry->id.start_ticks != id.start_ticks)
		entry->ring = RING_NONE;
	entry->id.pid = id.pid;
	if (id.start_ticks)
		entry->id.start_ticks = id.start_ticks;
	if (entry->ring < ring)
		entry->ring = ring;
	dirty->n_rung += entry->ring == RING_PIN;
	if (driver && driver[0] && !entry->driver)
		entry->driver = strdup(driver);
}

void state_mark_targets(struct state *state)
{
	for (size_t i = 0; i < state->targets.n; i++) {
		struct target *row = state->targets.rows[i];

		if (row->id.kind == TARGET_PROCESS)
			state_mark(state, row->id.process, RING_NONE, NULL);
	}
	state->are_targets_due = true;
}

/* From the cursor on, round the end; there is one. */
static size_t find_next(const struct dirty *dirty)
{
	bool found;
	size_t place = find_dirty(dirty, dirty->next, &found);

	for (size_t i = 0; dirty->n_rung > 0 && i < dirty->n; i++) {
		if (dirty->list[(place + i) % dirty->n].ring == RING_PIN)
			return (place + i) % dirty->n;
	}
	return place < dirty->n ? place : 0;
}

bool state_take_dirty(struct state *state, struct dirty_process *ret_dirty)
{
	struct dirty *dirty = &state->dirty;
	struct dirty_process *next;

	if (dirty->n == 0)
		return false;
	next = &dirty->list[find_next(dirty)];
	*ret_dirty = *next;
	dirty->n--;
	dirty->n_rung -= ret_dirty->ring == RING_PIN;
	memmove(next, next + 1, (size_t)(dirty->list + dirty->n - next) * sizeof(*next));
	dirty->next = ret_dirty->id.pid + 1;
	/* A sweep of a large host leaves a large array; do not keep it. */
	if (dirty->n == 0 && dirty->capacity > 256) {
		free(take_ptr(dirty->list));
		dirty->capacity = 0;
	}
	return true;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t state_now_usec(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t state_clock_usec(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static bool is_due(uint64_t at_usec, uint64_t now_usec)
{
	return at_usec && at_usec <= now_usec;
}

uint64_t state_next_usec(const struct state *state)
{
	uint64_t next = time_earlier(state->decide_usec, state->look_usec);

	next = time_earlier(next, setbacks_next_usec(&state->setbacks));
	next = time_earlier(next, time_earlier(state->drift_usec, state->metrics_usec));
	if (state->dirty.n > 0)
		next = time_earlier(next, state->dirty.wait_usec);
	if (state->targets.n_unwatched > 0)
		next = time_earlier(next, state->unwatched_usec);
	next = time_earlier(next, state->strangers_usec);
	return time_earlier(next, time_earlier(state->sweep_usec, state->targets.again_usec));
}

bool state_has_work(const struct state *state, uint64_t now_usec)
{
	bool can_look = state->dirty.n > 0 && state->dirty.wait_usec <= now_usec;

	return can_look || state->survey.next < state->survey.n ||
	       state->is_sweep_due || state->are_nodes_due || state->is_watch_due ||
	       state->are_targets_due || is_due(state_next_usec(state), now_usec);
}
