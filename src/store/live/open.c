/* The files of a segment in open/, and the head that lies beside the keys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "key/key.h"
#include "seal/puncture.h"
#include "store/live/inside.h"
#include "store/sweep.h"
#include "store/writer.h"

#define HEAD_BYTES_MAX ((size_t)1 << 16)
#define HASH_LABEL "sha256:"
#define HASH_LINE_BYTES (sizeof(HASH_LABEL) - 1 + 64 + 1) /* hex and LF */

static const struct span head_label = SPAN("cretula open v2\n");

void
store_open_path(char out[static STORE_PATH_BYTES], uint64_t number, const char *suffix)
{
	(void)snprintf(out, STORE_PATH_BYTES, "%08ju.%s", (uintmax_t)number, suffix);
}

static void
head_path(char out[static STORE_PATH_BYTES], uint64_t number)
{
	(void)snprintf(out, STORE_PATH_BYTES, "open.%08ju", (uintmax_t)number);
}

static struct live_open *
new_open(uint64_t number, struct err *e)
{
	struct live_open *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		(void)err_sys(e, ERR_IO, "segment");
		return (NULL);
	}
	o->number = number;
	o->data_fd = o->tags_fd = -1;
	store_open_reset(o);
	return (o);
}

void
store_open_reset(struct live_open *o)
{
	seal_tree_init(&o->tree);
	crypto_sha256(NULL, 0, o->root);
	memset(&o->state, 0, sizeof(o->state));
	stats_counts_clear(&o->state.counts);
	o->n = o->g0 = o->g = o->tags_bytes = o->room = 0;
	o->flushed = false;
}

void
store_open_free(struct live_open *o)
{
	if (o == NULL)
		return;
	if (o->data_fd != -1)
		(void)close(o->data_fd);
	if (o->tags_fd != -1)
		(void)close(o->tags_fd);
	crypto_wipe(o->seed, sizeof(o->seed));
	buf_free(&o->epochs);
	buf_free(&o->said);
	buf_free(&o->words);
	free(o);
}

/* ---- beginning ---- */

static int
write_head(struct store_live *l, struct live_open *o, const struct store_live_next *next,
    struct err *e)
{
	char path[STORE_PATH_BYTES];
	unsigned char hash[32];
	struct buf text = { 0 };
	int rc = -1;

	(void)snprintf(o->policy, sizeof(o->policy), "%s", next->policy);
	buf_span(&o->epochs, next->epochs);
	buf_span(&text, head_label);
	buf_str(&text, o->policy);
	buf_char(&text, '\n');
	buf_span(&text, next->epochs);
	buf_char(&text, '\n');
	memcpy(o->before, l->ratchet->a, sizeof(o->before));
	buf_base64(&text, o->before, sizeof(o->before));
	buf_char(&text, '\n');
	crypto_sha256(text.data, text.len, hash);
	buf_str(&text, HASH_LABEL);
	buf_hex(&text, hash, sizeof(hash));
	buf_char(&text, '\n');
	head_path(path, o->number);
	if (!buf_ok(&text) || !buf_ok(&o->epochs))
		(void)err_set(e, ERR_IO, "segment: out of memory");
	else
		rc = io_replace(l->keys_fd, path, buf_view(&text), 0600, false, e);
	buf_free(&text);
	return (rc);
}

static int
write_salt(struct store_live *l, struct live_open *o, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	int rc = -1;

	crypto_random(o->seed, sizeof(o->seed));
	buf_str(&text, "0 0 ");
	buf_base64(&text, o->seed, sizeof(o->seed));
	buf_char(&text, '\n');
	store_open_path(path, o->number, "salt");
	if (!buf_ok(&text))
		(void)err_set(e, ERR_IO, "segment: out of memory");
	else
		rc = io_replace(l->open_fd, path, buf_view(&text), STORE_FILE_MODE, false, e);
	buf_wipe(&text);
	return (rc);
}

static int
open_file(struct store_live *l, uint64_t number, const char *suffix, int flags, struct err *e)
{
	char path[STORE_PATH_BYTES];

	store_open_path(path, number, suffix);
	return (io_open(l->open_fd, path,
	    O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | flags, STORE_FILE_MODE, e));
}

