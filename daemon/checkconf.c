// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/checkconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/conffile.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

int checkconf_load(const char *root, struct config *ret_config)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(free) char *text = NULL;
	int r = conffile_load(root, ret_config, &errors);

	if (r >= 0)
		return r;
	if (r == -EINVAL && conffile_format_errors(&errors, &text) == 0)
		fputs(text, stderr);
	else
		fprintf(stderr, "pinsafed: %s: %s%s\n", root ? root : "configuration",
			strerror(-r),
			root ? "; it should be a folder with pinsafed.conf in it" : "");
	return r;
}

static void print_files(const char *root)
{
	_cleanup_(free) char *text = NULL;

	if (conffile_format_files(root, &text) == 0)
		fputs(text, stdout);
}

int checkconf_check(const char *root, bool verbose)
{
	_cleanup_(config_done) struct config config = { 0 };
	int r;

	if (verbose)
		print_files(root);
	r = checkconf_load(root, &config);
	if (r < 0)
		return EXIT_FAILURE;
	if (r == 0)
		printf("%s: no configuration found, neither pinsafed.conf nor pinsafed.conf.d/*.conf; the defaults apply\n",
		       root ? root : "the system's folders");
	if (verbose)
		printf("%zu policies, %zu values: no errors\n", config.n_policies,
		       config.n_assignments);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int checkconf_print(const char *root)
{
	_cleanup_(config_done) struct config config = { 0 };
	_cleanup_(free) char *text = NULL;
	int r = checkconf_load(root, &config);

	if (r < 0)
		return EXIT_FAILURE;
	r = config_format(&config, &text);
	if (r < 0) {
		fprintf(stderr, "pinsafed: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	if (fputs(text, stdout) == EOF || fflush(stdout) != 0) {
		fprintf(stderr, "pinsafed: standard output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
