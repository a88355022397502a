/* random_record: seeded records that use every corner of the record. */
#ifndef CRETULA_TESTS_RANDOM_RECORD_H
#define CRETULA_TESTS_RANDOM_RECORD_H

#include <stdint.h>
#include <string.h>

#include "record/record.h"

struct random_record {
	uint64_t state; /* the seed; never 0 */
	struct record record;
	char texts[1 << 20];
	size_t used;
};

static inline uint64_t
random_next(struct random_record *x)
{
	x->state ^= x->state << 13;
	x->state ^= x->state >> 7;
	x->state ^= x->state << 17;
	return (x->state * UINT64_C(0x2545f4914f6cdd1d) >> 16);
}

static inline size_t
random_below(struct random_record *x, size_t n)
{
	return ((size_t)(random_next(x) % n));
}

/* A text of pieces that the encoder has to tell apart. */
static inline struct span
random_text(struct random_record *x, size_t len_max)
{
	static const char *const pieces[] = { "a", "/", "sg.abcdefgh234567ab", "{int}", "\"", "\\",
		"\n", "\x01", "\x7f", "\xc3\xa4", "\xc2\x85", "\xe2\x80\x8e", "\xe2\x80\xae",
		"\xe2\x81\xa7", "\xef\xbf\xbd", "\xf0\x9f\x98\x80", "\xff", "\xe2\x82", "\xc0\x80",
		"\xed\xa0\x80", ",\"status\":200", ",\"state\":\"partial\"", ",\"flags\":[",
		",\"extra\":{", "}", "]", "[", ":", ",", "\xf4\x90\x80\x80", "\x1f", " ", "\t" };
	size_t kinds = random_below(x, 3) == 0 ? sizeof(pieces) / sizeof(pieces[0]) : 4;
	size_t want = random_below(x, 8) == 0 ? random_below(x, len_max + 1) : random_below(x, 24);
	char *start = x->texts + x->used;
	size_t len = 0;

	if (want > len_max)
		want = len_max;
	for (;;) {
		const char *piece = pieces[random_below(x, kinds)];

		if (len + strlen(piece) > want)
			break;
		memcpy(start + len, piece, strlen(piece));
		len += strlen(piece);
	}
	x->used += len;
	return (span_of(start, len));
}

static inline int64_t
random_number(struct random_record *x)
{
	static const int64_t edges[] = { 0, -1, 9, 10, 99, 100, 200, 404, 999, 1000, 10000,
		INT64_MAX, INT64_MIN };

	if (random_below(x, 2) == 0)
		return (edges[random_below(x, sizeof(edges) / sizeof(edges[0]))]);
	return ((int64_t)(random_next(x) >> random_below(x, 48)));
}

static inline void
random_extra(struct random_record *x, size_t len_max)
{
	static const char *const keys[] = { "status", "state", "flags", "extra", "time", "\"" };
	struct record *r = &x->record;

	r->extra_count = (uint8_t)random_below(x, RECORD_EXTRA_MAX + 1);
	if (random_below(x, 2) == 0)
		r->extra_count %= 4;
	for (size_t i = 0; i < r->extra_count; i++) {
		struct record_extra *one = &r->extra[i];

		one->key = random_below(x, 2) == 0
		    ? random_text(x, len_max)
		    : span_str(keys[random_below(x, sizeof(keys) / sizeof(keys[0]))]);
		one->is_number = random_below(x, 2) == 0;
		one->number = random_number(x);
		one->text = random_text(x, len_max);
	}
}

/* Fill x->record anew; texts of at most len_max bytes. */
static inline const struct record *
random_record(struct random_record *x, size_t len_max)
{
	static const char *const states[] = { "partial", "unparsed" };
	struct record *r = &x->record;
	int64_t whole = random_below(x, 2) == 0 ? 1000 : 1;

	x->used = 0;
	record_clear(r);
	r->time_us = (int64_t)random_below(x, 4000000000000000) / whole * whole -
	    (random_below(x, 4) == 0 ? 2000000000000000 : 0);
	for (int f = 1; f < RECORD_FIELD_COUNT; f++) {
		if (random_below(x, 3) != 0)
			continue;
		if (record_fields[f].type == RECORD_TEXT)
			record_set_text(r, (enum record_field)f, random_text(x, len_max));
		else if (record_fields[f].type == RECORD_INT)
			record_set_int(r, (enum record_field)f, random_number(x));
	}
	if (record_has(r, RECORD_FIELD_STATE))
		record_set_text(r, RECORD_FIELD_STATE, span_str(states[random_below(x, 2)]));
	if (random_below(x, 3) == 0) {
		r->present |= UINT64_C(1) << RECORD_FIELD_FORWARDED;
		r->forwarded_count = (uint8_t)random_below(x, RECORD_FORWARDED_MAX + 1);
		for (size_t i = 0; i < r->forwarded_count; i++)
			r->forwarded[i] = random_text(x, len_max);
	}
	if (random_below(x, 3) == 0) {
		r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
		random_extra(x, len_max);
	}
	if (random_below(x, 3) == 0) {
		r->present |= UINT64_C(1) << RECORD_FIELD_FLAGS;
		r->flags = random_next(x) & ((UINT64_C(1) << RECORD_FLAG_COUNT) - 1);
	}
	return (r);
}

#endif
