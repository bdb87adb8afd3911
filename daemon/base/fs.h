/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs.h - reading small kernel files below an open directory
 *
 * Every path is relative to a directory fd, so that a test hands in a recorded
 * tree (tests/trees/NAME/proc) where the daemon hands in /proc.  Nothing here
 * knows what the files mean.
 */
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens a directory; fd, or negative errno. */
int fs_open_dir(int dirfd, const char *path);

/* The same for readdir(); 0, and *ret_dir to close, or negative errno. */
int fs_open_dir_stream(int dirfd, const char *path, DIR **ret_dir);

/* The next of its names, "." and ".." left out; NULL at the end. */
struct dirent *fs_next_entry(DIR *dir);

/* Reads a whole file of at most size - 1 bytes into buf and ends it with NUL.
 * Length read, or negative errno (-EFBIG: longer than that). */
ssize_t fs_read(int dirfd, const char *path, char *buf, size_t size);

/* One read(2) of at most size - 1 bytes and no more: for files whose every
 * further record costs the kernel a walk (numa_maps). */
ssize_t fs_read_head(int dirfd, const char *path, char *buf, size_t size);

/* The same as fs_read() into memory that the caller frees; at most max bytes. */
ssize_t fs_read_all(int dirfd, const char *path, size_t max, char **ret_text);

/* One number in decimal, white space around it allowed; 0 or negative errno. */
int fs_read_u64(int dirfd, const char *path, uint64_t *ret);
int fs_read_s64(int dirfd, const char *path, int64_t *ret);

/* Target of a symbolic link; length or negative errno (-ENAMETOOLONG). */
ssize_t fs_read_link(int dirfd, const char *path, char *buf, size_t size);

/* The value behind "key" at a line's start, up to the line's end, in a text of
 * "key: value", "key : value" or "key value" lines (status, sched, vmstat);
 * white space around the value is not part of it.  Points into text; NULL: no
 * such key. */
const char *fs_find_field(const char *text, const char *key, size_t *ret_len);

/* The same as a number, ignoring a unit behind it; 0 or -ENOENT, -EINVAL (no
 * number, or more than 64 bits). */
int fs_find_u64(const char *text, const char *key, uint64_t *ret);

/* All of it, or negative errno after some of it. */
int fs_write_all(int fd, const char *text, size_t length);
