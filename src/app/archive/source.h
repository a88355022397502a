/* app: the stream that is archived: verified, and read without keys. */
#ifndef CRETULA_APP_ARCHIVE_SOURCE_H
#define CRETULA_APP_ARCHIVE_SOURCE_H

#include "app/archive/archive.h"
#include "app/archive/plan.h"
#include "app/archive/state.h"
#include "app/records.h"

struct app_archive_pace;

struct app_archive_source {
	struct app_records records;
	struct store_reader *reader;
	struct seal_entry *entry; /* of the segment at hand */
	struct buf origin; /* its name, and its newest note */
	uint64_t size;
	unsigned char root[32];
	struct buf parts; /* struct app_archive_part: what is to be taken, in order */
	uint64_t restricted; /* segments that wait for the end of a restriction */
	struct buf files; /* what verify read of them */
};

/* ERR_INPUT: there is none; ERR_FINDING: its newest note is not of its chain. */
int app_archive_source_open(
    struct app_archive_source *s, const char *store, const char *stream, struct err *e);
void app_archive_source_close(struct app_archive_source *s);

/* Segments that are there, of before until_us, and not taken yet. */
int app_archive_source_plan(struct app_archive_source *s, const struct app_archive_state *state,
    int64_t until_us, struct err *e);
const struct app_archive_part *app_archive_source_parts(
    const struct app_archive_source *s, size_t *count);

/* The whole chain, and the segments of the plan.  ERR_FINDING: it does not verify. */
int app_archive_source_verify(struct app_archive_source *s, const struct app_archive *a,
    struct app_archive_pace *pace, struct err *e);

/*
 * Each record of a part; s->entry becomes its entry.  ERR_FINDING: its file is
 * not the one that was verified.  each as in app/records.h.
 */
int app_archive_source_walk(struct app_archive_source *s, const struct app_archive_part *part,
    app_record_each each, void *arg, struct err *e);

#endif
