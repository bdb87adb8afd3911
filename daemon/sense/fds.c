// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define RING_LINK "anon_inode:[io_uring]"

/* A server may have a million sockets; devices and rings are opened early and
 * so have low numbers, which readdir gives first. */
#define MAX_FDS 16384

/* 16,384 buffers and as many files are the most a ring can list. */
#define MAX_FDINFO (4U << 20)

/* Of all rings of a process: writing such a text costs the kernel 0.1 s per MiB,
 * and anybody can have many. */
#define MAX_RINGS_BYTES MAX_FDINFO

DEFINE_CLEANUP_EMBEDDED(struct fds, fds_done);

void fds_done(struct fds *fds)
{
	size_t i;

	for (i = 0; i < fds->n_devices; i++)
		free(fds->devices[i].path);
	free(fds->devices);
	free(fds->rings);
	*fds = (struct fds){ 0 };
}

static bool is_uninteresting(uint32_t major)
{
	return major == MEM_MAJOR || major == TTY_MAJOR || major == TTYAUX_MAJOR ||
	       (major >= UNIX98_PTY_SLAVE_MAJOR &&
		major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT);
}

static bool has_device(const struct fds *fds, const struct device_open *device)
{
	size_t i;

	for (i = 0; i < fds->n_devices; i++)
		if (fds->devices[i].major == device->major &&
		    fds->devices[i].minor == device->minor &&
		    strcmp(fds->devices[i].path, device->path) == 0)
			return true;
	return false;
}

static int add_device(struct fds *fds, const struct device_open *device)
{
	_cleanup_(free) char *path = NULL;
	struct device_open *grown;

	if (has_device(fds, device))
		return 0;
	path = strdup(device->path);
	grown = reallocarray(fds->devices, fds->n_devices + 1, sizeof(*grown));
	if (grown)
		fds->devices = grown;
	if (!path || !grown)
		return -ENOMEM;
	grown[fds->n_devices] = *device;
	grown[fds->n_devices++].path = take_ptr(path);
	return 0;
}

/* The link leads to the open file itself, whatever its name leads to by now or
 * in another mount namespace.  AT_STATX_DONT_SYNC: an open file of a dead NFS
 * server must not stop us.  In a recorded tree the node is missing: then its
 * name speaks, without a number. */
static int read_device(int fd_dir, const char *name, char *link, struct fds *fds)
{
	struct device_open device = { .path = link, .node = -1 };
	struct statx stx;

	if (statx(fd_dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) < 0) {
		if (strncmp(link, "/dev/", strlen("/dev/")) != 0)
			return 0;
		return add_device(fds, &device);
	}
	if (!S_ISCHR(stx.stx_mode) || is_uninteresting(stx.stx_rdev_major))
		return 0;
	device.major = stx.stx_rdev_major;
	device.minor = stx.stx_rdev_minor;
	return add_device(fds, &device);
}

static int read_ring(int pid_fd, const char *name, struct fds *fds)
{
	_cleanup_(free) char *text = NULL;
	char path[sizeof("fdinfo/") + NAME_MAX];
	struct proc_ring ring, *grown;
	ssize_t len;

	if (fds->ring_bytes >= MAX_RINGS_BYTES)
		return 0;
	snprintf(path, sizeof(path), "fdinfo/%s", name);
	len = fs_read_all(pid_fd, path, MAX_FDINFO, &text);
	if (len == -ENOMEM)
		return (int)len;
	fds->ring_bytes += len > 0 ? (size_t)len : 0;
	if (len < 0 || proc_parse_ring(text, &ring) == 0)
		return 0;
	grown = reallocarray(fds->rings, fds->n_rings + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	fds->rings = grown;
	fds->rings[fds->n_rings++] = ring;
	return 0;
}

static int read_fd(int pid_fd, int fd_dir, const char *name, struct fds *fds)
{
	char link[PATH_MAX];

	if (fs_read_link(fd_dir, name, link, sizeof(link)) < 0)
		return 0;	/* closed meanwhile */
	if (*link == '/')
		return read_device(fd_dir, name, link, fds);
	if (strcmp(link, RING_LINK) == 0)
		return read_ring(pid_fd, name, fds);
	return 0;
}

int fds_read(int pid_fd, struct fds *ret_fds)
{
	_cleanup_(fds_done) struct fds fds = { 0 };
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	unsigned int n = 0;
	int r;

	r = fs_open_dir_stream(pid_fd, "fd", &dir);
	if (r < 0)
		return r;
	while (n < MAX_FDS && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		r = read_fd(pid_fd, dirfd(dir), entry->d_name, &fds);
		if (r < 0)
			return r;
		n++;
	}
	*ret_fds = fds;
	fds = (struct fds){ 0 };
	return 0;
}
