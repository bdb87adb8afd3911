// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mempolicy/code.h"

#include <errno.h>
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/mempolicy/arch.h"

#define MAPS_MAX (64U << 20)

/* The vdso has two pages; a C library's first calls come early in its text. */
#define LOOK_BYTES (256U << 10)

/* Section names of a program; the longest of C++ have some ten kilobytes. */
#define NAMES_MAX (1U << 20)

/* linux/rseq.h and librseq, tcmalloc, folly all give their descriptors this. */
#define SEQUENCE_SECTION "__rseq_cs"

struct mapping {
	uint64_t start, end;
	bool is_code;
	const char *name;	/* "[vdso]", a path, or "" */
};

/* "start-end perms offset dev inode   name"; takes the line apart. */
static bool parse_mapping(char *line, struct mapping *ret_mapping)
{
	char perms[5];
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &ret_mapping->start,
		   &ret_mapping->end, perms, &name) < 3)
		return false;
	ret_mapping->is_code = perms[0] == 'r' && perms[2] == 'x';
	ret_mapping->name = name ? line + name : "";
	return true;
}

int code_read(int pid_fd, uint64_t address, void *buf, size_t size)
{
	_cleanup_(close) int fd = openat(pid_fd, "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, buf, size, (off_t)address);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

static int look(int pid_fd, const struct mapping *mapping, uint64_t *ret_address)
{
	uint64_t size = mapping->end - mapping->start;
	_cleanup_(free) uint8_t *text = NULL;

	if (size > LOOK_BYTES)
		size = LOOK_BYTES;
	text = malloc(size);
	if (!text)
		return -ENOMEM;
	if (code_read(pid_fd, mapping->start, text, size) < 0)
		return -ENOENT;
	for (size_t i = 0; i + arch_call_size <= size; i += arch_call_align) {
		if (memcmp(text + i, arch_call, arch_call_size) == 0) {
			*ret_address = mapping->start + i;
			return 0;
		}
	}
	return -ENOENT;
}

/* visit: 0 ends the walk; else -ENOENT at the end. */
static int walk(int pid_fd, int (*visit)(int pid_fd, const struct mapping *mapping, void *arg),
		void *arg)
{
	_cleanup_(free) char *text = NULL;
	struct mapping mapping;
	char *next, *line;
	ssize_t len;
	int r = -ENOENT;

	len = fs_read_all(pid_fd, "maps", MAPS_MAX, &text);
	if (len < 0)
		return (int)len;
	for (next = text; r == -ENOENT && (line = strsep(&next, "\n"));) {
		if (parse_mapping(line, &mapping))
			r = visit(pid_fd, &mapping, arg);
	}
	return r;
}

static int look_in_vdso(int pid_fd, const struct mapping *mapping, void *ret_address)
{
	if (!mapping->is_code || strcmp(mapping->name, "[vdso]") != 0)
		return -ENOENT;
	return look(pid_fd, mapping, ret_address);
}

/* [vsyscall] traps instead of calling. */
static int look_anywhere(int pid_fd, const struct mapping *mapping, void *ret_address)
{
	if (!mapping->is_code || *mapping->name != '/')
		return -ENOENT;
	return look(pid_fd, mapping, ret_address);
}

int code_find_call(int pid_fd, uint64_t *ret_address)
{
	int r = walk(pid_fd, look_in_vdso, ret_address);

	return r == -ENOENT ? walk(pid_fd, look_anywhere, ret_address) : r;
}

/* By the thread and not by the process, whose first thread may have ended. */
int code_check_call(int pid_fd, pid_t tid, uint64_t *address)
{
	_cleanup_(close) int task_fd = -1;
	uint8_t text[8] = { 0 };
	char path[32];
	int r;

	snprintf(path, sizeof(path), "task/%d", tid);
	task_fd = openat(pid_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task_fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (code_read(task_fd, *address, text, arch_call_size) == 0 &&
	    memcmp(text, arch_call, arch_call_size) == 0)
		return 0;
	r = code_find_call(task_fd, address);
	return r < 0 ? r : 1;
}

/* ---- restartable sequences ------------------------------------------------ */

/* Is there a section of this name?  1, 0, or negative errno: cannot tell. */
static int has_section(int fd, const char *name)
{
	_cleanup_(free) char *names = NULL;
	Elf64_Ehdr header;
	Elf64_Shdr section;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return 0;	/* no program: data that is mapped */
	if (header.e_shoff == 0 || header.e_shstrndx == SHN_UNDEF ||
	    header.e_shstrndx == SHN_XINDEX)
		return -EINVAL;	/* stripped of its section table */
	if (pread(fd, &section, sizeof(section),
		  (off_t)(header.e_shoff + (uint64_t)header.e_shstrndx * sizeof(section))) !=
		    sizeof(section) ||
	    section.sh_size > NAMES_MAX)
		return -EINVAL;
	names = calloc(1, section.sh_size + 1);
	if (!names)
		return -ENOMEM;
	if (pread(fd, names, section.sh_size, (off_t)section.sh_offset) !=
	    (ssize_t)section.sh_size)
		return -EINVAL;
	return memmem(names, section.sh_size, name, strlen(name)) != NULL;
}

/* Through map_files, so that a file which is deleted, or of another mount
 * namespace, is the one that is mapped.  0: this one has sequences. */
static int find_sequences(int pid_fd, const struct mapping *mapping, void *arg)
{
	_cleanup_(close) int fd = -1;
	char path[64];

	(void)arg;
	if (!mapping->is_code || strcmp(mapping->name, "[vdso]") == 0 ||
	    strcmp(mapping->name, "[vsyscall]") == 0)
		return -ENOENT;
	if (*mapping->name != '/')
		return 0;	/* code made at run time */
	snprintf(path, sizeof(path), "map_files/%" PRIx64 "-%" PRIx64, mapping->start,
		 mapping->end);
	fd = openat(pid_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return 0;
	return has_section(fd, SEQUENCE_SECTION) == 0 ? -ENOENT : 0;
}

bool code_has_sequences(int pid_fd)
{
	return walk(pid_fd, find_sequences, NULL) != -ENOENT;
}
