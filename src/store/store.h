/*
 * store: a directory of streams with its keys beside it.
 *
 * KEYS is made only together with a new STORE; a store without its keys can
 * be read and verified, never written.
 */
#ifndef CRETULA_STORE_STORE_H
#define CRETULA_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "seal/entry.h"
#include "seal/leaf.h"
#include "store/chain.h"
#include "store/compress.h"

/* SHA-256 of nothing: where nothing is masked, or genesis is there already. */
#define STORE_NO_POLICY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct err;
struct store;
struct store_stream;
struct store_segment;

/*
 * Open STORE for writing, making it and KEYS if neither exists.  keys NULL:
 * STORE.keys beside it.  ERR_CONFIG: store without keys, KEYS inside STORE,
 * keys without the store they belong to unless made by `key create`.
 * *created says whether it was made now.  Many processes may have a store
 * open, each stream is of one of them; who comes while another one makes the
 * store waits, up to ten seconds (ERR_BUSY).
 */
int store_open(const char *dir, const char *keys, struct store **s, bool *created, struct err *e);
/* Is a store there that need not be made first, or to its end?  It stays one. */
bool store_is_there(const char *dir);
void store_close(struct store *s); /* NULL is legal */
int store_keys_fd(const struct store *s);
const char *store_keys_path(const struct store *s);
bool store_keys_made(const struct store *s); /* by the open; else they were there */
int store_words_fd(const struct store *s); /* STORE/words */
/* The auditor's line of docs/format.md 7, added to out. */
int store_anchor(const struct store *s, struct buf *out, struct err *e);

/* Open a stream for writing; made, and listed in cretula.store, if new. */
int store_stream_open(struct store *s, const char *name, const char *policy_hash,
    const struct seal_names *names, struct store_stream **st, struct err *e);
/* Is that chain.jsonl, byte by byte, the one that this process holds? */
bool store_stream_holds(const struct store_stream *st, const struct store_chain *chain);
void store_stream_close(struct store_stream *st); /* NULL is legal; drops an unsealed segment */
uint64_t store_stream_records(const struct store_stream *st);  /* sealed so far */
uint64_t store_stream_segments(const struct store_stream *st);

/* How far a source was sealed once, and from where on in that segment if known. */
struct store_cursor {
	struct seal_source source;
	uint64_t entry, start;
	bool start_known;
};

/*
 * What is sealed of sources that begin like head: all cursors behind at least
 * one byte, newest first, for the caller to free.  More than one source may
 * begin so; their tails tell.
 */
int store_stream_cursors(const struct store_stream *st,
    const unsigned char fingerprint_key[static 32], struct span head, struct store_cursor **list,
    size_t *count, struct err *e);
/* fp of a head, or tail of a tail, of docs/format.md 6. */
void store_fingerprint(const unsigned char fingerprint_key[static 32], struct span head,
    unsigned char fp[static 16]);
/* Is the newest segment's last source unfinished (an interrupted import)? */
bool store_stream_interrupted(const struct store_stream *st);

/*
 * Say in cretula.store how far the stream's chain goes: an older copy of it
 * shows.  Nothing is appended if that is said already, nor for a chain whose
 * write has failed: that error was told, and the next writer repairs the chain
 * and says its head.
 */
int store_stream_head(struct store_stream *st, struct err *e);

/* Append an entry of another type (destroy). */
int store_stream_append(struct store_stream *st, struct seal_entry *entry, struct err *e);

/* ---- one segment, by the ordered writer ---- */

int store_segment_begin(struct store_stream *st, struct store_segment **seg, struct err *e);
const unsigned char *store_segment_seed(const struct store_segment *seg); /* 16 bytes */

/* Append a compressed part and the leaves of its records, in order. */
int store_segment_add(struct store_segment *seg, const struct store_part *part, struct err *e);
uint64_t store_segment_records(const struct store_segment *seg);
uint64_t store_segment_bytes(const struct store_segment *seg);

/*
 * Seal: fills seg, first, n, bytes, root, file, idx of facts, and
 * words_hash from words_file; writes the files and the entry.  facts brings
 * counts, policy, mask_epochs, mask_seed, sources, unlocked, words_count.  On
 * success seg is gone; on failure too, and nothing of it is left on disk
 * under a final name unless its entry is.
 */
int store_segment_seal(struct store_segment *seg, struct seal_segment *facts,
    struct span words_file, struct err *e);
void store_segment_drop(struct store_segment *seg); /* removes the .tmp; NULL is legal */

#endif
