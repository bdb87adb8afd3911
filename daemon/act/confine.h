/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.h - whose cgroup is it, and may it be confined?
 *
 * systemd's are changed by asking systemd: it would undo anything else with the
 * next daemon-reload.  All others that nobody speaks for are libcgroup's.  Of what
 * two files of one action share this is the contract; others use confine_actuator.
 */
#pragma once

#include "daemon/act/setting.h"
#include "daemon/base/unit.h"

#define CONFINE_LIST_SIZE	4096

enum owner {
	OWNER_SYSTEMD,		/* a unit's own cgroup, or a slice */
	OWNER_NOBODY,		/* that we know of: below a unit, or beside them all */
	OWNER_USER,		/* below user@UID.service: that user's systemd */
};

/* unit is filled for OWNER_SYSTEMD. */
enum owner confine_owner(const char *cgroup, char unit[UNIT_NAME_SIZE]);

/* Of the two settings of either owner, is it the one of CPUs? */
bool confine_is_cpus(const char *name);

/* find of struct setting_ops. */
int confine_find(struct act_context *context, const struct plan_item *item,
		 struct wanted **ret_wanted, size_t *ret_n);

/* One line of a file of it, without its end; 0 or negative errno. */
int confine_read_list(int fd, const char *file, char list[CONFINE_LIST_SIZE]);

/* Of the unit that owns the cgroup: 0, ACT_GONE, negative errno. */
int confine_read_property(struct act_context *context, const char *cgroup,
			  const char *property, char **ret_value);
