// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/reply.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX	4

/* The bus has structures, JSON has names: those of bus-api.h's arrays, which are
 * the value of a key or the answer to a method. */
static const struct shape {
	const char *name;
	const char *fields[FIELDS_MAX];
} shapes[] = {
	{ "nodes",	{ "node", "bytes" } },
	{ "devices",	{ "path", "node" } },
	{ "Explain",	{ "kind", "name", "taken", "why" } },
};

static size_t count_fields(const struct shape *shape)
{
	size_t n = 0;

	while (n < FIELDS_MAX && shape->fields[n])
		n++;
	return n;
}

static const struct shape *find_shape(const char *name)
{
	size_t i;

	for (i = 0; name && i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	return NULL;
}

static int read_value(sd_bus_message *message, const char *name, struct facts **ret);

static int read_basic(sd_bus_message *message, char type, struct facts **ret)
{
	union {
		const char *s;
		uint8_t y;
		int b;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
	} v;
	int r;

	if (!strchr("sogbynqiuxt", type))
		return -EBADMSG;
	r = sd_bus_message_read_basic(message, type, &v);
	if (r < 0)
		return r;
	if (strchr("sog", type))
		*ret = facts_new_string(v.s);
	else if (type == 'b')
		*ret = facts_new_bool(v.b);
	else if (strchr("nix", type))
		*ret = facts_new_s64(type == 'n' ? v.n : type == 'i' ? v.i : v.x);
	else if (type == 't')
		*ret = facts_new_u64(v.t);
	else
		*ret = facts_new_u64(type == 'y' ? v.y : type == 'q' ? v.q : v.u);
	return *ret ? 0 : -ENOMEM;
}

/* "LastReloadUsec" becomes "last_reload_usec", "pinned_bytes" stays. */
static char *spell_name(const char *name)
{
	char *spelt = malloc(2 * strlen(name) + 1), *out = spelt;
	const char *c;

	if (!spelt)
		return NULL;
	for (c = name; *c; c++) {
		if (isupper((unsigned char)*c) && c > name)
			*out++ = '_';
		*out++ = (char)tolower((unsigned char)*c);
	}
	*out = '\0';
	return spelt;
}

static int read_entry(sd_bus_message *message, const char *contents, struct facts *dict)
{
	_cleanup_(free) char *name = NULL;
	struct facts *value;
	const char *key;
	int r;

	if (contents[0] != 's')
		return -EBADMSG;
	r = sd_bus_message_enter_container(message, 'e', contents);
	if (r < 0)
		return r;
	r = sd_bus_message_read_basic(message, 's', &key);
	if (r < 0)
		return r;
	name = spell_name(key);
	if (!name)
		return -ENOMEM;
	r = read_value(message, name, &value);
	if (r < 0)
		return r;
	r = facts_set(dict, name, value);
	if (r < 0)
		return r;
	return sd_bus_message_exit_container(message);
}

/* entry: "{sv}" */
static int read_dict(sd_bus_message *message, const char *entry, struct facts **ret)
{
	_cleanup_(facts_free) struct facts *dict = facts_new_dict();
	_cleanup_(free) char *contents = strndup(entry + 1, strlen(entry) - 2);
	int r;

	if (!dict || !contents)
		return -ENOMEM;
	while ((r = sd_bus_message_at_end(message, false)) == 0) {
		r = read_entry(message, contents, dict);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = take_ptr(dict);
	return 0;
}

static int read_list(sd_bus_message *message, const char *name, struct facts **ret)
{
	_cleanup_(facts_free) struct facts *list = facts_new_list();
	int r;

	if (!list)
		return -ENOMEM;
	while ((r = sd_bus_message_at_end(message, false)) == 0) {
		struct facts *value;

		r = read_value(message, name, &value);
		if (r < 0)
			return r;
		r = facts_add(list, value);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = take_ptr(list);
	return 0;
}

static int read_struct(sd_bus_message *message, const struct shape *shape,
		       struct facts **ret)
{
	_cleanup_(facts_free) struct facts *dict = facts_new_dict();
	size_t n = count_fields(shape), i;
	int r;

	if (!dict)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct facts *value;

		r = read_value(message, NULL, &value);
		if (r < 0)
			return r;
		r = facts_set(dict, shape->fields[i], value);
		if (r < 0)
			return r;
	}
	*ret = take_ptr(dict);
	return 0;
}

static int read_container(sd_bus_message *message, const char *name, char type,
			  const char *contents, struct facts **ret)
{
	_cleanup_(facts_free) struct facts *value = NULL;
	const struct shape *shape = find_shape(name);
	int r;

	r = sd_bus_message_enter_container(message, type, contents);
	if (r < 0)
		return r;
	if (type == 'v')
		r = read_value(message, name, &value);
	else if (type == 'a' && contents[0] == '{')
		r = read_dict(message, contents, &value);
	else if (type == 'r' && shape && strlen(contents) == count_fields(shape))
		r = read_struct(message, shape, &value);
	else
		r = read_list(message, name, &value);
	if (r < 0)
		return r;
	r = sd_bus_message_exit_container(message);
	if (r < 0)
		return r;
	*ret = take_ptr(value);
	return 0;
}

static int read_value(sd_bus_message *message, const char *name, struct facts **ret)
{
	const char *contents;
	char type;
	int r;

	*ret = NULL;
	r = sd_bus_message_peek_type(message, &type, &contents);
	if (r < 0)
		return r;
	if (r == 0)
		return -EBADMSG;
	if (type == 'v' || type == 'a' || type == 'r')
		return read_container(message, name, type, contents, ret);
	return read_basic(message, type, ret);
}

int reply_read(sd_bus_message *message, const char *method, struct facts **ret_facts)
{
	return read_value(message, method, ret_facts);
}
