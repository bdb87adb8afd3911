// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - argv, and the only place that knows where the host's files are
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>

#include "daemon/base/log.h"
#include "daemon/checkconf.h"
#include "daemon/manager.h"
#include "daemon/orders.h"
#include "daemon/rehearse.h"
#include "daemon/restore.h"
#include "module/uapi/pinsafe.h"

#ifndef PINSAFE_RUNTIMEDIR
#define PINSAFE_RUNTIMEDIR	"/run/pinsafed"
#endif

#define EXIT_USAGE	2

/* A pidfd for each known process. */
#define WANTED_FILES	16384

static const char usage[] =
	"Usage: pinsafed [OPTION]...\n"
	"       pinsafed --check-config|--cat-config [DIR]\n"
	"       pinsafed --plan [--snapshot=FILE] [--config-root=DIR] [--json]\n"
	"Keeps NUMA balancing away from pinned memory.\n"
	"\n"
	"  --check-config      say what is wrong with the configuration, of DIR (or of one\n"
	"                      file) if given, and end: 0 nothing, 1 something\n"
	"  --cat-config        print it as one file, each value with its origin\n"
	"  --plan              say what the configuration would change on the host of a\n"
	"                      snapshot, and end: 0 nothing becomes exposed, 1 something\n"
	"  --snapshot=FILE     that snapshot, as pinsafectl snapshot writes it; - (the\n"
	"                      default): standard input\n"
	"  --json              the plan as JSON\n"
	"  --restore           put back what a daemon that was stopped had set, and end:\n"
	"                      for the service, at a stop\n"
	"  --foreground        stay in the foreground (it always does)\n"
	"  --config-root=DIR   read DIR/pinsafed.conf and DIR/pinsafed.conf.d\n"
	"  --runtime-dir=DIR   keep the ledger there (" PINSAFE_RUNTIMEDIR ")\n"
	"  --device=FILE       the helper module's device (" PINSAFE_DEVICE ")\n"
	"  --bus=BUS           system (the default), session, or an address\n"
	"  --proc-root=DIR, --sys-root=DIR, --dev-root=DIR, --fs-root=DIR\n"
	"                      look at a recorded tree\n"
	"  --debug             say more\n"
	"  --help, --version\n";

