/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * private.h - what the parts of the module know of each other
 *
 *	main	load, unload, counters
 *	probe	two kinds of probes, and the canaries that tell whether they fire
 *	target	the table of processes and cgroups and what is marked on them
 *	reap	drops from it what is gone
 *	task	what the other parts ask of a task: cgroup, memory, start
 *	hold	the gate: refuses scans of held targets
 *	drain	waits for the scans that were past the gate
 *	bell	probes on the pin entry points and on chrdev_open
 *	watch	the devices and cgroups that the bells listen for
 *	event	the queue behind read(2)
 *	sight	counts pinned pages
 *	dev	/dev/pinsafe: arguments in, answers out
 *
 * Contexts.  Probe context means: in a kprobe handler or an ftrace callback,
 * preemption off, inside code of which we know little.  There nothing is
 * allocated, freed or put, nothing sleeps, and waking goes through
 * pinsafe_kick().
 *
 * Locks.  pinsafe_lock, raw because probes take it, guards the writers of the
 * table (target.c), the drain list (drain.c) and the event queue (event.c).
 * Nothing is taken inside it.  Mutexes are of event.c and watch.c and are
 * never taken in probe context.
 */
#ifndef PINSAFE_PRIVATE_H
#define PINSAFE_PRIVATE_H

#include <linux/atomic.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "uapi/pinsafe.h"

/* Equal to configure.ac's and to dkms.conf's; tests/lint compares them. */
#define PINSAFE_VERSION "0.1.0"

#define PINSAFE_MAX_CGROUPS	256
#define PINSAFE_MAX_DEVICES	256
#define PINSAFE_MAX_EVENTS	1024

/* main.c */
struct pinsafe_counts {
	atomic64_t refused_scans;
	atomic64_t gate_calls;
	atomic64_t pin_calls;
	atomic64_t open_calls;
	atomic64_t events;
	atomic64_t events_lost;
	atomic64_t table_full;
	atomic64_t reaped;
};

extern struct pinsafe_counts pinsafe_counts;
extern u64 pinsafe_features;
extern raw_spinlock_t pinsafe_lock;
extern struct workqueue_struct *pinsafe_wq;

void pinsafe_counters_read(struct pinsafe_counters *ret_counters);

/*
 * From any context: wake readers, start draining, watch over the table.
 */
void pinsafe_kick(void);

/* probe.c */
struct pinsafe_probe {
	struct kprobe kp;
#ifdef CONFIG_FUNCTION_TRACER
	struct ftrace_ops ops;	/* if it has a function: rather than kp */
	unsigned long address;
#endif
	bool registered;
	bool by_ftrace;
};

int pinsafe_probe_register(struct pinsafe_probe *probe);
void pinsafe_probe_unregister(struct pinsafe_probe *probe);
bool pinsafe_probe_fires(struct pinsafe_probe *probe);
int pinsafe_probe_init(void);
void pinsafe_probe_done(void);

/* target.c */
#define PINSAFE_MARK_HELD	BIT(0)
#define PINSAFE_MARK_DRAINING	BIT(1)	/* only with HELD */
#define PINSAFE_MARK_RUNG_PIN	BIT(2)
#define PINSAFE_MARK_RUNG_OPEN	BIT(3)
#define PINSAFE_MARK_RUNG_PIN_HOLD	BIT(4)	/* rang where the bell holds */
#define PINSAFE_MARK_RUNG_OPEN_HOLD	BIT(5)
#define PINSAFE_MARK_PINNED_FILE	BIT(6)	/* until it ends */
#define PINSAFE_MARKS_HOLD	(PINSAFE_MARK_HELD | PINSAFE_MARK_DRAINING)
#define PINSAFE_MARKS_RUNG	(PINSAFE_MARK_RUNG_PIN | PINSAFE_MARK_RUNG_OPEN | \
				 PINSAFE_MARK_RUNG_PIN_HOLD | \
				 PINSAFE_MARK_RUNG_OPEN_HOLD)

enum pinsafe_drain_state {
	PINSAFE_DRAIN_NONE,
	PINSAFE_DRAIN_QUEUED,	/* the work has not begun */
	PINSAFE_DRAIN_RUNNING,
	PINSAFE_DRAIN_AGAIN,	/* running, and held anew meanwhile */
};

/* Names a target: a thread group by its struct pid, a cgroup by its id. */
struct pinsafe_key {
	u32 kind;
	struct pid *pid;
	u64 cgroup_id;
	u64 start_ticks;	/* process; not part of the identity */
};

