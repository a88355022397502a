/*
 * Classes of bytes combined to places, four words at a time; a bit is a byte.
 *
 * Included by the portable side and by that with AVX2: both are compiled from
 * these lines.
 */
#ifndef CRETULA_LEAK_VIEW_KINDS_IMPL_H
#define CRETULA_LEAK_VIEW_KINDS_IMPL_H

#include "leak/view/marks.h"

#define KINDS_INLINE __attribute__((always_inline)) static inline

typedef uint64_t leak_four __attribute__((vector_size(32), aligned(8), may_alias));

/* Four words from p on. */
#define FOUR(p) (*(const leak_four *)(const void *)(p))
/* Bit i: what bit i - n is. */
#define BEFORE(p, n) (FOUR(p) << (n) | FOUR((p)-1) >> (64 - (n)))
/* Bit i: what bit i + n is. */
#define BEHIND(p, n) (FOUR(p) >> (n) | FOUR((p) + 1) << (64 - (n)))
/* As BEFORE, of words that were made, and the ones before those. */
#define MADE(now, before, n) ((now) << (n) | (before) >> (64 - (n)))
#define PUT(kind) (*(leak_four *)(void *)places->word[kind])

/*
 * Where a run of set bits gets as long as n (8, 14 or 24), and not all along
 * behind that.  All of the word before counts, for n is at most 24.
 */
#define RUN_REACHES(now, before, n, into) \
	do { \
		leak_four two_ = (now)&MADE(now, before, 1), two_b_ = (before) & (before) << 1; \
		leak_four four_ = two_ & MADE(two_, two_b_, 2), four_b_ = two_b_ & two_b_ << 2; \
		leak_four all_ = four_ & MADE(four_, four_b_, 4); \
		leak_four all_b_ = four_b_ & four_b_ << 4; \
		leak_four eight_ = all_, eight_b_ = all_b_; \
\
		if ((n) > 8) { \
			const int more_ = (n) == 14 ? 6 : 8; \
\
			all_ &= MADE(eight_, eight_b_, more_); \
			all_b_ &= eight_b_ << more_; \
		} \
		if ((n) == 24) { \
			all_ &= MADE(eight_, eight_b_, 16); \
			all_b_ &= eight_b_ << 16; \
		} \
		(into) = all_ & ~MADE(all_, all_b_, 1); \
	} while (0)

KINDS_INLINE void
kinds_of_digits(const struct leak_marks *marks, size_t w, struct leak_places *places)
{
	const uint64_t *digit = &marks->word[LEAK_DIGIT][w], *dot = &marks->word[LEAK_DOT][w];
	const uint64_t *dash = &marks->word[LEAK_DASH][w], *gap = &marks->word[LEAK_GAP][w];
	const uint64_t *alpha = &marks->word[LEAK_ALPHA][w], *hex = &marks->word[LEAK_HEX][w];
	leak_four next = BEHIND(digit, 1), last = BEFORE(digit, 1), now, before;
	/* In the words before; their first bit does not matter, for only their last ones do. */
	leak_four inside = FOUR(digit - 1) << 1 & (FOUR(digit - 1) >> 1 | FOUR(digit) << 63);

	now = FOUR(dot) & last & next;
	before = FOUR(dot - 1) & inside;
	PUT(LEAK_KIND_DOTS) = now &
	    (MADE(now, before, 2) | MADE(now, before, 3) | MADE(now, before, 4) |
		MADE(now, before, 5));
	now = (FOUR(dash) | FOUR(gap)) & last & next;
	before = (FOUR(dash - 1) | FOUR(gap - 1)) & inside;
	PUT(LEAK_KIND_GROUPS) = now & BEHIND(digit, 2) & BEHIND(digit, 3) &
	    (MADE(now, before, 2) | MADE(now, before, 3) | MADE(now, before, 4) |
		MADE(now, before, 5) | MADE(now, before, 7));
	RUN_REACHES(FOUR(digit), FOUR(digit - 1), 8, PUT(LEAK_KIND_DIGITS));
	PUT(LEAK_KIND_PLUS) = FOUR(&marks->word[LEAK_PLUS][w]) & next;
	PUT(LEAK_KIND_HEX0X) = FOUR(&marks->word[LEAK_X][w]) & last & BEHIND(hex, 1);
	PUT(LEAK_KIND_CISCO) = FOUR(dot) & BEFORE(dot, 5) & BEFORE(hex, 1) & BEHIND(hex, 1) &
	    BEHIND(hex, 4) & BEFORE(hex, 4);
	PUT(LEAK_KIND_FISCAL) = FOUR(digit) & next & BEHIND(alpha, 2) & BEHIND(digit, 3) &
	    BEHIND(digit, 4) & BEHIND(alpha, 5) & BEHIND(digit, 6) & BEHIND(digit, 7) &
	    BEHIND(digit, 8) & BEFORE(alpha, 1);
}

