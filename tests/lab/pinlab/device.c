// SPDX-License-Identifier: GPL-2.0-only
/*
 * pinlab: a device that pins its caller's memory and does nothing else, so
 * that the lab has one real pin per entry point of the kernel, none of them
 * accounted.  What the commands mean is in pinlab.h.
 *
 * Model: a lab_file (one open file) has a list of lab_pin, under its mutex; a
 * pin leaves it at UNPIN or at close.  64-bit only: page_address() is all the
 * mapping there is.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pin.h"

#define LAB_MAX_PAGES	(1UL << 20)

struct lab_file {
	struct mutex lock;
	struct list_head pins;
	u32 last_id;
};

static dev_t lab_devt;
static struct cdev lab_cdev;
static struct class *lab_class;

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
	r = lab_pin_take(pin, &arg);
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
