#include "store/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/hmac.h"
#include "crypto/sha256.h"
#include "key/key.h"
#include "store/begin/listing.h"
#include "store/erase/inside.h"
#include "store/sweep.h"
#include "store/words/inside.h"

/* ---- opening ---- */

static int
check_listing(struct store_stream *st, const unsigned char listed[static 32], struct err *e)
{
	unsigned char genesis[32];

	store_writer_genesis(st->writer, genesis);
	if (memcmp(listed, genesis, sizeof(genesis)) != 0)
		return (err_set(e, ERR_FINDING, "its genesis is not the one that the store lists"));
	return (0);
}

int
store_newest_segment(
    const struct store_stream *st, uint64_t *index, struct seal_entry *entry, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(st->writer);

	for (uint64_t i = *index; i-- > 0;) {
		if (seal_entry_read(store_chain_line(chain, i), &st->names, entry, e) == -1)
			return (err_in(e, "entry %ju", (uintmax_t)i));
		if (entry->type != SEAL_SEGMENT)
			continue;
		*index = i;
		return (1);
	}
	return (0);
}

/* How far the stream got. */
static int
take_stock(struct store_stream *st, struct seal_entry *entry, struct err *e)
{
	const struct seal_segment *s = &entry->of.segment;
	uint64_t index = store_writer_count(st->writer);
	int found = store_newest_segment(st, &index, entry, e);

	if (found != 1)
		return (found);
	st->segments = s->seg;
	st->records = s->first + s->n;
	st->interrupted = s->source_count > 0 && !s->sources[s->source_count - 1].end;
	return (0);
}

int
store_stream_writer(struct store_stream *st, const char *policy_hash, bool listed, struct err *e)
{
	struct store_identity id = { .name = st->name,
		.store_id = st->store->id,
		.policy_hash = policy_hash,
		.names = &st->names };
	struct store_special special = st->store->special;
	int keys = key_open_stream(
	    st->store->keys_fd, st->name, !listed || special.takeover, e), rc;

	if (keys == -1 && errno == ENOENT)
		return (err_set(e, ERR_CONFIG,
		    "its signing keys are gone (`cretula recover` says what is left)"));
	if (keys == -1)
		return (-1);
	special.create = !listed;
	rc = store_writer_open(st->dirfd, keys, &id, &special, &st->writer, e);
	(void)close(keys);
	return (rc);
}

static int
make_dirs(struct store_stream *st, bool fresh, struct err *e)
{
	int seg;

	if (store_make_dir(st->store->streams_fd, st->name, fresh, &st->dirfd, e) == -1 ||
	    store_make_dir(st->dirfd, "seg", fresh, &seg, e) == -1)
		return (-1);
	(void)close(seg);
	return (0);
}

static int
sweep(struct store_stream *st, struct err *e)
{
	char words[STORE_NAME_MAX + 3];

	(void)snprintf(words, sizeof(words), ".%s.", st->name);
	if (store_words_sweep(st, e) == -1 ||
	    store_sweep_tmp(st->store->words_fd, ".", words, e) == -1)
		return (-1);
	if (store_sweep_segments(st->dirfd, st->segments, e) == -1)
		return (-1);
	return (store_erase_repair(st, e));
}

/* A segment that is open belongs to who writes live; its number is taken. */
static int
refuse_open(struct store_stream *st, struct err *e)
{
	struct store_opens found;

	if (store_scan_open(st->dirfd, &found, e) == -1)
		return (-1);
	if (found.count > 0 && found.list[found.count - 1].number > st->segments)
		return (err_set(e, ERR_CONFIG,
		    "a crash left segment %ju open; `cretula pipe` on this stream seals it "
		    "(< /dev/null will do)",
		    (uintmax_t)found.list[found.count - 1].number));
	return (0);
}

/*
 * The stream's chain: of one that is listed, or begun and then listed.  The
 * store's chain is held for as long as a new one takes.
 */
static int
open_chain(struct store_stream *st, const char *policy_hash, struct seal_entry *entry,
    struct err *e)
{
	struct store_writer *own = NULL;
	bool listed;
	int rc = -1;

	if (store_own_open(st->store, false, &own, e) == -1)
		return (-1);
	if ((listed = store_listing_find(own, st->name, entry))) {
		store_abandoned_settle(st->store, own);
		store_writer_close(own);
		own = NULL;
	}
	if (make_dirs(st, !listed, e) == 0 && store_lock_dir(st->dirfd, st->name, e) == 0 &&
	    store_stream_writer(st, policy_hash, listed, e) == 0)
		rc = listed ? check_listing(st, entry->of.stream.genesis, e)
			    : store_listing_add(st, own, entry, e);
	if (rc == 0 && !listed)
		store_abandoned_settle(st->store, own);
	store_writer_close(own);
	return (rc);
}

static int
open_stream(struct store_stream *st, const char *policy_hash, bool live, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = -1;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "out of memory"));
	if (open_chain(st, policy_hash, entry, e) == 0 && take_stock(st, entry, e) == 0 &&
	    store_words_count(st, &st->word_changes, e) == 0 &&
	    (live || refuse_open(st, e) == 0))
		rc = sweep(st, e);
	free(entry);
	return (rc);
}

