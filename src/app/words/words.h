/* app: what more than one command needs of vocabularies. */
#ifndef CRETULA_APP_WORDS_WORDS_H
#define CRETULA_APP_WORDS_WORDS_H

#include "app/args.h"
#include "base/buf.h"
#include "config/config.h"
#include "mask/words.h"

struct err;

/*
 * Give fn every word that the stream's routes, OpenAPI files and document
 * roots name; *origin (may be NULL) is "route", "openapi" or "docroot" meanwhile.
 */
int app_words_preload(const struct config_stream *stream, mask_words_fn fn, void *arg,
    const char **origin, struct err *e);

/* Warn of a vocabulary that was not believed; found as of store_words_settle. */
struct store_words_found;
void app_words_refused(const char *stream, const struct store_words_found *found);

/* Warn that nothing is learned: mask_words_stopped. */
void app_words_closed(const char *stream);

/* cretula words list; the exit code. */
int app_words_list(const struct app_args *args);

/* A file, or a pipe, of at most max bytes, added to out. */
int app_words_read(const char *path, size_t max, struct buf *out, struct err *e);
/* Nothing is made where there is no such stream: 0, or -1 and ERR_INPUT. */
int app_words_there(const char *store, const char *stream, struct err *e);

#endif
