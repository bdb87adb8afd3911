// SPDX-License-Identifier: GPL-2.0-only
/*
 * reap.c - drops the entries of processes and cgroups that are gone
 *
 * Nothing tells the module that a process ends, so a work looks at the whole
 * table: only while something is in it, every ten seconds, and every second
 * when three quarters are in use.
 *
 * Locks: pinsafe_lock for each entry, taken anew.
 */
#include <linux/pid.h>

#include "compat.h"
#include "private.h"

#define PERIOD	(10 * HZ)
#define PAUSE	HZ		/* at least, even when the table is full */

static void reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(reap_work, reap);
static unsigned long last_reap;	/* jiffies */

static bool drop_if_gone(struct pinsafe_target *target)
{
	bool gone;

	rcu_read_lock();
	gone = !pid_task(target->key.pid, PIDTYPE_TGID);
	rcu_read_unlock();
	if (gone)
		pinsafe_target_clear_marks(target, ~0U);
	return gone;
}

static bool drop_cgroup(u64 id)
{
	struct pinsafe_key key = { .kind = PINSAFE_CGROUP, .cgroup_id = id };
	struct pinsafe_target *target;
	unsigned long flags;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	target = pinsafe_target_find(&key);
	if (target)
		pinsafe_target_clear_marks(target, ~0U);
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	return target;
}

/*
 * Whether a cgroup is gone is asked by its id and may sleep, so outside the
 * lock; an id is never used again, so the answer keeps.
 */
static unsigned int reap_cgroups(void)
{
	unsigned int i, hits = 0;
	u64 id;

	for (i = 0; i < PINSAFE_MAX_CGROUPS; i++) {
		id = pinsafe_target_cgroup_at(i);
		if (id && pinsafe_cgroup_is_gone(id) && drop_cgroup(id))
			hits++;
	}
	return hits;
}

static bool is_any(void)
{
	return pinsafe_target_any(PINSAFE_PROCESS) ||
	       pinsafe_target_any(PINSAFE_CGROUP);
}

static void reap(struct work_struct *work)
{
	unsigned int hits = pinsafe_target_for_each(PINSAFE_PROCESS,
						    drop_if_gone);

	WRITE_ONCE(last_reap, jiffies);
	if (pinsafe_target_any(PINSAFE_CGROUP))
		hits += reap_cgroups();
	atomic64_add(hits, &pinsafe_counts.reaped);
	if (is_any())
		queue_delayed_work(pinsafe_wq, &reap_work, PERIOD);
}

/* From pinsafe_kick()'s irq_work. */
void pinsafe_reap_soon(void)
{
	if (pinsafe_target_is_scarce(PINSAFE_PROCESS) ||
	    pinsafe_target_is_scarce(PINSAFE_CGROUP))
		mod_delayed_work(pinsafe_wq, &reap_work,
				 time_after(jiffies, READ_ONCE(last_reap) + PAUSE) ?
				 0 : PAUSE);
	else if (is_any())
		queue_delayed_work(pinsafe_wq, &reap_work, PERIOD);
}

/* jiffies begin five minutes before they wrap: zero would lie ahead. */
void pinsafe_reap_init(void)
{
	last_reap = jiffies;
}

/* After the probes and pinsafe_kick() have come to rest. */
void pinsafe_reap_stop(void)
{
	cancel_delayed_work_sync(&reap_work);
}
