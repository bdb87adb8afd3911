// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/unit.h"

#include <ctype.h>
#include <string.h>

#include "daemon/base/glob.h"

/* One component of a path, without slashes. */
struct component {
	const char *text;
	size_t length;
};

/* The first component at or behind path; of length 0 at the end. */
static struct component first_of(const char *path)
{
	path += strspn(path, "/");
	return (struct component){ path, strcspn(path, "/") };
}

static bool has_suffix(struct component part, const char *suffix)
{
	size_t length = strlen(suffix);

	return part.length > length &&
	       memcmp(part.text + part.length - length, suffix, length) == 0;
}

/* Characters of unit_name_is_valid() in systemd's basic/unit-name.c. */
static bool is_unit(struct component part)
{
	static const char *const suffixes[] = { ".service", ".scope", ".mount", ".socket",
						".swap" };

	if (part.length >= UNIT_NAME_SIZE || *part.text == '@')
		return false;
	for (size_t i = 0; i < part.length; i++) {
		if (!isalnum((unsigned char)part.text[i]) &&
		    !memchr(":-_.\\@", part.text[i], 6))
			return false;
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (has_suffix(part, suffixes[i]))
			return true;
	}
	return false;
}

bool unit_is_name(const char *text)
{
	return is_unit((struct component){ text, strlen(text) });
}

/* The first component that is no slice, where it is a unit; else length 0. */
static struct component find_unit(const char *path)
{
	struct component part = first_of(path);

	while (has_suffix(part, ".slice"))
		part = first_of(part.text + part.length);
	if (!is_unit(part))
		part.length = 0;
	return part;
}

/* cg_escape() puts "_" before names that the kernel could take for files. */
static bool copy_name(struct component part, char ret_name[UNIT_NAME_SIZE])
{
	if (part.length > 0 && *part.text == '_') {
		part.text++;
		part.length--;
	}
	memcpy(ret_name, part.text, part.length);
	ret_name[part.length] = '\0';
	return part.length > 0;
}

bool unit_of_cgroup(const char *path, char ret_name[UNIT_NAME_SIZE])
{
	return copy_name(find_unit(path ? path : ""), ret_name);
}

bool unit_of_user(const char *path, char ret_name[UNIT_NAME_SIZE])
{
	struct component part = find_unit(path ? path : "");
	char manager[UNIT_NAME_SIZE];

	if (!copy_name(part, manager) || !glob_match("user@[0-9]*.service", manager)) {
		*ret_name = '\0';
		return false;
	}
	return copy_name(find_unit(part.text + part.length), ret_name);
}

size_t unit_path_length(const char *path)
{
	struct component part = find_unit(path ? path : "");

	return part.length ? (size_t)(part.text - path) + part.length : 0;
}

/* ---- containers ----------------------------------------------------------- */

/* Of each manager the names under its systemd and its cgroupfs driver. */
static const char *const container_names[] = {
	"kubepods*",				/* kubelet: pods and all in them */
	"docker-*.scope", "docker",		/* moby; docker/ID */
	"cri-containerd-*.scope", "*:cri-containerd:*", "nerdctl-*.scope",
	"crio-*.scope", "crio-*",
	"libpod-*.scope", "libpod-*", "libpod_parent", "libpod_pod_*",
	"machine-*.scope",			/* machined: nspawn, libvirt's LXC */
	"lxc", "lxc.payload", "lxc.payload.*",
};

/* What the same managers call other things. */
static const char *const other_names[] = {
	"libpod-conmon-*", "crio-conmon-*",
	"machine-qemu*.scope",			/* libvirt: qemu\x2d1\x2dname */
};

static bool is_any(const char *const *globs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (glob_match(globs[i], name))
			return true;
	}
	return false;
}

#define IS_ANY(globs, name)	is_any(globs, sizeof(globs) / sizeof(globs[0]), name)

/* The id that moby and containerd give, whatever cgroup they were told to put
 * their containers in: 64 hex digits. */
static bool is_id(const char *name)
{
	return strspn(name, "0123456789abcdef") == 64 && name[64] == '\0';
}

bool unit_is_container(const char *path)
{
	char name[UNIT_NAME_SIZE];
	struct component part;

	if (!path)
		return false;
	/* systemd-nspawn@.service splits itself: its payload is the container */
	if (glob_match("**/systemd-nspawn@*.service/payload", path) ||
	    glob_match("**/systemd-nspawn@*.service/payload/**", path))
		return true;
	for (part = first_of(path); part.length; part = first_of(part.text + part.length)) {
		if (part.length >= sizeof(name))
			continue;
		memcpy(name, part.text, part.length);
		name[part.length] = '\0';
		if (is_id(name) || (IS_ANY(container_names, name) && !IS_ANY(other_names, name)))
			return true;
	}
	return false;
}
