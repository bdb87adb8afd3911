// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/sysfile.h"

#include <errno.h>
#include <fcntl.h>

#include "daemon/base/cleanup.h"

int sysfile_read(const char *root, const char *path, char *text, size_t size)
{
	_cleanup_(free) char *full = NULL;
	_cleanup_(close) int fd = -1;
	ssize_t n;

	if (asprintf(&full, "%s/%s", root, path) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return 0;
}
