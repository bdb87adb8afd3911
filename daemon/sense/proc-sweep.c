// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding processes.  A sweep reads status of every process, some 10 us each.
 * Their open files cost five times that and more, because the kernel makes an
 * inode for each one that is listed, so they are looked at only
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
#include "daemon/sense/cgroup.h"
#include "daemon/sense/fds.h"
#include "daemon/sense/proc-text.h"
#include "daemon/sense/topology.h"

DEFINE_CLEANUP_EMBEDDED(struct fds, fds_done);

struct id_list {
	struct process_id *ids;
	size_t n;
};

static void id_list_done(struct id_list *list)
{
	free(list->ids);
}

DEFINE_CLEANUP_EMBEDDED(struct id_list, id_list_done);

static int id_list_add(struct id_list *list, struct process_id id)
{
	struct process_id *grown;

	if ((list->n & (list->n - 1)) == 0) {
		grown = reallocarray(list->ids, list->n ? list->n * 2 : 1, sizeof(id));
		if (!grown)
			return -ENOMEM;
		list->ids = grown;
	}
	list->ids[list->n++] = id;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return process_id_compare(*(const struct process_id *)a,
				  *(const struct process_id *)b);
}

/* Sorted; the list is empty then. */
static void id_list_take(struct id_list *list, struct process_id **ret_ids, size_t *ret_n)
{
	if (list->n > 0)
		qsort(list->ids, list->n, sizeof(*list->ids), compare_ids);
	*ret_n = list->n;
	*ret_ids = take_ptr(list->ids);
}

static int add_pid(int proc_fd, pid_t pid, struct id_list *list)
{
	struct process_id id = { .pid = pid };
	int r;

	r = proc_read_start(proc_fd, pid, &id.start_ticks);
	return r < 0 ? 0 : id_list_add(list, id);
}

/* What a sweep looks for. */
struct sweep {
	int proc_fd;
	const struct device_number *devices;
	size_t n_devices;
	bool unbooked_rings;
	bool everybody;
};

static bool is_wanted(const struct sweep *sweep, const struct device_open *device)
{
	size_t i;

	for (i = 0; i < sweep->n_devices; i++)
		if (sweep->devices[i].major == device->major &&
		    sweep->devices[i].minor == device->minor)
			return true;
	return false;
}

static bool has_wanted_fd(const struct sweep *sweep, const char *name)
{
	_cleanup_(fds_done) struct fds fds = { 0 };
	_cleanup_(close) int pid_fd = fs_open_dir(sweep->proc_fd, name);
	size_t i;

	if (pid_fd < 0 || fds_read(pid_fd, &fds) < 0)
		return false;
	for (i = 0; i < fds.n_devices; i++)
		if (is_wanted(sweep, &fds.devices[i]))
			return true;
	return fds.n_rings > 0;
}

static bool read_status(int proc_fd, const char *name, struct proc_status *ret_status)
{
	_cleanup_(free) char *text = NULL;
	char path[NAME_MAX + sizeof("/status")];

	snprintf(path, sizeof(path), "%s/status", name);
	return fs_read_all(proc_fd, path, PROC_STATUS_MAX, &text) >= 0 &&
	       proc_parse_status(text, ret_status) == 0;
}

static bool is_found(const struct sweep *sweep, const char *name)
{
	struct proc_status status;

	if (!read_status(sweep->proc_fd, name, &status) || !status.has_memory)
		return false;
	if (sweep->everybody || status.vm_pin_bytes > 0)
		return true;
	return (sweep->n_devices > 0 ||
		(sweep->unbooked_rings && status.may_lock_memory)) &&
	       has_wanted_fd(sweep, name);
}

/* The counters lag by a second and may then differ either way by some pages. */
static bool has_pinned_pages(int sys_fd)
{
	uint64_t acquired, released;

	return topology_read_pins(sys_fd, &acquired, &released) < 0 ||
	       acquired > released;
}

static int find(const struct sweep *sweep, struct process_id **ret_ids, size_t *ret_n)
{
	_cleanup_(id_list_done) struct id_list list = { 0 };
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	char *end;
	long pid;
	int r;

	r = fs_open_dir_stream(sweep->proc_fd, ".", &dir);
	if (r < 0)
		return r;
	while ((entry = readdir(dir))) {
		pid = strtol(entry->d_name, &end, 10);
		if (pid <= 0 || pid > INT_MAX || *end || !is_found(sweep, entry->d_name))
			continue;
		r = add_pid(sweep->proc_fd, (pid_t)pid, &list);
		if (r < 0)
			return r;
	}
	id_list_take(&list, ret_ids, ret_n);
	return 0;
}

int proc_sweep(int proc_fd, int sys_fd, const struct device_number *devices,
	       size_t n_devices, struct process_id **ret_ids, size_t *ret_n)
{
	struct sweep sweep = {
		.proc_fd = proc_fd,
		.devices = devices,
		.n_devices = n_devices,
		.unbooked_rings = has_pinned_pages(sys_fd),
	};

	return find(&sweep, ret_ids, ret_n);
}

int proc_find_all(int proc_fd, struct process_id **ret_ids, size_t *ret_n)
{
	struct sweep sweep = { .proc_fd = proc_fd, .everybody = true };

	return find(&sweep, ret_ids, ret_n);
}

int proc_find_in_cgroup(int proc_fd, int sys_fd, const char *cgroup,
			struct process_id **ret_ids, size_t *ret_n)
{
	_cleanup_(id_list_done) struct id_list list = { 0 };
	_cleanup_(free) pid_t *pids = NULL;
	size_t n, i;
	int r;

	r = cgroup_read_pids(sys_fd, cgroup, &pids, &n);
	if (r < 0)
		return r;
	for (i = 0; i < n; i++) {
		r = add_pid(proc_fd, pids[i], &list);
		if (r < 0)
			return r;
	}
	id_list_take(&list, ret_ids, ret_n);
	return 0;
}
