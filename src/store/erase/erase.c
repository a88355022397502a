/*
 * The order of the steps: look, write the next revision, sign the entry,
 * overwrite the revision before.  docs/format.md 11.
 */
#include "store/erase/erase.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/text.h"
#include "record/record.h"
#include "store/erase/inside.h"
#include "store/skip/skip.h"
#include "store/sweep.h"
#include "store/writer.h"

#define PLAIN_BYTES_MAX 1024 /* docs/format.md 6 */
#define ESCAPED_BYTES_MAX 2048
#define PLACEHOLDER_BYTES 67 /* around a new line, without LF */
#define SPARED_NODES (SEAL_COVER_NODES_MAX / 2)
#define MINUTE_US (INT64_C(60) * 1000000)

/* ---- what was done before ---- */

int
store_history_read(const struct store_chain *chain, const struct seal_names *names,
    struct seal_history **history, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_history *made = NULL;
	enum seal_verdict verdict;
	struct err why = { ERR_NONE, "" };
	int rc = -1;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	if (seal_history_open(&made, e) == -1)
		goto out;
	for (size_t i = 0; i < chain->count; i++) {
		if (seal_entry_read(store_chain_line(chain, i), names, entry, e) == -1) {
			(void)err_in(e, "entry %zu", i);
			goto out;
		}
		if (seal_history_take(made, entry, &verdict, &why) == -1) {
			(void)err_set(e, why.code, "%s", why.text);
			goto out;
		}
	}
	*history = made;
	made = NULL; /* handed over */
	rc = 0;
out:
	seal_history_free(made);
	free(entry);
	return (rc);
}

int
store_eraser_open(struct store_stream *st, struct store_eraser **x, struct err *e)
{
	struct store_eraser *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	made->stream = st;
	if (store_history_read(store_writer_chain(st->writer), &st->names, &made->history, e) ==
	    -1) {
		store_eraser_close(made);
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	}
	*x = made;
	return (0);
}

void
store_eraser_close(struct store_eraser *x)
{
	if (x == NULL)
		return;
	seal_history_free(x->history);
	free(x);
}

/* ---- refusals ---- */

bool
store_erase_is_plain(struct span text)
{
	if (text.len > PLAIN_BYTES_MAX || !text_is_ascii(text))
		return (false);
	return (span_find(text, '"') == text.len && span_find(text, '\\') == text.len);
}

int
store_erase_escape(struct span reason, struct buf *out, struct span *text, struct err *e)
{
	json_quote(out, reason);
	if (!buf_ok(out))
		return (err_set(e, ERR_IO, "out of memory"));
	if (reason.len == 0)
		return (err_set(e, ERR_USAGE, "a reason is needed"));
	if (out->len - 2 > ESCAPED_BYTES_MAX)
		return (
		    err_set(e, ERR_USAGE, "the reason is longer than %d bytes", ESCAPED_BYTES_MAX));
	*text = span_of(out->data + 1, out->len - 2);
	return (0);
}

static int
check_texts(const struct store_erase_order *order, struct err *e)
{
	if (order->reason.len == 0)
		return (err_set(e, ERR_USAGE, "a reason is needed"));
	if (!store_erase_is_plain(order->ref) || !store_erase_is_plain(order->by))
		return (err_set(e, ERR_USAGE,
		    "ref and by are printable ASCII without \" and \\, at most %d bytes",
		    PLAIN_BYTES_MAX));
	return (0);
}

/* The new line must be one that could have been sealed there. */
static int
check_line(
    struct store_eraser *x, const struct seal_segment *facts, struct span line, struct err *e)
{
	const struct stats_counts *counts = &facts->counts;

	if (record_decode(&x->decoder, line, &x->record, e) == -1) {
		if (e != NULL)
			e->code = ERR_CONFIG;
		return (err_in(e, "the new line"));
	}
	if (line.len + PLACEHOLDER_BYTES >= RECORD_BYTES_MAX)
		return (err_set(e, ERR_CONFIG, "the new line is too long; erase it instead"));
	if (x->record.time_us < counts->time_min_us ||
	    x->record.time_us >= counts->time_max_us + MINUTE_US)
		return (err_set(e, ERR_CONFIG, "the new line is of another time than its segment"));
	return (0);
}

static int
check_item(struct store_eraser *x, const struct erase_work *work,
    const struct store_erase_item *item, struct err *e)
{
	const struct seal_touched *touched;

	if (item->record >= work->facts->n)
		return (err_set(e, ERR_INPUT, "there is none"));
	touched = seal_past_record(work->past, item->record);
	if (touched != NULL && touched->erased)
		return (err_set(e, ERR_INPUT, "erased already"));
	if (item->line.ptr == NULL)
		return (0);
	if (touched != NULL && touched->replaced >= SEAL_REPLACED_MAX)
		return (err_set(e, ERR_CONFIG, "replaced %d times already; erase it instead",
		    SEAL_REPLACED_MAX));
	return (check_line(x, work->facts, item->line, e));
}

