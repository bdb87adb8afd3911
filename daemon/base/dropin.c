// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/dropin.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define SUFFIX ".conf"

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static bool is_dropin(const char *name)
{
	size_t length = strlen(name);

	return *name != '.' && length > strlen(SUFFIX) &&
	       strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static char **find(const struct dropins *dropins, const char *name)
{
	for (size_t i = 0; i < dropins->n; i++) {
		if (strcmp(name_of(dropins->paths[i]), name) == 0)
			return &dropins->paths[i];
	}
	return NULL;
}

static int add(struct dropins *dropins, const char *folder, const char *name)
{
	char **place = find(dropins, name), **grown, *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	if (place) {
		free(*place);
		*place = path;
		return 0;
	}
	grown = reallocarray(dropins->paths, dropins->n + 1, sizeof(*grown));
	if (!grown) {
		free(path);
		return -ENOMEM;
	}
	dropins->paths = grown;
	dropins->paths[dropins->n++] = path;
	return 0;
}

int dropins_add_folder(struct dropins *dropins, int root_fd, const char *folder)
{
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	int r;

	r = fs_open_dir_stream(root_fd, folder, &dir);
	if (r == -ENOENT)
		return 0;
	while (r == 0 && (entry = fs_next_entry(dir))) {
		if (is_dropin(entry->d_name))
			r = add(dropins, folder, entry->d_name);
	}
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

void dropins_sort(struct dropins *dropins)
{
	if (dropins->n > 0)
		qsort(dropins->paths, dropins->n, sizeof(*dropins->paths), compare_names);
}

void dropins_done(struct dropins *dropins)
{
	for (size_t i = 0; i < dropins->n; i++)
		free(dropins->paths[i]);
	free(dropins->paths);
	*dropins = (struct dropins){ 0 };
}
