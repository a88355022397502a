/* app: sealed segments are counted, for the first time or again. */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/records.h"
#include "app/tally/tally.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/layout.h"
#include "store/read/streams.h"
#include "store/reader.h"
#include "tally/fold.h"
#include "tally/freeze.h"
#include "view/counts/counts.h"

struct counting {
	struct tally_book *book;
	struct app_records records;
	struct store_reader *reader;
	const atomic_bool *stop;
	uint64_t before, counted; /* before: as in app_tally_source */
};

int
app_tally_path(const char *store, struct buf *out, struct err *e)
{
	buf_str(out, store);
	buf_str(out, "/" TALLY_FILE);
	return (buf_ok(out) ? 0 : err_memory(e));
}

static int
count_line(void *arg, struct span line, struct err *e)
{
	struct counting *c = arg;

	c->counted++;
	return (tally_book_line(c->book, line, e));
}

/* One segment, from the first record on that is not counted. */
static int
count_segment(struct counting *c, const struct seal_segment *segment, struct err *e)
{
	uint64_t reached, records;

	tally_book_reach(c->book, &reached, &records);
	if (segment->seg < reached || (c->before > 0 && segment->seg >= c->before))
		return (0);
	c->records.from = segment->first + (segment->seg == reached ? records : 0);
	if (segment->n > 0 &&
	    app_records_segment(&c->records, c->reader, segment, count_line, c, e) == -1) {
		tally_book_rollback(c->book);
		return (-1);
	}
	return (tally_book_commit(c->book, segment->seg + 1, 0, e));
}

static int
count_segments(struct counting *c, struct err *e)
{
	struct seal_entry entry;
	size_t at = 0;
	int end = 0, rc = 0;

	while (rc == 0 && (c->stop == NULL || !*c->stop) &&
	    (end = app_records_entry(&c->records, &at, &entry, e)) == 0)
		rc = count_segment(c, &entry.of.segment, e);
	return (end == -1 ? -1 : rc);
}

/*
 * All is counted.  What began at the first segment, now or in a process before, may have had
 * values that nothing is counted of any more.
 */
static int
tidy(struct counting *c, bool whole, struct err *e)
{
	bool owes = false;

	if (whole)
		return (tally_book_tidy(c->book, e));
	if (tally_book_owes(c->book, &owes, e) == -1)
		return (-1);
	if (owes) /* if it cannot be now, the next one does it */
		(void)tally_book_tidy(c->book, NULL);
	return (0);
}

/*
 * What begins at the first segment may follow app_tally_forget, and nothing that came behind it;
 * what is in doubt, an erasure that did not end.  One that is stopped leaves the rest to the next.
 * What is restricted is counted: by the difference everybody would know which records it is.
 */
int
app_tally_catch_up(struct tally_book *book, const struct app_tally_source *source,
    uint64_t *counted, struct err *e)
{
	struct counting c = { .book = book,
		.records = { .stream_fd = -1 },
		.stop = source->stop,
		.before = source->before };
	uint64_t reached, records;
	int rc = -1;

	tally_book_reach(book, &reached, &records);
	if (reached == 0 &&
	    (tally_book_restart(book, false, e) == -1 || tally_book_commit(book, 1, 0, e) == -1))
		return (-1);
	if (app_records_open(&c.records, source->store, source->stream, NULL, NULL, e) == 0 &&
	    store_reader_open(&c.reader, e) == 0) {
		c.records.all = true;
		rc = count_segments(&c, e);
	}
	if (rc == 0 && (c.stop == NULL || !*c.stop))
		rc = tidy(&c, reached == 0 || (reached == 1 && records == 0 && c.counted > 0), e);
	store_reader_close(c.reader);
	app_records_close(&c.records);
	if (counted != NULL)
		*counted = c.counted;
	return (rc);
}

/* ---- all of it ---- */

static int
check_readable(const char *store, const char *stream, bool pruned_too, struct err *e)
{
	struct app_records r = { .stream_fd = -1 };
	size_t pruned;
	int rc = -1;

	if (app_records_open(&r, store, stream, NULL, NULL, e) == 0 &&
	    app_records_again(&r, e) == 0) {
		pruned = pruned_too ? 0 : seal_history_pruned(r.history);
		rc = pruned == 0 ?
		    0 :
		    err_set(e, ERR_INCOMPLETE,
			"%zu segment%s of stream %s %s pruned: what is counted of %s "
			"would be lost",
			pruned, pruned == 1 ? "" : "s", stream, pruned == 1 ? "was" : "were",
			pruned == 1 ? "it" : "them");
	}
	app_records_close(&r);
	return (rc);
}

/* What is there is no stats.db, or not one that can be read: it is made anew. */
static int
open_book(const char *path, const char *stream, struct tally_book **book, struct err *e)
{
	if (tally_book_open(path, stream, NULL, book, e) == 0)
		return (0);
	if (e->code != ERR_FINDING || tally_book_discard(path, e) == -1)
		return (-1);
	return (tally_book_open(path, stream, NULL, book, e));
}

/* What may have been shown, whatever is hidden now; moved: some of the day that it ends in. */
static int
read_shown(const char *path, const char *stream, int64_t *shown_us, bool *moved, struct err *e)
{
	struct tally_reader *r = NULL;
	struct tally_shown shown;
	int rc = -1;

	if (tally_reader_open(path, &r, e) == 0 && tally_shown(r, stream, &shown, e) == 0) {
		*shown_us = view_shown_us(&shown, clock_now_us());
		*moved = shown.moved == tally_index(TALLY_DAY, *shown_us);
		rc = 0;
	}
	tally_reader_close(r);
	return (rc);
}

