/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkconf.h - the configuration as a command line shows it
 *
 * What "pinsafed --check-config" and "--cat-config" do, with the reader that the
 * service has.  These print; the service itself never comes here.  root: see
 * conffile.h.
 */
#pragma once

#include <stdbool.h>

#include "daemon/policy/config.h"

/* Says on standard error what is wrong.  How many files were read; -EINVAL: it
 * is; negative errno: it could not be read. */
int checkconf_load(const char *root, struct config *ret_config);

/* Exit codes, EXIT_SUCCESS or EXIT_FAILURE.  verbose: also which files were
 * looked at. */
int checkconf_check(const char *root, bool verbose);
int checkconf_print(const char *root);
