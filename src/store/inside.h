/* store, inside: the structs that store.c, stream.c and segment.c share. */
#ifndef CRETULA_STORE_INSIDE_H
#define CRETULA_STORE_INSIDE_H

#include "base/buf.h"
#include "store/layout.h"
#include "store/store.h"

#define STORE_ID_BYTES 17 /* 16 hex digits and a NUL */

struct store {
	int dirfd, streams_fd, words_fd, keys_fd;
	char *dir, *keys; /* resolved paths */
	char id[STORE_ID_BYTES];
	unsigned char recovery[32]; /* KEYS/recovery.pub, if special says so */
	struct store_special special; /* of every chain that is opened */
	bool keys_made; /* by the open */
	const unsigned char *make_keys; /* seed of the recovery key: KEYS may be made anew */
	struct buf own_vkey; /* of cretula.store */
	unsigned char own_genesis[32];
};

/*
 * The revision of a segment that was written last, as it was written: where the
 * file still is these bytes, its lines need not be looked at again.  In memory alone.
 */
struct store_rewritten {
	uint64_t seg, revision; /* 0: none */
	unsigned char hash[32]; /* SHA-256 of the file */
	unsigned char salts[32]; /* and of the nodes of its .salt */
	struct buf counts; /* uint32_t: lines of each frame */
};

struct store_stream {
	struct store *store;
	char name[STORE_NAME_MAX + 1];
	int dirfd;
	struct seal_names names;
	struct store_writer *writer;
	uint64_t records, segments;
	uint64_t word_changes; /* entries of the chain that changed the vocabulary */
	bool interrupted;
	struct store_segment *segment; /* begun and not sealed */
	struct store_rewritten rewritten; /* of whoever erases */
};

/* With a letter in it: digits alone would look like somebody's number to who scans for some. */
void store_draw_id(char id[static STORE_ID_BYTES]);

/*
 * cretula.store, which all who write the store share: opened for one append,
 * then closed (store_writer_close).  Waits a few seconds for another one's.
 */
int store_own_open(struct store *s, bool create, struct store_writer **own, struct err *e);
/* Its entries as they are now, without a lock: they only become more. */
int store_own_read(const struct store *s, struct store_chain *own, struct err *e);
/* The id, and what store_anchor says; with create the chain begins. */
int store_own_learn(struct store *s, bool create, struct err *e);
/* Append the head of name, unless the newest one says the same size. */
int store_own_head(struct store *s, const char *name, uint64_t size,
    const unsigned char root[static 32], struct err *e);

/* Pause before the next try of *tries; false after ten seconds in all. */
bool store_wait(unsigned *tries);
/* Hold a stream's directory, for as long as fd or a copy is open. */
int store_lock_dir(int fd, const char *name, struct err *e);

/*
 * The newest segment below *index, which becomes its own.  1, or 0 if there
 * is none, or -1: an entry that cannot be read.
 */
int store_newest_segment(
    const struct store_stream *st, uint64_t *index, struct seal_entry *entry, struct err *e);

/* Not opened yet: dirfd is -1. */
struct store_stream *store_stream_new(
    struct store *s, const char *name, const struct seal_names *names, struct err *e);
/* The writer of st, whose dirfd is open; its keys are made, and the chain begun, if not listed. */
int store_stream_writer(
    struct store_stream *st, const char *policy_hash, bool listed, struct err *e);

/* As store_stream_open, also where a segment is open: store_live_open sees to it. */
int store_stream_open_live(struct store *s, const char *name, const char *policy_hash,
    const struct seal_names *names, struct store_stream **st, struct err *e);

/* As store_segment_begin, with the seed and the tags of a segment that was live. */
int store_segment_begin_seed(struct store_stream *st, const unsigned char seed[static 16],
    struct store_segment **seg, struct err *e);
void store_segment_tags(struct store_segment *seg, struct span tags); /* borrowed until the seal */
/* Of the records so far. */
void store_segment_root(const struct store_segment *seg, unsigned char root[static 32]);

#endif
