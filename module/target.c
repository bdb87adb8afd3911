// SPDX-License-Identifier: GPL-2.0-only
/*
 * target.c - the table of processes and cgroups, and the marks on them
 *
 * Memory: two pools, allocated at load, one per kind.  A target is either on
 * its pool's free list, or in the hash table, or unlinked and waiting for its
 * last reference and a grace period.
 *
 * Identity: a process is the struct pid of its thread group.  The target holds
 * a reference on it, so the address is not used again while the target is in
 * the table; it stays the same through exec, also of a thread that is not the
 * leader (the kernel moves the pid to that thread).  A cgroup is its id, which
 * the kernel does not use twice; no reference is held, a cgroup can go.
 *
 * Memory of a process is its mm at the time it was entered, by which a thread
 * of another group that runs on it finds the entry.  There is no reference on
 * it: after exec it is another, and its address may be used again, so whoever
 * finds an entry by it asks the group what it has now.
 *
 * Locks: pinsafe_lock for all writing.  Lookups run under RCU in probe context
 * and read marks with READ_ONCE; a target found stays readable until the end
 * of the RCU section, though it may have left the table.
 *
 * Lifetime: the table has a reference while the target has marks, the drain
 * list has one (drain.c).  The last put unlinks nothing, it sends the target
 * through call_rcu to the free list; put_pid happens there, never in a probe.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "private.h"

#define HASH_BITS_LOG2		10
#define MIN_HOLDS		16
#define LIMIT_HOLDS		65536

struct pool {
	struct pinsafe_target *targets;
	unsigned int size;
	unsigned int used;	/* not on the free list */
	unsigned int held;
	struct list_head free;
};

static unsigned int max_holds = 4096;
module_param(max_holds, uint, 0444);
MODULE_PARM_DESC(max_holds, "processes held or rung at a time (16 to 65536)");

static DEFINE_HASHTABLE(table, HASH_BITS_LOG2);
static DEFINE_HASHTABLE(memories, HASH_BITS_LOG2);
static struct pool pools[2];

static struct pool *pool_of(u32 kind)
{
	return &pools[kind == PINSAFE_CGROUP];
}

static u64 hash_of(const struct pinsafe_key *key)
{
	return key->kind == PINSAFE_CGROUP ? key->cgroup_id :
					     (u64)(uintptr_t)key->pid;
}

static bool is_same(const struct pinsafe_key *a, const struct pinsafe_key *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == PINSAFE_CGROUP ? a->cgroup_id == b->cgroup_id :
					   a->pid == b->pid;
}

/* Call it under RCU. */
struct pinsafe_target *pinsafe_target_find(const struct pinsafe_key *key)
{
	struct pinsafe_target *target;

	hash_for_each_possible_rcu(table, target, node, hash_of(key),
				   lockdep_is_held(&pinsafe_lock))
		if (is_same(&target->key, key))
			return target;
	return NULL;
}
NOKPROBE_SYMBOL(pinsafe_target_find);

/* A held process that has this memory, if it had it when entered.  Under RCU. */
struct pinsafe_target *pinsafe_target_find_memory(const struct mm_struct *mm)
{
	struct pinsafe_target *target;

	hash_for_each_possible_rcu(memories, target, memory_node, (uintptr_t)mm)
		if (READ_ONCE(target->memory) == mm &&
		    READ_ONCE(target->marks) & PINSAFE_MARK_HELD &&
		    pinsafe_group_memory(target->key.pid) == mm)
			return target;
	return NULL;
}
NOKPROBE_SYMBOL(pinsafe_target_find_memory);

void pinsafe_target_get(struct pinsafe_target *target)
{
	refcount_inc(&target->refs);
}

static void target_free(struct rcu_head *rcu)
{
	struct pinsafe_target *target =
		container_of(rcu, struct pinsafe_target, rcu);
	struct pool *pool = pool_of(target->key.kind);
	unsigned long flags;

	if (target->key.kind == PINSAFE_PROCESS)
		put_pid(target->key.pid);
	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	list_add(&target->link, &pool->free);
	pool->used--;
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
}

