// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/mempolicy-run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "daemon/base/cleanup.h"
#include "daemon/act/mempolicy-exit.h"

/* Most are done in milliseconds.  One that waits for a thread in the kernel goes
 * on by itself, and the threads are looked at again the next time; while some do,
 * others are not waited for as long, so that a tick has an end. */
#define WAIT_MSEC	1000
#define WAIT_SHORT_MSEC	100

/* It gives up by itself long before. */
#define WAIT_LAST_MSEC	10000

#define MAX_UNFINISHED	32

#define NUMBER_SIZE	sizeof("18446744073709551615")

extern char **environ;

/* Those that had not ended when we stopped waiting for them. */
static struct unfinished {
	pid_t child;		/* 0: none */
	struct process_id process;
} unfinished[MAX_UNFINISHED];

/* ---- its command line ------------------------------------------------------ */

struct words {
	char **argv;
	char *text;		/* of the numbers */
};

static void words_done(struct words *words)
{
	free(words->argv);
	free(words->text);
}

DEFINE_CLEANUP_EMBEDDED(struct words, words_done);

static int make_words(struct process_id process, const char *policy, const pid_t *spared,
		      size_t n_spared, struct words *words)
{
	char *text;

	words->argv = calloc(n_spared + 5, sizeof(*words->argv));
	words->text = text = malloc((n_spared + 2) * NUMBER_SIZE);
	if (!words->argv || !text)
		return -ENOMEM;
	snprintf(text, NUMBER_SIZE, "%d", process.pid);
	snprintf(text + NUMBER_SIZE, NUMBER_SIZE, "%" PRIu64, process.start_ticks);
	words->argv[0] = (char *)"pinsafe-mempolicy";
	words->argv[1] = text;
	words->argv[2] = text + NUMBER_SIZE;
	words->argv[3] = (char *)policy;
	for (size_t i = 0; i < n_spared; i++) {
		words->argv[4 + i] = text + (i + 2) * NUMBER_SIZE;
		snprintf(words->argv[4 + i], NUMBER_SIZE, "%d", spared[i]);
	}
	return 0;
}

/* ---- its life --------------------------------------------------------------- */

static int spawn(const char *path, char **argv, int error_fd, pid_t *ret_child)
{
	posix_spawn_file_actions_t actions;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret_child, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* 1: has ended, 0: not yet. */
static int wait_child(pid_t child, int msec, int *ret_status)
{
	_cleanup_(close) int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd event = { .fd = fd, .events = POLLIN };
	pid_t found;

	if (fd >= 0)
		(void)poll(&event, 1, msec);
	found = waitpid(child, ret_status, fd >= 0 ? WNOHANG : 0);
	if (found < 0) {	/* who ignores SIGCHLD is not told */
		*ret_status = MEMPOLICY_FAILED << 8;
		return 1;
	}
	return found == child;
}

/* The children that have ended are forgotten; how many have not. */
static size_t count_unfinished(void)
{
	size_t n = 0;
	int status;

	for (size_t i = 0; i < MAX_UNFINISHED; i++) {
		if (unfinished[i].child && wait_child(unfinished[i].child, 0, &status))
			unfinished[i].child = 0;
		n += unfinished[i].child != 0;
	}
	return n;
}

static bool is_unfinished(struct process_id process)
{
	for (size_t i = 0; i < MAX_UNFINISHED; i++) {
		if (unfinished[i].child && process_id_equal(unfinished[i].process, process))
			return true;
	}
	return false;
}

/* There is room: see mempolicy_run(). */
static void leave_unfinished(pid_t child, struct process_id process)
{
	for (size_t i = 0; i < MAX_UNFINISHED; i++) {
		if (!unfinished[i].child) {
			unfinished[i] = (struct unfinished){ child, process };
			return;
		}
	}
}

/* Its last line, without its name: "pinsafe-mempolicy: process 7: why". */
static void read_why(int fd, char why[ACT_WHY])
{
	char text[ACT_WHY], *start;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	start = strstr(text, ": process ");
	start = start ? strchr(start + 2, ':') : NULL;
	snprintf(why, ACT_WHY, "%s", start ? start + 2 : text);
}

static int judge(struct act_context *context, int status)
{
	if (!WIFEXITED(status)) {
		snprintf(context->why, sizeof(context->why),
			 "pinsafe-mempolicy was killed; it is tried again");
		return -EINTR;
	}
	switch ((enum mempolicy_exit)WEXITSTATUS(status)) {
	case MEMPOLICY_DONE:
		return ACT_DONE;
	case MEMPOLICY_PARTLY:
		return ACT_NOOP;
	case MEMPOLICY_GONE:
		return ACT_GONE;
	case MEMPOLICY_DENIED:
		return -EPERM;
	case MEMPOLICY_TRACED:
	case MEMPOLICY_STOPPED:
		return -EBUSY;
	case MEMPOLICY_FOREIGN:
	case MEMPOLICY_FILTERED:
	case MEMPOLICY_KERNEL:
	case MEMPOLICY_NO_CALL:
		return -EOPNOTSUPP;
	case MEMPOLICY_USAGE:
	case MEMPOLICY_FAILED:
		break;
	}
	return -EIO;
}

int mempolicy_run(struct act_context *context, struct process_id process, const char *policy,
		  const pid_t *spared, size_t n_spared)
{
	const char *path = context->mempolicy_path ?: PINSAFE_MEMPOLICY_PATH;
	_cleanup_(close) int read_fd = -1, write_fd = -1;
	_cleanup_(words_done) struct words words = { 0 };
	size_t n_unfinished = count_unfinished();
	int r, status, msec, fds[2];
	pid_t child;

	if (n_unfinished == MAX_UNFINISHED || is_unfinished(process))
		return ACT_NOOP;
	r = make_words(process, policy, spared, n_spared, &words);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	r = spawn(path, words.argv, write_fd, &child);
	if (r < 0) {
		snprintf(context->why, sizeof(context->why), "cannot start %.100s", path);
		return r;
	}
	msec = context->is_last ? WAIT_LAST_MSEC : n_unfinished ? WAIT_SHORT_MSEC : WAIT_MSEC;
	if (!wait_child(child, msec, &status)) {
		leave_unfinished(child, process);
		return ACT_NOOP;
	}
	r = judge(context, status);
	if (r < 0)
		read_why(read_fd, context->why);
	return r;
}
