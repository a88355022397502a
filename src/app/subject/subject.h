/*
 * app: records of a stream that are to be erased or masked again.
 *
 * A plan says which; it is made by reading, so that it can be shown before
 * anything is done.  Carrying it out reads them again, segment by segment.
 */
#ifndef CRETULA_APP_SUBJECT_SUBJECT_H
#define CRETULA_APP_SUBJECT_SUBJECT_H

#include "app/records.h"
#include "mask/again.h"
#include "seal/lists.h"
#include "store/erase/erase.h"
#include "filter/filter.h"

/* store_erase, or that of a stream that is written live. */
typedef int app_subject_taker(
    void *arg, const struct store_erase_order *order, uint64_t *entry, struct err *e);

struct app_subject {
	/* which: all of these must hold */
	struct buf ranges; /* struct seal_range of record numbers, ascending; empty: all */
	bool exact; /* these are all meant, and were just read: none is read again */
	const struct filter *filter; /* NULL: all */
	struct app_records *records; /* open; its window counts */
	uint64_t from; /* numbers below it are passed over: done before */
	/* what */
	bool rescrub; /* else erase */
	struct mask_again again;
	struct span reason, ref, by;
	/* the plan */
	struct buf plan; /* struct app_subject_part, in order */
	uint64_t chosen; /* records */
	struct buf numbers; /* erase: those of them, as ranges */
	uint64_t already; /* of the given numbers: erased before */
	uint64_t by_field[RECORD_FIELD_COUNT]; /* rescrub: records in which it changes */
	/* who erases, if a daemon writes the stream: that of this store; NULL: the eraser */
	const char *daemon, *stream;
	/* or this one, which is asked in the place of both */
	app_subject_taker *taker;
	void *taker_arg;
	size_t entries_max; /* then it stops, and can go on; 0: no bound */
	bool stopped;
	/* carried out */
	struct buf entries; /* uint64_t: their indices */
	uint64_t done; /* records */
	uint64_t damaged; /* of these: what had replaced them was not what is sealed */
};

struct app_subject_part {
	size_t at; /* of the segment's entry in the chain */
	uint64_t seg, count;
};

/* "5,9-12": ERR_USAGE if text is none.  Sorted and merged. */
int app_subject_numbers(const char *text, struct buf *ranges, struct err *e);

/*
 * ERR_INPUT: a number that the stream does not have, or of a segment that was
 * pruned; ERR_CONFIG: a hold is on one of the segments.
 */
int app_subject_plan(struct app_subject *s, struct err *e);

/*
 * As store_erase, x NULL: by the daemon.  What was done before it failed stays,
 * and done says how much.
 */
int app_subject_carry_out(struct app_subject *s, struct store_eraser *x, struct err *e);

/*
 * Inside: call each record of a segment that is chosen; line is its new one
 * (rescrub), or ptr NULL.  each says 0 to go on, 1 to stop.
 */
typedef int (*app_subject_each)(
    void *arg, uint64_t number, uint64_t changed, struct span line, struct err *e);
int app_subject_walk(struct app_subject *s, struct store_reader *reader,
    const struct seal_segment *segment, app_subject_each each, void *arg, struct err *e);

#endif
