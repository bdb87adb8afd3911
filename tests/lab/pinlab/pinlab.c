// SPDX-License-Identifier: GPL-2.0-only
/*
 * pinlab: a device that pins its caller's memory and does nothing else, so
 * that the lab has one real pin per entry point of the kernel, none of them
 * accounted.  What the commands mean is in pinlab.h.
 *
 * Model: a lab_file (one open file) has a list of lab_pin, under its mutex.
 * A pin owns one reference (FOLL_PIN, FOLL_GET or a pinned folio) per entry
 * of pages[]; lab_pin_free() gives them all back, at UNPIN or at close.
 * 64-bit only: page_address() is all the mapping there is.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "pinlab.h"

#define LAB_MAX_PAGES	(1UL << 20)
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

struct lab_file {
	struct mutex lock;
	struct list_head pins;
	u32 last_id;
};

static dev_t lab_devt;
static struct cdev lab_cdev;
static struct class *lab_class;

static struct lab_pin *lab_pin_new(enum pinlab_mode mode, unsigned long nr)
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

static void lab_pin_free(struct lab_pin *pin)
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

static int lab_check(const struct pinlab_pin *arg)
{
	if (arg->mode >= PINLAB_MODES || !arg->len ||
	    !PAGE_ALIGNED(arg->addr) || !PAGE_ALIGNED(arg->len) ||
	    arg->len >> PAGE_SHIFT > LAB_MAX_PAGES)
		return -EINVAL;
	return 0;
}

static long lab_ioctl_pin(struct lab_file *file, struct pinlab_pin __user *uarg)
{
	struct pinlab_pin arg;
	struct lab_pin *pin;
	int r;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	r = lab_check(&arg);
	if (r)
		return r;
	pin = lab_pin_new(arg.mode, arg.len >> PAGE_SHIFT);
	if (!pin)
		return -ENOMEM;
	r = arg.mode == PINLAB_MEMFD ? lab_pin_memfd(pin, &arg) : lab_pin_memory(pin, &arg);
	if (r)
		goto free;
	mutex_lock(&file->lock);
	pin->id = arg.id = ++file->last_id;
	list_add(&pin->node, &file->pins);
	mutex_unlock(&file->lock);
	/* a caller that cannot be told the id still gives it back at close */
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;

free:
	lab_pin_free(pin);
	return r;
}

static struct lab_pin *lab_find(struct lab_file *file, u32 id)
{
	struct lab_pin *pin;

	lockdep_assert_held(&file->lock);
	list_for_each_entry(pin, &file->pins, node)
		if (pin->id == id)
			return pin;
	return NULL;
}

static long lab_ioctl_unpin(struct lab_file *file, u32 id)
{
	struct lab_pin *pin;

	lockdep_assert_held(&file->lock);
	pin = lab_find(file, id);
	if (!pin)
		return -ENOENT;
	list_del(&pin->node);
	lab_pin_free(pin);
	return 0;
}

