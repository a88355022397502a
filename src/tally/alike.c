/* alike: many records of an hour have the same status, method, agent ... */
#include <string.h>

#include "tally/alike.h"

#define BIT(f) (UINT64_C(1) << RECORD_FIELD_##f)
#define TEXTS \
	(BIT(AGENT) | BIT(COUNTRY) | BIT(EVENT) | BIT(METHOD) | BIT(HOST) | BIT(OS) | BIT(DEVICE))
#define TEXT_MAX 16 /* bytes that are told by two words */
#define LEN_BITS 5
#define HEAD 3 /* words in front of those of texts */

_Static_assert(HEAD + 2 * 7 <= TALLY_ALIKE_WORDS, "all texts have room");
_Static_assert(RECORD_FIELD_COUNT < 63, "a bit of present is left");

const unsigned tally_alike_dims = 1u << TALLY_ALL | 1u << TALLY_STATUS | 1u << TALLY_AGENT |
    1u << TALLY_COUNTRY | 1u << TALLY_EVENT | 1u << TALLY_METHOD | 1u << TALLY_HOST |
    1u << TALLY_OS | 1u << TALLY_DEVICE;

struct spelled {
	uint64_t words[TALLY_ALIKE_WORDS];
	unsigned count;
	uint64_t hash;
};

static inline uint64_t
stir(uint64_t hash, uint64_t word)
{
	return (tally_mix(hash ^ word, UINT64_C(0x9e3779b97f4a7c15)));
}

/*
 * All that they are told apart by, so that equal words mean equal values.
 * false: a value does not fit.
 */
static inline bool
spell(const struct tally_batch *b, const struct record *r, const struct tally_adding *a,
    struct spelled *s)
{
	int64_t status = record_has(r, RECORD_FIELD_STATUS) ? r->number[RECORD_FIELD_STATUS] : 0;
	uint64_t lens = 0, *at = s->words + HEAD, hash;

	if (status < 0 || status > UINT32_MAX)
		return (false);
	s->words[0] = (r->present & (TEXTS | BIT(STATUS))) | (uint64_t)a->apart << 63;
	s->words[1] = (uint64_t)(uint32_t)a->hour << 32 | (uint64_t)status;
	hash = stir(b->seed[0] ^ s->words[0], b->seed[1] ^ s->words[1]);
	for (uint64_t left = r->present & TEXTS; left != 0; left &= left - 1) {
		const struct span *text = &r->text[__builtin_ctzll(left)];

		if (text->len > TEXT_MAX)
			return (false);
		lens = lens << LEN_BITS | text->len;
		if (text->len > 8) {
			memcpy(at, text->ptr, 8);
			hash = stir(hash, *at++);
			memcpy(at, text->ptr + text->len - 8, 8);
		} else
			*at = tally_short_word(text->ptr, text->len);
		hash = stir(hash, *at++);
	}
	s->words[2] = lens;
	s->hash = stir(hash, lens ^ b->seed[1]);
	s->count = (unsigned)(at - s->words);
	return (true);
}

/* To each entry what came together; nothing has come since. */
static void
settle(struct tally_batch *b, struct tally_alike *one)
{
	for (unsigned i = 0; i < one->entry_count; i++) {
		struct tally_entry *entry = &b->entries[one->entries[i]];

		entry->requests += one->requests;
		entry->bots += one->bots;
		entry->bytes += one->bytes;
		for (unsigned w = 0; w < one->who_count && w < TALLY_SUBJECTS_MAX; w++)
			tally_entry_note(b, entry, one->who[w]);
		if (one->who_count == TALLY_SUBJECTS_MANY)
			entry->who_count = TALLY_SUBJECTS_MANY;
	}
	one->requests = one->bots = 0;
	one->bytes = 0;
	one->who_count = 0;
	memset(one->who, 0xff, sizeof(one->who));
}

/* A place for others; their entries are made now: who is first has a place of his own. */
static void
begin(struct tally_batch *b, struct tally_alike *one, const struct record *r,
    const struct tally_adding *a)
{
	struct tally_entry *entry;

	if (one->word_count == 0)
		b->used[b->used_count++] = (uint16_t)(one - b->alikes);
	settle(b, one);
	one->entry_count = 0;
	for (unsigned left = tally_alike_dims; left != 0; left &= left - 1) {
		enum tally_dim dim = (enum tally_dim)__builtin_ctz(left);

		if ((entry = tally_entry_find(b, a, dim, r)) != NULL)
			one->entries[one->entry_count++] = (uint16_t)(entry - b->entries);
	}
}

/* All at once, as their order says nothing. */
typedef uint16_t numbers __attribute__((vector_size(TALLY_ALIKE_WHO / 3 * 2)));

static inline void
note(struct tally_alike *one, int who)
{
	numbers all[3], found;
	uint64_t halves[2];

	if (who < 0 || one->who_count == TALLY_SUBJECTS_MANY)
		return;
	memcpy(all, one->who, sizeof(all));
	found = (numbers)(all[0] == (uint16_t)who) | (numbers)(all[1] == (uint16_t)who) |
	    (numbers)(all[2] == (uint16_t)who);
	memcpy(halves, &found, sizeof(halves));
	if ((halves[0] | halves[1]) != 0)
		return;
	if (one->who_count < TALLY_SUBJECTS_MAX)
		one->who[one->who_count] = (uint16_t)who;
	one->who_count++;
}

/* All of them, as they mostly are equal; a call would cost more. */
static inline bool
is_equal(const uint64_t *a, const uint64_t *b, unsigned count)
{
	uint64_t other = 0;

	for (unsigned i = 0; i < count; i++)
		other |= a[i] ^ b[i];
	return (other == 0);
}

bool
tally_alike_add(struct tally_batch *b, const struct record *r, const struct tally_adding *a)
{
	struct tally_alike *one;
	struct spelled s;

	if (!spell(b, r, a, &s))
		return (false);
	one = &b->alikes[s.hash >> 32 & (TALLY_ALIKES - 1)];
	if (one->word_count != s.count || !is_equal(one->words, s.words, s.count)) {
		begin(b, one, r, a);
		one->word_count = (uint8_t)s.count;
		memcpy(one->words, s.words, s.count * sizeof(s.words[0]));
	}
	one->requests++;
	one->bots += a->bot;
	one->bytes += a->bytes;
	note(one, a->who);
	return (true);
}

void
tally_alike_settle(struct tally_batch *b)
{
	for (uint32_t i = 0; i < b->used_count; i++)
		settle(b, &b->alikes[b->used[i]]);
}

void
tally_alike_clear(struct tally_batch *b)
{
	for (uint32_t i = 0; i < b->used_count; i++)
		memset(&b->alikes[b->used[i]], 0, sizeof(*b->alikes));
	b->used_count = 0;
}
