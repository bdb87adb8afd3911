/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * opens.h - which device nodes exist, and who opens them
 *
 * Expands MatchDevice globs to device numbers, and, where there is no module,
 * hears opens by fanotify (FAN_REPORT_FID, inode marks on the nodes; kernel-
 * facts: blind to a container's own nodes, refused by DevicePolicy=closed).
 * New nodes are noticed by inotify on the folders that the globs name.
 */
#pragma once

#include "daemon/model.h"
#include "daemon/sense/proc.h"

struct opens;

/* Character devices whose path matches one of the globs; sorted, unique. */
int opens_find_devices(int dev_fd, char *const *globs, size_t n_globs,
		       struct device_number **ret_devices, size_t *ret_n);

/* listen: hear opens too; without it only nodes that come and go, which is all
 * that a daemon with the module needs.  *ret_opens has two fds to watch;
 * fanotify_fd is -1 when it is not wanted or cannot be had, and then *ret_why
 * says why (constant; NULL: not wanted). */
int opens_new(int dev_fd, bool listen, struct opens **ret_opens, const char **ret_why);
void opens_free(struct opens *opens);
int opens_fanotify_fd(const struct opens *opens);
int opens_inotify_fd(const struct opens *opens);

/* Replaces the watched globs; marks what exists.  Number of nodes marked, or
 * negative errno: one at least could not be, and its opens are not heard (-ENODEV:
 * devtmpfs of 5.10 has no fsid; -EPERM: the unit's device policy refuses; -ENOSPC:
 * fs.fanotify.max_user_marks); nodes that come and go are noticed all the same. */
int opens_watch(struct opens *opens, char *const *globs, size_t n_globs);

/* Drains events: pids (thread groups) that opened a marked node, each once, for
 * the caller to free; *ret_overflow: the queue ran over and the whole host must
 * be swept. */
int opens_read(struct opens *opens, pid_t **ret_pids, size_t *ret_n, bool *ret_overflow);

/* Drains inotify; 1: nodes came or went, call opens_watch() again; 0: not. */
int opens_read_nodes(struct opens *opens);

/* Pure: what one read(2) of fanotify(7) returned, added to *opened, whose pids are
 * for the caller to free, also after an error.  0, -EPROTO, -ENOMEM. */
struct open_events {
	pid_t *pids;
	size_t n_pids;
	bool overflow;
};
int opens_parse_events(const void *events, size_t len, struct open_events *opened);
