// SPDX-License-Identifier: GPL-2.0-only
/*
 * bell.c - rings when a process pins memory for long or opens a device
 *
 * Probes on the functions through which drivers pin user memory; those with
 * gup_flags ring for FOLL_LONGTERM only (O_DIRECT has it not), the others
 * always.  Each direct read or write of a disk comes past, so they are probes of
 * ftrace where they can be (probe.c), and look at the flags first.  Which
 * functions exist differs between kernels, names and argument positions have not
 * changed from 5.10 to 7.3.  A driver that uses get_user_pages() does not ring;
 * the open of its device does, by the kprobe on chrdev_open().
 *
 * A bell rings while a set of what is watched is published (watch.c); without
 * an open file there is none, so a probe costs a load.
 *
 * A bell rings once per thread group (marks in target.c) until re-armed, and
 * once more when the pin or open is the first that takes the hold.  The mark
 * is set only when the event found room, so a lost ring rings again.
 *
 * memfd_pin_folios() pins pages of a file, and leaves no sign of it on the mm of
 * who called it.  So that sight knows whom to look at, the thread group is
 * marked for that, whether the event found room or not, until it ends.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/stacktrace.h>

#include "compat.h"
#include "private.h"

#define ALWAYS	(-1)

struct pin_probe {
	struct pinsafe_probe probe;
	int flags_arg;		/* position of gup_flags, or ALWAYS */
	enum {
		CURRENT,
		REMOTE,		/* the first argument is the mm */
		FILE,		/* current, but not its mm */
	} whose;
};

struct ring {
	u32 type;
	u32 mark;
	u32 mark_hold;
	u32 mark_file;
	u32 origin;
	bool hold;
	dev_t device;
};

static bool full_told;

/*
 * Who is rung for: the running process if the memory is its own, else the owner
 * of the memory (vfio pins from a work queue, for another process too).
 */
static struct task_struct *pinner_of(struct mm_struct *mm)
{
	if (!mm)
		return NULL;
	if (mm == current->mm && !(current->flags & PF_KTHREAD))
		return current;
	return pinsafe_mm_owner(mm);
}
NOKPROBE_SYMBOL(pinner_of);

/*
 * The caller of the probed function, then who called it.  The unwinder's list
 * begins with frames of the probe; the return address tells where ours begin.
 */
static void record_frames(struct pinsafe_record *record, unsigned long caller)
{
#ifdef CONFIG_STACKTRACE
	unsigned long all[16 + PINSAFE_FRAMES];
	unsigned int i, n = stack_trace_save(all, ARRAY_SIZE(all), 0);

	record->frames[record->frame_count++] = caller;
	for (i = 0; i < n && all[i] != caller; i++)
		;
	for (i++; i < n && record->frame_count < PINSAFE_FRAMES; i++)
		record->frames[record->frame_count++] = all[i];
#endif
}
NOKPROBE_SYMBOL(record_frames);

static bool has_rung(const struct pinsafe_target *target,
		     const struct ring *ring)
{
	u32 mark = ring->hold ? ring->mark_hold : ring->mark;

	return READ_ONCE(target->marks) & mark;
}
NOKPROBE_SYMBOL(has_rung);

/* Is nothing left to do for it? */
static bool is_known(const struct pinsafe_key *key, const struct ring *ring)
{
	struct pinsafe_target *target = pinsafe_target_find(key);

	return target && has_rung(target, ring) &&
	       !(ring->mark_file & ~READ_ONCE(target->marks));
}
NOKPROBE_SYMBOL(is_known);

/* Told once, until a record has found room again. */
static void tell_full(struct pinsafe_record *record)
{
	lockdep_assert_held(&pinsafe_lock);
	record->type = PINSAFE_EVENT_TABLE_FULL;
	if (!full_told)
		full_told = pinsafe_event_add(record);
}
NOKPROBE_SYMBOL(tell_full);

static void ring_locked(struct pinsafe_record *record, const struct ring *ring)
{
	struct pinsafe_target *target = pinsafe_target_obtain(&record->key);
	u32 marks = ring->mark;

	lockdep_assert_held(&pinsafe_lock);
	if (!target) {
		tell_full(record);
		return;
	}
	full_told = false;
	WRITE_ONCE(target->marks, target->marks | ring->mark_file);
	if (has_rung(target, ring))
		return;
	if (ring->hold) {
		marks |= ring->mark_hold;
		if (!(target->marks & PINSAFE_MARK_HELD)) {
			pinsafe_target_set_held(target, ring->origin);
			pinsafe_drain_add(target);
		}
		if (target->origin == ring->origin)
			record->flags |= PINSAFE_EVENT_HELD;
	}
	if (pinsafe_event_add(record))
		WRITE_ONCE(target->marks, target->marks | marks);
	else
		pinsafe_target_clear_marks(target, 0);
}
NOKPROBE_SYMBOL(ring_locked);

