// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/dropin.h"
#include "daemon/base/fs.h"

#ifndef PINSAFE_CONFDIR
#define PINSAFE_CONFDIR		"/etc/pinsafe"
#endif
#ifndef PINSAFE_LIBDIR
#define PINSAFE_LIBDIR		"/usr/lib/pinsafe"
#endif
#ifndef PINSAFE_RUNCONFDIR
#define PINSAFE_RUNCONFDIR	"/run/pinsafe"
#endif

#define MAIN_NAME	"pinsafed.conf"
#define DROPIN_NAME	"pinsafed.conf.d"
#define MAX_FILE	(1024 * 1024)
#define MAX_PASSWD	(1024 * 1024)	/* of one account, for getpwnam_r(3) */

DEFINE_CLEANUP_EMBEDDED(struct dropins, dropins_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

static const char *const system_mains[] = {
	PINSAFE_LIBDIR "/" MAIN_NAME,
	PINSAFE_CONFDIR "/" MAIN_NAME,
	NULL,
};

static const char *const system_dropins[] = {
	PINSAFE_LIBDIR "/" DROPIN_NAME,
	PINSAFE_RUNCONFDIR "/" DROPIN_NAME,
	PINSAFE_CONFDIR "/" DROPIN_NAME,
	NULL,
};

/* NULL-terminated lists; later ones win. */
struct places {
	const char *const *mains;	/* files */
	const char *const *dropins;	/* folders */
};

static const struct places system_places = { system_mains, system_dropins };

/* A file that is to be read. */
struct conffile {
	char *path;
	bool must_exist;
	bool is_masked;
	char *text;		/* NULL: not read yet, not there, or masked */
};

struct conffiles {
	struct conffile *files;
	size_t n;
};

static void conffiles_done(struct conffiles *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->files[i].path);
		free(files->files[i].text);
	}
	free(files->files);
}

DEFINE_CLEANUP_EMBEDDED(struct conffiles, conffiles_done);

/* ---- which files ---------------------------------------------------------- */

static int add_file(struct conffiles *files, const char *path, bool must_exist)
{
	struct conffile *list = reallocarray(files->files, files->n + 1, sizeof(*list));
	char *copy;

	if (!list)
		return -ENOMEM;
	files->files = list;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	list[files->n++] = (struct conffile){ .path = copy, .must_exist = must_exist };
	return 0;
}

/* Main files first, then drop-ins by name: the order in which they are read. */
static int list_places(const struct places *places, struct conffiles *files,
		       struct config_errors *errors)
{
	_cleanup_(dropins_done) struct dropins dropins = { 0 };
	int r = 0;

	for (const char *const *main = places->mains; r == 0 && *main; main++)
		r = add_file(files, *main, false);
	for (const char *const *folder = places->dropins; r == 0 && *folder; folder++) {
		r = dropins_add_folder(&dropins, AT_FDCWD, *folder);
		if (r < 0 && r != -ENOMEM)
			r = config_errors_add(errors, *folder, 0, strerror(-r));
	}
	dropins_sort(&dropins);
	for (size_t i = 0; r == 0 && i < dropins.n; i++)
		r = add_file(files, dropins.paths[i], true);
	return r;
}

static int list_below(const char *root, struct conffiles *files, struct config_errors *errors)
{
	_cleanup_(free) char *main_path = NULL, *dropin_path = NULL;

	if (asprintf(&main_path, "%s/%s", root, MAIN_NAME) < 0) {
		main_path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&dropin_path, "%s/%s", root, DROPIN_NAME) < 0) {
		dropin_path = NULL;
		return -ENOMEM;
	}
	return list_places(&(struct places){
				   .mains = (const char *const[]){ main_path, NULL },
				   .dropins = (const char *const[]){ dropin_path, NULL },
			   },
			   files, errors);
}