static int
check_items(struct store_eraser *x, const struct erase_work *work, struct err *e)
{
	const struct store_erase_order *order = work->order;

	assert(order->count >= 1 && order->count <= SEAL_ERASED_MAX);
	for (size_t i = 0; i < order->count; i++) {
		assert(order->items[i].line.ptr == NULL || order->count <= SEAL_ITEMS_MAX);
		assert(i == 0 || order->items[i - 1].record < order->items[i].record);
		if (check_item(x, work, &order->items[i], e) == -1)
			return (err_in(e, "record %ju", (uintmax_t)order->items[i].record));
	}
	return (0);
}

int
store_erase_check(const struct seal_history *history, uint64_t seg, struct err *e)
{
	const struct seal_past *past = seal_history_segment(history, seg);
	struct span hold;

	if (past == NULL)
		return (err_set(e, ERR_INPUT, "there is none"));
	if (past->pruned)
		return (err_set(e, ERR_INPUT, "pruned: nothing of it is left"));
	if (seal_history_held(history, seg, clock_now_us(), &hold))
		return (err_set(e, ERR_CONFIG, "hold %.*s is on it: nothing may be taken away",
		    (int)hold.len, hold.ptr));
	return (0);
}

/* The segment, as the chain has it; facts lie in x->entry. */
static int
find_segment(struct store_eraser *x, struct erase_work *work, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(x->stream->writer);

	if (store_erase_check(x->history, work->order->seg, e) == -1)
		return (-1);
	work->past = seal_history_segment(x->history, work->order->seg);
	if (seal_entry_read(
		store_chain_line(chain, work->past->entry), &x->stream->names, &x->entry, e) == -1)
		return (err_in(e, "entry %ju", (uintmax_t)work->past->entry));
	assert(x->entry.type == SEAL_SEGMENT);
	work->facts = &x->entry.of.segment;
	if (work->facts->n > SEAL_RECORDS_MAX)
		return (err_set(e, ERR_FINDING, "larger than the format allows"));
	return (0);
}

/* ---- salts ---- */

static int
read_covers(struct erase_work *work, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	int rc = -1;

	store_revision_path(path, work->order->seg, work->past->revision, "salt");
	if (io_read_file(work->stream->dirfd, path, SEAL_COVER_BYTES_MAX, &text, e) == 0) {
		if (seal_cover_read(buf_view(&text), &work->before, e) == 0 &&
		    seal_cover_read(buf_view(&text), &work->after, e) == 0)
			rc = 0;
		else
			(void)err_in(e, "%s", path);
	}
	buf_wipe(&text);
	return (rc);
}

static int
puncture(struct erase_work *work, struct err *e)
{
	const struct store_erase_order *order = work->order;

	for (size_t i = 0; i < order->count; i++) {
		uint32_t record = order->items[i].record;
		const struct seal_touched *touched = seal_past_record(work->past, record);

		if (seal_cover_erase(
			&work->after, record, touched == NULL ? 0 : touched->replaced, e) == -1)
			return (err_in(e, "no more of its records can be erased"));
	}
	if (order->spares && work->after.count > SPARED_NODES)
		return (err_set(e, ERR_CONFIG,
		    "half of its salts' room is used up: the rest is for what somebody asks"));
	return (0);
}

/* ---- the files of the next revision ---- */

static void
next_path(const struct erase_work *work, const char *suffix, char path[static STORE_PATH_BYTES])
{
	store_revision_path(path, work->order->seg, work->past->revision + 1, suffix);
}

/* What a failure leaves; the revision before stays in force. */
static void
drop_files(const struct erase_work *work)
{
	static const char *const suffixes[] = { "jsonl.zst.tmp", "jsonl.zst", "salt" };
	char path[STORE_PATH_BYTES];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		next_path(work, suffixes[i], path);
		(void)store_remove_file(work->stream->dirfd, path, NULL);
	}
}

static int
write_salt(const struct erase_work *work, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	int rc;

	next_path(work, "salt", path);
	seal_cover_print(&work->after, &text);
	if (buf_ok(&text))
		rc = io_replace(
		    work->stream->dirfd, path, buf_view(&text), STORE_FILE_MODE, true, e);
	else
		rc = err_set(e, ERR_IO, "out of memory");
	buf_wipe(&text);
	return (rc);
}

static int
name_data(const struct erase_work *work, struct err *e)
{
	char from[STORE_PATH_BYTES], to[STORE_PATH_BYTES];
	int dirfd = work->stream->dirfd, folder, rc;

	next_path(work, "jsonl.zst.tmp", from);
	next_path(work, "jsonl.zst", to);
	if (io_link(dirfd, from, to, e) == -1 || io_unlink(dirfd, from, e) == -1 ||
	    (folder = io_open_dir(dirfd, "seg", e)) == -1)
		return (-1);
	rc = io_sync_dir(folder, e);
	(void)close(folder);
	return (rc);
}

/* ---- the entry ---- */

