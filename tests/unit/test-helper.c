// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/helper.h"
#include "tests/unit/fake-ioctl.h"

DEFINE_CLEANUP_EMBEDDED(struct host_facts, host_facts_done);

/* A module of our own. */
static struct {
	int error;		/* what every command fails with; 0: works */
	struct pinsafe_info info;
	struct pinsafe_counters counters;
	struct pinsafe_watch watch;
	struct pinsafe_rearm rearm;
} module;

static int fake_call(int fd, unsigned long request, void *argument)
{
	(void)fd;
	if (module.error)
		return module.error;
	switch (request) {
	case PINSAFE_GET_INFO:
		memcpy(argument, &module.info, sizeof(module.info));
		return 0;
	case PINSAFE_GET_COUNTERS:
		memcpy(argument, &module.counters, sizeof(module.counters));
		return 0;
	case PINSAFE_WATCH:
		memcpy(&module.watch, argument, sizeof(module.watch));
		return 0;
	case PINSAFE_REARM:
		memcpy(&module.rearm, argument, sizeof(module.rearm));
		return 0;
	}
	return ENOTTY;
}

static int module_load(void **state)
{
	(void)state;
	memset(&module, 0, sizeof(module));
	module.info = (struct pinsafe_info){
		.abi = PINSAFE_ABI,
		.abi_oldest = PINSAFE_ABI_OLDEST,
		.features = PINSAFE_FEATURE_HOLD | PINSAFE_FEATURE_SIGHT,
		.max_holds = 64,
	};
	memset(module.info.version, '9', sizeof(module.info.version));
	module.counters.armed = PINSAFE_FEATURE_HOLD;
	return 0;
}

static void test_open(void **state)
{
	_cleanup_(close) int fd = -1;

	(void)state;
	assert_int_equal(helper_open("/dev/no-such-module"), -ENOENT);
	fd = helper_open("/dev/null");
	assert_true(fd >= 0);
	module.error = ENOTTY;			/* something else has our name */
	assert_int_equal(helper_open("/dev/null"), -EPROTO);
	module.error = EPERM;
	assert_int_equal(helper_open("/dev/null"), -EPERM);
}

static void test_versions(void **state)
{
	_cleanup_(close) int fd = -1;

	(void)state;
	module.info.abi = PINSAFE_ABI + 5;	/* newer, and still speaks ours */
	fd = helper_open("/dev/null");
	assert_true(fd >= 0);
	module.info.abi_oldest = PINSAFE_ABI + 1;
	assert_int_equal(helper_open("/dev/null"), -EPROTO);
	module.info.abi = PINSAFE_ABI_OLDEST - 1;
	module.info.abi_oldest = 0;
	assert_int_equal(helper_open("/dev/null"), -EPROTO);
}

static void test_load(void **state)
{
	_cleanup_(host_facts_done) struct host_facts host = { 0 };

	(void)state;
	host.module_missing = strdup("not loaded");
	module.error = EPERM;
	assert_int_equal(helper_load(0, &host), -EPERM);
	assert_false(host.has_module);
	assert_string_equal(host.module_missing, "not loaded");

	module.error = 0;
	assert_int_equal(helper_load(0, &host), 0);
	assert_true(host.has_module);
	assert_null(host.module_missing);
	assert_int_equal(host.module_abi, PINSAFE_ABI);
	assert_int_equal(host.module_features, PINSAFE_FEATURE_HOLD | PINSAFE_FEATURE_SIGHT);
	assert_int_equal(host.module_armed, PINSAFE_FEATURE_HOLD);
	assert_int_equal(host.module_max_holds, 64);
	assert_int_equal(strlen(host.module_version), sizeof(module.info.version));
}

static void test_watch_and_rearm(void **state)
{
	struct pinsafe_watch_device devices[2] = { { .major = 1 } };

	(void)state;
	assert_int_equal(helper_watch(0, devices, 2, NULL, 0), 0);
	assert_int_equal(module.watch.devices, (uintptr_t)devices);
	assert_int_equal(module.watch.device_count, 2);
	assert_int_equal(module.watch.cgroup_count, 0);
	assert_int_equal(helper_rearm(0, (struct process_id){ 7, 100 }), 0);
	assert_int_equal(module.rearm.pid, 7);
	assert_int_equal(module.rearm.start_ticks, 100);
	module.error = ENOENT;
	assert_int_equal(helper_rearm(0, (struct process_id){ 7, 100 }), -ENOENT);
}

static void test_events(void **state)
{
	struct pinsafe_event sent[2] = { { .type = PINSAFE_EVENT_PIN, .pid = 7 } }, got[4];
	_cleanup_(close) int reader = -1, writer = -1;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	reader = fds[0];
	writer = fds[1];
	memset(sent[0].module, 'x', sizeof(sent[0].module));	/* no NUL */
	assert_int_equal(helper_read_events(reader, got, 4), 0);
	assert_int_equal(write(writer, sent, sizeof(sent)), sizeof(sent));
	assert_int_equal(helper_read_events(reader, got, 4), 2);
	assert_int_equal(got[0].pid, 7);
	assert_int_equal(strlen(got[0].module), sizeof(got[0].module) - 1);
	assert_int_equal(write(writer, sent, 5), 5);
	assert_int_equal(helper_read_events(reader, got, 4), -EPROTO);
	assert_int_equal(helper_read_events(-1, got, 4), -EBADF);
}

static void test_explains_every_failure(void **state)
{
	static const int errors[] = { -ENOENT, -EBUSY, -EPERM, -EACCES, -EPROTO, -EIO };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_non_null(strstr(helper_explain(errors[i]), "pinsafe"));
	assert_non_null(strstr(helper_explain(-ENOENT), "modprobe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_open, module_load),
		cmocka_unit_test_setup(test_versions, module_load),
		cmocka_unit_test_setup(test_load, module_load),
		cmocka_unit_test_setup(test_watch_and_rearm, module_load),
		cmocka_unit_test_setup(test_events, module_load),
		cmocka_unit_test(test_explains_every_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
