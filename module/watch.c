// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - what the bells listen for
 *
 * A set of device numbers and cgroups that is replaced as a whole: an RCU
 * pointer, written under watch_mutex, read in probe context under RCU.  It is
 * NULL while nobody has the device open, and empty from then to the first
 * WATCH: the pin bell needs no set.  Cgroups are ids, as everywhere: none is
 * kept from going.
 */
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "private.h"

struct watch_set {
	unsigned int cgroup_count;
	unsigned int device_count;
	u64 cgroups[PINSAFE_MAX_CGROUPS];
	struct watched_device {
		dev_t device;
		bool hold;
	} devices[PINSAFE_MAX_DEVICES];
};

static struct watch_set __rcu *watched;
static DEFINE_MUTEX(watch_mutex);

bool pinsafe_watch_is_on(void)
{
	return rcu_access_pointer(watched);
}
NOKPROBE_SYMBOL(pinsafe_watch_is_on);

static bool has_id(const struct watch_set *set, u64 id)
{
	unsigned int i;

	for (i = 0; i < set->cgroup_count; i++)
		if (set->cgroups[i] == id)
			return true;
	return false;
}
NOKPROBE_SYMBOL(has_id);

/* Is it watched, or an ancestor of it?  Under RCU. */
bool pinsafe_watch_has_cgroup(struct cgroup *cgroup)
{
	const struct watch_set *set = rcu_dereference(watched);

	if (!set || !set->cgroup_count)
		return false;
	for (; cgroup; cgroup = cgroup_parent(cgroup))
		if (has_id(set, cgroup_id(cgroup)))
			return true;
	return false;
}
NOKPROBE_SYMBOL(pinsafe_watch_has_cgroup);

/* Under RCU. */
bool pinsafe_watch_has_device(dev_t device, bool *ret_hold)
{
	const struct watch_set *set = rcu_dereference(watched);
	unsigned int i;

	if (!set)
		return false;
	for (i = 0; i < set->device_count; i++)
		if (set->devices[i].device == device) {
			*ret_hold = set->devices[i].hold;
			return true;
		}
	return false;
}
NOKPROBE_SYMBOL(pinsafe_watch_has_device);

static int read_devices(const struct pinsafe_watch *watch,
			struct watch_set *set)
{
	struct pinsafe_watch_device __user *from =
		u64_to_user_ptr(watch->devices);
	struct pinsafe_watch_device device;
	unsigned int i;

	for (i = 0; i < watch->device_count; i++) {
		if (copy_from_user(&device, &from[i], sizeof(device)))
			return -EFAULT;
		if (device.reserved || device.flags & ~PINSAFE_WATCH_HOLD ||
		    device.major >> (32 - MINORBITS) ||
		    device.minor > MINORMASK)
			return -EINVAL;
		set->devices[i].device = MKDEV(device.major, device.minor);
		set->devices[i].hold = device.flags & PINSAFE_WATCH_HOLD;
	}
	set->device_count = watch->device_count;
	return 0;
}

static int read_cgroups(const struct pinsafe_watch *watch,
			struct watch_set *set)
{
	struct pinsafe_watch_cgroup __user *from =
		u64_to_user_ptr(watch->cgroups);
	struct pinsafe_watch_cgroup entry;
	struct cgroup *cgroup;
	unsigned int i;

	for (i = 0; i < watch->cgroup_count; i++) {
		if (copy_from_user(&entry, &from[i], sizeof(entry)))
			return -EFAULT;
		if (entry.flags != PINSAFE_WATCH_HOLD)
			return -EINVAL;
		cgroup = cgroup_get_from_fd(entry.cgroup_fd);
		if (IS_ERR(cgroup))
			return -EBADF;
		set->cgroups[i] = cgroup_id(cgroup);
		cgroup_put(cgroup);
	}
	set->cgroup_count = watch->cgroup_count;
	return 0;
}

static int check_watch(const struct pinsafe_watch *watch)
{
	if (watch->reserved)
		return -EINVAL;
	if (watch->device_count > PINSAFE_MAX_DEVICES ||
	    watch->cgroup_count > PINSAFE_MAX_CGROUPS)
		return -E2BIG;
	if (watch->device_count &&
	    !(pinsafe_features & PINSAFE_FEATURE_BELL_OPEN))
		return -EOPNOTSUPP;
	if (watch->cgroup_count &&
	    ~pinsafe_features & (PINSAFE_FEATURE_BELL_PIN |
				 PINSAFE_FEATURE_HOLD_CGROUP))
		return -EOPNOTSUPP;
	return 0;
}

/* Publishes set, or with NULL none, and frees the one before. */
static void publish(struct watch_set *set)
{
	struct watch_set *old;

	mutex_lock(&watch_mutex);
	old = rcu_replace_pointer(watched, set,
				  lockdep_is_held(&watch_mutex));
	mutex_unlock(&watch_mutex);
	synchronize_rcu();
	kvfree(old);
}

/* All of the set, or an error and the set before. */
int pinsafe_watch_replace(const struct pinsafe_watch *watch)
{
	struct watch_set *set;
	int r = check_watch(watch);

	if (r)
		return r;
	set = kvzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	r = read_devices(watch, set);
	if (!r)
		r = read_cgroups(watch, set);
	if (r) {
		kvfree(set);
		return r;
	}
	publish(set);
	return 0;
}

/*
 * With an open file and no WATCH yet the pin bell rings; closing ends that.
 */
int pinsafe_watch_begin(void)
{
	struct watch_set *set = kvzalloc(sizeof(*set), GFP_KERNEL);

	if (!set)
		return -ENOMEM;
	publish(set);
	return 0;
}

/* When it returns, no probe rings any more. */
void pinsafe_watch_end(void)
{
	publish(NULL);
}
