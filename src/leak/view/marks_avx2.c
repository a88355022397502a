#include "leak/view/marks_avx2.h"

#ifdef LEAK_AVX2

#include <immintrin.h>

#include "leak/view/kinds_impl.h"

#define WIDE __attribute__((target("avx2,bmi,popcnt")))
#define WIDE_INLINE WIDE __attribute__((always_inline)) static inline

bool
leak_marks_avx2_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt"));
}

WIDE_INLINE __m256i
is(__m256i v, char c)
{
	return (_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)));
}

/* low <= byte <= low + span, unsigned. */
WIDE_INLINE __m256i
within(__m256i v, char low, char span)
{
	__m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(low));

	return (_mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8(span)), from));
}

WIDE_INLINE __m256i
either(__m256i a, __m256i b)
{
	return (_mm256_or_si256(a, b));
}

WIDE_INLINE __m256i
table(const uint8_t *of)
{
	return (_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)of)));
}

WIDE_INLINE __m256i
load(const unsigned char *p)
{
	return (_mm256_loadu_si256((const __m256i *)(const void *)p));
}

/* Which buckets of the literals the bytes fit as their n-th. */
WIDE_INLINE __m256i
buckets(const struct leak_teddy *teddy, int n, __m256i v)
{
	__m256i nibble = _mm256_set1_epi8(15);
	__m256i low = _mm256_and_si256(v, nibble);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);

	return (_mm256_and_si256(_mm256_shuffle_epi8(table(teddy->low[n]), low),
	    _mm256_shuffle_epi8(table(teddy->high[n]), high)));
}

WIDE_INLINE __m256i
literals(const struct leak_teddy *teddy, const unsigned char *p)
{
	__m256i fit = _mm256_and_si256(buckets(teddy, 0, load(p)), buckets(teddy, 1, load(p + 1)));

	fit = _mm256_and_si256(fit, buckets(teddy, 2, load(p + 2)));
	return (_mm256_andnot_si256(is(fit, 0), _mm256_set1_epi8(-1)));
}

/* The few leads among bytes beyond ASCII; most texts have none. */
WIDE_INLINE __m256i
leads(__m256i v)
{
	__m256i found = _mm256_setzero_si256();

	if (_mm256_movemask_epi8(v) == 0)
		return (found);
	found = either(within(v, (char)0xc0, 2), within(v, (char)0xe2, 1));
	return (either(found, is(v, (char)0xef)));
}

WIDE_INLINE void
half(const struct leak_teddy *teddy, const unsigned char *p, __m256i *in)
{
	__m256i v = load(p), folded = either(v, _mm256_set1_epi8(0x20));
	__m256i letter = within(folded, 'a', 5);

	in[LEAK_DIGIT] = within(v, '0', 9);
	in[LEAK_ALPHA] = within(folded, 'a', 25);
	in[LEAK_HEX] = either(in[LEAK_DIGIT], letter);
	in[LEAK_DOT] = is(v, '.');
	in[LEAK_COLON] = is(v, ':');
	in[LEAK_DASH] = is(v, '-');
	in[LEAK_AT] = is(v, '@');
	in[LEAK_EQUAL] = is(v, '=');
	in[LEAK_PLUS] = is(v, '+');
	in[LEAK_GAP] = either(in[LEAK_PLUS], is(v, ' '));
	in[LEAK_PERCENT] = is(v, '%');
	in[LEAK_BACK] = is(v, '\\');
	in[LEAK_AND] = is(v, '&');
	in[LEAK_SHARP] = is(v, '#');
	in[LEAK_QUOTE] = either(is(v, '"'), is(v, '\''));
	in[LEAK_X] = is(folded, 'x');
	in[LEAK_NUL] = is(v, 0);
	in[LEAK_LEAD] = leads(v);
	in[LEAK_FIRST] = either(within(v, 'I', 'Z' - 'I'), within(v, 'a', 5));
	in[LEAK_LITERAL] = literals(teddy, p);
}

WIDE_INLINE uint64_t
bits(__m256i v)
{
	return ((uint32_t)_mm256_movemask_epi8(v));
}

WIDE void
leak_marks_avx2(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
    struct leak_marks *marks)
{
	for (size_t w = 0; w < words + 2; w++) {
		const unsigned char *p = bytes + w * 64 - 64;
		__m256i low[LEAK_CLASSES], high[LEAK_CLASSES];

		half(teddy, p, low);
		half(teddy, p + 32, high);
#pragma GCC unroll 32
		for (int c = 0; c < LEAK_CLASSES; c++)
			marks->word[c][w] = bits(low[c]) | bits(high[c]) << 32;
	}
}

WIDE uint32_t
leak_marks_kinds_avx2(const struct leak_marks *marks, size_t i, struct leak_places *places)
{
	return (kinds_of_four(marks, i, places));
}

#endif
