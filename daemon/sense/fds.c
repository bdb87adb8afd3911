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
#include "daemon/sense/same-file.h"

#define RING_LINK "anon_inode:[io_uring]"

/* A server may have a million sockets; devices and rings are opened early and
 * so have low numbers, which readdir gives first. */
#define MAX_FDS 16384

/* 16,384 buffers and as many files are the most a ring can list. */
#define MAX_FDINFO (4U << 20)

/* Of all rings of a process: writing such a text costs the kernel 0.1 s per MiB,
 * and anybody can have many. */
#define MAX_RINGS_BYTES MAX_FDINFO

/* A round through the descriptors of a process. */
struct reading {
	int pid_fd;
	pid_t pid;
	int *rings;		/* a descriptor of each, in same_file_compare()'s order */
	size_t n_rings;
	size_t ring_bytes;	/* of text read for them */
	struct fds fds;
};

static void reading_done(struct reading *reading)
{
	free(reading->rings);
	fds_done(&reading->fds);
}

DEFINE_CLEANUP_EMBEDDED(struct reading, reading_done);

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
 * server must not stop us (9p asks its server all the same).  In a recorded tree the
 * node is missing: then its name speaks, without a number. */
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

/* Where this ring is among those that were read, or would be.  1: it is there; 0: it
 * is another; negative errno: who knows. */
static int find_ring(const struct reading *reading, int fd, size_t *ret_place)
{
	size_t low = 0, high = reading->n_rings;
	int order, r;

	if (!same_file_can_compare(reading->pid_fd))
		return -ENOSYS;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		r = same_file_compare(reading->pid, fd, reading->rings[middle], &order);
		if (r < 0)
			return r;
		if (order == 0)
			return 1;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret_place = low;
	return 0;
}

static int remember_ring(struct reading *reading, int fd, size_t place)
{
	int *grown = reallocarray(reading->rings, reading->n_rings + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	reading->rings = grown;
	memmove(&grown[place + 1], &grown[place],
		(reading->n_rings++ - place) * sizeof(*grown));
	grown[place] = fd;
	return 0;
}

static struct proc_ring *find_inode(struct fds *fds, uint64_t inode)
{
	size_t i;

	for (i = 0; i < fds->n_rings; i++)
		if (fds->rings[i].inode == inode)
			return &fds->rings[i];
	return NULL;
}

/* From 5.16 each ring has an inode of its own (anon_inode_getfile_secure()); before
 * that all share one, or show none: then one of them counts. */
static int add_ring(struct fds *fds, const struct proc_ring *ring, bool is_known_new)
{
	struct proc_ring *same = is_known_new ? NULL : find_inode(fds, ring->inode);
	struct proc_ring *grown;

	if (same) {
		if (same->bytes < ring->bytes)
			same->bytes = ring->bytes;
		return 0;
	}
	grown = reallocarray(fds->rings, fds->n_rings + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	fds->rings = grown;
	fds->rings[fds->n_rings++] = *ring;
	return 0;
}

static int read_ring_text(struct reading *reading, const char *name, bool is_known_new)
{
	_cleanup_(free) char *text = NULL;
	char path[sizeof("fdinfo/") + NAME_MAX];
	struct proc_ring ring;
	ssize_t len;

	if (reading->ring_bytes >= MAX_RINGS_BYTES)
		return 0;
	snprintf(path, sizeof(path), "fdinfo/%s", name);
	len = fs_read_all(reading->pid_fd, path, MAX_FDINFO, &text);
	if (len == -ENOMEM)
		return (int)len;
	reading->ring_bytes += len > 0 ? (size_t)len : 0;
	if (len < 0 || proc_parse_ring(text, &ring) == 0)
		return 0;
	return add_ring(&reading->fds, &ring, is_known_new);
}

/* One that was read under another descriptor costs no text. */
static int read_ring(struct reading *reading, const char *name)
{
	int fd = (int)strtol(name, NULL, 10), r;
	size_t place = 0;
	bool is_new;

	r = find_ring(reading, fd, &place);
	if (r > 0)
		return 0;
	is_new = r == 0;
	if (is_new)
		r = remember_ring(reading, fd, place);
	return r == -ENOMEM ? r : read_ring_text(reading, name, is_new);
}

static int read_fd(struct reading *reading, int fd_dir, const char *name)
{
	char link[PATH_MAX];

	if (fs_read_link(fd_dir, name, link, sizeof(link)) < 0)
		return 0;	/* closed meanwhile */
	if (*link == '/')
		return read_device(fd_dir, name, link, &reading->fds);
	if (strcmp(link, RING_LINK) == 0)
		return read_ring(reading, name);
	return 0;
}

int fds_read(int pid_fd, pid_t pid, struct fds *ret_fds)
{
	_cleanup_(reading_done) struct reading reading = { .pid_fd = pid_fd, .pid = pid };
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
		r = read_fd(&reading, dirfd(dir), entry->d_name);
		if (r < 0)
			return r;
		n++;
	}
	*ret_fds = reading.fds;
	reading.fds = (struct fds){ 0 };
	return 0;
}
