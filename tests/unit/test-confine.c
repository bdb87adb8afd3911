// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Confining units of a made-up service manager and cgroups of a made-up tree.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "daemon/act/act.h"
#include "daemon/act/confine.h"
#include "daemon/act/cpuset.h"
#include "daemon/act/ledger.h"
#include "tests/unit/tree.h"

#define BOOT	"11111111-2222-3333-4444-555555555555"
#define UNIT	"/system.slice/a.service"
#define OTHER	"/jobs/7"

enum { CPUS, MEMS, PROPERTIES };

static const char *const properties[] = { "AllowedCPUs", "AllowedMemoryNodes" };
static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
static const char *const effective[] = { "cpuset.cpus.effective", "cpuset.mems.effective" };

/* One unit, a.service, as systemd shows it. */
static struct systemd {
	char cgroup[64];
	char value[PROPERTIES][32];
	char drop_ins[256];
	bool forgotten[PROPERTIES];
	bool is_stopped;	/* it has no cgroup */
	bool is_deaf;		/* takes what it is told, and changes nothing */
	unsigned int writes;
} systemd;

static struct tree tree;
static struct act_context context;

static const char *const all[] = { "0-3", "0-1" };

static void set_effective(const char *cgroup, const char *file, const char *list)
{
	char path[128];

	snprintf(path, sizeof(path), "cgroup%s/%s", cgroup, file);
	tree_write(&tree, path, list);
}

static void set_cpuset(const char *cgroup, int i, const char *list)
{
	set_effective(cgroup, files[i], list);
	set_effective(cgroup, effective[i], *list ? list : all[i]);
}

static void assert_file(const char *cgroup, const char *file, const char *text)
{
	char path[PATH_MAX], found[64] = "";
	FILE *in;

	snprintf(path, sizeof(path), "%s/cgroup%s/%s", tree.path, cgroup, file);
	in = fopen(path, "r");
	assert_non_null(in);
	if (!fgets(found, sizeof(found), in))
		*found = '\0';
	fclose(in);
	found[strcspn(found, "\n")] = '\0';
	assert_string_equal(found, text);
}

static int find_property(const char *name)
{
	return strcmp(name, properties[CPUS]) == 0 ? CPUS : MEMS;
}

static int units_read(void *userdata, const char *unit, const char *property, char **ret_value)
{
	(void)userdata;
	if (strcmp(unit, "a.service") != 0)
		return -ENOENT;
	if (strcmp(property, "ControlGroup") == 0)
		*ret_value = strdup(systemd.cgroup);
	else if (strcmp(property, "DropInPaths") == 0)
		*ret_value = strdup(systemd.drop_ins);
	else
		*ret_value = strdup(systemd.value[find_property(property)]);
	return 0;
}

static int units_write(void *userdata, const char *unit, const char *property, const char *value)
{
	int i = find_property(property);

	(void)userdata;
	assert_string_equal(unit, "a.service");
	snprintf(systemd.value[i], sizeof(systemd.value[i]), "%s", value);
	systemd.writes++;
	systemd.forgotten[i] = false;
	if (systemd.is_deaf)
		return 0;
	if (*value)	/* as systemd 252 is: an empty list is never written */
		set_cpuset(UNIT, i, value);
	else if (!systemd.is_stopped)	/* threads stay as they are: its controller goes */
		assert_file(UNIT, effective[i], all[i]);
	return 0;
}

static int units_forget(void *userdata, const char *unit, const char *property)
{
	(void)userdata;
	assert_string_equal(unit, "a.service");
	systemd.forgotten[find_property(property)] = true;
	return 0;
}

static const struct unit_manager units = {
	.read = units_read,
	.write = units_write,
	.forget = units_forget,
};

/* The library's door; see test-cpuset for that. */
int cpuset_write(const char *cgroup, const char *file, const char *list, const char **ret_why)
{
	*ret_why = NULL;
	if (!*list) {
		*ret_why = "it has processes in it";
		return -ENOSPC;
	}
	set_cpuset(cgroup, strcmp(file, files[CPUS]) == 0 ? CPUS : MEMS, list);
	return 0;
}

