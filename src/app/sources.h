/*
 * app: the files of an import: which format, in which order, and from where
 * on (what is sealed already is not sealed twice).
 */
#ifndef CRETULA_APP_SOURCES_H
#define CRETULA_APP_SOURCES_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "parse/detect.h"
#include "parse/piece.h"
#include "seal/entry.h"

struct err;
struct buf;
struct input;
struct store_stream;

#define APP_STEM_BYTES 64

struct app_source {
	const char *path;
	bool is_stdin;            /* or another thing that can be read only once */
	struct input *opened;     /* only of those: peeked at, not yet consumed */
	int64_t first_time_us;
	bool has_time;
	unsigned char fp[16];     /* of the first head bytes */
	uint64_t head;
	unsigned char stem[16];   /* as fp, of at most APP_STEM_BYTES */
	uint64_t stem_len;
	dev_t device;
	ino_t inode;
	uint64_t start;           /* bytes that are sealed already */
	bool skip;                /* wholly sealed, or another one's content */
	bool shorter;             /* skipped: than what is sealed of it */
	const char *note;         /* why it is skipped or shortened; NULL */
	const char *other;        /* the path that note speaks of; NULL */
	unsigned order;           /* on the command line */
};

struct app_sources {
	struct app_source *list;
	size_t count;
	struct parser parser;
	struct parse_beyond beyond;        /* of the one that is read */
	unsigned detect_fit, detect_lines; /* evidence of the format; 0, 0 if named */
	uint64_t file_bytes;               /* on disk, of those not skipped */
	struct app_source **active;        /* those not skipped */
	size_t active_count, next;         /* next: for app_sources_next */
	const atomic_bool *stop;           /* may be NULL */
	bool leave_unfinished;             /* last lines, of plain files */
	unsigned unfinished;               /* lines that were left, of skipped files */
};

/* "docker > syslog > ", or nothing. */
void app_envelope_print(const enum parse_envelope envelope[static PARSE_ENVELOPES_MAX],
    struct buf *out);

/*
 * Look at every file: open, detect (parser's format NULL), sort by the time of the
 * first event (files without one stay last, in the given order).  ERR_INPUT
 * if one cannot be read or formats differ or tie; the text lists them.  stop:
 * of input.h.
 */
int app_sources_open(struct app_sources *s, char **paths, int count,
    const struct parser *parser, const atomic_bool *stop, struct err *e);
void app_sources_close(struct app_sources *s);

/*
 * Compare the files with each other, and with what st has sealed if not
 * again.  A last line without line end is left if neither again nor final.
 */
int app_sources_resume(struct app_sources *s, const struct store_stream *st,
    const unsigned char fingerprint_key[static 32], bool again, bool final, struct err *e);

/* Can every source be read twice (a learning pass first)? */
bool app_sources_rereadable(const struct app_sources *s);

/* For pipeline_next, arg is the sources: in order, positioned, NULL at the end. */
int app_sources_next(void *arg, struct input **in, struct err *e);
void app_sources_rewind(struct app_sources *s);
/* The source that the pipeline counts as number (skipped ones do not count). */
const struct app_source *app_sources_at(const struct app_sources *s, size_t number);

/* Its path, for errors; arg is the sources. */
const char *app_sources_name(void *arg, size_t number);

/* Evidence of detection for people. */
void app_evidence_print(const struct parse_evidence *evidence, struct buf *out);

#endif
