/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conffile.h - which configuration files there are, and their texts
 *
 * systemd's rules: the main files in reading order, then drop-ins of all
 * folders sorted by name; a name in a later folder replaces the same name in
 * an earlier one, and a link to /dev/null (or an empty file) masks it.  What
 * the texts mean is policy/config.h's business.
 */
#pragma once

#include "daemon/policy/config.h"

/* DIR/pinsafed.conf and DIR/pinsafed.conf.d below root (NULL: the system's
 * places).  How many files were read; -EINVAL: *ret_errors says all that is wrong, *ret_config is
 * untouched; -ENOENT: root is not a folder; -ENOMEM.  *ret_errors is always
 * set. */
int conffile_load(const char *root, struct config *ret_config,
		  struct config_errors *ret_errors);

/* One "path:line: text" a line, for the operator. */
int conffile_format_errors(const struct config_errors *errors, char **ret_text);
