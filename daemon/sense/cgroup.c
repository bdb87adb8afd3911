// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

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
