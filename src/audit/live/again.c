#include "audit/live/again.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

/* A vocabulary comes before its segment's entry. */
static void
check_words(struct audit_again *a, struct audit_chain *chain)
{
	struct audit_list list;

	if (a->words_list->count == 0 || chain->segment_count == 0)
		return;
	audit_list_init(&list, chain->name, AUDIT_FINDINGS_PER_FILE);
	chain->newest_good = true;
	audit_words_check(chain, a->words, &list);
	if (list.count == 0 && !list.failed) {
		audit_list_free(a->words_list);
		audit_list_init(a->words_list, chain->name, AUDIT_FINDINGS_PER_FILE);
	}
	audit_list_free(&list);
}

/* false: there is no chain any more. */
static bool
check_once(struct audit_again *a, struct audit_coverage *coverage)
{
	struct audit_coverage counted = *coverage; /* chain and notes were */
	struct audit_chain chain;
	bool there =
	    audit_stream_begin(&chain, a->streams, a->name, a->options, &counted) == 0;

	if (!there || chain.list.has_error)
		audit_list_move(a->segments, &chain.list);
	if (there) {
		check_words(a, &chain);
		pick(a->pool, &chain);
		chain.coverage = coverage;
		audit_pool_check(a->pool, &chain, a->segments);
	}
	if (chain.dirfd != -1)
		(void)close(chain.dirfd);
	audit_chain_free(&chain);
	return (there);
}

void
audit_stream_again(struct audit_again *a, struct audit_coverage *coverage)
{
	bool there = true;

	for (unsigned attempt = 0; attempt + 1 < AUDIT_ATTEMPTS && there; attempt++) {
		if (a->pool->again_count == 0 && a->words_list->count == 0)
			break;
		audit_pause(attempt);
		a->pool->defer = attempt + 2 < AUDIT_ATTEMPTS;
		if (a->pool->again_count > 0)
			qsort(a->pool->again, a->pool->again_count, sizeof(a->pool->again[0]),
			    compare_numbers);
		there = check_once(a, coverage);
	}
}
