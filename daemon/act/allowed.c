// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/allowed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define CPUS		"cpuset.cpus.effective"
#define CGROUP_MAX	(1U << 20)
#define STAT_MAX	(16U << 20)	/* a line a CPU, and one with all interrupts */

/* "cpu17 ..." lines of /proc/stat: the CPUs that are online.  The line of all
 * together, "cpu  4711 ...", begins with a time. */
static int read_online(struct act_context *context, struct nodeset *ret_cpus)
{
	_cleanup_(free) char *text = NULL;
	struct nodeset cpus = { 0 };
	unsigned int cpu;
	char digit[2];
	ssize_t n;

	*ret_cpus = context->online;
	if (!nodeset_is_empty(ret_cpus))
		return 0;
	n = fs_read_all(context->proc_fd, "stat", STAT_MAX, &text);
	if (n < 0)
		return (int)n;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "cpu%1[0-9]", digit) == 1 && sscanf(line, "cpu%u ", &cpu) == 1)
			nodeset_add(&cpus, cpu);
	}
	context->online = cpus;
	*ret_cpus = cpus;
	return nodeset_is_empty(&cpus) ? -EINVAL : 0;
}

/* One level: 0, -ENOENT: has no cpuset of its own, or negative errno. */
static int read_cpuset(int cgroup_fd, const char *cgroup, struct nodeset *ret_cpus)
{
	_cleanup_(free) char *path = NULL, *text = NULL;
	ssize_t n;

	if (asprintf(&path, "%s%s" CPUS, cgroup, *cgroup ? "/" : "") < 0) {
		path = NULL;
		return -ENOMEM;
	}
	n = fs_read_all(cgroup_fd, path, CGROUP_MAX, &text);
	return n < 0 ? (int)n : nodeset_parse(text, ret_cpus);
}

/* Cuts the path off from below until there is one; -ENOENT: nowhere. */
static int read_nearest(int cgroup_fd, char *cgroup, struct nodeset *ret_cpus)
{
	for (;;) {
		int r = read_cpuset(cgroup_fd, cgroup, ret_cpus);
		char *slash;

		if ((r != -ENOENT && r != -ENODEV) || !*cgroup)
			return r;
		slash = strrchr(cgroup, '/');
		*(slash ?: cgroup) = '\0';
	}
}

/* *ret_cgroup: without the first slash, for the caller to free; NULL: not on
 * cgroup v2, or outside of what we see of it. */
static int read_cgroup(int proc_fd, pid_t pid, pid_t tid, char **ret_cgroup)
{
	_cleanup_(free) char *text = NULL;
	const char *line;
	char path[48];
	ssize_t n;

	*ret_cgroup = NULL;
	snprintf(path, sizeof(path), "%d/task/%d/cgroup", pid, tid);
	n = fs_read_all(proc_fd, path, CGROUP_MAX, &text);
	if (n < 0)
		return n == -ENOENT || n == -ESRCH ? ACT_GONE : (int)n;
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line || strstr(line, "/../"))
		return 0;
	line = strchr(line, '/') + 1;
	*ret_cgroup = strndup(line, strcspn(line, "\n"));
	return *ret_cgroup ? 0 : -ENOMEM;
}

int allowed_read_cpus(struct act_context *context, pid_t pid, pid_t tid,
		      struct nodeset *ret_cpus)
{
	_cleanup_(free) char *cgroup = NULL;
	int r;

	r = read_cgroup(context->proc_fd, pid, tid, &cgroup);
	if (r != 0)
		return r;
	r = cgroup && context->cgroup_fd >= 0 ?
		    read_nearest(context->cgroup_fd, cgroup, ret_cpus) : -ENOENT;
	return r == -ENOENT || r == -ENODEV ? read_online(context, ret_cpus) : r;
}
