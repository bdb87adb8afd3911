// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * born idle N    forks N children that do nothing, says "ready", waits for a
 *                signal, and takes them with it
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

static int idle(long count)
{
	pid_t parent = getpid();

	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(0);
			for (;;)
				pause();
		}
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
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
