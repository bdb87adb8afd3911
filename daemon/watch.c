// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/sense/helper.h"
#include "daemon/sense/opens.h"

/* What the module is told, or was. */
struct watch_set {
	struct pinsafe_watch_device *devices;
	size_t n_devices;
	uint64_t *cgroup_ids;
	size_t n_cgroups;
};

struct watch {
	struct watch_roots roots;
	char *device_folder;
	char *device_name;
	int inotify_fd;
	int device_wd;
	int last_wd;			/* highest given out by inotify */

	struct device_number *devices;	/* all that policies name, sorted */
	size_t n_devices;
	struct subtrees cgroups;	/* where a pin takes the hold */
	struct watch_set told;
	bool is_told;
};

/* Directories of the cgroups to watch, open while the module is told. */
struct open_cgroups {
	struct pinsafe_watch_cgroup *list;
	size_t n;
};

static void watch_set_done(struct watch_set *set)
{
	free(set->devices);
	free(set->cgroup_ids);
	*set = (struct watch_set){ 0 };
}

static void open_cgroups_done(struct open_cgroups *open)
{
	for (size_t i = 0; i < open->n; i++)
		close(open->list[i].cgroup_fd);
	free(open->list);
}

DEFINE_CLEANUP_EMBEDDED(struct watch_set, watch_set_done);
DEFINE_CLEANUP_EMBEDDED(struct open_cgroups, open_cgroups_done);
DEFINE_CLEANUP(struct watch, watch_free);

/* ---- inotify ------------------------------------------------------------- */

static int split_device(struct watch *watch)
{
	_cleanup_(free) char *folder = strdup(watch->roots.device);
	_cleanup_(free) char *name = strdup(watch->roots.device);

	if (!folder || !name)
		return -ENOMEM;
	watch->device_folder = strdup(dirname(folder));
	watch->device_name = strdup(basename(name));
	return watch->device_folder && watch->device_name ? 0 : -ENOMEM;
}

/* -1 where the folder cannot be watched; then it is found at the next reload
 * or sweep. */
static int add_folder(struct watch *watch, const char *path, uint32_t mask)
{
	int wd = inotify_add_watch(watch->inotify_fd, path, mask | IN_ONLYDIR);

	if (wd > watch->last_wd)
		watch->last_wd = wd;
	return wd;
}

int watch_new(const struct watch_roots *roots, struct watch **ret_watch)
{
	_cleanup_(watch_free) struct watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	watch->roots = *roots;
	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->inotify_fd < 0)
		return -errno;
	r = split_device(watch);
	if (r < 0)
		return r;
	watch->device_wd = add_folder(watch, watch->device_folder, IN_CREATE | IN_MOVED_TO);
	*ret_watch = take_ptr(watch);
	return 0;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	close_p(&watch->inotify_fd);
	free(watch->device_folder);
	free(watch->device_name);
	free(watch->devices);
	subtrees_done(&watch->cgroups);
	watch_set_done(&watch->told);
	free(watch);
}

int watch_inotify_fd(const struct watch *watch)
{
	return watch->inotify_fd;
}

int watch_read(struct watch *watch, bool *ret_device)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;
	int changed = 0;

	*ret_device = false;
	while ((got = read(watch->inotify_fd, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (char *p = buffer; p < buffer + got; p += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)p;
			if (event->wd == watch->device_wd)
				*ret_device |= event->len > 0 &&
					       strcmp(event->name, watch->device_name) == 0;
			else if (event->mask & (IN_ISDIR | IN_Q_OVERFLOW))
				changed = 1;
		}
	}
	return changed;
}

void watch_reset(struct watch *watch)
{
	/* Numbers are handed out in order, and none is used again. */
	for (int wd = 1; wd <= watch->last_wd; wd++) {
		if (wd != watch->device_wd)
			(void)inotify_rm_watch(watch->inotify_fd, wd);
	}
	watch->is_told = false;
}

/* ---- what policies name --------------------------------------------------- */

