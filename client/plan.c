// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan.c - what another configuration would change
 *
 * pinsafed itself decides, as a program of its own on a snapshot: there is one
 * policy, and trying it touches nothing.  Only without a snapshot is the running
 * daemon asked, for one of this host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"

/* A snapshot of this host becomes standard input. */
static int take_snapshot(void)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(close) int fd = -1;
	int exit;

	exit = bus_open("plan", &bus);
	if (!exit)
		exit = bus_ask_file(bus, "plan", "DumpSnapshot", &fd);
	if (exit)
		return exit;
	return dup2(fd, STDIN_FILENO) < 0 ? complain_errno("plan", -errno) : EXIT_YES;
}

static void be_quiet(void)
{
	_cleanup_(close) int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		dup2(fd, STDOUT_FILENO);
}

/* Its words and its exit code are the answer. */
static int become_planner(const struct request *request)
{
	_cleanup_(free) char *snapshot = NULL, *config = NULL;
	char *argv[6] = { (char *)request->daemon_path, (char *)"--plan" };
	int n = 2;

	if (asprintf(&snapshot, "--snapshot=%s",
		     request->snapshot ? request->snapshot : "-") < 0)
		snapshot = NULL;
	if (request->config_dir &&
	    asprintf(&config, "--config-root=%s", request->config_dir) < 0)
		config = NULL;
	if (!snapshot || (request->config_dir && !config))
		return complain_errno("plan", -ENOMEM);
	argv[n++] = snapshot;
	if (config)
		argv[n++] = config;
	if (request->json)
		argv[n++] = (char *)"--json";
	if (request->quiet)
		be_quiet();
	execv(argv[0], argv);
	return complainf(EXIT_TROUBLE, "plan", "install pinsafed", "%s: %s", argv[0],
			 strerror(errno));
}

int verb_plan(const struct request *request)
{
	int exit = request->snapshot ? EXIT_YES : take_snapshot();

	return exit ? exit : become_planner(request);
}
