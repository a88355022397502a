/*
 * From open/ to seg/: read back, hashed again, compressed, named in the
 * chain.  What is read must have the root that the last flush tagged.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "record/record.h"
#include "store/live/inside.h"
#include "store/writer.h"

#define TAGS_BYTES_MAX ((size_t)1 << 31)

/* Memory of one seal. */
struct sealing {
	struct store_live *l;
	struct live_open *o;
	struct store_segment *segment;
	struct store_compressor *compressor;
	struct live_hash *hash;
	struct live_lines lines;
	char *packed;
	struct store_frame *frames;
	struct seal_segment *facts;
	struct buf tags; /* without states */
};

static int
open_memory(struct sealing *s, struct err *e)
{
	s->hash = malloc(sizeof(*s->hash));
	s->packed = malloc(store_compress_bound(LIVE_RUN_BYTES));
	s->frames = malloc(store_compress_frames(LIVE_RUN_BYTES) * sizeof(*s->frames));
	s->facts = calloc(1, sizeof(*s->facts));
	if (s->hash == NULL || s->packed == NULL || s->frames == NULL || s->facts == NULL)
		return (err_set(e, ERR_IO, "out of memory sealing a segment"));
	if (store_compressor_open(1, &s->compressor, e) == -1)
		return (-1);
	return (store_lines_open(&s->lines, s->o->data_fd, 0, s->o->state.off, e));
}

static void
close_memory(struct sealing *s)
{
	store_segment_drop(s->segment);
	store_compressor_close(s->compressor);
	store_lines_close(&s->lines);
	free(s->hash);
	free(s->packed);
	free(s->frames);
	free(s->facts);
	buf_free(&s->tags);
}

/* Without the states: single flushes would tell of single records. */
static int
read_tags(struct sealing *s, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf open = { 0 };
	int rc;

	store_open_path(path, s->o->number, "tags");
	if ((rc = io_read_file(s->l->open_fd, path, TAGS_BYTES_MAX, &open, e)) == 0) {
		seal_tags_strip(buf_view(&open), &s->tags);
		if (!buf_ok(&s->tags))
			rc = err_set(e, ERR_IO, "out of memory sealing a segment");
	}
	buf_free(&open);
	return (rc);
}

static int
add_run(struct sealing *s, struct span run, size_t count, struct err *e)
{
	struct store_part part = { .lines = run.ptr,
		.ends = s->hash->ends,
		.count = count,
		.leaves = s->hash->leaves,
		.packed = s->packed,
		.frames = s->frames };

	store_open_leaves(s->hash, s->o->seed, store_segment_records(s->segment), run.ptr, count);
	store_compress(s->compressor, &part);
	return (store_segment_add(s->segment, &part, e));
}

/* What a reader would refuse. */
static bool
has_long_line(const uint32_t *ends, size_t count)
{
	uint32_t start = 0;

	for (size_t i = 0; i < count; start = ends[i++])
		if (ends[i] - start > RECORD_BYTES_MAX)
			return (true);
	return (false);
}

static int
pack(struct sealing *s, struct err *e)
{
	uint64_t left = s->o->n;
	unsigned char root[32];
	struct span run;
	size_t count;

	for (;;) {
		if (store_lines_next(&s->lines, s->hash, &count, &run, e) == -1)
			return (-1);
		if (count == 0 || count > left)
			break;
		if (has_long_line(s->hash->ends, count))
			return (err_set(e, ERR_CONFIG, "data: a line too long"));
		if (add_run(s, run, count, e) == -1)
			return (-1);
		left -= count;
	}
	store_segment_root(s->segment, root);
	if (count != 0 || left != 0 || s->lines.at != s->o->state.off ||
	    memcmp(root, s->o->root, sizeof(root)) != 0)
		return (err_set(e, ERR_CONFIG,
		    "the records of open segment %ju are not those that were tagged",
		    (uintmax_t)s->o->number));
	return (0);
}

