/* store, inside: what a crash may leave beside a vocabulary. */
#ifndef CRETULA_STORE_WORDS_INSIDE_H
#define CRETULA_STORE_WORDS_INSIDE_H

struct err;
struct store_stream;

/* Overwrite and remove a vocabulary that another one took the place of. */
int store_words_sweep(struct store_stream *st, struct err *e);

#endif