static int
append(struct store_eraser *x, struct erase_work *work, struct err *e)
{
	const struct store_erase_order *order = work->order;
	struct seal_redact redact = { .seg = order->seg,
		.revision = work->past->revision + 1,
		.ref = order->ref,
		.by = order->by,
		.file_size = work->file_size };
	struct buf items = { 0 }, reason = { 0 };
	int rc = -1;

	seal_items_print(work->items, order->count, &items);
	if (!buf_ok(&items)) {
		(void)err_set(e, ERR_IO, "out of memory");
	} else if (store_erase_escape(order->reason, &reason, &redact.reason, e) == 0) {
		redact.items = buf_view(&items);
		x->entry = (struct seal_entry){ .type = SEAL_REDACT, .of = { .redact = redact } };
		rc = store_writer_append(x->stream->writer, &x->entry, false, e);
	}
	buf_free(&items);
	buf_free(&reason);
	return (rc);
}

int
store_erase_took(struct store_eraser *x, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(x->stream->writer);
	enum seal_verdict verdict;

	if (seal_entry_read(
		store_chain_line(chain, chain->count - 1), &x->stream->names, &x->entry, e) == -1 ||
	    seal_history_take(x->history, &x->entry, &verdict, NULL) == -1)
		return (err_set(e, ERR_IO, "out of memory"));
	x->stale = false;
	return (0);
}

/* What was derived from the records as they were. */
static int
forget_skip(const struct erase_work *work, struct err *e)
{
	const struct store_stream *st = work->stream;
	int fd = store_skip_dir(st->store->dirfd, st->name, false), rc;

	if (fd == -1)
		return (0);
	rc = store_skip_forget(fd, work->order->seg, e);
	(void)close(fd);
	return (rc);
}

/* Beside others who append, the chain is only touched under their lock. */
static void
lock_chain(struct store_eraser *x)
{
	if (x->lock != NULL)
		pthread_mutex_lock(x->lock);
}

static void
unlock_chain(struct store_eraser *x)
{
	if (x->lock != NULL)
		pthread_mutex_unlock(x->lock);
}

static int
look(struct store_eraser *x, struct erase_work *work, struct err *e)
{
	int rc;

	if (check_texts(work->order, e) == -1)
		return (-1);
	lock_chain(x);
	rc = find_segment(x, work, e);
	unlock_chain(x);
	if (rc == -1 || check_items(x, work, e) == -1 || read_covers(work, e) == -1)
		return (-1);
	return (puncture(work, e));
}

/* Its index goes to *entry. */
static int
sign(struct store_eraser *x, struct erase_work *work, uint64_t *entry, struct err *e)
{
	int rc;

	lock_chain(x);
	if ((rc = store_erase_damaged(x, work, e)) == 0)
		rc = append(x, work, e);
	if (rc == 0)
		*entry = store_writer_count(x->stream->writer) - 1;
	if (rc == -1 && !store_writer_broken(x->stream->writer)) /* else the entry may be there */
		drop_files(work);
	unlock_chain(x);
	return (rc);
}

/* What is in force now was just written. */
static void
remember(struct erase_work *work)
{
	struct store_rewritten *last = &work->stream->rewritten;

	buf_free(&last->counts);
	*last = work->made;
	last->seg = work->order->seg;
	last->revision = work->past->revision + 1;
	work->made.counts = (struct buf){ 0 }; /* handed over */
}

static int
erase(struct store_eraser *x, struct erase_work *work, uint64_t *entry, struct err *e)
{
	uint64_t revision;

	if (look(x, work, e) == -1)
		return (-1);
	revision = work->past->revision;
	drop_files(work);
	if (store_erase_rewrite(work, e) == -1 || write_salt(work, e) == -1 ||
	    name_data(work, e) == -1) {
		drop_files(work);
		return (-1);
	}
	if (sign(x, work, entry, e) == -1)
		return (-1);
	remember(work);
	x->stale = true;
	if (store_erase_shred(x->stream->dirfd, work->order->seg, revision, e) == -1 ||
	    forget_skip(work, e) == -1) {
		x->left = true;
		return (err_in(e, "signed, but the %s must overwrite what was there before",
		    x->lock != NULL ? "daemon" : "next start"));
	}
	/* Beside others the newest entry may be another one: x is of no use any more. */
	return (x->lock != NULL ? 0 : store_erase_took(x, e));
}

int
store_erase(
    struct store_eraser *x, const struct store_erase_order *order, uint64_t *entry, struct err *e)
{
	struct store_stream *st = x->stream;
	struct erase_work *work = calloc(1, sizeof(*work));
	int rc;

	if (work == NULL || x->stale) {
		free(work);
		return (err_set(e, ERR_IO, "no memory for what was erased; start again"));
	}
	work->stream = st;
	work->order = order;
	if ((rc = erase(x, work, entry, e)) == -1)
		(void)err_in(e, "store %s: stream %s: segment %ju", st->store->dir, st->name,
		    (uintmax_t)order->seg);
	seal_cover_free(&work->before);
	seal_cover_free(&work->after);
	buf_free(&work->made.counts);
	free(work);
	return (rc);
}