static bool wants_hold(const struct config *config, const struct policy *policy)
{
	return policy->action == ACTION_HOLD && config_mode(config, policy) == MODE_ENFORCE;
}

int watch_globs(const struct config *config, char ***ret_globs, size_t *ret_n)
{
	char **globs;
	size_t n = 0;

	for (size_t i = 0; i < config->n_policies; i++)
		for (char **p = config->policies[i].match_device; p && *p; p++)
			n++;
	globs = calloc(n + 1, sizeof(*globs));
	if (!globs)
		return -ENOMEM;
	*ret_n = n;
	*ret_globs = globs;
	for (size_t i = 0; i < config->n_policies; i++)
		for (char **p = config->policies[i].match_device; p && *p; p++)
			*globs++ = *p;
	return 0;
}

static size_t count_globs(char *const *globs)
{
	size_t n = 0;

	while (globs && globs[n])
		n++;
	return n;
}

/* The device's entry in the set, added where it is not there yet. */
static int set_device(struct watch_set *set, struct device_number number, uint32_t flags)
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

static int add_devices(struct watch *watch, const struct policy *policy, uint32_t flags,
		       struct watch_set *set)
{
	_cleanup_(free) struct device_number *numbers = NULL;
	size_t n;
	int r;

	if (!policy->match_device)
		return 0;
	r = opens_find_devices(watch->roots.dev_fd, policy->match_device,
			       count_globs(policy->match_device), &numbers, &n);
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

static int find_devices(struct watch *watch, const struct config *config,
			struct watch_set *set)
{
	struct device_number *devices;

	for (size_t i = 0; i < config->n_policies; i++) {
		const struct policy *policy = &config->policies[i];
		/* With a minimum the open says nothing yet. */
		bool hold = wants_hold(config, policy) && policy->match_pinned_min == 0;
		int r = add_devices(watch, policy, hold ? PINSAFE_WATCH_HOLD : 0, set);

		if (r < 0)
			return r;
	}
	devices = calloc(set->n_devices + 1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_devices; i++)
		devices[i] = (struct device_number){ set->devices[i].major,
						     set->devices[i].minor };
	free(watch->devices);
	watch->devices = devices;
	watch->n_devices = set->n_devices;
	if (set->n_devices > 0)
		qsort(set->devices, set->n_devices, sizeof(*set->devices), order_devices);
	return 0;
}

static void watch_folder(void *data, const char *path)
{
	struct watch *watch = data;
	char full[PATH_MAX];
	int length = snprintf(full, sizeof(full), "%s%s", watch->roots.cgroup_path, path);

	if (length > 0 && (size_t)length < sizeof(full))
		(void)add_folder(watch, full, IN_CREATE | IN_MOVED_TO);
}

static int find_policy_cgroups(struct watch *watch, const struct policy *policy,
			       struct subtrees *found)
{
	int r = 0;

	for (char **glob = policy->match_cgroup; r >= 0 && glob && *glob; glob++)
		r = subtrees_find(watch->roots.cgroup_fd, *glob, watch_folder, watch, found);
	/* A hierarchy beyond all bounds: the daemon holds after the bell. */
	return r == -E2BIG ? 0 : r;
}

static int find_cgroups(struct watch *watch, const struct config *config)
{
	struct subtrees found = { 0 };
	bool any = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < config->n_policies; i++) {
		if (watch->roots.cgroup_fd < 0 || !wants_hold(config, &config->policies[i]))
			continue;
		any = true;
		r = find_policy_cgroups(watch, &config->policies[i], &found);
	}
	if (r >= 0 && any && config->hold_on_pin_everywhere)
		r = subtrees_add(&found, "/");
	if (r < 0) {
		subtrees_done(&found);
		return r;
	}
	subtrees_done(&watch->cgroups);
	watch->cgroups = found;
	return 0;
}

/* ---- telling the module --------------------------------------------------- */

/* The root is the whole host: only by the operator's explicit word. */
static bool is_allowed(const struct config *config, const char *path)
{
	return strcmp(path, "/") != 0 || config->hold_on_pin_everywhere;
}

