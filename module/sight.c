// SPDX-License-Identifier: GPL-2.0-only
/*
 * sight.c - counts the pinned pages of one process
 *
 * A walk over the page tables by hand, with the inline accessors that the
 * kernel gives to modules.  The two exported ways were weighed and left:
 * hmm_range_fault() needs an mmu_interval_notifier, whose subscription stays
 * for the life of the mm and whose first insertion locks every VMA, and it does
 * not see PTEs that NUMA balancing has made PROT_NONE; and
 * get_user_pages_remote() marks pages accessed, takes references on them and
 * goes through holes page by page.  The walk leaves nothing behind, sees
 * PROT_NONE PTEs (they are present) and skips a hole by the size of the table
 * that is missing, up to 512 GiB a step.
 *
 * Locks and lifetimes.
 *	mm		a reference on mm_users for the whole call, mmput_async
 *	VMAs		mmap_lock for reading, so no munmap underneath; given
 *			up between slices, and early when somebody waits for it
 *	page tables	interrupts off while one table of 512 entries is read,
 *			as gup_fast does: whoever frees a table without
 *			mmap_lock (khugepaged, page-table reclaim, unsharing of
 *			hugetlb tables) waits for that
 *	pages		no reference.  struct page can always be read, counters
 *			alone are read, and the entry is read again afterwards:
 *			a page that left meanwhile is not counted
 *
 * So the numbers are those of one look at a running process.
 *
 * Whom to look at: an mm carries MMF_HAS_PINNED from its first pin on.  Pages of
 * a file that were pinned through the file (memfd_pin_folios()) leave no such
 * sign; of who did that the bell keeps a mark (bell.c).  What of the file he
 * maps is then seen as any other page.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/nodemask.h>
#include <linux/pagemap.h>
#include <linux/pid_namespace.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "private.h"

#define DEFAULT_BUDGET	SZ_1G
/* Tables read before mmap_lock is given up: 64 hold 32,768 pages. */
#define TABLES_A_SLICE	64
/* Steps over missing tables and VMAs count less, but they count. */
#define STEPS_A_SLICE	4096
/* Holes take nothing off the budget, and a call ends all the same. */
#define SLICES_A_CALL	64

struct walk {
	struct mm_struct *mm;
	struct pinsafe_sight_node *nodes;
	bool extra;
	unsigned long large;	/* pfn of the head of the last large folio */
	unsigned int tables;	/* read in this slice */
	unsigned int steps;
	u64 left;		/* of the budget, in bytes */
};

enum seen { SEEN_NOTHING, SEEN_PINNED, SEEN_EXTRA };

/*
 * Each pin adds GUP_PIN_COUNTING_BIAS references; each mapping one, and the
 * page cache and others a few.
 */
static enum seen judge_small(const struct walk *walk, struct page *page)
{
	int mappings = pinsafe_small_page_mapcount(page);
	int others = page_ref_count(page) - mappings;

	if (others >= GUP_PIN_COUNTING_BIAS)
		return SEEN_PINNED;
	if (walk->extra && PageAnon(page) &&
	    others > pinsafe_page_is_swapcache(page))
		return SEEN_EXTRA;
	return SEEN_NOTHING;
}

static void add_large(struct walk *walk, struct page *page, unsigned long pages)
{
	struct pinsafe_sight_node *node = &walk->nodes[page_to_nid(page)];
	unsigned long head = page_to_pfn(compound_head(page));

	node->large_pages += pages;
	if (head != walk->large)
		node->large_folios++;
	walk->large = head;
}

