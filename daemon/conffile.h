/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conffile.h - which configuration files there are, and their texts
 *
 * systemd's rules: the main files in reading order, then the drop-ins of all
 * folders (base/dropin.h).  What the texts mean is policy/config.h's business,
 * but who a user's name belongs to is looked up here, in the host's accounts.
 */
#pragma once

#include "daemon/policy/config.h"

/* root is a folder, of which DIR/pinsafed.conf and DIR/pinsafed.conf.d are read;
 * or one file, which is read alone; or NULL: the system's places.  How many files
 * were read; -EINVAL: *ret_errors says all that is wrong, *ret_config is untouched; -ENOENT: there
 * is no root; -ENOMEM.  *ret_errors is always set. */
int conffile_load(const char *root, struct config *ret_config,
		  struct config_errors *ret_errors);

/* The files that conffile_load() looks at, in that order, one "PATH: read",
 * "PATH: not there" or "PATH: masked" a line; what cannot be read is left to
 * conffile_load().  0 or negative errno. */
int conffile_format_files(const char *root, char **ret_text);

/* One "path:line: text" a line, for the operator. */
int conffile_format_errors(const struct config_errors *errors, char **ret_text);
