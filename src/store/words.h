/* store: another vocabulary in the place of a stream's, said in its chain. */
#ifndef CRETULA_STORE_WORDS_H
#define CRETULA_STORE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct store_stream;

struct store_words_change {
	struct span file;        /* the new vocabulary, docs/format.md 8 */
	uint64_t lines;
	const char *policy_hash; /* 64 hex digits */
	struct span by;          /* plain; may be empty */
};

/*
 * Write the file, overwrite what was there before, and append a `config`
 * entry with the new hash.  Where both are so already, nothing is done
 * (*changed false): a run that broke off is simply repeated.
 */
int store_words_change(struct store_stream *st, const struct store_words_change *change,
    bool *changed, struct err *e);

#endif
