/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One pin: the references it holds and the entry point that took them.  It
 * owns one reference (FOLL_PIN, FOLL_GET or a pinned folio) per page;
 * lab_pin_free() gives them all back.
 */
#ifndef PIN_H
#define PIN_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/version.h>

#include "pinlab.h"

struct lab_pin {
	struct list_head node;
	u32 id;
	enum pinlab_mode mode;
	unsigned long nr;		/* pages the caller asked for */
	unsigned long nr_held;		/* entries of pages[] that hold a reference */
	struct page **pages;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	struct folio **folios;		/* PINLAB_MEMFD: the references are these */
	unsigned long nr_folios;
#endif
};

/* Room for nr pages and no reference yet; NULL where memory is short. */
struct lab_pin *lab_pin_new(enum pinlab_mode mode, unsigned long nr);
void lab_pin_free(struct lab_pin *pin);

/* Takes the references that arg asks for.  Whatever was taken before an error
 * is the pin's, and lab_pin_free() gives it back. */
int lab_pin_take(struct lab_pin *pin, const struct pinlab_pin *arg);

#endif
