#include "audit/live/again.h"

#include <stdlib.h>
#include <string.h>

#include "audit/live/live.h"
#include "audit/live/moving.h"
#include "audit/store_check.h"

static int
compare_numbers(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return ((*one > *other) - (*one < *other));
}

/* Of the chain's segments those that are to be checked stay. */
static void
pick(const struct audit_pool *pool, struct audit_chain *chain)
{
	size_t kept = 0;

	for (size_t i = 0; i < chain->segment_count; i++)
		if (pool->again_count > 0 &&
		    bsearch(&chain->segments[i].seg, pool->again, pool->again_count,
			sizeof(pool->again[0]), compare_numbers) != NULL)
			chain->segments[kept++] = chain->segments[i];
	chain->segment_count = kept;
}

/* false: there is no chain any more. */
static bool
check_once(struct audit_again *a, struct audit_coverage *coverage)
{
	struct audit_coverage counted = *coverage; /* chain and notes were */
	struct audit_chain chain;
	bool there = audit_stream_begin(&chain, a->streams, a->name, a->options, &counted) == 0;

	(void)audit_window_settle(&chain.window, &chain.list);
	if (!there || chain.list.has_error)
		audit_list_move(a->segments, &chain.list);
	if (there) {
		pick(a->pool, &chain);
		chain.coverage = coverage;
		audit_pool_check(a->pool, &chain, a->segments);
	}
	audit_chain_free(&chain);
	return (there);
}

void
audit_stream_again(struct audit_again *a, struct audit_coverage *coverage)
{
	bool there = true;

	for (unsigned attempt = 0; attempt + 1 < AUDIT_ATTEMPTS && there; attempt++) {
		if (a->pool->again_count == 0)
			break;
		audit_pause(attempt);
		a->pool->defer = attempt + 2 < AUDIT_ATTEMPTS;
		qsort(a->pool->again, a->pool->again_count, sizeof(a->pool->again[0]),
		    compare_numbers);
		there = check_once(a, coverage);
	}
}

/* ---- the vocabulary ---- */

struct newest {
	struct audit_chain *chain;
	struct audit_segment segment;
};

/* chain ends with this segment. */
static void
see_segment(void *arg, uint64_t i, const struct seal_entry *entry)
{
	struct newest *newest = arg;
	struct audit_chain *chain = newest->chain;
	const struct seal_segment *facts = &entry->of.segment;

	if (entry->type == SEAL_CONFIG && entry->of.config.has_words) {
		audit_words_said(chain, entry, i);
		chain->signed_count = i + 1;
	}
	if (entry->type != SEAL_SEGMENT)
		return;
	newest->segment = (struct audit_segment){ .line = i, .seg = facts->seg };
	chain->segments = &newest->segment;
	chain->segment_count = 1;
	chain->newest_good = true;
	chain->signed_count = i + 1;
	audit_words_said(chain, entry, i);
}

void
audit_words_again(const struct audit_chain *chain, int words, struct audit_list *list)
{
	for (unsigned attempt = 0;; attempt++) {
		struct audit_chain now = *chain; /* borrows all of it */
		struct newest newest = { .chain = &now };

		(void)audit_appended(chain, see_segment, &newest);
		audit_words_check(&now, words, list);
		if (list->count == 0 || attempt + 1 == AUDIT_ATTEMPTS ||
		    !(audit_is_warm(chain) || audit_is_young(words, chain->name)))
			return;
		audit_pause(attempt);
		audit_list_free(list);
		audit_list_init(list, chain->name, AUDIT_FINDINGS_PER_FILE);
	}
}
