// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks and watches are made by path and live as long as the inode, so what is
 * kept here is the list of the last time: what is no longer named is taken off
 * again, and what still is stays without a gap.
 */
#include "daemon/sense/opens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/nodes.h"

#define NODE_EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

#define EVENTS_SIZE 16384

/* Per call; more than this comes at the next wake-up. */
#define MAX_READS 16

/* A folder may appear, and a node in it, before its watch stands. */
#define MAX_ROUNDS 8

DEFINE_CLEANUP(struct opens, opens_free);
DEFINE_CLEANUP_EMBEDDED(struct device_nodes, device_nodes_done);

struct opens {
	int dev_fd;
	int fanotify_fd;		/* -1: not listening */
	int inotify_fd;
	struct device_nodes nodes;	/* marked, and their folders */
	int *watches;			/* of each folder */
};

static int compare_numbers(const void *a, const void *b)
{
	const struct device_number *x = a, *y = b;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return (x->minor > y->minor) - (x->minor < y->minor);
}

int opens_find_devices(int dev_fd, char *const *globs, size_t n_globs,
		       struct device_number **ret_devices, size_t *ret_n)
{
	_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };
	struct device_number *devices;
	size_t i, n = 0;
	int r;

	r = device_nodes_find(dev_fd, globs, n_globs, &nodes);
	if (r < 0)
		return r;
	devices = calloc(nodes.n_nodes ? nodes.n_nodes : 1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	for (i = 0; i < nodes.n_nodes; i++)
		devices[i] = (struct device_number){ nodes.nodes[i].major,
						     nodes.nodes[i].minor };
	qsort(devices, nodes.n_nodes, sizeof(*devices), compare_numbers);
	for (i = 0; i < nodes.n_nodes; i++)
		if (n == 0 || compare_numbers(&devices[n - 1], &devices[i]) != 0)
			devices[n++] = devices[i];
	*ret_devices = devices;
	*ret_n = n;
	return 0;
}

static const char *explain_fanotify(int error)
{
	switch (error) {
	case ENOSYS:
		return "the kernel has no fanotify: device opens are noticed by sweeps";
	case EPERM:
		return "fanotify needs CAP_SYS_ADMIN and a system call filter that lets "
		       "fanotify_init pass: device opens are noticed by sweeps";
	case EMFILE:
		return "no fanotify group left (fs.fanotify.max_user_groups): device opens "
		       "are noticed by sweeps";
	default:
		return "fanotify cannot report opens of devices here: device opens are "
		       "noticed by sweeps";
	}
}

int opens_new(int dev_fd, bool listen, struct opens **ret_opens, const char **ret_why)
{
	_cleanup_(opens_free) struct opens *opens = calloc(1, sizeof(*opens));

	if (!opens)
		return -ENOMEM;
	opens->dev_fd = opens->fanotify_fd = opens->inotify_fd = -1;
	opens->dev_fd = fcntl(dev_fd, F_DUPFD_CLOEXEC, 3);
	if (opens->dev_fd < 0)
		return -errno;
	opens->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (opens->inotify_fd < 0)
		return -errno;
	*ret_why = NULL;
	if (listen) {
		opens->fanotify_fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID |
						   FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY);
		if (opens->fanotify_fd < 0)
			*ret_why = explain_fanotify(errno);
	}
	*ret_opens = take_ptr(opens);
	return 0;
}

void opens_free(struct opens *opens)
{
	if (!opens)
		return;
	device_nodes_done(&opens->nodes);
	free(opens->watches);
	close_p(&opens->fanotify_fd);
	close_p(&opens->inotify_fd);
	close_p(&opens->dev_fd);
	free(opens);
}

int opens_fanotify_fd(const struct opens *opens)
{
	return opens->fanotify_fd;
}

int opens_inotify_fd(const struct opens *opens)
{
	return opens->inotify_fd;
}

/* There is no inotify_add_watch_at(); udev keeps /dev/fd. */
static int watch_folder(const struct opens *opens, const char *folder)
{
	char path[sizeof("/dev/fd/") + 10 + PATH_MAX];
	int wd;

	snprintf(path, sizeof(path), "/dev/fd/%d/%s", opens->dev_fd, folder);
	wd = inotify_add_watch(opens->inotify_fd, path, NODE_EVENTS);
	return wd < 0 ? -errno : wd;
}

static bool has_watch(const int *watches, size_t n, int wd)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (watches[i] == wd)
			return true;
	return false;
}

/* 1: there was a folder without a watch, in which something may have appeared
 * before; 0: all were watched. */
static int replace_watches(struct opens *opens, const struct device_nodes *nodes)
{
	_cleanup_(free) int *watches = NULL;
	size_t i, n_old = opens->nodes.n_folders;
	int changed = 0;

	watches = calloc(nodes->n_folders ? nodes->n_folders : 1, sizeof(*watches));
	if (!watches)
		return -ENOMEM;
	for (i = 0; i < nodes->n_folders; i++) {
		watches[i] = watch_folder(opens, nodes->folders[i]);
		if (watches[i] >= 0 && !has_watch(opens->watches, n_old, watches[i]))
			changed = 1;
	}
	for (i = 0; i < n_old; i++)
		if (opens->watches[i] >= 0 &&
		    !has_watch(watches, nodes->n_folders, opens->watches[i]))
			inotify_rm_watch(opens->inotify_fd, opens->watches[i]);
	free(opens->watches);
	opens->watches = take_ptr(watches);
	return changed;
}

