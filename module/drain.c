// SPDX-License-Identifier: GPL-2.0-only
/*
 * drain.c - waits for the scans that were past the gate when a hold was taken
 *
 * A hold is in the table before draining starts, so each later call of
 * task_numa_work() is refused.  An earlier one is at one of two places:
 *
 *	gate ----(a)---- mmap_read_trylock() ----(b)---- mmap_read_unlock()
 *
 * (a) It has passed the gate and has not tried the lock.  In between it does
 *     not sleep: it compares times and takes the lock by trylock.  It can be
 *     preempted at most.  So a thread that has since been asleep, or in user
 *     space, or has slept voluntarily, has left (a); being preempted does not
 *     count.  That is what synchronize_rcu_tasks() waits for, on all tasks of
 *     the host and for seconds on a busy one, so first the threads of the
 *     target alone are asked, every millisecond: is it asleep, has its count
 *     of voluntary switches changed, has it been charged user time?  Whoever
 *     does not answer (a thread that spins on a CPU without a tick), a memory
 *     shared with another process, a cgroup: then the grace period.  Where the
 *     kernel has no Tasks RCU (5.10 for voluntary preemption) it does not
 *     preempt itself, and synchronize_rcu() waits for code without
 *     cond_resched().
 * (b) It scans, under mmap_lock for reading to the end of its pass.  It may
 *     sleep there (MMU notifiers) or call cond_resched(), which all of the
 *     above take for the end.  Taking mmap_lock for writing once, afterwards,
 *     waits for it, on every kernel.
 *
 * Each target drains in a work of its own, because one that sits on its
 * mmap_lock (hung I/O) must not keep the others waiting.  Of a cgroup each
 * process that is in it now is visited; what is forked into it meets the gate.
 * What is moved into it in the middle of a pass finishes that pass.
 *
 * States (drain_state, under pinsafe_lock), with one reference on the target
 * from the first to the last:
 *
 *	NONE -> QUEUED -> RUNNING -> NONE
 *	          ^          v  held anew while running: scans that started
 *	          +------- AGAIN  between the two holds are not waited for yet
 */
#include <linux/delay.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "compat.h"
#include "private.h"

#define MAX_TRIES	200

/* A thread, and what it had done when we looked first. */
struct witness {
	struct task_struct *task;
	unsigned long switches;
	u64 user_time;
};

static LIST_HEAD(drain_list);
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

static struct pinsafe_target *drain_next(void)
{
	struct pinsafe_target *target;
	unsigned long flags;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	target = list_first_entry_or_null(&drain_list, struct pinsafe_target,
					  link);
	if (target)
		list_del_init(&target->link);
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	return target;
}

/* From pinsafe_kick()'s irq_work. */
void pinsafe_drain_start(void)
{
	struct pinsafe_target *target;

	while ((target = drain_next()))
		queue_work(pinsafe_wq, &target->drain);
}

static void witness_look(struct witness *witness, struct task_struct *task)
{
	witness->task = get_task_struct(task);
	witness->switches = READ_ONCE(task->nvcsw);
	witness->user_time = READ_ONCE(task->utime);
}

static bool has_passed(const struct witness *witness)
{
	struct task_struct *task = witness->task;

	return !pinsafe_task_is_running(task) ||
	       READ_ONCE(task->flags) & PF_EXITING ||
	       READ_ONCE(task->nvcsw) != witness->switches ||
	       READ_ONCE(task->utime) != witness->user_time;
}

/* How many threads, or -E2BIG: more than the array takes. */
static int witnesses_collect(struct pid *pid, struct witness *witnesses, int max)
{
	struct task_struct *leader, *task;
	int n = 0;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (leader)
		for_each_thread(leader, task) {
			if (n == max) {
				n = -E2BIG;
				break;
			}
			witness_look(&witnesses[n++], task);
		}
	rcu_read_unlock();
	return n;
}

/* Lets go of those that have passed; how many are left. */
static int witnesses_ask(struct witness *witnesses, int n)
{
	int i, left = 0;

	for (i = 0; i < n; i++) {
		if (has_passed(&witnesses[i]))
			put_task_struct(witnesses[i].task);
		else
			witnesses[left++] = witnesses[i];
	}
	return left;
}

/* True: all threads of the group have left (a). */
static bool group_has_passed(struct pid *pid, int threads)
{
	int max = threads + 8;
	struct witness *witnesses = kvcalloc(max, sizeof(*witnesses), GFP_KERNEL);
	int i, n, tries = MAX_TRIES;

	if (!witnesses)
		return false;
	n = witnesses_collect(pid, witnesses, max);
	if (n < 0) {
		for (i = 0; i < max; i++)
			put_task_struct(witnesses[i].task);
		kvfree(witnesses);
		return false;
	}
	/* The hold, in the table, before what the threads do next. */
	smp_mb();
	while ((n = witnesses_ask(witnesses, n)) && tries--)
		usleep_range(1000, 2000);
	for (i = 0; i < n; i++)
		put_task_struct(witnesses[i].task);
	kvfree(witnesses);
	return !n;
}

/* How many threads of the group have this memory. */
static int group_threads(struct pid *pid, const struct mm_struct *mm)
{
	struct task_struct *leader, *task;
	int threads = 0;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (leader)
		for_each_thread(leader, task)
			threads += READ_ONCE(task->mm) == mm;
	rcu_read_unlock();
	return threads;
}

/*
 * Has anybody else this memory?  One reference is ours.  Threads come and go,
 * so users are counted before and after them: in doubt it is shared.
 */
static bool is_shared(struct pid *pid, struct mm_struct *mm, int *ret_threads)
{
	int users = atomic_read(&mm->mm_users);

	*ret_threads = group_threads(pid, mm);
	/* the threads, then the users again */
	smp_rmb();
	users = max(users, atomic_read(&mm->mm_users));
	return users - 1 > *ret_threads;
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
	int threads;

	if (!mm)
		return;
	if (is_shared(pid, mm, &threads) || !group_has_passed(pid, threads))
		synchronize_rcu_tasks();
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

	synchronize_rcu_tasks();
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

	raw_spin_lock_irq(&pinsafe_lock);
	target->drain_state = PINSAFE_DRAIN_RUNNING;
	raw_spin_unlock_irq(&pinsafe_lock);

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
