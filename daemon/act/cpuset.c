// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/cpuset.h"

#include <errno.h>
#include <libcgroup.h>
#include <stddef.h>
#include <string.h>

#include "daemon/base/cleanup.h"

static void cgroup_drop(struct cgroup *cgroup)
{
	cgroup_free(&cgroup);
}

DEFINE_CLEANUP(struct cgroup, cgroup_drop);

/* Its own codes, from 50000 on; ECGOTHER: errno, kept by the library. */
static int judge(int code, const char **ret_why)
{
	if (code == 0)
		return 0;
	*ret_why = cgroup_strerror(code);
	switch (code) {
	case ECGROUPNOTEXIST:
		return -ENOENT;
	case ECGROUPNOTALLOWED:
		return -EACCES;
	case ECGOTHER:
		return cgroup_get_last_errno() > 0 ? -cgroup_get_last_errno() : -EIO;
	default:
		return -EIO;
	}
}

/* The library reads once where what is mounted; mounts of cgroups do not come
 * and go. */
static int init(const char **ret_why)
{
	static bool is_ready;
	int r;

	if (is_ready)
		return 0;
	r = judge(cgroup_init(), ret_why);
	is_ready = r == 0;
	return r;
}

/* The library writes each line of a value that is not empty; a blank is nothing to
 * the kernel (cpuset_write_resmask() strips it) and something to the library. */
int cpuset_write(const char *cgroup, const char *file, const char *list, const char **ret_why)
{
	_cleanup_(cgroup_drop) struct cgroup *group = NULL;
	struct cgroup_controller *cpuset;
	int r;

	*ret_why = NULL;
	r = init(ret_why);
	if (r < 0)
		return r;
	group = cgroup_new_cgroup(cgroup + strspn(cgroup, "/"));
	cpuset = group ? cgroup_add_controller(group, "cpuset") : NULL;
	if (!cpuset)
		return -ENOMEM;
	r = judge(cgroup_set_value_string(cpuset, file, *list ? list : " "), ret_why);
	return r < 0 ? r : judge(cgroup_modify_cgroup(group), ret_why);
}
