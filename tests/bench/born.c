// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * born idle N    forks N children that do nothing, says "ready", and takes them
 *                with it at SIGTERM
 * born burst N   forks N children that exit at once, one after the other
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void sleep_for_good(pid_t parent, const sigset_t *ends)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_UNBLOCK, ends, NULL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

/* Children that nobody waits for leave no zombies, and init no work.  Not with
 * wait(2), which goes through all of them at each death: the pipe has its end
 * when the last has closed it. */
static void end_children(int alive[2])
{
	char none;

	signal(SIGTERM, SIG_IGN);
	close(alive[1]);
	kill(0, SIGTERM);
	while (read(alive[0], &none, 1) < 0 && errno == EINTR)
		;
}

static int idle(long count)
{
	pid_t parent = getpid(), pid = 1;
	int number, alive[2];
	sigset_t ends;

	setpgid(0, 0);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGCHLD, SIG_IGN);
	if (pipe(alive) < 0)
		return 1;
	for (long i = 0; i < count && pid > 0; i++) {
		pid = fork();
		if (pid == 0)
			sleep_for_good(parent, &ends);
	}
	if (pid > 0) {
		puts("ready");
		fflush(stdout);
		sigwait(&ends, &number);
	} else {
		perror("fork");
	}
	end_children(alive);
	return pid < 0;
}

static int burst(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	char *end = NULL;
	long count = argc == 3 ? strtol(argv[2], &end, 10) : -1;

	if (count < 0 || *end) {
		fprintf(stderr, "usage: born idle|burst COUNT\n");
		return 2;
	}
	signal(SIGCHLD, SIG_DFL);
	if (!strcmp(argv[1], "idle"))
		return idle(count);
	return burst(count);
}
