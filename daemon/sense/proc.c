// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One process is read through a descriptor of its directory: it stays bound to
 * that process, so that when the pid is reused between two reads the second one
 * fails instead of mixing two processes.
 *
 * Who owns a ring.  fdinfo shows the same of a ring in every process that has
 * inherited its descriptor, but only the mm that registered the buffers is
 * pinned (a fork gives the child copies of pinned pages).  The kernel books
 * the pages as VmPin of the mm that made the ring, so a process with VmPin owns
 * its rings.  Without VmPin the ring is inherited, or it is unaccounted: 7.x
 * books nothing for a holder of CAP_IPC_LOCK.  Such a kernel gives every ring
 * an inode of its own, so it is inherited if the parent has the same ring.  Not
 * seen: a child whose parent has exited counts as a pinner, though nobody is.
 *
 * Rings can be got from others over a socket, and their buffers cloned from ring to
 * ring (IORING_REGISTER_CLONE_BUFFERS, 6.12), which books nothing: where the kernel
 * books all, the sum of the lists is no more than what it booked.
 */
#include "daemon/sense/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/sense/cgroup.h"
#include "daemon/sense/fds.h"
#include "daemon/sense/proc-text.h"
#include "daemon/sense/threads.h"
#include "daemon/sense/topology.h"

#define STAT_SIZE  2048
#define SCHED_SIZE 8192	/* the sequence stands before the lists per node */
#define DELETED	   " (deleted)"

DEFINE_CLEANUP_EMBEDDED(struct process_facts, process_facts_done);
DEFINE_CLEANUP_EMBEDDED(struct fds, fds_done);

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESRCH;
}

static int open_process(int proc_fd, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	return fs_open_dir(proc_fd, name);
}

static int read_stat(int pid_fd, struct proc_stat *ret_stat)
{
	char text[STAT_SIZE];
	ssize_t len;

	len = fs_read(pid_fd, "stat", text, sizeof(text));
	return len < 0 ? (int)len : proc_parse_stat(text, ret_stat);
}

static int read_status(int pid_fd, struct proc_status *ret_status)
{
	_cleanup_(free) char *text = NULL;
	ssize_t len;

	len = fs_read_all(pid_fd, "status", PROC_STATUS_MAX, &text);
	return len < 0 ? (int)len : proc_parse_status(text, ret_status);
}

static int read_cgroup(int pid_fd, int sys_fd, struct process_facts *facts)
{
	_cleanup_(free) char *text = NULL;
	const char *path;
	ssize_t n;
	size_t len;

	n = fs_read_all(pid_fd, "cgroup", 1 << 20, &text);
	if (n == -ENOENT)	/* a kernel without cgroups, or gone: seen later */
		return 0;
	if (n < 0)
		return (int)n;
	path = proc_parse_cgroup(text, &len);
	if (!path)
		return 0;
	facts->cgroup = strndup(path, len);
	if (!facts->cgroup)
		return -ENOMEM;
	facts->cgroup_id = cgroup_read_id(sys_fd, facts->cgroup);
	return 0;
}

static int read_exe(int pid_fd, struct process_facts *facts)
{
	char path[PATH_MAX];
	ssize_t len;

	len = fs_read_link(pid_fd, "exe", path, sizeof(path));
	if (len < 0)
		return 0;
	if ((size_t)len > strlen(DELETED) &&
	    strcmp(path + len - strlen(DELETED), DELETED) == 0)
		path[(size_t)len - strlen(DELETED)] = '\0';
	facts->exe = strdup(path);
	return facts->exe ? 0 : -ENOMEM;
}

static int read_light(int pid_fd, int sys_fd, struct process_facts *facts,
		      bool *ret_may_lock_memory)
{
	struct proc_status status;
	int r;

	r = read_status(pid_fd, &status);
	if (r < 0)
		return r;
	*ret_may_lock_memory = status.may_lock_memory;
	facts->uid = status.uid;
	facts->threads = status.threads;
	facts->vm_pin_bytes = status.vm_pin_bytes;
	facts->mems_allowed = status.mems_allowed;
	r = read_cgroup(pid_fd, sys_fd, facts);
	return r < 0 ? r : read_exe(pid_fd, facts);
}

static bool has_ring(const struct fds *fds, uint64_t inode)
{
	size_t i;

	for (i = 0; i < fds->n_rings; i++)
		if (fds->rings[i].inode == inode)
			return true;
	return false;
}

/* Bytes in rings that are not the parent's; see above. */
static uint64_t sum_own_rings(int proc_fd, pid_t parent, const struct fds *fds)
{
	_cleanup_(close) int parent_fd = open_process(proc_fd, parent);
	_cleanup_(fds_done) struct fds inherited = { 0 };
	uint64_t bytes = 0;
	size_t i;

	if (parent_fd >= 0)
		fds_read(parent_fd, parent, &inherited);
	for (i = 0; i < fds->n_rings; i++)
		if (fds->rings[i].inode && !has_ring(&inherited, fds->rings[i].inode))
			bytes += fds->rings[i].bytes;
	return bytes;
}

