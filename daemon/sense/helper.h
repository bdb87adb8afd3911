/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * helper.h - facts from the helper module
 *
 * Opens /dev/pinsafe, asks what it can do, and reads its events and counters.
 * Holds are taken in act/hold.c on the same fd.  Does not keep state: the fd is
 * the state, and lives in systemd's fd store across our restarts.
 */
#pragma once

#include "daemon/model.h"
#include "module/uapi/pinsafe.h"

/* Opens the device, read-only and non-blocking; fd, or negative errno: -ENOENT no
 * module, -EBUSY somebody else's, -EPERM, -EPROTO: speaks no version of ours. */
int helper_open(const char *path);

/* Fills has_module, module_*; also checks an fd that came from the fd store.  0,
 * or negative errno, and then host is untouched. */
int helper_load(int fd, struct host_facts *host);

/* Why helper_open() failed, as a sentence with the next step; constant. */
const char *helper_explain(int error);

int helper_read_counters(int fd, struct pinsafe_counters *ret_counters);

/* Events now waiting, at most room; number read, 0: none. */
int helper_read_events(int fd, struct pinsafe_event *events, size_t room);

/* Replaces the watched devices and cgroups (PINSAFE_WATCH).  0, or -E2BIG, -EBADF,
 * -EOPNOTSUPP and what was watched before stays. */
int helper_watch(int fd, const struct pinsafe_watch_device *devices, size_t n_devices,
		 const struct pinsafe_watch_cgroup *cgroups, size_t n_cgroups);

/* The bells may ring again for this process; 0, or -ENOENT: they had not rung. */
int helper_rearm(int fd, struct process_id id);
