/*
 * What lies behind the last commit: whole records are kept, and counted as
 * untagged, but for those of a source that is read again from there on.
 */
#include "base/io.h"
#include "record/record.h"
#include "store/live/found.h"

/* How many of the lines are records; the first that is none ends the tail. */
static size_t
count_records(struct recovering *r, struct live_open *o, struct span run, size_t count)
{
	const struct live_hash *h = r->l->hash;
	struct stats_counts *c = &o->state.counts;
	struct record_facts facts;
	uint32_t start = 0;
	size_t i;
	int reason;

	for (i = 0; i < count; i++) {
		uint32_t end = h->ends[i];

		if (end - start > RECORD_BYTES_MAX || o->n + i == SEAL_RECORDS_MAX ||
		    o->state.off + end > SEAL_BYTES_MAX ||
		    record_peek(span_of(run.ptr + start, end - start - 1), &facts, NULL) == -1)
			break;
		c->lines++;
		c->in.parsed += facts.state == RECORD_PARSED;
		c->in.partial += facts.state == RECORD_PARTIAL;
		c->in.unparsed += facts.state == RECORD_UNPARSED;
		if ((reason = seal_reason_index(&r->l->names, facts.reason)) >= 0)
			c->reasons[reason]++;
		stats_counts_record(c, facts.status, facts.time_us);
		start = end;
	}
	return (i);
}

static int
take_tail(struct recovering *r, struct look *k, struct err *e)
{
	struct live_open *o = k->o;
	struct live_hash *h = r->l->hash;
	struct live_lines lines;
	struct span run;
	size_t count, good;
	uint64_t before = o->n;

	if (store_lines_open(&lines, o->data_fd, o->state.off, k->data_bytes, e) == -1)
		return (-1);
	do {
		if (store_lines_next(&lines, h, &count, &run, e) == -1) {
			store_lines_close(&lines);
			return (-1);
		}
		good = count_records(r, o, run, count);
		store_open_leaves(h, o->seed, o->n, run.ptr, good);
		(void)seal_tree_add(
		    &o->tree, (const unsigned char(*)[32])h->leaves, good, NULL);
		o->n += good;
		o->state.off += good == 0 ? 0 : h->ends[good - 1];
		r->found->lost += count - good;
	} while (count > 0 && good == count);
	store_lines_close(&lines);
	if (o->state.off < k->data_bytes && r->found->lost == 0)
		r->found->lost = 1; /* without an end */
	r->found->untagged = o->n - before;
	o->state.untagged += o->n - before;
	return (0);
}

int
store_open_tail(struct recovering *r, struct look *k, struct err *e)
{
	struct store_live *l = r->l;
	struct live_open *o = k->o;
	int rc = 0;

	if (!l->replays && take_tail(r, k, e) == -1)
		return (-1);
	if ((k->tags.len > o->tags_bytes &&
		io_truncate(o->tags_fd, (off_t)o->tags_bytes, e) == -1) ||
	    (k->data_bytes > o->state.off &&
		io_truncate(o->data_fd, (off_t)o->state.off, e) == -1))
		return (-1);
	if (r->found->untagged > 0) {
		l->at = o;
		rc = store_open_commit(l, o->state.off, e);
		l->at = NULL;
	}
	return (rc);
}
