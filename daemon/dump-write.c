// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump-write.c - a dump as JSON, straight to where it goes
 *
 * A daemon must not grow by the size of a large host's facts, so nothing is
 * built in memory first.  What is 0, false or empty is left out.
 */
#include "daemon/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/dump-fields.h"
#include "daemon/quote.h"

/* Room for any list of NODESET_MAX numbers: each of at most four digits and a
 * comma. */
#define LIST_ROOM	(NODESET_MAX * 5)

static int write_fields(FILE *out, const struct field *fields, const char *base, size_t n);

static const void *at(const char *base, const struct field *field)
{
	return base + field->offset;
}

static size_t number_of(const char *base, const struct field *field)
{
	size_t n;

	memcpy(&n, base + field->n_offset, sizeof(n));
	return n;
}

static const char *pointer_at(const char *base, const struct field *field)
{
	const char *pointer;

	memcpy(&pointer, at(base, field), sizeof(pointer));
	return pointer;
}

static int write_nodeset(FILE *out, const struct nodeset *set)
{
	char text[LIST_ROOM];
	int r = nodeset_format(set, text, sizeof(text));

	if (r >= 0)
		quote_write(out, text);
	return r;
}

static void write_comm(FILE *out, const char *comm)
{
	char text[MODEL_COMM + 1] = "";

	memcpy(text, comm, MODEL_COMM);
	quote_write(out, text);
}

static void write_numbers(FILE *out, const unsigned int *numbers, size_t n)
{
	fputc('[', out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%u", i ? "," : "", numbers[i]);
	fputc(']', out);
}

static int write_array(FILE *out, const struct field *field, const char *base)
{
	const char *element = pointer_at(base, field);
	size_t n = number_of(base, field);
	int r = 0;

	fputc('[', out);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		fputs(i ? ",\n{" : "\n{", out);
		r = write_fields(out, field->fields, element + i * field->size, n);
		fputc('}', out);
	}
	fputc(']', out);
	return r;
}

/* n: elements of the array that the structure is in. */
static int write_value(FILE *out, const struct field *field, const char *base, size_t n)
{
	const void *value = at(base, field);
	int r = 0;

	switch (field->type) {
	case FIELD_BOOL:
		fputs("true", out);		/* false is left out */
		break;
	case FIELD_INT:
		fprintf(out, "%d", *(const int *)value);
		break;
	case FIELD_UINT:
		fprintf(out, "%u", *(const unsigned int *)value);
		break;
	case FIELD_BIG:
		fprintf(out, "%" PRIu64, *(const uint64_t *)value);
		break;
	case FIELD_COMM:
		write_comm(out, value);
		break;
	case FIELD_STRING:
	case FIELD_PATH:
	case FIELD_LIST:
		quote_write(out, pointer_at(base, field));
		break;
	case FIELD_NODESET:
		return write_nodeset(out, value);
	case FIELD_ENUM:
		quote_write(out, field->name_of(*(const int *)value));
		break;
	case FIELD_OBJECT:
		fputc('{', out);
		r = write_fields(out, field->fields, value, 0);
		fputc('}', out);
		break;
	case FIELD_ARRAY:
		return write_array(out, field, base);
	case FIELD_NUMBERS:
		write_numbers(out, *(unsigned int *const *)value, n);
		break;
	}
	return r;
}

static bool is_left_out(const struct field *field, const char *base)
{
	static const struct nodeset empty;

	if (field->is_needed)
		return false;
	switch (field->type) {
	case FIELD_BOOL:
		return !*(const bool *)at(base, field);
	case FIELD_INT:
	case FIELD_UINT:
	case FIELD_ENUM:
		return *(const int *)at(base, field) == 0;
	case FIELD_BIG:
		return *(const uint64_t *)at(base, field) == 0;
	case FIELD_COMM:
		return *(const char *)at(base, field) == '\0';
	case FIELD_STRING:
	case FIELD_PATH:
	case FIELD_LIST:
	case FIELD_NUMBERS:
		return !pointer_at(base, field);
	case FIELD_NODESET:
		return memcmp(at(base, field), &empty, sizeof(empty)) == 0;
	case FIELD_OBJECT:
		break;
	case FIELD_ARRAY:
		return number_of(base, field) == 0;
	}
	return false;
}

static int write_fields(FILE *out, const struct field *fields, const char *base, size_t n)
{
	const char *separator = "";
	int r = 0;

	for (; r >= 0 && fields->name; fields++) {
		if (is_left_out(fields, base))
			continue;
		fprintf(out, "%s\"%s\":", separator, fields->name);
		separator = ",";
		r = write_value(out, fields, base, n);
	}
	return r;
}

int dump_write(const struct dump *dump, FILE *out)
{
	int r;

	fprintf(out, "{\"schema\":\"%s%d\",\n", DUMP_SCHEMA, DUMP_SCHEMA_NUMBER);
	r = write_fields(out, dump_fields, (const char *)dump, 0);
	fputs("}\n", out);
	if (r < 0)
		return r;
	return fflush(out) != 0 || ferror(out) ? -EIO : 0;
}
