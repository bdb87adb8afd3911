// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values are printed as they were written, so that the text means the same when
 * it is read again and a reader recognizes his own words; what nobody has
 * written comes from the table of keys.
 */
#include "daemon/policy/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"
#include "daemon/policy/keys.h"

#define ESCAPED_PATH	(4 * PATH_MAX + 1)

/* The assignments, by section, key and order of reading. */
struct index {
	const struct assignment **sorted;
	size_t n;
};

static void index_done(struct index *index)
{
	free(index->sorted);
}

DEFINE_CLEANUP_EMBEDDED(struct index, index_done);

static int compare_names(const struct assignment *a, const char *section, const char *key)
{
	int order = strcmp(a->section, section);

	return order ? order : strcmp(a->key, key);
}

static int compare_assignments(const void *a, const void *b)
{
	const struct assignment *x = *(const struct assignment *const *)a;
	const struct assignment *y = *(const struct assignment *const *)b;
	int order = compare_names(x, y->section, y->key);

	return order ? order : (x > y) - (x < y);
}

static int index_init(struct index *index, const struct config *config)
{
	*index = (struct index){
		.sorted = calloc(config->n_assignments + 1, sizeof(*index->sorted)),
		.n = config->n_assignments,
	};
	if (!index->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < index->n; i++)
		index->sorted[i] = &config->assignments[i];
	qsort(index->sorted, index->n, sizeof(*index->sorted), compare_assignments);
	return 0;
}

/* Position of the first one of a key; the others follow it.  *ret_n: how many. */
static size_t index_find(const struct index *index, const char *section, const char *key,
			 size_t *ret_n)
{
	size_t low = 0, high = index->n, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(index->sorted[middle], section, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < index->n && compare_names(index->sorted[low + n], section, key) == 0)
		n++;
	*ret_n = n;
	return low;
}

/* A path is whatever a file is called: a newline in it must not end the comment. */
static void print_origin(FILE *out, const char *what, const struct assignment *assignment)
{
	char path[ESCAPED_PATH];

	fprintf(out, "; %s%s:%u\n", what, text_escape(assignment->path, path, sizeof(path)),
		assignment->line);
}

/* Of a list what stands behind the last reset, of others the last word. */
static void print_key(FILE *out, const struct index *index, const char *section,
		      const struct key *key)
{
	size_t n, first = index_find(index, section, key->name, &n);
	const struct assignment *const *all = &index->sorted[first];
	size_t i = n;

	while (i > 0 && all[i - 1]->value[0] && (key_is_list(key) || i == n))
		i--;
	if (i == n && n == 0)
		fputs("; default\n", out);
	else if (i == n)
		print_origin(out, "default again, by ", all[n - 1]);
	if (i == n)
		fprintf(out, "%s=%s\n", key->name, key->initial);
	for (; i < n; i++) {
		print_origin(out, "", all[i]);
		fprintf(out, "%s=%s\n", key->name, all[i]->value);
	}
}

static void print_section(FILE *out, const struct index *index, const char *title,
			  enum section section)
{
	fprintf(out, "[%s]\n", title);
	for (const struct key *key = keys; key->name; key++) {
		if (key->section == section)
			print_key(out, index, title, key);
	}
}

static void print_policies(FILE *out, const struct index *index, const struct config *config)
{
	for (size_t i = 0; i < config->n_policies; i++) {
		char title[NAME_MAX];

		snprintf(title, sizeof(title), "Policy %s", config->policies[i].name);
		fputc('\n', out);
		print_section(out, index, title, SECTION_POLICY);
	}
}

int config_format(const struct config *config, char **ret_text)
{
	_cleanup_(index_done) struct index index = {};
	_cleanup_(free) char *text = NULL;
	size_t length;
	FILE *out;
	int r;

	r = index_init(&index, config);
	if (r < 0)
		return r;
	out = open_memstream(&text, &length);
	if (!out)
		return -ENOMEM;
	print_section(out, &index, "Daemon", SECTION_DAEMON);
	fputc('\n', out);
	print_section(out, &index, "Host", SECTION_HOST);
	print_policies(out, &index, config);
	if (fclose(out) != 0)
		return -ENOMEM;
	*ret_text = take_ptr(text);
	return 0;
}