/* Probe context, under RCU.  caller: of the function that pins, for a pin. */
static void ring_bell(struct task_struct *task, const struct ring *ring,
		      unsigned long caller)
{
	struct pinsafe_record record = {
		.type = ring->type,
		.key = {
			.kind = PINSAFE_PROCESS,
			.pid = task_tgid(task),
		},
		.device = ring->device,
	};
	unsigned long flags;

	if (!record.key.pid || is_known(&record.key, ring))
		return;
	record.pid = pid_nr(record.key.pid);
	record.key.start_ticks = pinsafe_task_start_ticks(task);
	record.cgroup_id = pinsafe_task_cgroup_id(task);
	if (ring->type == PINSAFE_EVENT_PIN)
		record_frames(&record, caller);

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	if (!is_known(&record.key, ring))
		ring_locked(&record, ring);
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	pinsafe_kick();
}
NOKPROBE_SYMBOL(ring_bell);

/*
 * first: the first argument of the function.  Ftrace leaves preemption on.
 * noinline, because a short pin shall not pay for the stack that this takes.
 */
static noinline void ring_pin(const struct pin_probe *pin, unsigned long first,
			      unsigned long caller)
{
	struct mm_struct *mm = current->mm;
	struct ring ring = {
		.type = PINSAFE_EVENT_PIN,
		.mark = PINSAFE_MARK_RUNG_PIN,
		.mark_hold = PINSAFE_MARK_RUNG_PIN_HOLD,
		.origin = PINSAFE_ORIGIN_PIN,
	};
	struct task_struct *task;

	atomic64_inc(&pinsafe_counts.pin_calls);
	if (pin->whose == FILE)
		ring.mark_file = PINSAFE_MARK_PINNED_FILE;
	if (pin->whose == REMOTE)
		mm = (struct mm_struct *)first;
	preempt_disable_notrace();
	rcu_read_lock();
	task = pinsafe_watch_is_on() ? pinner_of(mm) : NULL;
	if (task) {
		ring.hold = pinsafe_watch_has_cgroup(pinsafe_task_cgroup(task));
		ring_bell(task, &ring, caller);
	}
	rcu_read_unlock();
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(ring_pin);

static int pin_enter(struct kprobe *kp, struct pt_regs *regs)
{
	struct pin_probe *pin = container_of(kp, struct pin_probe, probe.kp);

	if (pin->flags_arg == ALWAYS ||
	    regs_get_kernel_argument(regs, pin->flags_arg) & FOLL_LONGTERM)
		ring_pin(pin, regs_get_kernel_argument(regs, 0),
			 pinsafe_return_address(regs));
	return 0;
}
NOKPROBE_SYMBOL(pin_enter);

#ifdef PINSAFE_FTRACE_FLAGS
static notrace void pin_called(unsigned long ip, unsigned long caller,
			       struct ftrace_ops *ops,
			       struct pinsafe_entry_regs *regs)
{
	struct pin_probe *pin = container_of(ops, struct pin_probe, probe.ops);

	if (pin->flags_arg == ALWAYS ||
	    pinsafe_entry_argument(regs, pin->flags_arg) & FOLL_LONGTERM)
		ring_pin(pin, pinsafe_entry_argument(regs, 0), caller);
}
#define PIN_CALLED .ops = { .func = pin_called, .flags = PINSAFE_FTRACE_FLAGS },
#else
#define PIN_CALLED
#endif

static int open_enter(struct kprobe *kp, struct pt_regs *regs)
{
	struct inode *inode = (struct inode *)regs_get_kernel_argument(regs, 0);
	struct ring ring = {
		.type = PINSAFE_EVENT_OPEN,
		.mark = PINSAFE_MARK_RUNG_OPEN,
		.mark_hold = PINSAFE_MARK_RUNG_OPEN_HOLD,
		.origin = PINSAFE_ORIGIN_OPEN,
	};

	rcu_read_lock();
	if (pinsafe_watch_has_device(inode->i_rdev, &ring.hold)) {
		ring.device = inode->i_rdev;
		atomic64_inc(&pinsafe_counts.open_calls);
		if (current->mm && !(current->flags & PF_KTHREAD))
			ring_bell(current, &ring, 0);
	}
	rcu_read_unlock();
	return 0;
}
NOKPROBE_SYMBOL(open_enter);

#define PIN_PROBE(name, flags, mm) {				\
	.probe = {						\
		.kp = {						\
			.symbol_name = name,			\
			.pre_handler = pin_enter,		\
		},						\
		PIN_CALLED					\
	},							\
	.flags_arg = flags, .whose = mm,			\
}

