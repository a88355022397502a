/*
 * tally: what the records of one batch add up to.
 *
 * Made by the thread that masks the batch, in fixed memory, without an
 * allocator; then given to a book (book.h).  A batch whose values find no
 * place is "full": from there on its records are counted one after the other,
 * from their lines; whom they are counted for it still tells.
 */
#ifndef CRETULA_TALLY_BATCH_H
#define CRETULA_TALLY_BATCH_H

#include "key/epoch.h"
#include "record/record.h"
#include "tally/tally.h"

struct err;
struct tally_batch;

/* What a call counts. */
enum tally_part {
	TALLY_RECORD, /* a record, as it is kept */
	TALLY_COUNTED, /* an event of which no record is kept: apart */
	TALLY_SLIMMED /* the fields that its record, counted besides, has not: apart */
};

/*
 * Who it was, as three numbers that mean something only as long as the keys
 * of their day, week and month exist; and which these were (key/epoch.h).
 */
struct tally_subject {
	uint64_t hash[KEY_PERIOD_COUNT];
	int64_t epoch[KEY_PERIOD_COUNT];
	enum tally_sampled {
		TALLY_NO_SAMPLE, /* the public sees all */
		TALLY_SAMPLED_OUT,
		TALLY_SAMPLED_IN
	} sampled;
};

/* All memory is taken here.  0, or -1 with e. */
int tally_batch_open(struct tally_batch **b, struct err *e);
void tally_batch_close(struct tally_batch *b); /* NULL is legal */

/* Empty it; memory that a large batch has touched goes back. */
void tally_batch_clear(struct tally_batch *b);

/*
 * The number in the batch of a subject; local: whatever tells subjects of the
 * batch apart.  -1: not met yet, or there was no room for it.  last: its number
 * when it was asked for the last time, or any other; it is looked at first.
 */
int tally_batch_who(struct tally_batch *b, uint64_t local, int64_t time_us, unsigned last);
/* It is about to be asked for, or a text of that mark counted: what is needed is fetched. */
void tally_batch_who_ahead(const struct tally_batch *b, uint64_t local, unsigned last);
void tally_batch_text_ahead(const struct tally_batch *b, uint64_t mark);
/* Give it one; -1: no room. */
int tally_batch_meet(
    struct tally_batch *b, uint64_t local, int64_t time_us, const struct tally_subject *subject);

/*
 * What who counts knows beside the record.  He who has the same texts again and again
 * keeps a mark beside each, zero at first: then it is not searched for in
 * each record.  It is of the text that a key is made of (tally_key): of equal marks only
 * the tokens may differ.
 */
struct tally_given {
	int who; /* as above; -1: not known */
	struct tally_text {
		uint64_t *mark; /* NULL: there is none */
		struct span text; /* that it is of: of another one it says nothing */
	} path, referer;
};

/*
 * Count r.  A record that finds no place is not counted, nor are those behind it
 * (tally_batch_full, tally_batch_records).  What is apart then waits beside the batch until this
 * is added to a book, as no line says it; where there is no room for it either it is only
 * counted (tally_batch_lost).
 */
void tally_batch_add(struct tally_batch *b, const struct record *r, enum tally_part part,
    const struct tally_given *given);

bool tally_batch_full(const struct tally_batch *b);
/* So many are counted: of one that is full, those behind the first ones are not. */
uint32_t tally_batch_records(const struct tally_batch *b);
uint64_t tally_batch_lost(const struct tally_batch *b);
bool tally_batch_empty(const struct tally_batch *b);

#endif
