// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory that is pinned.  Placement is done while it is touched for the
 * first time, by a policy of the thread.  That is taken back when the memory is
 * pinned: until then it keeps balancing from moving what has just been placed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "work.h"

#define THP_BYTES	(2UL << 20)

static int map_anonymous(struct work *work, size_t bytes)
{
	char *addr;

	/* aligned, so that a huge page fits from the first page on */
	addr = mmap(NULL, bytes + THP_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED)
		return -errno;
	work->addr = (char *)(((uintptr_t)addr + THP_BYTES - 1) & ~(THP_BYTES - 1));
	if (madvise(work->addr, bytes, work->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		return -errno;
	return 0;
}

static int map_memfd(struct work *work, size_t bytes)
{
	work->memfd = memfd_create("pinwork", MFD_CLOEXEC);
	if (work->memfd < 0 || ftruncate(work->memfd, bytes))
		return -errno;
	work->addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, work->memfd, 0);
	return work->addr == MAP_FAILED ? -errno : 0;
}

static void fill(struct work *work, size_t from, size_t to)
{
	size_t page;

	for (page = from; page < to; page++)
		work->addr[page * work->page_bytes] = 1;
}

#define MAX_NODES 1024	/* no kernel is built for more */

/* Of who started us, who means it for all of us. */
static unsigned long own_nodes[MAX_NODES / (8 * sizeof(unsigned long))];
static int own_mode;

static int place(struct work *work)
{
	size_t node, next = 0, count;
	unsigned long mask;

	if (get_mempolicy(&own_mode, own_nodes, MAX_NODES, NULL, 0))
		return -errno;
	for (node = 0; node < WORK_MAX_NODES; node++) {
		if (!work->place[node])
			continue;
		count = work->place[node];
		if (count > work->pages - next)
			return -EINVAL;
		mask = 1UL << node;
		if (set_mempolicy(MPOL_BIND, &mask, sizeof(mask) * 8))
			return -errno;
		fill(work, next, next + count);
		next += count;
	}
	if (next > 0 && set_mempolicy(MPOL_LOCAL, NULL, 0))
		return -errno;
	fill(work, next, work->pages);
	return 0;
}

int memory_placed(void)
{
	return set_mempolicy(own_mode, own_nodes, MAX_NODES) ? -errno : 0;
}

/* One page of a file, mapped again and again: many references, no pin. */
static int map_one_page_often(struct work *work)
{
	const char *path = work->file ? work->file : "/var/tmp/pinwork.page";
	char *page;
	int fd, i;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, work->page_bytes))
		return -errno;
	for (i = 0; i < work->mappers; i++) {
		page = mmap(NULL, work->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (page == MAP_FAILED)
			return -errno;
		*page = 1;
	}
	close(fd);
	return 0;
}

/* What a runtime reserves for later: address space without page tables. */
static int reserve(size_t bytes)
{
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return addr == MAP_FAILED ? -errno : 0;
}

int memory_new(struct work *work)
{
	size_t bytes = work->pages * work->page_bytes;
	int r = work->reserve_bytes ? reserve(work->reserve_bytes) : 0;

	if (r)
		return r;
	r = work->shared ? map_memfd(work, bytes) : map_anonymous(work, bytes);
	if (r)
		return r;
	r = place(work);
	if (r)
		return r;
	return work->mappers ? map_one_page_often(work) : 0;
}

int memory_nodes(const struct work *work, size_t ret_nodes[WORK_MAX_NODES])
{
	void **pages;
	int *status;
	size_t i;
	int r = 0;

	memset(ret_nodes, 0, WORK_MAX_NODES * sizeof(*ret_nodes));
	pages = calloc(work->pages, sizeof(*pages));
	status = calloc(work->pages, sizeof(*status));
	if (!pages || !status) {
		r = -ENOMEM;
		goto out;
	}
	for (i = 0; i < work->pages; i++)
		pages[i] = work->addr + i * work->page_bytes;
	if (move_pages(0, work->pages, pages, NULL, status, 0)) {
		r = -errno;
		goto out;
	}
	for (i = 0; i < work->pages; i++)
		if (status[i] >= 0 && status[i] < WORK_MAX_NODES)
			ret_nodes[status[i]]++;
out:
	free(pages);
	free(status);
	return r;
}
