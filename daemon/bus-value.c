// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "daemon/report.h"

/* The owner of the daemon is root, but in tests. */
bool bus_is_root(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static int append_nodes(sd_bus_message *m, const struct process_facts *facts)
{
	int r = sd_bus_message_open_container(m, 'a', "(ut)");

	for (size_t i = 0; r >= 0 && i < facts->n_pinned; i++)
		r = sd_bus_message_append(m, "(ut)", facts->pinned[i].node,
					  facts->pinned[i].bytes);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_devices(sd_bus_message *m, const struct process_facts *facts)
{
	int r = sd_bus_message_open_container(m, 'a', "(si)");

	for (size_t i = 0; r >= 0 && i < facts->n_devices; i++) {
		_cleanup_(free) char *path = report_make_utf8(facts->devices[i].path);

		r = path ? sd_bus_message_append(m, "(si)", path, facts->devices[i].node) :
			   -ENOMEM;
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_inside(sd_bus_message *m, const struct value *value)
{
	switch (value->type) {
	case VALUE_STRING:
		return sd_bus_message_append(m, "s", value->text);
	case VALUE_BOOL:
		return sd_bus_message_append(m, "b", value->number != 0);
	case VALUE_INT:
		return sd_bus_message_append(m, "i", (int32_t)value->number);
	case VALUE_UINT:
		return sd_bus_message_append(m, "u", (uint32_t)value->number);
	case VALUE_BIG:
		return sd_bus_message_append(m, "t", value->number);
	case VALUE_STRINGS:
		return sd_bus_message_append_strv(m, (char **)value->strings);
	case VALUE_NODES:
		return append_nodes(m, value->facts);
	case VALUE_DEVICES:
		return append_devices(m, value->facts);
	}
	return -EINVAL;
}

static const char *signature_of(enum value_type type)
{
	switch (type) {
	case VALUE_STRING:
		return "s";
	case VALUE_BOOL:
		return "b";
	case VALUE_INT:
		return "i";
	case VALUE_UINT:
		return "u";
	case VALUE_BIG:
		return "t";
	case VALUE_STRINGS:
		return "as";
	case VALUE_NODES:
		return "a(ut)";
	case VALUE_DEVICES:
		return "a(si)";
	}
	return NULL;
}

static int append_value(sd_bus_message *m, const struct value *value)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", value->key);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', signature_of(value->type));
	if (r >= 0)
		r = append_inside(m, value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int bus_append_report(sd_bus_message *m, const struct report *report)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < report->n; i++)
		r = append_value(m, &report->values[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int bus_append_target(sd_bus_message *m, const struct target *row)
{
	_cleanup_(report_done) struct report report = { 0 };

	report_target(row, &report);
	return report.is_short ? -ENOMEM : bus_append_report(m, &report);
}

/* (uts), as callers name it. */
int bus_append_name(sd_bus_message *m, const struct target_id *id)
{
	_cleanup_(free) char *cgroup = report_make_utf8(id->cgroup ? id->cgroup : "");

	if (!cgroup)
		return -ENOMEM;
	return sd_bus_message_append(m, "(uts)", (uint32_t)id->process.pid,
				     id->process.start_ticks, cgroup);
}

int bus_read_name(sd_bus_message *m, struct target_id *ret_id)
{
	const char *cgroup;
	uint64_t start_ticks;
	uint32_t pid;
	int r = sd_bus_message_read(m, "(uts)", &pid, &start_ticks, &cgroup);

	if (r < 0)
		return r;
	*ret_id = (struct target_id){
		.kind = pid ? TARGET_PROCESS : TARGET_CGROUP,
		.process = { .pid = (pid_t)pid, .start_ticks = start_ticks },
	};
	if (pid)
		return 0;
	/* the longest message is no path, and an order may be kept for minutes */
	if (strlen(cgroup) >= PATH_MAX)
		return -EINVAL;
	ret_id->cgroup = strdup(cgroup);
	return ret_id->cgroup ? 0 : -ENOMEM;
}
