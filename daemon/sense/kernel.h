/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - what this kernel does to pinned memory
 *
 * The verdict on CVE-2022-48797 by upstream release, taken from /proc/version
 * (a distribution's uname -r hides the stable release).  The table with its
 * sources is in kernel.c.  A vendor kernel that backports is unknown, not
 * guessed.
 */
#pragma once

#include "daemon/model.h"

/* Fills kernel_*, verdict, verdict_reason, balancing, has_cgroup2 of a host whose
 * strings are not set yet; 0 or negative errno. */
int kernel_load(int proc_fd, int sys_fd, struct host_facts *host);

/* Pure: the text of /proc/version in, followed by that of /proc/version_signature
 * where there is one (Ubuntu); verdict and sentence out.  The sentence is a
 * constant.  *ret_version, "x.y.z", is for the caller to free, NULL when the
 * text names none. */
enum verdict kernel_judge(const char *proc_version, char **ret_version,
			  unsigned int *ret_code, const char **ret_reason);

/* kernel.numa_balancing: 0..3, more where a later kernel knows more bits, or -1 where
 * the file is not there. */
int kernel_read_balancing(int proc_fd);

/* ... or this: it is there, and could not be read just now. */
#define KERNEL_BALANCING_UNREAD	INT_MIN

/* The kernel's own boot id, 36 characters. */
int kernel_read_boot_id(int proc_fd, char ret_id[37]);
