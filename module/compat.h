/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - every test of a kernel version in this module
 *
 * One source serves 5.10 and later.  What a kernel may lack at run time (a
 * function to probe, a hierarchy) is not decided here but at load.
 */
#ifndef PINSAFE_COMPAT_H
#define PINSAFE_COMPAT_H

#include <linux/cgroup.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/sched/coredump.h>
#include <linux/version.h>

#if !defined(CONFIG_NUMA_BALANCING) || !defined(CONFIG_KPROBES) || \
	!defined(CONFIG_CGROUPS)
#error "pinsafe needs CONFIG_NUMA_BALANCING, CONFIG_KPROBES and CONFIG_CGROUPS"
#endif

/* 5.13 turned mm->has_pinned into a bit, 6.18 moved the bits behind calls. */
static inline bool pinsafe_mm_has_pinned(struct mm_struct *mm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return mm_flags_test(MMF_HAS_PINNED, mm);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return test_bit(MMF_HAS_PINNED, &mm->flags);
#else
	return atomic_read(&mm->has_pinned);
#endif
}

/*
 * The task that owns mm, for whom get_user_pages_remote() works; NULL while
 * there is none.  Call and use it under RCU.
 */
static inline struct task_struct *pinsafe_mm_owner(struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	return rcu_dereference(mm->owner);
#else
	return NULL;
#endif
}

/* Neither asleep nor stopped; preempted counts as running.  5.14 renamed it. */
static inline bool pinsafe_task_is_running(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return READ_ONCE(task->__state) == TASK_RUNNING;
#else
	return READ_ONCE(task->state) == TASK_RUNNING;
#endif
}

/*
 * Has the cgroup with this id been removed?  5.10 cannot ask by id: no.
 * 5.14 returned NULL for none, 6.0 an error; both may find a zombie.
 */
static inline bool pinsafe_cgroup_is_gone(u64 id)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)
	struct cgroup *cgroup = cgroup_get_from_id(id);
	bool gone;

	if (IS_ERR_OR_NULL(cgroup))
		return true;
	gone = !(READ_ONCE(cgroup->self.flags) & CSS_ONLINE);
	cgroup_put(cgroup);
	return gone;
#else
	return false;
#endif
}

/*
 * Is cgroup v2 the hierarchy in use?  Then no v1 hierarchy has the memory
 * controller.  (Without that controller nobody can tell by it: assume so.)
 */
static inline bool pinsafe_cgroup_v2_in_use(void)
{
#ifdef CONFIG_MEMCG
	return cgroup_subsys_on_dfl(memory_cgrp_subsys);
#else
	return true;
#endif
}

/* Where the probed function returns to; regs are those at its entry. */
static inline unsigned long pinsafe_return_address(struct pt_regs *regs)
{
#if defined(CONFIG_X86)
	return regs_get_kernel_stack_nth(regs, 0);
#elif defined(CONFIG_ARM64)
	return procedure_link_pointer(regs);
#else
#error "pinsafe knows x86 and arm64"
#endif
}

/*
 * Probes by ftrace: flags of the ftrace_ops that let its trampoline call us
 * straight, and how to read an argument of the function that was entered.
 * 5.10 passes arguments only with all registers, and has to be told that we
 * need no guard against recursion; later kernels have to be asked for one.
 *
 * Without PINSAFE_FTRACE_FLAGS there are only kprobes: on arm64 before 6.2,
 * and where the kernel has no ftrace.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \
	defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define PINSAFE_FTRACE_FLAGS	0
#define pinsafe_entry_regs	ftrace_regs
#define pinsafe_entry_argument	ftrace_regs_get_argument
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0) && \
	defined(CONFIG_X86) && defined(CONFIG_DYNAMIC_FTRACE) && \
	defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
#define PINSAFE_FTRACE_FLAGS	0
#define pinsafe_entry_regs	ftrace_regs
#define pinsafe_entry_argument(entry, n) \
	regs_get_kernel_argument(&(entry)->regs, n)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0) && \
	defined(CONFIG_X86) && defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#define PINSAFE_FTRACE_FLAGS \
	(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#define pinsafe_entry_regs	pt_regs
#define pinsafe_entry_argument	regs_get_kernel_argument
#endif

/*
 * A small folio's own mapcount.  Everything else about folios of 5.16 and
 * later is asked through struct page, which 5.10 has as well.
 */
static inline int pinsafe_small_page_mapcount(struct page *page)
{
	return max(atomic_read(&page->_mapcount) + 1, 0);
}

static inline bool pinsafe_page_is_swapcache(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return folio_test_swapcache(page_folio(page));
#else
	return PageSwapCache(page);
#endif
}

/*
 * Is the large folio of this page pinned?  5.10 counts pins of compound pages
 * of order 1 in the reference count, later kernels never.
 */
static inline bool pinsafe_large_page_pinned(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return folio_maybe_dma_pinned(page_folio(page));
#else
	return page_maybe_dma_pinned(page);
#endif
}

/* 6.16 took device mappings out of the page tables. */
static inline bool pinsafe_pte_is_ordinary(pte_t pte)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	if (pte_devmap(pte))
		return false;
#endif
	return pte_present(pte) && !pte_special(pte);
}

/*
 * Does this entry map memory itself?  arm64's pmd_leaf() missed PROT_NONE ones
 * at first, pmd_trans_huge() did not.
 */
static inline bool pinsafe_pmd_is_leaf(pmd_t pmd)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	if (pmd_devmap(pmd))
		return false;
#endif
	return pmd_leaf(pmd) || pmd_trans_huge(pmd);
}

#endif /* PINSAFE_COMPAT_H */
