/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pinwork was asked for, beyond the work itself. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "work.h"

#define MAX_PEERS	64

struct options {
	struct work work;
	const char *control;
	int peers;		/* processes that share the memory, this one included */
	bool delay_pin;
	int storm, storm_parallel;	/* --storm: how many, and at a time */
	int crowd;			/* --crowd: how many */
	pid_t peer_pids[MAX_PEERS];	/* the others, once they run */
	int nr_peers;
	char **argv;		/* for exec */
};

/* options.c: -EINVAL after saying why on standard error */
int options_parse(struct options *options, int argc, char **argv);

/* commands.c: reads what is there of the control file and obeys it, one line
 * a command.  1: quit. */
int commands_read(struct options *options, int fd);
/* also at the start */
int command_pin(struct work *work);
/* " nodes=0:600,1:424" on standard output */
void print_nodes(const struct work *work);
/* a process that only touches the memory, until its parent ends; its pid */
pid_t fork_toucher(struct work *work, int thread);
uint64_t now_nsec(void);

#endif
