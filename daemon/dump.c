// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump.c - a dump out of JSON, which anybody may have written
 *
 * Each value goes through the table of its structure, which says what it may be;
 * trouble is named by its path, "processes[17].devices[0].major".
 */
#include "daemon/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"
#include "daemon/dump-fields.h"
#include "daemon/quote.h"

/* Ours has 6; what goes deeper is not read at all. */
#define MAX_DEPTH	16

DEFINE_CLEANUP(json_object, json_object_put);
DEFINE_CLEANUP(json_tokener, json_tokener_free);

struct reader {
	char path[128];		/* where we are; cut off where it is longer */
	char **why;
};

static int read_fields(struct reader *reader, json_object *object, const struct field *fields,
		       char *base, size_t n);

/* ---- trouble ----------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static int refuse(struct reader *reader, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (asprintf(reader->why, "%s%s%s", reader->path, *reader->path ? ": " : "", what) >= 0)
		return -EINVAL;
	*reader->why = NULL;
	return -ENOMEM;
}

/* Adds to the path; where it ended before. */
static size_t enter(struct reader *reader, const char *name, size_t index)
{
	size_t length = strlen(reader->path), room = sizeof(reader->path) - length;

	if (name)
		snprintf(reader->path + length, room, "%s%s", length ? "." : "", name);
	else
		snprintf(reader->path + length, room, "[%zu]", index);
	return length;
}

/* ---- plain values -------------------------------------------------------------- */

static int read_bool(struct reader *reader, json_object *value, bool *ret)
{
	if (!json_object_is_type(value, json_type_boolean))
		return refuse(reader, "must be true or false");
	*ret = json_object_get_boolean(value);
	return 0;
}

static int read_int(struct reader *reader, json_object *value, int *ret)
{
	int64_t number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < INT_MIN || number > INT_MAX)
		return refuse(reader, "must be a whole number of 32 bits");
	*ret = (int)number;
	return 0;
}

static int read_big(struct reader *reader, json_object *value, uint64_t max, uint64_t *ret)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
	    json_object_get_uint64(value) > max)
		return refuse(reader, "must be a whole number from 0 to %" PRIu64, max);
	*ret = json_object_get_uint64(value);
	return 0;
}

static int read_uint(struct reader *reader, json_object *value, uint64_t max, unsigned int *ret)
{
	uint64_t number;
	int r = read_big(reader, value, max, &number);

	if (r >= 0)
		*ret = (unsigned int)number;
	return r;
}

/* *ret_text is for the caller to free. */
static int read_text(struct reader *reader, json_object *value, char **ret_text)
{
	const char *text = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string))
		return refuse(reader, "must be a string");
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return refuse(reader, "must not have a NUL in it");
	*ret_text = strdup(text);
	if (!*ret_text)
		return -ENOMEM;
	quote_undo(*ret_text);
	return 0;
}

static int read_path(struct reader *reader, json_object *value, char **ret_path)
{
	int r = read_text(reader, value, ret_path);

	if (r >= 0 && (*ret_path)[0] != '/')
		return refuse(reader, "must begin with a slash");
	return r;
}

static int check_list(struct reader *reader, const char *text, struct nodeset *ret_set)
{
	if (nodeset_parse(text, ret_set) < 0)
		return refuse(reader, "must be a list of numbers below %d like \"0-3,8\"",
			      NODESET_MAX);
	return 0;
}

static int read_list(struct reader *reader, json_object *value, char **ret_text)
{
	struct nodeset set;
	int r = read_text(reader, value, ret_text);

	return r < 0 ? r : check_list(reader, *ret_text, &set);
}

static int read_comm(struct reader *reader, json_object *value, char *comm)
{
	_cleanup_(free) char *text = NULL;
	int r = read_text(reader, value, &text);

	if (r < 0)
		return r;
	if (strlen(text) >= MODEL_COMM)
		return refuse(reader, "must have less than %d bytes", MODEL_COMM);
	strcpy(comm, text);
	return 0;
}

static int read_nodeset(struct reader *reader, json_object *value, struct nodeset *set)
{
	_cleanup_(free) char *text = NULL;
	int r = read_text(reader, value, &text);

	return r < 0 ? r : check_list(reader, text, set);
}

static int read_word(struct reader *reader, json_object *value, const struct field *field,
		     int *ret)
{
	_cleanup_(free) char *text = NULL;
	char printable[64];
	int r = read_text(reader, value, &text);

	if (r < 0)
		return r;
	for (int i = 0; i <= (int)field->max; i++) {
		if (strcmp(field->name_of(i), text) == 0) {
			*ret = i;
			return 0;
		}
	}
	return refuse(reader, "\"%s\" is no word that is known here",
		      text_escape(text, printable, sizeof(printable)));
}

static int read_numbers(struct reader *reader, json_object *value, size_t n,
			unsigned int **ret_numbers)
{
	_cleanup_(free) unsigned int *numbers = calloc(n + 1, sizeof(*numbers));
	int r = 0;

	if (!numbers)
		return -ENOMEM;
	if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) != n)
		return refuse(reader, "must be a list of %zu numbers", n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = read_uint(reader, json_object_array_get_idx(value, i), UINT_MAX, &numbers[i]);
	if (r < 0)
		return r;
	*ret_numbers = take_ptr(numbers);
	return 0;
}

/* ---- structures ----------------------------------------------------------------- */

/* As our own are, and elements are too large to sort for nothing. */
static bool is_in_order(const struct field *field, const char *elements, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const char *b = elements + i * field->size;

		if (field->compare(b - field->size, b) >= 0)
			return false;
	}
	return true;
}