enum {
	OPTION_CAT_CONFIG = 256,
	OPTION_CHECK_CONFIG,
	OPTION_FOREGROUND,
	OPTION_JSON,
	OPTION_PLAN,
	OPTION_RESTORE,
	OPTION_SNAPSHOT,
	OPTION_PROC_ROOT,
	OPTION_SYS_ROOT,
	OPTION_DEV_ROOT,
	OPTION_FS_ROOT,
	OPTION_CONFIG_ROOT,
	OPTION_RUNTIME_DIR,
	OPTION_DEVICE,
	OPTION_BUS,
	OPTION_DEBUG,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "cat-config", no_argument, NULL, OPTION_CAT_CONFIG },
	{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
	{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "plan", no_argument, NULL, OPTION_PLAN },
	{ "restore", no_argument, NULL, OPTION_RESTORE },
	{ "snapshot", required_argument, NULL, OPTION_SNAPSHOT },
	{ "proc-root", required_argument, NULL, OPTION_PROC_ROOT },
	{ "sys-root", required_argument, NULL, OPTION_SYS_ROOT },
	{ "dev-root", required_argument, NULL, OPTION_DEV_ROOT },
	{ "fs-root", required_argument, NULL, OPTION_FS_ROOT },
	{ "config-root", required_argument, NULL, OPTION_CONFIG_ROOT },
	{ "runtime-dir", required_argument, NULL, OPTION_RUNTIME_DIR },
	{ "device", required_argument, NULL, OPTION_DEVICE },
	{ "bus", required_argument, NULL, OPTION_BUS },
	{ "debug", no_argument, NULL, OPTION_DEBUG },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* What argv asks for. */
struct request {
	struct options options;
	bool cat_config;
	bool check_config;
	bool plan;
	bool json;
	bool restore;
	const char *snapshot;
	bool debug;
	const char *text;		/* to print and end */
};

static const char **option_string(struct options *options, int option)
{
	switch (option) {
	case OPTION_PROC_ROOT:
		return &options->proc_root;
	case OPTION_SYS_ROOT:
		return &options->sys_root;
	case OPTION_DEV_ROOT:
		return &options->dev_root;
	case OPTION_FS_ROOT:
		return &options->fs_root;
	case OPTION_CONFIG_ROOT:
		return &options->config_root;
	case OPTION_RUNTIME_DIR:
		return &options->runtime_dir;
	case OPTION_DEVICE:
		return &options->device;
	case OPTION_BUS:
		return &options->bus;
	}
	return NULL;
}

/* 0, or -EINVAL after having said why. */
static int parse_option(struct request *request, int option)
{
	const char **string = option_string(&request->options, option);

	if (string) {
		*string = optarg;
		return 0;
	}
	switch (option) {
	case OPTION_CAT_CONFIG:
		request->cat_config = true;
		return 0;
	case OPTION_CHECK_CONFIG:
		request->check_config = true;
		return 0;
	case OPTION_PLAN:
		request->plan = true;
		return 0;
	case OPTION_RESTORE:
		request->restore = true;
		return 0;
	case OPTION_SNAPSHOT:
		request->snapshot = optarg;
		return 0;
	case OPTION_JSON:
		request->json = true;
		return 0;
	case OPTION_FOREGROUND:
		return 0;
	case OPTION_DEBUG:
		request->debug = true;
		return 0;
	case OPTION_HELP:
		request->text = usage;
		return 0;
	case OPTION_VERSION:
		request->text = "pinsafed " PACKAGE_VERSION "\n";
		return 0;
	}
	fputs("Try pinsafed --help.\n", stderr);	/* getopt has named it */
	return -EINVAL;
}

static int parse_argv(struct request *request, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (parse_option(request, option) < 0)
			return -EINVAL;
	}
	if ((request->check_config || request->cat_config) && argc == optind + 1)
		request->options.config_root = argv[optind++];
	if (!request->plan && (request->json || request->snapshot)) {
		fputs("pinsafed: --json and --snapshot belong to --plan\nTry pinsafed --help.\n",
		      stderr);
		return -EINVAL;
	}
	if (optind < argc) {
		fprintf(stderr, "pinsafed: %s: unexpected argument\nTry pinsafed --help.\n",
			argv[optind]);
		return -EINVAL;
	}
	return 0;
}

/* Where that is not allowed, exits are noticed later: see targets.c. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= WANTED_FILES)
		return;
	limit.rlim_cur = limit.rlim_max < WANTED_FILES ? limit.rlim_max : WANTED_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The loop takes them from a signalfd; blocked before the first one can come. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(const struct options *options)
{
	_cleanup_(state_done) struct state state;
	_cleanup_(free) char *errors = NULL;
	const char *what;
	int r;

	r = state_open(&state, options, &what);
	if (r < 0) {
		log_error("%s: %s", what, strerror(-r));
		return EXIT_FAILURE;
	}
	state.status.started_usec = state_now_usec();
	/* A host with a broken file is better watched than left alone; the
	 * journal, status and metrics say so. */
	(void)orders_reload(&state, state.status.started_usec, &errors);
	r = manager_run(&state, &what);
	if (r < 0)
		log_error("%s: %s", what, strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct request request = {
		.options = {
			.proc_root = "/proc",
			.sys_root = "/sys",
			.dev_root = "/dev",
			.fs_root = "/",
			.runtime_dir = PINSAFE_RUNTIMEDIR,
			.device = PINSAFE_DEVICE,
			.bus = "system",
		},
	};

	if (parse_argv(&request, argc, argv) < 0)
		return EXIT_USAGE;
	if (request.text)
		return fputs(request.text, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (request.check_config)
		return checkconf_check(request.options.config_root, request.debug);
	if (request.cat_config)
		return checkconf_print(request.options.config_root);
	if (request.plan)
		return rehearse(request.snapshot ? request.snapshot : "-",
				request.options.config_root, request.json);
	log_init("pinsafed", request.debug ? LOG_DEBUG : LOG_INFO);
	if (request.restore)
		return restore_run(&request.options);
	block_signals();
	raise_file_limit();
	return run(&request.options);
}
