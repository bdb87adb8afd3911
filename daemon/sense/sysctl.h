/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl.h - who set kernel.numa_balancing
 *
 * systemd-sysctl's rules (sysctl.d(5)): files of /etc, /run and /usr/lib sorted
 * by name, the same name in a higher folder replaces, the last assignment wins;
 * below that the kernel's command line, below that the kernel's default.  Only
 * an owner whose value is the one in force is named.
 */
#pragma once

#include "daemon/model.h"

/* root_fd: of the file system whose etc, run and usr/lib are meant.  0:
 * *ret_owner is "/etc/sysctl.d/9.conf:3", "kernel command line" or NULL, for the
 * caller to free; -ENOMEM. */
int sysctl_find_owner(int root_fd, int proc_fd, int value, char **ret_owner);
