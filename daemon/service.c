// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/service.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"

#define FD_NAME		"pinsafe"
#define BARRIER_USEC	(5ULL * 1000 * 1000)

static void free_names(char **names)
{
	for (char **p = names; p && *p; p++)
		free(*p);
	free(names);
}

int service_take_helper(void)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);
	int found = -1;

	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (found < 0 && names && strcmp(names[i], FD_NAME) == 0)
			found = fd;
		else
			close(fd);
	}
	free_names(names);
	return found;
}

/* FDPOLL=0: a hang-up of the file must not make systemd drop it.  The barrier
 * returns when systemd has read what was sent before it. */
int service_keep_helper(int fd)
{
	int r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" FD_NAME "\nFDPOLL=0", &fd, 1);

	if (r <= 0)
		return r;
	r = sd_notify_barrier(0, BARRIER_USEC);
	return r < 0 ? r : 0;
}

/* Each message takes a socket.  One descriptor is kept for it, or the watchdog would
 * end a daemon for no more than that they have run out. */
static void tell(const char *message, const char *status)
{
	static int spare_fd = -1;

	if (spare_fd >= 0)
		close(spare_fd);
	(void)sd_notifyf(0, "%s%s", message, status);
	spare_fd = open("/", O_PATH | O_CLOEXEC);
}

void service_ready(const char *status)
{
	tell("READY=1\nSTATUS=", status);
}

void service_reloading(void)
{
	tell("RELOADING=1", "");
}

void service_stopping(void)
{
	tell("STOPPING=1", "");
}

void service_status(const char *status)
{
	tell("STATUS=", status);
}

uint64_t service_watchdog_usec(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2 : 0;
}

void service_alive(void)
{
	tell("WATCHDOG=1", "");
}
