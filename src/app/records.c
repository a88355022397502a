/* app: walk the sealed records of a stream. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "app/records.h"
#include "app/restrict/left_out.h"
#include "app/say.h"
#include "app/search/walk.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "crypto/sha256.h"
#include "seal/leaf.h"
#include "store/erase/erase.h"
#include "store/layout.h"
#include "store/read/streams.h"
#include "store/reader.h"

static int
read_time(const char *name, const char *text, int64_t now_us, int64_t *t_us, struct err *e)
{
	int64_t back_us;

	if (text == NULL || clock_parse_rfc3339(text, strlen(text), t_us) == 0)
		return (0);
	if (text[0] != '-' || num_duration(span_str(text + 1), &back_us) == -1)
		return (err_set(
		    e, ERR_USAGE, "--%s: '%s' is neither RFC 3339 nor like -7d", name, text));
	*t_us = now_us - back_us;
	return (0);
}

int
app_records_time(const char *name, const char *text, int64_t *t_us, struct err *e)
{
	return (read_time(name, text, clock_now_us(), t_us, e));
}

int
app_records_window(
    const char *since, const char *until, int64_t *since_us, int64_t *until_us, struct err *e)
{
	int64_t now_us = clock_now_us(); /* one of both: -1h is as long ago for each */

	*since_us = INT64_MIN;
	*until_us = INT64_MAX;
	if (read_time("since", since, now_us, since_us, e) == -1 ||
	    read_time("until", until, now_us, until_us, e) == -1)
		return (-1);
	return (*until_us > *since_us ? 0 : err_set(e, ERR_USAGE, "%s", APP_RECORDS_EMPTY));
}

static int
open_stream(const char *store, const char *stream, struct err *e)
{
	int streams_fd, fd;

	if (!store_name_known(span_str(stream))) {
		(void)err_set(e, ERR_USAGE, "--stream: '%s' is no stream name", stream);
		return (-1);
	}
	if ((streams_fd = store_streams_open(store, e)) == -1)
		return (-1);
	fd = io_open_dir(streams_fd, stream, e);
	if (fd == -1 && errno == ENOENT)
		(void)store_streams_lack(store, stream, e);
	(void)close(streams_fd);
	return (fd);
}

int
app_records_open(struct app_records *r, const char *store, const char *stream, const char *since,
    const char *until, struct err *e)
{
	memset(r, 0, sizeof(*r));
	r->stream_fd = -1;
	r->store = store;
	r->below = UINT64_MAX;
	assert(store != NULL && stream != NULL);
	if (app_records_window(since, until, &r->since_us, &r->until_us, e) == -1 ||
	    (r->stream_fd = open_stream(store, stream, e)) == -1)
		return (-1);
	return (store_chain_read(r->stream_fd, &r->chain, e));
}

void
app_records_close(struct app_records *r)
{
	seal_history_free(r->history);
	r->history = NULL;
	app_left_out_close(r->left);
	r->left = NULL;
	store_chain_free(&r->chain);
	if (r->stream_fd != -1)
		(void)close(r->stream_fd);
	r->stream_fd = -1;
}

int
app_records_again(struct app_records *r, struct err *e)
{
	store_chain_free(&r->chain);
	seal_history_free(r->history);
	r->history = NULL;
	if (store_chain_read(r->stream_fd, &r->chain, e) == -1)
		return (-1);
	return (store_history_read(&r->chain, app_names(), &r->history, e));
}

/* ---- entries ---- */

const struct seal_past *
app_records_past(const struct app_records *r, const struct seal_entry *entry)
{
	return (seal_history_segment(r->history, entry->of.segment.seg));
}

static bool
in_window(const struct app_records *r, const struct seal_entry *entry)
{
	const struct stats_counts *counts = &entry->of.segment.counts;
	const struct seal_past *past;

	if (entry->type != SEAL_SEGMENT || entry->of.segment.first >= r->below)
		return (false);
	if (entry->of.segment.n > 0 && entry->of.segment.first + entry->of.segment.n <= r->from)
		return (false);
	if ((past = app_records_past(r, entry)) != NULL && past->pruned)
		return (false);
	return (entry->of.segment.n == 0 ||
	    (counts->time_max_us >= r->since_us && counts->time_min_us < r->until_us));
}

