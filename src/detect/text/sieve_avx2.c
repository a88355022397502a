#include "detect/text/sieve.h"

#ifdef SIEVE_AVX2

#include <immintrin.h>

#define WIDE __attribute__((target("avx2")))
#define WIDE_INLINE WIDE __attribute__((always_inline)) static inline

#define STEP ((size_t)32) /* bytes of one register */

/*
 * Kinds of bytes as rectangles of nibbles: eight of them cost two look-ups,
 * and each is a bit of what these say.
 */
enum {
	FIRST_BETWEEN = 0x01,
	FIRST_LETTERS = 0x06,
	FIRST_SIGNS = 0x18,
	FIRST_DIGIT = 0x80,
	SECOND_MARK = 0x0f,
	SECOND_COLON_UP = 3, /* so many bits below the highest */
	SECOND_DOT_UP = 2,
	SECOND_ZERO_UP = 1,
	GROUPS = 2
};

static const struct {
	unsigned group;
	uint8_t bit;
	uint16_t high, low; /* sets of nibbles */
} kinds[] = {
	{ 0, FIRST_DIGIT, 1 << 0x3, 0x03ff },
	{ 0, FIRST_BETWEEN, 1 << 0x2, 0xff01 }, /* ' ', '(' to '/' */
	{ 0, 0x02, 1 << 0x4 | 1 << 0x6, 0xfffe }, /* letters up to 'o' */
	{ 0, 0x04, 1 << 0x5 | 1 << 0x7, 0x07ff }, /* letters from 'p' on */
	{ 0, 0x08, 1 << 0x2, 1 << 0xb | 1 << 0xd | 1 << 0xf }, /* '+', '-', '/' */
	{ 0, 0x10, 1 << 0x5, 1 << 0xf }, /* '_' */
	{ 1, 0x01, 1 << 0x2, 1 << 0x5 | 1 << 0x6 }, /* '%', '&' */
	{ 1, 0x02, 1 << 0x4, 1 << 0x0 }, /* '@' */
	{ 1, 0x04, 1 << 0x5, 1 << 0xc }, /* '\\' */
	{ 1, 0x08, 1 << 0xe, 1 << 0x3 | 1 << 0xf }, /* what begins a wide form */
	{ 1, 0x80 >> SECOND_COLON_UP, 1 << 0x3, 1 << 0xa },
	{ 1, 0x80 >> SECOND_DOT_UP, 1 << 0x2, 1 << 0xe },
	{ 1, 0x80 >> SECOND_ZERO_UP, 1 << 0x3, 1 << 0x0 },
	{ 1, 0x80, 1 << 0x5 | 1 << 0x7, 1 << 0x8 }, /* 'X', 'x' */
};

static uint8_t kind_low[GROUPS][16], kind_high[GROUPS][16]; /* made before main */

__attribute__((constructor)) static void
start(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (unsigned n = 0; n < 16; n++) {
			if ((kinds[i].low >> n & 1) != 0)
				kind_low[kinds[i].group][n] |= kinds[i].bit;
			if ((kinds[i].high >> n & 1) != 0)
				kind_high[kinds[i].group][n] |= kinds[i].bit;
		}
}

bool
detect_sieve_avx2_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2"));
}

/* The tables, in registers as far as these reach. */
struct tables {
	__m256i low[SIEVE_GROUPS][SIEVE_HEAD], high[SIEVE_GROUPS][SIEVE_HEAD];
	__m256i kind_low[GROUPS], kind_high[GROUPS];
};

/* A step's bytes, and those that stand one, two, three behind each. */
struct window {
	__m256i at[SIEVE_HEAD];
};

WIDE_INLINE __m256i
load(const char *p)
{
	return (_mm256_loadu_si256((const __m256i *)(const void *)p));
}

WIDE_INLINE __m256i
table(const uint8_t nibbles[static 16])
{
	return (
	    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)nibbles)));
}

WIDE_INLINE struct tables
tables_load(void)
{
	struct tables t;

	for (unsigned g = 0; g < SIEVE_GROUPS; g++)
		for (unsigned place = 0; place < SIEVE_HEAD; place++) {
			t.low[g][place] = table(detect_literals.low[g][place]);
			t.high[g][place] = table(detect_literals.high[g][place]);
		}
	for (unsigned g = 0; g < GROUPS; g++) {
		t.kind_low[g] = table(kind_low[g]);
		t.kind_high[g] = table(kind_high[g]);
	}
	return (t);
}

/* The highest bit of each byte. */
WIDE_INLINE uint64_t
bits(__m256i x)
{
	return ((uint32_t)_mm256_movemask_epi8(x));
}

/* Bytes that have one of these bits. */
WIDE_INLINE uint64_t
any_of(__m256i x, int mask)
{
	x = _mm256_and_si256(x, _mm256_set1_epi8((char)mask));
	return (bits(_mm256_adds_epu8(x, _mm256_set1_epi8(0x7f))));
}

/* The bit that stands so many below the highest. */
WIDE_INLINE uint64_t
bit_below(__m256i x, int up)
{
	return (bits(_mm256_slli_epi16(x, up)));
}

