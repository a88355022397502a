/*
 * tally, inside: records that are alike in all but path, referer and latency.
 *
 * Most records of an hour have the status, method, agent ... of one before.
 * They are added up here together; to each of their entries what they came to is
 * added when their place is needed, or the batch is read (tally_alike_settle).
 */
#ifndef CRETULA_TALLY_ALIKE_H
#define CRETULA_TALLY_ALIKE_H

#include "tally/table.h"

#define TALLY_ALIKES 1024u /* a power of two */
#define TALLY_ALIKE_WORDS 17
#define TALLY_ALIKE_ENTRIES 9
#define TALLY_ALIKE_WHO 24

/* What a record adds, besides its values. */
struct tally_adding {
	int32_t hour;
	uint8_t apart;
	uint32_t bot;
	uint64_t bytes;
	int who;
	const struct tally_given *given;
};

struct tally_alike {
	uint64_t bytes;
	uint32_t requests, bots;
	uint16_t entries[TALLY_ALIKE_ENTRIES]; /* of the batch */
	uint8_t entry_count;
	uint8_t word_count; /* 0: nobody is here */
	uint8_t who_count; /* TALLY_SUBJECTS_MANY: more */
	uint16_t who[TALLY_ALIKE_WHO]; /* behind who_count no number of anybody */
	uint64_t words[TALLY_ALIKE_WORDS]; /* what they have in common, nothing left out */
	uint64_t unused[4];
};
_Static_assert(sizeof(struct tally_alike) % 64 == 0, "whole lines of the cache");
_Static_assert(TALLY_SUBJECTS_MAX <= TALLY_ALIKE_WHO, "those who are told apart have room");

/* ---- who.c ---- */

#define TALLY_MINUTE_US UINT64_C(60000000)

/* The minute and the hour of a time, mostly those of the one before. */
static inline void
tally_batch_see(struct tally_batch *b, int64_t t_us)
{
	if ((uint64_t)t_us - (uint64_t)b->minute_us < TALLY_MINUTE_US)
		return;
	b->minute = tally_index(TALLY_MINUTE, t_us);
	b->minute_us = tally_start_us(TALLY_MINUTE, b->minute);
	b->hour = (int32_t)tally_index(TALLY_HOUR, t_us);
	b->day = (int32_t)tally_index(TALLY_DAY, t_us);
}

void tally_entry_note(struct tally_batch *b, struct tally_entry *entry, int who);

/* ---- batch.c ---- */

/* Is there room for whatever a record may bring? */
bool tally_batch_has_room(const struct tally_batch *b);
/* Made if it is not there; NULL: the record has no such value. */
struct tally_entry *tally_entry_find(struct tally_batch *b, const struct tally_adding *a,
    enum tally_dim dim, const struct record *r);

/* ---- alike.c ---- */

/* The dimensions that are looked at together. */
extern const unsigned tally_alike_dims;

/* Count r by these; false: it has a value that is too long, and nothing was done. */
bool tally_alike_add(struct tally_batch *b, const struct record *r, const struct tally_adding *a);
void tally_alike_settle(struct tally_batch *b);
void tally_alike_clear(struct tally_batch *b);

#endif
