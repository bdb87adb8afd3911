// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/confine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/act/subject.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/unit.h"

/* A part of the cpuset under its three names. */
struct part {
	const char *property;
	const char *file;
	const char *effective;
	const char *noun;
};

static const struct part part_cpus = {
	"AllowedCPUs", "cpuset.cpus", "cpuset.cpus.effective", "CPUs",
};

static const struct part part_mems = {
	"AllowedMemoryNodes", "cpuset.mems", "cpuset.mems.effective", "nodes",
};

bool confine_is_cpus(const char *name)
{
	return strcmp(name, part_cpus.property) == 0 || strcmp(name, part_cpus.file) == 0;
}

/* ---- whose it is ----------------------------------------------------------- */

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), end = strlen(suffix);

	return length > end && strcmp(text + length - end, suffix) == 0;
}

enum owner confine_owner(const char *cgroup, char unit[UNIT_NAME_SIZE])
{
	const char *last = strrchr(cgroup, '/');
	char below[UNIT_NAME_SIZE];

	last = last ? last + 1 : cgroup;
	if (unit_of_cgroup(cgroup, unit) && unit_path_length(cgroup) == strlen(cgroup))
		return OWNER_SYSTEMD;
	if (!*unit && ends_with(last, ".slice") && strlen(last) < UNIT_NAME_SIZE) {
		strcpy(unit, last);
		return OWNER_SYSTEMD;
	}
	if (unit_of_user(cgroup, below))
		return OWNER_USER;
	*unit = '\0';
	return OWNER_NOBODY;
}

int confine_read_list(int fd, const char *file, char list[CONFINE_LIST_SIZE])
{
	ssize_t n = fs_read(fd, file, list, CONFINE_LIST_SIZE);

	if (n < 0)
		return (int)n;
	list[strcspn(list, "\n")] = '\0';
	return 0;
}

int confine_read_property(struct act_context *context, const char *cgroup, const char *property,
			  char **ret_value)
{
	char unit[UNIT_NAME_SIZE];
	int r;

	(void)confine_owner(cgroup, unit);
	if (!context->units) {
		snprintf(context->why, sizeof(context->why), "systemd does not answer");
		return -EOPNOTSUPP;
	}
	r = context->units->read(context->units->userdata, unit, property, ret_value);
	return r == -ENOENT ? ACT_GONE : r;
}

/* ---- may it be done? -------------------------------------------------------- */

/* What its parent can give; a cgroup without the controller has that of the next
 * one above.  The root's file is always there. */
static int read_parents(struct act_context *context, const char *cgroup, const char *file,
			char list[CONFINE_LIST_SIZE])
{
	_cleanup_(free) char *path = strdup(cgroup + strspn(cgroup, "/"));
	char *slash;

	if (!path)
		return -ENOMEM;
	while ((slash = strrchr(path, '/'))) {
		_cleanup_(close) int fd = -1;

		*slash = '\0';
		fd = fs_open_dir(context->cgroup_fd, path);
		if (fd >= 0 && confine_read_list(fd, file, list) == 0)
			return 0;
	}
	return confine_read_list(context->cgroup_fd, file, list);
}

static int check_parents(struct act_context *context, const char *cgroup,
			 const struct part *part, const char *value)
{
	struct nodeset wanted, given;
	char list[CONFINE_LIST_SIZE];
	int r;

	r = nodeset_parse(value, &wanted);
	if (r < 0 || nodeset_is_empty(&wanted))
		return -EINVAL;
	r = read_parents(context, cgroup, part->effective, list);
	if (r < 0 || nodeset_parse(list, &given) < 0)
		return r < 0 ? r : -EINVAL;
	if (nodeset_is_subset(&wanted, &given))
		return 0;
	snprintf(context->why, sizeof(context->why), "the cgroup above has %s %.60s, not %.60s",
		 part->noun, list, value);
	return -EINVAL;
}

/* An administrator's "systemctl set-property" writes the very file that we would
 * write, and remove. */
