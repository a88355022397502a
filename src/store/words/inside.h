/* store, inside: what the chain says of a vocabulary, and what stands on disk. */
#ifndef CRETULA_STORE_WORDS_INSIDE_H
#define CRETULA_STORE_WORDS_INSIDE_H

#include "base/buf.h"
#include "store/words.h"

#define STORE_WORDS_BYTES_MAX ((size_t)64 << 20)

struct err;
struct store_stream;

/* What a crash kept from being sealed, of a file that is believed. */
enum store_words_left { STORE_WORDS_SEALED, STORE_WORDS_SEGMENT, STORE_WORDS_CHANGE };

/* What the chain says, as of its end. */
struct store_words_said {
	uint64_t seg, revision; /* the newest segment; 0: none */
	uint64_t changes; /* entries that changed it, of the whole chain */
	bool has_words; /* of that segment, or of an entry since */
	uint64_t lines;
	unsigned char hash[32];
	char policy[65]; /* of the newest entry that has one */
};

int store_words_said(const struct store_stream *st, struct store_words_said *said, struct err *e);

/* How often the chain says that it changed; the stream counts on from there. */
int store_words_count(const struct store_stream *st, uint64_t *changes, struct err *e);

/* Was it ever changed by hand: may there have been marks of forgotten words? */
int store_words_by_hand(const struct store_stream *st, bool *ever, struct err *e);

/*
 * Hash of file under the salt of the newest segment.  1; 0 if there is no
 * segment, or its salts are gone; or -1.
 */
int store_words_hash(const struct store_stream *st, const struct store_words_said *said,
    struct span file, unsigned char hash[static 32], struct err *e);

/*
 * KEYS knows the MACs of the vocabulary that was written last, and of the one
 * before.  Is it one of them?  Yes, if KEYS is older than that.
 */
#define STORE_WORDS_MAC_BYTES 16
int store_words_is_newest(const struct store_stream *st,
    const unsigned char mac[static STORE_WORDS_MAC_BYTES], bool *is, struct err *e);
/* It is to be the last; alone: it is believed, and no other is from now on. */
int store_words_note(const struct store_stream *st,
    const unsigned char mac[static STORE_WORDS_MAC_BYTES], bool alone, struct err *e);
/* The same of a file that is believed. */
int store_words_note_alone(const struct store_stream *st, struct span file, struct err *e);

/* file without the line that seals it. */
struct span store_words_body(struct span file);
/* End file with that line: as of segment seg and so many changes. */
int store_words_end(
    const struct store_stream *st, uint64_t seg, uint64_t change, struct buf *file, struct err *e);

/*
 * Is file the one that was sealed last, or one that a crash kept from being
 * sealed (*left)?  *why is NULL then, else what is wrong with it.
 */
int store_words_judge(const struct store_stream *st, const struct store_words_said *said,
    struct span file, enum store_words_left *left, const char **why, struct err *e);

/*
 * What bears the name of the vocabulary and cannot be it, a link, a fifo, a
 * directory or more than is read, loses it; *what says so, or is NULL.
 */
int store_words_clear(const struct store_stream *st, const char **what, struct err *e);

/* The file, or nothing where there is none. */
int store_words_read(const struct store_stream *st, struct buf *file, struct err *e);

/* Append the entry that a crash kept the change to file from having. */
int store_words_say(
    struct store_stream *st, const struct store_words_said *said, struct span file, struct err *e);

/* Overwrite and remove a vocabulary that another one took the place of. */
int store_words_sweep(struct store_stream *st, struct err *e);

#endif
