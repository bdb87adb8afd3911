// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/conffile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/cleanup.h"
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

/* A file that is to be read; text NULL until then. */
struct conffile {
	char *path;
	char *text;
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

/* Takes path. */
static int add_file(struct conffiles *files, char *path)
{
	struct conffile *list = realloc(files->files, (files->n + 1) * sizeof(*list));

	if (!list) {
		free(path);
		return -ENOMEM;
	}
	files->files = list;
	list[files->n++] = (struct conffile){ .path = path };
	return 0;
}

static const char *name_of(const struct conffile *file)
{
	return strrchr(file->path, '/') + 1;
}

static int order_by_name(const void *a, const void *b)
{
	return strcmp(name_of(a), name_of(b));
}

static bool is_dropin(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* The same name in an earlier folder is replaced where it stands. */
static int take_dropin(struct conffiles *dropins, const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < dropins->n; i++) {
		if (strcmp(name_of(&dropins->files[i]), name) == 0) {
			free(dropins->files[i].path);
			dropins->files[i].path = path;
			return 0;
		}
	}
	return add_file(dropins, path);
}

static int note_error(struct config_errors *errors, const char *path, const char *text)
{
	struct config_error *list =
		realloc(errors->errors, (errors->n_errors + 1) * sizeof(*list));
	struct config_error error = { .path = strdup(path), .text = strdup(text) };

	if (list)
		errors->errors = list;
	if (!list || !error.path || !error.text) {
		free(error.path);
		free(error.text);
		return -ENOMEM;
	}
	list[errors->n_errors++] = error;
	return 0;
}

static int list_folder(struct conffiles *dropins, const char *folder,
		       struct config_errors *errors)
{
	_cleanup_(closedir) DIR *dir = opendir(folder);
	struct dirent *entry;
	int r;

	if (!dir)
		return errno == ENOENT ? 0 : note_error(errors, folder, strerror(errno));
	while ((entry = readdir(dir))) {
		r = is_dropin(entry) ? take_dropin(dropins, folder, entry->d_name) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* Main files first, then drop-ins by name: the order in which they are read. */
static int list_files(const struct places *places, struct conffiles *files,
		      struct config_errors *errors)
{
	_cleanup_(conffiles_done) struct conffiles dropins = { 0 };
	size_t n_mains;
	int r;

	for (const char *const *main = places->mains; *main; main++) {
		char *path = strdup(*main);

		r = path ? add_file(files, path) : -ENOMEM;
		if (r < 0)
			return r;
	}
	n_mains = files->n;
	for (const char *const *folder = places->dropins; *folder; folder++) {
		r = list_folder(&dropins, *folder, errors);
		if (r < 0)
			return r;
	}
	if (dropins.n > 0)
		qsort(dropins.files, dropins.n, sizeof(*dropins.files), order_by_name);
	for (size_t i = 0; i < dropins.n; i++) {
		r = add_file(files, take_ptr(dropins.files[i].path));
		if (r < 0)
			return r;
	}
	return (int)n_mains;
}

/* Text of one file, NULL where there is none: a missing main file, a mask. */
static int read_file(struct conffile *file, bool must_exist, struct config_errors *errors)
{
	ssize_t length;
	struct stat st;

	/* A link to /dev/null is the mask; fs_read_all() would read it as
	 * empty, which is as good. */
	if (stat(file->path, &st) < 0) {
		if (errno == ENOENT && !must_exist)
			return 0;
		return note_error(errors, file->path, strerror(errno));
	}
	if (S_ISCHR(st.st_mode))
		return 0;
	if (!S_ISREG(st.st_mode))
		return note_error(errors, file->path, "not a regular file");
	length = fs_read_all(AT_FDCWD, file->path, MAX_FILE, &file->text);
	if (length == -EFBIG)
		return note_error(errors, file->path, "larger than 1 MiB");
	if (length < 0)
		return length == -ENOMEM ? -ENOMEM :
					   note_error(errors, file->path, strerror((int)-length));
	if (strlen(file->text) != (size_t)length)
		return note_error(errors, file->path, "contains a NUL byte, so it is no text");
	return 0;
}

static int parse_files(const struct conffiles *files, struct config *ret_config,
		       struct config_errors *ret_errors)
{
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
	r = config_parse(sources, n, ret_config, ret_errors);
	return r < 0 ? r : (int)n;
}

/* Errors of reading come before those of parsing, and forbid the result. */
static int load(const struct places *places, struct config *ret_config,
		struct config_errors *ret_errors)
{
	_cleanup_(conffiles_done) struct conffiles files = { 0 };
	int n_mains, r;

	n_mains = list_files(places, &files, ret_errors);
	if (n_mains < 0)
		return n_mains;
	for (size_t i = 0; i < files.n; i++) {
		r = read_file(&files.files[i], i >= (size_t)n_mains, ret_errors);
		if (r < 0)
			return r;
	}
	if (ret_errors->n_errors > 0)
		return -EINVAL;
	return parse_files(&files, ret_config, ret_errors);
}

static int load_below(const char *root, struct config *ret_config,
		      struct config_errors *ret_errors)
{
	_cleanup_(free) char *main_path = NULL, *dropin_path = NULL;
	_cleanup_(close) int fd = fs_open_dir(AT_FDCWD, root);

	if (fd < 0)
		return fd;
	if (asprintf(&main_path, "%s/%s", root, MAIN_NAME) < 0) {
		main_path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&dropin_path, "%s/%s", root, DROPIN_NAME) < 0) {
		dropin_path = NULL;
		return -ENOMEM;
	}
	return load(&(struct places){
			    .mains = (const char *const[]){ main_path, NULL },
			    .dropins = (const char *const[]){ dropin_path, NULL },
		    },
		    ret_config, ret_errors);
}

int conffile_load(const char *root, struct config *ret_config,
		  struct config_errors *ret_errors)
{
	*ret_errors = (struct config_errors){ 0 };
	return root ? load_below(root, ret_config, ret_errors) :
		      load(&system_places, ret_config, ret_errors);
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
