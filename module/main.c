// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - load and unload, and counters
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "private.h"

struct pinsafe_counts pinsafe_counts;
u64 pinsafe_features;
DEFINE_RAW_SPINLOCK(pinsafe_lock);
struct workqueue_struct *pinsafe_wq;

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

static u32 armed_features(void)
{
	u32 armed = pinsafe_bell_armed();

	if (pinsafe_probe_fires(&pinsafe_gate))
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
	r = pinsafe_probe_init();
	if (r)
		goto free_memory;
	r = pinsafe_hold_init();
	if (r)
		goto remove_canaries;
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
remove_canaries:
	pinsafe_probe_done();
free_memory:
	memory_done();
	return r;
}

static void __exit pinsafe_exit(void)
{
	pinsafe_dev_done();
	pinsafe_bell_done();
	pinsafe_hold_done();
	pinsafe_probe_done();
	memory_done();
}

module_init(pinsafe_init);
module_exit(pinsafe_exit);
MODULE_DESCRIPTION("keeps automatic NUMA balancing away from pinned memory");
MODULE_VERSION(PINSAFE_VERSION);
MODULE_LICENSE("GPL");
