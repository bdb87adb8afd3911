// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding processes.  A look reads status, some 10 us.  Open files cost five
 * times that and more, because the kernel makes an inode for each one that is
 * listed, so they are looked at only
 *
 *  - of all processes, when device numbers are asked for: nothing else in /proc
 *    tells who has a device open;
 *  - of holders of CAP_IPC_LOCK, while any page of the host is pinned: theirs
 *    are the rings that 7.x books nowhere (see proc.c).  Not seen: a ring whose
 *    maker has dropped the capability since.
 */
#include "daemon/sense/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/sense/fds.h"
#include "daemon/sense/proc-text.h"

DEFINE_CLEANUP_EMBEDDED(struct fds, fds_done);

static bool is_wanted(const struct proc_wanted *wanted, const struct device_open *device)
{
	size_t i;

	for (i = 0; i < wanted->n_devices; i++)
		if (wanted->devices[i].major == device->major &&
		    wanted->devices[i].minor == device->minor)
			return true;
	return false;
}

static bool has_wanted_fd(const struct proc_wanted *wanted, int pid_fd, pid_t pid)
{
	_cleanup_(fds_done) struct fds fds = { 0 };
	size_t i;

	if (fds_read(pid_fd, pid, &fds) < 0)
		return false;
	for (i = 0; i < fds.n_devices; i++)
		if (is_wanted(wanted, &fds.devices[i]))
			return true;
	return fds.n_rings > 0;
}

static bool read_status(int pid_fd, struct proc_status *ret_status)
{
	_cleanup_(free) char *text = NULL;

	return fs_read_all(pid_fd, "status", PROC_STATUS_MAX, &text) >= 0 &&
	       proc_parse_status(text, ret_status) == 0;
}

static bool is_suspect(const struct proc_wanted *wanted, int pid_fd, pid_t pid,
		       const struct proc_status *status)
{
	if (status->vm_pin_bytes > 0)
		return true;
	return (wanted->n_devices > 0 ||
		(wanted->unbooked_rings && status->may_lock_memory)) &&
	       has_wanted_fd(wanted, pid_fd, pid);
}

enum proc_look proc_look(int proc_fd, const struct proc_wanted *wanted, pid_t pid)
{
	_cleanup_(close) int pid_fd = -1;
	struct proc_status status;
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	pid_fd = fs_open_dir(proc_fd, name);
	if (pid_fd < 0 || !read_status(pid_fd, &status) || !status.has_memory)
		return PROC_NO_MEMORY;
	return is_suspect(wanted, pid_fd, pid, &status) ? PROC_SUSPECT : PROC_ORDINARY;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int add_entry(const char *name, pid_t **pids, size_t *n)
{
	pid_t *grown;
	char *end;
	long pid = strtol(name, &end, 10);

	if (pid <= 0 || pid > INT_MAX || *end)
		return 0;
	if ((*n & (*n - 1)) == 0) {
		grown = reallocarray(*pids, *n ? *n * 2 : 1, sizeof(pid_t));
		if (!grown)
			return -ENOMEM;
		*pids = grown;
	}
	(*pids)[(*n)++] = (pid_t)pid;
	return 0;
}

int proc_list(int proc_fd, pid_t **ret_pids, size_t *ret_n)
{
	_cleanup_(free) pid_t *pids = NULL;
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	size_t n = 0;
	int r;

	r = fs_open_dir_stream(proc_fd, ".", &dir);
	while (r >= 0 && (entry = readdir(dir)))
		r = add_entry(entry->d_name, &pids, &n);
	if (r < 0)
		return r;
	if (n > 1)
		qsort(pids, n, sizeof(*pids), compare_pids);
	*ret_n = n;
	*ret_pids = take_ptr(pids);
	return 0;
}
