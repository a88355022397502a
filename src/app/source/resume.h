/* app: what of a file is sealed already.  Inside of sources. */
#ifndef CRETULA_APP_SOURCE_RESUME_H
#define CRETULA_APP_SOURCE_RESUME_H

struct app_source;
struct app_sources;
struct err;
struct store_stream;

/*
 * Compare one file with the cursors of st and set where it goes on, or that
 * it is skipped.  key: of fingerprints, 32 bytes.
 */
int app_source_resume(struct app_sources *s, struct app_source *source,
    const struct store_stream *st, const unsigned char *key, struct err *e);

#endif
