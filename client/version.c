// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * version.c - which pinsafe is where
 *
 * Client, daemon, loaded and installed module may differ after an upgrade: a
 * new module takes effect when the old one can be unloaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/bus.h"
#include "client/child.h"
#include "client/output.h"
#include "client/sysfile.h"
#include "client/verb.h"

/* What modprobe would load now; "" where there is none. */
static void read_installed(char *text, size_t size)
{
	char *argv[] = {
		(char *)"modinfo", (char *)"-F", (char *)"version",
		(char *)"pinsafe", NULL,
	};
	_cleanup_(free) char *said = NULL;

	*text = '\0';
	if (child_read(argv, false, &said) == 0)
		snprintf(text, size, "%.*s", (int)strcspn(said, "\n"), said);
}

/* The daemon's word is not needed: it may be what is missing. */
static struct facts *ask_daemon(void)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	struct facts *status = NULL;

	if (bus_open(NULL, &bus) == EXIT_YES)
		bus_ask_status(bus, NULL, &status);
	return status;
}

static struct facts *gather(const struct request *request)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("version");
	_cleanup_(facts_free) struct facts *status = ask_daemon();
	char loaded[64] = "", installed[64];

	sysfile_read(request->sys_root, "module/pinsafe/version", loaded, sizeof(loaded));
	read_installed(installed, sizeof(installed));
	if (!answer ||
	    facts_set(answer, "client", facts_new_string(PACKAGE_VERSION)) < 0 ||
	    facts_set(answer, "daemon",
		      facts_new_string(facts_string(status, "version"))) < 0 ||
	    facts_set(answer, "module_loaded", facts_new_string(loaded)) < 0 ||
	    facts_set(answer, "module_installed", facts_new_string(installed)) < 0 ||
	    facts_set(answer, "module_abi",
		      facts_new_u64(facts_u64(status, "module_abi"))) < 0)
		return NULL;
	return take_ptr(answer);
}

static void print_version(const struct facts *versions, const char *label,
			  const char *name, const char *none)
{
	const char *version = facts_string(versions, name);
	struct style style = output_style();

	sheet_print(&style, stdout, label, TONE_PLAIN, *version ? version : none);
}

static void print_sheet(const struct facts *versions)
{
	const char *loaded = facts_string(versions, "module_loaded");
	const char *installed = facts_string(versions, "module_installed");
	struct style style = output_style();

	print_version(versions, "Client", "client", "");
	print_version(versions, "Daemon", "daemon", "not running, or out of reach");
	print_version(versions, "Module", "module_loaded", "not loaded");
	print_version(versions, "installed", "module_installed", "none for this kernel");
	if (facts_u64(versions, "module_abi") > 0)
		print_version(versions, "ABI", "module_abi", "");
	if (*loaded && *installed && strcmp(loaded, installed) != 0)
		sheet_print(
			&style, stdout, "Next step", TONE_BOLD,
			"the installed module takes effect at systemctl stop pinsafed; "
			"rmmod pinsafe; systemctl start pinsafed, or at a reboot");
}

int verb_version(const struct request *request)
{
	_cleanup_(facts_free) struct facts *versions = gather(request);

	if (!versions)
		return complain_errno("version", -ENOMEM);
	if (request->quiet)
		return EXIT_YES;
	if (request->json)
		return output_json(versions);
	print_sheet(versions);
	return EXIT_YES;
}
