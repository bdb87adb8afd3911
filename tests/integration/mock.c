// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mock.c - a daemon that knows what it is told to know
 *
 *	mock SCENE
 *
 * Answers as org.pinsafe1 on the system bus of DBUS_SYSTEM_BUS_ADDRESS, so that
 * the client can be tried against every kind of answer without a host that is in
 * that state; and as much of org.freedesktop.systemd1 as unit: targets need.
 * Prints "ready" when both names are owned.  What it was ordered to do goes to
 * stdout, a line each, for the test to compare.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bus-api.h"

#define SYSTEMD_PATH	"/org/freedesktop/systemd1"
#define SYSTEMD_UNIT	SYSTEMD_PATH "/unit/train"

struct row {
	int32_t pid;
	const char *comm, *cgroup, *policy, *mode, *action, *state, *risk, *scanned,
		*proof;
	uint64_t pinned_bytes;
	uint32_t first_node, n_nodes;
	const char *driver;
	bool is_pinner, is_exposed;
};

static const struct row safe_rows[] = {
	{ 4242, "train", "/system.slice/train.service", "accelerators", "enforce", "hold",
	  "held", "corruption", "no: held", "verified", 68719476736, 0, 2, "habanalabs",
	  true, false },
	{ 4343, "fio", "/user.slice/fio.scope", "io", "enforce", "hold", "draining",
	  "cost", "no: held", "idle", 16777216, 1, 1, "io_uring", true, false },
	{ 4444, "watcher", "/system.slice/watcher.service", "", "enforce", "none",
	  "watched", "none", "yes", "none", 0, 0, 0, "", false, false },
};

/* The longest words everywhere, and a name chosen by an enemy. */
static const struct row exposed_rows[] = {
	{ 4194304, "\033[2J\033]0;x\n\xe2\x80\xae!",
	  "/kubepods.slice/kubepods-burstable.slice/cri-0123456789abcdef.scope",
	  "accelerators-of-the-second-floor", "audit", "hold", "watched", "corruption",
	  "yes", "unverified", 1099511627776, 0, 8, "some_long_driver_name", true, true },
	{ 7, "ib", "/", "rdma", "audit", "hold", "watched", "cost", "yes", "ineffective",
	  0, 5, 1, "ib_uverbs", true, true },
	{ 0, "", "/system.slice/held.service", "rdma", "enforce", "hold", "released",
	  "cost", "no: sysctl", "unverified", 4096, 0, 1, "", true, false },
};

/* Each rung but hold, and what none of them may touch. */
static const struct row ladder_rows[] = {
	{ 5001, "vdb", "/system.slice/vdb.service", "storage", "enforce", "mempolicy",
	  "applied", "corruption", "no: own policy", "verified", 1 << 30, 0, 1, "habanalabs",
	  true, false },
	{ 5002, "rank0", "/slurm/job_7/step_0", "mpi", "enforce", "bind", "applied", "cost",
	  "yes", "verified", 1 << 30, 0, 2, "ib_uverbs", true, false },
	{ 5003, "infer", "/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope", "pods",
	  "enforce", "none", "watched", "corruption", "yes", "none", 1 << 30, 0, 1, "nvidia",
	  true, true },
	{ 5004, "batch", "/system.slice/batch.service", "mpi", "audit", "mempolicy", "watched",
	  "cost", "yes", "none", 1 << 20, 1, 1, "ib_uverbs", true, true },
	{ 0, "", "", "mpi", "enforce", "host-off", "applied", "none", "no: sysctl", "verified",
	  0, 0, 0, "", false, false },
};

struct scene {
	const char *name;
	const struct row *rows;
	size_t n_rows;
	const char *mode, *verdict, *verdict_reason, *module_version, *module_missing;
	int32_t balancing;
	uint32_t pinners, held, exposed, ineffective;
	const char *missing, *reload_error;
	bool is_disarmed;
	uint32_t mitigated;
	uint64_t pinned_bytes, remote_bytes;
};

