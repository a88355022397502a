#include "detect/text/sieve.h"

#ifdef SIEVE_AVX2

#include <immintrin.h>

#define WIDE __attribute__((target("avx2")))
#define WIDE_INLINE WIDE __attribute__((always_inline)) static inline

#define STEP ((size_t)32) /* bytes of one register */

bool
detect_sieve_avx2_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2"));
}

/* The tables of the literals, in registers. */
struct tables {
	__m256i low[SIEVE_GROUPS][SIEVE_HEAD], high[SIEVE_GROUPS][SIEVE_HEAD];
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

WIDE_INLINE __m256i
equal(__m256i x, int c)
{
	return (_mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)c)));
}

/* Bytes from first to last, both below 0x80. */
WIDE_INLINE __m256i
between(__m256i x, int first, int last)
{
	__m256i from = _mm256_sub_epi8(x, _mm256_set1_epi8((char)first));
	__m256i span = _mm256_set1_epi8((char)(last - first));

	return (_mm256_cmpeq_epi8(_mm256_min_epu8(from, span), from));
}

WIDE_INLINE __m256i
either(__m256i a, __m256i b)
{
	return (_mm256_or_si256(a, b));
}

WIDE_INLINE uint64_t
bits(__m256i x)
{
	return ((uint32_t)_mm256_movemask_epi8(x));
}

WIDE_INLINE __m256i
fold(__m256i x)
{
	return (_mm256_or_si256(x, _mm256_set1_epi8(0x20)));
}

/* Buckets that the byte at one place leaves, by its nibbles. */
WIDE_INLINE __m256i
buckets(__m256i low, __m256i high, __m256i x)
{
	const __m256i nibble = _mm256_set1_epi8(0x0f);

	return (_mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(x, nibble)),
	    _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble))));
}

WIDE_INLINE uint64_t
literals(const struct tables *t, const char *p)
{
	__m256i none = _mm256_set1_epi8(-1);

	for (unsigned g = 0; g < SIEVE_GROUPS; g++) {
		__m256i left = buckets(t->low[g][0], t->high[g][0], load(p));

		for (unsigned place = 1; place < SIEVE_HEAD; place++)
			left = _mm256_and_si256(
			    left, buckets(t->low[g][place], t->high[g][place], load(p + place)));
		none = _mm256_and_si256(none, _mm256_cmpeq_epi8(left, _mm256_setzero_si256()));
	}
	return (bits(none) ^ UINT32_MAX);
}

WIDE_INLINE void
classify(const struct tables *t, const char *p, unsigned shift, struct detect_classes *out)
{
	__m256i x = load(p), folded = fold(x);
	__m256i digit = between(x, '0', '9'), parts = between(x, '(', '/');
	__m256i signs =
	    either(either(equal(x, '+'), equal(x, '-')), either(equal(x, '/'), equal(x, '_')));
	__m256i marks =
	    either(either(equal(x, '@'), equal(x, '%')), either(equal(x, '&'), equal(x, '\\')));

	marks = either(marks, either(equal(x, 0xef), equal(x, 0xe3)));
	out->digit |= bits(digit) << shift;
	out->group |= bits(either(either(digit, parts), equal(x, ' '))) << shift;
	out->base |= bits(either(either(digit, between(folded, 'a', 'z')), signs)) << shift;
	out->colon |= bits(equal(x, ':')) << shift;
	out->dot |= bits(equal(x, '.')) << shift;
	out->zero |= bits(equal(x, '0')) << shift;
	out->x |= bits(equal(folded, 'x')) << shift;
	out->mark |= bits(marks) << shift;
	out->literal |= literals(t, p) << shift;
}

WIDE void
detect_sieve_avx2(const char *bytes, size_t blocks, struct detect_classes *out)
{
	struct tables t;

	for (unsigned g = 0; g < SIEVE_GROUPS; g++)
		for (unsigned place = 0; place < SIEVE_HEAD; place++) {
			t.low[g][place] = table(detect_literals.low[g][place]);
			t.high[g][place] = table(detect_literals.high[g][place]);
		}
	for (size_t b = 0; b < blocks; b++, bytes += SIEVE_BLOCK) {
		struct detect_classes c = { 0 };

		classify(&t, bytes, 0, &c);
		classify(&t, bytes + STEP, STEP, &c);
		out[b] = c;
	}
}

#else
typedef int detect_sieve_avx2_is_empty; /* a unit may not be empty in ISO C */
#endif