static void look_at_pte(struct walk *walk, pte_t *entry)
{
	pte_t pte = READ_ONCE(*entry);
	enum seen seen = SEEN_NOTHING;
	struct page *page;
	bool large;

	if (!pinsafe_pte_is_ordinary(pte) || !pfn_valid(pte_pfn(pte)))
		return;
	page = pte_page(pte);
	large = PageCompound(page);
	if (!large)
		seen = judge_small(walk, page);
	else if (pinsafe_large_page_pinned(page))
		seen = SEEN_PINNED;
	if (seen == SEEN_NOTHING ||
	    pte_val(READ_ONCE(*entry)) != pte_val(pte))
		return;
	if (large)
		add_large(walk, page, 1);
	else if (seen == SEEN_PINNED)
		walk->nodes[page_to_nid(page)].pinned_pages++;
	else
		walk->nodes[page_to_nid(page)].extra_pages++;
}

/* One whole entry of a higher table that maps a folio, THP or hugetlb. */
static void look_at_leaf(struct walk *walk, unsigned long pfn,
			 unsigned long bytes)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return;
	page = pfn_to_page(pfn);
	if (PageCompound(page) && pinsafe_large_page_pinned(page))
		add_large(walk, page, bytes >> PAGE_SHIFT);
}

static void look_at_table(struct walk *walk, pmd_t *pmd, unsigned long addr,
			  unsigned long end)
{
	pte_t *entry = pte_offset_kernel(pmd, addr);

	for (; addr < end; addr += PAGE_SIZE, entry++)
		look_at_pte(walk, entry);
}

/*
 * Each of the following looks at what maps addr, below end, on one level and
 * returns the address where to go on.  Interrupts are off.
 */
static unsigned long look_at_pmd(struct walk *walk, pud_t *pudp, pud_t pud,
				 unsigned long addr, unsigned long end)
{
	pmd_t pmd = READ_ONCE(*pmd_offset_lockless(pudp, pud, addr));
	unsigned long next = pmd_addr_end(addr, end);

	if (!pmd_present(pmd))
		return next;
	if (pinsafe_pmd_is_leaf(pmd))
		look_at_leaf(walk, pmd_pfn(pmd) + pte_index(addr), next - addr);
	else if (!pmd_bad(pmd))
		look_at_table(walk, &pmd, addr, next);
	walk->tables++;
	walk->left -= min_t(u64, walk->left, next - addr);
	return next;
}

static unsigned long look_at_pud(struct walk *walk, p4d_t *p4dp, p4d_t p4d,
				 unsigned long addr, unsigned long end)
{
	pud_t *pudp = pud_offset_lockless(p4dp, p4d, addr);
	pud_t pud = READ_ONCE(*pudp);
	unsigned long next = pud_addr_end(addr, end);

	if (pud_none(pud) || !pud_present(pud))
		return next;
	if (!pud_leaf(pud))
		return pud_bad(pud) ? next :
				      look_at_pmd(walk, pudp, pud, addr, next);
	look_at_leaf(walk, pud_pfn(pud) + ((addr & ~PUD_MASK) >> PAGE_SHIFT),
		     next - addr);
	walk->tables++;
	walk->left -= min_t(u64, walk->left, next - addr);
	return next;
}

static unsigned long look_at(struct walk *walk, unsigned long addr,
			     unsigned long end)
{
	pgd_t *pgdp = pgd_offset(walk->mm, addr);
	pgd_t pgd = READ_ONCE(*pgdp);
	unsigned long next = pgd_addr_end(addr, end);
	p4d_t *p4dp, p4d;

	if (pgd_none(pgd) || pgd_bad(pgd))
		return next;
	p4dp = p4d_offset_lockless(pgdp, pgd, addr);
	p4d = READ_ONCE(*p4dp);
	next = p4d_addr_end(addr, end);
	if (p4d_none(p4d) || p4d_bad(p4d))
		return next;
	return look_at_pud(walk, p4dp, p4d, addr, next);
}

static bool slice_is_full(const struct walk *walk)
{
	return !walk->left || walk->tables >= TABLES_A_SLICE ||
	       walk->steps >= STEPS_A_SLICE ||
	       (walk->tables && mmap_lock_is_contended(walk->mm));
}