int
store_open_begin(
    struct store_live *l, uint64_t number, const struct store_live_next *next, struct err *e)
{
	struct live_open *o = new_open(number, e);
	int rc = -1;

	if (o == NULL)
		return (-1);
	if (store_writer_room(l->stream->writer, e) == -1 ||
	    write_head(l, o, next, e) == -1 || write_salt(l, o, e) == -1 ||
	    (o->data_fd = open_file(l, number, "data", O_CREAT | O_EXCL, e)) == -1 ||
	    (o->tags_fd = open_file(l, number, "tags", O_CREAT | O_EXCL, e)) == -1 ||
	    io_sync_dir(l->open_fd, e) == -1)
		goto out;
	store_boot_id(o->boot, &o->has_live);
	o->from_ms = store_boot_ms();
	l->at = o;
	o = NULL; /* handed over */
	rc = 0;
out:
	store_open_free(o);
	return (rc);
}

/* ---- after a crash ---- */

/* All but the last line, whose hash that is; a head of another hash is empty. */
static struct span
check_head(struct span text)
{
	struct span none = { NULL, 0 }, hash;
	unsigned char want[32], is[32];
	size_t got;

	if (text.len < head_label.len + HASH_LINE_BYTES || !span_starts(text, head_label) ||
	    text.ptr[text.len - 1] != '\n')
		return (none);
	hash = span_of(text.ptr + text.len - HASH_LINE_BYTES, HASH_LINE_BYTES - 1);
	text.len -= HASH_LINE_BYTES;
	crypto_sha256(text.ptr, text.len, is);
	if (!span_starts(hash, span_str(HASH_LABEL)) ||
	    text_unhex(span_from(hash, sizeof(HASH_LABEL) - 1), want, sizeof(want), &got) == -1 ||
	    got != sizeof(want) ||
	    memcmp(is, want, sizeof(is)) != 0)
		return (none);
	return (span_from(text, head_label.len));
}

/* Three lines between label and hash: policy, epochs, the aggregate before. */
static int
take_head(struct span text, struct live_open *o)
{
	struct span lines[3], rest = check_head(text);
	size_t len;

	for (size_t i = 0; i < 3; i++) {
		if ((len = span_find(rest, '\n')) == rest.len)
			return (-1);
		lines[i] = span_of(rest.ptr, len);
		rest = span_from(rest, len + 1);
	}
	if (rest.len > 0 || lines[0].len != sizeof(o->policy) - 1 ||
	    text_unbase64(lines[2], o->before, sizeof(o->before), &len) == -1 ||
	    len != sizeof(o->before))
		return (-1);
	memcpy(o->policy, lines[0].ptr, lines[0].len);
	buf_span(&o->epochs, lines[1]);
	return (buf_ok(&o->epochs) ? 0 : -1);
}

static int
read_head(struct store_live *l, struct live_open *o, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	int rc = -1;

	head_path(path, o->number);
	if (io_read_file(l->keys_fd, path, HEAD_BYTES_MAX, &text, e) == -1)
		goto out;
	rc = take_head(buf_view(&text), o);
	if (rc == -1)
		(void)err_set(e, ERR_CONFIG,
		    "keys of %s: %s: damaged: not the head of a segment as it was written",
		    l->stream->name, path);
out:
	buf_free(&text);
	return (rc);
}

static int
read_salt(struct store_live *l, struct live_open *o, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct seal_cover cover = { .nodes = NULL };
	const unsigned char *seed;
	struct buf text = { 0 };
	int rc = -1;

	store_open_path(path, o->number, "salt");
	if (io_read_file(l->open_fd, path, 64, &text, e) == -1 ||
	    seal_cover_read(buf_view(&text), &cover, e) == -1)
		goto out;
	if (!seal_cover_whole(&cover, &seed)) {
		(void)err_set(e, ERR_FINDING, "%s: not a seed", path);
		goto out;
	}
	memcpy(o->seed, seed, sizeof(o->seed));
	rc = 0;
out:
	seal_cover_free(&cover);
	buf_wipe(&text);
	return (rc);
}

