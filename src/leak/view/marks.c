#include "leak/view/kinds_impl.h"
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

static void
classes(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
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

/* Words are combined four at a time: behind the last one of a short block nothing is set. */
void
leak_marks_classes(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
    struct leak_marks *marks)
{
	classes(teddy, bytes, words, marks);
	for (size_t w = words + 2; w < (words + 3) / 4 * 4 + 2; w++)
		for (int c = 0; c < LEAK_CLASSES; c++)
			marks->word[c][w] = 0;
}

static uint32_t
kinds_portable(const struct leak_marks *marks, size_t i, struct leak_places *places)
{
	return (kinds_of_four(marks, i, places));
}

uint32_t
leak_marks_kinds(const struct leak_marks *marks, size_t i, struct leak_places *places)
{
#ifdef LEAK_AVX2
	if (wide)
		return (leak_marks_kinds_avx2(marks, i, places));
#endif
	return (kinds_portable(marks, i, places));
}
