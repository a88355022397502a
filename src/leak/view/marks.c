#include "leak/view/marks_avx2.h"

#include <string.h>

/* Chosen once, before main; both sides give the same answers. */
static bool wide;

/* The classes of each byte, but for literals, as a set of bits. */
static uint32_t class_of[256];

static void
put(const char *members, enum leak_class class)
{
	for (; *members != '\0'; members++)
		class_of[(unsigned char)*members] |= UINT32_C(1) << class;
}

__attribute__((constructor)) static void
choose(void)
{
	put("0123456789", LEAK_DIGIT);
	put("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", LEAK_ALPHA);
	put("0123456789ABCDEFabcdef", LEAK_HEX);
	put(".", LEAK_DOT);
	put(":", LEAK_COLON);
	put("-", LEAK_DASH);
	put("@", LEAK_AT);
	put("=", LEAK_EQUAL);
	put(" +", LEAK_GAP);
	put("+", LEAK_PLUS);
	put("%", LEAK_PERCENT);
	put("\\", LEAK_BACK);
	put("&", LEAK_AND);
	put("#", LEAK_SHARP);
	put("\"'", LEAK_QUOTE);
	put("xX", LEAK_X);
	put("\xc0\xc1\xc2\xe2\xe3\xef", LEAK_LEAD);
	put("IJKLMNOPQRSTUVWXYZabcdef", LEAK_FIRST);
	class_of[0] |= UINT32_C(1) << LEAK_NUL;
	leak_marks_force_portable(false);
}

void
leak_marks_force_portable(bool on)
{
#ifdef LEAK_AVX2
	wide = !on && leak_marks_avx2_usable();
#else
	(void)on;
#endif
}

static bool
fits(const struct leak_teddy *teddy, const unsigned char *p)
{
	unsigned buckets = 0xff;

	for (int i = 0; i < 3; i++)
		buckets &= teddy->low[i][p[i] & 15] & (unsigned)teddy->high[i][p[i] >> 4];
	return (buckets != 0);
}

static void
classes_portable(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
    struct leak_marks *marks)
{
	for (size_t w = 0; w < words + 2; w++) {
		const unsigned char *p = bytes + w * 64 - 64;

		for (int c = 0; c < LEAK_CLASSES; c++)
			marks->word[c][w] = 0;
		for (unsigned i = 0; i < 64; i++) {
			uint32_t set = class_of[p[i]];

			for (; set != 0; set &= set - 1)
				marks->word[__builtin_ctz(set)][w] |= UINT64_C(1) << i;
			marks->word[LEAK_LITERAL][w] |= (uint64_t)fits(teddy, p + i) << i;
		}
	}
}

void
leak_marks_classes(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
    struct leak_marks *marks)
{
#ifdef LEAK_AVX2
	if (wide) {
		leak_marks_avx2(teddy, bytes, words, marks);
		return;
	}
#endif
	classes_portable(teddy, bytes, words, marks);
}

/* Bit i: what bit i - n is. */
#define BEFORE(m, n) ((m)[0] << (n) | (m)[-1] >> (64 - (n)))
/* Bit i: what bit i + n is. */
#define BEHIND(m, n) ((m)[0] >> (n) | (m)[1] << (64 - (n)))

/* In m, which bits end a run of at least n (8, 14 or 24) set ones. */
static uint64_t
run_of(const uint64_t *m, unsigned n)
{
	uint64_t two[2], four[2], eight[2], rest;

	/* All of the word before counts, for n is at most 24. */
	two[0] = m[-1] & m[-1] << 1;
	two[1] = m[0] & BEFORE(m, 1);
	four[0] = two[0] & two[0] << 2;
	four[1] = two[1] & (two[1] << 2 | two[0] >> 62);
	eight[0] = four[0] & four[0] << 4;
	eight[1] = four[1] & (four[1] << 4 | four[0] >> 60);
	if (n == 8)
		return (eight[1]);
	rest = eight[1] & (eight[1] << (n == 14 ? 6 : 8) | eight[0] >> (n == 14 ? 58 : 56));
	return (n == 14 ? rest : rest & (eight[1] << 16 | eight[0] >> 48));
}

/* Where a run gets as long as n: not all along behind that. */
static uint64_t
run_reaches(const uint64_t *m, unsigned n)
{
	uint64_t all = run_of(m, n), before = run_of(m, n) << 1;

	/* Bit 0: did the word before end with such a run already? */
	before |= (m[-1] >> (64 - n)) == (UINT64_MAX >> (64 - n));
	return (all & ~before);
}

