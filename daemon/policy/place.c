// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/place.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/glob.h"
#include "daemon/policy/sentence.h"

/* Of a set of NODESET_MAX members where every other is missing. */
#define LIST_SIZE	32768

char *place_format(const struct nodeset *set)
{
	_cleanup_(free) char *text = malloc(LIST_SIZE);

	if (!text || nodeset_format(set, text, LIST_SIZE) < 0)
		return NULL;
	return strdup(text);
}

/* ---- nodes ---------------------------------------------------------------- */

static const struct host_node *find_node(const struct host_facts *host, unsigned int node)
{
	for (size_t i = 0; i < host->n_nodes; i++) {
		if (host->nodes[i].node == node)
			return &host->nodes[i];
	}
	return NULL;
}

static bool has_cpus(const struct host_facts *host, const struct host_node *node)
{
	(void)host;
	return !nodeset_is_empty(&node->cpus);
}

static bool has_memory(const struct host_facts *host, const struct host_node *node)
{
	return nodeset_has(&host->nodes_memory, node->node);
}

/* Of two that are equally near, or where nothing is told, the lower number. */
static const struct host_node *
find_nearest(const struct host_facts *host, const struct host_node *from,
	     bool (*is_fit)(const struct host_facts *host, const struct host_node *node))
{
	const struct host_node *best = NULL;
	unsigned int least = UINT_MAX;

	if (is_fit(host, from))
		return from;
	for (size_t i = 0; i < host->n_nodes; i++) {
		unsigned int distance = from->distances ? from->distances[i] : UINT_MAX - 1;

		if (distance >= least || !is_fit(host, &host->nodes[i]))
			continue;
		best = &host->nodes[i];
		least = distance;
	}
	return best;
}

static void add_all(struct nodeset *set, const struct nodeset *more)
{
	for (size_t i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
		set->bits[i] |= more->bits[i];
}

/* A node to be near to.  Who names a node of memory in a list means to use that
 * memory; who has a device or pins there needs CPUs, and memory beside them. */
static void add_node(const struct host_facts *host, const struct host_node *node,
		     bool is_listed, struct place *place)
{
	const struct host_node *runs = find_nearest(host, node, has_cpus);
	const struct host_node *allocates;

	if (!runs)
		return;
	allocates = find_nearest(host, is_listed ? node : runs, has_memory);
	nodeset_add(&place->cpu_nodes, runs->node);
	add_all(&place->cpus, &runs->cpus);
	nodeset_add(&place->home, node->node);
	nodeset_add(&place->home, runs->node);
	if (allocates) {
		nodeset_add(&place->mems, allocates->node);
		nodeset_add(&place->home, allocates->node);
	}
}

/* ---- BindTo= -------------------------------------------------------------- */

static bool is_named(const struct policy *policy, const char *path)
{
	for (char **glob = policy->match_device; glob && *glob; glob++) {
		if (glob_match(*glob, path))
			return true;
	}
	return false;
}

static bool add_devices(const struct host_facts *host, const struct process_facts *facts,
			const struct policy *named_by, struct place *place)
{
	bool any = false;

	for (size_t i = 0; i < facts->n_devices; i++) {
		const struct device_open *device = &facts->devices[i];
		const struct host_node *node;

		if (device->node < 0 || (named_by && !is_named(named_by, device->path)))
			continue;
		node = find_node(host, (unsigned int)device->node);
		if (node)
			add_node(host, node, false, place);
		any |= node != NULL;
	}
	return any;
}

static int choose_devices(const struct host_facts *host, const struct process_facts *facts,
			  const struct policy *policy, struct place *place, char **ret_why)
{
	if (add_devices(host, facts, policy, place) ||
	    add_devices(host, facts, NULL, place))
		return 1;
	return sentence_format_part(ret_why, "no device that it has open is on a known node");
}

static int choose_pinned(const struct host_facts *host, const struct process_facts *facts,
			 struct place *place, char **ret_why)
{
	const struct node_bytes *most = NULL;
	const struct host_node *node;

	for (size_t i = 0; facts->has_sight && i < facts->n_pinned; i++) {
		if (!most || facts->pinned[i].bytes > most->bytes)
			most = &facts->pinned[i];
	}
	node = most ? find_node(host, most->node) : NULL;
	if (!node)
		return sentence_format_part(ret_why, "on which node it pins is not known");
	add_node(host, node, false, place);
	return 1;
}

static int choose_list(const struct host_facts *host, const struct policy *policy,
		       struct place *place, char **ret_why)
{
	int number = nodeset_next(&policy->bind_nodes, 0);

	for (; number >= 0; number = nodeset_next(&policy->bind_nodes, (unsigned int)number + 1)) {
		const struct host_node *node = find_node(host, (unsigned int)number);

		if (!node)
			return sentence_format_part(ret_why, "node %d of BindTo= is not online",
						    number);
		add_node(host, node, true, place);
	}
	return 1;
}

static int choose(const struct host_facts *host, const struct process_facts *facts,
		  const struct policy *policy, struct place *place, char **ret_why)
{
	switch (policy->bind_to) {
	case BIND_TO_DEVICE:
		break;
	case BIND_TO_PINNED:
		return choose_pinned(host, facts, place, ret_why);
	case BIND_TO_LIST:
		return choose_list(host, policy, place, ret_why);
	}
	return choose_devices(host, facts, policy, place, ret_why);
}

int place_choose(const struct host_facts *host, const struct process_facts *facts,
		 const struct policy *policy, struct place *ret_place, char **ret_why)
{
	int r;

	*ret_place = (struct place){ 0 };
	*ret_why = NULL;
	if (host->n_nodes == 0)
		return sentence_format_part(ret_why, "the nodes of this host are not known");
	r = choose(host, facts, policy, ret_place, ret_why);
	if (r <= 0)
		return r;
	if (nodeset_is_empty(&ret_place->cpus))
		return sentence_format_part(ret_why, "no node of this host has CPUs");
	return 1;
}

/* ---- pinned memory -------------------------------------------------------- */

/* Pinned large folios are counted as a whole, without their node. */
struct pinned_split place_split(const struct process_facts *facts,
				const struct nodeset *nodes)
{
	struct pinned_split split = { 0 };

	if (!facts->has_sight) {
		split.unknown = process_pinned_bytes(facts);
		if (split.unknown == 0 && process_is_pinner(facts))
			split.unknown = UINT64_MAX;
		return split;
	}
	for (size_t i = 0; i < facts->n_pinned; i++) {
		if (nodeset_has(nodes, facts->pinned[i].node))
			split.there += facts->pinned[i].bytes;
		else
			split.elsewhere += facts->pinned[i].bytes;
	}
	split.unknown = facts->large_bytes;
	return split;
}
