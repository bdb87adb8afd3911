/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.h - the daemon in one screen
 *
 * The values behind the bus's properties, in the types the bus wants (a bool
 * is an int there), computed afresh after each tick.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct process_facts;
struct state;

struct status {
	char *mode;
	char *module_version;		/* "": no module */
	char *module_missing;
	uint32_t module_abi;
	char **missing;			/* NULL-terminated sentences */
	char *verdict;
	char *verdict_reason;
	int32_t balancing;
	int probes_armed;
	uint32_t pinners;
	uint32_t held;
	uint32_t mitigated;		/* held, or another action in force */
	uint32_t exposed;
	uint32_t ineffective;
	uint64_t pinned_bytes;
	uint64_t remote_pinned_bytes;	/* on another node than the process' devices */
	uint64_t last_reload_usec;
	int last_reload_successful;
	char *last_reload_error;
	uint64_t started_usec;
};

/* Refills all but started and last_reload, which are the manager's to set.
 * *ret_changed: names of properties that changed, bit n for the nth row of
 * status_properties.  0 or -ENOMEM, then nothing changed. */
int status_update(struct state *state, uint32_t *ret_changed);

/* What a reload came to; error NULL: it worked.  The three properties change;
 * STATUS_RELOAD are their bits.  0 or -ENOMEM. */
int status_note_reload(struct status *status, uint64_t now_usec, const char *error);

#define STATUS_RELOAD	(7U << 16)

/* Pinned bytes of a process that lie on no node of its devices; 0 also where the
 * nodes of either are not known. */
uint64_t status_remote_bytes(const struct process_facts *facts);

/* One line for "systemctl status". */
void status_format(const struct state *state, char *text, size_t size);

void status_done(struct status *status);

/* Properties that change, as bus-api.h names them; NULL ends. */
extern const char *const status_properties[];
