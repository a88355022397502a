#include "app/stats/totals.h"

#include <string.h>

#include "app/names.h"
#include "base/err.h"
#include "store/reader.h"

/* Is a word of a path a token? */
static bool
is_token(struct span word)
{
	return (word.len >= 3 && memcmp(word.ptr, "sg.", 3) == 0);
}

/* Templates and classes say what stood there: they are no words. */
static void
count_words(struct app_totals *t, struct span path)
{
	while (path.len > 0) {
		size_t len = span_find(path, '/');
		struct span word = span_of(path.ptr, len);

		if (len > 0 && word.ptr[0] != '{' && word.ptr[0] != '[') {
			t->words_seen++;
			t->words_clear += !is_token(word);
		}
		path = span_from(path, len < path.len ? len + 1 : len);
	}
}

static int
count_line(void *arg, struct span line, struct err *e)
{
	struct app_totals *t = arg;
	struct record_facts facts;
	struct record record;

	if (record_peek(line, &facts, e) == -1)
		return (-1);
	if (facts.time_us < t->records.since_us || facts.time_us >= t->records.until_us)
		return (0);
	stats_counts_record(&t->counted, facts.status, facts.time_us);
	t->partial += facts.state == RECORD_PARTIAL;
	t->unparsed += facts.state == RECORD_UNPARSED;
	t->record_count++;
	t->record_bytes += line.len + 1;
	if (!t->words)
		return (0);
	if (record_decode(&t->decoder, line, &record, e) == -1)
		return (-1);
	if (record_has(&record, RECORD_FIELD_PATH))
		count_words(t, record.text[RECORD_FIELD_PATH]);
	return (0);
}

/* What an entry says of its segment as a whole. */
static void
add_entry(struct app_totals *t, const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	const struct seal_past *past = app_records_past(&t->records, entry);
	bool touched = past != NULL && past->touched_count > 0;

	stats_counts_add(&t->sealed, &segment->counts);
	t->segments++;
	t->disk_bytes += touched ? past->file_size : segment->file_size;
	t->erased += touched ? past->erased_count : 0;
}

/* All of the stream, also where a window is asked for: copies are not of a time. */
static void
read_raw(struct app_totals *t)
{
	const struct store_chain *chain = &t->records.chain;
	struct seal_entry entry;

	for (size_t i = 0; i < chain->count; i++)
		if (seal_entry_read(store_chain_line(chain, i), app_names(), &entry, NULL) == 0)
			seal_raw_take(&t->raw, &entry);
}

/*
 * Does the entry say all of a segment that its records do?  Not of one that ends
 * outside of the window, was touched, or is so small that no status counts were sealed.
 */
static bool
is_said(const struct app_totals *t, const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	const struct stats_counts *c = &segment->counts;
	const struct seal_past *past = app_records_past(&t->records, entry);
	uint64_t by_status = 0;

	if (t->words || (past != NULL && past->touched_count > 0) ||
	    c->time_min_us < t->records.since_us || c->time_max_us >= t->records.until_us ||
	    c->in.parsed + c->in.partial + c->in.unparsed != segment->n)
		return (false);
	for (unsigned i = 0; i < STATS_STATUS_CLASSES; i++)
		by_status += c->status[i];
	return (by_status == segment->n);
}

static int
count_segment(struct app_totals *t, struct store_reader *reader, const struct seal_entry *entry,
    struct err *e)
{
	const struct seal_segment *segment = &entry->of.segment;

	if (!is_said(t, entry))
		return (app_records_segment(&t->records, reader, segment, count_line, t, e));
	stats_counts_add(&t->counted, &segment->counts);
	t->partial += segment->counts.in.partial;
	t->unparsed += segment->counts.in.unparsed;
	t->record_count += segment->n;
	t->record_bytes += segment->bytes;
	return (0);
}

int
app_totals_collect(struct app_totals *t, struct err *e)
{
	struct store_reader *reader = NULL;
	struct seal_entry entry;
	size_t at = 0;
	int end = 0, rc = store_reader_open(&reader, e);

	read_raw(t);
	stats_counts_clear(&t->sealed);
	stats_counts_clear(&t->counted);
	while (rc == 0 && (end = app_records_entry(&t->records, &at, &entry, e)) == 0) {
		add_entry(t, &entry);
		if (entry.of.segment.n > 0)
			rc = count_segment(t, reader, &entry, e);
	}
	store_reader_close(reader);
	return (rc == 0 && end == 1 ? 0 : -1);
}
