/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * act.h - carrying out a plan
 *
 * Every action is a row of operations.  Audit mode is another row (null.c), not
 * an if.  The order for each item is: record the inverse in the ledger -> apply,
 * where whoever changes something makes sure that it is still the same process
 * or cgroup (for holds the module does) -> look at the outcome.  A target that
 * has gone is the outcome ACT_GONE, never an error.
 */
#pragma once

#include "daemon/model.h"

struct ledger;

enum act_result {
	ACT_DONE,
	ACT_NOOP,		/* was so already */
	ACT_GONE,		/* target no longer there */
	ACT_FOREIGN,		/* somebody else has changed it: left alone */
};

#define ACT_WHY		192

/* What -ENOTRECOVERABLE of the ledger means to an operator. */
#define ACT_UNRECORDED \
	"how to undo it cannot be written to /run/pinsafed/ledger; make room in /run"

/* The service manager, for the cgroups that it owns; who speaks to it is
 * manager's business.  Property is "AllowedCPUs" or "AllowedMemoryNodes", value
 * a list, "" for none.  0, -ENOENT: no such unit, or negative errno. */
struct unit_manager {
	void *userdata;
	int (*read)(void *userdata, const char *unit, const char *property, char **ret_value);
	/* at runtime only: nothing below /etc changes */
	int (*write)(void *userdata, const char *unit, const char *property,
		     const char *value);
	/* drops what write() left below /run for this property */
	int (*forget)(void *userdata, const char *unit, const char *property);
};

struct act_context {
	int helper_fd;		/* -1: no module */
	int cgroup_fd;		/* root of the cgroup v2 hierarchy, -1: none */
	int proc_fd;
	const struct unit_manager *units;	/* NULL: no systemd to ask */
	struct ledger *ledger;
	uint64_t now_usec;	/* CLOCK_BOOTTIME */
	const char *mempolicy_path;	/* of pinsafe-mempolicy; NULL: as installed */
	bool is_last;		/* nobody comes after us: wait for what is bounded */
	struct nodeset online;	/* CPUs, once allowed.c has had to ask; else empty */
	/* after a negative errno: what it was about, one line of printable text;
	 * "": errno says it all */
	char why[ACT_WHY];
};

struct actuator {
	const char *name;
	bool is_recorded;	/* does it change anything that must be undone? */
	bool ends_with_us;	/* by the kernel then: worth having though no record
				 * can be written */
	/* enum act_result, or negative errno: the world refused.  What is in
	 * force already is brought up to date: new threads, other nodes. */
	int (*apply)(struct act_context *context, const struct plan_item *item);
	int (*undo)(struct act_context *context, const struct target_id *id);
	/* what is in force now, sorted by target; *ret_held is for the caller to free with
	 * held_free().  Also how a restarted daemon learns what it left. */
	int (*list)(struct act_context *context, struct held **ret_held, size_t *ret_n);
};

extern const struct actuator hold_actuator;
extern const struct actuator mempolicy_actuator;
extern const struct actuator bind_actuator;
extern const struct actuator confine_actuator;
extern const struct actuator hostoff_actuator;
extern const struct actuator null_actuator;

/* The row for an action under a mode. */
const struct actuator *act_find(enum action action, enum mode mode);

/* One plan item; PLAN_WATCH and PLAN_KEEP are ACT_NOOP.  Errors of a hold:
 * -ENODEV no module, -ENOSPC its table is full (decide again with table_full),
 * -EOPNOTSUPP it cannot hold this kind of target here, -EINTR.  Of any: -ENOTRECOVERABLE
 * it cannot be recorded, and is not done. */
int act_apply(struct act_context *context, const struct plan_item *item);

/* Undoes all that the ledger knows, the newest first, and tells of each how it
 * went (see actuator.undo).  What cannot be undone stays in the ledger.  0, or the
 * first negative errno. */
struct act_restored {
	void *userdata;
	void (*tell)(void *userdata, enum action action, const struct target_id *id, int r);
};
int act_restore(struct act_context *context, const struct act_restored *restored);

/* Forgets the records of processes and cgroups that ended: those not in this
 * list, which must be what the action's list has just told, as sorted. */
int act_prune(struct act_context *context, enum action action, const struct held *held,
	      size_t n_held);

/* Opens the cgroup's directory, if it still is the one meant: 0, ACT_GONE, -EOPNOTSUPP
 * (no cgroup v2, or its path is not known), negative errno. */
int act_open_cgroup(struct act_context *context, const struct target_id *id, int *ret_fd);

/* By target. */
void held_sort(struct held *held, size_t n);

void held_done(struct held *held);

/* Takes NULL. */
void held_free(struct held *held, size_t n);
