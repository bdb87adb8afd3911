// SPDX-License-Identifier: GPL-2.0-only
/*
 * drain.c - waits for the scans that were past the gate when a hold was taken
 *
 * A hold is in the table before draining starts, so each later call of
 * task_numa_work() is refused.  An earlier one is at one of two places:
 *
 *	gate ----(a)---- mmap_read_trylock() ----(b)---- mmap_read_unlock()
 *
 * (a) It has passed the gate and has not tried the lock.  In between the
 *     function does not sleep: it compares times and takes the lock by trylock.
 *     It can be preempted at most.  synchronize_rcu_tasks() returns when each
 *     task has slept, or been in user space, or been idle since; being
 *     preempted does not count.  A kernel without Tasks RCU (5.10 built for
 *     voluntary preemption) does not preempt itself; there it is
 *     synchronize_rcu(), for which code without cond_resched() is a reader.
 * (b) It scans, under mmap_lock for reading to the end of its pass.  It may
 *     call cond_resched() there, which the second case above takes for the end.
 *     Taking mmap_lock for writing once waits for it, on every kernel.
 *
 * So: first the grace period, one for all targets that wait, then the lock,
 * for each target in a work of its own, because a target that sits on its
 * mmap_lock (hung I/O) must not keep the others waiting.  Of a cgroup each
 * process that is in it now is visited; what is forked into it meets the gate.
 * What is moved into it in the middle of a pass finishes that pass.
 *
 * States (drain_state, under pinsafe_lock), with one reference on the target
 * from the first to the last:
 *
 *	NONE -> QUEUED -> RUNNING -> NONE
 *	          ^          v  held anew while running: that hold's scans need
 *	          +------- AGAIN  a grace period of their own
 */
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "compat.h"
#include "private.h"

static void drain_grace(struct work_struct *work);

static LIST_HEAD(drain_list);
static DECLARE_WORK(grace_work, drain_grace);
static DECLARE_WAIT_QUEUE_HEAD(drained);

/* From any context; pinsafe_kick() has to follow. */
void pinsafe_drain_add(struct pinsafe_target *target)
{
	lockdep_assert_held(&pinsafe_lock);
	switch (target->drain_state) {
	case PINSAFE_DRAIN_NONE:
		pinsafe_target_get(target);
		target->drain_state = PINSAFE_DRAIN_QUEUED;
		list_add_tail(&target->link, &drain_list);
		break;
	case PINSAFE_DRAIN_RUNNING:
		target->drain_state = PINSAFE_DRAIN_AGAIN;
		break;
	case PINSAFE_DRAIN_QUEUED:
	case PINSAFE_DRAIN_AGAIN:
		break;
	}
}

/* From pinsafe_kick()'s irq_work. */
void pinsafe_drain_start(void)
{
	if (!list_empty(&drain_list))
		queue_work(pinsafe_wq, &grace_work);
}

static void drain_grace(struct work_struct *work)
{
	struct pinsafe_target *target, *next;
	LIST_HEAD(batch);

	raw_spin_lock_irq(&pinsafe_lock);
	list_splice_init(&drain_list, &batch);
	list_for_each_entry(target, &batch, link)
		target->drain_state = PINSAFE_DRAIN_RUNNING;
	raw_spin_unlock_irq(&pinsafe_lock);
	if (list_empty(&batch))
		return;

	synchronize_rcu_tasks();
	list_for_each_entry_safe(target, next, &batch, link) {
		list_del_init(&target->link);
		queue_work(pinsafe_wq, &target->drain);
	}
}

static void drain_mm(struct mm_struct *mm)
{
	/* A worker gets no signals; killable keeps hung targets out of D. */
	if (!mmap_write_lock_killable(mm))
		mmap_write_unlock(mm);
	mmput_async(mm);
}

static void drain_process(struct pid *pid)
{
	struct mm_struct *mm = pinsafe_group_mm(pid);

	if (mm)
		drain_mm(mm);
}

static bool is_below(struct task_struct *task, u64 id)
{
	struct cgroup *cgroup = pinsafe_task_cgroup(task);

	for (; cgroup; cgroup = cgroup_parent(cgroup))
		if (cgroup_id(cgroup) == id)
			return true;
	return false;
}

/* The mm, with a reference, of process nr if it is in the cgroup. */
static struct mm_struct *member_mm(struct pid *pid, u64 id)
{
	struct task_struct *leader = pid_task(pid, PIDTYPE_TGID);

	if (!leader || !is_below(leader, id))
		return NULL;
	return pinsafe_group_mm(pid);
}

static void drain_cgroup(u64 id)
{
	struct mm_struct *mm;
	struct pid *pid;
	int nr = 1;

	for (;; nr++) {
		mm = NULL;
		rcu_read_lock();
		pid = idr_get_next(&init_pid_ns.idr, &nr);
		if (pid)
			mm = member_mm(pid, id);
		rcu_read_unlock();
		if (!pid)
			return;
		if (mm)
			drain_mm(mm);
		cond_resched();
	}
}

static void tell_drained(struct pinsafe_target *target)
{
	struct pinsafe_record record = {
		.type = PINSAFE_EVENT_DRAINED,
		.key = target->key,
		.cgroup_id = target->key.cgroup_id,
	};

	if (record.key.kind == PINSAFE_PROCESS)
		record.pid = pid_nr(record.key.pid);
	pinsafe_event_add(&record);
}

static void drain_finish(struct pinsafe_target *target)
{
	bool again = target->drain_state == PINSAFE_DRAIN_AGAIN;

	lockdep_assert_held(&pinsafe_lock);
	target->drain_state = PINSAFE_DRAIN_NONE;
	if (!(target->marks & PINSAFE_MARK_HELD))
		return;
	if (again) {
		pinsafe_drain_add(target);
		return;
	}
	WRITE_ONCE(target->marks, target->marks & ~PINSAFE_MARK_DRAINING);
	tell_drained(target);
}

void pinsafe_drain_target(struct work_struct *work)
{
	struct pinsafe_target *target =
		container_of(work, struct pinsafe_target, drain);
	bool held;

	if (target->key.kind == PINSAFE_PROCESS)
		drain_process(target->key.pid);
	else
		drain_cgroup(target->key.cgroup_id);

	raw_spin_lock_irq(&pinsafe_lock);
	drain_finish(target);
	held = target->marks & PINSAFE_MARK_HELD;
	raw_spin_unlock_irq(&pinsafe_lock);
	pinsafe_target_put(target);
	if (held)
		pinsafe_kick();
	wake_up_all(&drained);
}

/*
 * Until the target is drained, or released by somebody else.  -EINTR: a fatal
 * signal came first.
 */
int pinsafe_drain_wait(struct pinsafe_target *target)
{
	if (wait_event_killable(drained, !(READ_ONCE(target->marks) &
					   PINSAFE_MARK_DRAINING)))
		return -EINTR;
	return 0;
}
