#include "base/scan_avx2.h"

#ifdef SCAN_AVX2

#include <immintrin.h>

#define WIDE __attribute__((target("avx2,bmi,popcnt")))
#define WIDE_INLINE WIDE __attribute__((always_inline)) static inline

#define STEP ((size_t)32) /* bytes of one register */
#define BLOCK ((size_t)64) /* bytes of one mask */

bool
scan_avx2_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt"));
}

/* What to look for; each finder uses the registers it needs. */
enum what { EITHER, NOT_PLAIN, NO_STRING, NO_ASCII_STRING };

struct probe {
	enum what what;
	__m256i a, b;
};

WIDE_INLINE __m256i
load32(const char *p)
{
	return (_mm256_loadu_si256((const __m256i *)(const void *)p));
}

WIDE_INLINE __m128i
load16(const char *p)
{
	return (_mm_loadu_si128((const __m128i *)(const void *)p));
}

WIDE_INLINE uint64_t
load8(const char *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return (n);
}

WIDE_INLINE uint64_t
load4(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return (n);
}

/*
 * Fewer than 16 bytes in order, zeros behind them, without reading past the
 * end: two overlapping loads, the second shifted to its place.
 */
WIDE_INLINE __m128i
load_short(const char *p, size_t len)
{
	uint64_t low, high = 0;

	if (len >= 8) {
		low = load8(p);
		high = load8(p + len - 8) >> 8 * (15 - len) >> 8;
	} else if (len >= 4) {
		low = load4(p) | load4(p + len - 4) << 8 * (len - 4);
	} else if (len > 0) {
		low = (uint64_t)(unsigned char)p[0];
		low |= (uint64_t)(unsigned char)p[len >> 1] << 8 * (len >> 1);
		low |= (uint64_t)(unsigned char)p[len - 1] << 8 * (len - 1);
	} else {
		low = 0;
	}
	return (_mm_set_epi64x((long long)high, (long long)low));
}

/* Signed order: 0x80..0xff are below 0x20 as well. */
WIDE_INLINE __m256i
specials(__m256i x)
{
	__m256i out = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), x);
	__m256i quotes = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('"'));
	__m256i slashes = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));
	__m256i deletes = _mm256_cmpeq_epi8(x, _mm256_set1_epi8(0x7f));

	return (_mm256_or_si256(_mm256_or_si256(out, quotes), _mm256_or_si256(slashes, deletes)));
}

/* What may not stand in a string of JSON as it is. */
WIDE_INLINE __m256i
ends_of_string(__m256i x)
{
	__m256i controls = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
	__m256i quotes = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('"'));
	__m256i slashes = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));

	return (_mm256_or_si256(controls, _mm256_or_si256(quotes, slashes)));
}

/* Bit i: byte i of x is what is looked for. */
WIDE_INLINE uint32_t
hits(const struct probe *probe, __m256i x)
{
	switch (probe->what) {
	case EITHER:
		x = _mm256_or_si256(_mm256_cmpeq_epi8(x, probe->a), _mm256_cmpeq_epi8(x, probe->b));
		break;
	case NOT_PLAIN: x = specials(x); break;
	case NO_STRING: x = ends_of_string(x); break;
	case NO_ASCII_STRING: x = _mm256_or_si256(ends_of_string(x), x); break;
	}
	return ((uint32_t)_mm256_movemask_epi8(x));
}

/* Index of the first hit among fewer than 32 bytes; len if none. */
WIDE_INLINE size_t
find_short(const struct probe *probe, struct span in)
{
	uint64_t mask;

	if (in.len >= 16) {
		__m256i both = _mm256_set_m128i(load16(in.ptr + in.len - 16), load16(in.ptr));
		uint64_t found = hits(probe, both);

		mask = (found & 0xffff) | (found >> 16) << (in.len - 16);
	} else {
		__m256i x = _mm256_zextsi128_si256(load_short(in.ptr, in.len));

		mask = hits(probe, x);
	}
	/* A bit behind the end stops the count at len. */
	return ((size_t)_tzcnt_u64(mask | UINT64_C(1) << in.len));
}