static void
kinds_of_numbers(const struct leak_marks *marks, size_t w, uint64_t *kinds)
{
	const uint64_t *digit = &marks->word[LEAK_DIGIT][w], *dot = &marks->word[LEAK_DOT][w];
	const uint64_t *dash = &marks->word[LEAK_DASH][w], *gap = &marks->word[LEAK_GAP][w];
	const uint64_t *alpha = &marks->word[LEAK_ALPHA][w], *hex = &marks->word[LEAK_HEX][w];
	const uint64_t *plus = &marks->word[LEAK_PLUS][w], *colon = &marks->word[LEAK_COLON][w];
	uint64_t next = BEHIND(digit, 1), dots[2], part[2], sign[2], apart, hyphen;

	dots[1] = dot[0] & BEFORE(digit, 1) & next;
	dots[0] = dot[-1] & digit[-1] << 1 & (digit[-1] >> 1 | digit[0] << 63);
	kinds[LEAK_KIND_DOTS] = dots[1] &
	    (BEFORE(dots + 1, 2) | BEFORE(dots + 1, 3) | BEFORE(dots + 1, 4) | BEFORE(dots + 1, 5));
	kinds[LEAK_KIND_DIGITS] = run_reaches(digit, 8);
	sign[1] = dash[0] | gap[0];
	sign[0] = dash[-1] | gap[-1];
	part[1] = sign[1] & BEFORE(digit, 1) & next;
	part[0] = sign[0] & digit[-1] << 1 & (digit[-1] >> 1 | digit[0] << 63);
	apart = BEFORE(part + 1, 2) | BEFORE(part + 1, 3) | BEFORE(part + 1, 4) |
	    BEFORE(part + 1, 5) | BEFORE(part + 1, 7);
	kinds[LEAK_KIND_GROUPS] = part[1] & apart & BEHIND(digit, 2) & BEHIND(digit, 3);
	hyphen = (BEFORE(dash, 2) & (BEFORE(dash, 4) | BEFORE(dash, 5) | BEFORE(dash, 6))) |
	    (BEFORE(dash, 3) & (BEFORE(dash, 5) | BEFORE(dash, 6) | BEFORE(dash, 7))) |
	    (BEFORE(dash, 4) & (BEFORE(dash, 6) | BEFORE(dash, 7) | BEFORE(dash, 8)));
	kinds[LEAK_KIND_OCTETS] = dash[0] & BEFORE(hex, 1) & BEHIND(hex, 1) & hyphen;
	kinds[LEAK_KIND_UUID] =
	    dash[0] & BEFORE(dash, 5) & BEFORE(dash, 10) & BEFORE(hex, 1) & BEHIND(hex, 1);
	kinds[LEAK_KIND_PLUS] = plus[0] & next;
	kinds[LEAK_KIND_HEX0X] = marks->word[LEAK_X][w] & BEFORE(digit, 1) & BEHIND(hex, 1);
	kinds[LEAK_KIND_CISCO] = dot[0] & BEFORE(dot, 5) & BEFORE(hex, 1) & BEHIND(hex, 1) &
	    BEHIND(hex, 4) & BEFORE(hex, 4);
	kinds[LEAK_KIND_FISCAL] = digit[0] & next & BEHIND(alpha, 2) & BEHIND(digit, 3) &
	    BEHIND(digit, 4) & BEHIND(alpha, 5) & BEHIND(digit, 6) & BEHIND(digit, 7) &
	    BEHIND(digit, 8) & BEFORE(alpha, 1);
	apart = BEFORE(colon, 2) | BEFORE(colon, 3) | BEFORE(colon, 4) | BEFORE(colon, 5);
	kinds[LEAK_KIND_COLONS] = colon[0] &
	    (BEFORE(colon, 1) |
		(apart &
		    (BEFORE(colon, 4) | BEFORE(colon, 5) | BEFORE(colon, 6) | BEFORE(colon, 7) |
			BEFORE(colon, 8) | BEFORE(colon, 9) | BEFORE(colon, 10)) &
		    (BEFORE(hex, 1) | BEHIND(hex, 1))));
}

static void
kinds_of_texts(const struct leak_marks *marks, size_t w, uint64_t *kinds)
{
	const uint64_t *digit = &marks->word[LEAK_DIGIT][w], *hex = &marks->word[LEAK_HEX][w];
	const uint64_t *alpha = &marks->word[LEAK_ALPHA][w], *quote = &marks->word[LEAK_QUOTE][w];
	const uint64_t *first = &marks->word[LEAK_FIRST][w], *nul = &marks->word[LEAK_NUL][w];
	uint64_t alnum[3] = { digit[-1] | alpha[-1], digit[0] | alpha[0], digit[1] | alpha[1] };
	uint64_t pair = BEHIND(hex, 1) & BEHIND(hex, 2);

	kinds[LEAK_KIND_AT] = marks->word[LEAK_AT][w];
	kinds[LEAK_KIND_NAME] = marks->word[LEAK_EQUAL][w] |
	    (marks->word[LEAK_COLON][w] & (BEFORE(quote, 1) | BEFORE(alpha, 1)));
	kinds[LEAK_KIND_LITERAL] = marks->word[LEAK_LITERAL][w];
	kinds[LEAK_KIND_HEXRUN] = run_reaches(hex, 14);
	kinds[LEAK_KIND_LONGRUN] = run_reaches(alnum + 1, 24);
	kinds[LEAK_KIND_ESCAPE] = (marks->word[LEAK_PERCENT][w] & (pair | BEHIND(alpha, 1))) |
	    marks->word[LEAK_BACK][w] | marks->word[LEAK_LEAD][w] |
	    (marks->word[LEAK_AND][w] & ~BEHIND(digit, 1));
	kinds[LEAK_KIND_QUOTED] = marks->word[LEAK_EQUAL][w] & pair;
	kinds[LEAK_KIND_SHARP] = marks->word[LEAK_SHARP][w] & pair;
	kinds[LEAK_KIND_BASE64] = first[0] & BEHIND(first, 4) & BEHIND(first, 8);
	kinds[LEAK_KIND_WIDE] = nul[0] & BEFORE(nul, 2) & BEHIND(nul, 2) & ~BEFORE(nul, 1);
}

bool
leak_marks_kinds(const struct leak_marks *marks, size_t i, uint64_t kinds[static LEAK_KINDS])
{
	uint64_t any = 0;

	kinds_of_numbers(marks, i + 1, kinds);
	kinds_of_texts(marks, i + 1, kinds);
	for (int k = 0; k < LEAK_KINDS; k++)
		any |= kinds[k];
	return (any != 0);
}
