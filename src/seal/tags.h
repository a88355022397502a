/*
 * seal: lines of .tags, one a flush; docs/format.md 12.
 *
 * While a segment is open its lines carry a state behind a TAB: what a writer
 * needs to go on after a crash.  The file of a sealed segment has none, for
 * offsets and counts of a single flush would tell of a single record.
 */
#ifndef CRETULA_SEAL_TAGS_H
#define CRETULA_SEAL_TAGS_H

#include <stddef.h>

#include "seal/entry.h"

struct err;

/* A line with its state and LF, at most. */
#define SEAL_TAG_BYTES_MAX 16384

struct seal_tag {
	uint64_t g;       /* number of the flush, over all segments */
	uint64_t seg, n;  /* segment, and its records so far */
	uint64_t wall_ms; /* since 1970 */
	unsigned char root[32];
};

struct seal_state {
	uint64_t off; /* bytes of the segment's lines so far */
	uint64_t untagged;
	struct stats_counts counts; /* of the segment so far */
	struct seal_source sources[SEAL_SOURCES_MAX]; /* all of them */
	unsigned source_count;
};

/* Add the tag, without LF. */
void seal_tag_print(const struct seal_tag *tag, struct buf *out);
/* Add the state, without TAB and LF.  Counts whose names are not given are lost. */
void seal_state_print(
    const struct seal_state *state, const struct seal_names *names, struct buf *out);

/* Read what the two print, strictly.  0, or -1 and ERR_FINDING. */
int seal_tag_read(struct span text, struct seal_tag *tag, struct err *e);
int seal_state_read(struct span text, const struct seal_names *names, struct seal_state *state,
    struct err *e);

/*
 * Walk a file.  Each line's g is one above that before, n never falls, seg
 * stays.  A state is demanded if open, else refused.
 */
struct seal_tags {
	struct span rest;
	uint64_t line; /* number of the last line taken, from 1 */
	bool open;
	struct seal_tag tag;
	struct span text;  /* the tag's text */
	struct span state; /* the state's text */
};

void seal_tags_open(struct seal_tags *t, struct span file, bool open);
/* 1 and the next line is in t; 0 at the end; -1 and ERR_FINDING with "line N: ...". */
int seal_tags_next(struct seal_tags *t, struct err *e);

/*
 * The file of the sealed segment from that of the open one: the states go.
 * Lines are not read.
 */
void seal_tags_strip(struct span open, struct buf *out);

#endif
