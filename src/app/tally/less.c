/* app: what was counted of records that go is taken back. */
#include "app/tally/less.h"

#include <stdlib.h>

#include "app/records.h"
#include "app/search/search.h"
#include "app/tally/inside.h"
#include "base/err.h"
#include "store/reader.h"
#include "tally/less/less.h"

#define LINES 1024 /* until it is asked again whether the rest of a segment is needed */

struct walk {
	const struct app_tally_less *how;
	struct tally_less *less;
	struct app_records records;
	struct app_search search;
	struct store_reader *reader;
	struct seal_entry entry;
	unsigned lines; /* of the segment at hand */
	bool stays; /* records that stay are read; else those that go */
};

/*
 * Does one of the count records from first on go?  In whatever order they are asked for: frames
 * may be asked for ahead of the record at hand.
 */
static bool
has_range(const struct walk *w, uint64_t first, uint64_t count)
{
	return (
	    count > 0 && seal_ranges_meet(w->how->ranges, w->how->count, first, first + count - 1));
}

static bool
may(void *arg, const struct store_skip *skip, size_t frame, uint64_t first)
{
	struct walk *w = arg;
	int64_t first_us, last_us;

	if (!w->stays)
		return (has_range(w, first, store_skip_count(skip, frame)));
	store_skip_times(skip, frame, &first_us, &last_us);
	return (tally_less_asks(w->less, first_us, last_us));
}

static bool
is_asked(struct walk *w, const struct seal_segment *segment)
{
	if (segment->n == 0)
		return (false);
	if (w->stays)
		return (tally_less_asks(
		    w->less, segment->counts.time_min_us, segment->counts.time_max_us));
	if (w->records.number > segment->first && w->records.number < segment->first + segment->n)
		return (has_range(
		    w, w->records.number, segment->first + segment->n - w->records.number));
	return (has_range(w, segment->first, segment->n));
}

static int
see(void *arg, struct span line, struct err *e)
{
	struct walk *w = arg;

	if (++w->lines % LINES == 0 && !is_asked(w, &w->entry.of.segment))
		return (1); /* nothing of the rest of the segment */
	if (has_range(w, w->records.number, 1) == w->stays)
		return (0);
	return (w->stays ? tally_less_stays(w->less, line, e) : tally_less_take(w->less, line, e));
}

/* Once over the sealed records. */
static int
read_records(struct walk *w, bool stays, struct err *e)
{
	size_t at = 0;
	int rc = 0, end = 0;

	w->stays = stays;
	while (rc != -1 && (end = app_records_entry(&w->records, &at, &w->entry, e)) == 0) {
		w->lines = 0;
		w->records.number = w->entry.of.segment.first;
		if (is_asked(w, &w->entry.of.segment))
			rc = app_records_segment(
			    &w->records, w->reader, &w->entry.of.segment, see, w, e);
	}
	return (rc == -1 || end == -1 ? -1 : 0);
}

/* Those that go, which need not be read again. */
static int
take_lines(struct walk *w, struct err *e)
{
	struct span rest = w->how->lines;
	int rc = 0;

	while (rc == 0 && rest.len > 0) {
		size_t len = span_find(rest, '\n');

		rc = tally_less_take(w->less, span_of(rest.ptr, len), e);
		rest = span_from(rest, len + 1);
	}
	return (rc);
}

static int
take_gone(struct walk *w, struct err *e)
{
	return (w->how->lines.len > 0 ? take_lines(w, e) : read_records(w, false, e));
}

static int
take_all(struct walk *w, struct err *e)
{
	if (take_gone(w, e) == -1 || tally_less_taken(w->less, e) == -1 ||
	    read_records(w, true, e) == -1 || tally_less_looked(w->less, e) == -1 ||
	    read_records(w, true, e) == -1)
		return (-1);
	return (tally_less_counted(w->less, e));
}

/* What is taken back is of the reach that was asked for: nobody has counted more since. */
static int
begin(struct walk *w, struct err *e)
{
	uint64_t segment, records;

	if (tally_less_open(w->how->book, &w->less, e) == -1)
		return (-1);
	tally_book_reach(w->how->book, &segment, &records);
	if (segment != w->how->segment || records != w->how->records)
		return (err_set(e, ERR_BUSY, "another process has counted the stream"));
	return (0);
}