static int
read_history(struct app_records *r, struct err *e)
{
	return (
	    r->history != NULL ? 0 : store_history_read(&r->chain, app_names(), &r->history, e));
}

/* 1: it may hold records of the window; 0; -1. */
static int
read_entry(struct app_records *r, size_t at, struct seal_entry *entry, struct err *e)
{
	if (seal_entry_read(store_chain_line(&r->chain, at), app_names(), entry, e) == -1)
		return (err_in(e, "entry %zu", at));
	return (in_window(r, entry));
}

int
app_records_entry(struct app_records *r, size_t *at, struct seal_entry *entry, struct err *e)
{
	int rc;

	if (read_history(r, e) == -1)
		return (-1);
	while (*at < r->chain.count)
		if ((rc = read_entry(r, (*at)++, entry, e)) != 0)
			return (rc == 1 ? 0 : -1);
	return (1);
}

/* ---- what is restricted ---- */

static int
look_left_out(struct app_records *r, struct err *e)
{
	if (r->left_count == r->chain.count + 1)
		return (0);
	app_left_out_close(r->left);
	if (app_left_out_open(&r->chain, r->store, &r->left, e) == -1)
		return (-1);
	r->left_count = r->chain.count + 1;
	return (0);
}

int
app_records_restricted(struct app_records *r, const struct seal_entry *entry, struct err *e)
{
	if (look_left_out(r, e) == -1)
		return (-1);
	return (r->left != NULL && app_left_out_names(r->left, &entry->of.segment, entry->index));
}

void
app_records_warn(const struct app_records *r, const char *name)
{
	char count[32];

	if (r->erased > 0)
		app_warn(name, "%llu records were erased and are left out",
		    (unsigned long long)r->erased);
	num_print_grouped(count, r->restricted);
	if (r->restricted > 0)
		app_warn(name, "%s records are restricted and are left out", count);
	num_print_grouped(count, r->hidden);
	if (r->hidden > 0)
		app_warn(name,
		    "%s records are left out: some of their epoch are restricted, and only who has "
		    "the keys can tell which",
		    count);
}

/* Is all of a segment left out?  1, 0 or -1; its records are added to hidden. */
static int
is_hidden(struct app_records *r, const struct seal_segment *segment, struct err *e)
{
	const struct seal_past *past;

	if (r->all || r->store == NULL)
		return (0);
	if (look_left_out(r, e) == -1)
		return (-1);
	past = r->left == NULL ? NULL : seal_history_segment(r->history, segment->seg);
	if (past == NULL || !app_left_out_hides(r->left, segment, past->entry))
		return (0);
	r->hidden += segment->n;
	r->number = segment->first + segment->n;
	return (1);
}

/* ---- records ---- */

static uint64_t
newest_revision(const struct app_records *r, uint64_t seg)
{
	const struct seal_past *past = seal_history_segment(r->history, seg);

	return (past == NULL ? 0 : past->revision);
}

static void
hash_bytes(void *arg, const void *bytes, size_t len)
{
	crypto_sha256_add(arg, bytes, len);
}

static int
say_file(const struct app_records *r, uint64_t seg, struct crypto_sha256 *bytes, struct err *e)
{
	unsigned char hash[32];

	crypto_sha256_end(bytes, hash);
	return (r->file(r->file_arg, seg, hash, e));
}

