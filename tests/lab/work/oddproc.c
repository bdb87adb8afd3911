// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oddproc: a process whose memory is used by somebody unexpected
 *
 *   oddproc exec     a thread that is not the leader execs
 *   oddproc leave    the leader ends before its thread
 *   oddproc vfork    a child of vfork(2) uses the parent's memory
 *   oddproc share    a child shares the memory (CLONE_VM) and sleeps
 *   oddproc touch    none of these
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE	(32L << 20)
#define PAGE	4096

static char *memory;

static void touch(void)
{
	for (;;) {
		for (long i = 0; i < SIZE; i += PAGE)
			memory[i]++;
	}
}

static void *run_thread(void *how)
{
	if (strcmp(how, "exec") == 0) {
		sleep(3);
		execl("/proc/self/exe", "oddproc", "touch", NULL);
		_exit(1);
	}
	touch();
	return NULL;
}

/* Idle: it is for the owner's scans that it is held. */
static int run_sharer(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));
	char *how = argc == 2 ? argv[1] : "";
	pthread_t thread;

	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, SIZE);
	if (strcmp(how, "exec") == 0 || strcmp(how, "leave") == 0) {
		if (pthread_create(&thread, NULL, run_thread, how) != 0)
			return 1;
		if (how[0] == 'l')
			syscall(SYS_exit, 0);
	} else if (strcmp(how, "vfork") == 0) {
		if (vfork() == 0)
			touch();
	} else if (strcmp(how, "share") == 0) {
		if (clone(run_sharer, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
			return 1;
	} else if (strcmp(how, "touch") != 0) {
		fputs("usage: oddproc exec|leave|vfork|share|touch\n", stderr);
		return 2;
	}
	touch();
}