static const struct scene scenes[] = {
	{ "safe", safe_rows, 3, "enforce", "affected",
	  "5.10.50 lacks the fix for CVE-2022-48797", "0.1", "", 1, 2, 2, 0, 0, NULL,
	  NULL, false, 2, 68736253952, 0 },
	{ "exposed", exposed_rows, 3, "audit", "affected",
	  "5.10.50 lacks the fix for CVE-2022-48797", "",
	  "/dev/pinsafe is not there; install pinsafe-dkms, then modprobe pinsafe", 1, 3,
	  0, 2, 1,
	  "pins of drivers that do not book to VmPin are not seen: without the module there is "
	  "no bell; install pinsafe-dkms",
	  "/etc/pinsafe/pinsafed.conf:3: no such key \"Mdoe\"", false, 0, 0, 0 },
	{ "disarmed", safe_rows, 2, "enforce", "fixed", "6.12.117 is later than 5.19",
	  "0.1", "", 3, 2, 2, 0, 0, NULL, NULL, true, 2, 0, 0 },
	{ "ladder", ladder_rows, 5, "enforce", "affected",
	  "5.10.50 lacks the fix for CVE-2022-48797", "", "not installed", 1, 4, 0, 2, 0, NULL,
	  NULL, false, 2, 3222274048, 537919488 },
	{ "mitigated", ladder_rows, 2, "enforce", "affected",
	  "5.10.50 lacks the fix for CVE-2022-48797", "", "not installed", 1, 2, 0, 0, 0, NULL,
	  NULL, false, 2, 2147483648, 536870912 },
	{ "tiering", ladder_rows, 1, "enforce", "affected",
	  "5.10.50 lacks the fix for CVE-2022-48797", "", "not installed", 2, 1, 0, 1, 1, NULL,
	  NULL, false, 1, 1073741824, 0 },
	{ "empty", NULL, 0, "enforce", "fixed", "6.12.117 is later than 5.19", "0.1", "",
	  1, 0, 0, 0, 0, NULL, NULL, false, 0, 0, 0 },
	{ "deny", NULL, 0, "enforce", "unknown", "", "0.1", "", 0, 0, 0, 0, 0, NULL, NULL,
	  false, 0, 0, 0 },
	{ "die", NULL, 0, "enforce", "unknown", "", "0.1", "", 0, 0, 0, 0, 0, NULL, NULL,
	  false, 0, 0, 0 },
	{ "old", NULL, 0, "enforce", "unknown", "", "0.1", "", 0, 0, 0, 0, 0, NULL, NULL,
	  false, 0, 0, 0 },
};

static const struct scene *scene;

static bool is_scene(const char *name)
{
	return strcmp(scene->name, name) == 0;
}

static uint64_t ago_usec(uint64_t usec)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - usec;
}

/* ---- properties -------------------------------------------------------- */

static int get_string(sd_bus *bus, const char *path, const char *interface,
		      const char *name, sd_bus_message *reply, void *data,
		      sd_bus_error *error)
{
	const char *value = "0.1";

	(void)bus, (void)path, (void)interface, (void)data, (void)error;
	if (strcmp(name, "Mode") == 0)
		value = scene->mode;
	else if (strcmp(name, "ModuleVersion") == 0)
		value = scene->module_version;
	else if (strcmp(name, "ModuleMissing") == 0)
		value = scene->module_missing;
	else if (strcmp(name, "KernelVerdict") == 0)
		value = scene->verdict;
	else if (strcmp(name, "KernelVerdictReason") == 0)
		value = scene->verdict_reason;
	else if (strcmp(name, "LastReloadError") == 0)
		value = scene->reload_error ? scene->reload_error : "";
	return sd_bus_message_append(reply, "s", value);
}

