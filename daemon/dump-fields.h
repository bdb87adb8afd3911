/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump-fields.h - the shape of a dump, as a table for each structure
 *
 * dump-write.c and dump.c both go by these tables, so that what is written is
 * what is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum field_type {
	FIELD_BOOL,
	FIELD_INT,
	FIELD_UINT,		/* up to max */
	FIELD_BIG,		/* uint64_t */
	FIELD_COMM,		/* char[MODEL_COMM] */
	FIELD_STRING,		/* char *, NULL allowed */
	FIELD_PATH,		/* likewise, and begins with '/' */
	FIELD_LIST,		/* likewise, and is a list as nodeset.h reads them */
	FIELD_NODESET,
	FIELD_ENUM,		/* up to max, by name */
	FIELD_OBJECT,
	FIELD_ARRAY,		/* a pointer to elements, and their number */
	FIELD_NUMBERS,		/* unsigned int *, one for each element of the array
				 * that the structure is in; NULL allowed */
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	bool is_needed;			/* else left out means 0 */
	unsigned long max;		/* UINT: value; ENUM: last; ARRAY: elements */
	const char *(*name_of)(int value);	/* ENUM */
	const struct field *fields;	/* OBJECT, ARRAY; a NULL name ends them */
	/* OBJECT: what is wrong with it, NULL: nothing; itself NULL: nothing can be */
	const char *(*check)(const void *object);
	size_t size;			/* ARRAY: of an element */
	size_t n_offset;		/* ARRAY: of their number, size_t */
	/* ARRAY: their order, in which there are no two equal; NULL: any */
	int (*compare)(const void *a, const void *b);
};

/* Of struct dump. */
extern const struct field dump_fields[];

#define DUMP_SCHEMA		"pinsafe.snapshot/"
#define DUMP_SCHEMA_NUMBER	1