static void
state_facts(struct sealing *s)
{
	const struct live_open *o = s->o;
	struct seal_segment *facts = s->facts;

	facts->counts = o->state.counts;
	facts->policy = span_str(o->policy);
	facts->mask_epochs = buf_view(o->said.len > 0 ? &o->said : &o->epochs);
	facts->unlocked = o->unlocked;
	facts->source_count = o->state.source_count;
	memcpy(facts->sources, o->state.sources, sizeof(facts->sources));
	facts->has_tags = true;
	facts->tags.g0 = o->g0;
	facts->tags.g = o->g;
	facts->tags.untagged = o->state.untagged;
	facts->tags.lost = o->lost;
	memcpy(facts->tags.agg, o->agg, sizeof(facts->tags.agg));
	facts->has_live = o->has_live;
	memcpy(facts->live.boot, o->boot, sizeof(facts->live.boot));
	facts->live.from_ms = o->from_ms;
	facts->live.to_ms = o->to_ms;
}

/* Files and entry; the chain is ours meanwhile. */
static int
name(struct sealing *s, struct err *e)
{
	struct store_stream *st = s->l->stream;
	struct store_segment *segment = s->segment;
	int rc;

	if (store_words_write(st, &s->o->words, &s->facts->words_count, e) == -1)
		return (-1);
	store_segment_tags(segment, buf_view(&s->tags));
	s->segment = NULL; /* handed over */
	pthread_mutex_lock(&s->l->lock);
	rc = store_segment_seal(segment, s->facts, buf_view(&s->o->words), e);
	pthread_mutex_unlock(&s->l->lock);
	return (rc);
}

int
store_open_seal(struct store_live *l, struct live_open *o, struct err *e)
{
	struct sealing s = { .l = l, .o = o };
	int rc = -1;

	if (l->stream->segments >= o->number) /* tried before: it is sealed already */
		return (store_open_remove(l, o->number, e));
	if (open_memory(&s, e) == -1 || read_tags(&s, e) == -1 ||
	    store_segment_begin_seed(l->stream, o->seed, &s.segment, e) == -1 ||
	    pack(&s, e) == -1)
		goto out;
	state_facts(&s);
	if (name(&s, e) == -1 || store_open_remove(l, o->number, e) == -1)
		goto out;
	rc = 0;
out:
	close_memory(&s);
	return (rc);
}

static int
seal_and_rotate(struct store_live *l, struct live_open *o, struct err *e)
{
	if (store_open_seal(l, o, e) == -1)
		return (-1);
	return (o->period[0] == '\0' ? 0 : store_live_rotate(l, o->period, e));
}

/* ---- off the capture path ---- */

static void *
sealer_main(void *arg)
{
	struct store_live *l = arg;
	struct err e = { ERR_NONE, "" };
	int rc = seal_and_rotate(l, l->older, &e);

	pthread_mutex_lock(&l->lock);
	l->seal_errnum = errno;
	l->seal_failed = rc == -1;
	l->seal_error = e;
	l->seal_done = true;
	pthread_mutex_unlock(&l->lock);
	return (NULL);
}

int
store_open_join(struct store_live *l, struct err *e)
{
	if (l->sealing) {
		(void)pthread_join(l->sealer, NULL);
		l->sealing = false;
		if (!l->seal_failed) {
			store_open_free(l->older);
			l->older = NULL;
			l->sealed++;
		}
	}
	if (!l->seal_failed)
		return (0);
	errno = l->seal_errnum;
	store_open_failed(l);
	if (e != NULL)
		*e = l->seal_error;
	return (-1);
}

/* What could not be sealed for lack of space, again. */
static int
seal_older(struct store_live *l, struct err *e)
{
	if (store_open_join(l, e) == 0)
		return (0);
	if (!l->full || l->broken || l->older == NULL)
		return (-1);
	if (seal_and_rotate(l, l->older, e) == -1)
		return (-1);
	store_open_free(l->older);
	l->older = NULL;
	l->seal_failed = l->full = false;
	l->sealed++;
	return (0);
}

