/* app: what more than one command needs of vocabularies. */
#ifndef CRETULA_APP_WORDS_WORDS_H
#define CRETULA_APP_WORDS_WORDS_H

#include "config/config.h"
#include "mask/words.h"

struct err;

/*
 * Give fn every word that the stream's routes, OpenAPI files and document
 * roots name; *origin (may be NULL) is "route", "openapi" or "docroot" meanwhile.
 */
int app_words_preload(const struct config_stream *stream, mask_words_fn fn, void *arg,
    const char **origin, struct err *e);

#endif
