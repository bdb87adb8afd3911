// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * targets.c - a sorted array of pointers
 *
 * Pointers, because epoll and callers keep them while the array moves.  A
 * pidfd is opened after the row's start time was seen in /proc, and a pid can
 * be reused in between; the caller looks at the process afterwards anyway, and
 * a wrong pidfd costs one early exit message, never a wrong action: actions
 * check identity themselves.
 */
#include "daemon/targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/sorted.h"

int targets_init(struct targets *targets, bool watch_exits)
{
	*targets = (struct targets){ .exit_fd = -1 };
	if (!watch_exits)
		return 0;
	targets->exit_fd = epoll_create1(EPOLL_CLOEXEC);
	return targets->exit_fd < 0 ? -errno : 0;
}

static void target_free(struct target *row)
{
	if (row->pidfd >= 0)
		close(row->pidfd);
	target_id_done(&row->id);
	process_facts_done(&row->facts);
	pin_walk_done(&row->walk);
	free(row->policy);
	free(row->cpus);
	free(row->mems);
	free(row->reason);
	free(row);
}

DEFINE_CLEANUP(struct target, target_free);

void targets_done(struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		target_free(targets->rows[i]);
	free(targets->rows);
	if (targets->exit_fd >= 0)
		close(targets->exit_fd);
	*targets = (struct targets){ .exit_fd = -1 };
}

static int compare_row(const void *key, const void *element)
{
	const struct target *const *row = element;

	return target_id_compare(key, &(*row)->id);
}

/* Where id is, or would be. */
static size_t find_place(const struct targets *targets, const struct target_id *id,
			 bool *ret_found)
{
	return sorted_find(id, targets->rows, targets->n, sizeof(*targets->rows), compare_row,
			   ret_found);
}

struct target *targets_find(const struct targets *targets, const struct target_id *id)
{
	bool found;
	size_t place = find_place(targets, id, &found);

	return found ? targets->rows[place] : NULL;
}

struct target *targets_find_process(const struct targets *targets, struct process_id id)
{
	struct target_id key = target_id_of_process(id);

	return targets_find(targets, &key);
}

/* No process starts before the first tick. */
size_t targets_find_pid(const struct targets *targets, pid_t pid)
{
	struct target_id first = target_id_of_process((struct process_id){ pid, 0 });
	bool found;

	return find_place(targets, &first, &found);
}

static int make_room(struct targets *targets)
{
	size_t capacity = targets->capacity ? targets->capacity * 2 : 16;
	struct target **rows;

	if (targets->n < targets->capacity)
		return 0;
	rows = realloc(targets->rows, capacity * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	targets->rows = rows;
	targets->capacity = capacity;
	return 0;
}

bool target_is_unwatched(const struct targets *targets, const struct target *row)
{
	return targets->exit_fd >= 0 && row->id.kind == TARGET_PROCESS && row->pidfd < 0;
}

/* The lowest free number is given out, so one this high tells that few are left. */
static bool is_to_be_spared(int fd)
{
	struct rlimit limit;
	rlim_t spare;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	spare = limit.rlim_cur / 4;
	if (spare > TARGETS_SPARE_FDS)
		spare = TARGETS_SPARE_FDS;
	return (rlim_t)fd >= limit.rlim_cur - spare;
}

/* 0 also where no pidfd can be had: the row is unwatched.  1: gone now. */
static int watch_exit(struct targets *targets, struct target *row)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = row };

	if (!target_is_unwatched(targets, row))
		return 0;
	row->pidfd = (int)syscall(SYS_pidfd_open, row->id.process.pid, 0);
	if (row->pidfd < 0)
		return errno == ESRCH ? 1 : 0;
	if (is_to_be_spared(row->pidfd) ||
	    epoll_ctl(targets->exit_fd, EPOLL_CTL_ADD, row->pidfd, &event) < 0)
		close(take_fd(&row->pidfd));
	return 0;
}

static int watch_again(struct targets *targets, struct target *row)
{
	int r;

	if (!target_is_unwatched(targets, row))
		return 0;
	r = watch_exit(targets, row);
	targets->n_unwatched -= !target_is_unwatched(targets, row);
	return r;
}

int targets_add(struct targets *targets, const struct target_id *id, struct target **ret_row)
{
	_cleanup_(target_free) struct target *row = NULL;
	bool found;
	size_t place = find_place(targets, id, &found);
	int r;

	*ret_row = found ? targets->rows[place] : NULL;
	if (found)
		return watch_again(targets, *ret_row);
	row = calloc(1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->pidfd = -1;
	r = target_id_copy(id, &row->id);
	if (r < 0)
		return r;
	r = make_room(targets);
	if (r < 0)
		return r;
	r = watch_exit(targets, row);
	if (r != 0)
		return r;

	memmove(&targets->rows[place + 1], &targets->rows[place],
		(targets->n - place) * sizeof(struct target *));
	targets->rows[place] = row;
	targets->n++;
	targets->n_unwatched += target_is_unwatched(targets, row);
	*ret_row = take_ptr(row);
	return 0;
}

void targets_drop(struct targets *targets, struct target *row)
{
	bool found;
	size_t place = find_place(targets, &row->id, &found);

	targets->n--;
	targets->n_unwatched -= target_is_unwatched(targets, row);
	memmove(&targets->rows[place], &targets->rows[place + 1],
		(targets->n - place) * sizeof(struct target *));
	target_free(row);
}

size_t targets_read_exits(struct targets *targets, struct process_id *ids, size_t room)
{
	struct epoll_event events[32];
	size_t n = 0;

	while (targets->exit_fd >= 0 && n < room) {
		size_t want = room - n < 32 ? room - n : 32;
		int got = epoll_wait(targets->exit_fd, events, (int)want, 0);

		for (int i = 0; i < got; i++)
			ids[n++] = ((struct target *)events[i].data.ptr)->id.process;
		if (got < (int)want)
			break;
	}
	return n;
}

bool target_is_in_cgroup(const struct target *row, const char *cgroup)
{
	const char *own = row->facts.cgroup;
	size_t length;

	if (row->id.kind != TARGET_PROCESS || !own || !cgroup)
		return false;
	length = strlen(cgroup);
	if (length > 0 && cgroup[length - 1] == '/')	/* the root */
		length--;
	return strncmp(own, cgroup, length) == 0 && (own[length] == '\0' || own[length] == '/');
}

bool target_is_exposed(const struct target *row)
{
	return row->id.kind == TARGET_PROCESS && row->shown.risk != RISK_NONE &&
	       row->shown.scanned == SCANNED_YES &&
	       (row->shown.applied == ACTION_NONE || row->shown.proof == PROOF_INEFFECTIVE);
}

const char *target_state_name(const struct target *row)
{
	if (row->shown.is_held)
		return row->shown.is_draining ? "draining" : "held";
	if (row->shown.applied != ACTION_NONE)
		return "applied";
	return row->shown.is_released ? "released" : "watched";
}
