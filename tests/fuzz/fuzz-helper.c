/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever the module queues: whole events, whose texts end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/helper.h"

#define ROOM 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(close) int fd = memfd_create("events", MFD_CLOEXEC);
	struct pinsafe_event events[ROOM];
	int n, i;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		return 0;
	n = helper_read_events(fd, events, ROOM);
	if (n > ROOM)
		abort();
	for (i = 0; i < n; i++)
		if (!memchr(events[i].caller, '\0', sizeof(events[i].caller)) ||
		    !memchr(events[i].module, '\0', sizeof(events[i].module)))
			abort();
	return 0;
}
