#include "app/archive/check.h"

#include <stdlib.h>
#include <string.h>

#include "app/archive/source.h"
#include "app/names.h"
#include "audit/verify.h"
#include "base/err.h"
#include "seal/tree.h"

/* What of a segment's counts must be that of its source. */
struct sums {
	uint64_t lines, bytes, events, meta, joined, lost, records;
};

struct checking {
	const struct app_archive *a;
	struct app_archive_checked *out;
	struct app_archive_source source;
	struct app_records archived;
	struct app_archive_state state;
	struct seal_entry *entry;
	struct buf sums;       /* struct sums: of each segment of the source, from 1 */
	struct seal_tree tree; /* over the first tree.count entries of the source */
};

static void
add_sums(struct sums *s, const struct seal_segment *segment)
{
	const struct stats_counts *c = &segment->counts;
	const struct stats_outcome *o = &c->split;

	s->lines += c->lines;
	s->bytes += c->bytes;
	s->events += o->parsed + o->partial + o->unparsed + o->counted;
	s->meta += c->meta;
	s->joined += c->joined;
	s->lost += c->lost;
	s->records += segment->n;
}

/* ---- the chains ---- */

/* Chains and notes; segments are a verifier's own work. */
static uint64_t
all_checked(void *arg, const char *stream)
{
	(void)arg;
	(void)stream;
	return (UINT64_MAX);
}

static int
verify(const char *store, const char *stream, struct err *e)
{
	struct audit_options how = { .stream = stream, .jobs = 1, .names = app_names(),
		.checked = all_checked };
	struct audit_result result;
	int rc = 0;

	if (audit_verify(store, &how, &result, e) == -1)
		return (-1);
	if (result.errors > 0)
		rc = err_set(e, ERR_FINDING,
		    "store %s: stream %s does not verify; see cretula verify", store, stream);
	audit_result_free(&result);
	return (rc);
}

static int
open_chains(struct checking *c, struct err *e)
{
	const struct app_archive *a = c->a;

	if (verify(a->store, a->stream, e) == -1 || verify(a->to, a->stream, e) == -1 ||
	    app_archive_source_open(&c->source, a->store, a->stream, e) == -1 ||
	    app_records_open(&c->archived, a->to, a->stream, NULL, NULL, e) == -1)
		return (-1);
	if ((c->entry = calloc(1, sizeof(*c->entry))) == NULL)
		return (err_memory(e));
	if (app_archive_state_read(
		&c->archived.chain, buf_view(&c->source.origin), &c->state, e) == -1)
		return (err_in(e, "archive %s: stream %s", a->to, a->stream));
	return (0);
}

/* ---- the source ---- */

static int
take_source(struct checking *c, struct err *e)
{
	const struct store_chain *chain = &c->source.records.chain;
	const struct seal_segment *segment = &c->entry->of.segment;

	for (uint64_t i = 0; i < c->source.size; i++) {
		struct sums s = { 0 };
		bool pruned;

		if (seal_entry_read(store_chain_line(chain, i), app_names(), c->entry, e) == -1)
			return (err_in(e, "entry %ju", (uintmax_t)i));
		if (c->entry->type != SEAL_SEGMENT)
			continue;
		pruned = app_records_past(&c->source.records, c->entry)->pruned;
		add_sums(&s, segment);
		buf_add(&c->sums, &s, sizeof(s));
		if (app_archive_state_has(&c->state, segment->seg))
			c->out->taken++;
		else if (pruned)
			c->out->lost++;
		else
			c->out->waiting++;
	}
	return (buf_ok(&c->sums) ? 0 : err_memory(e));
}

