/* parse: marks by AVX2, 64 bytes a step. */
#include "parse/marks.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

/* What a 64-byte step looks for, and whether it found something odd. */
struct finder {
	__m256i quote, slash, control, odd;
};

__attribute__((target("avx2,bmi,popcnt"))) static inline uint64_t
bits_of(__m256i low, __m256i high)
{
	return ((uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32);
}

__attribute__((target("avx2,bmi,popcnt"))) static inline __m256i
odd_of(const struct finder *f, __m256i x)
{
	return (_mm256_or_si256(
	    _mm256_cmpeq_epi8(x, f->slash), _mm256_cmpeq_epi8(_mm256_min_epu8(x, f->control), x)));
}

/* Bits of the quotes in p[0..63]; odd bytes are collected in f. */
__attribute__((target("avx2,bmi,popcnt"))) static inline uint64_t
step(struct finder *f, const char *p)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

	f->odd = _mm256_or_si256(f->odd, _mm256_or_si256(odd_of(f, low), odd_of(f, high)));
	return (bits_of(_mm256_cmpeq_epi8(low, f->quote), _mm256_cmpeq_epi8(high, f->quote)));
}

__attribute__((target("avx2,bmi,popcnt"))) static inline uint64_t
blanks_of(const char *p)
{
	__m256i blank = _mm256_set1_epi8(' ');
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

	return (bits_of(_mm256_cmpeq_epi8(low, blank), _mm256_cmpeq_epi8(high, blank)));
}

/*
 * The offsets of the bits; returns the new count, too large if they do not fit.
 * Four are always written, so that there is nothing to guess: more are rare.
 */
__attribute__((target("avx2,bmi,popcnt"))) static inline unsigned
offsets_of(uint64_t bits, size_t at, uint32_t *quote, unsigned count)
{
	unsigned after = count + (unsigned)_mm_popcnt_u64(bits);

	if (after > PARSE_MARKS_QUOTES)
		return (after);
	for (unsigned i = 0; i < 4; i++, bits = _blsr_u64(bits))
		quote[count + i] = (uint32_t)(at + _tzcnt_u64(bits));
	for (count += 4; count < after; count++, bits = _blsr_u64(bits))
		quote[count] = (uint32_t)(at + _tzcnt_u64(bits));
	return (after);
}

__attribute__((target("avx2,bmi,popcnt"))) bool
parse_marks_avx2(struct span line, struct parse_marks *marks)
{
	struct finder f = { _mm256_set1_epi8('"'), _mm256_set1_epi8('\\'), _mm256_set1_epi8(0x1f),
		_mm256_setzero_si256() };
	unsigned count = 0;
	size_t at, rest;
	uint64_t bits;

	if (line.len < PARSE_MARKS_LEN_MIN)
		return (false);
	for (at = 0; at + 64 <= line.len; at += 64) {
		bits = step(&f, line.ptr + at);
		if ((count = offsets_of(bits, at, marks->quote, count)) > PARSE_MARKS_QUOTES)
			return (false);
	}
	if ((rest = line.len - at) > 0) {
		/* The last 64 bytes once more, without the bits already seen. */
		bits = step(&f, line.ptr + line.len - 64) >> (64 - rest);
		if ((count = offsets_of(bits, at, marks->quote, count)) > PARSE_MARKS_QUOTES)
			return (false);
	}
	marks->quote_count = count;
	marks->blanks = blanks_of(line.ptr);
	return (_mm256_testz_si256(f.odd, f.odd) != 0);
}

/* The bits of p[0..63] without the first skip; not zero where a backslash is. */
__attribute__((target("avx2,bmi,popcnt"))) static inline __m256i
bits_step(const char *p, unsigned skip, struct parse_bits *bits, size_t at)
{
	__m256i blank = _mm256_set1_epi8(' '), quote = _mm256_set1_epi8('"'),
		slash = _mm256_set1_epi8('\\');
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	uint64_t blanks =
	    bits_of(_mm256_cmpeq_epi8(low, blank), _mm256_cmpeq_epi8(high, blank)) >> skip;
	uint64_t quotes =
	    bits_of(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)) >> skip;

	bits->word[PARSE_BIT_BLANK][at / 64] = blanks;
	bits->word[PARSE_BIT_QUOTE][at / 64] = quotes;
	bits->word[PARSE_BIT_EITHER][at / 64] = blanks | quotes;
	return (_mm256_or_si256(_mm256_cmpeq_epi8(low, slash), _mm256_cmpeq_epi8(high, slash)));
}

__attribute__((target("avx2,bmi,popcnt"))) void
parse_bits_avx2(struct span line, struct parse_bits *bits)
{
	size_t len = line.len < PARSE_BITS_LEN ? line.len : PARSE_BITS_LEN;
	__m256i slash = _mm256_setzero_si256();
	size_t at = 0;

	bits->len = len;
	for (; at + 64 <= len; at += 64)
		slash = _mm256_or_si256(slash, bits_step(line.ptr + at, 0, bits, at));
	if (at < len && len >= 64) {
		/* The last 64 bytes once more, without those already seen. */
		slash = _mm256_or_si256(slash,
		    bits_step(line.ptr + len - 64, (unsigned)(at + 64 - len), bits, at));
	} else if (at < len) {
		char copy[64] = { 0 };

		memcpy(copy, line.ptr, len);
		slash = bits_step(copy, 0, bits, 0);
	}
	bits->slash = _mm256_testz_si256(slash, slash) == 0;
}

bool
parse_marks_have_avx2(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt"));
}

#else

bool
parse_marks_avx2(struct span line, struct parse_marks *marks)
{
	return (parse_marks_plain(line, marks));
}

void
parse_bits_avx2(struct span line, struct parse_bits *bits)
{
	parse_bits_plain(line, bits);
}

bool
parse_marks_have_avx2(void)
{
	return (false);
}

#endif