struct pinsafe_target {
	struct hlist_node node;
	struct hlist_node memory_node;
	const struct mm_struct *memory;	/* process; to compare only */
	struct list_head link;		/* free list, drain list */
	struct rcu_head rcu;
	refcount_t refs;
	struct pinsafe_key key;
	u32 marks;
	u32 origin;
	enum pinsafe_drain_state drain_state;
	struct work_struct drain;
	atomic64_t refused_scans;
	u64 last_refused_ns;
	u64 held_ns;
};

struct pinsafe_target *pinsafe_target_find(const struct pinsafe_key *key);
struct pinsafe_target *pinsafe_target_find_memory(const struct mm_struct *mm);
struct pinsafe_target *pinsafe_target_obtain(const struct pinsafe_key *key);
void pinsafe_target_clear_marks(struct pinsafe_target *target, u32 marks);
void pinsafe_target_clear_all(void);
void pinsafe_target_get(struct pinsafe_target *target);
void pinsafe_target_put(struct pinsafe_target *target);
int pinsafe_target_describe(unsigned int index, struct pinsafe_entry *ret_entry);
unsigned int pinsafe_target_slots(void);
unsigned int pinsafe_target_held(u32 kind);
bool pinsafe_target_any(u32 kind);
bool pinsafe_target_is_scarce(u32 kind);
u64 pinsafe_target_cgroup_at(unsigned int index);
unsigned int pinsafe_target_for_each(u32 kind,
				     bool (*fn)(struct pinsafe_target *target));
void pinsafe_target_set_held(struct pinsafe_target *target, u32 origin);
int pinsafe_target_init(void);
void pinsafe_target_done(void);

/* reap.c */
void pinsafe_reap_soon(void);
void pinsafe_reap_init(void);
void pinsafe_reap_stop(void);

/* task.c */
u64 pinsafe_task_start_ticks(struct task_struct *task);
struct cgroup *pinsafe_task_cgroup(struct task_struct *task);
u64 pinsafe_task_cgroup_id(struct task_struct *task);
struct mm_struct *pinsafe_group_mm(struct pid *pid);
const struct mm_struct *pinsafe_group_memory(struct pid *pid);

/* hold.c */
extern struct pinsafe_probe pinsafe_gate;
int pinsafe_hold_take(const struct pinsafe_key *key, u32 origin,
		      struct pinsafe_target **ret_target);
int pinsafe_hold_release(const struct pinsafe_key *key);
int pinsafe_hold_init(void);
void pinsafe_hold_done(void);

/* drain.c */
void pinsafe_drain_add(struct pinsafe_target *target);
void pinsafe_drain_start(void);
void pinsafe_drain_target(struct work_struct *work);
int pinsafe_drain_wait(struct pinsafe_target *target);

/* event.c */
#define PINSAFE_FRAMES 8

struct pinsafe_record {
	u32 type;
	u32 flags;
	u64 time_ns;
	struct pinsafe_key key;
	s32 pid;
	u64 cgroup_id;
	dev_t device;
	u64 lost_before;
	unsigned int frame_count;
	unsigned long frames[PINSAFE_FRAMES];
};

bool pinsafe_event_add(const struct pinsafe_record *record);
void pinsafe_event_wake(void);
bool pinsafe_event_pending(void);
ssize_t pinsafe_event_read(char __user *buffer, size_t size, bool nonblock);
__poll_t pinsafe_event_poll(struct file *file, poll_table *table);
void pinsafe_event_clear(void);
int pinsafe_event_init(void);
void pinsafe_event_done(void);

/* watch.c */
bool pinsafe_watch_is_on(void);
bool pinsafe_watch_has_cgroup(struct cgroup *cgroup);
bool pinsafe_watch_has_device(dev_t device, bool *ret_hold);
int pinsafe_watch_replace(const struct pinsafe_watch *watch);
int pinsafe_watch_begin(void);
void pinsafe_watch_end(void);

/* bell.c */
int pinsafe_bell_rearm(const struct pinsafe_key *key);
bool pinsafe_bell_saw_file(struct pid *pid);
u64 pinsafe_bell_missed(void);
u32 pinsafe_bell_armed(void);
void pinsafe_bell_init(void);
void pinsafe_bell_done(void);

/* sight.c */
int pinsafe_sight_look(struct pid *pid, struct pinsafe_sight *sight);

/* dev.c */
int pinsafe_dev_init(void);
void pinsafe_dev_done(void);

#endif /* PINSAFE_PRIVATE_H */