int
store_live_check(struct store_live *l, struct err *e)
{
	return (l->seal_done ? store_open_join(l, e) : 0);
}

uint64_t
store_live_segments(struct store_live *l)
{
	return (l->sealed);
}

int
store_live_cursors(struct store_live *l, const unsigned char fingerprint_key[static 32],
    struct span head, struct store_cursor **list, size_t *count, struct err *e)
{
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = store_stream_cursors(l->stream, fingerprint_key, head, list, count, e);
	pthread_mutex_unlock(&l->lock);
	return (rc);
}

uint64_t
store_live_sealed(struct store_live *l)
{
	uint64_t records;

	pthread_mutex_lock(&l->lock);
	records = store_stream_records(l->stream);
	pthread_mutex_unlock(&l->lock);
	return (records);
}

/* ---- cut and stop ---- */

/* The segment is closed: its last flush, and what the caller knows of it. */
static int
finish(struct store_live *l, const struct store_live_facts *done, struct err *e)
{
	struct live_open *o = l->at;

	if (!o->flushed) {
		store_open_mark(l);
		l->broken = true;
		if (store_open_commit(l, o->state.off, e) == -1)
			return (-1);
		l->broken = false;
	}
	o->to_ms = store_boot_ms();
	buf_clear(&o->said);
	buf_clear(&o->words);
	buf_span(&o->said, done->epochs);
	buf_span(&o->words, done->words);
	o->unlocked = done->unlocked;
	(void)snprintf(o->period, sizeof(o->period), "%s", done->period ? done->period : "");
	if (!buf_ok(&o->said) || !buf_ok(&o->words))
		return (err_set(e, ERR_IO, "out of memory closing a segment"));
	return (0);
}

int
store_live_cut(struct store_live *l, const struct store_live_facts *done,
    const struct store_live_next *next, struct err *e)
{
	struct live_open *o = l->at;

	if (l->broken)
		return (err_set(e, ERR_IO, "a flush failed; the next start goes on"));
	if (finish(l, done, e) == -1 || store_open_join(l, e) == -1) {
		store_open_failed(l);
		l->broken = l->broken || !l->full;
		return (-1);
	}
	if (store_open_begin(l, o->number + 1, next, e) == -1) {
		store_open_failed(l);
		l->broken = !l->full || store_open_remove(l, o->number + 1, NULL) == -1;
		return (-1);
	}
	store_open_reserve(l);
	l->older = o;
	l->seal_done = l->seal_failed = false;
	if ((errno = pthread_create(&l->sealer, NULL, sealer_main, l)) != 0) {
		store_open_free(o);
		l->older = NULL;
		l->broken = true;
		return (err_sys(e, ERR_IO, "starting a thread"));
	}
	l->sealing = true;
	return (0);
}

static int
append_stop(struct store_live *l, const char *reason, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_STOP;
	entry->of.stop.reason = span_str(reason);
	rc = store_open_append(l, entry, e);
	free(entry);
	return (rc);
}

static int
stop(struct store_live *l, const struct store_live_facts *done, const char *reason, struct err *e)
{
	struct live_open *o = l->at;

	if (seal_older(l, e) == -1)
		return (-1);
	if (l->broken)
		return (err_set(e, ERR_IO, "a flush failed; the next start goes on"));
	if (!o->flushed) {
		if (store_open_remove(l, o->number, e) == -1)
			return (-1);
	} else {
		if (finish(l, done, e) == -1 || store_open_seal(l, o, e) == -1)
			return (-1);
		l->sealed++;
	}
	store_live_use_reserve(l); /* nothing is open: it is needed no more */
	return (append_stop(l, reason, e));
}

int
store_live_stop(struct store_live *l, const struct store_live_facts *done, const char *reason,
    struct err *e)
{
	int rc = stop(l, done, reason, e);

	if (rc == -1)
		store_open_failed(l);
	l->broken = true; /* nothing takes flushes any more */
	return (rc);
}
