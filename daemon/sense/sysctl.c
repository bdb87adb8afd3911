// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/dropin.h"
#include "daemon/base/fs.h"

#define NAME		"kernel.numa_balancing"
#define MAX_FILE	(1024 * 1024)
#define MAX_CMDLINE	65536

DEFINE_CLEANUP_EMBEDDED(struct dropins, dropins_done);

/* Lower ones first; below root_fd, so without the leading "/". */
static const char *const folders[] = {
	"usr/lib/sysctl.d", "usr/local/lib/sysctl.d", "run/sysctl.d", "etc/sysctl.d",
};

/* Who set it last so far. */
struct claim {
	char *owner;
	long value;
};

static int set_claim(struct claim *claim, const char *file, unsigned int line, long value)
{
	free(claim->owner);
	if (asprintf(&claim->owner, "/%s:%u", file, line) < 0) {
		claim->owner = NULL;
		return -ENOMEM;
	}
	claim->value = value;
	return 0;
}

/* "kernel.numa_balancing = 1", with "/" for "." and "-" in front as sysctl.d(5)
 * has it; false: another line. */
static bool parse_assignment(const char *line, long *ret_value)
{
	char *end;

	line += strspn(line, " \t-");
	for (const char *name = NAME; *name; name++, line++) {
		if (*line != *name && !(*name == '.' && *line == '/'))
			return false;
	}
	line += strspn(line, " \t");
	if (*line != '=')
		return false;
	*ret_value = strtol(line + 1, &end, 10);
	return end != line + 1 && !end[strspn(end, " \t\r")];
}

static int read_file(int root_fd, const char *path, struct claim *claim)
{
	_cleanup_(free) char *text = NULL;
	unsigned int number = 0;
	long value;
	int r = 0;

	/* One that cannot be read sets nothing. */
	if (fs_read_all(root_fd, path, MAX_FILE, &text) < 0)
		return 0;
	for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n"));) {
		number++;
		if (parse_assignment(line, &value))
			r = set_claim(claim, path, number, value);
	}
	return r;
}

static int read_files(int root_fd, struct claim *claim)
{
	_cleanup_(dropins_done) struct dropins files = { 0 };
	int r = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		r = dropins_add_folder(&files, root_fd, folders[i]);
		if (r == -ENOMEM)
			return r;
	}
	dropins_sort(&files);
	r = 0;
	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = read_file(root_fd, files.paths[i], claim);
	return r;
}

/* Of the kernel: "numa_balancing=enable|disable" (mm/mempolicy.c), and
 * "sysctl.kernel.numa_balancing=N" (fs/proc/proc_sysctl.c). */
static bool parse_word(const char *word, long *ret_value)
{
	static const char own[] = "numa_balancing=", general[] = "sysctl." NAME "=";
	const char *value = word + strlen(own);

	if (strncmp(word, general, strlen(general)) == 0) {
		*ret_value = strtol(word + strlen(general), NULL, 10);
		return true;
	}
	if (strncmp(word, own, strlen(own)) != 0)
		return false;
	*ret_value = strcmp(value, "enable") == 0;
	return *ret_value || strcmp(value, "disable") == 0;
}

static int read_cmdline(int proc_fd, struct claim *claim)
{
	_cleanup_(free) char *text = NULL;
	long value;

	if (fs_read_all(proc_fd, "cmdline", MAX_CMDLINE, &text) < 0)
		return 0;
	for (char *rest = text, *word; (word = strsep(&rest, " \n"));) {
		if (!parse_word(word, &value))
			continue;
		free(claim->owner);
		claim->owner = strdup("kernel command line");
		claim->value = value;
		if (!claim->owner)
			return -ENOMEM;
	}
	return 0;
}

/* A claim whose value is not in force has been overruled by somebody who leaves
 * no trace: sysctl(8), tuned. */
int sysctl_find_owner(int root_fd, int proc_fd, int value, char **ret_owner)
{
	struct claim claim = { 0 };
	int r;

	r = read_cmdline(proc_fd, &claim);
	if (r == 0)
		r = read_files(root_fd, &claim);
	if (r < 0 || claim.value != value)
		free(take_ptr(claim.owner));
	*ret_owner = claim.owner;
	return r;
}