static int
take_back(struct app_tally_less *less, struct err *e)
{
	struct walk *w = calloc(1, sizeof(*w));
	int rc = -1;

	if (w == NULL)
		return (err_memory(e));
	w->how = less;
	if (app_records_open(&w->records, less->store, less->stream, NULL, NULL, e) == 0 &&
	    store_reader_open(&w->reader, e) == 0 && begin(w, e) == 0) {
		w->records.all = true;
		app_search_open(&w->search, &w->records, less->store, less->stream, NULL, false);
		w->search.may = may;
		w->search.may_arg = w;
		rc = take_all(w, e);
		w->records.search = NULL;
		app_search_close(&w->search);
	}
	tally_less_close(w->less);
	store_reader_close(w->reader);
	app_records_close(&w->records);
	free(w);
	return (rc);
}

/*
 * What a process that writes the stream has in memory is of before.  It finds the reach
 * changed, and counts from the segments once: all records of the last one is the same as
 * the beginning of the one behind it.
 */
static int
change_reach(struct app_tally_less *less, struct err *e)
{
	struct app_records r = { .stream_fd = -1 };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t at = 0;
	int rc = entry == NULL ? err_memory(e) : 0;

	if (rc == 0 && (rc = app_records_open(&r, less->store, less->stream, NULL, NULL, e)) == 0)
		while ((rc = app_records_entry(&r, &at, entry, e)) == 0)
			if (entry->of.segment.seg == less->segment - 1) {
				less->segment = entry->of.segment.seg;
				less->records = entry->of.segment.n;
				break;
			}
	app_records_close(&r);
	free(entry);
	return (rc == -1 ? -1 : 0);
}

/*
 * Sealed segments are counted first, so that what goes was counted, by the rules of what comes
 * late.  Of an open one records are counted that nobody can look at yet.
 */
static int
less_of_it(struct app_tally_less *less, struct err *e)
{
	const struct app_tally_source source = { less->store, less->stream, NULL, 0 };

	if (!app_tally_counts_again(less->book) && app_tally_guard(less->book, true, e) == -1)
		return (-1);
	if (app_tally_catch_up(less->book, &source, NULL, e) == -1)
		return (-1);
	if (tally_book_moved(less->book)) /* of what goes nobody knows the hour it is counted in */
		return (err_set(e, ERR_INCOMPLETE, "what came late is in other hours"));
	tally_book_reach(less->book, &less->segment, &less->records);
	if (less->records > 0)
		return (err_set(e, ERR_INCOMPLETE, "a part of a segment is counted"));
	if (app_tally_freeze(less->store, less->stream, e) == -1 ||
	    tally_book_keeps(less->book, &less->apart, e) == -1 || take_back(less, e) == -1 ||
	    (less->live && change_reach(less, e) == -1))
		return (-1);
	return (tally_book_doubt(less->book, e));
}

int
app_tally_less_begin(struct app_tally_less *less, struct err *e)
{
	struct err why = { ERR_NONE, "" }; /* whatever it is: then all is counted again */
	struct buf path = { 0 };
	int rc = -1;

	less->there = less->apart = false;
	less->book = NULL;
	if (app_tally_path(less->store, &path, e) == -1)
		return (-1);
	if (less->count > 0 &&
	    app_tally_ready(less->store, less->stream, &less->there, &why) == 0 && less->there &&
	    tally_book_open(path.data, less->stream, NULL, &less->book, &why) == 0 &&
	    less_of_it(less, &why) == 0)
		rc = 0;
	else {
		tally_book_close(less->book);
		less->book = NULL;
		rc = app_tally_forget(less->store, less->stream, &less->there, &less->apart, e);
	}
	buf_free(&path);
	return (rc);
}

int
app_tally_less_end(struct app_tally_less *less, bool whole, struct err *e)
{
	struct tally_book *book = less->book;
	struct err why = { ERR_NONE, "" };
	struct app_tally_rebuilt done;
	int rc = -1;

	less->book = NULL;
	if (book != NULL && whole &&
	    tally_book_commit(book, less->segment, less->records, &why) == 0)
		rc = tally_book_anew(book, e);
	else if (!less->there)
		rc = 0;
	else {
		tally_book_close(book);
		book = NULL;
		rc = app_tally_rebuild(less->store, less->stream, false, &done, e);
	}
	tally_book_close(book);
	return (rc);
}
