// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watchset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/policy/match.h"
#include "daemon/sense/opens.h"

DEFINE_CLEANUP_EMBEDDED(struct subtrees, subtrees_done);

void watchset_close_cgroups(struct watchset *set)
{
	for (size_t i = 0; set->cgroups && i < set->n_cgroups; i++)
		close(set->cgroups[i].cgroup_fd);
	free(set->cgroups);
	set->cgroups = NULL;
}

void watchset_done(struct watchset *set)
{
	watchset_close_cgroups(set);
	free(set->devices);
	free(set->cgroup_ids);
	*set = (struct watchset){ 0 };
}

static bool wants_hold(const struct config *config, const struct policy *policy)
{
	return policy_has_action(policy, ACTION_HOLD) &&
	       config_mode(config, policy) == MODE_ENFORCE;
}

/* ---- devices ----------------------------------------------------------------- */

static size_t count_globs(char *const *globs)
{
	size_t n = 0;

	while (globs && globs[n])
		n++;
	return n;
}

static int set_device(struct watchset *set, struct device_number number, uint32_t flags)
{
	struct pinsafe_watch_device *devices;

	for (size_t i = 0; i < set->n_devices; i++) {
		if (set->devices[i].major == number.major &&
		    set->devices[i].minor == number.minor) {
			set->devices[i].flags |= flags;
			return 0;
		}
	}
	devices = realloc(set->devices, (set->n_devices + 1) * sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	set->devices = devices;
	devices[set->n_devices++] = (struct pinsafe_watch_device){
		.major = number.major,
		.minor = number.minor,
		.flags = flags,
	};
	return 0;
}

static int add_devices(struct watchset *set, int dev_fd, const struct policy *policy,
		       uint32_t flags)
{
	_cleanup_(free) struct device_number *numbers = NULL;
	size_t n = 0;
	int r;

	if (!policy->match_device)
		return 0;
	r = opens_find_devices(dev_fd, policy->match_device, count_globs(policy->match_device),
			       &numbers, &n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = set_device(set, numbers[i], flags);
	return r;
}

/* Devices that take a hold first, so that they have the room there is. */
static int order_devices(const void *a, const void *b)
{
	const struct pinsafe_watch_device *x = a, *y = b;

	if (x->flags != y->flags)
		return x->flags > y->flags ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return (x->minor > y->minor) - (x->minor < y->minor);
}

int watchset_find_devices(struct watchset *set, int dev_fd, const struct config *config)
{
	for (size_t i = 0; i < config->n_policies; i++) {
		const struct policy *policy = &config->policies[i];
		/* With a minimum the open says nothing yet. */
		bool hold = wants_hold(config, policy) && policy->match_pinned_min == 0;
		int r = add_devices(set, dev_fd, policy, hold ? PINSAFE_WATCH_HOLD : 0);

		if (r < 0)
			return r;
	}
	if (set->n_devices > 0)
		qsort(set->devices, set->n_devices, sizeof(*set->devices), order_devices);
	return 0;
}

/* ---- cgroups ----------------------------------------------------------------- */

/* The root is the whole host: only by the operator's explicit word. */
static int add_found(struct subtrees *found, const struct subtrees *more)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < more->n; i++) {
		if (strcmp(more->paths[i], "/") != 0)
			r = subtrees_add(found, more->paths[i]);
	}
	return r;
}

/* Where systemd puts units: in slices within slices, and a user's below his own
 * manager.  Named one by one, so that no more folders are read than there are
 * slices; what lies deeper is held right after the bell. */
#define OF_USER	"/user.slice/*.slice/user@*.service"

static const char *const unit_places[] = {
	"", "/*.slice", "/*.slice/*.slice", "/*.slice/*.slice/*.slice",
	OF_USER, OF_USER "/*.slice", OF_USER "/*.slice/*.slice",
};

static int find_units(const char *unit, int cgroup_fd, const struct subtrees_visitor *visitor,
		      struct subtrees *found)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(unit_places) / sizeof(unit_places[0]); i++) {
		_cleanup_(free) char *glob = NULL;

		if (asprintf(&glob, "%s/%s", unit_places[i], unit) < 0) {
			glob = NULL;
			return -ENOMEM;
		}
		r = subtrees_find(cgroup_fd, glob, visitor, found);
	}
	return r;
}

