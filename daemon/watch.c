// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/helper.h"
#include "daemon/watchset.h"

struct watch {
	struct watch_roots roots;
	char *device_folder;
	char *device_name;
	int inotify_fd;
	int device_wd;
	int last_wd;			/* highest given out by inotify */

	struct device_number *devices;	/* all that policies name */
	size_t n_devices;
	struct subtrees cgroups;	/* where a pin takes the hold */
	struct watchset told;
	bool is_told;
	size_t left_out;
};

DEFINE_CLEANUP(struct watch, watch_free);
DEFINE_CLEANUP_EMBEDDED(struct subtrees, subtrees_done);

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
	watchset_done(&watch->told);
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

/* ---- resolving and telling --------------------------------------------------- */

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

static void watch_folder(void *data, const char *path)
{
	struct watch *watch = data;
	char full[PATH_MAX];
	int length = snprintf(full, sizeof(full), "%s%s", watch->roots.cgroup_path, path);

	if (length > 0 && (size_t)length < sizeof(full))
		(void)add_folder(watch, full, IN_CREATE | IN_MOVED_TO);
}

static int resolve_devices(struct watch *watch, const struct config *config,
			   struct watchset *set)
{
	struct device_number *devices;
	int r;

	r = watchset_find_devices(set, watch->roots.dev_fd, config);
	if (r < 0)
		return r;
	devices = calloc(set->n_devices + 1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_devices; i++)
		devices[i] = (struct device_number){ set->devices[i].major,
						     set->devices[i].minor };
	free(watch->devices);
	watch->devices = devices;
	watch->n_devices = set->n_devices;
	return 0;
}

static int resolve_cgroups(struct watch *watch, const struct config *config,
			   struct watchset *set)
{
	const struct subtrees_visitor visitor = { watch_folder, watch };
	_cleanup_(subtrees_done) struct subtrees found = { 0 };
	int r;

	if (watch->roots.cgroup_fd < 0)
		return 0;
	r = watchset_find_cgroups(config, watch->roots.cgroup_fd, &visitor, &found);
	if (r < 0)
		return r;
	subtrees_done(&watch->cgroups);
	watch->cgroups = found;
	found = (struct subtrees){ 0 };
	return watchset_open_cgroups(set, watch->roots.cgroup_fd, &watch->cgroups);
}

/* The module takes all or nothing, and does not say which table is too small. */
static int tell(int helper_fd, const struct watchset *set, size_t *ret_left_out)
{
	size_t n_devices = set->n_devices, n_cgroups = set->n_cgroups;
	int r;

	for (;;) {
		r = helper_watch(helper_fd, set->devices, n_devices, set->cgroups, n_cgroups);
		if (r != -E2BIG || n_devices + n_cgroups == 0)
			break;
		if (n_devices > n_cgroups)
			n_devices--;
		else
			n_cgroups--;
	}
	*ret_left_out = set->n_devices - n_devices + set->n_cgroups - n_cgroups;
	return r;
}

int watch_resolve(struct watch *watch, const struct config *config, int helper_fd,
		  size_t *ret_left_out)
{
	_cleanup_(watchset_done) struct watchset set = { 0 };
	int r;

	*ret_left_out = watch->left_out;
	r = resolve_devices(watch, config, &set);
	if (r >= 0)
		r = resolve_cgroups(watch, config, &set);
	if (r < 0)
		return r;
	if (watch->is_told && watchset_is_equal(&watch->told, &set))
		return 0;
	if (helper_fd >= 0) {
		r = tell(helper_fd, &set, &watch->left_out);
		if (r < 0)
			return r;
		*ret_left_out = watch->left_out;
		watch->is_told = true;
	}
	watchset_close_cgroups(&set);
	watchset_done(&watch->told);
	watch->told = set;
	set = (struct watchset){ 0 };
	return 1;
}

const struct device_number *watch_devices(const struct watch *watch, size_t *ret_n)
{
	*ret_n = watch->n_devices;
	return watch->devices;
}

bool watch_has_holds(const struct watch *watch)
{
	return watch->is_told && watchset_has_holds(&watch->told);
}

const struct subtrees *watch_cgroups(const struct watch *watch)
{
	return &watch->cgroups;
}
