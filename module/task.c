// SPDX-License-Identifier: GPL-2.0-only
/*
 * task.c - what the other parts ask of a task
 *
 * The caller holds RCU where a task is passed in, and the task is its own, or
 * was found under that RCU.
 */
#include <linux/cgroup.h>
#include <linux/math64.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>

#include "private.h"

/* Threads that have let go of their memory leave the group soon after. */
#define MAX_ENDING	64

u64 pinsafe_task_start_ticks(struct task_struct *task)
{
	return div_u64(READ_ONCE(task->group_leader)->start_boottime,
		       NSEC_PER_SEC / USER_HZ);
}

/*
 * The cgroup that counts for a thread: its leader's.  A leader that has exited
 * before its threads stays behind when they are moved, so it no longer counts.
 */
struct cgroup *pinsafe_task_cgroup(struct task_struct *task)
{
	struct task_struct *leader = READ_ONCE(task->group_leader);

	if (leader->flags & PF_EXITING)
		leader = task;
	return task_dfl_cgroup(leader);
}
NOKPROBE_SYMBOL(pinsafe_task_cgroup);

u64 pinsafe_task_cgroup_id(struct task_struct *task)
{
	return cgroup_id(pinsafe_task_cgroup(task));
}

/*
 * The memory, with a reference, of a thread group.  NULL: it has gone.  The
 * leader may have exited before its threads, then one of these is asked.
 */
struct mm_struct *pinsafe_group_mm(struct pid *pid)
{
	struct task_struct *leader, *task;
	struct mm_struct *mm = NULL;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (leader)
		for_each_thread(leader, task) {
			mm = get_task_mm(task);
			if (mm)
				break;
		}
	rcu_read_unlock();
	return mm;
}

/*
 * The same to compare with: no reference is taken, it may go at any time.  From
 * any context, under RCU.
 */
const struct mm_struct *pinsafe_group_memory(struct pid *pid)
{
	struct task_struct *leader = pid_task(pid, PIDTYPE_TGID);
	const struct mm_struct *mm = NULL;
	struct task_struct *task;
	int n = 0;

	if (!leader)
		return NULL;
	for_each_thread(leader, task) {
		mm = READ_ONCE(task->mm);
		if (mm || ++n == MAX_ENDING)
			break;
	}
	return mm;
}
NOKPROBE_SYMBOL(pinsafe_group_memory);