WIDE_INLINE __m256i
look_up(__m256i low, __m256i high, __m256i low_nibbles, __m256i high_nibbles)
{
	return (_mm256_and_si256(
	    _mm256_shuffle_epi8(low, low_nibbles), _mm256_shuffle_epi8(high, high_nibbles)));
}

/* 32 bits of each class. */
WIDE_INLINE struct detect_classes
classify(const struct tables *t, const struct window *w)
{
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	__m256i kind[GROUPS], left[SIEVE_GROUPS], none;

	for (unsigned place = 0; place < SIEVE_HEAD; place++) {
		__m256i low = _mm256_and_si256(w->at[place], nibble);
		__m256i high = _mm256_and_si256(_mm256_srli_epi16(w->at[place], 4), nibble);

		for (unsigned g = 0; place == 0 && g < GROUPS; g++)
			kind[g] = look_up(t->kind_low[g], t->kind_high[g], low, high);
		for (unsigned g = 0; g < SIEVE_GROUPS; g++) {
			__m256i now = look_up(t->low[g][place], t->high[g][place], low, high);

			left[g] = place == 0 ? now : _mm256_and_si256(left[g], now);
		}
	}
	none = _mm256_cmpeq_epi8(_mm256_or_si256(left[0], left[1]), _mm256_setzero_si256());
	return ((struct detect_classes){
	    .digit = bits(kind[0]),
	    .group = any_of(kind[0], FIRST_DIGIT | FIRST_BETWEEN),
	    .base = any_of(kind[0], FIRST_DIGIT | FIRST_LETTERS | FIRST_SIGNS),
	    .colon = bit_below(kind[1], SECOND_COLON_UP),
	    .dot = bit_below(kind[1], SECOND_DOT_UP),
	    .zero = bit_below(kind[1], SECOND_ZERO_UP),
	    .x = bits(kind[1]),
	    .mark = any_of(kind[1], SECOND_MARK),
	    .literal = bits(none) ^ UINT32_MAX,
	});
}

/* The step's bits, moved up in their half of the block. */
WIDE_INLINE void
add(struct detect_classes *out, const struct detect_classes *half, unsigned back, unsigned up)
{
	out->digit |= half->digit >> back << up;
	out->group |= half->group >> back << up;
	out->base |= half->base >> back << up;
	out->colon |= half->colon >> back << up;
	out->dot |= half->dot >> back << up;
	out->zero |= half->zero >> back << up;
	out->x |= half->x >> back << up;
	out->mark |= half->mark >> back << up;
	out->literal |= half->literal >> back << up;
}

WIDE_INLINE struct window
read_whole(const char *p)
{
	return ((struct window){ { load(p), load(p + 1), load(p + 2), load(p + 3) } });
}

/* x, and behind it next. */
WIDE_INLINE struct window
join(__m256i x, unsigned next)
{
	__m256i behind = _mm256_castsi128_si256(_mm_cvtsi32_si128((int)next));
	__m256i both = _mm256_permute2x128_si256(x, behind, 0x21); /* x's upper half, next */

	return ((struct window){ { x, _mm256_alignr_epi8(both, x, 1),
	    _mm256_alignr_epi8(both, x, 2), _mm256_alignr_epi8(both, x, 3) } });
}

/*
 * The step at byte `at` of a text that ends in it or soon behind it: nothing
 * behind the end is read, and it counts as zeros.  *back: the first bytes of
 * the window stand in front of the step.  Copying the end of a text costs more
 * than reading it so: wide loads wait for the narrow stores of a copy.
 */
WIDE_INLINE struct window
read_end(struct span text, size_t at, unsigned *back)
{
	const char *p = text.ptr + at;
	size_t left = text.len - at;
	char copy[STEP] = { 0 };

	*back = 0;
	if (left >= STEP + SIEVE_AHEAD)
		return (read_whole(p));
	if (left > STEP)
		return (join(load(p),
		    (unsigned char)p[STEP] |
			(left == STEP + 1 ? 0u : (unsigned)(unsigned char)p[STEP + 1] << 8)));
	if (text.len >= STEP) {
		*back = (unsigned)(STEP - left);
		return (join(load(text.ptr + text.len - STEP), 0));
	}
	memcpy(copy, p, left);
	return (join(load(copy), 0));
}

WIDE void
detect_sieve_avx2(struct span text, size_t blocks, struct detect_classes *out)
{
	struct tables t = tables_load();
	size_t at = 0, end = blocks * SIEVE_BLOCK;

	for (; at < end && at + SIEVE_BLOCK + SIEVE_AHEAD <= text.len; at += SIEVE_BLOCK) {
		struct window first = read_whole(text.ptr + at);
		struct window second = read_whole(text.ptr + at + STEP);
		struct detect_classes c = classify(&t, &first), half = classify(&t, &second);

		add(&c, &half, 0, STEP);
		*out++ = c;
	}
	for (; at < end; at += SIEVE_BLOCK) {
		struct detect_classes c = { 0 };

		for (size_t up = 0; up < SIEVE_BLOCK && at + up < text.len; up += STEP) {
			unsigned back;
			struct window w = read_end(text, at + up, &back);
			struct detect_classes half = classify(&t, &w);

			add(&c, &half, back, (unsigned)up);
		}
		*out++ = c;
	}
}

#else
typedef int detect_sieve_avx2_is_empty; /* a unit may not be empty in ISO C */
#endif