static int
walk_file(struct app_records *r, struct store_reader *reader, struct app_walk *w, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct crypto_sha256 bytes;
	struct span lines;
	uint64_t size;
	int fd, rc;

	w->revision = newest_revision(r, w->segment->seg);
	store_revision_path(path, w->segment->seg, w->revision, "jsonl.zst");
	r->number = w->segment->first + (w->back ? w->segment->n : 0);
	if (r->search != NULL && (rc = app_walk_frames(r, w, path, e)) != 2)
		return (rc);
	if ((fd = store_open_file(r->stream_fd, path, &size, e)) == -1)
		return (-1);
	crypto_sha256_init(&bytes);
	store_reader_begin(reader, fd, SEAL_BYTES_MAX, r->file == NULL ? NULL : hash_bytes, &bytes);
	do {
		if (store_reader_next(reader, &lines, e) == -1)
			return (err_in(e, "%s", path));
		rc = app_walk_lines(r, w, lines, e);
	} while (rc == 0 && lines.len > 0);
	return (rc == 0 && r->file != NULL ? say_file(r, w->segment->seg, &bytes, e) : rc);
}

/* A file that is overwritten while it is read: the next revision goes on where it ended. */
static int
walk_segment(struct app_records *r, struct store_reader *reader, struct app_walk *w, struct err *e)
{
	struct err why = { ERR_NONE, "" };
	int rc;

	if ((rc = is_hidden(r, w->segment, e)) != 0)
		return (rc == 1 ? 0 : -1);
	while ((rc = walk_file(r, reader, w, &why)) == -1 && why.code == ERR_FINDING) {
		if (r->number > w->from)
			w->from = r->number;
		if (app_records_again(r, e) == -1)
			return (-1);
		if (newest_revision(r, w->segment->seg) <= w->revision)
			break;
	}
	if (rc == -1)
		*e = why;
	return (rc);
}

static uint64_t
first_of(const struct app_records *r, const struct seal_segment *segment)
{
	return (segment->first > r->from ? segment->first : r->from);
}

int
app_records_segment(struct app_records *r, struct store_reader *reader,
    const struct seal_segment *segment, app_record_each each, void *arg, struct err *e)
{
	struct app_walk w = { .segment = segment, .each = each, .arg = arg };

	w.from = first_of(r, segment);
	return (walk_segment(r, reader, &w, e));
}

/* Of several: one that was pruned meanwhile is not there, as if that had been a moment earlier. */
static int
walk_one_of(struct app_records *r, struct store_reader *reader, struct app_walk *w, struct err *e)
{
	const struct seal_past *past;
	int rc = walk_segment(r, reader, w, e);

	if (rc != -1 || r->file != NULL)
		return (rc);
	past = seal_history_segment(r->history, w->segment->seg);
	return (past != NULL && past->pruned ? 0 : -1);
}

int
app_records_walk(struct app_records *r, app_record_each each, void *arg, struct err *e)
{
	struct app_walk w = { .each = each, .arg = arg };
	struct store_reader *reader = NULL;
	struct seal_entry entry;
	size_t at = 0;
	int end = 0, rc = 0;

	if (store_reader_open(&reader, e) == -1)
		return (-1);
	r->erased = r->restricted = r->hidden = 0;
	while (rc == 0 && (end = app_records_entry(r, &at, &entry, e)) == 0) {
		w.segment = &entry.of.segment;
		w.from = first_of(r, w.segment);
		rc = w.segment->n > 0 ? walk_one_of(r, reader, &w, e) : 0;
	}
	store_reader_close(reader);
	return (end == -1 ? -1 : rc);
}

/* The chain may grow meanwhile: entries that are there stay where they are. */
int
app_records_back(struct app_records *r, app_record_each each, void *arg, struct err *e)
{
	struct app_walk w = { .each = each, .arg = arg, .back = true };
	struct seal_entry entry;
	size_t at = r->chain.count;
	int rc = read_history(r, e);

	assert(r->search != NULL && r->file == NULL);
	while (at > 0 && rc == 0) {
		if ((rc = read_entry(r, --at, &entry, e)) != 1)
			continue;
		w.segment = &entry.of.segment;
		w.below = r->below;
		rc = w.segment->n > 0 ? walk_one_of(r, NULL, &w, e) : 0;
	}
	return (rc);
}
