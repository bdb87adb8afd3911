/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dropin.h - drop-in files by systemd's rules
 *
 * Files "*.conf" of several folders, sorted by name; a name in a later folder
 * replaces the same name in an earlier one.  What masks (a link to /dev/null, an
 * empty file) is listed like any other: its text is empty.
 */
#pragma once

#include <stddef.h>

struct dropins {
	char **paths;		/* "FOLDER/NAME" */
	size_t n;
};

/* Takes in the files of one more folder below root_fd (AT_FDCWD: as the path
 * says).  0, also where the folder is not there; negative errno. */
int dropins_add_folder(struct dropins *dropins, int root_fd, const char *folder);

/* Once all folders are in. */
void dropins_sort(struct dropins *dropins);

void dropins_done(struct dropins *dropins);
