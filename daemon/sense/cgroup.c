// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define MAX_PROCS (64U << 20)

/* cgroup.max.depth is unlimited by default; nobody nests like this. */
#define MAX_DEPTH 64

struct pids {
	pid_t *pids;
	size_t n;
};

static void pids_done(struct pids *pids)
{
	free(pids->pids);
}

DEFINE_CLEANUP_EMBEDDED(struct pids, pids_done);

/* Where the v2 hierarchy is; every v2 cgroup has cgroup.procs, but only a v2
 * root has cgroup.controllers next to what v1 calls so. */
static const char *find_mount(int sys_fd)
{
	static const char *const mounts[] = { "fs/cgroup", "fs/cgroup/unified" };
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(path, sizeof(path), "%s/cgroup.controllers", mounts[i]);
		if (faccessat(sys_fd, path, F_OK, 0) == 0)
			return mounts[i];
	}
	return NULL;
}

bool cgroup_is_mounted(int sys_fd)
{
	return find_mount(sys_fd) != NULL;
}

/* "/../x" is how a cgroup outside our cgroup namespace shows: not reachable. */
int cgroup_open(int sys_fd, const char *path)
{
	const char *mount = find_mount(sys_fd);
	char full[PATH_MAX];
	int n;

	if (!mount || strstr(path, "/../"))
		return -ENOENT;
	n = snprintf(full, sizeof(full), "%s%s", mount, path);
	if (n < 0 || (size_t)n >= sizeof(full))
		return -ENAMETOOLONG;
	return fs_open_dir(sys_fd, full);
}

uint64_t cgroup_read_id(int sys_fd, const char *path)
{
	_cleanup_(close) int fd = cgroup_open(sys_fd, path);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static int add_pid(struct pids *pids, pid_t pid)
{
	pid_t *grown;

	if ((pids->n & (pids->n - 1)) == 0) {
		grown = reallocarray(pids->pids, pids->n ? pids->n * 2 : 1,
				     sizeof(pid_t));
		if (!grown)
			return -ENOMEM;
		pids->pids = grown;
	}
	pids->pids[pids->n++] = pid;
	return 0;
}

/* A threaded cgroup refuses the read; its processes are in the domain above. */
static int read_procs(int fd, struct pids *pids)
{
	_cleanup_(free) char *text = NULL;
	char *line, *end;
	ssize_t len;
	long pid;
	int r;

	len = fs_read_all(fd, "cgroup.procs", MAX_PROCS, &text);
	if (len < 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	for (line = text; *line; line = end) {
		pid = strtol(line, &end, 10);
		if (end == line)
			break;
		if (pid <= 0 || pid > INT_MAX)	/* 0: of another pid namespace */
			continue;
		r = add_pid(pids, (pid_t)pid);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A cgroup removed meanwhile has no processes. */
static int read_tree(int parent_fd, const char *name, unsigned int depth,
		     struct pids *pids)
{
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	int r;

	r = fs_open_dir_stream(parent_fd, name, &dir);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = read_procs(dirfd(dir), pids);
	while (r == 0 && depth < MAX_DEPTH && (entry = fs_next_entry(dir)))
		if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
			r = read_tree(dirfd(dir), entry->d_name, depth + 1, pids);
	return r;
}

int cgroup_read_pids(int sys_fd, const char *path, pid_t **ret_pids, size_t *ret_n)
{
	_cleanup_(close) int fd = cgroup_open(sys_fd, path);
	_cleanup_(pids_done) struct pids pids = { 0 };
	int r;

	if (fd < 0)
		return fd;
	r = read_tree(fd, ".", 0, &pids);
	if (r < 0)
		return r;
	*ret_n = pids.n;
	*ret_pids = take_ptr(pids.pids);
	return 0;
}
