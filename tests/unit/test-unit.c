// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/base/unit.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define USER	"/user.slice/user-7.slice/user@7.service"

/* system's unit, user's unit, what of the path is the system's unit */
static const struct {
	const char *path, *unit, *user, *own;
} paths[] = {
	{ "/system.slice/a.service", "a.service", "", "/system.slice/a.service" },
	{ "/system.slice/a.service/w/1", "a.service", "", "/system.slice/a.service" },
	{ "/system.slice/system-a.slice/a@1.service", "a@1.service", "",
	  "/system.slice/system-a.slice/a@1.service" },
	{ "/init.scope", "init.scope", "", "/init.scope" },
	{ "/a.service", "a.service", "", "/a.service" },
	{ "/system.slice/dev-hugepages.mount", "dev-hugepages.mount", "",
	  "/system.slice/dev-hugepages.mount" },
	{ "/system.slice/_cpu.service", "cpu.service", "", "/system.slice/_cpu.service" },
	{ "/system.slice/__x.service", "_x.service", "", "/system.slice/__x.service" },
	{ "/system.slice/a\\x2db.service", "a\\x2db.service", "",
	  "/system.slice/a\\x2db.service" },
	{ "/user.slice/user-7.slice/session-3.scope", "session-3.scope", "",
	  "/user.slice/user-7.slice/session-3.scope" },
	{ USER "/init.scope", "user@7.service", "init.scope", USER },
	{ USER "/app.slice/b.scope/x", "user@7.service", "b.scope", USER },
	{ USER "/app.slice", "user@7.service", "", USER },
	{ USER, "user@7.service", "", USER },
	/* not a user's manager */
	{ "/system.slice/user@x.service/b.scope", "user@x.service", "",
	  "/system.slice/user@x.service" },
	/* the names below a unit are not systemd's */
	{ "/system.slice/docker-1.scope/system.slice/ssh.service", "docker-1.scope", "",
	  "/system.slice/docker-1.scope" },
	{ "/docker/" ID, "", "", "" },
	{ "/jobs/a.service", "", "", "" },
	{ "/system.slice", "", "", "" },
	{ "/.slice/a.service", "", "", "" },
	{ "/.service", "", "", "" },
	{ "/@.service", "", "", "" },
	{ "/a b.service", "", "", "" },
	{ "/", "", "", "" },
	{ "", "", "", "" },
};

static void test_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char unit[UNIT_NAME_SIZE], user[UNIT_NAME_SIZE];
		size_t length = unit_path_length(paths[i].path);

		assert_int_equal(unit_of_cgroup(paths[i].path, unit), paths[i].unit[0] != '\0');
		assert_string_equal(unit, paths[i].unit);
		assert_int_equal(unit_of_user(paths[i].path, user), paths[i].user[0] != '\0');
		assert_string_equal(user, paths[i].user);
		assert_int_equal(length, strlen(paths[i].own));
		assert_memory_equal(paths[i].path, paths[i].own, length);
	}
}

static void test_no_path(void **state)
{
	char name[UNIT_NAME_SIZE] = "x";

	(void)state;
	assert_false(unit_of_cgroup(NULL, name));
	assert_string_equal(name, "");
	assert_false(unit_of_user(NULL, name));
	assert_int_equal(unit_path_length(NULL), 0);
	assert_false(unit_is_container(NULL));
}

static void test_longest_name(void **state)
{
	char path[UNIT_NAME_SIZE + 2] = "/", name[UNIT_NAME_SIZE];

	(void)state;
	memset(path + 1, 'a', UNIT_NAME_SIZE - 1);
	memcpy(path + UNIT_NAME_SIZE - 8, ".service", 9);
	assert_true(unit_of_cgroup(path, name));
	assert_string_equal(name, path + 1);
	memcpy(path + UNIT_NAME_SIZE - 8, "a.service", 10);
	assert_false(unit_of_cgroup(path, name));
}

static void test_names(void **state)
{
	(void)state;
	assert_true(unit_is_name("a.service"));
	assert_true(unit_is_name("a@b.scope"));
	assert_false(unit_is_name("a"));
	assert_false(unit_is_name("a.slice"));
	assert_false(unit_is_name(".service"));
	assert_false(unit_is_name("a/b.service"));
	assert_false(unit_is_name(""));
}

static const char *const containers[] = {
	"/system.slice/docker-" ID ".scope",
	"/system.slice/docker-" ID ".scope/system.slice/ssh.service",
	"/docker/" ID,
	"/batch/" ID "/x",
	"/machine.slice/libpod-" ID ".scope/container",
	USER "/user.slice/libpod-" ID ".scope/container",
	"/libpod_parent/libpod-" ID,
	"/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" ID ".scope",
	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
	"cri-containerd-" ID ".scope",
	"/kubepods/besteffort/pod1/" ID,
	"/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope",
	"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID,
	"/system.slice/nerdctl-" ID ".scope",
	"/machine.slice/machine-web.scope",
	"/machine.slice/machine-web.scope/payload/system.slice/a.service",
	"/machine.slice/machine-lxc\\x2d12\\x2dweb.scope",
	"/machine.slice/systemd-nspawn@web.service/payload",
	"/machine.slice/systemd-nspawn@web.service/payload/init.scope",
	"/lxc/web", "/lxc.payload.web/init.scope", "/lxc.payload/web",
};

static const char *const others[] = {
	"/", "", "/system.slice/docker.service", "/system.slice/dockerd-1.scope",
	"/system.slice/containerd.service", "/system.slice/kubelet.service",
	"/system.slice/slurmstepd.scope/job_5/step_0/user/task_0",
	"/machine.slice/libpod-conmon-" ID ".scope", "/machine.slice",
	"/system.slice/crio-conmon-" ID ".scope", "/system.slice/crio.service",
	"/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator",
	"/machine.slice/systemd-nspawn@web.service/supervisor",
	"/lxc.monitor.web", "/system.slice/lxc.service", "/lxcfs",
	"/system.slice/0123456789abcdef.service",
	"/system.slice/" ID "0", USER "/app.slice/app-flatpak-org.x-1.scope",
};

static void test_containers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
		if (!unit_is_container(containers[i]))
			fail_msg("%s is a container's", containers[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (unit_is_container(others[i]))
			fail_msg("%s is no container's", others[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_no_path),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_containers),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
