/*
 * mask: an event becomes a record without identifiers.
 *
 * The one door between what servers say and what is kept.  Lines go in,
 * encoded records come out; no raw byte leaves this room.
 */
#ifndef CRETULA_MASK_MASK_H
#define CRETULA_MASK_MASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "input/input.h"
#include "mask/epochs.h"
#include "mask/geo.h"
#include "mask/policy.h"
#include "mask/words.h"
#include "parse/others.h"
#include "parse/parse.h"
#include "record/record.h"
#include "stats/counts.h"
#include "tally/batch.h"

struct err;
struct key_ring;
struct stats_gaps;
struct mask; /* one per thread */

enum mask_epoch_mode {
	MASK_EPOCH_LIVE, /* the epoch of now_us, for every record */
	MASK_EPOCH_EVENT /* the epoch of each record's own time (import) */
};

struct mask_setup {
	const struct mask_policy *policy; /* outlives the mask */
	const struct key_ring *ring;      /* outlives the mask */
	struct mask_words *words;         /* shared; outlives the mask */
	struct parser parser;
	enum mask_epoch_mode epochs;
	int64_t now_us;     /* arrival time of lines whose own time is bad */
	size_t line_max;    /* limits.line, at most PARSE_LINE_MAX */
	const struct mask_geo *geo; /* outlives the mask; NULL: no country, no ASN */
};

/* All memory is taken here.  0, or -1 and ERR_CONFIG. */
int mask_open(const struct mask_setup *setup, struct mask **m, struct err *e);
void mask_close(struct mask *m); /* wipes; NULL is legal */

/* Between batches: now_us is another; with MASK_EPOCH_LIVE the ring must have its epochs. */
void mask_now(struct mask *m, int64_t now_us);

/* Between batches: lines are read in another way. */
void mask_parser(struct mask *m, const struct parser *parser);

/* Between batches: so much of each event is kept at least, whatever the rules say. */
void mask_raise(struct mask *m, enum detail_level least);

/*
 * Between batches: the ring has other epochs.  What was made with keys that it
 * has no more is wiped.
 */
void mask_turned(struct mask *m);

/*
 * Records of a batch, at most: one a line, and those that hold more of a long
 * line that could not be read, 11,066 bytes each (docs/format.md 22).
 */
#define MASK_BATCH_RECORDS (INPUT_BATCH_LINES + INPUT_BATCH_BYTES / 11066 + 1)

/* One batch of whole lines in, encoded records out. */
struct mask_batch {
	/* in */
	struct span lines;   /* ends with LF */
	struct span context; /* as parse_resume; ptr NULL: the batch follows the one before */
	uint64_t number;     /* of the batch, from 0: what the vocabulary shows it */
	uint64_t dropped;    /* bytes cut out of the last line, which is overlong */
	uint64_t dropped_lines; /* line ends among them, if an item was cut */
	bool again;          /* these lines came before: a retry of their sender */
	bool item;           /* so it was: the last line end is not the source's */
	uint64_t read;       /* bytes of the source it stands for: counts.bytes */
	int64_t written_us;  /* when its source was, for times without a year; 0: now */
	bool limited;        /* only the first `most` events are looked at, the rest is counted */
	uint64_t most;
	struct stats_gaps *gaps; /* NULL: nobody looks at the numbers of lines */
	/* out: memory of the caller */
	char *records;       /* at least MASK_BATCH_RECORDS * RECORD_BYTES_MAX of address space */
	uint32_t *ends;      /* ends[i]: offset behind the LF of record i; MASK_BATCH_RECORDS */
	size_t records_len;
	size_t record_count;
	struct stats_counts counts;
	struct mask_epochs epochs;
	uint64_t looked_at; /* events, of most */
	struct parse_others others;        /* what some of the lines are that are unparsed */
	uint64_t words_seen, words_clear;  /* path words, and how many stayed in clear */
	struct detail_events events;       /* for triggers */
	struct mask_candidates *learn;     /* NULL: do not learn */
	struct tally_batch *tally;         /* added to; NULL: nobody counts */
};

/*
 * Parse, mask and encode every line.  Never fails: what cannot be read
 * becomes a skeleton record and is counted.  Calls no allocator.
 */
void mask_batch(struct mask *m, struct mask_batch *batch);

/* The learning pass of import: only batch->learn is filled. */
void mask_batch_learn(struct mask *m, struct mask_batch *batch);

#endif