void pinsafe_target_put(struct pinsafe_target *target)
{
	if (refcount_dec_and_test(&target->refs))
		call_rcu(&target->rcu, target_free);
}

static void target_fill(struct pinsafe_target *target,
			const struct pinsafe_key *key)
{
	target->key = *key;
	if (key->kind == PINSAFE_PROCESS)
		get_pid(key->pid);
	target->marks = 0;
	target->origin = 0;
	target->drain_state = PINSAFE_DRAIN_NONE;
	INIT_LIST_HEAD(&target->link);
	refcount_set(&target->refs, 1);
}

static void target_enter(struct pinsafe_target *target)
{
	const struct pinsafe_key *key = &target->key;

	target->memory = NULL;
	if (key->kind == PINSAFE_PROCESS) {
		rcu_read_lock();
		target->memory = pinsafe_group_memory(key->pid);
		rcu_read_unlock();
	}
	if (target->memory)
		hash_add_rcu(memories, &target->memory_node,
			     (uintptr_t)target->memory);
	hash_add_rcu(table, &target->node, hash_of(key));
}

/*
 * Find it or enter it without marks; the caller sets some at once.  NULL: the
 * pool is empty.
 */
struct pinsafe_target *pinsafe_target_obtain(const struct pinsafe_key *key)
{
	struct pool *pool = pool_of(key->kind);
	struct pinsafe_target *target;

	lockdep_assert_held(&pinsafe_lock);
	target = pinsafe_target_find(key);
	if (target)
		return target;
	target = list_first_entry_or_null(&pool->free, struct pinsafe_target,
					  link);
	if (!target) {
		atomic64_inc(&pinsafe_counts.table_full);
		return NULL;
	}
	list_del(&target->link);
	target_fill(target, key);
	pool->used++;
	target_enter(target);
	return target;
}

void pinsafe_target_set_held(struct pinsafe_target *target, u32 origin)
{
	lockdep_assert_held(&pinsafe_lock);
	if (!(target->marks & PINSAFE_MARK_HELD))
		pool_of(target->key.kind)->held++;
	target->origin = origin;
	target->held_ns = ktime_get_boottime_ns();
	target->last_refused_ns = 0;
	atomic64_set(&target->refused_scans, 0);
	WRITE_ONCE(target->marks, target->marks | PINSAFE_MARKS_HOLD);
}

/* A target without marks leaves the table. */
void pinsafe_target_clear_marks(struct pinsafe_target *target, u32 marks)
{
	u32 left = target->marks & ~marks;

	lockdep_assert_held(&pinsafe_lock);
	if (target->marks & marks & PINSAFE_MARK_HELD)
		pool_of(target->key.kind)->held--;
	WRITE_ONCE(target->marks, left);
	if (left || hlist_unhashed(&target->node))
		return;
	hash_del_rcu(&target->node);
	hash_del_rcu(&target->memory_node);
	pinsafe_target_put(target);
}

/*
 * Runs fn on each target of that kind in the table, one hold of the lock each;
 * how often it said true.  Sleeps.
 */
unsigned int pinsafe_target_for_each(u32 kind,
				     bool (*fn)(struct pinsafe_target *target))
{
	struct pool *pool = pool_of(kind);
	unsigned int i, hits = 0;
	unsigned long flags;

	for (i = 0; i < pool->size; i++) {
		struct pinsafe_target *target = &pool->targets[i];

		raw_spin_lock_irqsave(&pinsafe_lock, flags);
		if (!hlist_unhashed(&target->node) && fn(target))
			hits++;
		raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
		if (!(i % 64))
			cond_resched();
	}
	return hits;
}

static bool slot_clear(struct pinsafe_target *target)
{
	pinsafe_target_clear_marks(target, ~0U);
	return true;
}

/* Sleeps. */
void pinsafe_target_clear_all(void)
{
	pinsafe_target_for_each(PINSAFE_PROCESS, slot_clear);
	pinsafe_target_for_each(PINSAFE_CGROUP, slot_clear);
}

