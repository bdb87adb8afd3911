// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/sysfile.h"

#define UNIT_MAX	255	/* UNIT_NAME_MAX of systemd */
#define PID_MAX		4194304	/* PID_MAX_LIMIT of the kernel */

void target_done(struct target *target)
{
	free(target->cgroup);
	free(target->unit);
	*target = (struct target){ 0 };
}

/* Digits only: no sign, no blank, no "0x". */
static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static int parse_pid(const char *text, struct target *target, const char **ret_why)
{
	unsigned long long pid;

	*ret_why = "a process id is a number from 1 to 4194304";
	if (!is_number(text))
		return -EINVAL;
	errno = 0;
	pid = strtoull(text, NULL, 10);
	if (errno != 0 || pid == 0 || pid > PID_MAX)
		return -EINVAL;
	target->form = TARGET_FORM_PID;
	target->pid = (uint32_t)pid;
	return 0;
}

/* "." and ".." and empty names do not stand in a cgroup's path. */
static bool is_cgroup_name(const char *name, size_t len)
{
	if (len == 0)
		return false;
	return !(len == 1 && name[0] == '.') &&
	       !(len == 2 && name[0] == '.' && name[1] == '.');
}

static bool is_cgroup_path(const char *path)
{
	while (*path == '/') {
		size_t len = strcspn(path + 1, "/");

		if (!is_cgroup_name(path + 1, len))
			return false;
		path += 1 + len;
	}
	return *path == '\0';
}

/* Past the root where the path lies below it. */
static const char *skip_root(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (strncmp(path, root, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return path;
	return path + len;
}

static int parse_cgroup(const char *text, const char *root, struct target *target,
			const char **ret_why)
{
	_cleanup_(free) char *path = NULL;
	size_t len;

	*ret_why = "a cgroup is a path from the top of the hierarchy, such as /a/b";
	if (*text != '/')
		return -EINVAL;
	path = strdup(skip_root(text, root));
	if (!path)
		return -ENOMEM;
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		path[--len] = '\0';
	if (!is_cgroup_path(path))
		return -EINVAL;
	target->form = TARGET_FORM_CGROUP;
	if (len > 0)
		target->cgroup = take_ptr(path);
	else
		target->cgroup = strdup("/");
	return target->cgroup ? 0 : -ENOMEM;
}

static bool has_unit_suffix(const char *name)
{
	static const char *const suffixes[] = {
		".service", ".scope", ".slice", ".socket", ".mount", ".swap",
	};
	size_t len = strlen(name), i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && strcmp(name + len - n, suffixes[i]) == 0)
			return true;
	}
	return false;
}

static int parse_unit(const char *text, struct target *target, const char **ret_why)
{
	static const char valid[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";

	*ret_why = "not a unit's name; write unit:NAME.service or unit:NAME.scope";
	if (*text == '\0' || text[strspn(text, valid)] != '\0')
		return -EINVAL;
	if (asprintf(&target->unit, "%s%s", text,
		     has_unit_suffix(text) ? "" : ".service") < 0) {
		target->unit = NULL;
		return -ENOMEM;
	}
	target->form = TARGET_FORM_UNIT;
	if (strlen(target->unit) <= UNIT_MAX)
		return 0;
	target_done(target);
	return -EINVAL;
}

int target_parse(const char *text, const char *cgroup_root, struct target *ret_target,
		 const char **ret_why)
{
	*ret_target = (struct target){ 0 };
	if (strncmp(text, "pid:", 4) == 0)
		return parse_pid(text + 4, ret_target, ret_why);
	if (strncmp(text, "cgroup:", 7) == 0)
		return parse_cgroup(text + 7, cgroup_root, ret_target, ret_why);
	if (strncmp(text, "unit:", 5) == 0)
		return parse_unit(text + 5, ret_target, ret_why);
	if (*text == '/')
		return parse_cgroup(text, cgroup_root, ret_target, ret_why);
	if (is_number(text))
		return parse_pid(text, ret_target, ret_why);
	*ret_why = "not a target; write a process id, /CGROUP/PATH or unit:NAME";
	return -EINVAL;
}

int target_parse_stat(const char *stat, uint64_t *ret_start_ticks)
{
	const char *field = strrchr(stat, ')');	/* the name may hold ") S 1" */
	int n = 2;

	while (field && n < 22) {
		field = strchr(field + 1, ' ');
		n++;
	}
	if (!field || sscanf(field, " %" SCNu64, ret_start_ticks) != 1)
		return -EBADMSG;
	return 0;
}

int target_read_start(const char *proc_root, struct target *target)
{
	char path[32], stat[1024];
	int r;

	snprintf(path, sizeof(path), "%" PRIu32 "/stat", target->pid);
	r = sysfile_read(proc_root, path, stat, sizeof(stat));
	if (r < 0)	/* it may also die between open and read */
		return r == -ENOENT ? -ESRCH : r;
	return target_parse_stat(stat, &target->start_ticks);
}
