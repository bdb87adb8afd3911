// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/dump-fields.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dump.h"

/* PID_MAX_LIMIT, include/linux/threads.h: no host has more of anything. */
#define MANY		(4UL * 1024 * 1024)

/* ---- words ----------------------------------------------------------------- */

#define WORDS(noun)						\
	static const char *word_of_##noun(int value)		\
	{							\
		return noun##_name((enum noun)value);		\
	}							\
	struct words_need_semicolon

WORDS(action);
WORDS(mode);
WORDS(origin);
WORDS(target_kind);
WORDS(verdict);

/* ---- order ----------------------------------------------------------------- */

static int compare_nodes(const void *a, const void *b)
{
	const struct host_node *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

static int compare_bytes(const void *a, const void *b)
{
	const struct node_bytes *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

static int compare_processes(const void *a, const void *b)
{
	const struct process_facts *x = a, *y = b;

	return process_id_compare(x->id, y->id);
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct cgroup_facts *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int compare_decided(const void *a, const void *b)
{
	const struct decided *x = a, *y = b;

	return target_id_compare(&x->id, &y->id);
}

/* ---- tables ---------------------------------------------------------------- */

#define NAMED(text, kind, member, ...)								\
	{ .name = (text), .type = FIELD_##kind, .offset = offsetof(struct STRUCT, member),	\
	  __VA_ARGS__ }
#define ANY(kind, member, ...)	NAMED(#member, kind, member, __VA_ARGS__)
#define BOOL(name)		ANY(BOOL, name)
#define INT(name)		ANY(INT, name)
#define UINT(name, most)	ANY(UINT, name, .max = (most))
#define BIG(name)		ANY(BIG, name)
#define STRING(name)		ANY(STRING, name)
#define PATH(name)		ANY(PATH, name)
#define LIST(name)		ANY(LIST, name)
#define NODESET(name)		ANY(NODESET, name)
#define ENUM(name, words, last)	ANY(ENUM, name, .max = (last), .name_of = word_of_##words)
#define NEEDED			.is_needed = true
#define END			{ .name = NULL }
#define ELEMENTS(text, member, number, most, table, order)				\
	NAMED(text, ARRAY, member, .max = (most), .fields = (table),			\
	      .size = sizeof(*((struct STRUCT *)NULL)->member),				\
	      .n_offset = offsetof(struct STRUCT, number), .compare = (order))
#define ARRAY(name, number, most, table, order)						\
	ELEMENTS(#name, name, number, most, table, order)

#define STRUCT target_id
static const struct field target_fields[] = {
	ANY(ENUM, kind, NEEDED, .max = TARGET_HOST, .name_of = word_of_target_kind),
	NAMED("pid", UINT, process.pid, .max = INT_MAX),
	NAMED("start_ticks", BIG, process.start_ticks),
	BIG(cgroup_id),
	PATH(cgroup),
	END,
};
#undef STRUCT

static const char *check_target(const void *object)
{
	const struct target_id *id = object;

	switch (id->kind) {
	case TARGET_PROCESS:
		return id->process.pid > 0 ? NULL : "a process must have a pid";
	case TARGET_CGROUP:
		return id->cgroup ? NULL : "a cgroup must have its path";
	case TARGET_HOST:
		break;
	}
	return NULL;
}

#define TARGET	NAMED("target", OBJECT, id, NEEDED, .fields = target_fields, .check = check_target)

#define STRUCT node_bytes
static const struct field bytes_fields[] = {
	UINT(node, MODEL_NODES - 1), BIG(bytes), END,
};
#undef STRUCT

#define STRUCT device_open
static const struct field device_fields[] = {
	ANY(STRING, path, NEEDED), UINT(major, UINT_MAX), UINT(minor, UINT_MAX), INT(node),
	END,
};
#undef STRUCT

#define STRUCT process_facts
static const struct field process_fields[] = {
	NAMED("pid", UINT, id.pid, NEEDED, .max = INT_MAX),
	NAMED("start_ticks", BIG, id.start_ticks, NEEDED),
	ANY(COMM, comm),
	UINT(uid, UINT_MAX), STRING(exe), PATH(cgroup), BIG(cgroup_id), UINT(threads, UINT_MAX),
	BIG(vm_pin_bytes), BIG(uring_bytes), BOOL(pin_rang), STRING(driver),
	BOOL(is_counting), BOOL(has_sight),
	ARRAY(pinned, n_pinned, MODEL_NODES, bytes_fields, compare_bytes),
	BIG(pinned_bytes), BIG(large_bytes),
	ARRAY(devices, n_devices, MANY, device_fields, NULL),
	BOOL(is_realtime), BOOL(has_own_policy), LIST(cpus_allowed), NODESET(mems_allowed),
	BOOL(has_scan_seq), BIG(scan_seq),
	END,
};
#undef STRUCT

#define STRUCT host_node
static const struct field node_fields[] = {
	UINT(node, MODEL_NODES - 1), NODESET(cpus), ANY(NUMBERS, distances), END,
};
#undef STRUCT

#define STRUCT host_facts
static const struct field host_fields[] = {
	ARRAY(nodes, n_nodes, MODEL_NODES, node_fields, compare_nodes),
	NODESET(nodes_online), NODESET(nodes_memory), NODESET(nodes_cpu),
	STRING(kernel_release), STRING(kernel_version), UINT(kernel_code, UINT_MAX),
	ENUM(verdict, verdict, VERDICT_FIXED), STRING(verdict_reason),
	ANY(INT, balancing, NEEDED), INT(balancing_at_start), STRING(balancing_owner),
	BOOL(can_trace), BOOL(has_systemd), BOOL(has_cgroup2),
	BOOL(has_pin_counters), BIG(pins_acquired), BIG(pins_released),
	BOOL(has_module), STRING(module_missing), UINT(module_abi, UINT_MAX),
	BIG(module_features), UINT(module_armed, UINT_MAX), UINT(module_max_holds, UINT_MAX),
	STRING(module_version),
	END,
};
#undef STRUCT

#define STRUCT cgroup_facts
static const struct field cgroup_fields[] = {
	ANY(PATH, path, NEEDED), BIG(id), BOOL(is_systemd), BOOL(has_cpuset), BOOL(has_resident),
	NODESET(cpus), NODESET(mems),
	ARRAY(resident, n_resident, MODEL_NODES, bytes_fields, compare_bytes),
	END,
};
#undef STRUCT

#define STRUCT held
static const struct field held_fields[] = {
	TARGET, ENUM(action, action, ACTION_HOST_OFF), ENUM(origin, origin, ORIGIN_OVERRIDE),
	STRING(policy), BOOL(is_draining), BOOL(is_foreign), LIST(cpus), LIST(mems),
	BIG(since_usec), BIG(refused_scans), BIG(last_refused_usec),
	END,
};
#undef STRUCT

#define STRUCT override
static const struct field override_fields[] = {
	TARGET, BOOL(hold), BIG(until_usec), END,
};
#undef STRUCT

#define STRUCT setback
static const struct field setback_fields[] = {
	TARGET, ENUM(action, action, ACTION_HOST_OFF), STRING(reason), BIG(until_usec), END,
};
#undef STRUCT

#define STRUCT decided
static const struct field decided_fields[] = {
	TARGET, ENUM(action, action, ACTION_HOST_OFF), ENUM(mode, mode, MODE_ENFORCE),
	STRING(policy), BOOL(is_exposed),
	END,
};
#undef STRUCT

#define STRUCT dump
const struct field dump_fields[] = {
	STRING(version), STRING(hostname), BIG(now_usec), BOOL(table_full),
	NAMED("host", OBJECT, snapshot.host, NEEDED, .fields = host_fields),
	ELEMENTS("processes", snapshot.processes, snapshot.n_processes, MANY, process_fields,
		 compare_processes),
	ELEMENTS("cgroups", snapshot.cgroups, snapshot.n_cgroups, MANY, cgroup_fields,
		 compare_cgroups),
	ARRAY(held, n_held, MANY, held_fields, NULL),
	ARRAY(overrides, n_overrides, MANY, override_fields, override_compare),
	ARRAY(setbacks, n_setbacks, MANY, setback_fields, NULL),
	ARRAY(decided, n_decided, MANY, decided_fields, compare_decided),
	END,
};
#undef STRUCT

/* ---- its end ------------------------------------------------------------------ */

static void held_done(struct held *held)
{
	target_id_done(&held->id);
	free(held->policy);
	free(held->cpus);
	free(held->mems);
}

void dump_done(struct dump *dump)
{
	snapshot_done(&dump->snapshot);
	for (size_t i = 0; i < dump->n_held; i++)
		held_done(&dump->held[i]);
	for (size_t i = 0; i < dump->n_overrides; i++)
		target_id_done(&dump->overrides[i].id);
	for (size_t i = 0; i < dump->n_setbacks; i++)
		setback_done(&dump->setbacks[i]);
	for (size_t i = 0; i < dump->n_decided; i++) {
		target_id_done(&dump->decided[i].id);
		free(dump->decided[i].policy);
	}
	free(dump->held);
	free(dump->overrides);
	free(dump->setbacks);
	free(dump->decided);
	free(dump->hostname);
	free(dump->version);
	*dump = (struct dump){ 0 };
}
