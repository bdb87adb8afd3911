// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mempolicy/task.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/tids.h"

#define STAT_SIZE 2048

/* 65,536 supplementary groups fill most of this. */
#define STATUS_MAX (2U << 20)

/* Hardly more than address and policy: read(2) goes on making records while its
 * buffer has room. */
#define RECORD_HEAD_SIZE 42

/* Fields of proc(5)'s stat behind comm, the first being the state. */
#define SKIP_TO_FLAGS	6
#define SKIP_TO_START	19

/* include/linux/sched.h.  0x10 and 0x4000 have these meanings from 5.12 and 6.4;
 * before that no process with code of its own had them. */
#define PF_IO_WORKER	0x00000010
#define PF_USER_WORKER	0x00004000
#define PF_KTHREAD	0x00200000

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#define NATIVE_MACHINE EM_NONE
#endif

static int as_gone(int r)
{
	return r == -ENOENT ? -ESRCH : r;
}

static int parse_stat(const char *text, struct task_facts *facts)
{
	const char *field = strrchr(text, ')');
	unsigned long flags;

	if (!field || field[1] != ' ' || !field[2])
		return -EINVAL;
	field += 2;
	facts->state = *field;
	for (int i = 0; i < SKIP_TO_FLAGS && field; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -EINVAL;
	flags = strtoul(field, NULL, 10);
	facts->is_kernel = flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER);
	for (int i = SKIP_TO_FLAGS; i < SKIP_TO_START && field; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -EINVAL;
	facts->start_ticks = strtoull(field, NULL, 10);
	return 0;
}

/* A kernel without seccomp has no such line. */
static int parse_status(const char *text, struct task_facts *facts)
{
	uint64_t tracer, seccomp = 0;
	int r;

	r = fs_find_u64(text, "TracerPid", &tracer);
	if (r < 0)
		return r;
	r = fs_find_u64(text, "Seccomp", &seccomp);
	if (r < 0 && r != -ENOENT)
		return r;
	facts->is_traced = tracer != 0;
	facts->is_filtered = seccomp != 0;
	return 0;
}

int task_read(int pid_fd, pid_t tid, struct task_facts *ret_facts)
{
	struct task_facts facts = { 0 };
	_cleanup_(free) char *status = NULL;
	char path[64], stat[STAT_SIZE];
	ssize_t len;
	int r;

	snprintf(path, sizeof(path), "task/%d/stat", tid);
	len = fs_read(pid_fd, path, stat, sizeof(stat));
	if (len < 0)
		return as_gone((int)len);
	r = parse_stat(stat, &facts);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "task/%d/status", tid);
	len = fs_read_all(pid_fd, path, STATUS_MAX, &status);
	if (len < 0)
		return as_gone((int)len);
	r = parse_status(status, &facts);
	if (r == 0)
		*ret_facts = facts;
	return r;
}

bool task_exists(int pid_fd, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "task/%d", tid);
	return faccessat(pid_fd, path, F_OK, 0) == 0;
}

/* A mapping without pages has nothing behind its policy. */
static bool is_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && strchr(" \n", text[length]);
}

/* No text: no mappings, so a thread that is ending. */
int task_read_policy(int pid_fd, pid_t tid, enum task_policy *ret_policy)
{
	char path[64], text[RECORD_HEAD_SIZE];
	const char *policy;
	ssize_t len;

	snprintf(path, sizeof(path), "task/%d/numa_maps", tid);
	len = fs_read_head(pid_fd, path, text, sizeof(text));
	if (len == -ENOENT && task_exists(pid_fd, tid))
		return -ENOENT;
	if (len <= 0)
		return len < 0 ? as_gone((int)len) : -ESRCH;
	policy = strchr(text, ' ');
	if (!policy)
		return -EINVAL;
	if (is_word(policy + 1, "default"))
		*ret_policy = TASK_POLICY_DEFAULT;
	else if (is_word(policy + 1, "local"))
		*ret_policy = TASK_POLICY_LOCAL;
	else
		*ret_policy = TASK_POLICY_OTHER;
	return 0;
}

int task_list(int pid_fd, pid_t **ret_tids, size_t *ret_n)
{
	_cleanup_(free) pid_t *tids = NULL;
	size_t n;
	int r;

	r = tids_read(pid_fd, "task", &tids, &n);
	if (r < 0)
		return as_gone(r);
	if (n == 0)
		return -ESRCH;
	*ret_tids = take_ptr(tids);
	*ret_n = n;
	return 0;
}

int task_is_native(int pid_fd)
{
	unsigned char head[EI_NIDENT + sizeof(Elf64_Half) * 2 + 1];
	Elf64_Half machine;
	ssize_t len;

	len = fs_read_head(pid_fd, "exe", (char *)head, sizeof(head));
	if (len == -EACCES)
		return -EPERM;
	if (len < 0)
		return as_gone((int)len);
	if ((size_t)len < sizeof(head) - 1 || memcmp(head, ELFMAG, SELFMAG) != 0)
		return 0;
	memcpy(&machine, head + offsetof(Elf64_Ehdr, e_machine), sizeof(machine));
	return head[EI_CLASS] == ELFCLASS64 && machine == NATIVE_MACHINE;
}
