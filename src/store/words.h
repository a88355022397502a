/*
 * store: the vocabulary of a stream on disk: sealed in its chain, and by a
 * line of its own (docs/format.md 8), so that nobody without KEYS changes
 * what the next run believes.
 */
#ifndef CRETULA_STORE_WORDS_H
#define CRETULA_STORE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;
struct store_stream;

/* How the text of a `config` entry begins that says that a vocabulary was not believed. */
#define STORE_WORDS_REFUSED "refused: "

struct store_words_found {
	const char *refused; /* NULL, or what is wrong with the file that was there */
	size_t lines, marks; /* of it; and marks of forgotten words that were kept */
	bool closed; /* some of them may be missing: nothing is learned */
	bool said; /* the entry of a change that a crash kept from having one was appended */
};

/*
 * The vocabulary as it can be believed, added to text.  A file that is not
 * the one that was sealed is overwritten by the marks in it, and a `config`
 * entry says so (*found; docs/adr/0033): a second call finds nothing amiss.
 * A change by hand that a crash kept from being sealed is sealed.
 */
int store_words_settle(
    struct store_stream *st, struct buf *text, struct store_words_found *found, struct err *e);

/*
 * Write the vocabulary that the next segment seals: file, which gets its last
 * line here, of *lines lines.
 */
int store_words_write(
    const struct store_stream *st, struct buf *file, uint64_t *lines, struct err *e);

struct store_words_change {
	struct span file; /* the new vocabulary, docs/format.md 8, without its last line */
	const char *policy_hash; /* 64 hex digits */
	struct span text; /* why: escaped; may be empty */
	struct span by; /* plain; may be empty */
};

/*
 * Write the file, overwrite what was there before, and append a `config`
 * entry with the new hash.  Where both are so already, nothing is done
 * (*changed false): a run that broke off is simply repeated.  What is there
 * was settled before.
 */
int store_words_change(
    struct store_stream *st, const struct store_words_change *change, bool *changed, struct err *e);

#endif
