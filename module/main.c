// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - load and unload, counters, and the canary
 *
 * The canary is a function of our own with a probe of the same kind on it.  The
 * kernel can disarm probes behind our back: kernel.ftrace_enabled=0 stops those
 * that go through ftrace, and debugfs kprobes/enabled stops all, neither of
 * which shows in the kprobe.  So the function is called and the probe's hits
 * are counted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "compat.h"
#include "private.h"

struct pinsafe_counts pinsafe_counts;
u64 pinsafe_features;
DEFINE_RAW_SPINLOCK(pinsafe_lock);
struct workqueue_struct *pinsafe_wq;

static atomic_t canary_hits;

static noinline void canary_sing(void)
{
	/* Keeps the call and the function's entry. */
	barrier();
}

static int canary_enter(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&canary_hits);
	return 0;
}
NOKPROBE_SYMBOL(canary_enter);

static struct pinsafe_probe canary = {
	.kp = {
		.addr = (kprobe_opcode_t *)canary_sing,
		.pre_handler = canary_enter,
	},
};

static void kick(struct irq_work *work)
{
	if (pinsafe_event_pending())
		pinsafe_event_wake();
	pinsafe_drain_start();
	pinsafe_reap_soon();
}

static struct irq_work kick_work;

void pinsafe_kick(void)
{
	irq_work_queue(&kick_work);
}

/* A function this kernel does not have is no error of ours: say it once. */
int pinsafe_probe_register(struct pinsafe_probe *probe)
{
	int r = register_kprobe(&probe->kp);

	probe->registered = !r;
	if (r)
		pr_info("no probe on %s (%d), going on without\n",
			probe->kp.symbol_name ?: "the canary", r);
	return r;
}

void pinsafe_probe_unregister(struct pinsafe_probe *probe)
{
	if (probe->registered)
		unregister_kprobe(&probe->kp);
	probe->registered = false;
}

static bool canary_sings(void)
{
	int before = atomic_read(&canary_hits);

	canary_sing();
	return atomic_read(&canary_hits) != before;
}

static u32 armed_features(void)
{
	u32 armed;

	if (!canary_sings())
		return 0;
	armed = pinsafe_bell_armed();
	if (!kprobe_disabled(&pinsafe_gate.kp))
		armed |= pinsafe_features & (PINSAFE_FEATURE_HOLD |
					     PINSAFE_FEATURE_HOLD_CGROUP);
	return armed;
}

void pinsafe_counters_read(struct pinsafe_counters *ret_counters)
{
	struct pinsafe_counts *c = &pinsafe_counts;

	*ret_counters = (struct pinsafe_counters) {
		.refused_scans = atomic64_read(&c->refused_scans),
		.gate_calls = atomic64_read(&c->gate_calls),
		.pin_calls = atomic64_read(&c->pin_calls),
		.open_calls = atomic64_read(&c->open_calls),
		.events = atomic64_read(&c->events),
		.events_lost = atomic64_read(&c->events_lost),
		.table_full = atomic64_read(&c->table_full),
		.missed = pinsafe_gate.kp.nmissed + pinsafe_bell_missed(),
		.reaped = atomic64_read(&c->reaped),
		.holds = pinsafe_target_held(PINSAFE_PROCESS) +
			 pinsafe_target_held(PINSAFE_CGROUP),
		.armed = armed_features(),
	};
}

static int __init memory_init(void)
{
	int r = pinsafe_event_init();

	if (r)
		return r;
	r = pinsafe_target_init();
	if (r)
		goto free_events;
	pinsafe_wq = alloc_workqueue("pinsafe", WQ_UNBOUND, 0);
	if (pinsafe_wq)
		return 0;
	r = -ENOMEM;
	pinsafe_target_done();
free_events:
	pinsafe_event_done();
	return r;
}

/* Works may still run and enter targets into grace periods; they end first. */
static void memory_done(void)
{
	irq_work_sync(&kick_work);
	/* a drain that was under way kicks as its last act */
	flush_workqueue(pinsafe_wq);
	irq_work_sync(&kick_work);
	pinsafe_reap_stop();
	destroy_workqueue(pinsafe_wq);
	pinsafe_target_done();
	pinsafe_event_done();
}

static int __init pinsafe_init(void)
{
	int r;

	init_irq_work(&kick_work, kick);
	pinsafe_reap_init();
	r = memory_init();
	if (r)
		return r;
	r = pinsafe_probe_register(&canary);
	if (r)
		goto free_memory;
	r = pinsafe_hold_init();
	if (r)
		goto remove_canary;
	pinsafe_bell_init();
	pinsafe_features |= PINSAFE_FEATURE_SIGHT;
	r = pinsafe_dev_init();
	if (r)
		goto remove_probes;
	pr_info("version " PINSAFE_VERSION ", features 0x%llx\n",
		pinsafe_features);
	return 0;

remove_probes:
	pinsafe_bell_done();
	pinsafe_hold_done();
remove_canary:
	pinsafe_probe_unregister(&canary);
free_memory:
	memory_done();
	return r;
}

static void __exit pinsafe_exit(void)
{
	pinsafe_dev_done();
	pinsafe_bell_done();
	pinsafe_hold_done();
	pinsafe_probe_unregister(&canary);
	memory_done();
}

module_init(pinsafe_init);
module_exit(pinsafe_exit);
MODULE_DESCRIPTION("keeps automatic NUMA balancing away from pinned memory");
MODULE_VERSION(PINSAFE_VERSION);
MODULE_LICENSE("GPL");