static struct pin_probe pin_probes[] = {
	PIN_PROBE("pin_user_pages", 2, CURRENT),
	PIN_PROBE("pin_user_pages_fast", 2, CURRENT),
	PIN_PROBE("pin_user_pages_remote", 3, REMOTE),
	PIN_PROBE("pin_user_pages_unlocked", 3, CURRENT),
	/* Up to 5.18; get_vaddr_frames() calls it without FOLL_LONGTERM. */
	PIN_PROBE("pin_user_pages_locked", ALWAYS, CURRENT),
	/* From 6.11; it has no flags and always pins for long. */
	PIN_PROBE("memfd_pin_folios", ALWAYS, FILE),
};

static struct pinsafe_probe open_probe = {
	.kp = { .symbol_name = "chrdev_open", .pre_handler = open_enter },
};

/* -ENOENT: it has not rung. */
int pinsafe_bell_rearm(const struct pinsafe_key *key)
{
	struct pinsafe_target *target;
	unsigned long flags;
	int r = -ENOENT;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	target = pinsafe_target_find(key);
	if (target && target->marks & PINSAFE_MARKS_RUNG) {
		pinsafe_target_clear_marks(target, PINSAFE_MARKS_RUNG);
		r = 0;
	}
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	return r;
}

/* Has it pinned pages of a file since the device was opened? */
bool pinsafe_bell_saw_file(struct pid *pid)
{
	struct pinsafe_key key = { .kind = PINSAFE_PROCESS, .pid = pid };
	struct pinsafe_target *target;
	bool saw;

	rcu_read_lock();
	target = pinsafe_target_find(&key);
	saw = target && READ_ONCE(target->marks) & PINSAFE_MARK_PINNED_FILE;
	rcu_read_unlock();
	return saw;
}

u64 pinsafe_bell_missed(void)
{
	u64 missed = open_probe.kp.nmissed;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pin_probes); i++)
		missed += pin_probes[i].probe.kp.nmissed;
	return missed;
}

/* Feature bits of the bells all of whose probes fire now. */
u32 pinsafe_bell_armed(void)
{
	u32 armed = pinsafe_features & (PINSAFE_FEATURE_BELL_PIN |
					PINSAFE_FEATURE_BELL_OPEN);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pin_probes); i++)
		if (pin_probes[i].probe.registered &&
		    !pinsafe_probe_fires(&pin_probes[i].probe))
			armed &= ~PINSAFE_FEATURE_BELL_PIN;
	if (!pinsafe_probe_fires(&open_probe))
		armed &= ~PINSAFE_FEATURE_BELL_OPEN;
	return armed;
}

/* A kernel that lacks some of the functions, or all, does without. */
void pinsafe_bell_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pin_probes); i++)
		if (!pinsafe_probe_register(&pin_probes[i].probe))
			pinsafe_features |= PINSAFE_FEATURE_BELL_PIN;
	if (!pinsafe_probe_register(&open_probe))
		pinsafe_features |= PINSAFE_FEATURE_BELL_OPEN;
	if (IS_ENABLED(CONFIG_STACKTRACE) && IS_ENABLED(CONFIG_KALLSYMS) &&
	    pinsafe_features & PINSAFE_FEATURE_BELL_PIN)
		pinsafe_features |= PINSAFE_FEATURE_CALLER;
}

void pinsafe_bell_done(void)
{
	unsigned int i;

	pinsafe_probe_unregister(&open_probe);
	for (i = 0; i < ARRAY_SIZE(pin_probes); i++)
		pinsafe_probe_unregister(&pin_probes[i].probe);
	/* Kernels before 6.1 (5.15.78, 5.10.154) do not wait for callbacks that
	 * were preempted if kernel.ftrace_enabled is 0. */
	synchronize_rcu_tasks();
}
