/* app: some segments of the source become one of the archive. */
#ifndef CRETULA_APP_ARCHIVE_PASS_H
#define CRETULA_APP_ARCHIVE_PASS_H

#include "app/archive/pace.h"
#include "app/archive/source.h"
#include "store/store.h"

struct app_archive_pass;

struct app_archive_work {
	struct app_archive *a;
	struct app_archive_source *source;
	struct store_stream *stream; /* of the archive */
	struct archive *strict;
	struct app_archive_pace *pace;
	const char *policy; /* 64 hex digits */
};

/* All memory is taken here; *work is borrowed. */
int app_archive_pass_open(
    const struct app_archive_work *work, struct app_archive_pass **p, struct err *e);
void app_archive_pass_close(struct app_archive_pass *p); /* NULL is legal */

/*
 * Count, make strict, seal, bind.  0; -1 with e: nothing of it stays, or the
 * next run says what is missing (state.c).
 */
int app_archive_pass(struct app_archive_pass *p, const struct app_archive_part *parts,
    size_t count, struct err *e);

/* The derive entry of a segment of the archive, whose source's ranges are raw JSON. */
int app_archive_bind(const struct app_archive_work *work, struct span segs, uint64_t seg,
    struct err *e);

#endif
