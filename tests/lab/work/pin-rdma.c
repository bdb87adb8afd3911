// SPDX-License-Identifier: GPL-2.0-or-later
/* An RDMA memory region on the first device there is: soft-RoCE in the lab. */
#include <errno.h>
#include <infiniband/verbs.h>
#include <stdlib.h>

#include "work.h"

struct region {
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_mr *mr;
};

static struct ibv_context *open_first_device(void)
{
	struct ibv_context *context = NULL;
	struct ibv_device **list;
	int n;

	list = ibv_get_device_list(&n);
	if (!list)
		return NULL;
	if (n > 0)
		context = ibv_open_device(list[0]);
	else
		errno = ENODEV;
	ibv_free_device_list(list);
	return context;
}

static void region_free(struct region *region)
{
	if (region->mr)
		ibv_dereg_mr(region->mr);
	if (region->pd)
		ibv_dealloc_pd(region->pd);
	if (region->context)
		ibv_close_device(region->context);
	free(region);
}

static int rdma_pin(struct work *work)
{
	struct region *region;
	int r;

	region = calloc(1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	region->context = open_first_device();
	if (region->context)
		region->pd = ibv_alloc_pd(region->context);
	if (region->pd)
		region->mr = ibv_reg_mr(region->pd, work->addr,
					work->pin_pages * work->page_bytes,
					IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	if (!region->mr) {
		r = errno ? -errno : -EIO;
		region_free(region);
		return r;
	}
	work->pin_state = region;
	return 0;
}

static void rdma_unpin(struct work *work)
{
	region_free(work->pin_state);
}

const struct pin_kind pin_rdma = {
	.name = "rdma",
	.lasting = true,
	.pin = rdma_pin,
	.unpin = rdma_unpin,
};
