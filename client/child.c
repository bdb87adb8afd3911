// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "daemon/base/cleanup.h"

/* Module tools lie where users' PATH does not lead. */
static void extend_path(void)
{
	const char *path = getenv("PATH");
	_cleanup_(free) char *longer = NULL;

	if (asprintf(&longer, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin") < 0) {
		longer = NULL;
		return;
	}
	setenv("PATH", longer, true);
}

static void become(char *const argv[], int out, bool with_stderr)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(with_stderr ? out : null, STDERR_FILENO);
	extend_path();
	execvp(argv[0], argv);
	_exit(127);
}

static int gather(int fd, char **ret_text)
{
	_cleanup_(free) char *text = NULL;
	size_t size;
	_cleanup_(fclose) FILE *out = open_memstream(&text, &size);
	char buf[4096];
	ssize_t n;

	if (!out)
		return -ENOMEM;
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		fwrite(buf, 1, (size_t)n, out);
	}
	if (fclose(take_ptr(out)) != 0)	/* which settles where the text lies */
		return -ENOMEM;
	*ret_text = take_ptr(text);
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_read(char *const argv[], bool with_stderr, char **ret_text)
{
	_cleanup_(free) char *text = NULL;
	_cleanup_(close) int in = -1, out = -1;
	int fds[2], r, status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(argv, out, with_stderr);
	close(take_fd(&out));
	r = gather(in, &text);
	status = wait_for(pid);
	if (r < 0)
		return r;
	if (status >= 0)
		*ret_text = take_ptr(text);
	return status;
}
