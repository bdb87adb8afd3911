// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"
#include "client/reply.h"

#define SYSTEMD_NAME	"org.freedesktop.systemd1"
#define SYSTEMD_PATH	"/org/freedesktop/systemd1"

#define START_IT	"systemctl start pinsafed"
#define LOOK_AT_IT	"systemctl status pinsafed; journalctl -u pinsafed"

static const struct bus_trouble troubles[] = {
	{ SD_BUS_ERROR_SERVICE_UNKNOWN, EXIT_NOT_RUNNING, "pinsafed is not running",
	  START_IT },
	{ SD_BUS_ERROR_NAME_HAS_NO_OWNER, EXIT_NOT_RUNNING, "pinsafed is not running",
	  START_IT },
	{ SD_BUS_ERROR_ACCESS_DENIED, EXIT_DENIED, NULL,
	  "ask as root, or, for an order, as a user whom polkit allows it" },
	{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_DENIED, "not permitted",
	  "ask as root, or from a session that polkit can ask" },
	{ SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE, NULL, "pinsafectl --help" },
	{ PINSAFE_ERROR_LIMITS, EXIT_TROUBLE, NULL, "try again in a moment" },
	{ PINSAFE_ERROR_NO_TARGET, EXIT_NO_TARGET, NULL, "pinsafectl list --all" },
	{ PINSAFE_ERROR_CONFIG, EXIT_NO, NULL,
	  "mend it, then pinsafectl check-config" },
	{ PINSAFE_ERROR_NO_MODULE, EXIT_NO, NULL,
	  "load the module (modprobe pinsafe), or start the workload with pinsafectl run" },
	{ PINSAFE_ERROR_TABLE_FULL, EXIT_NO, NULL,
	  "pinsafectl hold cgroup:/PATH, which takes one place for all in it" },
	{ SD_BUS_ERROR_NO_REPLY, EXIT_TROUBLE, "pinsafed does not answer", LOOK_AT_IT },
	{ SD_BUS_ERROR_TIMEOUT, EXIT_TROUBLE, "pinsafed does not answer", LOOK_AT_IT },
	{ SD_BUS_ERROR_UNKNOWN_METHOD, EXIT_TROUBLE,
	  "pinsafed is of another version and does not know this question",
	  "systemctl restart pinsafed; pinsafectl version" },
	{ SD_BUS_ERROR_UNKNOWN_OBJECT, EXIT_TROUBLE,
	  "pinsafed is of another version and does not know this question",
	  "systemctl restart pinsafed; pinsafectl version" },
	{ NULL, EXIT_TROUBLE, NULL, LOOK_AT_IT },
};

const struct bus_trouble *bus_find_trouble(const char *error)
{
	const struct bus_trouble *trouble = troubles;

	while (trouble->error && (!error || strcmp(trouble->error, error) != 0))
		trouble++;
	return trouble;
}

static int complain_error(const char *what, const sd_bus_error *error, int r)
{
	const struct bus_trouble *trouble = bus_find_trouble(error->name);
	const char *why = trouble->why;

	if (!why)
		why = error->message ? error->message : strerror(-r);
	return complain(trouble->exit, what, trouble->next, why);
}

int bus_open(const char *what, sd_bus **ret_bus)
{
	int r = sd_bus_open_system(ret_bus);

	if (r < 0)
		return complainf(EXIT_TROUBLE, what, "systemctl status dbus",
				 "no way to the system bus: %s", strerror(-r));
	return EXIT_YES;
}

static int send(sd_bus *bus, const char *what, sd_bus_message *call,
		sd_bus_message **ret_reply)
{
	sd_bus_error error __attribute__((cleanup(sd_bus_error_free))) =
		SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_set_auto_start(call, false);
	if (r < 0)
		return complain_errno(what, r);
	/* polkit asks at the terminal's agent, if there is one */
	r = sd_bus_message_set_allow_interactive_authorization(call,
							       isatty(STDIN_FILENO));
	if (r < 0)
		return complain_errno(what, r);
	r = sd_bus_call(bus, call, 0, &error, ret_reply);
	if (r < 0)
		return complain_error(what, &error, r);
	return EXIT_YES;
}

int bus_call(sd_bus *bus, const char *what, const char *method,
	     sd_bus_message **ret_reply, const char *types, ...)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *call = NULL;
	va_list ap;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, PINSAFE_BUS_NAME, PINSAFE_BUS_PATH,
					   PINSAFE_BUS_INTERFACE, method);
	if (r < 0)
		return complain_errno(what, r);
	va_start(ap, types);
	r = sd_bus_message_appendv(call, types, ap);
	va_end(ap);
	if (r < 0)
		return complain_errno(what, r);
	return send(bus, what, call, ret_reply);
}

static int complain_unreadable(const char *what, int r)
{
	if (r == -ENOMEM)
		return complain_errno(what, r);
	return complain(EXIT_TROUBLE, what, "pinsafectl version",
			"pinsafed answered what this client cannot read");
}

static int read_facts(sd_bus_message *reply, const char *what, const char *method,
		      struct facts **ret_facts)
{
	int r = reply_read(reply, method, ret_facts);

	return r < 0 ? complain_unreadable(what, r) : EXIT_YES;
}

int bus_ask(sd_bus *bus, const char *what, const char *method, struct facts **ret_facts)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int exit = bus_call(bus, what, method, &reply, "");

	return exit ? exit : read_facts(reply, what, method, ret_facts);
}

