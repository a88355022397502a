/* Heads: what the store's own chain says of how long the others were, and what they said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/history/judge.h"
#include "seal/tree.h"
#include "store/layout.h"

static int
compare_heads(const void *a, const void *b)
{
	const struct audit_head *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	if (order == 0)
		order = other->listed - one->listed;
	if (order == 0)
		order = (one->size > other->size) - (one->size < other->size);
	return (order != 0 ? order : (one->entry > other->entry) - (one->entry < other->entry));
}

/* The place of the first head of name. */
static size_t
place_of(const struct audit_heads *heads, const char *name)
{
	struct audit_head first = { .listed = true };
	size_t low = 0, high = heads->count;

	(void)snprintf(first.name, sizeof(first.name), "%s", name);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_heads(&heads->items[middle], &first) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (low);
}

static bool
is_of(const struct audit_heads *heads, size_t i, const char *name)
{
	return (i < heads->count && strcmp(heads->items[i].name, name) == 0);
}

static void
tell(struct audit_chain *chain, enum audit_code code, const struct audit_head *head)
{
	struct audit_place at = audit_place("chain.jsonl");

	if (code == AUDIT_E_ROLLBACK) {
		at.entry = chain->count;
		audit_report(&chain->list, code, &at,
		    "entry %ju of " STORE_OWN_STREAM " says it had %ju entries, %zu are here",
		    (uintmax_t)head->entry, (uintmax_t)head->size, chain->count);
	} else
		audit_report(&chain->list, code, &at,
		    "entry %ju of " STORE_OWN_STREAM " says otherwise of its first %ju entries",
		    (uintmax_t)head->entry, (uintmax_t)head->size);
}

void
audit_heads_check(const struct audit_heads *heads, struct audit_chain *chain)
{
	const char *name = chain->name;
	size_t i = place_of(heads, name);
	struct seal_tree *tree;
	unsigned char leaf[1][32], root[32];
	uint64_t size = 0;
	struct span line;

	while (is_of(heads, i, name) && heads->items[i].listed)
		i++;
	if (!is_of(heads, i, name))
		return;
	if ((tree = calloc(1, sizeof(*tree))) == NULL) {
		chain->list.failed = true;
		return;
	}
	seal_tree_init(tree);
	seal_tree_root(tree, root);
	for (; is_of(heads, i, name) && heads->items[i].size <= chain->count; i++) {
		bool moved = size < heads->items[i].size;

		for (; size < heads->items[i].size; size++) {
			line = audit_line(chain, size);
			seal_entry_leaf(line.ptr, line.len, leaf[0]);
			(void)seal_tree_add(tree, (const unsigned char(*)[32])leaf, 1, NULL);
		}
		if (moved)
			seal_tree_root(tree, root);
		if (memcmp(root, heads->items[i].root, sizeof(root)) == 0)
			continue;
		/* Of a chain that is damaged anyway, another root is a dependant. */
		if (chain->damaged)
			chain->list.suppressed++;
		else
			tell(chain, AUDIT_E_SPLIT_VIEW, &heads->items[i]);
		break;
	}
	free(tree);
	while (is_of(heads, i, name))
		i++;
	if (heads->items[i - 1].size <= chain->count)
		return;
	tell(chain, AUDIT_E_ROLLBACK, &heads->items[i - 1]);
}

void
audit_heads_end(struct audit_chain *own)
{
	struct audit_heads *heads = &own->heads;
	struct audit_place at = audit_place("chain.jsonl");
	const char *name = NULL;

	if (heads->count > 1)
		qsort(heads->items, heads->count, sizeof(heads->items[0]), compare_heads);
	for (size_t i = 0; i < heads->count; i++) {
		if (name != NULL && strcmp(heads->items[i].name, name) == 0)
			continue;
		name = heads->items[i].name;
		at.entry = heads->items[i].entry;
		if (!heads->items[i].listed)
			audit_report(&own->list, AUDIT_E_ENTRY_TARGET, &at,
			    "it names a stream that is not listed");
	}
}
