// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.numa_balancing for the whole host: bit 0 is cleared, bit 1 (tiering,
 * which scans too) is somebody's wish for slow memory and stays.  Where it is set
 * host-off is in force and does not help: the manager sees the sysctl, and its
 * proof says ineffective.  Documentation/admin-guide/sysctl/kernel.rst.
 *
 * A sysctl does not tell who wrote it.  Who writes the value that we wrote, tuned
 * or a sysctl.d file applied again, finds it undone when the last target ends.
 */
#include "daemon/act/act.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/setting.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define NAME		"kernel.numa_balancing"
#define PATH		"sys/kernel/numa_balancing"
#define NORMAL		1U	/* NUMA_BALANCING_NORMAL */

static int format_value(uint64_t value, char **ret_text)
{
	return asprintf(ret_text, "%u", (unsigned int)value) < 0 ? -ENOMEM : 0;
}

static int read_value(struct act_context *context, uint64_t *ret_value)
{
	int r = fs_read_u64(context->proc_fd, PATH, ret_value);

	if (r == -ENOENT) {	/* CONFIG_NUMA_BALANCING is off, or no NUMA */
		snprintf(context->why, sizeof(context->why), "no sysctl " NAME);
		return -EOPNOTSUPP;
	}
	return r < 0 ? r : ACT_DONE;
}

static int hostoff_find(struct act_context *context, const struct plan_item *item,
			struct wanted **ret_wanted, size_t *ret_n)
{
	struct wanted *wanted;
	uint64_t value;
	int r;

	if (item->id.kind != TARGET_HOST)
		return -EINVAL;
	r = read_value(context, &value);
	if (r < 0)
		return r;
	wanted = calloc(1, sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	wanted->name = strdup(NAME);
	if (!wanted->name || format_value(value & ~(uint64_t)NORMAL, &wanted->value) < 0) {
		free(wanted->name);
		free(wanted);
		return -ENOMEM;
	}
	*ret_wanted = wanted;
	*ret_n = 1;
	return 0;
}

static int hostoff_read(struct act_context *context, const struct target_id *id,
			const char *name, char **ret_value)
{
	uint64_t value;
	int r;

	(void)id;
	(void)name;
	r = read_value(context, &value);
	return r < 0 ? r : format_value(value, ret_value);
}

static int hostoff_write(struct act_context *context, const struct target_id *id,
			 const char *name, const char *value)
{
	_cleanup_(close) int fd = openat(context->proc_fd, PATH, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t length = strlen(value);
	ssize_t n;

	(void)id;
	(void)name;
	if (fd < 0)
		return -errno;
	n = write(fd, value, length);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? ACT_DONE : -EIO;
}

static const struct setting_ops ops = {
	.action = ACTION_HOST_OFF,
	.find = hostoff_find,
	.read = hostoff_read,
	.write = hostoff_write,
};

static int hostoff_apply(struct act_context *context, const struct plan_item *item)
{
	return setting_apply(context, &ops, item);
}

static int hostoff_undo(struct act_context *context, const struct target_id *id)
{
	return setting_undo(context, &ops, id);
}

static int hostoff_list(struct act_context *context, struct held **ret_held, size_t *ret_n)
{
	return setting_list(context, &ops, ret_held, ret_n);
}

const struct actuator hostoff_actuator = {
	.name = "host-off",
	.is_recorded = true,
	.apply = hostoff_apply,
	.undo = hostoff_undo,
	.list = hostoff_list,
};
