// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c - probes at the entry of functions, and the canaries
 *
 * There are two kinds.  A kprobe can be on any function; the kernel spends some
 * two hundred instructions before it calls us.  A function that runs at every
 * direct read of a disk gets an ftrace_ops of its own, whose trampoline calls us
 * straight.  Where that cannot be, a kprobe stands in.
 *
 * A callback of ftrace takes no guard against recursion: each is on a single
 * function, and what it calls does not come back to that.  Once unregistering
 * returns, no callback runs any more, nor is one preempted: for ops that lie in
 * a module the kernel waits for Tasks RCU, most kernels always (bell.c).
 *
 * The canaries are functions of our own, each with a probe of one kind on it.
 * The kernel can disarm probes behind our back: kernel.ftrace_enabled=0 stops
 * those that go through ftrace, as kprobes may too, and debugfs kprobes/enabled
 * stops all kprobes; neither shows in the probe.  So the function is called and
 * the probe's hits are counted.
 *
 * Probes are registered at load and unregistered at unload, by one thread, and
 * do not change in between.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "compat.h"
#include "private.h"

static atomic_t kprobe_hits;

static noinline void kprobe_canary_sing(void)
{
	/* Keeps the call and the function's entry. */
	barrier();
}

static int kprobe_canary_enter(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&kprobe_hits);
	return 0;
}
NOKPROBE_SYMBOL(kprobe_canary_enter);

static struct pinsafe_probe kprobe_canary = {
	.kp = {
		.addr = (kprobe_opcode_t *)kprobe_canary_sing,
		.pre_handler = kprobe_canary_enter,
	},
};

static bool kprobe_canary_sings(void)
{
	int before = atomic_read(&kprobe_hits);

	kprobe_canary_sing();
	return atomic_read(&kprobe_hits) != before;
}

#ifdef PINSAFE_FTRACE_FLAGS
static atomic_t ftrace_hits;

static noinline void ftrace_canary_sing(void)
{
	/* Differs, or the compiler makes one function of both. */
	barrier_data(&ftrace_hits);
}

static notrace void ftrace_canary_enter(unsigned long ip, unsigned long caller,
					struct ftrace_ops *ops,
					struct pinsafe_entry_regs *regs)
{
	atomic_inc(&ftrace_hits);
}

static struct pinsafe_probe ftrace_canary = {
	.kp.addr = (kprobe_opcode_t *)ftrace_canary_sing,
	.ops = {
		.func = ftrace_canary_enter,
		.flags = PINSAFE_FTRACE_FLAGS,
	},
};

static bool ftrace_canary_sings(void)
{
	int before = atomic_read(&ftrace_hits);

	ftrace_canary_sing();
	return atomic_read(&ftrace_hits) != before;
}

/* A kprobe that is never armed looks the symbol up, which we may not. */
static int find_address(struct pinsafe_probe *probe)
{
	struct kprobe kp = {
		.symbol_name = probe->kp.symbol_name,
		.addr = probe->kp.addr,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int r = register_kprobe(&kp);

	if (r)
		return r;
	probe->address = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return 0;
}

static void clear_filter(struct pinsafe_probe *probe)
{
	ftrace_set_filter_ip(&probe->ops, probe->address, 1, 0);
}

/* Without a filter it would be on every function of the kernel. */
static int register_ftrace(struct pinsafe_probe *probe)
{
	int r;

	if (!probe->ops.func)
		return -EOPNOTSUPP;
	r = find_address(probe);
	if (r)
		return r;
	r = ftrace_set_filter_ip(&probe->ops, probe->address, 0, 0);
	if (r)
		return r;
	r = register_ftrace_function(&probe->ops);
	if (r)
		clear_filter(probe);
	return r;
}

/* Fails where ftrace has switched itself off, of which the kernel has warned. */
static void unregister_ftrace(struct pinsafe_probe *probe)
{
	int r = unregister_ftrace_function(&probe->ops);

	if (r)
		pr_err("the probe on %s stays with ftrace (%d)\n", probe->kp.symbol_name, r);
	clear_filter(probe);
}

/* No bell goes by ftrace unless its canary does: who would tell otherwise? */
static void init_ftrace_canary(void)
{
	int r = register_ftrace(&ftrace_canary);

	ftrace_canary.by_ftrace = !r;
	if (r)
		pr_info("no probes by ftrace (%d), kprobes instead\n", r);
}

static void done_ftrace_canary(void)
{
	if (ftrace_canary.by_ftrace)
		unregister_ftrace(&ftrace_canary);
	ftrace_canary.by_ftrace = false;
}

static bool has_ftrace(void)
{
	return ftrace_canary.by_ftrace;
}
#else
static bool ftrace_canary_sings(void)
{
	return false;
}

static int register_ftrace(struct pinsafe_probe *probe)
{
	return -EOPNOTSUPP;
}

static void unregister_ftrace(struct pinsafe_probe *probe)
{
}

static void init_ftrace_canary(void)
{
}

static void done_ftrace_canary(void)
{
}

static bool has_ftrace(void)
{
	return false;
}
#endif

/* A function this kernel does not have is no error of ours: say it once. */
int pinsafe_probe_register(struct pinsafe_probe *probe)
{
	int r = 0;

	probe->by_ftrace = has_ftrace() && !register_ftrace(probe);
	if (!probe->by_ftrace)
		r = register_kprobe(&probe->kp);
	probe->registered = !r;
	if (r)
		pr_info("no probe on %s (%d), going on without\n",
			probe->kp.symbol_name ?: "the canary", r);
	return r;
}

void pinsafe_probe_unregister(struct pinsafe_probe *probe)
{
	if (probe->by_ftrace)
		unregister_ftrace(probe);
	else if (probe->registered)
		unregister_kprobe(&probe->kp);
	probe->registered = false;
	probe->by_ftrace = false;
}

/* Does one of its kind fire now, and has nobody disabled it? */
bool pinsafe_probe_fires(struct pinsafe_probe *probe)
{
	if (probe->by_ftrace)
		return ftrace_canary_sings();
	return !kprobe_disabled(&probe->kp) && kprobe_canary_sings();
}

int pinsafe_probe_init(void)
{
	int r = pinsafe_probe_register(&kprobe_canary);

	if (!r)
		init_ftrace_canary();
	return r;
}

void pinsafe_probe_done(void)
{
	done_ftrace_canary();
	pinsafe_probe_unregister(&kprobe_canary);
}
