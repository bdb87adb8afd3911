// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/subject.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/tids.h"

#define STAT_SIZE 2048

/* Numbers of proc(5)'s stat fields that we read; 3 is the one behind comm. */
enum { STAT_STATE = 3, STAT_FLAGS = 9, STAT_START = 22 };

char *thread_format(const struct thread *thread)
{
	char *name;

	return asprintf(&name, "%d@%" PRIu64, thread->tid, thread->start_ticks) < 0 ? NULL : name;
}

static int parse_number(const char *text, uint64_t max, char end, uint64_t *ret)
{
	char *rest;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &rest, 10);
	return errno || *rest != end || *ret > max ? -EINVAL : 0;
}

int thread_parse(const char *name, struct thread *ret_thread)
{
	const char *at = strchr(name, '@');
	struct thread thread = { 0 };
	uint64_t tid;

	if (!at || parse_number(name, INT_MAX, '@', &tid) < 0 || tid == 0 ||
	    parse_number(at + 1, UINT64_MAX, '\0', &thread.start_ticks) < 0)
		return -EINVAL;
	thread.tid = (pid_t)tid;
	*ret_thread = thread;
	return 0;
}

static const char *find_field(const char *fields, int number)
{
	for (int n = STAT_STATE; n < number && *fields; n++) {
		fields += strcspn(fields, " ");
		fields += *fields == ' ';
	}
	return fields;
}

/* comm, which the process chooses, ends with the last ")". */
static int parse_stat(const char *text, struct thread *thread)
{
	const char *fields = strrchr(text, ')');
	uint64_t flags;

	if (!fields || fields[1] != ' ' || !fields[2])
		return -EINVAL;
	fields += 2;
	thread->state = *fields;
	if (parse_number(find_field(fields, STAT_FLAGS), UINT32_MAX, ' ', &flags) < 0)
		return -EINVAL;
	thread->flags = (unsigned int)flags;
	return parse_number(find_field(fields, STAT_START), UINT64_MAX, ' ',
			    &thread->start_ticks);
}

static bool is_gone(ssize_t error)
{
	return error == -ENOENT || error == -ESRCH;
}

int thread_read(int proc_fd, pid_t pid, pid_t tid, struct thread *ret_thread)
{
	struct thread thread = { .tid = tid };
	char path[48], text[STAT_SIZE];
	ssize_t n;
	int r;

	snprintf(path, sizeof(path), "%d/task/%d/stat", pid, tid);
	n = fs_read(proc_fd, path, text, sizeof(text));
	if (n < 0)
		return is_gone(n) ? ACT_GONE : (int)n;
	r = parse_stat(text, &thread);
	if (r == 0)
		*ret_thread = thread;
	return r;
}

int thread_check(int proc_fd, pid_t pid, const struct thread *thread)
{
	struct thread now;
	int r;

	r = thread_read(proc_fd, pid, thread->tid, &now);
	if (r != 0)
		return r;
	return now.start_ticks == thread->start_ticks ? 0 : ACT_GONE;
}

/* ---- all of them ---------------------------------------------------------- */

static int add_name(struct wanted_list *names, const struct thread *thread)
{
	struct wanted *longer;
	char *name;

	longer = reallocarray(names->list, names->n + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	names->list = longer;
	name = thread_format(thread);
	if (!name)
		return -ENOMEM;
	longer[names->n++] = (struct wanted){ .name = name };
	return 0;
}

static int add_thread(int proc_fd, pid_t pid, pid_t tid,
		      bool (*is_meant)(const struct thread *thread), struct wanted_list *names)
{
	struct thread thread;
	int r;

	r = thread_read(proc_fd, pid, tid, &thread);
	if (r != 0)
		return r == ACT_GONE ? 0 : r;
	if (!thread_is_alive(&thread) || (is_meant && !is_meant(&thread)))
		return 0;
	return add_name(names, &thread);
}

int thread_names(int proc_fd, struct process_id process,
		 bool (*is_meant)(const struct thread *thread),
		 struct wanted **ret_names, size_t *ret_n)
{
	const struct thread leader = { .tid = process.pid, .start_ticks = process.start_ticks };
	_cleanup_(wanted_list_done) struct wanted_list names = { 0 };
	_cleanup_(free) pid_t *tids = NULL;
	char path[32];
	size_t n;
	int r;

	snprintf(path, sizeof(path), "%d/task", process.pid);
	r = tids_read(proc_fd, path, &tids, &n);
	if (r < 0)
		return is_gone(r) ? ACT_GONE : r;
	for (size_t i = 0; i < n; i++) {
		r = add_thread(proc_fd, process.pid, tids[i], is_meant, &names);
		if (r < 0)
			return r;
	}
	/* last: the folder was that of this process all the time */
	r = thread_check(proc_fd, process.pid, &leader);
	if (r != 0)
		return r;
	*ret_names = take_ptr(names.list);
	*ret_n = names.n;
	names.n = 0;
	return 0;
}