/* The sums of ranges; -1: some is no segment of the source. */
static int
sum_up(const struct checking *c, struct span segs, struct sums *sum)
{
	const struct sums *list = (const struct sums *)(const void *)c->sums.data;
	uint64_t count = c->sums.len / sizeof(*list);
	struct json_cursor cursor;
	struct seal_range range;

	memset(sum, 0, sizeof(*sum));
	seal_ranges_open(segs, &cursor);
	while (seal_ranges_next(&cursor, &range))
		for (uint64_t seg = range.first; seg <= range.last; seg++) {
			if (seg == 0 || seg > count)
				return (-1);
			sum->lines += list[seg - 1].lines;
			sum->bytes += list[seg - 1].bytes;
			sum->events += list[seg - 1].events;
			sum->meta += list[seg - 1].meta;
			sum->joined += list[seg - 1].joined;
			sum->lost += list[seg - 1].lost;
			sum->records += list[seg - 1].records;
		}
	return (0);
}

/* Was the chain of the source, at that size, the one with that root?  Sizes only become more. */
static bool
is_root(struct checking *c, const struct seal_derive *derive)
{
	unsigned char leaf[1][32], root[32];

	if (derive->size > c->source.size || derive->size < c->tree.count)
		return (false);
	while (c->tree.count < derive->size) {
		const struct span line =
		    store_chain_line(&c->source.records.chain, c->tree.count);

		seal_entry_leaf(line.ptr, line.len, leaf[0]);
		(void)seal_tree_add(&c->tree, (const unsigned char(*)[32])leaf, 1, NULL);
	}
	seal_tree_root(&c->tree, root);
	return (memcmp(root, derive->root, sizeof(root)) == 0);
}

/* ---- the archive ---- */

/* made: what the segment in front of derive says. */
static int
compare(struct checking *c, const struct seal_derive *derive, const struct sums *made, uint64_t seg,
    struct err *e)
{
	struct sums want;

	if (!is_root(c, derive))
		return (err_set(e, ERR_FINDING,
		    "segment %ju is bound to another chain than the source's", (uintmax_t)seg));
	if (sum_up(c, derive->segs, &want) == -1)
		return (err_set(e, ERR_FINDING,
		    "segment %ju is of some that the source does not have", (uintmax_t)seg));
	if (made->lines != want.lines || made->bytes != want.bytes ||
	    made->events != want.events || made->meta != want.meta ||
	    made->joined != want.joined || made->lost != want.lost ||
	    made->records > want.records)
		return (err_set(e, ERR_FINDING, "segment %ju has other counts than its source",
		    (uintmax_t)seg));
	c->out->bound++;
	c->out->records += want.records;
	c->out->erased += want.records - made->records;
	return (0);
}

static int
take_archive(struct checking *c, struct err *e)
{
	const struct store_chain *chain = &c->archived.chain;
	struct sums made = { 0 };
	uint64_t seg = 0;
	int rc = 0;

	for (size_t i = 0; i < chain->count && rc == 0; i++) {
		if (seal_entry_read(store_chain_line(chain, i), app_names(), c->entry, e) == -1)
			return (err_in(e, "entry %zu", i));
		if (c->entry->type == SEAL_SEGMENT) {
			memset(&made, 0, sizeof(made));
			add_sums(&made, &c->entry->of.segment);
			seg = c->entry->of.segment.seg;
		} else if (c->entry->type == SEAL_DERIVE) {
			rc = compare(c, &c->entry->of.derive, &made, seg, e);
		}
	}
	return (rc);
}

int
app_archive_check(const struct app_archive *a, struct app_archive_checked *out, struct err *e)
{
	struct checking *c = calloc(1, sizeof(*c));
	int rc = -1;

	if (c == NULL)
		return (err_memory(e));
	memset(out, 0, sizeof(*out));
	c->a = a;
	c->out = out;
	c->archived.stream_fd = c->source.records.stream_fd = -1;
	seal_tree_init(&c->tree);
	if (open_chains(c, e) == 0 && take_source(c, e) == 0) {
		rc = take_archive(c, e);
		if (rc == -1)
			(void)err_in(e, "archive %s: stream %s", a->to, a->stream);
	}
	app_archive_source_close(&c->source);
	app_records_close(&c->archived);
	app_archive_state_free(&c->state);
	buf_free(&c->sums);
	free(c->entry);
	free(c);
	return (rc);
}
