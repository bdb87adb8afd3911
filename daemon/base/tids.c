// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/tids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define MAX_READINGS 8

struct tids {
	pid_t *list;
	size_t n;
};

static int add(struct tids *tids, pid_t tid)
{
	pid_t *grown;

	if ((tids->n & (tids->n - 1)) == 0) {
		grown = reallocarray(tids->list, tids->n ? tids->n * 2 : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		tids->list = grown;
	}
	tids->list[tids->n++] = tid;
	return 0;
}

static int read_once(DIR *dir, struct tids *tids)
{
	struct dirent *entry;
	int r = 0;

	rewinddir(dir);
	while (r == 0 && (entry = fs_next_entry(dir)))
		r = add(tids, (pid_t)strtol(entry->d_name, NULL, 10));
	return r;
}

static bool is_there(int task_fd, pid_t tid)
{
	char name[12];

	snprintf(name, sizeof(name), "%d", tid);
	return faccessat(task_fd, name, F_OK, 0) == 0;
}

/* As many as there are, and none of them has ended: so they are those that there
 * were.  A file system that does not count its folders has one link. */
static bool is_whole(int task_fd, const pid_t *tids, size_t n)
{
	struct stat st;

	if (fstat(task_fd, &st) < 0)
		return false;
	if (st.st_nlink >= 2 && n != st.st_nlink - 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_there(task_fd, tids[i]))
			return false;
	}
	return true;
}

/* What one reading left out, another one has: all of them count. */
static int read_whole(DIR *dir, struct tids *tids)
{
	int r;

	for (unsigned int i = 0; i < MAX_READINGS; i++) {
		size_t before = tids->n;

		r = read_once(dir, tids);
		if (r < 0)
			return r;
		if (is_whole(dirfd(dir), tids->list + before, tids->n - before))
			break;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static void drop_repeated(struct tids *tids)
{
	size_t n = 0;

	if (tids->n > 0)
		qsort(tids->list, tids->n, sizeof(*tids->list), compare);
	for (size_t i = 0; i < tids->n; i++) {
		if (n == 0 || tids->list[n - 1] != tids->list[i])
			tids->list[n++] = tids->list[i];
	}
	tids->n = n;
}

int tids_read(int dir_fd, const char *path, pid_t **ret_tids, size_t *ret_n)
{
	_cleanup_(closedir) DIR *dir = NULL;
	struct tids tids = { 0 };
	int r;

	r = fs_open_dir_stream(dir_fd, path, &dir);
	if (r < 0)
		return r;
	r = read_whole(dir, &tids);
	if (r < 0) {
		free(tids.list);
		return r;
	}
	drop_repeated(&tids);
	*ret_tids = tids.list;
	*ret_n = tids.n;
	return 0;
}
