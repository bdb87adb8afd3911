/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake-settings.h - a process whose threads have a setting each, in memory
 *
 * The memory is shared with children, and a child may be told to die at its nth
 * step: before or after a change, or at a system call by which the ledger gets
 * onto disk, half of which is done by then.  That is a daemon killed anywhere.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/act/setting.h"
#include "daemon/base/cleanup.h"

#define FAKE_MAX	64
#define FAKE_TEXT	24
#define FAKE_KILLED	42	/* exit status */

enum fake_owner {
	FAKE_NOBODY,		/* as it was, or as somebody made it before us */
	FAKE_OURS,
	FAKE_FOREIGN,		/* somebody changed it after us */
};

struct fake_thread {
	bool is_alive;
	char name[FAKE_TEXT];
	char value[FAKE_TEXT];
	char natural[FAKE_TEXT];	/* where undo has to lead */
	enum fake_owner owner;
};

struct fake_settings {
	struct fake_thread threads[FAKE_MAX];
	size_t n;
	unsigned int steps_left;	/* 0: no end */
	unsigned int steps;
	unsigned int writes;
	unsigned int overwritten;	/* somebody else's values */
	unsigned int forgotten;
	int births;			/* one in so many writes; 0: none */
	const char *stuck;		/* this one does not take values, and says: */
	int stuck_result;
	int read_error, write_error;
};

static struct fake_settings *fake;

static void fake_step(void)
{
	fake->steps++;
	if (fake->steps_left && --fake->steps_left == 0)
		_exit(FAKE_KILLED);
}

/* ---- the C library's, for the ledger ---------------------------------------- */

ssize_t write(int fd, const void *data, size_t size)
{
	if (fake && fake->steps_left == 1)
		syscall(SYS_write, fd, data, size / 2);
	if (fake)
		fake_step();
	return syscall(SYS_write, fd, data, size);
}

int fdatasync(int fd)
{
	if (fake)
		fake_step();
	return (int)syscall(SYS_fdatasync, fd);
}

int renameat(int old_fd, const char *old, int new_fd, const char *new)
{
	if (fake)
		fake_step();
	return (int)syscall(SYS_renameat2, old_fd, old, new_fd, new, 0);
}

/* ---- the process ------------------------------------------------------------ */

static void fake_reset(void)
{
	if (!fake)
		fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(fake != MAP_FAILED);
	memset(fake, 0, sizeof(*fake));
}

static struct fake_thread *fake_find(const char *name)
{
	for (size_t i = 0; i < fake->n; i++) {
		if (fake->threads[i].is_alive && strcmp(fake->threads[i].name, name) == 0)
			return &fake->threads[i];
	}
	return NULL;
}

/* The first is the leader of process 100. */
static struct fake_thread *fake_add(const char *value)
{
	struct fake_thread *thread = &fake->threads[fake->n];

	assert_true(fake->n < FAKE_MAX);
	*thread = (struct fake_thread){ .is_alive = true };
	snprintf(thread->name, sizeof(thread->name), "%zu@%zu", 100 + fake->n, 1000 + fake->n);
	snprintf(thread->value, sizeof(thread->value), "%s", value);
	snprintf(thread->natural, sizeof(thread->natural), "%s", value);
	fake->n++;
	return thread;
}

/* A thread has what its maker has; ours is undone to what the first had. */
static void fake_bear(const struct fake_thread *maker)
{
	struct fake_thread *born;

	if (fake->n == FAKE_MAX)
		return;
	born = fake_add(maker->value);
	if (maker->owner != FAKE_OURS)
		return;
	born->owner = FAKE_OURS;
	memcpy(born->natural, fake->threads[0].natural, sizeof(born->natural));
}

/* Any of those alive; the first is, while there are others. */
static struct fake_thread *fake_pick(void)
{
	struct fake_thread *thread = &fake->threads[(size_t)random() % fake->n];

	return thread->is_alive ? thread : &fake->threads[0];
}

static void fake_change(struct fake_thread *thread, const char *value)
{
	bool was_ours = thread->owner == FAKE_OURS;

	snprintf(thread->value, sizeof(thread->value), "%s", value);
	if (was_ours)
		thread->owner = FAKE_FOREIGN;
	if (thread->owner == FAKE_NOBODY)
		memcpy(thread->natural, thread->value, sizeof(thread->natural));
}

/* ---- operations ------------------------------------------------------------- */

static int fake_list(const char *value, struct wanted **ret_wanted, size_t *ret_n)
{
	struct wanted *wanted = calloc(FAKE_MAX, sizeof(*wanted));
	size_t n = 0;

	for (size_t i = 0; i < fake->n; i++) {
		if (!fake->threads[i].is_alive)
			continue;
		wanted[n].name = strdup(fake->threads[i].name);
		wanted[n++].value = value ? strdup(value) : NULL;
	}
	if (n == 0) {
		free(wanted);
		return ACT_GONE;
	}
	*ret_wanted = wanted;
	*ret_n = n;
	return 0;
}

static int fake_find_wanted(struct act_context *context, const struct plan_item *item,
			    struct wanted **ret_wanted, size_t *ret_n)
{
	(void)context;
	return fake_list(item->cpus, ret_wanted, ret_n);
}

static int fake_names(struct act_context *context, const struct target_id *id,
		      struct wanted **ret_names, size_t *ret_n)
{
	(void)context;
	(void)id;
	return fake_list(NULL, ret_names, ret_n);
}

static int fake_read(struct act_context *context, const struct target_id *id,
		     const char *name, char **ret_value)
{
	const struct fake_thread *thread = fake_find(name);

	(void)context;
	(void)id;
	if (fake->read_error)
		return fake->read_error;
	if (!thread)
		return ACT_GONE;
	*ret_value = strdup(thread->value);
	return ACT_DONE;
}

static int fake_write(struct act_context *context, const struct target_id *id,
		      const char *name, const char *value)
{
	struct fake_thread *thread = fake_find(name);

	(void)context;
	(void)id;
	fake_step();
	if (!thread)
		return ACT_GONE;
	if (fake->write_error)
		return fake->write_error;
	fake->overwritten += thread->owner == FAKE_FOREIGN;
	fake->writes++;
	if (fake->stuck && strcmp(fake->stuck, name) == 0)
		return fake->stuck_result;
	snprintf(thread->value, sizeof(thread->value), "%s", value);
	thread->owner = strcmp(value, thread->natural) == 0 ? FAKE_NOBODY : FAKE_OURS;
	if (fake->births && random() % fake->births == 0)
		fake_bear(fake_pick());
	fake_step();
	return ACT_DONE;
}

static int fake_forget(struct act_context *context, const struct target_id *id,
		       const char *name)
{
	(void)context;
	(void)id;
	(void)name;
	fake->forgotten++;
	return ACT_DONE;
}

static const struct setting_ops fake_ops = {
	.action = ACTION_BIND,
	.find = fake_find_wanted,
	.read = fake_read,
	.write = fake_write,
	.names = fake_names,
	.forget = fake_forget,
};