unsigned int pinsafe_target_held(u32 kind)
{
	return READ_ONCE(pool_of(kind)->held);
}
NOKPROBE_SYMBOL(pinsafe_target_held);

bool pinsafe_target_any(u32 kind)
{
	return READ_ONCE(pool_of(kind)->used);
}

/* Three quarters are in use. */
bool pinsafe_target_is_scarce(u32 kind)
{
	const struct pool *pool = pool_of(kind);

	return READ_ONCE(pool->used) > pool->size / 4 * 3;
}

/* Of the index'th cgroup, 0: there is none. */
u64 pinsafe_target_cgroup_at(unsigned int index)
{
	const struct pinsafe_target *target = &pools[1].targets[index];

	return hlist_unhashed_lockless(&target->node) ?
	       0 : READ_ONCE(target->key.cgroup_id);
}

unsigned int pinsafe_target_slots(void)
{
	return pools[0].size + pools[1].size;
}

static void describe_process(const struct pinsafe_target *target,
			     struct pinsafe_entry *entry)
{
	struct task_struct *leader;

	entry->pid = pid_nr(target->key.pid);
	entry->start_ticks = target->key.start_ticks;
	rcu_read_lock();
	leader = pid_task(target->key.pid, PIDTYPE_TGID);
	if (leader)
		entry->cgroup_id = pinsafe_task_cgroup_id(leader);
	rcu_read_unlock();
}

static void describe(const struct pinsafe_target *target,
		     struct pinsafe_entry *entry)
{
	entry->kind = target->key.kind;
	entry->state = target->marks & PINSAFE_MARK_DRAINING ?
		       PINSAFE_STATE_DRAINING : PINSAFE_STATE_HELD;
	entry->origin = target->origin;
	entry->refused_scans = atomic64_read(&target->refused_scans);
	entry->last_refused_ns = READ_ONCE(target->last_refused_ns);
	entry->held_ns = target->held_ns;
	if (entry->kind == PINSAFE_CGROUP)
		entry->cgroup_id = target->key.cgroup_id;
	else
		describe_process(target, entry);
}

/* 1: slot index holds a held target, described; 0: it does not. */
int pinsafe_target_describe(unsigned int index, struct pinsafe_entry *ret_entry)
{
	struct pinsafe_target *target = index < pools[0].size ?
		&pools[0].targets[index] :
		&pools[1].targets[index - pools[0].size];
	unsigned long flags;
	int r = 0;

	memset(ret_entry, 0, sizeof(*ret_entry));
	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	if (!hlist_unhashed(&target->node) &&
	    target->marks & PINSAFE_MARK_HELD) {
		describe(target, ret_entry);
		r = 1;
	}
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	return r;
}

static int pool_init(struct pool *pool, unsigned int size)
{
	unsigned int i;

	pool->targets = kvcalloc(size, sizeof(*pool->targets), GFP_KERNEL);
	if (!pool->targets)
		return -ENOMEM;
	pool->size = size;
	INIT_LIST_HEAD(&pool->free);
	for (i = 0; i < size; i++) {
		INIT_HLIST_NODE(&pool->targets[i].node);
		INIT_HLIST_NODE(&pool->targets[i].memory_node);
		INIT_WORK(&pool->targets[i].drain, pinsafe_drain_target);
		list_add_tail(&pool->targets[i].link, &pool->free);
	}
	return 0;
}

int pinsafe_target_init(void)
{
	int r;

	if (max_holds < MIN_HOLDS || max_holds > LIMIT_HOLDS) {
		pr_err("max_holds must be from %d to %d\n", MIN_HOLDS,
		       LIMIT_HOLDS);
		return -EINVAL;
	}
	r = pool_init(&pools[0], max_holds);
	if (r)
		return r;
	r = pool_init(&pools[1], PINSAFE_MAX_CGROUPS);
	if (r)
		kvfree(pools[0].targets);
	return r;
}

/* After the last work has ended. */
void pinsafe_target_done(void)
{
	rcu_barrier();
	kvfree(pools[1].targets);
	kvfree(pools[0].targets);
}