/* Returns where to go on, 0 at the end of the address space. */
static unsigned long look_at_slice(struct walk *walk, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(walk->mm, addr);

	walk->tables = 0;
	walk->steps = 0;
	while (vma) {
		addr = max(addr, vma->vm_start);
		local_irq_disable();
		addr = look_at(walk, addr, vma->vm_end);
		local_irq_enable();
		walk->steps++;
		if (slice_is_full(walk))
			return addr;
		if (addr >= vma->vm_end)
			vma = find_vma(walk->mm, addr);
	}
	return 0;
}

static int look_at_slices(struct walk *walk, u64 *cursor, u64 *longest_ns)
{
	unsigned int slices = 0;
	u64 start;

	do {
		/* a lock that is free is taken whatever signals wait */
		if (fatal_signal_pending(current) ||
		    mmap_read_lock_killable(walk->mm))
			return -EINTR;
		start = ktime_get_ns();
		*cursor = look_at_slice(walk, *cursor);
		mmap_read_unlock(walk->mm);
		*longest_ns = max(*longest_ns, ktime_get_ns() - start);
		cond_resched();
	} while (*cursor && walk->left && ++slices < SLICES_A_CALL);
	return 0;
}

/* Adds to the caller's array, which may be longer than this host has nodes. */
static int add_nodes(const struct pinsafe_sight *sight,
		     const struct pinsafe_sight_node *nodes)
{
	struct pinsafe_sight_node __user *to = u64_to_user_ptr(sight->nodes);
	struct pinsafe_sight_node sum;
	unsigned int i;

	for (i = 0; i < nr_node_ids; i++) {
		if (copy_from_user(&sum, &to[i], sizeof(sum)))
			return -EFAULT;
		sum.pinned_pages += nodes[i].pinned_pages;
		sum.large_pages += nodes[i].large_pages;
		sum.large_folios += nodes[i].large_folios;
		sum.extra_pages += nodes[i].extra_pages;
		if (copy_to_user(&to[i], &sum, sizeof(sum)))
			return -EFAULT;
	}
	return 0;
}

static int look_at_mm(struct mm_struct *mm, struct pinsafe_sight *sight)
{
	struct walk walk = {
		.mm = mm,
		.extra = sight->flags & PINSAFE_SIGHT_EXTRA,
		.large = ULONG_MAX,
		.left = sight->budget ? sight->budget : DEFAULT_BUDGET,
	};
	int r;

	walk.nodes = kvcalloc(nr_node_ids, sizeof(*walk.nodes), GFP_KERNEL);
	if (!walk.nodes)
		return -ENOMEM;
	r = look_at_slices(&walk, &sight->cursor, &sight->lock_ns);
	if (!r)
		r = add_nodes(sight, walk.nodes);
	kvfree(walk.nodes);
	return r;
}

static bool may_have_pinned(struct mm_struct *mm, struct pid *pid)
{
	return pinsafe_mm_has_pinned(mm) || pinsafe_bell_saw_file(pid);
}

/*
 * pid is the thread group's.  -E2BIG: the array is too short for this host;
 * -EINTR: a fatal signal.  A process without memory, or that never pinned any,
 * is one with nothing pinned.
 */
int pinsafe_sight_look(struct pid *pid, struct pinsafe_sight *sight)
{
	bool scan_only = sight->flags & PINSAFE_SIGHT_SCAN;
	struct mm_struct *mm;
	int r = 0;

	sight->lock_ns = 0;
	sight->scan_seq = 0;
	sight->scan_offset = 0;
	if (!scan_only && sight->node_count < nr_node_ids)
		return -E2BIG;
	mm = pinsafe_group_mm(pid);
	if (mm && !scan_only && (may_have_pinned(mm, pid) ||
				 sight->flags & PINSAFE_SIGHT_EXTRA))
		r = look_at_mm(mm, sight);
	else
		sight->cursor = 0;
	if (mm) {
		sight->scan_seq = READ_ONCE(mm->numa_scan_seq);
		sight->scan_offset = READ_ONCE(mm->numa_scan_offset);
		mmput_async(mm);
	}
	return r;
}
