// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/sorted.h"
#include "daemon/base/text.h"
#include "daemon/policy/decide.h"
#include "daemon/policy/sentence.h"

/* ---- building ----------------------------------------------------------- */

static int grow(struct plan *plan)
{
	size_t room = plan->n_items ? 2 * plan->n_items : 16;
	struct plan_item *longer;

	/* full exactly when the count is 0, 16, 32, 64, ... */
	if (plan->n_items && (plan->n_items < 16 || plan->n_items & (plan->n_items - 1)))
		return 0;
	longer = reallocarray(plan->items, room, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	plan->items = longer;
	return 0;
}

int plan_add(struct plan *plan, const struct target_id *id, const char *policy,
	     const char *reason, const char *remark, struct plan_item **ret_item)
{
	struct plan_item item = {};
	int r = grow(plan);

	if (r < 0)
		return r;
	r = target_id_copy(id, &item.id);
	if (r < 0)
		return r;
	/* From here on the plan owns it, also half filled. */
	*ret_item = &plan->items[plan->n_items++];
	**ret_item = item;
	if (policy) {
		(*ret_item)->policy = strdup(policy);
		if (!(*ret_item)->policy)
			return -ENOMEM;
	}
	if (asprintf(&(*ret_item)->reason, "%s%s", reason, remark) < 0) {
		(*ret_item)->reason = NULL;
		return -ENOMEM;
	}
	return 0;
}

int plan_set_place(struct plan_item *item, const char *cpus, const char *mems)
{
	item->cpus = cpus ? strdup(cpus) : NULL;
	item->mems = mems ? strdup(mems) : NULL;
	return (cpus && !item->cpus) || (mems && !item->mems) ? -ENOMEM : 0;
}

static int compare_items(const void *a, const void *b)
{
	const struct plan_item *x = a, *y = b;
	int order = target_id_compare(&x->id, &y->id);

	return order ? order : (x->action > y->action) - (x->action < y->action);
}

void plan_sort(struct plan *plan)
{
	if (plan->n_items > 0)
		qsort(plan->items, plan->n_items, sizeof(*plan->items), compare_items);
}

void plan_wake_at(struct plan *plan, uint64_t usec)
{
	if (plan->next_usec == 0 || usec < plan->next_usec)
		plan->next_usec = usec;
}

/* ---- text --------------------------------------------------------------- */

static void print_target(FILE *out, const struct target_id *id)
{
	char path[4096];

	switch (id->kind) {
	case TARGET_PROCESS:
		fprintf(out, "process %d@%" PRIu64, id->process.pid,
			id->process.start_ticks);
		return;
	case TARGET_CGROUP:
		break;
	case TARGET_HOST:
		fputs("host", out);
		return;
	}
	if (id->cgroup)
		fprintf(out, "cgroup %s", text_escape(id->cgroup, path, sizeof(path)));
	else
		fprintf(out, "cgroup #%" PRIu64, id->cgroup_id);
}

static void print_item(FILE *out, const struct plan_item *item)
{
	fprintf(out, "%s ", plan_op_name(item->op));
	print_target(out, &item->id);
	fprintf(out, ": mode %s, action %s", mode_name(item->mode),
		action_name(item->action));
	if (item->cpus)
		fprintf(out, " to CPUs %s", item->cpus);
	if (item->mems)
		fprintf(out, " and nodes %s", item->mems);
	fprintf(out, ", risk %s, scanned %s; %s\n", risk_name(item->risk),
		scanned_name(item->scanned), item->reason);
}

int plan_format(const struct plan *plan, char **ret_text)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_items; i++)
		print_item(out, &plan->items[i]);
	if (plan->next_usec > 0)
		fprintf(out, "again at %" PRIu64 " usec\n", plan->next_usec);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}