/* A policy with both keys means units that are in its cgroups. */
static int find_units_of_policy(const struct policy *policy, int cgroup_fd,
				const struct subtrees_visitor *visitor, struct subtrees *found)
{
	_cleanup_(subtrees_done) struct subtrees all = { 0 };
	int r = 0;

	for (char **unit = policy->match_unit; r >= 0 && *unit; unit++)
		r = find_units(*unit, cgroup_fd, visitor, &all);
	for (size_t i = 0; r != -ENOMEM && i < all.n; i++) {
		if (match_cgroup(policy, all.paths[i]))
			r = subtrees_add(found, all.paths[i]);
	}
	return r;
}

static int find_of_policy(const struct policy *policy, int cgroup_fd,
			  const struct subtrees_visitor *visitor, struct subtrees *found)
{
	_cleanup_(subtrees_done) struct subtrees more = { 0 };
	int r = 0;

	if (policy->match_unit)
		r = find_units_of_policy(policy, cgroup_fd, visitor, &more);
	for (char **glob = policy->match_unit ? NULL : policy->match_cgroup;
	     r >= 0 && glob && *glob; glob++)
		r = subtrees_find(cgroup_fd, *glob, visitor, &more);
	if (r >= 0 || r == -E2BIG)
		r = add_found(found, &more);
	/* A hierarchy beyond all bounds: the daemon holds after the bell. */
	return r == -E2BIG ? 0 : r;
}

int watchset_find_cgroups(const struct config *config, int cgroup_fd,
			  const struct subtrees_visitor *visitor, struct subtrees *ret_found)
{
	_cleanup_(subtrees_done) struct subtrees found = { 0 };
	bool any = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < config->n_policies; i++) {
		const struct policy *policy = &config->policies[i];

		if (!wants_hold(config, policy))
			continue;
		any = true;
		r = find_of_policy(policy, cgroup_fd, visitor, &found);
	}
	if (r >= 0 && any && config->hold_on_pin_everywhere)
		r = subtrees_add(&found, "/");
	if (r < 0)
		return r;
	*ret_found = found;
	found = (struct subtrees){ 0 };
	return 0;
}

static void open_cgroup(struct watchset *set, int cgroup_fd, const char *path)
{
	_cleanup_(close) int fd = fs_open_dir(cgroup_fd, path[1] ? path + 1 : ".");
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)	/* gone meanwhile */
		return;
	set->cgroup_ids[set->n_cgroups] = st.st_ino;
	set->cgroups[set->n_cgroups++] = (struct pinsafe_watch_cgroup){
		.cgroup_fd = take_fd(&fd),
		.flags = PINSAFE_WATCH_HOLD,
	};
}

int watchset_open_cgroups(struct watchset *set, int cgroup_fd, const struct subtrees *found)
{
	set->cgroup_ids = calloc(found->n + 1, sizeof(*set->cgroup_ids));
	set->cgroups = calloc(found->n + 1, sizeof(*set->cgroups));
	if (!set->cgroup_ids || !set->cgroups)
		return -ENOMEM;
	for (size_t i = 0; i < found->n; i++)
		open_cgroup(set, cgroup_fd, found->paths[i]);
	return 0;
}

/* ---- the set ----------------------------------------------------------------- */

bool watchset_is_equal(const struct watchset *a, const struct watchset *b)
{
	return a->n_devices == b->n_devices && a->n_cgroups == b->n_cgroups &&
	       (a->n_devices == 0 ||
		memcmp(a->devices, b->devices, a->n_devices * sizeof(*a->devices)) == 0) &&
	       (a->n_cgroups == 0 ||
		memcmp(a->cgroup_ids, b->cgroup_ids,
		       a->n_cgroups * sizeof(*a->cgroup_ids)) == 0);
}

bool watchset_has_holds(const struct watchset *set)
{
	for (size_t i = 0; i < set->n_devices; i++) {
		if (set->devices[i].flags & PINSAFE_WATCH_HOLD)
			return true;
	}
	return set->n_cgroups > 0;
}