static bool has_node(const struct device_nodes *nodes, const char *path)
{
	size_t i;

	for (i = 0; i < nodes->n_nodes; i++)
		if (strcmp(nodes->nodes[i].path, path) == 0)
			return true;
	return false;
}

/* Number marked; a negative errno if one of them is there and could not be. */
static int replace_marks(struct opens *opens, const struct device_nodes *nodes)
{
	int marked = 0, error = 0;
	size_t i;

	if (opens->fanotify_fd < 0)
		return 0;
	for (i = 0; i < nodes->n_nodes; i++) {
		if (fanotify_mark(opens->fanotify_fd, FAN_MARK_ADD, FAN_OPEN,
				  opens->dev_fd, nodes->nodes[i].path) == 0)
			marked++;
		else if (errno != ENOENT)
			error = -errno;
	}
	for (i = 0; i < opens->nodes.n_nodes; i++)
		if (!has_node(nodes, opens->nodes.nodes[i].path))
			fanotify_mark(opens->fanotify_fd, FAN_MARK_REMOVE, FAN_OPEN,
				      opens->dev_fd, opens->nodes.nodes[i].path);
	return error < 0 ? error : marked;
}

int opens_watch(struct opens *opens, char *const *globs, size_t n_globs)
{
	unsigned int rounds = 0;
	int marked, changed;

	do {
		_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };
		int r;

		r = device_nodes_find(opens->dev_fd, globs, n_globs, &nodes);
		if (r < 0)
			return r;
		marked = replace_marks(opens, &nodes);
		changed = replace_watches(opens, &nodes);
		if (changed < 0)
			return changed;
		device_nodes_done(&opens->nodes);
		opens->nodes = nodes;
		nodes = (struct device_nodes){ 0 };
	} while (changed && ++rounds < MAX_ROUNDS);
	return marked;
}

static bool has_pid(const pid_t *pids, size_t n, pid_t pid)
{
	while (n > 0)
		if (pids[--n] == pid)
			return true;
	return false;
}

static int add_pid(struct open_events *opened, pid_t pid)
{
	pid_t *grown;

	if (pid <= 0 || has_pid(opened->pids, opened->n_pids, pid))
		return 0;
	grown = reallocarray(opened->pids, opened->n_pids + 1, sizeof(pid_t));
	if (!grown)
		return -ENOMEM;
	opened->pids = grown;
	opened->pids[opened->n_pids++] = pid;
	return 0;
}

/* Events are aligned to 4 (FANOTIFY_EVENT_ALIGN), which is less than their fields
 * need: so not FAN_EVENT_NEXT(). */
int opens_parse_events(const void *events, size_t len, struct open_events *opened)
{
	struct fanotify_event_metadata event;
	const char *next = events;
	int r = 0;

	for (; r == 0 && len >= sizeof(event); next += event.event_len) {
		memcpy(&event, next, sizeof(event));
		if (event.event_len < sizeof(event) || event.event_len > len)
			break;
		if (event.vers != FANOTIFY_METADATA_VERSION)
			return -EPROTO;
		if (event.mask & FAN_Q_OVERFLOW)
			opened->overflow = true;
		r = add_pid(opened, event.pid);
		len -= event.event_len;
	}
	return r;
}

/* -EAGAIN: nothing there. */
static int read_events(int fd, void *buf, size_t size, size_t *ret_len)
{
	ssize_t len;

	do
		len = read(fd, buf, size);
	while (len < 0 && errno == EINTR);
	*ret_len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? -errno : 0;
}

int opens_read(struct opens *opens, pid_t **ret_pids, size_t *ret_n, bool *ret_overflow)
{
	char buf[EVENTS_SIZE];
	struct open_events opened = { 0 };
	unsigned int reads;
	size_t len;
	int r = 0;

	for (reads = 0; r == 0 && reads < MAX_READS; reads++) {
		r = read_events(opens->fanotify_fd, buf, sizeof(buf), &len);
		if (r == 0)
			r = opens_parse_events(buf, len, &opened);
	}
	if (r < 0 && r != -EAGAIN) {
		free(opened.pids);
		return r;
	}
	*ret_pids = opened.pids;
	*ret_n = opened.n_pids;
	*ret_overflow = opened.overflow;
	return 0;
}

int opens_read_nodes(struct opens *opens)
{
	char buf[EVENTS_SIZE];
	int changed = 0, r = 0;
	unsigned int reads;
	size_t len;

	for (reads = 0; r == 0 && reads < MAX_READS; reads++) {
		r = read_events(opens->inotify_fd, buf, sizeof(buf), &len);
		changed |= r == 0 && len > 0;
	}
	return r < 0 && r != -EAGAIN ? r : changed;
}
