/* app: streams of a store, and one of them opened for what takes away or keeps. */
#ifndef CRETULA_APP_RETAIN_OPEN_H
#define CRETULA_APP_RETAIN_OPEN_H

#include "store/erase/erase.h"
#include "store/layout.h"

struct app_setup;
struct err;

/* The names of a store's streams, sorted, without cretula.store; ERR_INPUT: no store. */
#define APP_RETAIN_STREAMS_MAX 256
struct app_retain_names {
	char name[APP_RETAIN_STREAMS_MAX][STORE_NAME_MAX + 1];
	size_t count;
};
int app_retain_names(const char *store, struct app_retain_names *names, struct err *e);

struct app_retain_stream {
	struct store_stream *st;
	struct store_eraser *eraser;
	uint64_t sealed; /* records that a dead writer left open */
};

/* A stream that is there, of a store that is open.  ERR_BUSY says what to do. */
int app_retain_open(
    struct store *s, const char *stream, struct app_retain_stream *out, struct err *e);
void app_retain_close(struct app_retain_stream *stream); /* all zero is legal */

#endif
