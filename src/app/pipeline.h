/*
 * app: the pipeline, design.md 3.
 *
 * A reader drains the sources into batches; workers take whole batches
 * (task 1: parse, mask, encode; task 2: salts, leaves, frames); the calling
 * thread is the ordered writer.  The same sources give the same bytes for
 * any number of workers.
 */
#ifndef CRETULA_APP_PIPELINE_H
#define CRETULA_APP_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "input/input.h"
#include "mask/mask.h"
#include "seal/leaf.h"
#include "store/compress.h"

struct err;

/*
 * Batches in flight.  Not more than MASK_WORDS_LAG, so that the words of
 * batch i - lag are merged before batch i starts.
 */
#define PIPELINE_SLOTS 8
_Static_assert(PIPELINE_SLOTS <= MASK_WORDS_LAG, "a batch starts after the merge it must see");

struct pipeline_batch {
	struct mask_batch mask;
	size_t source;          /* which of the sources, from 0 */
	uint64_t at, read;      /* of that source's decompressed bytes */
	unsigned char tail[16]; /* of docs/format.md 6, behind this batch */
	bool end;               /* the source was read to its end */
	bool unfinished;        /* but for a last line that was left */
	/* placed by the sink */
	unsigned char seed[SEAL_SEED_BYTES];
	uint32_t first;         /* index in its segment of record 0 */
	struct store_part part; /* made by task 2 */
};

struct pipeline_sink {
	void *arg;
	/*
	 * In batch order, once the batch is encoded: fill seed and first.  0; 1:
	 * not before all earlier batches are taken; -1 with e.  NULL: no task 2.
	 */
	int (*place)(void *arg, struct pipeline_batch *b, struct err *e);
	/* In batch order, when all is made.  0, or -1 with e. */
	int (*take)(void *arg, struct pipeline_batch *b, struct err *e);
	/* Now and then, from the writer; may be NULL.  False: stop reading. */
	bool (*tick)(void *arg);
};

/*
 * The next source, or NULL at the end; called by the reader, which closes
 * it.  -1 with e: stops after what was read before.
 */
typedef int (*pipeline_next)(void *arg, struct input **in, struct err *e);

/* Name of the source that next gave as number, for errors; same arg. */
typedef const char *(*pipeline_name)(void *arg, size_t source);

enum pipeline_mode { PIPELINE_LEARN, PIPELINE_MASK, PIPELINE_SEAL };

struct pipeline {
	enum pipeline_mode mode;
	unsigned jobs;                  /* workers, 1 .. PIPELINE_SLOTS */
	const struct mask_setup *setup; /* each worker opens a mask of its own */
	bool learn;                     /* merge words in stream (MASK, SEAL) */
	bool tally;                     /* batches bring what they add up to (SEAL) */
	pipeline_next next;
	pipeline_name name;
	void *next_arg;
	const unsigned char *fingerprint_key; /* 32 bytes; NULL: tails are not needed */
	struct pipeline_sink sink;
	bool stopped;                   /* out: the stop of a source was raised */
	bool unlocked;                  /* out: secret memory could not be locked */
};

/*
 * Run until the sources end.  0; or -1 with the first error, after
 * everything that was read before an input error has been taken: a sink may
 * then still seal it (*input_failed says so).
 */
int app_pipeline_run(struct pipeline *p, bool *input_failed, struct err *e);

#endif
