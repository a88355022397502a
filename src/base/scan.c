#include "base/scan.h"

#include <stdatomic.h>

#include "base/scan_avx2.h"

/* Offsets are 32 bits wide; a longer input is scanned to here at a time. */
#define LINES_LEN_MAX ((size_t)UINT32_MAX)

#define WORD_LEN sizeof(uint64_t)
#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/*
 * Chosen once, before main.  Until then, and where the CPU lacks it, the
 * portable side answers; both give the same answers.
 */
static bool wide, wider;

#ifdef SCAN_AVX2
__attribute__((constructor)) static void
choose(void)
{
	wide = scan_avx2_usable();
	wider = wide && scan_avx512_usable();
}

void
scan_force_portable(bool portable)
{
	wide = !portable && scan_avx2_usable();
	wider = wide && scan_avx512_usable();
}

void
scan_force_avx2(void)
{
	wider = false;
}
#else
void
scan_force_avx2(void)
{
}

void
scan_force_portable(bool portable)
{
	(void)portable;
}
#endif

#ifdef SCAN_AVX2
#define IF_WIDE(call) \
	do { \
		if (__builtin_expect(wide, true)) \
			return (call); \
	} while (0)
#else
#define IF_WIDE(call) (void)wide
#endif

static inline uint64_t
load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return (word);
}

/* Not 0 if and only if a byte of word is 0. */
static inline uint64_t
has_zero(uint64_t word)
{
	return ((word - ONES) & ~word & TOPS);
}

/* Is there a byte below limit (<= 0x80) in word?  Exact as a yes or no. */
static inline uint64_t
has_less(uint64_t word, unsigned limit)
{
	return ((word - ONES * limit) & ~word & TOPS);
}

static inline uint64_t
each(char c)
{
	return (ONES * (unsigned char)c);
}

size_t
scan_lines(struct span in, uint32_t *ends, size_t max, size_t *scanned)
{
	size_t count = 0, at = 0;

	if (in.len > LINES_LEN_MAX)
		in.len = LINES_LEN_MAX;
	IF_WIDE(scan_avx2_lines(in, ends, max, scanned));
	while (at < in.len && count < max) {
		at += span_find(span_from(in, at), '\n');
		if (at < in.len)
			ends[count++] = (uint32_t)at++;
	}
	*scanned = at;
	return (count);
}

size_t
scan_count_lines(struct span in, size_t max, size_t *at)
{
	size_t count = 0, i = 0;

	IF_WIDE(scan_avx2_count_lines(in, max, at));
	while (i < in.len && count < max) {
		i += span_find(span_from(in, i), '\n');
		if (i < in.len) {
			count++;
			i++;
		}
	}
	*at = i;
	return (count);
}

size_t
scan_either(struct span in, char a, char b)
{
	size_t i = 0;

	IF_WIDE(scan_avx2_either(in, a, b));
	for (; i + WORD_LEN <= in.len; i += WORD_LEN) {
		uint64_t word = load(in.ptr + i);

		if ((has_zero(word ^ each(a)) | has_zero(word ^ each(b))) != 0)
			break;
	}
	while (i < in.len && in.ptr[i] != a && in.ptr[i] != b)
		i++;
	return (i);
}

size_t
scan_last(struct span in, char c)
{
	const char *p = in.len == 0 ? NULL : memrchr(in.ptr, c, in.len);

	return (p == NULL ? in.len : (size_t)(p - in.ptr));
}

static inline bool
is_plain(char c)
{
	return (c >= 0x20 && c < 0x7f && c != '"' && c != '\\');
}

size_t
scan_json_plain(struct span in)
{
	size_t i = 0;

	IF_WIDE(scan_avx2_json_plain(in));
	for (; i + WORD_LEN <= in.len; i += WORD_LEN) {
		uint64_t word = load(in.ptr + i);
		uint64_t special = has_zero(word ^ each('"')) | has_zero(word ^ each('\\'));

		special |= has_zero(word ^ each(0x7f)) | has_less(word, 0x20);
		if ((special | (word & TOPS)) != 0)
			break;
	}
	while (i < in.len && is_plain(in.ptr[i]))
		i++;
	return (i);
}

static inline bool
is_string(char c, bool any)
{
	return ((unsigned char)c >= 0x20 && c != '"' && c != '\\' &&
	    (any || (unsigned char)c < 0x80));
}

size_t
scan_json_string(struct span in, bool any)
{
	size_t i = 0;

#ifdef SCAN_AVX2
	if (__builtin_expect(wider, true))
		return (scan_avx512_json_string(in, any));
#else
	(void)wider;
#endif
	IF_WIDE(scan_avx2_json_string(in, any));
	for (; i + WORD_LEN <= in.len; i += WORD_LEN) {
		uint64_t word = load(in.ptr + i);
		uint64_t special = has_zero(word ^ each('"')) | has_zero(word ^ each('\\'));

		special |= has_less(word, 0x20) | (any ? 0 : word & TOPS);
		if (special != 0)
			break;
	}
	while (i < in.len && is_string(in.ptr[i], any))
		i++;
	return (i);
}