static long lab_copy_range(struct lab_pin *pin, const struct pinlab_copy *arg)
{
	u64 done, part, at;
	char __user *buf = u64_to_user_ptr(arg->buf);
	char *kaddr;

	for (done = 0; done < arg->len; done += part) {
		at = arg->offset + done;
		part = min_t(u64, arg->len - done, PAGE_SIZE - offset_in_page(at));
		kaddr = (char *)page_address(pin->pages[at >> PAGE_SHIFT]) + offset_in_page(at);
		if (arg->write ? copy_from_user(kaddr, buf + done, part)
			       : copy_to_user(buf + done, kaddr, part))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

static long lab_ioctl_copy(struct lab_file *file, struct pinlab_copy __user *uarg)
{
	struct pinlab_copy arg;
	struct lab_pin *pin;
	u64 size;

	lockdep_assert_held(&file->lock);
	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	pin = lab_find(file, arg.id);
	if (!pin)
		return -ENOENT;
	size = (u64)pin->nr << PAGE_SHIFT;
	if (arg.offset > size || arg.len > size - arg.offset)
		return -EINVAL;
	return lab_copy_range(pin, &arg);
}

static long lab_ioctl_lost(struct lab_file *file, struct pinlab_lost __user *uarg)
{
	struct pinlab_lost arg;
	struct lab_pin *pin;
	struct page *page;
	unsigned long i;

	lockdep_assert_held(&file->lock);
	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	pin = lab_find(file, arg.id);
	if (!pin)
		return -ENOENT;
	for (arg.pages = 0, i = 0; i < pin->nr; i++) {
		if (get_user_pages_fast(arg.addr + i * PAGE_SIZE, 1, 0, &page) != 1)
			return -EFAULT;
		arg.pages += page != pin->pages[i];
		put_page(page);
		cond_resched();
	}
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static long lab_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct lab_file *file = filp->private_data;
	void __user *uarg = (void __user *)arg;
	long r;

	/* pins take long and need no lock but for the list */
	if (cmd == PINLAB_IOC_PIN)
		return lab_ioctl_pin(file, uarg);
	mutex_lock(&file->lock);
	switch (cmd) {
	case PINLAB_IOC_UNPIN:
		r = lab_ioctl_unpin(file, arg);
		break;
	case PINLAB_IOC_COPY:
		r = lab_ioctl_copy(file, uarg);
		break;
	case PINLAB_IOC_LOST:
		r = lab_ioctl_lost(file, uarg);
		break;
	default:
		r = -ENOTTY;
	}
	mutex_unlock(&file->lock);
	return r;
}

static int lab_open(struct inode *inode, struct file *filp)
{
	struct lab_file *file;

	file = kzalloc(sizeof(*file), GFP_KERNEL);
	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	INIT_LIST_HEAD(&file->pins);
	filp->private_data = file;
	return 0;
}

static int lab_release(struct inode *inode, struct file *filp)
{
	struct lab_file *file = filp->private_data;
	struct lab_pin *pin, *next;

	list_for_each_entry_safe(pin, next, &file->pins, node)
		lab_pin_free(pin);
	kfree(file);
	return 0;
}

static const struct file_operations lab_fops = {
	.owner = THIS_MODULE,
	.open = lab_open,
	.release = lab_release,
	.unlocked_ioctl = lab_ioctl,
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define lab_class_create(name) class_create(THIS_MODULE, name)
#else
#define lab_class_create(name) class_create(name)
#endif

/* A character device of its own and not a misc device: accelerators are such,
 * and opens of theirs go through chrdev_open() with their own number. */
static int __init lab_init(void)
{
	struct device *dev;
	int r;

	r = alloc_chrdev_region(&lab_devt, 0, 1, "pinlab");
	if (r)
		return r;
	cdev_init(&lab_cdev, &lab_fops);
	lab_cdev.owner = THIS_MODULE;
	r = cdev_add(&lab_cdev, lab_devt, 1);
	if (r)
		goto unregister;
	lab_class = lab_class_create("pinlab");
	if (IS_ERR(lab_class)) {
		r = PTR_ERR(lab_class);
		goto del_cdev;
	}
	dev = device_create(lab_class, NULL, lab_devt, NULL, "pinlab");
	if (IS_ERR(dev)) {
		r = PTR_ERR(dev);
		goto destroy_class;
	}
	return 0;

destroy_class:
	class_destroy(lab_class);
del_cdev:
	cdev_del(&lab_cdev);
unregister:
	unregister_chrdev_region(lab_devt, 1);
	return r;
}

static void __exit lab_exit(void)
{
	device_destroy(lab_class, lab_devt);
	class_destroy(lab_class);
	cdev_del(&lab_cdev);
	unregister_chrdev_region(lab_devt, 1);
}

module_init(lab_init);
module_exit(lab_exit);

MODULE_DESCRIPTION("Pins memory without accounting, for pinsafe's lab");
MODULE_LICENSE("GPL");