static uint64_t sum_rings(const struct fds *fds)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < fds->n_rings; i++)
		bytes += fds->rings[i].bytes;
	return bytes;
}

static int name_devices(int sys_fd, struct fds *fds)
{
	struct device_open *device;
	char *path;
	size_t i;
	int r;

	for (i = 0; i < fds->n_devices; i++) {
		device = &fds->devices[i];
		if (device->major == 0)
			continue;
		device->node = topology_find_device_node(sys_fd, device->major,
							 device->minor);
		r = topology_find_device_path(sys_fd, device->major, device->minor,
					      &path);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			continue;
		free(device->path);
		device->path = path;
	}
	return 0;
}

static int read_fds(int proc_fd, int pid_fd, int sys_fd, pid_t parent,
		    struct process_facts *facts)
{
	_cleanup_(fds_done) struct fds fds = { 0 };
	int r;

	r = fds_read(pid_fd, facts->id.pid, &fds);
	if (r < 0)
		return r == -EACCES ? 0 : r;
	r = name_devices(sys_fd, &fds);
	if (r < 0)
		return r;
	if (facts->vm_pin_bytes > 0)
		facts->uring_bytes = sum_rings(&fds);
	else if (fds.n_rings > 0)
		facts->uring_bytes = sum_own_rings(proc_fd, parent, &fds);
	facts->n_devices = fds.n_devices;
	facts->devices = take_ptr(fds.devices);
	fds.n_devices = 0;
	return 0;
}

static int read_scan_seq(int pid_fd, uint64_t *ret_scan_seq)
{
	char text[SCHED_SIZE];
	ssize_t len;

	len = fs_read_head(pid_fd, "sched", text, sizeof(text));
	if (len < 0)
		return (int)len;
	return fs_find_u64(text, "mm->numa_scan_seq", ret_scan_seq);
}

static int read_full(int proc_fd, int pid_fd, int sys_fd, pid_t parent,
		     struct process_facts *facts)
{
	int r;

	r = read_fds(proc_fd, pid_fd, sys_fd, parent, facts);
	if (r < 0)
		return r;
	r = threads_read(pid_fd, &facts->is_realtime, &facts->has_own_policy);
	if (r < 0)
		return r;
	facts->has_scan_seq = read_scan_seq(pid_fd, &facts->scan_seq) == 0;
	return 0;
}

static void bound_rings(struct process_facts *facts)
{
	if (facts->vm_pin_bytes > 0 && facts->uring_bytes > facts->vm_pin_bytes)
		facts->uring_bytes = facts->vm_pin_bytes;
}

static int read_process(int proc_fd, int sys_fd, struct process_id id,
			enum proc_depth depth, struct process_facts *ret_facts)
{
	_cleanup_(process_facts_done) struct process_facts facts = { .id = id };
	_cleanup_(close) int pid_fd = open_process(proc_fd, id.pid);
	bool may_lock_memory = false;
	struct proc_stat stat;
	int r;

	if (pid_fd < 0)
		return pid_fd;
	r = read_stat(pid_fd, &stat);
	if (r < 0)
		return r;
	if (id.start_ticks != 0 && id.start_ticks != stat.start_ticks)
		return -ESRCH;
	facts.id.start_ticks = stat.start_ticks;
	memcpy(facts.comm, stat.comm, sizeof(facts.comm));
	r = read_light(pid_fd, sys_fd, &facts, &may_lock_memory);
	if (r == 0 && depth == PROC_FULL)
		r = read_full(proc_fd, pid_fd, sys_fd, stat.parent, &facts);
	if (r < 0)
		return r;
	if (!may_lock_memory)
		bound_rings(&facts);
	*ret_facts = facts;
	facts = (struct process_facts){ 0 };
	return 0;
}

int proc_read(int proc_fd, int sys_fd, struct process_id id, enum proc_depth depth,
	      struct process_facts *ret_facts, bool *ret_gone)
{
	int r;

	*ret_facts = (struct process_facts){ 0 };
	r = read_process(proc_fd, sys_fd, id, depth, ret_facts);
	*ret_gone = is_gone(r);
	return *ret_gone ? 0 : r;
}

int proc_read_start(int proc_fd, pid_t pid, uint64_t *ret_start_ticks)
{
	_cleanup_(close) int pid_fd = open_process(proc_fd, pid);
	struct proc_stat stat;
	int r;

	r = pid_fd < 0 ? pid_fd : read_stat(pid_fd, &stat);
	if (r < 0)
		return is_gone(r) ? -ESRCH : r;
	*ret_start_ticks = stat.start_ticks;
	return 0;
}
