// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run.c - start a program so that it is never scanned
 *
 * MPOL_LOCAL places memory as the kernel's default does, but it is an explicit
 * policy, and the scanner leaves memory with an explicit policy alone
 * (task_numa_work(), vma_policy_mof()).  Threads, children and exec inherit it.
 * It takes no privilege, no module and no daemon.
 */
#include <errno.h>
#include <numaif.h>
#include <string.h>
#include <unistd.h>

#include "client/output.h"
#include "client/verb.h"

/* As env(1) and nohup(1). */
#define RUN_REFUSED	125
#define RUN_NOT_STARTED	126
#define RUN_NOT_FOUND	127

static int refuse(const char *command, int error)
{
	const char *next = NULL;

	if (error == EPERM)
		next = "allow set_mempolicy(2) in the container's seccomp profile";
	return complainf(RUN_REFUSED, "run", next,
			 "%s is not started, because it would be scanned: %s", command,
			 strerror(error));
}

int verb_run(const struct request *request)
{
	const char *command = request->args[0];

	/* ENOSYS: a kernel without NUMA has no balancing to be kept out of */
	if (set_mempolicy(MPOL_LOCAL, NULL, 0) < 0 && errno != ENOSYS)
		return refuse(command, errno);
	execvp(command, request->args);
	return complain(errno == ENOENT ? RUN_NOT_FOUND : RUN_NOT_STARTED, command, NULL,
			strerror(errno));
}
