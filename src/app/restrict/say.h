/* app: that something is restricted, or not any more, is sealed: by us, or by the daemon. */
#ifndef CRETULA_APP_RESTRICT_SAY_H
#define CRETULA_APP_RESTRICT_SAY_H

#include "base/span.h"
#include "store/layout.h"

struct err;
struct store_live;
struct store_stream;

struct app_word {
	char stream[STORE_NAME_MAX + 1];
	struct span kind, text; /* APP_RESTRICT and a box, or APP_LIFT and an id */
};

/* Append it; ERR_IO. */
int app_word_append(const struct app_word *w, struct store_stream *st, struct err *e);
/* Ask the daemon of a store; ERR_BUSY: there is none, or it does not write the stream. */
int app_word_ask(const char *store, const struct app_word *w, struct err *e);

/* What stands behind "restrict ", foreign bytes, which *w borrows.  -1: it is none. */
int app_word_read(struct span text, struct app_word *w);
/* In a stream that is open, by any thread. */
int app_word_do(const struct app_word *w, struct store_live *live, struct err *e);

#endif
