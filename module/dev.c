// SPDX-License-Identifier: GPL-2.0-only
/*
 * dev.c - /dev/pinsafe: arguments in, answers out
 *
 * One open file at a time (opened), and all state belongs to it: release drops
 * it, in an order that lets no probe add to what is being dropped.  The file
 * holds the module (THIS_MODULE in the operations), so rmmod waits.
 *
 * CAP_SYS_ADMIN is asked at open and again at each command and read, because
 * file descriptors travel.  Every structure is copied in whole, checked whole,
 * and copied out only when the command succeeded.
 */
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/uaccess.h>

#include "private.h"

static unsigned long opened;

static int dev_open(struct inode *inode, struct file *file)
{
	int r;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (test_and_set_bit(0, &opened))
		return -EBUSY;
	r = pinsafe_watch_begin();
	if (r) {
		clear_bit(0, &opened);
		return r;
	}
	return stream_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	pinsafe_watch_end();
	pinsafe_target_clear_all();
	pinsafe_event_clear();
	clear_bit_unlock(0, &opened);
	return 0;
}

/*
 * The thread group pid with this start time, with a reference in key.
 * -ESRCH: there is none, or it is a thread, or it is of the kernel.
 */
static int find_process(s32 nr, u64 start_ticks, struct pinsafe_key *ret_key)
{
	struct task_struct *leader = NULL;
	struct pid *pid;
	int r = -ESRCH;

	rcu_read_lock();
	pid = find_pid_ns(nr, &init_pid_ns);
	if (pid)
		leader = pid_task(pid, PIDTYPE_TGID);
	if (leader && !(leader->flags & PF_KTHREAD) &&
	    pinsafe_task_start_ticks(leader) == start_ticks) {
		ret_key->kind = PINSAFE_PROCESS;
		ret_key->pid = get_pid(pid);
		ret_key->start_ticks = start_ticks;
		r = 0;
	}
	rcu_read_unlock();
	return r;
}

static int find_cgroup(s32 fd, struct pinsafe_key *ret_key)
{
	struct cgroup *cgroup = cgroup_get_from_fd(fd);

	if (IS_ERR(cgroup))
		return -EBADF;
	ret_key->kind = PINSAFE_CGROUP;
	ret_key->cgroup_id = cgroup_id(cgroup);
	cgroup_put(cgroup);
	return 0;
}

static void key_done(struct pinsafe_key *key)
{
	if (key->pid)
		put_pid(key->pid);
}

static int get_info(void __user *argument)
{
	struct pinsafe_info info = {
		.abi = PINSAFE_ABI,
		.abi_oldest = PINSAFE_ABI_OLDEST,
		.features = pinsafe_features,
		.max_holds = pinsafe_target_slots() - PINSAFE_MAX_CGROUPS,
		.max_cgroups = PINSAFE_MAX_CGROUPS,
		.max_devices = PINSAFE_MAX_DEVICES,
		.max_events = PINSAFE_MAX_EVENTS,
		.version = PINSAFE_VERSION,
	};

	return copy_to_user(argument, &info, sizeof(info)) ? -EFAULT : 0;
}

static int get_counters(void __user *argument)
{
	struct pinsafe_counters counters;

	pinsafe_counters_read(&counters);
	return copy_to_user(argument, &counters, sizeof(counters)) ?
	       -EFAULT : 0;
}

static int check_hold(const struct pinsafe_hold *hold)
{
	if (hold->reserved || hold->flags & ~PINSAFE_HOLD_WAIT)
		return -EINVAL;
	switch (hold->kind) {
	case PINSAFE_PROCESS:
		return 0;
	case PINSAFE_CGROUP:
		return pinsafe_features & PINSAFE_FEATURE_HOLD_CGROUP ?
		       0 : -EOPNOTSUPP;
	}
	return -EINVAL;
}

static int take(const struct pinsafe_key *key, struct pinsafe_hold *hold)
{
	struct pinsafe_target *target;
	int r;

	r = pinsafe_hold_take(key, PINSAFE_ORIGIN_ORDER, &target);
	if (r)
		return r;
	if (hold->flags & PINSAFE_HOLD_WAIT)
		r = pinsafe_drain_wait(target);
	hold->cgroup_id = key->cgroup_id;
	hold->state = READ_ONCE(target->marks) & PINSAFE_MARK_DRAINING ?
		      PINSAFE_STATE_DRAINING : PINSAFE_STATE_HELD;
	pinsafe_target_put(target);
	return r;
}