/* ---- the stage ---------------------------------------------------------------- */

static void make_cgroup(const char *cgroup)
{
	set_effective(cgroup, "cgroup.procs", "");
	for (int i = 0; i < PROPERTIES; i++)
		set_effective(cgroup, effective[i], all[i]);
}

static struct target_id id_of(const char *cgroup)
{
	struct target_id id = { .kind = TARGET_CGROUP, .cgroup = (char *)cgroup };
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/cgroup%s", tree.path, cgroup);
	assert_int_equal(stat(path, &st), 0);
	id.cgroup_id = st.st_ino;
	return id;
}

static int setup(void **state)
{
	(void)state;
	tree = tree_new();
	systemd = (struct systemd){ .cgroup = UNIT };
	make_cgroup("");
	make_cgroup("/system.slice");
	make_cgroup(UNIT);
	make_cgroup(OTHER);
	set_effective(OTHER, "cpuset.cpus", "\n");
	set_effective(OTHER, "cpuset.mems", "1\n");
	context = (struct act_context){
		.cgroup_fd = tree_open(&tree, "cgroup"),
		.units = &units,
	};
	return ledger_open(tree.fd, BOOT, &context.ledger);
}

static int teardown(void **state)
{
	(void)state;
	ledger_free(context.ledger);
	close(context.cgroup_fd);
	tree_done(&tree);
	return 0;
}

static int act(enum plan_op op, struct target_id id, const char *cpus, const char *mems)
{
	struct plan_item item = {
		.op = op,
		.id = id,
		.mode = MODE_ENFORCE,
		.action = ACTION_CONFINE,
		.cpus = (char *)cpus,
		.mems = (char *)mems,
	};

	*context.why = '\0';
	return act_apply(&context, &item);
}

static int apply(const char *cgroup, const char *cpus, const char *mems)
{
	return act(PLAN_APPLY, id_of(cgroup), cpus, mems);
}

static int undo(const char *cgroup)
{
	return act(PLAN_UNDO, id_of(cgroup), NULL, NULL);
}

static void assert_refused(const char *cgroup, const char *cpus, int error, const char *why)
{
	unsigned int writes = systemd.writes;

	assert_int_equal(apply(cgroup, cpus, NULL), error);
	assert_non_null(strstr(context.why, why));
	assert_int_equal(systemd.writes, writes);
}

