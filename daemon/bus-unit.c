// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus-unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/nodeset.h"
#include "daemon/bus-link.h"

#define SYSTEMD_NAME		"org.freedesktop.systemd1"
#define SYSTEMD_PATH		"/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER		"org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT		"org.freedesktop.systemd1.Unit"

/* Where set-property --runtime writes: for units with a file, and for those that
 * were made by systemd-run and its like (unit_drop_in_dir() of core/unit.c). */
static const char *const runtime_folders[] = {
	"/run/systemd/system.control/",
	"/run/systemd/transient/",
};

#define LIST_SIZE	4096

DEFINE_CLEANUP(sd_bus_message, sd_bus_message_unref);
DEFINE_CLEANUP_EMBEDDED(sd_bus_error, sd_bus_error_free);

static void strv_free(char **strings)
{
	for (size_t i = 0; strings && strings[i]; i++)
		free(strings[i]);
	free(strings);
}

DEFINE_CLEANUP(char *, strv_free);

/* ---- calls ------------------------------------------------------------------ */

/* The loop waits for systemd's answers, and the watchdog for the loop: after one
 * that did not come, as in a long daemon-reload, it is left alone for a while. */
#define AWAY_USEC	(30ULL * 1000 * 1000)

static bool may_be_away;	/* not for who has all the time, at a stop */
static uint64_t away_until_usec;

static int find_bus(void *userdata, sd_bus **ret_bus)
{
	*ret_bus = *(sd_bus **)userdata;
	if (!*ret_bus)
		return -ENOTCONN;
	return may_be_away && state_clock_usec() < away_until_usec ? -ETIMEDOUT : 0;
}

static int judge(int r, const sd_bus_error *error)
{
	if (r >= 0)
		return 0;
	if (r == -ETIMEDOUT)
		away_until_usec = state_clock_usec() + AWAY_USEC;
	if (sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit") ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT))
		return -ENOENT;
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return -ENOTCONN;
	return r;
}

/* Of one that nobody uses at the moment, too: its drop-ins are still there. */
static int load_unit(sd_bus *bus, const char *unit, char **ret_path)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	const char *path;
	int r;

	r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "LoadUnit",
			       &error, &reply, "s", unit);
	if (r < 0)
		return judge(r, &error);
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

static int get(sd_bus *bus, const char *path, const char *interface, const char *property,
	       const char *type, sd_bus_message **ret_reply)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_get_property(bus, SYSTEMD_NAME, path, interface, property, &error,
				    ret_reply, type);

	return judge(r, &error);
}

/* ---- properties ------------------------------------------------------------- */

/* A bit mask, byte by byte from the lowest (cpu_set_to_dbus() of shared/cpu-set-util.c). */
static int format_mask(const uint8_t *bytes, size_t size, char **ret_list)
{
	_cleanup_(free) char *list = malloc(LIST_SIZE);
	struct nodeset set = { 0 };
	int r;

	if (!list)
		return -ENOMEM;
	if (size > sizeof(set.bits))
		return -E2BIG;
	for (unsigned int i = 0; i < 8 * size; i++) {
		if (bytes[i / 8] & 1U << i % 8)
			nodeset_add(&set, i);
	}
	r = nodeset_format(&set, list, LIST_SIZE);
	if (r == 0)
		*ret_list = take_ptr(list);
	return r;
}

static size_t fill_mask(const struct nodeset *set, uint8_t bytes[NODESET_MAX / 8])
{
	size_t size = 0;

	for (int i = nodeset_next(set, 0); i >= 0; i = nodeset_next(set, (unsigned int)i + 1)) {
		bytes[i / 8] |= (uint8_t)(1U << i % 8);
		size = (size_t)i / 8 + 1;
	}
	return size;
}

static bool is_mask(const char *property)
{
	return strncmp(property, "Allowed", strlen("Allowed")) == 0;
}

/* Each kind of unit has these on an interface of its own: "a.service" on
 * org.freedesktop.systemd1.Service. */
static int find_interface(const char *unit, char interface[64])
{
	const char *suffix = strrchr(unit, '.');

	if (!suffix || !suffix[1] || strlen(suffix) > 16)
		return -EINVAL;
	snprintf(interface, 64, SYSTEMD_NAME ".%c%s", suffix[1] - 'a' + 'A', suffix + 2);
	return 0;
}

static int read_own(sd_bus *bus, const char *unit, const char *path, const char *property,
		    char **ret_value)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	char interface[64];
	const void *bytes;
	const char *text;
	size_t size;
	int r;

	r = find_interface(unit, interface);
	if (r == 0)
		r = get(bus, path, interface, property, is_mask(property) ? "ay" : "s", &reply);
	if (r < 0)
		return r;
	if (is_mask(property)) {
		r = sd_bus_message_read_array(reply, 'y', &bytes, &size);
		return r < 0 ? r : format_mask(bytes, size, ret_value);
	}
	r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return r;
	*ret_value = strdup(text);
	return *ret_value ? 0 : -ENOMEM;
}

static int read_drop_ins(sd_bus *bus, const char *path, char ***ret_paths)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int r = get(bus, path, SYSTEMD_UNIT, "DropInPaths", "as", &reply);

	return r < 0 ? r : sd_bus_message_read_strv(reply, ret_paths);
}