KINDS_INLINE void
kinds_of_groups(const struct leak_marks *marks, size_t w, struct leak_places *places)
{
	const uint64_t *dash = &marks->word[LEAK_DASH][w], *hex = &marks->word[LEAK_HEX][w];
	const uint64_t *colon = &marks->word[LEAK_COLON][w];
	leak_four around = BEFORE(hex, 1) & BEHIND(hex, 1), four, five, six, seven, eight;

	four = BEFORE(dash, 4);
	five = BEFORE(dash, 5);
	six = BEFORE(dash, 6);
	seven = BEFORE(dash, 7);
	PUT(LEAK_KIND_OCTETS) = FOUR(dash) & around &
	    ((BEFORE(dash, 2) & (four | five | six)) | (BEFORE(dash, 3) & (five | six | seven)) |
		(four & (six | seven | BEFORE(dash, 8))));
	PUT(LEAK_KIND_UUID) = FOUR(dash) & five & BEFORE(dash, 10) & around;
	four = BEFORE(colon, 4);
	five = BEFORE(colon, 5);
	six = BEFORE(colon, 6) | BEFORE(colon, 7);
	eight = BEFORE(colon, 8) | BEFORE(colon, 9) | BEFORE(colon, 10);
	PUT(LEAK_KIND_COLONS) = FOUR(colon) &
	    (BEFORE(colon, 1) |
		((BEFORE(colon, 2) | BEFORE(colon, 3) | four | five) & (four | five | six | eight) &
		    (BEFORE(hex, 1) | BEHIND(hex, 1))));
}

KINDS_INLINE void
kinds_of_texts(const struct leak_marks *marks, size_t w, struct leak_places *places)
{
	const uint64_t *digit = &marks->word[LEAK_DIGIT][w], *hex = &marks->word[LEAK_HEX][w];
	const uint64_t *alpha = &marks->word[LEAK_ALPHA][w], *quote = &marks->word[LEAK_QUOTE][w];
	const uint64_t *first = &marks->word[LEAK_FIRST][w], *nul = &marks->word[LEAK_NUL][w];
	leak_four pair = BEHIND(hex, 1) & BEHIND(hex, 2), equal = FOUR(&marks->word[LEAK_EQUAL][w]);

	PUT(LEAK_KIND_AT) = FOUR(&marks->word[LEAK_AT][w]);
	PUT(LEAK_KIND_NAME) =
	    equal | (FOUR(&marks->word[LEAK_COLON][w]) & (BEFORE(quote, 1) | BEFORE(alpha, 1)));
	PUT(LEAK_KIND_LITERAL) = FOUR(&marks->word[LEAK_LITERAL][w]);
	RUN_REACHES(FOUR(hex), FOUR(hex - 1), 14, PUT(LEAK_KIND_HEXRUN));
	RUN_REACHES(FOUR(digit) | FOUR(alpha), FOUR(digit - 1) | FOUR(alpha - 1), 24,
	    PUT(LEAK_KIND_LONGRUN));
	PUT(LEAK_KIND_ESCAPE) = (FOUR(&marks->word[LEAK_PERCENT][w]) & (pair | BEHIND(alpha, 1))) |
	    FOUR(&marks->word[LEAK_BACK][w]) | FOUR(&marks->word[LEAK_LEAD][w]) |
	    (FOUR(&marks->word[LEAK_AND][w]) & ~BEHIND(digit, 1));
	PUT(LEAK_KIND_QUOTED) = equal & pair;
	PUT(LEAK_KIND_SHARP) = FOUR(&marks->word[LEAK_SHARP][w]) & pair;
	PUT(LEAK_KIND_BASE64) = FOUR(first) & BEHIND(first, 4) & BEHIND(first, 8);
	PUT(LEAK_KIND_WIDE) = FOUR(nul) & BEFORE(nul, 2) & BEHIND(nul, 2) & ~BEFORE(nul, 1);
}

/* The words from i on of a block (word 0 of marks is the one before it). */
KINDS_INLINE uint32_t
kinds_of_four(const struct leak_marks *marks, size_t i, struct leak_places *places)
{
	uint32_t any = 0;

	kinds_of_digits(marks, i + 1, places);
	kinds_of_groups(marks, i + 1, places);
	kinds_of_texts(marks, i + 1, places);
	for (int k = 0; k < LEAK_KINDS; k++) {
		const uint64_t *w = places->word[k];

		any |= (uint32_t)((w[0] | w[1] | w[2] | w[3]) != 0) << k;
	}
	return (any);
}

#endif