static int get_count(sd_bus *bus, const char *path, const char *interface,
		     const char *name, sd_bus_message *reply, void *data,
		     sd_bus_error *error)
{
	uint32_t value = 1;	/* ModuleAbi */

	(void)bus, (void)path, (void)interface, (void)data, (void)error;
	if (strcmp(name, "Pinners") == 0)
		value = scene->pinners;
	else if (strcmp(name, "Held") == 0)
		value = scene->held;
	else if (strcmp(name, "Exposed") == 0)
		value = scene->exposed;
	else if (strcmp(name, "Ineffective") == 0)
		value = scene->ineffective;
	else if (strcmp(name, "Mitigated") == 0)
		value = scene->mitigated;
	return sd_bus_message_append(reply, "u", value);
}

static int get_bool(sd_bus *bus, const char *path, const char *interface,
		    const char *name, sd_bus_message *reply, void *data,
		    sd_bus_error *error)
{
	bool is_armed = *scene->module_version && !scene->is_disarmed;

	(void)bus, (void)path, (void)interface, (void)data, (void)error;
	return sd_bus_message_append(reply, "b", strcmp(name, "ProbesArmed") == 0 ?
				     is_armed : !scene->reload_error);
}

static int get_time(sd_bus *bus, const char *path, const char *interface,
		    const char *name, sd_bus_message *reply, void *data,
		    sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)data, (void)error;
	return sd_bus_message_append(
		reply, "t",
		ago_usec(strcmp(name, "StartedUsec") == 0 ? 125000000 : 62000000));
}

static int get_bytes(sd_bus *bus, const char *path, const char *interface,
		     const char *name, sd_bus_message *reply, void *data,
		     sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)data, (void)error;
	return sd_bus_message_append(reply, "t", strcmp(name, "PinnedBytes") == 0 ?
				     scene->pinned_bytes : scene->remote_bytes);
}

static int get_balancing(sd_bus *bus, const char *path, const char *interface,
			 const char *name, sd_bus_message *reply, void *data,
			 sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)name, (void)data, (void)error;
	return sd_bus_message_append(reply, "i", scene->balancing);
}

static int get_missing(sd_bus *bus, const char *path, const char *interface,
		       const char *name, sd_bus_message *reply, void *data,
		       sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)name, (void)data, (void)error;
	return sd_bus_message_append(reply, "as", scene->missing ? 1 : 0, scene->missing);
}

/* ---- methods ----------------------------------------------------------- */

static int append_nodes(sd_bus_message *reply, const struct row *row)
{
	uint32_t i;

	sd_bus_message_open_container(reply, 'e', "sv");
	sd_bus_message_append(reply, "s", "nodes");
	sd_bus_message_open_container(reply, 'v', "a(ut)");
	sd_bus_message_open_container(reply, 'a', "(ut)");
	for (i = 0; i < row->n_nodes; i++)
		sd_bus_message_append(reply, "(ut)", row->first_node + i,
				      row->pinned_bytes / row->n_nodes);
	sd_bus_message_close_container(reply);
	sd_bus_message_close_container(reply);
	return sd_bus_message_close_container(reply);
}

