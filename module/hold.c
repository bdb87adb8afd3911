// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold.c - the gate: no scan starts in a held target
 *
 * task_numa_work() runs in each thread of a busy process, on its way back to
 * user space, and scans if mm->numa_next_scan has passed.  A probe on its entry
 * puts that time one second ahead if the thread is held, so the function reads
 * it and returns.
 *
 * One second and not more, because the field leaks: fork copies it, a process
 * that leaves a held cgroup keeps it, and nobody could heal it after unload.
 * So everything heals by itself within a second, and the probe, that fires
 * about once a second per held process, is the heartbeat that proves the hold.
 *
 * Held is
 *	- the thread group of the running thread;
 *	- the thread group that owns the mm, when that is another: a child made
 *	  by vfork(2) runs on its parent's memory, and may do so for long;
 *	- any other thread group that runs on this memory (CLONE_VM): whoever of
 *	  them scans, scans the held one's pages;
 *	- the cgroup of the thread-group leader, or an ancestor of it;
 *	- that of the owner of the mm, but of nobody else who runs on it: a child
 *	  made into a held cgroup takes nothing from its parent outside.
 *
 * What is left: the function reads the clock a few instructions after the
 * probe.  A thread that is preempted exactly there and stays off the CPU for
 * more than a second (a paused virtual machine) makes one pass.
 *
 * The gate runs in probe context under RCU; it writes nothing but counters of
 * the target it found.  Everything else here is under pinsafe_lock.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "private.h"

static struct pinsafe_target *find_held(const struct pinsafe_key *key)
{
	struct pinsafe_target *target = pinsafe_target_find(key);

	if (target && READ_ONCE(target->marks) & PINSAFE_MARK_HELD)
		return target;
	return NULL;
}
NOKPROBE_SYMBOL(find_held);

static struct pinsafe_target *find_held_group(struct task_struct *task)
{
	struct pinsafe_key key = {
		.kind = PINSAFE_PROCESS,
		.pid = task_tgid(task),
	};

	/* An owner that is just being reaped has no pid any more. */
	return key.pid ? find_held(&key) : NULL;
}
NOKPROBE_SYMBOL(find_held_group);

static struct pinsafe_target *find_held_cgroup(struct task_struct *task)
{
	struct pinsafe_key key = { .kind = PINSAFE_CGROUP };
	struct cgroup *cgroup = pinsafe_task_cgroup(task);
	struct pinsafe_target *target;

	for (; cgroup; cgroup = cgroup_parent(cgroup)) {
		key.cgroup_id = cgroup_id(cgroup);
		target = find_held(&key);
		if (target)
			return target;
	}
	return NULL;
}
NOKPROBE_SYMBOL(find_held_cgroup);

/* owner is NULL when it is the task's own group, or nobody. */
static struct pinsafe_target *find_hold(struct task_struct *task,
					struct task_struct *owner)
{
	struct pinsafe_target *target = NULL;

	if (pinsafe_target_held(PINSAFE_PROCESS)) {
		target = find_held_group(task);
		if (!target && owner)
			target = find_held_group(owner);
		if (!target)
			target = pinsafe_target_find_memory(task->mm);
	}
	if (!target && pinsafe_target_held(PINSAFE_CGROUP)) {
		target = find_held_cgroup(task);
		if (!target && owner)
			target = find_held_cgroup(owner);
	}
	return target;
}
NOKPROBE_SYMBOL(find_hold);

static int gate_enter(struct kprobe *kp, struct pt_regs *regs)
{
	struct pinsafe_target *target;
	struct task_struct *owner;

	atomic64_inc(&pinsafe_counts.gate_calls);
	if (!current->mm || current->flags & PF_EXITING)
		return 0;
	rcu_read_lock();
	owner = pinsafe_mm_owner(current->mm);
	if (owner && same_thread_group(owner, current))
		owner = NULL;
	target = find_hold(current, owner);
	if (target) {
		WRITE_ONCE(current->mm->numa_next_scan, jiffies + HZ);
		atomic64_inc(&target->refused_scans);
		WRITE_ONCE(target->last_refused_ns, ktime_get_boottime_ns());
		atomic64_inc(&pinsafe_counts.refused_scans);
	}
	rcu_read_unlock();
	return 0;
}
NOKPROBE_SYMBOL(gate_enter);

struct pinsafe_probe pinsafe_gate = {
	.kp = { .symbol_name = "task_numa_work", .pre_handler = gate_enter },
};

/*
 * From any context, probes included.  0: it is held, draining at first;
 * -ENOSPC: the table is full, and a worker now looks for entries to drop.
 * What is held already stays as it is, but an order makes it the orderer's.
 * ret_target, if given, gets a reference.
 */
int pinsafe_hold_take(const struct pinsafe_key *key, u32 origin,
		      struct pinsafe_target **ret_target)
{
	struct pinsafe_target *target;
	unsigned long flags;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	target = pinsafe_target_obtain(key);
	if (target && !(target->marks & PINSAFE_MARK_HELD)) {
		pinsafe_target_set_held(target, origin);
		pinsafe_drain_add(target);
	} else if (target && origin == PINSAFE_ORIGIN_ORDER) {
		target->origin = origin;
	}
	if (target && ret_target) {
		pinsafe_target_get(target);
		*ret_target = target;
	}
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	pinsafe_kick();
	return target ? 0 : -ENOSPC;
}

/* -ENOENT: it is not held. */
int pinsafe_hold_release(const struct pinsafe_key *key)
{
	struct pinsafe_target *target;
	unsigned long flags;
	int r = -ENOENT;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	target = pinsafe_target_find(key);
	if (target && target->marks & PINSAFE_MARK_HELD) {
		pinsafe_target_clear_marks(target, PINSAFE_MARKS_HOLD);
		r = 0;
	}
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	return r;
}

int pinsafe_hold_init(void)
{
	int r = pinsafe_probe_register(&pinsafe_gate);

	if (r)
		return r;
	pinsafe_features |= PINSAFE_FEATURE_HOLD;
	if (pinsafe_cgroup_v2_in_use())
		pinsafe_features |= PINSAFE_FEATURE_HOLD_CGROUP;
	return 0;
}

void pinsafe_hold_done(void)
{
	pinsafe_probe_unregister(&pinsafe_gate);
}
