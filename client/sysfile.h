/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfile.h - small files of the kernel, for what the client can say itself
 */
#pragma once

#include <stddef.h>

/* Reads at most size - 1 bytes of root/path, without a line break at the end;
 * 0 or negative errno. */
int sysfile_read(const char *root, const char *path, char *text, size_t size);