int bus_ask_target(sd_bus *bus, const char *what, const char *method,
		   const struct target *target, struct facts **ret_facts)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int exit = bus_call(bus, what, method, &reply, "(uts)", target->pid,
			    target->start_ticks, target->cgroup ? target->cgroup : "");

	return exit ? exit : read_facts(reply, what, method, ret_facts);
}

/* The message closes its descriptor with itself. */
int bus_ask_file(sd_bus *bus, const char *what, const char *method, int *ret_fd)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int exit = bus_call(bus, what, method, &reply, ""), fd, r;

	if (exit)
		return exit;
	r = sd_bus_message_read_basic(reply, 'h', &fd);
	if (r <= 0)
		return complain_unreadable(what, r);
	*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return *ret_fd < 0 ? complain_errno(what, -errno) : EXIT_YES;
}

int bus_ask_status(sd_bus *bus, const char *what, struct facts **ret_status)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *call = NULL, *reply = NULL;
	int exit, r;

	r = sd_bus_message_new_method_call(bus, &call, PINSAFE_BUS_NAME, PINSAFE_BUS_PATH,
					   "org.freedesktop.DBus.Properties", "GetAll");
	if (r >= 0)
		r = sd_bus_message_append(call, "s", PINSAFE_BUS_INTERFACE);
	if (r < 0)
		return complain_errno(what, r);
	exit = send(bus, what, call, &reply);
	return exit ? exit : read_facts(reply, what, "GetAll", ret_status);
}

/* ---- units ------------------------------------------------------------- */

static const char *unit_interface(const char *unit)
{
	static const struct {
		const char *suffix, *interface;
	} kinds[] = {
		{ ".service", SYSTEMD_NAME ".Service" },
		{ ".scope", SYSTEMD_NAME ".Scope" },
		{ ".slice", SYSTEMD_NAME ".Slice" },
		{ ".socket", SYSTEMD_NAME ".Socket" },
		{ ".mount", SYSTEMD_NAME ".Mount" },
		{ ".swap", SYSTEMD_NAME ".Swap" },
	};
	const char *suffix = strrchr(unit, '.');
	size_t i;

	for (i = 0; suffix && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(suffix, kinds[i].suffix) == 0)
			return kinds[i].interface;
	return SYSTEMD_NAME ".Service";
}

/* GetUnit() knows only loaded units, and loading one starts nothing, so neither
 * call changes anything. */
static int find_unit(sd_bus *bus, struct target *target)
{
	sd_bus_error error __attribute__((cleanup(sd_bus_error_free))) =
		SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	const char *path;
	int r;

	r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_NAME ".Manager",
			       "GetUnit", &error, &reply, "s", target->unit);
	if (r < 0 && sd_bus_error_has_name(&error, SYSTEMD_NAME ".NoSuchUnit"))
		return complain(EXIT_NO_TARGET, target->unit, "systemctl list-units",
				"no such unit is loaded");
	if (r < 0)
		return complainf(EXIT_TROUBLE, target->unit, "name its cgroup instead, /PATH",
				 "systemd: %s",
				 error.message ? error.message : strerror(-r));
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return complain_errno(target->unit, r);
	r = sd_bus_get_property_string(bus, SYSTEMD_NAME, path,
				       unit_interface(target->unit), "ControlGroup",
				       &error, &target->cgroup);
	if (r < 0)
		return complainf(EXIT_TROUBLE, target->unit, NULL, "systemd: %s",
				 error.message ? error.message : strerror(-r));
	if (!target->cgroup[0])
		return complain(EXIT_NO_TARGET, target->unit, NULL,
				"the unit is not running: it has no cgroup");
	return EXIT_YES;
}

static int find_process(const struct request *request, const char *operand,
			struct target *target)
{
	int r = target_read_start(request->proc_root, target);

	if (r == -ESRCH)
		return complain(EXIT_NO_TARGET, operand, "pinsafectl list",
				"no such process");
	return r < 0 ? complain_errno(operand, r) : EXIT_YES;
}

static int parse_operand(const struct request *request, const char *operand,
			 struct target *target)
{
	_cleanup_(free) char *root = NULL;
	const char *why;
	int r;

	if (asprintf(&root, "%s/fs/cgroup", request->sys_root) < 0) {
		root = NULL;
		return complain_errno(operand, -ENOMEM);
	}
	r = target_parse(operand, root, target, &why);
	if (r == -EINVAL)
		return complain(EXIT_USAGE, operand, NULL, why);
	return r < 0 ? complain_errno(operand, r) : EXIT_YES;
}

static int find_target(sd_bus *bus, const struct request *request, const char *operand,
		       struct target *target)
{
	switch (target->form) {
	case TARGET_FORM_PID:
		return find_process(request, operand, target);
	case TARGET_FORM_UNIT:
		return find_unit(bus, target);
	case TARGET_FORM_CGROUP:
		break;
	}
	return EXIT_YES;
}

int bus_open_target(const struct request *request, const char *operand, sd_bus **ret_bus,
		    struct target *ret_target)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(target_done) struct target target = { 0 };
	int exit = parse_operand(request, operand, &target);

	if (!exit)
		exit = bus_open(operand, &bus);
	if (!exit)
		exit = find_target(bus, request, operand, &target);
	if (exit)
		return exit;
	*ret_bus = take_ptr(bus);
	*ret_target = target;
	target = (struct target){ 0 };
	return EXIT_YES;
}
