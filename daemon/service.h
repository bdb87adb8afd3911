/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.h - what the daemon and its service manager say to each other
 *
 * The file descriptor of the helper module lives in systemd's store: all holds
 * belong to that open file, so they outlast a killed, restarted or upgraded
 * daemon, and end when systemd drops the store, at stop.  Without a service
 * manager (--foreground) everything here is a no-op.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The module's file, as the last daemon left it; -1: none was kept.  Other
 * descriptors that were passed are closed. */
int service_take_helper(void);

/* Gives a copy to the store and waits until it is there; 0 (also without a
 * service manager), or negative errno: it is not kept. */
int service_keep_helper(int fd);

void service_ready(const char *status);
void service_reloading(void);
void service_stopping(void);

/* One line for "systemctl status". */
void service_status(const char *status);

/* How often the watchdog wants to hear; 0: not. */
uint64_t service_watchdog_usec(void);
void service_alive(void);
