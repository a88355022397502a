/* One stream: its chain, entry by entry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "app/paper/inside.h"
#include "app/records.h"
#include "base/err.h"
#include "crypto/sha256.h"
#include "seal/history.h"
#include "store/erase/erase.h"

static uint64_t
count_replaced(const struct seal_past *past)
{
	uint64_t n = 0;

	for (size_t i = 0; i < past->touched_count; i++)
		n += !past->touched[i].erased;
	return (n);
}

/* As it was sealed; what is gone since then is counted beside it. */
static void
see_segment(const struct paper *p, struct paper_stream *s, const struct seal_entry *entry,
    const struct seal_past *past)
{
	const struct seal_segment *facts = &entry->of.segment;
	bool pruned = past != NULL && past->pruned;

	s->sealed_us = entry->t_us;
	s->pruned |= pruned;
	if (!pruned && facts->n > 0 && facts->counts.time_min_us < s->kept_us)
		s->kept_us = facts->counts.time_min_us;
	if (!audit_range_holds(&p->range, facts))
		return;
	s->segments++;
	s->records += facts->n;
	s->bytes += facts->bytes;
	s->unbalanced += !stats_counts_balanced(&facts->counts);
	s->unlocked += facts->unlocked;
	s->untagged += facts->has_tags ? facts->tags.untagged : 0;
	stats_counts_add(&s->counts, &facts->counts);
	if (pruned) {
		s->pruned_segments++;
		s->pruned_records += facts->n;
	} else if (past != NULL) {
		s->erased += past->erased_count;
		s->replaced += count_replaced(past);
	}
}

static void
see_genesis(struct paper *p, struct paper_stream *s, const struct seal_entry *entry)
{
	const struct seal_genesis *g = &entry->of.genesis;

	s->genesis_us = entry->t_us;
	s->escrow = g->escrow;
	s->has_ratchet = g->has_ratchet;
	(void)snprintf(s->origin, sizeof(s->origin), "%.*s", (int)g->origin.len, g->origin.ptr);
	if (p->genesis_us == 0 || entry->t_us < p->genesis_us)
		p->genesis_us = entry->t_us;
}

static int
see_entry(struct paper *p, struct paper_stream *s, const struct seal_entry *entry,
    const struct seal_history *history, struct err *e)
{
	s->head_us = entry->t_us;
	seal_raw_take(&s->raw, entry);
	if (entry->type == SEAL_GENESIS)
		see_genesis(p, s, entry);
	if (entry->type != SEAL_SEGMENT)
		return (app_paper_see_act(p, s, entry, history, e));
	see_segment(p, s, entry, seal_history_segment(history, entry->of.segment.seg));
	/* cretula's own records have nothing to mask. */
	if (!span_starts(span_str(s->name), span_str("cretula.")) &&
	    audit_range_holds(&p->range, &entry->of.segment) &&
	    app_paper_see_policy(p, s, entry) == -1)
		p->policies_more++;
	return (app_paper_see_keys(p, entry, e));
}

/* What is wrong with a chain is said; a disk that does not read, or no memory, ends it all. */
static int
see_problem(struct paper_stream *s, const struct err *why, struct err *e)
{
	if (why->code == ERR_IO) {
		*e = *why;
		return (-1);
	}
	(void)snprintf(s->problem, sizeof(s->problem), "%s", why->text);
	return (0);
}

static int
see_chain(struct paper *p, struct paper_stream *s, const struct store_chain *chain, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_history *history = NULL;
	struct err why = { ERR_NONE, "" };
	int rc = entry == NULL ? err_memory(e) : 0;

	if (rc == 0 && store_history_read(chain, app_names(), &history, &why) == -1)
		rc = see_problem(s, &why, e);
	for (size_t i = 0; i < chain->count && rc == 0 && history != NULL; i++) {
		if (seal_entry_read(store_chain_line(chain, i), app_names(), entry, &why) == -1) {
			rc = see_problem(s, &why, e);
			break;
		}
		s->entries++;
		rc = see_entry(p, s, entry, history, e);
	}
	if (s->entries > 0) {
		struct span last = store_chain_line(chain, s->entries - 1);

		crypto_sha256(last.ptr, last.len, s->head);
	}
	if (history != NULL && (s->holds = seal_history_holds(history, p->now_us)) > 0) {
		s->history = history; /* who else's keys it holds is asked once all are known */
		history = NULL;
	}
	seal_history_free(history);
	free(entry);
	return (rc);
}

int
app_paper_see_stream(struct paper *p, const char *name, struct err *e)
{
	struct paper_stream *s = &p->streams[p->stream_count++];
	struct app_records r = { .stream_fd = -1 };
	struct err why = { ERR_NONE, "" };
	int rc = 0;

	memset(s, 0, sizeof(*s));
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	s->kept_us = INT64_MAX;
	stats_counts_clear(&s->counts);
	if (app_records_open(&r, p->store, name, NULL, NULL, &why) == -1)
		rc = see_problem(s, &why, e);
	else
		rc = see_chain(p, s, &r.chain, e);
	app_records_close(&r);
	p->holds += s->holds;
	return (rc);
}