/* What roles were answered stays their answer, though counts become others (tally/freeze.h). */
static int
freeze(const char *path, const char *stream, bool running, struct err *e)
{
	struct tally_freezing how = { .stream = stream, .k = VIEW_K_ANALYST };

	if (read_shown(path, stream, &how.over_us, &how.running, e) == -1)
		return (-1);
	how.running = how.running || running;
	return (tally_freeze(path, &how, e));
}

int
app_tally_ready(const char *store, const char *stream, bool *there, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int rc = app_tally_path(store, &path, e);

	*there = rc == 0 && (lstat(path.data, &st) == 0 || errno != ENOENT);
	if (*there)
		rc = check_readable(store, stream, false, e);
	buf_free(&path);
	return (rc);
}

int
app_tally_freeze(const char *store, const char *stream, struct err *e)
{
	struct buf path = { 0 };
	int rc = app_tally_path(store, &path, e);

	if (rc == 0)
		rc = freeze(path.data, stream, true, e);
	buf_free(&path);
	return (rc);
}

int
app_tally_forget(const char *store, const char *stream, bool *there, bool *apart, struct err *e)
{
	struct tally_book *book = NULL;
	struct buf path = { 0 };
	int rc = app_tally_path(store, &path, e);

	*there = *apart = false;
	if (rc == 0)
		rc = app_tally_ready(store, stream, there, e);
	if (rc == 0 && *there &&
	    (freeze(path.data, stream, true, e) == -1 ||
		tally_book_open(path.data, stream, NULL, &book, e) == -1 ||
		tally_book_keeps(book, apart, e) == -1 || tally_book_restart(book, true, e) == -1 ||
		tally_book_commit(book, 1, 0, e) == -1))
		rc = -1;
	tally_book_close(book);
	buf_free(&path);
	return (rc);
}

/* As far as analysts are shown cells: what they and all below them see does not change. */
int
app_tally_fold(const char *store, const char *stream, int64_t behind_us, int64_t until_us,
    uint64_t *folded, struct err *e)
{
	const struct tally_folding how = { stream, until_us, VIEW_K_ANALYST, behind_us != INT64_MIN,
		behind_us };
	struct buf path = { 0 };
	uint64_t more = 0;
	int rc = app_tally_path(store, &path, e);

	if (rc == 0 && access(path.data, F_OK) == 0)
		rc = tally_fold(path.data, &how, &more, e);
	*folded += more;
	buf_free(&path);
	return (rc == -1 ? err_in(e, "stream %s", stream) : 0);
}

int
app_tally_expire(
    const char *store, const char *stream, int64_t until_us, uint64_t *rows, struct err *e)
{
	const struct tally_folding how = { .stream = stream, .until_us = until_us };
	struct buf path = { 0 };
	int rc = app_tally_path(store, &path, e);

	*rows = 0;
	if (rc == 0 && access(path.data, F_OK) == 0)
		rc = tally_expire(path.data, &how, rows, e);
	buf_free(&path);
	return (rc == -1 ? err_in(e, "stream %s", stream) : 0);
}

/*
 * What a run before did not count is counted first, by the rules of what comes late: else it
 * would be among what does not.  false: it cannot be.
 */
static bool
count_rest(struct tally_book *book, const struct app_tally_source *source)
{
	uint64_t segment, records;
	bool owes = false;

	tally_book_reach(book, &segment, &records);
	if (segment == 1 && records == 0) /* nobody was shown anything */
		return (true);
	if (tally_book_owes(book, &owes, NULL) == -1)
		return (false);
	/* Then all of it is only counted again: by one that began with this, and died. */
	return (owes ||
	    (app_tally_guard(book, true, NULL) == 0 &&
		app_tally_catch_up(book, source, NULL, NULL) == 0));
}

static int
count_again(const char *store, const char *stream, bool forget, struct app_tally_rebuilt *done,
    struct err *e)
{
	const struct app_tally_source source = { store, stream, NULL, 0 };
	struct tally_book *book = NULL;
	struct buf path = { 0 };
	uint64_t more = 0;
	int rc = -1;

	if (check_readable(store, stream, forget, e) == -1 ||
	    app_tally_path(store, &path, e) == -1 || open_book(path.data, stream, &book, e) == -1 ||
	    tally_book_mend(book, &done->unreadable, e) == -1 ||
	    freeze(path.data, stream, !count_rest(book, &source), e) == -1 ||
	    tally_book_restart(book, false, e) == -1 || tally_book_commit(book, 1, 0, e) == -1)
		goto out;
	rc = app_tally_catch_up(book, &source, &more, e);
	done->counted += more;
	if (rc == 0 && more == 0) /* else it is tidied where it was counted */
		rc = tally_book_tidy(book, e);
out:
	tally_book_close(book);
	buf_free(&path);
	return (rc == -1 ? err_in(e, "stream %s", stream) : 0);
}

int
app_tally_rebuild(const char *store, const char *stream, bool forget,
    struct app_tally_rebuilt *done, struct err *e)
{
	struct buf names = { 0 };
	const char *name;
	int rc;

	*done = (struct app_tally_rebuilt){ 0, 0 };
	if (stream != NULL)
		return (count_again(store, stream, forget, done, e));
	rc = store_streams(store, &names, e);
	for (size_t i = 0; rc == 0 && (name = store_streams_name(&names, i)) != NULL; i++)
		if (store_name_ok(span_str(name))) /* else one of cretula itself */
			rc = count_again(store, name, forget, done, e);
	buf_free(&names);
	return (rc);
}
