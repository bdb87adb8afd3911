// SPDX-License-Identifier: GPL-2.0-or-later
/* Many processes that pin one page each: born and gone as fast as they can, or
 * all at once and there to stay. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pinlab.h"
#include "work.h"

static int pin_one_page(int mode)
{
	struct pinlab_pin arg = { .mode = mode, .len = sysconf(_SC_PAGESIZE) };
	void *page;
	int fd;

	page = mmap(NULL, arg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = open("/dev/pinlab", O_RDWR);
	if (page == MAP_FAILED || fd < 0)
		return -errno;
	arg.addr = (uintptr_t)page;
	return ioctl(fd, PINLAB_IOC_PIN, &arg) ? -errno : 0;
}

static int reap(void)
{
	int status;

	if (wait(&status) < 0)
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int storm_run(const char *mode_name, int count, int parallel)
{
	int mode = pinlab_mode_parse(mode_name), running = 0, done = 0;
	pid_t pid;

	if (mode < 0)
		return mode;
	while (count > 0 || running > 0) {
		if (count == 0 || running == parallel) {
			done += reap();
			running--;
			continue;
		}
		pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid)
			_exit(pin_one_page(mode) ? 1 : 0);
		count--;
		running++;
	}
	return done;
}

static void join_crowd(pid_t parent, int mode, int done_fd)
{
	char failed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	failed = pin_one_page(mode) != 0;
	if (write(done_fd, &failed, 1) != 1)
		_exit(1);
	while (getppid() == parent)
		pause();
	_exit(0);
}

int crowd_start(const char *mode_name, int count)
{
	int mode = pinlab_mode_parse(mode_name), done[2], pins = 0, i;
	pid_t pid, parent = getpid();
	char failed;

	if (mode < 0)
		return mode;
	if (pipe(done) < 0)
		return -errno;
	for (i = 0; i < count; i++) {
		pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid)
			join_crowd(parent, mode, done[1]);
	}
	for (i = 0; i < count; i++) {
		if (read(done[0], &failed, 1) != 1)
			return -EIO;
		pins += !failed;
	}
	return pins;
}
