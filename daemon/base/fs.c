// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"

/* A longer number than this in a one-number file is no number. */
#define NUMBER_SIZE 64

/* Kernel files give no size in advance; memory grows from here. */
#define FIRST_SIZE 4096

int fs_open_dir(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int fs_open_dir_stream(int dirfd, const char *path, DIR **ret_dir)
{
	_cleanup_(close) int fd = fs_open_dir(dirfd, path);
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	take_fd(&fd);
	*ret_dir = dir;
	return 0;
}

struct dirent *fs_next_entry(DIR *dir)
{
	struct dirent *entry;

	do {
		entry = readdir(dir);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry;
}

/* O_NONBLOCK: a recorded tree, or /dev, may hold a FIFO. */
static int open_file(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* Until end of file or buffer; the kernel makes some files page by page. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

ssize_t fs_read(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_(close) int fd = open_file(dirfd, path);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read_up_to(fd, buf, size);
	if (len < 0)
		return len;
	if ((size_t)len == size)
		return -EFBIG;
	buf[len] = '\0';
	return len;
}

ssize_t fs_read_head(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_(close) int fd = open_file(dirfd, path);
	ssize_t len;

	if (fd < 0)
		return fd;
	do
		len = read(fd, buf, size - 1);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return len;
}

ssize_t fs_read_all(int dirfd, const char *path, size_t max, char **ret_text)
{
	_cleanup_(close) int fd = open_file(dirfd, path);
	_cleanup_(free) char *text = NULL;
	size_t len = 0, size = 0;
	char *grown;
	ssize_t n;

	if (fd < 0)
		return fd;
	do {
		size = size ? size * 2 : FIRST_SIZE;
		grown = realloc(text, size);
		if (!grown)
			return -ENOMEM;
		text = grown;
		n = read_up_to(fd, text + len, size - len);
		if (n < 0)
			return n;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
	} while (len == size);
	text[len] = '\0';
	*ret_text = take_ptr(text);
	return (ssize_t)len;
}

static int read_number(int dirfd, const char *path, char buf[NUMBER_SIZE])
{
	ssize_t len = fs_read(dirfd, path, buf, NUMBER_SIZE);

	if (len == -EFBIG)
		return -EINVAL;
	return len < 0 ? (int)len : 0;
}

static int check_number(const char *text, const char *end)
{
	if (errno != 0)
		return -errno;
	return end == text || end[strspn(end, " \t\n")] ? -EINVAL : 0;
}

int fs_read_u64(int dirfd, const char *path, uint64_t *ret)
{
	char buf[NUMBER_SIZE];
	unsigned long long n;
	char *end;
	int r;

	r = read_number(dirfd, path, buf);
	if (r < 0)
		return r;
	if (strchr(buf, '-'))
		return -EINVAL;
	errno = 0;
	n = strtoull(buf, &end, 10);
	r = check_number(buf, end);
	if (r == 0)
		*ret = n;
	return r;
}

int fs_read_s64(int dirfd, const char *path, int64_t *ret)
{
	char buf[NUMBER_SIZE];
	long long n;
	char *end;
	int r;

	r = read_number(dirfd, path, buf);
	if (r < 0)
		return r;
	errno = 0;
	n = strtoll(buf, &end, 10);
	r = check_number(buf, end);
	if (r == 0)
		*ret = n;
	return r;
}

ssize_t fs_read_link(int dirfd, const char *path, char *buf, size_t size)
{
	ssize_t len = readlinkat(dirfd, path, buf, size);

	if (len < 0)
		return -errno;
	if ((size_t)len == size)
		return -ENAMETOOLONG;
	buf[len] = '\0';
	return len;
}

/* The value on this line when its key is the one, else NULL. */
static const char *match_key(const char *line, const char *key, size_t key_len)
{
	const char *value = line + key_len;
	size_t space;

	if (strncmp(line, key, key_len) != 0)
		return NULL;
	space = strspn(value, " \t");
	if (value[space] == ':')
		return value + space + 1;
	return space > 0 ? value + space : NULL;
}

const char *fs_find_field(const char *text, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key), len;
	const char *line, *value = NULL;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		value = match_key(line, key, key_len);
		if (value)
			break;
	}
	if (!value)
		return NULL;
	value += strspn(value, " \t");
	len = strcspn(value, "\n");
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	*ret_len = len;
	return value;
}

int fs_find_u64(const char *text, const char *key, uint64_t *ret)
{
	unsigned long long n;
	const char *value;
	char *end;
	size_t len;

	value = fs_find_field(text, key, &len);
	if (!value)
		return -ENOENT;
	if (len == 0 || *value < '0' || *value > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(value, &end, 10);
	if (errno != 0 || !strchr(" \t\n", *end))
		return -EINVAL;
	*ret = n;
	return 0;
}

int fs_write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}
