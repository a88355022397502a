/* app: needles by AVX2, 32 places a step. */
#include "app/search/needles.h"

#ifdef APP_NEEDLES_AVX2

#include <immintrin.h>

#define WIDE __attribute__((target("avx2")))
#define WIDE_INLINE WIDE __attribute__((always_inline)) static inline

bool
app_needles_avx2_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2"));
}

struct tables {
	__m256i low[APP_NEEDLE_TAIL], high[APP_NEEDLE_TAIL];
};

WIDE_INLINE __m256i
table(const uint8_t nibbles[static 16])
{
	return (
	    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)nibbles)));
}

/* Bits of the texts that have the byte of each place at place of their tail. */
WIDE_INLINE __m256i
look_up(const struct tables *t, const char *p, unsigned place)
{
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + place));
	__m256i low = _mm256_and_si256(x, nibble);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble);

	return (_mm256_and_si256(
	    _mm256_shuffle_epi8(t->low[place], low), _mm256_shuffle_epi8(t->high[place], high)));
}

WIDE size_t
app_needles_avx2(const struct app_needles *n, struct span text, size_t at, uint32_t *found)
{
	struct tables t;

	for (unsigned place = 0; place < APP_NEEDLE_TAIL; place++) {
		t.low[place] = table(n->low[place]);
		t.high[place] = table(n->high[place]);
	}
	*found = 0;
	for (; at + APP_NEEDLES_STEP + APP_NEEDLE_TAIL <= text.len; at += APP_NEEDLES_STEP) {
		__m256i all = look_up(&t, text.ptr + at, 0);

		for (unsigned place = 1; place < APP_NEEDLE_TAIL; place++)
			all = _mm256_and_si256(all, look_up(&t, text.ptr + at, place));
		*found =
		    ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256()));
		if (*found != 0)
			break;
	}
	return (at);
}

#else
typedef int app_needles_avx2_is_empty; /* a unit may not be empty in ISO C */
#endif
