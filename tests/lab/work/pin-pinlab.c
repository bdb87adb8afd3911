// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab's own device, by the entry point named after the colon.  The device
 * side of the memory is the first 64 bytes of each page, which no thread of
 * pinwork touches, so that what it writes there is still there later.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pinlab.h"
#include "work.h"

static const char *const mode_names[PINLAB_MODES] = {
	[PINLAB_PIN] = "pin",		[PINLAB_FAST] = "fast",
	[PINLAB_REMOTE] = "remote",	[PINLAB_UNLOCKED] = "unlocked",
	[PINLAB_LOCKED] = "locked",	[PINLAB_MEMFD] = "memfd",
	[PINLAB_GET] = "get",		[PINLAB_SHORT] = "short",
};

struct device {
	int fd;
	__u32 id;
};

int pinlab_mode_parse(const char *name)
{
	int mode;

	if (!name)
		return PINLAB_FAST;
	for (mode = 0; mode < PINLAB_MODES; mode++)
		if (!strcmp(name, mode_names[mode]))
			return mode;
	return -EINVAL;
}

static int device_pin(struct work *work, struct device *device, int mode)
{
	struct pinlab_pin arg = {
		.mode = mode,
		.pid = work->target,
		.fd = work->memfd,
		.addr = work->target ? work->target_addr : (uintptr_t)work->addr,
		.len = work->pin_pages * work->page_bytes,
	};

	if (mode == PINLAB_MEMFD)
		arg.addr = 0;
	if (ioctl(device->fd, PINLAB_IOC_PIN, &arg))
		return -errno;
	device->id = arg.id;
	return 0;
}

static int lab_pin(struct work *work)
{
	int mode = pinlab_mode_parse(work->kind_argument), r;
	struct device *device;

	if (mode < 0)
		return mode;
	device = calloc(1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->fd = open("/dev/pinlab", O_RDWR | O_CLOEXEC);
	r = device->fd < 0 ? -errno : device_pin(work, device, mode);
	if (r) {
		if (device->fd >= 0)
			close(device->fd);
		free(device);
		return r;
	}
	work->pin_state = device;
	return 0;
}

static void lab_unpin(struct work *work)
{
	struct device *device = work->pin_state;

	ioctl(device->fd, PINLAB_IOC_UNPIN, device->id);
	close(device->fd);
	free(device);
}

static int lab_lost(struct work *work, size_t *ret_pages)
{
	struct device *device = work->pin_state;
	struct pinlab_lost arg = { .id = device->id, .addr = (uintptr_t)work->addr };

	if (ioctl(device->fd, PINLAB_IOC_LOST, &arg))
		return -errno;
	*ret_pages = arg.pages;
	return 0;
}

static int device_copy(struct device *device, int write, size_t offset, uint64_t *word)
{
	struct pinlab_copy arg = {
		.id = device->id,
		.write = write,
		.offset = offset,
		.buf = (uintptr_t)word,
		.len = sizeof(*word),
	};

	return ioctl(device->fd, PINLAB_IOC_COPY, &arg) ? -errno : 0;
}

/* 1: the two sides differ on this page */
static int echo_page(struct work *work, struct device *device, size_t page)
{
	volatile uint64_t *mine = (volatile uint64_t *)(work->addr + page * work->page_bytes + 8);
	size_t offset = page * work->page_bytes + 8;
	uint64_t word = 0x70696e7361666500ULL ^ page, back = 0;
	int r;

	r = device_copy(device, 1, offset, &word);
	if (r)
		return r;
	if (*mine != word)
		return 1;
	*mine = ~word;
	r = device_copy(device, 0, offset, &back);
	if (r)
		return r;
	return back != ~word;
}

static int lab_echo(struct work *work, size_t *ret_pages)
{
	size_t page;
	int r;

	*ret_pages = 0;
	for (page = 0; page < work->pin_pages; page++) {
		r = echo_page(work, work->pin_state, page);
		if (r < 0)
			return r;
		*ret_pages += r;
	}
	return 0;
}

const struct pin_kind pin_pinlab = {
	.name = "pinlab",
	.lasting = true,
	.pin = lab_pin,
	.unpin = lab_unpin,
	.lost = lab_lost,
	.echo = lab_echo,
};
