// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding processes.  A sweep reads status of every process.  Open files are
 * looked at only
 *
 *  - of all processes, when device numbers are asked for: nothing else in /proc
 *    tells who has a device open;
 *  - of holders of CAP_IPC_LOCK, when not: theirs are the rings that 7.x books
 *    nowhere (see proc.c).  Not seen by /proc: a ring whose maker has dropped
 *    the capability since.
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

static bool has_number(const struct device_open *device,
		       const struct device_number *numbers, size_t n_numbers)
{
	size_t i;

	for (i = 0; i < n_numbers; i++)
		if (numbers[i].major == device->major &&
		    numbers[i].minor == device->minor)
			return true;
	return false;
}

static bool looks_pinning(int proc_fd, const char *name,
			  const struct device_number *devices, size_t n_devices)
{
	_cleanup_(fds_done) struct fds fds = { 0 };
	_cleanup_(close) int pid_fd = fs_open_dir(proc_fd, name);
	size_t i;

	if (pid_fd < 0 || fds_read(pid_fd, &fds) < 0)
		return false;
	for (i = 0; i < fds.n_devices; i++)
		if (has_number(&fds.devices[i], devices, n_devices))
			return true;
	return fds.n_rings > 0;
}

static bool is_found(int proc_fd, const char *name, const struct device_number *devices,
		     size_t n_devices)
{
	_cleanup_(free) char *text = NULL;
	char path[NAME_MAX + sizeof("/status")];
	struct proc_status status;

	snprintf(path, sizeof(path), "%s/status", name);
	if (fs_read_all(proc_fd, path, PROC_STATUS_MAX, &text) < 0 ||
	    proc_parse_status(text, &status) < 0)
		return false;
	if (status.vm_pin_bytes > 0)
		return true;
	return status.has_memory && (n_devices > 0 || status.may_lock_memory) &&
	       looks_pinning(proc_fd, name, devices, n_devices);
}

int proc_sweep(int proc_fd, const struct device_number *devices, size_t n_devices,
	       struct process_id **ret_ids, size_t *ret_n)
{
	_cleanup_(id_list_done) struct id_list list = { 0 };
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	char *end;
	long pid;
	int r;

	r = fs_open_dir_stream(proc_fd, ".", &dir);
	if (r < 0)
		return r;
	while ((entry = readdir(dir))) {
		pid = strtol(entry->d_name, &end, 10);
		if (pid <= 0 || pid > INT_MAX || *end)
			continue;
		if (!is_found(proc_fd, entry->d_name, devices, n_devices))
			continue;
		r = add_pid(proc_fd, (pid_t)pid, &list);
		if (r < 0)
			return r;
	}
	id_list_take(&list, ret_ids, ret_n);
	return 0;
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
