// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"

static int read_info(int fd, struct pinsafe_info *ret_info)
{
	if (ioctl(fd, PINSAFE_GET_INFO, ret_info) < 0)
		return errno == ENOTTY ? -EPROTO : -errno;
	if (ret_info->abi < PINSAFE_ABI_OLDEST || ret_info->abi_oldest > PINSAFE_ABI)
		return -EPROTO;
	return 0;
}

/* Read-only, since the commands need no more and a unit's DeviceAllow= can then
 * refuse writing. */
int helper_open(const char *path)
{
	_cleanup_(close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct pinsafe_info info;
	int r;

	if (fd < 0)
		return errno == ENXIO || errno == ENODEV ? -ENOENT : -errno;
	r = read_info(fd, &info);
	return r < 0 ? r : take_fd(&fd);
}

int helper_load(int fd, struct host_facts *host)
{
	_cleanup_(free) char *version = NULL;
	struct pinsafe_counters counters;
	struct pinsafe_info info;
	int r;

	r = read_info(fd, &info);
	if (r < 0)
		return r;
	r = helper_read_counters(fd, &counters);
	if (r < 0)
		return r;
	version = strndup(info.version, sizeof(info.version));
	if (!version)
		return -ENOMEM;
	free(host->module_missing);
	free(host->module_version);
	host->module_missing = NULL;
	host->module_version = take_ptr(version);
	host->has_module = true;
	host->module_abi = info.abi;
	host->module_features = info.features;
	host->module_armed = counters.armed;
	host->module_max_holds = info.max_holds;
	return 0;
}

const char *helper_explain(int error)
{
	switch (-error) {
	case ENOENT:
		return "the pinsafe module is not loaded: install pinsafe-dkms and run "
		       "\"modprobe pinsafe\"; with Secure Boot its key must be enrolled";
	case EBUSY:
		return "another program has /dev/pinsafe open: \"fuser -v /dev/pinsafe\" "
		       "names it, end it and restart pinsafed";
	case EPERM:
	case EACCES:
		return "/dev/pinsafe may not be opened: pinsafed needs CAP_SYS_ADMIN, and "
		       "DeviceAllow=char-* r in its unit";
	case EPROTO:
		return "the loaded pinsafe module speaks no version that this pinsafed "
		       "knows: stop pinsafed, reload the module, start pinsafed";
	default:
		return "/dev/pinsafe cannot be used: the kernel log (\"journalctl -k -g "
		       "pinsafe\") may say why";
	}
}

int helper_read_counters(int fd, struct pinsafe_counters *ret_counters)
{
	return ioctl(fd, PINSAFE_GET_COUNTERS, ret_counters) < 0 ? -errno : 0;
}

/* The module writes whole events; their texts are ended here, so that no reader
 * depends on the module for it. */
int helper_read_events(int fd, struct pinsafe_event *events, size_t room)
{
	ssize_t len;
	int n, i;

	if (room > INT_MAX / sizeof(*events))
		room = INT_MAX / sizeof(*events);
	len = read(fd, events, room * sizeof(*events));
	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if ((size_t)len % sizeof(*events) != 0)
		return -EPROTO;
	n = (int)((size_t)len / sizeof(*events));
	for (i = 0; i < n; i++) {
		events[i].caller[sizeof(events[i].caller) - 1] = '\0';
		events[i].module[sizeof(events[i].module) - 1] = '\0';
	}
	return n;
}

int helper_watch(int fd, const struct pinsafe_watch_device *devices, size_t n_devices,
		 const struct pinsafe_watch_cgroup *cgroups, size_t n_cgroups)
{
	struct pinsafe_watch watch = {
		.devices = (uintptr_t)devices,
		.cgroups = (uintptr_t)cgroups,
		.device_count = (uint32_t)n_devices,
		.cgroup_count = (uint32_t)n_cgroups,
	};

	if (n_devices > UINT32_MAX || n_cgroups > UINT32_MAX)
		return -E2BIG;
	return ioctl(fd, PINSAFE_WATCH, &watch) < 0 ? -errno : 0;
}

int helper_rearm(int fd, struct process_id id)
{
	struct pinsafe_rearm rearm = {
		.pid = id.pid,
		.start_ticks = id.start_ticks,
	};

	return ioctl(fd, PINSAFE_REARM, &rearm) < 0 ? -errno : 0;
}
