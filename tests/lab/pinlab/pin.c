// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's entry points, one call each.  Every difference between kernel
 * versions is here.
 */
#include <linux/file.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "pin.h"

#define LAB_LONGTERM	(FOLL_WRITE | FOLL_LONGTERM)

/* 6.5 took the vmas argument away */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define lab_pin_user_pages(start, nr, flags, pages) \
	pin_user_pages(start, nr, flags, pages, NULL)
#define lab_pin_user_pages_remote(mm, start, nr, flags, pages) \
	pin_user_pages_remote(mm, start, nr, flags, pages, NULL, NULL)
#else
#define lab_pin_user_pages(start, nr, flags, pages) \
	pin_user_pages(start, nr, flags, pages)
#define lab_pin_user_pages_remote(mm, start, nr, flags, pages) \
	pin_user_pages_remote(mm, start, nr, flags, pages, NULL)
#endif

struct lab_pin *lab_pin_new(enum pinlab_mode mode, unsigned long nr)
{
	struct lab_pin *pin;

	pin = kzalloc(sizeof(*pin), GFP_KERNEL);
	if (!pin)
		return NULL;
	pin->pages = kvcalloc(nr, sizeof(*pin->pages), GFP_KERNEL);
	if (!pin->pages) {
		kfree(pin);
		return NULL;
	}
	pin->mode = mode;
	pin->nr = nr;
	return pin;
}

static void lab_release_pages(struct lab_pin *pin)
{
	unsigned long i;

	if (pin->mode != PINLAB_GET) {
		unpin_user_pages_dirty_lock(pin->pages, pin->nr_held, true);
		return;
	}
	for (i = 0; i < pin->nr_held; i++) {
		set_page_dirty_lock(pin->pages[i]);
		put_page(pin->pages[i]);
	}
}

void lab_pin_free(struct lab_pin *pin)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	if (pin->folios) {
		unpin_folios(pin->folios, pin->nr_folios);
		kvfree(pin->folios);
	}
#endif
	if (pin->nr_held)
		lab_release_pages(pin);
	kvfree(pin->pages);
	kfree(pin);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
static long lab_call_locked(unsigned long start, unsigned long nr, struct page **pages)
{
	int locked = 1;
	long r;

	mmap_read_lock(current->mm);
	r = pin_user_pages_locked(start, nr, FOLL_WRITE, pages, &locked);
	if (locked)
		mmap_read_unlock(current->mm);
	return r;
}
#else
static long lab_call_locked(unsigned long start, unsigned long nr, struct page **pages)
{
	return -EOPNOTSUPP;
}
#endif

static long lab_call_pin(unsigned long start, unsigned long nr, struct page **pages)
{
	long r;

	mmap_read_lock(current->mm);
	r = lab_pin_user_pages(start, nr, LAB_LONGTERM, pages);
	mmap_read_unlock(current->mm);
	return r;
}

static long lab_call_remote(struct mm_struct *mm, unsigned long start,
			    unsigned long nr, struct page **pages)
{
	long r;

	mmap_read_lock(mm);
	r = lab_pin_user_pages_remote(mm, start, nr, LAB_LONGTERM, pages);
	mmap_read_unlock(mm);
	return r;
}

static long lab_call_unlocked(unsigned long start, unsigned long nr, struct page **pages)
{
	/* before 6.3 it warns and refuses where LONGTERM is set */
	if (LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0))
		return -EOPNOTSUPP;
	return pin_user_pages_unlocked(start, nr, pages, LAB_LONGTERM);
}

/* One call of the entry point; returns how many pages it pinned, at least 1. */
static long lab_call(enum pinlab_mode mode, struct mm_struct *mm, unsigned long start,
		     unsigned long nr, struct page **pages)
{
	switch (mode) {
	case PINLAB_PIN:
		return lab_call_pin(start, nr, pages);
	case PINLAB_FAST:
		return pin_user_pages_fast(start, nr, LAB_LONGTERM, pages);
	case PINLAB_REMOTE:
		return lab_call_remote(mm, start, nr, pages);
	case PINLAB_UNLOCKED:
		return lab_call_unlocked(start, nr, pages);
	case PINLAB_LOCKED:
		return lab_call_locked(start, nr, pages);
	case PINLAB_GET:
		return get_user_pages_fast(start, nr, FOLL_WRITE, pages);
	case PINLAB_SHORT:
		return pin_user_pages_fast(start, nr, FOLL_WRITE, pages);
	case PINLAB_MEMFD:
	case PINLAB_MODES:
		break;
	}
	return -EINVAL;
}

static int lab_pin_range(struct lab_pin *pin, struct mm_struct *mm, unsigned long addr)
{
	long r;

	while (pin->nr_held < pin->nr) {
		r = lab_call(pin->mode, mm, addr + pin->nr_held * PAGE_SIZE,
			     pin->nr - pin->nr_held, pin->pages + pin->nr_held);
		if (r <= 0)
			return r ? r : -EFAULT;
		pin->nr_held += r;
	}
	return 0;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
/* The folios hold the references; pages[] is filled for COPY. */
static void lab_spread_folios(struct lab_pin *pin, pgoff_t offset)
{
	unsigned long i, page = 0, first = offset >> PAGE_SHIFT;

	for (i = 0; i < pin->nr_folios && page < pin->nr; i++, first = 0)
		for (; first < folio_nr_pages(pin->folios[i]) && page < pin->nr; first++)
			pin->pages[page++] = folio_page(pin->folios[i], first);
}

static int lab_pin_memfd(struct lab_pin *pin, const struct pinlab_pin *arg)
{
	struct file *memfd;
	pgoff_t offset;
	long r;

	pin->folios = kvcalloc(pin->nr, sizeof(*pin->folios), GFP_KERNEL);
	if (!pin->folios)
		return -ENOMEM;
	memfd = fget(arg->fd);
	if (!memfd)
		return -EBADF;
	r = memfd_pin_folios(memfd, arg->addr, arg->addr + arg->len - 1,
			     pin->folios, pin->nr, &offset);
	fput(memfd);
	if (r <= 0)
		return r ? r : -EFAULT;
	pin->nr_folios = r;
	lab_spread_folios(pin, offset);
	return 0;
}
#else
static int lab_pin_memfd(struct lab_pin *pin, const struct pinlab_pin *arg)
{
	return -EOPNOTSUPP;
}
#endif

/* The mm that REMOTE pins; to be given back with mmput(). */
static struct mm_struct *lab_mm_get(pid_t nr)
{
	struct task_struct *task;
	struct mm_struct *mm;
	struct pid *pid;

	if (!nr)
		return get_task_mm(current);
	pid = find_get_pid(nr);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	if (!task)
		return NULL;
	mm = get_task_mm(task);
	put_task_struct(task);
	return mm;
}

static int lab_pin_memory(struct lab_pin *pin, const struct pinlab_pin *arg)
{
	struct mm_struct *mm;
	int r;

	if (arg->mode != PINLAB_REMOTE)
		return lab_pin_range(pin, NULL, arg->addr);
	mm = lab_mm_get(arg->pid);
	if (!mm)
		return -ESRCH;
	r = lab_pin_range(pin, mm, arg->addr);
	mmput(mm);
	return r;
}

int lab_pin_take(struct lab_pin *pin, const struct pinlab_pin *arg)
{
	return arg->mode == PINLAB_MEMFD ? lab_pin_memfd(pin, arg) : lab_pin_memory(pin, arg);
}
