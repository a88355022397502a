/* tally, inside: the memory of a batch. */
#ifndef CRETULA_TALLY_TABLE_H
#define CRETULA_TALLY_TABLE_H

#include "base/arena.h"
#include "tally/batch.h"

#define TALLY_ENTRIES 8192u
#define TALLY_SLOTS 16384u
#define TALLY_TEXTS ((size_t)640 << 10)
#define TALLY_MINUTES 8192u /* an import of few requests an hour has one a record */
#define TALLY_APART ((size_t)8 << 20) /* bytes of what is apart and found no room */
#define TALLY_MINUTE_SLOTS 16384u
#define TALLY_WHO 16384u
#define TALLY_WHO_SLOTS 32768u
#define TALLY_LATE 65536u /* records behind those of a full one whose subject is known */
#define TALLY_KEY_MAX 512u /* bytes of a key; longer ones are cut */

#define TALLY_ENTRY_WHO 11 /* subjects that stand in the entry itself */

/* A value of a dimension within an hour: one line of the cache. */
struct tally_entry {
	uint64_t hash;
	uint64_t bytes;
	uint64_t key; /* the number, or where the text stands */
	uint32_t requests, bots;
	int32_t hour;
	uint16_t len; /* of a text; 0: a number */
	uint8_t dim, apart;
	uint8_t who_count; /* TALLY_SUBJECTS_MANY: more */
	uint16_t who[TALLY_ENTRY_WHO]; /* in who of the batch */
};
_Static_assert(sizeof(struct tally_entry) == 64, "a line of the cache");

/* The subjects of an entry behind those; beside it, as most have none. */
struct tally_entry_more {
	uint16_t who[TALLY_SUBJECTS_MAX - TALLY_ENTRY_WHO];
};

struct tally_minute {
	int64_t minute;
	uint32_t apart;
	struct tally_sums sums;
};

/* What is searched of a subject; its number is that of its tally_who. */
struct tally_local {
	uint64_t local;
	int32_t day; /* it has another number on another one */
	enum tally_sampled sampled;
};

struct tally_who {
	uint64_t hash[KEY_PERIOD_COUNT];
	int32_t epoch[KEY_PERIOD_COUNT];
	int32_t hour; /* in which it was first */
};

struct tally_alike;
struct tally_batch {
	struct arena memory;
	uint64_t seed[2];
	uint32_t entry_count, minute_count, who_count;
	uint32_t record_count, late_count; /* records that it holds, and those behind them */
	size_t text_len;
	bool full;
	bool mixed; /* its subjects are not all of the same epochs */
	uint64_t lost;
	uint32_t last[TALLY_DIM_COUNT]; /* entries that were hit last */
	uint32_t last_minute;
	int64_t minute_us, minute; /* of the last time; where that begins */
	int32_t hour, day;
	uint64_t stamp; /* of what it holds: another one once it was emptied */
	uint32_t used_count;
	uint16_t *used; /* places in alikes that are taken */
	struct tally_alike *alikes;
	uint16_t *slots, *minute_slots, *who_slots; /* number plus one; 0: empty */
	struct tally_entry *entries;
	struct tally_entry_more *more; /* of each entry */
	struct tally_minute *minutes;
	struct tally_local *locals;
	struct tally_who *who;
	uint16_t *late; /* numbers in who plus one; 0: not known */
	char *texts;
	char *apart; /* own/apart.h */
	size_t apart_len;
	char key[TALLY_KEY_MAX + 32]; /* of a value that is written otherwise */
};

/*
 * What stands for a text among keys: tokens in it give way to their class in
 * braces, and what is too long is cut behind a whole character.  The text itself, or in
 * key.
 */
struct span tally_key(struct span text, char key[static TALLY_KEY_MAX + 32]);

/* Are its keys numbers? */
static inline bool
tally_is_number(enum tally_dim dim)
{
	return (dim == TALLY_STATUS || dim == TALLY_LATENCY || dim == TALLY_SAMPLE_STATUS);
}

/* The number of the i-th subject of an entry. */
static inline unsigned
tally_entry_who(const struct tally_batch *b, const struct tally_entry *entry, unsigned i)
{
	return (i < TALLY_ENTRY_WHO ? entry->who[i] :
				      b->more[entry - b->entries].who[i - TALLY_ENTRY_WHO]);
}

/* ---- key.c: a hash of bytes that nobody outside can guess ---- */

__extension__ typedef unsigned __int128 tally_wide;

static inline uint64_t
tally_mix(uint64_t a, uint64_t b)
{
	tally_wide product = (tally_wide)a * b;

	return ((uint64_t)product ^ (uint64_t)(product >> 64));
}

/* The bytes of a text of at most eight; with its length they tell it from any other. */
static inline uint64_t
tally_short_word(const char *p, size_t len)
{
	uint64_t word = 0;
	uint32_t low, high;

	if (len == 8) {
		memcpy(&word, p, 8);
	} else if (len >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
		word = (uint64_t)high << 32 | low;
	} else if (len > 0) {
		word = (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[len / 2] << 8 |
		    (uint64_t)(unsigned char)p[len - 1] << 16;
	}
	return (word);
}

uint64_t tally_hash(const uint64_t seed[static 2], uint64_t start, struct span text);

#endif