static int append_row(sd_bus_message *reply, const struct row *row)
{
	sd_bus_message_open_container(reply, 'a', "{sv}");
	sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}{sv}", "pid", "i", row->pid,
			      "start_ticks", "t", (uint64_t)77, "comm", "s", row->comm,
			      "user", "u", 1000, "executable", "s",
			      row->pid ? "/usr/bin/x" : "");
	sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}{sv}", "cgroup", "s", row->cgroup,
			      "policy", "s", row->policy, "mode", "s", row->mode,
			      "action", "s", row->action, "state", "s", row->state);
	sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}{sv}", "origin", "s", "policy",
			      "risk", "s", row->risk, "scanned", "s", row->scanned,
			      "proof", "s", row->proof, "reason", "s",
			      "its policy wants it, and nothing speaks against it");
	sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}{sv}", "pinner", "b",
			      row->is_pinner, "pinned_bytes", "t", row->pinned_bytes,
			      "pinned_source", "s", row->pinned_bytes ? "sight" : "bell",
			      "large_bytes", "t", (uint64_t)0, "driver", "s",
			      row->driver);
	append_nodes(reply, row);
	sd_bus_message_append(reply, "{sv}", "devices", "a(si)", 2, "/dev/accel/accel0",
			      1, "/dev/infiniband/uverbs0", -1);
	if (strcmp(row->action, "bind") == 0)
		sd_bus_message_append(reply, "{sv}{sv}", "cpus_allowed", "s", "0-7", "cpus", "s",
				      "0-7");
	sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}{sv}", "vm_pin_bytes", "t",
			      (uint64_t)0, "refused_scans", "t", (uint64_t)12,
			      "last_refused_usec", "t", ago_usec(1100000), "since_usec",
			      "t", ago_usec(62000000), "exposed", "b", row->is_exposed);
	return sd_bus_message_close_container(reply);
}

static int reply_with(sd_bus_message *reply, int r)
{
	if (r >= 0)
		r = sd_bus_message_send(reply);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 1;
}

static int list_targets(sd_bus_message *call, void *data, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	size_t i;
	int r;

	(void)data;
	if (is_scene("die"))
		_exit(0);
	if (is_scene("deny"))
		return sd_bus_error_set(error, PINSAFE_ERROR_DENIED, "others' processes");
	r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	sd_bus_message_open_container(reply, 'a', "a{sv}");
	for (i = 0; i < scene->n_rows; i++)
		append_row(reply, &scene->rows[i]);
	return reply_with(reply, sd_bus_message_close_container(reply));
}

static const struct row *find_row(int32_t pid, const char *cgroup)
{
	size_t i;

	for (i = 0; i < scene->n_rows; i++) {
		const struct row *row = &scene->rows[i];

		if (pid == 0 ? strcmp(row->cgroup, cgroup) == 0 : row->pid == pid)
			return row;
	}
	return NULL;
}

static char named[256];	/* the target of the last call */

static int read_target(sd_bus_message *call, const struct row **ret_row,
		       sd_bus_error *error)
{
	const char *cgroup;
	uint64_t start;
	uint32_t pid;
	int r;

	r = sd_bus_message_read(call, "(uts)", &pid, &start, &cgroup);
	if (r < 0)
		return r;
	if (is_scene("deny"))
		return sd_bus_error_set(error, PINSAFE_ERROR_DENIED,
					"only root may do this");
	/* any living process of the test stands for the first row */
	*ret_row = pid && scene->n_rows ? &scene->rows[0] : find_row(0, cgroup);
	if (!*ret_row)
		return sd_bus_error_setf(error, PINSAFE_ERROR_NO_TARGET,
					 "nothing is known of %s",
					 pid ? "this process" : cgroup);
	snprintf(named, sizeof(named), "%s", pid ? "process" : cgroup);
	return 0;
}

/* The third row takes orders, but cannot be asked for. */
static int get_target(sd_bus_message *call, void *data, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	const struct row *row;
	int r = read_target(call, &row, error);

	(void)data;
	if (r >= 0 && row == &safe_rows[2])
		return sd_bus_error_set(error, PINSAFE_ERROR_NO_TARGET, "not known");
	if (r >= 0)
		r = sd_bus_message_new_method_return(call, &reply);
	return r < 0 ? r : reply_with(reply, append_row(reply, row));
}

static int explain(sd_bus_message *call, void *data, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	const struct row *row;
	int r = read_target(call, &row, error);

	(void)data;
	if (r >= 0)
		r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_append(
		reply, "a(ssbs)", 6, "policy", "databases", 0, "MatchUser: 1000 is none of them",
		"policy", "mpi", 1, "matches", "rung", "hold", 0, "there is no pinsafe module",
		"rung", "confine", 0, "it would move 3.0G, ConfineMaxMoveBytes allows 1.0G, and "
		"what it would move is not known to be unpinned", "rung", "bind", 1, "",
		"result", "bind", 1, "policy mpi: pins 1.0G through \033[2Jib_uverbs");
	return reply_with(reply, r);
}