static int join(char **strings, char **ret_text)
{
	_cleanup_(fclose) FILE *out = NULL;
	size_t size;

	out = open_memstream(ret_text, &size);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; strings && strings[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", strings[i]);
	return fclose(take_ptr(out)) == 0 ? 0 : -ENOMEM;
}

static int read_needs_reload(sd_bus *bus, const char *path, bool *ret_needs)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *reply = NULL;
	int r, needs = 0;

	r = get(bus, path, SYSTEMD_UNIT, "NeedDaemonReload", "b", &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "b", &needs);
	*ret_needs = needs;
	return r < 0 ? r : 0;
}

static int read_general(sd_bus *bus, const char *path, const char *property, char **ret_value)
{
	_cleanup_(strv_free) char **paths = NULL;
	bool needs;
	int r;

	if (strcmp(property, "DropInPaths") == 0) {
		r = read_drop_ins(bus, path, &paths);
		return r < 0 ? r : join(paths, ret_value);
	}
	r = read_needs_reload(bus, path, &needs);
	if (r < 0)
		return r;
	*ret_value = strdup(needs ? "yes" : "no");
	return *ret_value ? 0 : -ENOMEM;
}

static int units_read(void *userdata, const char *unit, const char *property, char **ret_value)
{
	_cleanup_(free) char *path = NULL;
	sd_bus *bus;
	int r;

	r = find_bus(userdata, &bus);
	if (r < 0)
		return r;
	r = load_unit(bus, unit, &path);
	if (r < 0)
		return r;
	if (strcmp(property, "DropInPaths") == 0 || strcmp(property, "NeedDaemonReload") == 0)
		return read_general(bus, path, property, ret_value);
	return read_own(bus, unit, path, property, ret_value);
}

static int make_write(sd_bus *bus, const char *unit, const char *property, const char *value,
		      sd_bus_message **ret_message)
{
	_cleanup_(sd_bus_message_unref) sd_bus_message *m = NULL;
	uint8_t bytes[NODESET_MAX / 8] = { 0 };
	struct nodeset set;
	int r;

	r = nodeset_parse(value, &set);
	if (r >= 0)
		r = sd_bus_message_new_method_call(bus, &m, SYSTEMD_NAME, SYSTEMD_PATH,
						   SYSTEMD_MANAGER, "SetUnitProperties");
	if (r >= 0)
		r = sd_bus_message_append(m, "sb", unit, 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", property);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', bytes, fill_mask(&set, bytes));
	for (int i = 0; r >= 0 && i < 3; i++)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return r;
	*ret_message = take_ptr(m);
	return 0;
}

static int units_write(void *userdata, const char *unit, const char *property, const char *value)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unref) sd_bus_message *m = NULL;
	sd_bus *bus;
	int r;

	r = find_bus(userdata, &bus);
	if (r < 0)
		return r;
	r = make_write(bus, unit, property, value, &m);
	if (r < 0)
		return r;
	return judge(sd_bus_call(bus, m, 0, &error, NULL), &error);
}

/* ---- what a write leaves ------------------------------------------------------ */

/* ".../UNIT.d/50-PROPERTY.conf" in a folder of set-property --runtime? */
static bool is_ours(const char *path, const char *unit, const char *property)
{
	char expected[512];

	for (size_t i = 0; i < sizeof(runtime_folders) / sizeof(runtime_folders[0]); i++) {
		snprintf(expected, sizeof(expected), "%s%s.d/50-%s.conf", runtime_folders[i],
			 unit, property);
		if (strcmp(path, expected) == 0)
			return true;
	}
	return false;
}

static int remove_drop_in(const char *path)
{
	_cleanup_(free) char *folder = strdup(path);

	if (!folder)
		return -ENOMEM;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	/* the unit's; others may have theirs in it, and the one above is systemd's */
	*strrchr(folder, '/') = '\0';
	(void)rmdir(folder);
	return 0;
}

/* The other property's file is there still, and its forget() comes next. */
static bool is_there(const char *path, const char *unit)
{
	return (is_ours(path, unit, "AllowedCPUs") ||
		is_ours(path, unit, "AllowedMemoryNodes")) &&
	       access(path, F_OK) == 0;
}

/* Nobody waits for this one: systemd answers it after reading all of its files. */
static int reload_if_needed(sd_bus *bus, const char *path)
{
	bool needs;
	int r = read_needs_reload(bus, path, &needs);

	if (r < 0 || !needs)
		return r;
	r = sd_bus_call_method_async(bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
				     "Reload", NULL, NULL, NULL);
	return r < 0 ? r : 0;
}

static int forget(sd_bus *bus, const char *path, const char *unit, const char *property)
{
	_cleanup_(strv_free) char **paths = NULL;
	bool is_last = true;
	int r;

	r = read_drop_ins(bus, path, &paths);
	for (size_t i = 0; r >= 0 && paths && paths[i]; i++) {
		if (is_ours(paths[i], unit, property))
			r = remove_drop_in(paths[i]);
		else
			is_last = is_last && !is_there(paths[i], unit);
	}
	return r < 0 || !is_last ? r : reload_if_needed(bus, path);
}

static int units_forget(void *userdata, const char *unit, const char *property)
{
	_cleanup_(free) char *path = NULL;
	sd_bus *bus;
	int r;

	r = find_bus(userdata, &bus);
	if (r < 0)
		return r;
	r = load_unit(bus, unit, &path);
	return r < 0 ? r : forget(bus, path, unit, property);
}

void bus_units_init_from(struct sd_bus **bus, struct unit_manager *ret_units)
{
	*ret_units = (struct unit_manager){
		.userdata = bus,
		.read = units_read,
		.write = units_write,
		.forget = units_forget,
	};
}

void bus_units_init(struct bus *bus, struct unit_manager *ret_units)
{
	bus_units_init_from(&bus->bus, ret_units);
	may_be_away = true;
}
