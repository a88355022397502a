#include "base/scan_avx2.h"

#ifdef SCAN_AVX2

#include <immintrin.h>

#define WIDER __attribute__((target("avx512f,avx512bw,bmi,bmi2")))
#define STEP ((size_t)64)

bool
scan_avx512_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"));
}

/* Lanes behind the end are never read. */
WIDER size_t
scan_avx512_json_string(struct span in, bool any)
{
	for (size_t i = 0; i < in.len; i += STEP) {
		size_t left = in.len - i;
		uint64_t lanes = _bzhi_u64(UINT64_MAX, left < STEP ? (unsigned)left : STEP);
		__m512i x = _mm512_maskz_loadu_epi8(lanes, in.ptr + i);
		uint64_t hits = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('"')) |
		    _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\\')) |
		    _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(0x20));

		if (!any)
			hits |= _mm512_movepi8_mask(x);
		if ((hits & lanes) != 0)
			return (i + _tzcnt_u64(hits & lanes));
	}
	return (in.len);
}

#else
typedef int scan_avx512_is_empty; /* a unit may not be empty in ISO C */
#endif