static int check_drop_ins(struct act_context *context, const struct target_id *id,
			  const char *property)
{
	const struct ledger_entry *entry = ledger_find(context->ledger, ACTION_CONFINE, id);
	_cleanup_(free) char *paths = NULL;
	char name[64];
	int r;

	if (ledger_find_saved(entry, property))
		return 0;
	r = confine_read_property(context, id->cgroup, "DropInPaths", &paths);
	if (r != 0)
		return r;
	snprintf(name, sizeof(name), "/50-%s.conf", property);
	if (!strstr(paths, name))
		return 0;
	snprintf(context->why, sizeof(context->why),
		 "%s of its unit is set by \"systemctl set-property\" already", property);
	return -EBUSY;
}

/* A unit's name is no proof that systemd has it, or has it there. */
static int check_unit(struct act_context *context, const struct target_id *id)
{
	_cleanup_(free) char *cgroup = NULL;
	int r;

	r = confine_read_property(context, id->cgroup, "ControlGroup", &cgroup);
	if (r != 0)
		return r;
	if (strcmp(cgroup, id->cgroup) == 0)
		return 0;
	snprintf(context->why, sizeof(context->why),
		 "systemd knows no unit with this cgroup");
	return -EOPNOTSUPP;
}

static int check_controller(struct act_context *context, int fd, const struct part *part)
{
	char list[CONFINE_LIST_SIZE];
	int r = confine_read_list(fd, part->file, list);

	if (r != -ENOENT)
		return r;
	snprintf(context->why, sizeof(context->why),
		 "the cgroup above does not hand cpuset down (cgroup.subtree_control)");
	return -EOPNOTSUPP;
}

/* 0: the setting that is meant, and it may be changed. */
static int check(struct act_context *context, const struct target_id *id, int fd,
		 const struct part *part, const char **ret_name)
{
	char unit[UNIT_NAME_SIZE];
	int r = 0;

	switch (confine_owner(id->cgroup, unit)) {
	case OWNER_SYSTEMD:
		*ret_name = part->property;
		r = check_unit(context, id);
		return r != 0 ? r : check_drop_ins(context, id, part->property);
	case OWNER_NOBODY:
		*ret_name = part->file;
		return check_controller(context, fd, part);
	case OWNER_USER:
		break;
	}
	snprintf(context->why, sizeof(context->why), "it belongs to a user's service manager");
	return -EOPNOTSUPP;
}

static int want(struct act_context *context, const struct target_id *id, int fd,
		const struct part *part, const char *value, struct wanted_list *wanted)
{
	struct wanted *next = &wanted->list[wanted->n];
	const char *name = NULL;
	int r;

	if (!value)
		return 0;
	r = check(context, id, fd, part, &name);
	if (r == 0)
		r = check_parents(context, id->cgroup, part, value);
	if (r != 0)
		return r;
	wanted->n++;
	next->name = strdup(name);
	next->value = strdup(value);
	return next->name && next->value ? 0 : -ENOMEM;
}

int confine_find(struct act_context *context, const struct plan_item *item,
			struct wanted **ret_wanted, size_t *ret_n)
{
	_cleanup_(wanted_list_done) struct wanted_list wanted = { 0 };
	_cleanup_(close) int fd = -1;
	int r;

	if (item->id.kind != TARGET_CGROUP || !item->id.cgroup[strspn(item->id.cgroup, "/")] ||
	    (!item->cpus && !item->mems))
		return -EINVAL;
	r = act_open_cgroup(context, &item->id, &fd);
	if (r != 0)
		return r;
	wanted.list = calloc(2, sizeof(*wanted.list));
	if (!wanted.list)
		return -ENOMEM;
	r = want(context, &item->id, fd, &part_cpus, item->cpus, &wanted);
	if (r == 0)
		r = want(context, &item->id, fd, &part_mems, item->mems, &wanted);
	if (r != 0)
		return r;
	*ret_n = wanted.n;
	*ret_wanted = take_ptr(wanted.list);
	wanted.n = 0;
	return 0;
}