int
store_open_reopen(struct store_live *l, uint64_t number, struct live_open **o, struct err *e)
{
	struct live_open *made = new_open(number, e);
	int rc = -1;

	if (made == NULL)
		return (-1);
	if (read_head(l, made, e) == -1 || read_salt(l, made, e) == -1 ||
	    (made->data_fd = open_file(l, number, "data", 0, e)) == -1 ||
	    (made->tags_fd = open_file(l, number, "tags", 0, e)) == -1)
		goto out;
	*o = made;
	made = NULL; /* handed over */
	rc = 0;
out:
	store_open_free(made);
	return (rc);
}

int
store_open_remove(struct store_live *l, uint64_t number, struct err *e)
{
	/*
	 * The tags first: without them, what a crash leaves of a segment that was
	 * never flushed looks as if it was just being made.
	 */
	static const char *const suffixes[] = { "tags", "data", "salt" };
	char path[STORE_PATH_BYTES];

	/* Records and seed of what may be erased one day: not for free blocks. */
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		store_open_path(path, number, suffixes[i]);
		if (io_shred(l->open_fd, path, e) == -1 && errno != ENOENT)
			return (-1);
	}
	head_path(path, number);
	return (io_unlink(l->keys_fd, path, e));
}

/* ---- the whole ---- */

int
store_open_dirs(struct store_live *l, struct err *e)
{
	struct store_stream *st = l->stream;

	if (store_make_dir(st->dirfd, "open", false, &l->open_fd, e) == -1 ||
	    (l->keys_fd = key_open_stream(st->store->keys_fd, st->name, false, e)) == -1)
		return (-1);
	if (store_sweep_tmp(l->open_fd, ".", ".", e) == -1)
		return (-1);
	return (0);
}

int
store_open_memory(struct store_live *l, struct err *e)
{
	l->hash = malloc(sizeof(*l->hash));
	l->ratchet = crypto_secret_alloc(sizeof(*l->ratchet), NULL);
	l->mark.ratchet = crypto_secret_alloc(sizeof(*l->mark.ratchet), NULL);
	if (l->hash == NULL || buf_reserve(&l->line, SEAL_TAG_BYTES_MAX + 1) == -1)
		return (err_set(e, ERR_IO, "out of memory"));
	if (l->ratchet == NULL || l->mark.ratchet == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for the ratchet"));
	return (0);
}

static int
open_live(struct store_live *l, const struct store_live_options *how,
    struct store_live_found *found, struct err *e)
{
	if (store_stream_open_live(
		how->store, how->name, how->next.policy, how->names, &l->stream, e) == -1)
		return (-1);
	(void)snprintf(l->origin, sizeof(l->origin), "cretula/%s/%s", how->store->id, how->name);
	l->names = *how->names;
	l->replays = how->replays;
	if (store_open_memory(l, e) == -1 || store_open_dirs(l, e) == -1 ||
	    store_open_recover(l, how, found, e) == -1 ||
	    store_open_begin(l, l->stream->segments + 1, &how->next, e) == -1)
		return (err_in(e, "store %s: stream %s", how->store->dir, how->name));
	store_open_reserve(l);
	return (0);
}

int
store_live_open(const struct store_live_options *how, struct store_live **l,
    struct store_live_found *found, struct err *e)
{
	struct store_live *made = calloc(1, sizeof(*made));

	memset(found, 0, sizeof(*found));
	if (made == NULL)
		return (err_sys(e, ERR_IO, "stream %s", how->name));
	made->keys_fd = made->open_fd = -1;
	(void)pthread_mutex_init(&made->lock, NULL);
	if (open_live(made, how, found, e) == -1) {
		found->full = store_is_full(errno);
		store_live_close(made);
		return (-1);
	}
	*l = made;
	return (0);
}

void
store_live_close(struct store_live *l)
{
	if (l == NULL)
		return;
	(void)store_open_join(l, NULL);
	store_open_free(l->older);
	store_open_free(l->at);
	store_stream_close(l->stream);
	crypto_secret_free(l->ratchet);
	crypto_secret_free(l->mark.ratchet);
	free(l->hash);
	buf_free(&l->line);
	buf_free(&l->words);
	if (l->keys_fd != -1)
		(void)close(l->keys_fd);
	if (l->open_fd != -1)
		(void)close(l->open_fd);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
