// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/same-file.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

bool same_file_can_compare(int pid_fd)
{
	struct statfs fs;

	return fstatfs(pid_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int same_file_compare(pid_t pid, int fd, int other, int *ret_order)
{
	long r = syscall(SYS_kcmp, pid, pid, KCMP_FILE, (unsigned long)fd,
			 (unsigned long)other);

	if (r < 0)
		return -errno;
	if (r > 2)		/* not the same, says kcmp(2), and in no order */
		return -ENOSYS;
	*ret_order = r == 1 ? -1 : r == 2;
	return 0;
}