static int open_cgroup(struct watch *watch, const char *path, struct watch_set *set,
		       struct open_cgroups *open)
{
	_cleanup_(close) int fd = fs_open_dir(watch->roots.cgroup_fd,
					      path[1] ? path + 1 : ".");
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)	/* gone meanwhile */
		return 0;
	set->cgroup_ids[set->n_cgroups++] = st.st_ino;
	open->list[open->n++] = (struct pinsafe_watch_cgroup){
		.cgroup_fd = take_fd(&fd),
		.flags = PINSAFE_WATCH_HOLD,
	};
	return 0;
}

static int open_cgroups(struct watch *watch, const struct config *config,
			struct watch_set *set, struct open_cgroups *open)
{
	set->cgroup_ids = calloc(watch->cgroups.n + 1, sizeof(*set->cgroup_ids));
	open->list = calloc(watch->cgroups.n + 1, sizeof(*open->list));
	if (!set->cgroup_ids || !open->list)
		return -ENOMEM;
	for (size_t i = 0; i < watch->cgroups.n; i++) {
		if (is_allowed(config, watch->cgroups.paths[i]))
			open_cgroup(watch, watch->cgroups.paths[i], set, open);
	}
	return 0;
}

static bool is_equal(const struct watch_set *a, const struct watch_set *b)
{
	return a->n_devices == b->n_devices && a->n_cgroups == b->n_cgroups &&
	       (a->n_devices == 0 ||
		memcmp(a->devices, b->devices, a->n_devices * sizeof(*a->devices)) == 0) &&
	       (a->n_cgroups == 0 ||
		memcmp(a->cgroup_ids, b->cgroup_ids,
		       a->n_cgroups * sizeof(*a->cgroup_ids)) == 0);
}

/* The module takes all or nothing, and does not say which table is too small. */
static int tell(int helper_fd, const struct watch_set *set, const struct open_cgroups *open,
		size_t *ret_left_out)
{
	size_t n_devices = set->n_devices, n_cgroups = open->n;
	int r;

	for (;;) {
		r = helper_watch(helper_fd, set->devices, n_devices, open->list, n_cgroups);
		if (r != -E2BIG || n_devices + n_cgroups == 0)
			break;
		if (n_devices > n_cgroups)
			n_devices--;
		else
			n_cgroups--;
	}
	*ret_left_out = set->n_devices - n_devices + open->n - n_cgroups;
	return r;
}

int watch_resolve(struct watch *watch, const struct config *config, int helper_fd,
		  size_t *ret_left_out)
{
	_cleanup_(open_cgroups_done) struct open_cgroups open = { 0 };
	_cleanup_(watch_set_done) struct watch_set set = { 0 };
	int r;

	*ret_left_out = 0;
	r = find_devices(watch, config, &set);
	if (r >= 0)
		r = find_cgroups(watch, config);
	if (r >= 0)
		r = open_cgroups(watch, config, &set, &open);
	if (r < 0)
		return r;
	if (watch->is_told && is_equal(&watch->told, &set))
		return 0;
	if (helper_fd >= 0) {
		r = tell(helper_fd, &set, &open, ret_left_out);
		if (r < 0)
			return r;
		watch->is_told = true;
	}
	watch_set_done(&watch->told);
	watch->told = set;
	set = (struct watch_set){ 0 };
	return 1;
}

const struct device_number *watch_devices(const struct watch *watch, size_t *ret_n)
{
	*ret_n = watch->n_devices;
	return watch->devices;
}

bool watch_has_holds(const struct watch *watch)
{
	for (size_t i = 0; i < watch->told.n_devices; i++) {
		if (watch->told.devices[i].flags & PINSAFE_WATCH_HOLD)
			return true;
	}
	return watch->is_told && watch->told.n_cgroups > 0;
}

const struct subtrees *watch_cgroups(const struct watch *watch)
{
	return &watch->cgroups;
}
