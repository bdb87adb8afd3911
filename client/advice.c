// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/unit.h"

/* Where the settings of a process are written down. */
enum home {
	HOME_CONTAINER,		/* its manager's: runtime, pod */
	HOME_SERVICE,		/* a unit file */
	HOME_COMMAND,		/* the command line that starts it */
};

static enum home find_home(const struct facts *target, char unit[UNIT_NAME_SIZE])
{
	const char *cgroup = facts_string(target, "cgroup");
	const char *suffix;

	*unit = '\0';
	if (unit_is_container(cgroup))
		return HOME_CONTAINER;
	if (!unit_of_user(cgroup, unit))
		unit_of_cgroup(cgroup, unit);
	suffix = strrchr(unit, '.');
	if (!suffix || strcmp(suffix, ".service") != 0 || strncmp(unit, "user@", 5) == 0)
		return HOME_COMMAND;
	return HOME_SERVICE;
}

/* What audit mode would do needs no other help than to be enforced. */
static bool is_left_alone(const struct facts *target)
{
	bool would_act = facts_is(target, "mode", "audit") && !facts_is(target, "action", "none");

	return facts_bool(target, "exposed") && !would_act;
}

char *advice_scanned(const struct facts *target)
{
	char unit[UNIT_NAME_SIZE], *text = NULL;
	int r = -1;

	if (!is_left_alone(target))
		return NULL;
	switch (find_home(target, unit)) {
	case HOME_CONTAINER:
		r = asprintf(&text,
			     "at its next start: linux.memoryPolicy with mode MPOL_LOCAL in the "
			     "container's OCI configuration, or numactl --localalloc before its "
			     "command; a hold, which needs the module, may be taken of containers too");
		break;
	case HOME_SERVICE:
		r = asprintf(&text, "at its next start: NUMAPolicy=local in [Service] of %s",
			     unit);
		break;
	case HOME_COMMAND:
		r = asprintf(&text, "at its next start: pinsafectl run -- COMMAND, or "
			     "numactl --localalloc COMMAND");
		break;
	}
	return r < 0 ? NULL : text;
}

/* ---- far from the device -------------------------------------------------- */

/* The one node of all its devices whose node is known; -1: none, or several. */
static int64_t find_device_node(const struct facts *target)
{
	const struct facts *devices = facts_get(target, "devices");
	int64_t found = -1;
	size_t i;

	for (i = 0; i < facts_length(devices); i++) {
		int64_t node = facts_s64(facts_at(devices, i), "node");

		if (node < 0 || node == found)
			continue;
		if (found >= 0)
			return -1;
		found = node;
	}
	return found;
}

static bool has_pins_elsewhere(const struct facts *target, int64_t node)
{
	const struct facts *nodes = facts_get(target, "nodes");
	size_t i;

	for (i = 0; i < facts_length(nodes); i++)
		if (facts_s64(facts_at(nodes, i), "node") != node &&
		    facts_u64(facts_at(nodes, i), "bytes") > 0)
			return true;
	return false;
}

char *advice_remote(const struct facts *target)
{
	int64_t node = find_device_node(target);
	char unit[UNIT_NAME_SIZE], *text = NULL;
	int r = -1;

	if (node < 0 || !has_pins_elsewhere(target, node))
		return NULL;
	switch (find_home(target, unit)) {
	case HOME_CONTAINER:
		r = asprintf(&text,
			     "its device is on node %" PRId64 ", and pins do not move; at its next "
			     "start: linux.resources.cpu with the cpus of node %" PRId64 " and mems "
			     "%" PRId64 " in the container's OCI configuration", node, node, node);
		break;
	case HOME_SERVICE:
		r = asprintf(&text,
			     "its device is on node %" PRId64 ", and pins do not move; at its next "
			     "start: NUMAPolicy=bind, NUMAMask=%" PRId64 " and CPUAffinity=numa in "
			     "[Service] of %s", node, node, unit);
		break;
	case HOME_COMMAND:
		r = asprintf(&text,
			     "its device is on node %" PRId64 ", and pins do not move; at its next "
			     "start: numactl --cpunodebind=%" PRId64 " --membind=%" PRId64 " COMMAND",
			     node, node, node);
		break;
	}
	return r < 0 ? NULL : text;
}