WIDE_INLINE size_t
find(const struct probe *probe, struct span in)
{
	size_t i;
	uint32_t mask;

	if (in.len < STEP)
		return (find_short(probe, in));
	for (i = 0; i + STEP <= in.len; i += STEP)
		if ((mask = hits(probe, load32(in.ptr + i))) != 0)
			return (i + _tzcnt_u32(mask));
	if (i == in.len)
		return (in.len);
	i = in.len - STEP;
	mask = hits(probe, load32(in.ptr + i));
	return (mask == 0 ? in.len : i + _tzcnt_u32(mask));
}

WIDE size_t
scan_avx2_either(struct span in, char a, char b)
{
	struct probe probe = { EITHER, _mm256_set1_epi8(a), _mm256_set1_epi8(b) };

	return (find(&probe, in));
}

WIDE size_t
scan_avx2_json_plain(struct span in)
{
	struct probe probe = { .what = NOT_PLAIN };

	return (find(&probe, in));
}

WIDE size_t
scan_avx2_json_string(struct span in, bool any)
{
	struct probe bytes = { .what = NO_STRING }, ascii = { .what = NO_ASCII_STRING };

	return (any ? find(&bytes, in) : find(&ascii, in));
}

/* Bit i: byte i of the 64 at p ends a line. */
WIDE_INLINE uint64_t
line_mask(const char *p)
{
	const __m256i end = _mm256_set1_epi8('\n');
	__m256i low = _mm256_cmpeq_epi8(load32(p), end);
	__m256i high = _mm256_cmpeq_epi8(load32(p + STEP), end);

	return ((uint64_t)(uint32_t)_mm256_movemask_epi8(high) << STEP |
	    (uint32_t)_mm256_movemask_epi8(low));
}

/* The same for the len < 64 bytes at p, which nothing may read past. */
WIDE_INLINE uint64_t
line_mask_tail(const char *p, size_t len)
{
	char block[BLOCK] = { 0 };

	memcpy(block, p, len);
	return (line_mask(block));
}

WIDE_INLINE uint64_t
line_mask_at(struct span in, size_t at)
{
	if (in.len - at >= BLOCK)
		return (line_mask(in.ptr + at));
	return (line_mask_tail(in.ptr + at, in.len - at));
}

WIDE size_t
scan_avx2_lines(struct span in, uint32_t *ends, size_t max, size_t *scanned)
{
	size_t count = 0;

	*scanned = 0;
	if (max == 0)
		return (0);
	for (size_t i = 0; i < in.len; i += BLOCK) {
		uint64_t mask = line_mask_at(in, i);

		while (mask != 0) {
			ends[count++] = (uint32_t)(i + _tzcnt_u64(mask));
			mask = _blsr_u64(mask);
			if (count == max) {
				*scanned = (size_t)ends[max - 1] + 1;
				return (count);
			}
		}
	}
	*scanned = in.len;
	return (count);
}

WIDE size_t
scan_avx2_count_lines(struct span in, size_t max, size_t *at)
{
	size_t count = 0;

	*at = 0;
	if (max == 0)
		return (0);
	for (size_t i = 0; i < in.len; i += BLOCK) {
		uint64_t mask = line_mask_at(in, i);
		size_t more = (size_t)_mm_popcnt_u64(mask);

		if (more >= max - count) {
			for (size_t skip = max - count - 1; skip > 0; skip--)
				mask = _blsr_u64(mask);
			*at = i + _tzcnt_u64(mask) + 1;
			return (max);
		}
		count += more;
	}
	*at = in.len;
	return (count);
}

#else
typedef int scan_avx2_is_empty; /* a unit may not be empty in ISO C */
#endif
