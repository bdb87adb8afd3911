/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/pinlab: pins memory the way accelerator drivers do, for the lab.
 *
 * Nothing is booked to anybody's VmPin.  Pins belong to the open file: closing
 * the last descriptor releases them all.  One open file may hold many pins,
 * named by the id that PIN returns.  Lengths and addresses are in bytes and
 * multiples of the page size, except in COPY.
 */
#ifndef PINLAB_H
#define PINLAB_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* By which of the kernel's entry points memory is pinned.  All but the last
 * two use FOLL_WRITE | FOLL_LONGTERM. */
enum pinlab_mode {
	PINLAB_PIN,		/* pin_user_pages */
	PINLAB_FAST,		/* pin_user_pages_fast */
	PINLAB_REMOTE,		/* pin_user_pages_remote; may name another process */
	PINLAB_UNLOCKED,	/* pin_user_pages_unlocked; EOPNOTSUPP before 6.3 */
	PINLAB_LOCKED,		/* pin_user_pages_locked; EOPNOTSUPP from 5.18;
				 * without LONGTERM, which it never took */
	PINLAB_MEMFD,		/* memfd_pin_folios; EOPNOTSUPP before 6.11 */
	PINLAB_GET,		/* get_user_pages_fast(FOLL_WRITE): FOLL_GET */
	PINLAB_SHORT,		/* pin_user_pages_fast(FOLL_WRITE), like O_DIRECT,
				 * but held until it is released */
	PINLAB_MODES
};

struct pinlab_pin {
	__u32 mode;		/* in: enum pinlab_mode */
	__s32 pid;		/* in: PINLAB_REMOTE: whose memory; 0 = one's own */
	__s32 fd;		/* in: PINLAB_MEMFD: the memfd */
	__u32 id;		/* out: names this pin in UNPIN, COPY, LOST */
	__u64 addr;		/* in: address; PINLAB_MEMFD: offset in the memfd */
	__u64 len;		/* in */
};

struct pinlab_copy {
	__u32 id;
	__u32 write;		/* in: 1 = the device writes, 0 = it reads */
	__u64 offset;		/* in: from the start of the pin */
	__u64 buf;		/* in: the caller's buffer */
	__u64 len;		/* in */
};

struct pinlab_lost {
	__u32 id;
	__u32 pad;
	__u64 addr;		/* in: where the caller has the memory mapped */
	__u64 pages;		/* out: how many pages the caller now sees another
				 * page than the device does */
};

#define PINLAB_IOC_PIN		_IOWR('L', 1, struct pinlab_pin)
#define PINLAB_IOC_UNPIN	_IO('L', 2)	/* argument: the id */
#define PINLAB_IOC_COPY		_IOW('L', 3, struct pinlab_copy)
#define PINLAB_IOC_LOST		_IOWR('L', 4, struct pinlab_lost)

#endif