static void assert_listed(bool is_draining, bool is_foreign, const char *cpus)
{
	struct held *held;
	size_t n;

	assert_int_equal(confine_actuator.list(&context, &held, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(held[0].is_draining, is_draining);
	assert_int_equal(held[0].is_foreign, is_foreign);
	assert_string_equal(held[0].cpus, cpus);
	held_free(held, n);
}

/* ---- whose a cgroup is ---------------------------------------------------------- */

static void test_owners(void **state)
{
	char unit[UNIT_NAME_SIZE];

	(void)state;
	assert_int_equal(confine_owner(UNIT, unit), OWNER_SYSTEMD);
	assert_string_equal(unit, "a.service");
	assert_int_equal(confine_owner("/system.slice", unit), OWNER_SYSTEMD);
	assert_string_equal(unit, "system.slice");
	assert_int_equal(confine_owner(UNIT "/worker", unit), OWNER_NOBODY);
	assert_int_equal(confine_owner(UNIT "/b.slice", unit), OWNER_NOBODY);
	assert_int_equal(confine_owner(OTHER, unit), OWNER_NOBODY);
	assert_int_equal(confine_owner("/user.slice/user-7.slice/user@7.service/app.slice/x.scope",
				       unit), OWNER_USER);
	assert_int_equal(confine_owner("/user.slice/user-7.slice/user@7.service", unit),
			 OWNER_SYSTEMD);
}

/* ---- systemd's -------------------------------------------------------------------- */

static void test_unit_there_and_back(void **state)
{
	(void)state;
	assert_int_equal(apply(UNIT, "0-1", "0"), ACT_DONE);
	assert_string_equal(systemd.value[CPUS], "0-1");
	assert_string_equal(systemd.value[MEMS], "0");
	assert_listed(false, false, "0-1");
	assert_int_equal(apply(UNIT, "0-1", "0"), ACT_NOOP);
	assert_int_equal(undo(UNIT), ACT_DONE);
	assert_string_equal(systemd.value[CPUS], "");
	assert_string_equal(systemd.value[MEMS], "");
	assert_true(systemd.forgotten[CPUS] && systemd.forgotten[MEMS]);
	assert_int_equal(systemd.writes, 4);
	for (int i = 0; i < PROPERTIES; i++) {
		assert_file(UNIT, files[i], all[i]);
		assert_file(UNIT, effective[i], all[i]);
	}
}

static void test_unit_with_its_own_setting(void **state)
{
	(void)state;
	snprintf(systemd.value[CPUS], sizeof(systemd.value[CPUS]), "0-2");
	assert_int_equal(apply(UNIT, "2", NULL), ACT_DONE);
	assert_int_equal(apply(UNIT, "1", NULL), ACT_DONE);
	assert_int_equal(undo(UNIT), ACT_DONE);
	assert_string_equal(systemd.value[CPUS], "0-2");
	assert_false(systemd.forgotten[MEMS]);
}

static void test_unit_changed_by_others_stays_so(void **state)
{
	(void)state;
	assert_int_equal(apply(UNIT, "0-1", NULL), ACT_DONE);
	snprintf(systemd.value[CPUS], sizeof(systemd.value[CPUS]), "0-2");
	set_effective(UNIT, effective[CPUS], "0-2");
	assert_listed(true, true, "0-1");
	assert_int_equal(undo(UNIT), ACT_FOREIGN);
	assert_string_equal(systemd.value[CPUS], "0-2");
	assert_false(systemd.forgotten[CPUS]);
}

/* "0-1,2" is "0-2" to systemd. */
static void test_lists_are_sets(void **state)
{
	(void)state;
	assert_int_equal(apply(UNIT, "0-1,2", NULL), ACT_DONE);
	snprintf(systemd.value[CPUS], sizeof(systemd.value[CPUS]), "0-2");
	assert_listed(false, false, "0-1,2");
	assert_int_equal(undo(UNIT), ACT_DONE);
}

static void test_an_offline_cpu_is_no_change(void **state)
{
	(void)state;
	assert_int_equal(apply(UNIT, "0-1", NULL), ACT_DONE);
	set_effective(UNIT, effective[CPUS], "0");
	assert_listed(false, false, "0-1");
}

static void test_no_cpuset_after_all_is_no_effect(void **state)
{
	char command[PATH_MAX];

	(void)state;
	systemd.is_deaf = true;
	snprintf(command, sizeof(command), "rm '%s/cgroup" UNIT "/cpuset.cpus.effective'", tree.path);
	tree_run(command);
	assert_int_equal(apply(UNIT, "0-1", NULL), -EBUSY);
	assert_string_equal(systemd.value[CPUS], "");
}

static void test_what_has_no_effect_is_undone(void **state)
{
	struct target_id id = id_of(UNIT);

	(void)state;
	systemd.is_deaf = true;
	assert_int_equal(apply(UNIT, "0-1", NULL), -EBUSY);
	assert_string_equal(systemd.value[CPUS], "");
	assert_true(systemd.forgotten[CPUS]);
	assert_null(ledger_find(context.ledger, ACTION_CONFINE, &id));
}

/* A service that is started again has another cgroup, and our drop-in. */
static void test_a_second_run(void **state)
{
	struct target_id first = id_of(UNIT);

	(void)state;
	first.cgroup_id++;	/* the run before */
	assert_int_equal(ledger_record(context.ledger, ACTION_CONFINE, &first, "p", 1), 0);
	assert_int_equal(ledger_save(context.ledger, ACTION_CONFINE, &first,
				     &(struct saved){ .name = (char *)"AllowedCPUs",
						      .before = (char *)"",
						      .ours = (char *)"0-1" }, 1), 0);
	snprintf(systemd.value[CPUS], sizeof(systemd.value[CPUS]), "0-1");
	assert_int_equal(apply(UNIT, "2", NULL), ACT_DONE);
	assert_string_equal(systemd.value[CPUS], "2");
	assert_null(ledger_find(context.ledger, ACTION_CONFINE, &first));
	assert_int_equal(undo(UNIT), ACT_DONE);
	assert_string_equal(systemd.value[CPUS], "");
}

static void test_a_run_that_ended(void **state)
{
	struct target_id id = id_of(UNIT);
	char command[PATH_MAX];

	(void)state;
	assert_int_equal(apply(UNIT, "0-1", NULL), ACT_DONE);
	snprintf(command, sizeof(command), "rm -r '%s/cgroup" UNIT "'", tree.path);
	tree_run(command);
	systemd.is_stopped = true;
	assert_listed(false, false, "0-1");
	assert_int_equal(act(PLAN_UNDO, id, NULL, NULL), ACT_DONE);
	assert_string_equal(systemd.value[CPUS], "");
}

/* ---- nobody's --------------------------------------------------------------------- */

static void test_cgroup_there_and_back(void **state)
{
	(void)state;
	assert_int_equal(apply(OTHER, "0-1", "0"), ACT_DONE);
	assert_file(OTHER, "cpuset.cpus", "0-1");
	assert_file(OTHER, "cpuset.mems", "0");
	assert_listed(false, false, "0-1");
	assert_int_equal(undo(OTHER), ACT_DONE);
	assert_file(OTHER, "cpuset.cpus", all[CPUS]);	/* it cannot be emptied */
	assert_file(OTHER, "cpuset.mems", "1");
	assert_int_equal(systemd.writes, 0);
}

/* ---- refused ---------------------------------------------------------------------- */

static void test_refused(void **state)
{
	struct target_id other = id_of(OTHER);

	(void)state;
	make_cgroup("/plain");
	assert_refused("/plain", "0", -EOPNOTSUPP, "does not hand cpuset down");
	assert_refused(OTHER, "0-4", -EINVAL, "the cgroup above has CPUs 0-3");
	assert_refused(OTHER, "x", -EINVAL, "");
	make_cgroup("/user.slice/user-7.slice/user@7.service/app.slice/x.scope");
	assert_refused("/user.slice/user-7.slice/user@7.service/app.slice/x.scope", "0",
		       -EOPNOTSUPP, "user's service manager");
	snprintf(systemd.cgroup, sizeof(systemd.cgroup), "/system.slice/else");
	assert_refused(UNIT, "0", -EOPNOTSUPP, "no unit with this cgroup");
	other.cgroup_id++;
	assert_int_equal(act(PLAN_APPLY, other, "0", NULL), ACT_GONE);
	assert_int_equal(apply(OTHER, NULL, NULL), -EINVAL);
	assert_int_equal(apply("/", "0", NULL), -EINVAL);
	context.units = NULL;
	assert_refused(UNIT, "0", -EOPNOTSUPP, "systemd does not answer");
}

static void test_an_administrators_drop_in_is_not_touched(void **state)
{
	(void)state;
	snprintf(systemd.drop_ins, sizeof(systemd.drop_ins),
		 "/run/systemd/system.control/a.service.d/50-AllowedCPUs.conf");
	assert_refused(UNIT, "0", -EBUSY, "set-property");
	assert_int_equal(apply(UNIT, NULL, "0"), ACT_DONE);	/* the other is free */
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		test(test_owners),
		test(test_unit_there_and_back),
		test(test_unit_with_its_own_setting),
		test(test_unit_changed_by_others_stays_so),
		test(test_lists_are_sets),
		test(test_an_offline_cpu_is_no_change),
		test(test_no_cpuset_after_all_is_no_effect),
		test(test_what_has_no_effect_is_undone),
		test(test_a_second_run),
		test(test_a_run_that_ended),
		test(test_cgroup_there_and_back),
		test(test_refused),
		test(test_an_administrators_drop_in_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