static int put_in_order(struct reader *reader, const struct field *field, char *elements,
			size_t n)
{
	if (!field->compare || is_in_order(field, elements, n))
		return 0;
	qsort(elements, n, field->size, field->compare);
	return is_in_order(field, elements, n) ? 0 :
						 refuse(reader, "the same one is there twice");
}

static int read_elements(struct reader *reader, json_object *value, const struct field *field,
			 char *elements, size_t n)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		size_t length = enter(reader, NULL, i);

		r = read_fields(reader, json_object_array_get_idx(value, i), field->fields,
				elements + i * field->size, n);
		reader->path[length] = '\0';
	}
	return r;
}

static int read_array(struct reader *reader, json_object *value, const struct field *field,
		      char *base)
{
	char *elements;
	size_t n;
	int r;

	if (!json_object_is_type(value, json_type_array))
		return refuse(reader, "must be a list");
	n = json_object_array_length(value);
	if (n > field->max)
		return refuse(reader, "has %zu elements, %lu are the most", n, field->max);
	elements = calloc(n + 1, field->size);
	if (!elements)
		return -ENOMEM;
	/* From here on dump_done() frees them, filled or not. */
	memcpy(base + field->offset, &elements, sizeof(elements));
	memcpy(base + field->n_offset, &n, sizeof(n));
	r = read_elements(reader, value, field, elements, n);
	return r < 0 ? r : put_in_order(reader, field, elements, n);
}

static int read_object(struct reader *reader, json_object *value, const struct field *field,
		       char *base)
{
	int r = read_fields(reader, value, field->fields, base, 0);
	const char *wrong = r >= 0 && field->check ? field->check(base) : NULL;

	return wrong ? refuse(reader, "%s", wrong) : r;
}

/* n: elements of the array that the structure is in. */
static int read_value(struct reader *reader, json_object *value, const struct field *field,
		      char *base, size_t n)
{
	void *to = base + field->offset;

	switch (field->type) {
	case FIELD_BOOL:
		return read_bool(reader, value, to);
	case FIELD_INT:
		return read_int(reader, value, to);
	case FIELD_UINT:
		return read_uint(reader, value, field->max, to);
	case FIELD_BIG:
		return read_big(reader, value, UINT64_MAX, to);
	case FIELD_COMM:
		return read_comm(reader, value, to);
	case FIELD_STRING:
		return read_text(reader, value, to);
	case FIELD_LIST:
		return read_list(reader, value, to);
	case FIELD_PATH:
		return read_path(reader, value, to);
	case FIELD_NODESET:
		return read_nodeset(reader, value, to);
	case FIELD_ENUM:
		return read_word(reader, value, field, to);
	case FIELD_OBJECT:
		return read_object(reader, value, field, to);
	case FIELD_ARRAY:
		return read_array(reader, value, field, base);
	case FIELD_NUMBERS:
		return read_numbers(reader, value, n, to);
	}
	return 0;
}

static int read_fields(struct reader *reader, json_object *object, const struct field *fields,
		       char *base, size_t n)
{
	if (!json_object_is_type(object, json_type_object))
		return refuse(reader, "must be an object");
	for (; fields->name; fields++) {
		size_t length = enter(reader, fields->name, 0);
		json_object *value;
		int r = 0;

		/* null is as good as nothing */
		if (json_object_object_get_ex(object, fields->name, &value) && value)
			r = read_value(reader, value, fields, base, n);
		else if (fields->is_needed)
			r = refuse(reader, "is missing");
		if (r < 0)
			return r;
		reader->path[length] = '\0';
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------- */

static const char *syntax_error(enum json_tokener_error error)
{
	if (error == json_tokener_continue)
		return "ends too early";
	return error == json_tokener_success ? "nothing there" : json_tokener_error_desc(error);
}

static int parse_json(struct reader *reader, const char *text, size_t length,
		      json_object **ret_root)
{
	_cleanup_(json_tokener_free) json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	size_t end, line = 1, column = 1;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (length > DUMP_MAX_BYTES)
		return refuse(reader, "is larger than %d MiB", DUMP_MAX_BYTES / 1024 / 1024);
	*ret_root = json_tokener_parse_ex(tokener, text, (int)length);
	if (*ret_root)
		return 0;
	end = json_tokener_get_parse_end(tokener);
	for (size_t i = 0; i < end && i < length; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	return refuse(reader, "line %zu, column %zu: %s", line, column,
		      syntax_error(json_tokener_get_error(tokener)));
}

static int check_schema(struct reader *reader, json_object *root)
{
	const char *schema = NULL;
	json_object *value;
	char *end = NULL;
	long number = 0;

	if (json_object_object_get_ex(root, "schema", &value))
		schema = json_object_get_string(value);
	if (schema && strncmp(schema, DUMP_SCHEMA, strlen(DUMP_SCHEMA)) == 0)
		number = strtol(schema + strlen(DUMP_SCHEMA), &end, 10);
	if (number < 1 || *end)
		return refuse(reader, "not a snapshot: its schema is not %s%d", DUMP_SCHEMA,
			      DUMP_SCHEMA_NUMBER);
	if (number > DUMP_SCHEMA_NUMBER)
		return refuse(reader, "schema %ld is of a newer pinsafed, this one reads up to %d",
			      number, DUMP_SCHEMA_NUMBER);
	return 0;
}

int dump_parse(const char *text, size_t length, struct dump *ret_dump, char **ret_why)
{
	_cleanup_(json_object_put) json_object *root = NULL;
	struct reader reader = { .why = ret_why };
	int r;

	*ret_why = NULL;
	*ret_dump = (struct dump){ 0 };
	r = parse_json(&reader, text, length, &root);
	if (r >= 0)
		r = check_schema(&reader, root);
	if (r >= 0)
		r = read_fields(&reader, root, dump_fields, (char *)ret_dump, 0);
	if (r < 0)
		dump_done(ret_dump);
	return r;
}