static int list_files(const char *root, struct conffiles *files, struct config_errors *errors)
{
	struct stat st;

	if (!root)
		return list_places(&system_places, files, errors);
	if (stat(root, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return add_file(files, root, true);
	return list_below(root, files, errors);
}

/* ---- their texts ---------------------------------------------------------- */

/* Documentation/admin-guide/devices.txt of Linux; other devices are a mistake. */
static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static unsigned int count_lines(const char *text)
{
	unsigned int n = 1;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

/* 0 also where the file is missing that may be, or is wrong: see errors. */
static int read_file(struct conffile *file, struct config_errors *errors)
{
	ssize_t length;
	struct stat st;

	if (stat(file->path, &st) < 0) {
		if (errno == ENOENT && !file->must_exist)
			return 0;
		return config_errors_add(errors, file->path, 0, strerror(errno));
	}
	if (is_null_device(&st)) {
		file->is_masked = true;
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return config_errors_add(errors, file->path, 0, "not a regular file");
	length = fs_read_all(AT_FDCWD, file->path, MAX_FILE, &file->text);
	if (length == -EFBIG)
		return config_errors_add(errors, file->path, 0, "larger than 1 MiB");
	if (length < 0)
		return length == -ENOMEM ? -ENOMEM :
		       config_errors_add(errors, file->path, 0, strerror((int)-length));
	if (strlen(file->text) != (size_t)length)
		return config_errors_add(errors, file->path, count_lines(file->text),
					 "contains a NUL byte, so it is no text");
	return 0;
}

static int read_files(const char *root, struct conffiles *files, struct config_errors *errors)
{
	int r = list_files(root, files, errors);

	for (size_t i = 0; r == 0 && i < files->n; i++)
		r = read_file(&files->files[i], errors);
	return r;
}

/* ---- what they say -------------------------------------------------------- */

/* The first guess of a buffer does for most; getpwnam(3) has several ways to say
 * that there is no such user. */
static int find_user(const char *name, uid_t *ret_uid)
{
	struct passwd user, *found = NULL;
	int r = ERANGE;

	for (size_t size = 1024; r == ERANGE && size <= MAX_PASSWD; size *= 2) {
		_cleanup_(free) char *buffer = malloc(size);

		if (!buffer)
			return -ENOMEM;
		r = getpwnam_r(name, &user, buffer, size, &found);
		if (r == 0 && found)
			*ret_uid = user.pw_uid;
	}
	if (r == 0)
		return found ? 0 : -ENOENT;
	return r == ESRCH ? -ENOENT : -r;
}

static int parse_files(const struct conffiles *files, struct config *ret_config,
		       struct config_errors *ret_errors)
{
	static const struct config_lookup lookup = { .find_user = find_user };
	_cleanup_(free) struct config_source *sources =
		calloc(files->n + 1, sizeof(*sources));
	size_t n = 0;
	int r;

	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < files->n; i++) {
		if (files->files[i].text)
			sources[n++] = (struct config_source){
				.path = files->files[i].path,
				.text = files->files[i].text,
			};
	}
	r = config_parse(sources, n, &lookup, ret_config, ret_errors);
	return r < 0 ? r : (int)n;
}

/* Errors of reading come before those of parsing, and forbid the result. */
int conffile_load(const char *root, struct config *ret_config,
		  struct config_errors *ret_errors)
{
	_cleanup_(conffiles_done) struct conffiles files = { 0 };
	int r;

	*ret_errors = (struct config_errors){ 0 };
	r = read_files(root, &files, ret_errors);
	if (r < 0)
		return r;
	if (ret_errors->n_errors > 0)
		return -EINVAL;
	return parse_files(&files, ret_config, ret_errors);
}

/* ---- telling -------------------------------------------------------------- */

int conffile_format_files(const char *root, char **ret_text)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(conffiles_done) struct conffiles files = { 0 };
	size_t length;
	FILE *out;
	int r;

	r = read_files(root, &files, &errors);
	if (r < 0)
		return r;
	out = open_memstream(ret_text, &length);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < files.n; i++) {
		const struct conffile *file = &files.files[i];

		fprintf(out, "%s: %s\n", file->path,
			file->text ? "read" : file->is_masked ? "masked" : "not there");
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

int conffile_format_errors(const struct config_errors *errors, char **ret_text)
{
	size_t length;
	FILE *out = open_memstream(ret_text, &length);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < errors->n_errors; i++) {
		const struct config_error *error = &errors->errors[i];

		if (error->line)
			fprintf(out, "%s:%u: %s\n", error->path, error->line, error->text);
		else
			fprintf(out, "%s: %s\n", error->path, error->text);
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}
