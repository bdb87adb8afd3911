// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scale [PROCESSES [POLICIES]] - what a large host costs where it is decided on
 *
 * Makes up a host (10,000 processes, half of them pinners, in 500 cgroups) and a
 * configuration of 200 policies of which most match nobody, and prints how long it
 * takes to read the configuration, to decide, to write the host as a snapshot, to
 * read that, and to plan on it, in CPU time.  Nothing is asserted.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/dump.h"
#include "daemon/policy/decide.h"
#include "daemon/whatif.h"
#include "module/uapi/pinsafe.h"

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double tell(const char *what, double since_ms)
{
	double now = now_ms();

	printf("%-28s %8.1f ms\n", what, now - since_ms);
	return now_ms();
}

__attribute__((format(printf, 1, 2)))
static char *format(const char *text, ...)
{
	char *result;
	va_list args;
	int r;

	va_start(args, text);
	r = vasprintf(&result, text, args);
	va_end(args);
	if (r < 0)
		exit(1);
	return result;
}

static void make_host(struct host_facts *host)
{
	host->balancing = 1;
	host->has_module = true;
	host->module_features = PINSAFE_FEATURE_HOLD | PINSAFE_FEATURE_HOLD_CGROUP;
	host->module_armed = PINSAFE_FEATURE_HOLD;
	host->verdict = VERDICT_FIXED;
	host->n_nodes = 2;
	host->nodes = calloc(2, sizeof(*host->nodes));
	for (unsigned int i = 0; i < 2; i++) {
		host->nodes[i].node = i;
		for (unsigned int cpu = 0; cpu < 64; cpu++)
			nodeset_add(&host->nodes[i].cpus, i * 64 + cpu);
		nodeset_add(&host->nodes_online, i);
	}
	host->nodes_memory = host->nodes_cpu = host->nodes_online;
}

static void make_processes(struct snapshot *snapshot, size_t n)
{
	snapshot->processes = calloc(n, sizeof(*snapshot->processes));
	snapshot->n_processes = n;
	for (size_t i = 0; i < n; i++) {
		struct process_facts *facts = &snapshot->processes[i];

		facts->id = (struct process_id){ (pid_t)(1000 + i), 5000 + i };
		snprintf(facts->comm, sizeof(facts->comm), "job-%zu", i % 1000);
		facts->uid = 1000 + (uid_t)(i % 50);
		facts->exe = format("/opt/tenant%zu/bin/worker%zu", i % 40, i % 7);
		facts->cgroup = format("/system.slice/tenant-%zu.service", i % 500);
		facts->cgroup_id = 10 + i % 500;
		facts->threads = 4;
		facts->vm_pin_bytes = i % 2 ? 64ULL << 20 : 0;
		facts->mems_allowed = snapshot->host.nodes_memory;
		facts->cpus_allowed = strdup("0-127");
		if (i % 10)
			continue;
		facts->devices = calloc(1, sizeof(*facts->devices));
		facts->n_devices = 1;
		facts->devices[0].path = format("/dev/infiniband/uverbs%zu", i % 8);
	}
}

static char *make_config(size_t n)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	fputs("[Daemon]\nMode=enforce\n", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "[Policy p%zu]\nPriority=%zu\nMatchCGroup=/other.slice/t-%zu*/**\n"
			"MatchExecutable=/opt/other%zu/**\nMatchPinnedMin=1M\nAction=auto\n",
			i, i, i, i);
	fputs("[Policy rest]\nPriority=0\nMatchPinnedMin=1M\nAction=auto\n", out);
	fclose(out);
	return text;
}

static void load(const char *text, struct config *config)
{
	struct config_source source = { "made-up", text };
	struct config_errors errors;

	if (config_parse(&source, 1, NULL, config, &errors) < 0) {
		fprintf(stderr, "%s\n", errors.errors[0].text);
		exit(1);
	}
	config_errors_done(&errors);
}

static void plan(const struct dump *dump, const struct config *config)
{
	FILE *null = fopen("/dev/null", "w");
	size_t exposed;

	if (whatif_write(dump, config, true, null, &exposed) < 0)
		exit(1);
	fclose(null);
}

int main(int argc, char **argv)
{
	size_t n_processes = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	size_t n_policies = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
	char *text = make_config(n_policies), *json, *why = NULL;
	struct dump dump = { .now_usec = 1000 }, copy;
	struct config config;
	struct plan decided;
	double since;
	size_t length;
	FILE *out;

	make_host(&dump.snapshot.host);
	make_processes(&dump.snapshot, n_processes);
	printf("%zu processes, %zu policies\n", n_processes, n_policies);
	since = now_ms();
	load(text, &config);
	since = tell("read the configuration", since);
	if (policy_decide(&(struct decide_input){ .config = &config, .snapshot = &dump.snapshot,
						  .now_usec = 1000 }, &decided) < 0)
		return 1;
	since = tell("decide", since);
	out = open_memstream(&json, &length);
	if (!out || dump_write(&dump, out) < 0 || fclose(out) != 0)
		return 1;
	since = tell("write the snapshot", since);
	if (dump_parse(json, length, &copy, &why) < 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	since = tell("read the snapshot", since);
	plan(&copy, &config);
	tell("plan on it", since);
	printf("%-28s %8.1f MB\n", "the snapshot", (double)length / 1e6);
	plan_done(&decided);
	config_done(&config);
	dump_done(&copy);
	dump_done(&dump);
	free(json);
	free(text);
	return 0;
}
