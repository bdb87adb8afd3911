/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watchset.h - devices and cgroups that policies name, as the module is told
 *
 * Only a policy that enforces a hold makes an entry take one inside the bell;
 * audit mode watches without.
 */
#pragma once

#include "daemon/base/cleanup.h"
#include "daemon/policy/config.h"
#include "daemon/subtrees.h"
#include "module/uapi/pinsafe.h"

struct watchset {
	struct pinsafe_watch_device *devices;	/* that take a hold first */
	size_t n_devices;
	uint64_t *cgroup_ids;			/* of cgroups, where there */
	struct pinsafe_watch_cgroup *cgroups;	/* with open directories */
	size_t n_cgroups;
};

/* Resolves the MatchDevice globs against the nodes there are.  0 or negative
 * errno. */
int watchset_find_devices(struct watchset *set, int dev_fd, const struct config *config);

/* Roots of the subtrees where a pin takes the hold; visitor is told of folders in
 * which more may appear.  0 or negative errno. */
int watchset_find_cgroups(const struct config *config, int cgroup_fd,
			  const struct subtrees_visitor *visitor, struct subtrees *ret_found);

/* Opens those that are there; 0 or -ENOMEM. */
int watchset_open_cgroups(struct watchset *set, int cgroup_fd, const struct subtrees *found);

/* After the module was told: ids stay, to compare with. */
void watchset_close_cgroups(struct watchset *set);

bool watchset_is_equal(const struct watchset *a, const struct watchset *b);

/* Does a bell take a hold anywhere? */
bool watchset_has_holds(const struct watchset *set);

void watchset_done(struct watchset *set);

DEFINE_CLEANUP_EMBEDDED(struct watchset, watchset_done);
