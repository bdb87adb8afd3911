/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - nodes of the host, and the node of a device
 *
 * Reads /sys/devices/system/node and the device class folders through a sys
 * directory fd.  Our own reader, because libnuma cannot be pointed at a
 * recorded tree.  A host without the node folder (CONFIG_NUMA=n) has node 0.
 */
#pragma once

#include "daemon/model.h"

/* Fills nodes, nodes_*, pins_*, has_pin_counters; 0, or negative errno: the files are
 * there and say what no kernel says. */
int topology_load(int sys_fd, struct host_facts *host);

/* Node of a character device from /sys/dev/char/MAJ:MIN; -1: unknown. */
int topology_find_device_node(int sys_fd, uint32_t major, uint32_t minor);

/* What the kernel calls that device, "/dev/x", whatever a container calls its
 * node; for the caller to free.  0, -ENOENT (drivers that make no sysfs device,
 * NVIDIA's for one), -ENOMEM. */
int topology_find_device_path(int sys_fd, uint32_t major, uint32_t minor, char **ret_path);

/* Only the pin counters, for the once-a-second look without the module: the sum
 * over nodes of nr_foll_pin_acquired and _released (since 5.7).  -ENOENT: no node
 * folder; -EOPNOTSUPP: older kernel. */
int topology_read_pins(int sys_fd, uint64_t *ret_acquired, uint64_t *ret_released);

/* The CPUs that are online; 0, or negative errno. */
int topology_read_cpus(int sys_fd, struct nodeset *ret_cpus);