static int hold(void __user *argument)
{
	struct pinsafe_key key = {};
	struct pinsafe_hold hold;
	int r;

	if (copy_from_user(&hold, argument, sizeof(hold)))
		return -EFAULT;
	r = check_hold(&hold);
	if (r)
		return r;
	if (hold.kind == PINSAFE_PROCESS)
		r = find_process(hold.pid, hold.start_ticks, &key);
	else
		r = find_cgroup(hold.cgroup_fd, &key);
	if (r)
		return r;
	r = take(&key, &hold);
	key_done(&key);
	if (r)
		return r;
	return copy_to_user(argument, &hold, sizeof(hold)) ? -EFAULT : 0;
}

static int release(void __user *argument)
{
	struct pinsafe_release release;
	struct pinsafe_key key = {};
	int r = 0;

	if (copy_from_user(&release, argument, sizeof(release)))
		return -EFAULT;
	if (release.reserved)
		return -EINVAL;
	switch (release.kind) {
	case PINSAFE_PROCESS:
		r = find_process(release.pid, release.start_ticks, &key);
		break;
	case PINSAFE_CGROUP:
		key.kind = PINSAFE_CGROUP;
		key.cgroup_id = release.cgroup_id;
		break;
	default:
		return -EINVAL;
	}
	if (!r)
		r = pinsafe_hold_release(&key);
	key_done(&key);
	return r;
}

static int list(void __user *argument)
{
	struct pinsafe_list list;
	struct pinsafe_entry entry;
	struct pinsafe_entry __user *to;
	unsigned int i;

	if (copy_from_user(&list, argument, sizeof(list)))
		return -EFAULT;
	to = u64_to_user_ptr(list.entries);
	list.count = 0;
	for (i = 0; i < pinsafe_target_slots(); i++) {
		if (!pinsafe_target_describe(i, &entry))
			continue;
		if (list.count < list.capacity &&
		    copy_to_user(&to[list.count], &entry, sizeof(entry)))
			return -EFAULT;
		list.count++;
	}
	return copy_to_user(argument, &list, sizeof(list)) ? -EFAULT : 0;
}

static int watch(void __user *argument)
{
	struct pinsafe_watch watch;

	if (copy_from_user(&watch, argument, sizeof(watch)))
		return -EFAULT;
	return pinsafe_watch_replace(&watch);
}

static int rearm(void __user *argument)
{
	struct pinsafe_rearm rearm;
	struct pinsafe_key key = {};
	int r;

	if (copy_from_user(&rearm, argument, sizeof(rearm)))
		return -EFAULT;
	if (rearm.reserved)
		return -EINVAL;
	r = find_process(rearm.pid, rearm.start_ticks, &key);
	if (!r)
		r = pinsafe_bell_rearm(&key);
	key_done(&key);
	return r;
}

static int sight(void __user *argument)
{
	struct pinsafe_sight sight;
	struct pinsafe_key key = {};
	int r;

	if (copy_from_user(&sight, argument, sizeof(sight)))
		return -EFAULT;
	if (sight.flags & ~(PINSAFE_SIGHT_EXTRA | PINSAFE_SIGHT_SCAN))
		return -EINVAL;
	r = find_process(sight.pid, sight.start_ticks, &key);
	if (!r)
		r = pinsafe_sight_look(key.pid, &sight);
	key_done(&key);
	if (r)
		return r;
	return copy_to_user(argument, &sight, sizeof(sight)) ? -EFAULT : 0;
}

static long dev_ioctl(struct file *file, unsigned int command,
		      unsigned long value)
{
	void __user *argument = (void __user *)value;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (command) {
	case PINSAFE_GET_INFO:
		return get_info(argument);
	case PINSAFE_GET_COUNTERS:
		return get_counters(argument);
	case PINSAFE_HOLD:
		return hold(argument);
	case PINSAFE_RELEASE:
		return release(argument);
	case PINSAFE_LIST:
		return list(argument);
	case PINSAFE_WATCH:
		return watch(argument);
	case PINSAFE_REARM:
		return rearm(argument);
	case PINSAFE_SIGHT:
		return sight(argument);
	}
	return -ENOTTY;
}

static ssize_t dev_read(struct file *file, char __user *buffer, size_t size,
			loff_t *offset)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return pinsafe_event_read(buffer, size, file->f_flags & O_NONBLOCK);
}

static const struct file_operations dev_operations = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.poll = pinsafe_event_poll,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pinsafe",
	.fops = &dev_operations,
	.mode = 0600,
};

int pinsafe_dev_init(void)
{
	return misc_register(&dev);
}

void pinsafe_dev_done(void)
{
	misc_deregister(&dev);
}
