/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code.h - a system call instruction in another process
 *
 * Nothing is written into a process to make it call the kernel: the instruction
 * that it needs stands in its own code, in the vdso to begin with.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Address of such an instruction; 0, -ENOENT: there is none, or it cannot be
 * read; -ESRCH. */
int code_find_call(int pid_fd, uint64_t *ret_address);

/* Is it still there for this thread of the process, which is stopped and so cannot
 * become another program?  0: yes; 1: not, and another one was found; else as
 * code_find_call(). */
int code_check_call(int pid_fd, pid_t tid, uint64_t *address);

/* Reads size bytes of its memory; 0 or negative errno. */
int code_read(int pid_fd, uint64_t address, void *buf, size_t size);

/* May it be in the middle of a restartable sequence (rseq(2)) when it is caught
 * in code of its own?  Kernels before 5.13 do not tell where such a sequence is
 * described; then what counts is whether any program or library that it has
 * mapped brings some.  When in doubt: yes. */
bool code_has_sequences(int pid_fd);
