// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/threads.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/sense/proc-text.h"

/* Most processes show the answer in their first thread; who needs them all to
 * agree has this many looked at, at about 10 us each. */
#define MAX_THREADS 1024

#define STAT_SIZE 2048

/* Each record of numa_maps walks the page tables of its mapping, and read(2)
 * goes on making records while its buffer has room: so hardly more room than
 * the shortest record, and enough for address and policy. */
#define RECORD_HEAD_SIZE 42

#ifndef SCHED_EXT
#define SCHED_EXT 7
#endif

/* Not of the fair class: task_tick_fair() never runs for it. */
static bool is_unfair(unsigned int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE ||
	       policy == SCHED_EXT;
}

/* What a thread says to a question; one that has ended says nothing. */
enum answer { GONE, NO, YES };

static enum answer is_realtime(int task_fd, const char *tid)
{
	char path[NAME_MAX + sizeof("/stat")], text[STAT_SIZE];
	struct proc_stat stat;

	snprintf(path, sizeof(path), "%s/stat", tid);
	if (fs_read(task_fd, path, text, sizeof(text)) < 0)
		return GONE;
	return proc_parse_stat(text, &stat) == 0 && is_unfair(stat.policy) ? YES : NO;
}

static enum answer read_policy(int task_fd, const char *path)
{
	char text[RECORD_HEAD_SIZE];

	if (fs_read_head(task_fd, path, text, sizeof(text)) <= 0)
		return GONE;
	return proc_parse_own_policy(text) ? YES : NO;
}

/* A thread that ends loses its memory first and its policy then: opened before
 * that and read after it, the file shows the default once, and no more. */
static enum answer has_own_policy(int task_fd, const char *tid)
{
	char path[NAME_MAX + sizeof("/numa_maps")];
	enum answer answer;

	snprintf(path, sizeof(path), "%s/numa_maps", tid);
	answer = read_policy(task_fd, path);
	return answer == NO ? read_policy(task_fd, path) : answer;
}

struct poll {
	bool yes, no;
};

static void count(struct poll *poll, enum answer answer)
{
	poll->yes |= answer == YES;
	poll->no |= answer == NO;
}

int threads_read(int pid_fd, bool *ret_is_realtime, bool *ret_has_own_policy)
{
	struct poll realtime = { 0 }, own_policy = { 0 };
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	unsigned int n = 0;
	int r;

	r = fs_open_dir_stream(pid_fd, "task", &dir);
	if (r < 0)
		return r;
	while (!(realtime.no && own_policy.no) && (entry = fs_next_entry(dir))) {
		if (++n > MAX_THREADS)
			break;
		if (!realtime.no)
			count(&realtime, is_realtime(dirfd(dir), entry->d_name));
		if (!own_policy.no)
			count(&own_policy, has_own_policy(dirfd(dir), entry->d_name));
	}
	*ret_is_realtime = realtime.yes && !realtime.no && n <= MAX_THREADS;
	*ret_has_own_policy = own_policy.yes && !own_policy.no && n <= MAX_THREADS;
	return 0;
}