struct store_stream *
store_stream_new(struct store *s, const char *name, const struct seal_names *names, struct err *e)
{
	struct store_stream *made;

	if (!store_name_known(span_str(name)) || strcmp(name, STORE_OWN_STREAM) == 0) {
		(void)err_set(e, ERR_CONFIG, "not a stream name: [a-z][a-z0-9-]{0,31}");
		return (NULL);
	}
	if ((made = calloc(1, sizeof(*made))) == NULL) {
		(void)err_sys(e, ERR_IO, "stream %s", name);
		return (NULL);
	}
	(void)snprintf(made->name, sizeof(made->name), "%s", name);
	made->store = s;
	made->dirfd = -1;
	made->names = *names;
	return (made);
}

static int
open_new(struct store_stream *made, const char *policy_hash, bool live, struct store_stream **st,
    struct err *e)
{
	struct err failed = { .code = ERR_NONE }; /* as in store_open */

	if (made == NULL)
		return (-1);
	if (open_stream(made, policy_hash, live, &failed) == -1) {
		(void)err_in(&failed, "store %s: stream %s", made->store->dir, made->name);
		store_stream_close(made);
		if (e != NULL)
			*e = failed;
		return (-1);
	}
	*st = made;
	return (0);
}

int
store_stream_open(struct store *s, const char *name, const char *policy_hash,
    const struct seal_names *names, struct store_stream **st, struct err *e)
{
	return (open_new(store_stream_new(s, name, names, e), policy_hash, false, st, e));
}

int
store_stream_open_live(struct store *s, const char *name, const char *policy_hash,
    const struct seal_names *names, struct store_stream **st, struct err *e)
{
	return (open_new(store_stream_new(s, name, names, e), policy_hash, true, st, e));
}

void
store_stream_close(struct store_stream *st)
{
	if (st == NULL)
		return;
	store_segment_drop(st->segment);
	store_writer_close(st->writer);
	if (st->dirfd != -1)
		(void)close(st->dirfd);
	buf_free(&st->rewritten.counts);
	free(st);
}

bool
store_stream_holds(const struct store_stream *st, const struct store_chain *chain)
{
	return (store_chain_same(store_writer_chain(st->writer), chain));
}

uint64_t
store_stream_records(const struct store_stream *st)
{
	return (st->records);
}

uint64_t
store_stream_segments(const struct store_stream *st)
{
	return (st->segments);
}

bool
store_stream_interrupted(const struct store_stream *st)
{
	return (st->interrupted);
}

int
store_stream_append(struct store_stream *st, struct seal_entry *entry, struct err *e)
{
	/* No type that is appended here names a next key. */
	if (store_writer_append(st->writer, entry, false, e) == -1)
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	return (0);
}

/* ---- sources ---- */

void
store_fingerprint(
    const unsigned char fingerprint_key[static 32], struct span head, unsigned char fp[static 16])
{
	struct crypto_hmac_key key;
	unsigned char digest[32];

	crypto_hmac_key_init(&key, fingerprint_key, 32);
	crypto_hmac(&key, head.ptr, head.len, digest);
	memcpy(fp, digest, 16);
}

/* Heads of old entries may be shorter; one HMAC per length in a row. */
struct fingerprints {
	const unsigned char *key;
	struct span head;
	uint64_t len; /* of the head that fp is of */
	unsigned char fp[16];
	bool have;
};

static bool
matches(struct fingerprints *f, const struct seal_source *source)
{
	if (source->head > f->head.len)
		return (false);
	if (!f->have || f->len != source->head)
		store_fingerprint(f->key, span_of(f->head.ptr, (size_t)source->head), f->fp);
	f->have = true;
	f->len = source->head;
	return (memcmp(f->fp, source->fp, sizeof(f->fp)) == 0);
}

/* The cursors of one entry, last one first, behind those of list. */
static int
add_cursors(struct buf *list, struct fingerprints *f, const struct seal_segment *s, uint64_t entry)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < s->source_count; i++)
		all += s->sources[i].at;
	for (unsigned i = s->source_count; i-- > 0;) {
		struct store_cursor c = { .source = s->sources[i], .entry = entry };

		if (c.source.at == 0 || !matches(f, &c.source))
			continue;
		/* The bytes of the segment are those of all its sources. */
		c.start_known = all == s->counts.bytes || s->source_count == 1;
		c.start = all - s->counts.bytes;
		buf_add(list, &c, sizeof(c));
	}
	return (buf_ok(list) ? 0 : -1);
}

int
store_stream_cursors(const struct store_stream *st, const unsigned char fingerprint_key[static 32],
    struct span head, struct store_cursor **list, size_t *count, struct err *e)
{
	struct fingerprints f = { .key = fingerprint_key, .head = head };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	uint64_t index = store_writer_count(st->writer);
	struct buf found = { 0 };
	int rc = entry == NULL ? err_sys(e, ERR_IO, "out of memory") : 1;

	while (rc == 1 && (rc = store_newest_segment(st, &index, entry, e)) == 1)
		if (add_cursors(&found, &f, &entry->of.segment, index) == -1)
			rc = err_set(e, ERR_IO, "out of memory");
	free(entry);
	if (rc == -1) {
		buf_free(&found);
		return (-1);
	}
	*count = found.len / sizeof(**list);
	*list = (struct store_cursor *)(void *)found.data; /* handed over */
	return (0);
}
