/* What anchors make together: a quorum of witnesses; files that no entry names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchors/anchored.h"
#include "audit/anchors/policy.h"

/* The anchors that the chain names. */
struct named {
	struct audit_chain *chain;
	struct audit_anchored *items;
	size_t count;
};

/* ---- the quorum ---- */

static int
compare_sizes(const void *a, const void *b)
{
	const struct audit_anchored *one = a, *other = b;

	return ((one->size > other->size) - (one->size < other->size));
}

/* The newest size whose cosignatures, taken together, make the quorum; 0: none. */
static uint64_t
find_quorum(const struct named *named, const struct audit_policy *policy)
{
	uint64_t met = 0, witnesses = 0;

	if (named->count > 0)
		qsort(named->items, named->count, sizeof(named->items[0]), compare_sizes);
	for (size_t i = 0; i < named->count; i++) {
		if (i > 0 && named->items[i - 1].size != named->items[i].size)
			witnesses = 0;
		witnesses |= named->items[i].cosigned;
		if (audit_policy_met(policy, witnesses))
			met = named->items[i].size;
	}
	return (met);
}

static void
check_quorum(struct named *named, const struct audit_policy *policy)
{
	struct audit_chain *chain = named->chain;
	struct audit_coverage *coverage = chain->coverage;
	struct audit_place at = audit_place("anchor");
	struct audit_witnessed *witnessed;
	uint64_t size;

	if (policy->quorum == AUDIT_QUORUM_NONE || !chain->has_genesis ||
	    !audit_policy_names(policy, chain->genesis.log))
		return;
	coverage->quorums++;
	size = find_quorum(named, policy);
	if (size == 0 && chain->damaged) {
		chain->list.suppressed++; /* an anchor may be behind what is damaged */
		return;
	}
	if (size == 0) {
		audit_report(&chain->list, AUDIT_E_WITNESS, &at,
		    "no note has the quorum that the policy demands");
		return;
	}
	if (coverage->witnessed_count == AUDIT_OPENS)
		return;
	witnessed = &coverage->witnessed[coverage->witnessed_count++];
	(void)snprintf(witnessed->stream, sizeof(witnessed->stream), "%s", chain->name);
	witnessed->size = size;
}

void
audit_anchors_missing(const struct audit_options *options, const struct audit_coverage *coverage,
    struct audit_list *list)
{
	struct audit_place at = audit_place("");

	if (options->policy != NULL && options->policy->quorum != AUDIT_QUORUM_NONE &&
	    coverage->quorums == 0)
		audit_report(
		    list, AUDIT_E_WITNESS, &at, "the policy names none of the logs that are here");
}

/* ---- files ---- */

static int
compare_names(const void *a, const void *b)
{
	const struct audit_anchored *one = a, *other = b;

	return (strcmp(one->name, other->name));
}

static void
see_file(void *arg, int dir, const char *name)
{
	struct named *named = arg;
	struct audit_chain *chain = named->chain;
	struct audit_anchored key = { .size = 0 };
	char file[300] = "";
	struct audit_place at = audit_place(file);

	(void)dir;
	if (audit_unfinished(name, chain->coverage))
		return;
	(void)snprintf(file, sizeof(file), "anchor/%s", name);
	if (strlen(file) <= AUDIT_ANCHOR_NAME_MAX && named->count > 0) {
		(void)snprintf(key.name, sizeof(key.name), "%.*s", AUDIT_ANCHOR_NAME_MAX, file);
		if (bsearch(&key, named->items, named->count, sizeof(key), compare_names) != NULL)
			return;
	}
	/* The entry that named it may be one that is gone. */
	if (chain->damaged)
		chain->list.suppressed++;
	else
		audit_report(&chain->list, AUDIT_W_UNKNOWN_FILE, &at, "no entry names it");
}

void
audit_anchors_end(struct audit_chain *chain)
{
	const struct audit_policy *policy = chain->options == NULL ? NULL : chain->options->policy;
	struct audit_place at = audit_place("anchor");
	struct named named = { .chain = chain,
		.items = (struct audit_anchored *)(void *)chain->anchors.data,
		.count = chain->anchors.len / sizeof(struct audit_anchored) };

	if (policy != NULL)
		check_quorum(&named, policy);
	if (audit_kind(chain->dirfd, "anchor") == AUDIT_MISSING)
		return; /* each file that is named was missed */
	if (named.count > 0)
		qsort(named.items, named.count, sizeof(named.items[0]), compare_names);
	if (audit_walk(chain->dirfd, "anchor", see_file, &named, NULL) == -1)
		audit_report(&chain->list, AUDIT_E_FILE_TYPE, &at, "not a directory");
}
