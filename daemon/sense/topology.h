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

/* Fills nodes_*, pins_* (sum over nodes of nr_foll_pin_acquired/_released). */
int topology_load(int sys_fd, struct host_facts *host);

/* Node of a character device from /sys/dev/char/MAJ:MIN; -1: unknown. */
int topology_find_device_node(int sys_fd, uint32_t major, uint32_t minor);

/* Only the pin counters, for the once-a-second look without the module. */
int topology_read_pins(int sys_fd, uint64_t *ret_acquired, uint64_t *ret_released);
