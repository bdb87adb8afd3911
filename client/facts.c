// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/facts.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/safetext.h"

/*
 * struct facts is the JSON library's value under another name, so that the
 * library's header ends here.
 */
static struct json_object *to_json(const struct facts *facts)
{
	return (struct json_object *)facts;
}

static struct facts *from_json(struct json_object *json)
{
	return (struct facts *)json;
}

void facts_free(struct facts *facts)
{
	json_object_put(to_json(facts));
}

/* ---- made here --------------------------------------------------------- */

struct facts *facts_new_dict(void)
{
	return from_json(json_object_new_object());
}

struct facts *facts_new_list(void)
{
	return from_json(json_object_new_array());
}

struct facts *facts_new_string(const char *value)
{
	_cleanup_(free) char *utf8 = safetext_utf8(value, strlen(value));

	return utf8 ? from_json(json_object_new_string(utf8)) : NULL;
}

struct facts *facts_new_u64(uint64_t value)
{
	return from_json(json_object_new_uint64(value));
}

struct facts *facts_new_s64(int64_t value)
{
	return from_json(json_object_new_int64(value));
}

struct facts *facts_new_bool(bool value)
{
	return from_json(json_object_new_boolean(value));
}

struct facts *facts_new(const char *verb)
{
	_cleanup_(facts_free) struct facts *facts = facts_new_dict();
	char schema[64];

	snprintf(schema, sizeof(schema), "pinsafe.%s/1", verb);
	if (!facts || facts_set(facts, "schema", facts_new_string(schema)) < 0)
		return NULL;
	return take_ptr(facts);
}

int facts_set(struct facts *facts, const char *name, struct facts *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(to_json(facts), name, to_json(value)) == 0)
		return 0;
	facts_free(value);
	return -ENOMEM;
}

int facts_add(struct facts *list, struct facts *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_array_add(to_json(list), to_json(value)) == 0)
		return 0;
	facts_free(value);
	return -ENOMEM;
}

struct facts *facts_share(const struct facts *facts)
{
	return from_json(json_object_get(to_json(facts)));
}

int facts_merge(struct facts *facts, const struct facts *other)
{
	struct json_object_iter member;
	int r;

	json_object_object_foreachC(to_json(other), member) {
		r = facts_set(facts, member.key, facts_share(from_json(member.val)));
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- asking ------------------------------------------------------------ */

const struct facts *facts_get(const struct facts *facts, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(to_json(facts), json_type_object))
		return NULL;
	json_object_object_get_ex(to_json(facts), name, &value);
	return from_json(value);
}

bool facts_has(const struct facts *facts, const char *name)
{
	return facts_get(facts, name) != NULL;
}

const char *facts_text(const struct facts *value)
{
	return value ? json_object_get_string(to_json(value)) : "";
}

const char *facts_string(const struct facts *facts, const char *name)
{
	return facts_text(facts_get(facts, name));
}

bool facts_is(const struct facts *facts, const char *name, const char *value)
{
	return strcmp(facts_string(facts, name), value) == 0;
}

uint64_t facts_u64(const struct facts *facts, const char *name)
{
	return json_object_get_uint64(to_json(facts_get(facts, name)));
}

int64_t facts_s64(const struct facts *facts, const char *name)
{
	return json_object_get_int64(to_json(facts_get(facts, name)));
}

bool facts_bool(const struct facts *facts, const char *name)
{
	return json_object_get_boolean(to_json(facts_get(facts, name)));
}

size_t facts_length(const struct facts *list)
{
	if (!json_object_is_type(to_json(list), json_type_array))
		return 0;
	return json_object_array_length(to_json(list));
}

const struct facts *facts_at(const struct facts *list, size_t i)
{
	return from_json(json_object_array_get_idx(to_json(list), i));
}

void facts_each(const struct facts *facts,
		void (*visit)(const char *name, const struct facts *value, void *data),
		void *data)
{
	struct json_object_iter member;

	json_object_object_foreachC(to_json(facts), member)
		visit(member.key, from_json(member.val), data);
}

const char *facts_format(struct facts *facts)
{
	return json_object_to_json_string_ext(to_json(facts),
					      JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}