static const char snapshot[] = "{\"schema\":\"pinsafe.snapshot/1\",\"comm\":\"caf\303\251\"}\n";

/* As a pipe, that has no beginning to go back to. */
static int dump_snapshot(sd_bus_message *call, void *data, sd_bus_error *error)
{
	int fds[2], r;

	(void)data;
	if (is_scene("deny"))
		return sd_bus_error_set(error, PINSAFE_ERROR_DENIED, "only root may see all");
	if (pipe(fds) < 0)
		return -errno;
	r = !is_scene("empty") &&
	    write(fds[1], snapshot, sizeof(snapshot) - 1) != sizeof(snapshot) - 1 ? -EIO : 0;
	close(fds[1]);
	if (r == 0)
		r = sd_bus_reply_method_return(call, "h", fds[0]);
	close(fds[0]);
	return r;
}

static int hold(sd_bus_message *call, void *data, sd_bus_error *error)
{
	const struct row *row;
	int r = read_target(call, &row, error);

	(void)data;
	if (r < 0)
		return r;
	if (!*scene->module_version)
		return sd_bus_error_set(error, PINSAFE_ERROR_NO_MODULE,
					"a hold needs the module, which is not loaded");
	printf("hold %s\n", named);
	return sd_bus_reply_method_return(call, "");
}

static int release(sd_bus_message *call, void *data, sd_bus_error *error)
{
	const struct row *row;
	uint64_t usec;
	int r = read_target(call, &row, error);

	(void)data;
	if (r < 0)
		return r;
	r = sd_bus_message_read(call, "t", &usec);
	if (r < 0)
		return r;
	printf("release %s %llu\n", named, (unsigned long long)usec);
	return sd_bus_reply_method_return(call, "");
}

static int reload(sd_bus_message *call, void *data, sd_bus_error *error)
{
	(void)data;
	if (is_scene("deny"))
		return sd_bus_error_set(
			error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "");
	if (scene->reload_error)
		return sd_bus_error_setf(error, PINSAFE_ERROR_CONFIG, "%s\n%s",
					 scene->reload_error, scene->reload_error);
	puts("reload");
	return sd_bus_reply_method_return(call, "");
}

static int get_host(sd_bus_message *call, void *data, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)data, (void)error;
	if (r < 0)
		return r;
	r = sd_bus_message_append(
		reply, "a{sv}", 11, "nodes_online", "s", "0-1", "kernel_release", "s",
		"6.12.0-test", "kernel_verdict", "s", scene->verdict, "balancing", "i",
		scene->balancing, "balancing_at_start", "i", 0, "balancing_owner", "s",
		"/etc/sysctl.d/9.conf:3", "probes_armed", "b", 1, "pins_acquired", "t",
		(uint64_t)1 << 40, "pin_counters", "b", 1, "later", "s", "and more",
		"advice", "as", 1, "bind the workload to node 1");
	return reply_with(reply, r);
}

static int get_metrics(sd_bus_message *call, void *data, sd_bus_error *error)
{
	(void)data, (void)error;
	return sd_bus_reply_method_return(call, "s", "# TYPE pinsafe_pinners gauge\n"
					  "pinsafe_pinners 2\n# EOF\n");
}

/* ---- systemd ----------------------------------------------------------- */

static int get_unit(sd_bus_message *call, void *data, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(call, "s", &name);

	(void)data;
	if (r < 0)
		return r;
	if (strcmp(name, "train.service") == 0)
		return sd_bus_reply_method_return(call, "o", SYSTEMD_UNIT);
	if (strcmp(name, "stopped.service") == 0)
		return sd_bus_reply_method_return(call, "o",
						  SYSTEMD_PATH "/unit/stopped");
	return sd_bus_error_setf(error, "org.freedesktop.systemd1.NoSuchUnit",
				 "Unit %s not loaded.", name);
}

