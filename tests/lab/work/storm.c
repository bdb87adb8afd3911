// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes that are born, pin one page and die, as fast as they can. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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