static int get_cgroup(sd_bus *bus, const char *path, const char *interface,
		      const char *name, sd_bus_message *reply, void *data,
		      sd_bus_error *error)
{
	(void)bus, (void)interface, (void)name, (void)data, (void)error;
	return sd_bus_message_append(reply, "s", strcmp(path, SYSTEMD_UNIT) == 0 ?
				     "/system.slice/train.service" : "");
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("Mode", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("ModuleVersion", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("ModuleMissing", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("ModuleAbi", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Missing", "as", get_missing, 0, 0),
	SD_BUS_PROPERTY("KernelVerdict", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("KernelVerdictReason", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("Balancing", "i", get_balancing, 0, 0),
	SD_BUS_PROPERTY("ProbesArmed", "b", get_bool, 0, 0),
	SD_BUS_PROPERTY("Pinners", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Held", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Exposed", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Ineffective", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Mitigated", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("PinnedBytes", "t", get_bytes, 0, 0),
	SD_BUS_PROPERTY("RemotePinnedBytes", "t", get_bytes, 0, 0),
	SD_BUS_PROPERTY("LastReloadUsec", "t", get_time, 0, 0),
	SD_BUS_PROPERTY("LastReloadSuccessful", "b", get_bool, 0, 0),
	SD_BUS_PROPERTY("LastReloadError", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("StartedUsec", "t", get_time, 0, 0),
	SD_BUS_METHOD("ListTargets", "", "aa{sv}", list_targets,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetTarget", "(uts)", "a{sv}", get_target,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetHost", "", "a{sv}", get_host, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetMetrics", "", "s", get_metrics, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Explain", "(uts)", "a(ssbs)", explain, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("DumpSnapshot", "", "h", dump_snapshot, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Reload", "", "", reload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Hold", "(uts)", "", hold, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Release", "(uts)t", "", release, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static const sd_bus_vtable empty_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_VTABLE_END
};

static const sd_bus_vtable systemd_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("GetUnit", "s", "o", get_unit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static const sd_bus_vtable service_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("ControlGroup", "s", get_cgroup, 0, 0),
	SD_BUS_VTABLE_END
};

static int serve(sd_bus *bus)
{
	int r;

	sd_bus_add_object_vtable(bus, NULL, PINSAFE_BUS_PATH, PINSAFE_BUS_INTERFACE,
				 is_scene("old") ? empty_vtable : manager_vtable, NULL);
	sd_bus_add_object_vtable(bus, NULL, SYSTEMD_PATH,
				 "org.freedesktop.systemd1.Manager", systemd_vtable,
				 NULL);
	sd_bus_add_object_vtable(bus, NULL, SYSTEMD_UNIT,
				 "org.freedesktop.systemd1.Service", service_vtable,
				 NULL);
	sd_bus_add_object_vtable(bus, NULL, SYSTEMD_PATH "/unit/stopped",
				 "org.freedesktop.systemd1.Service", service_vtable,
				 NULL);
	r = sd_bus_request_name(bus, "org.freedesktop.systemd1", 0);
	if (r >= 0)
		r = sd_bus_request_name(bus, PINSAFE_BUS_NAME, 0);
	if (r < 0)
		return r;
	puts("ready");
	for (;;) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r < 0)
			return r;
	}
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	size_t i;
	int r;

	for (i = 0; argc == 2 && i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (strcmp(scenes[i].name, argv[1]) == 0)
			scene = &scenes[i];
	if (!scene) {
		fputs("usage: mock SCENE\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = serve(bus);
	sd_bus_unref(bus);
	if (r < 0 && r != -ENOTCONN && r != -ECONNRESET)
		fprintf(stderr, "mock: %s\n", strerror(-r));
	return 1;
}
