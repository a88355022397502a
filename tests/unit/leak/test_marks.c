#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leak/view/marks.h"

#define BYTES (LEAK_MARKS_WORDS * 64)

static unsigned char memory[BYTES + 2 * LEAK_MARKS_SLACK];

static void
fill(unsigned seed, const char *alphabet)
{
	uint64_t x = seed * 2654435761u + 88172645463325252u;

	for (size_t i = 0; i < sizeof(memory); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memory[i] = alphabet == NULL ?
		    (unsigned char)(x >> 40) :
		    (unsigned char)alphabet[(x >> 40) % strlen(alphabet)];
	}
}

/* AVX2 and the portable side say the same of random bytes and of texts full of signs. */
static void
both_variants_agree(void **state)
{
	static const char *const alphabets[] = { NULL, "0123456789.:-+ ", "abcdefABCDEF0123456789",
		"%\\&#=@\"'xX\xc0\xc2\xe3\xef\xe2 a1" };
	static struct leak_marks wide, plain;
	struct leak_teddy teddy;

	for (unsigned seed = 0; seed < 40; seed++) {
		fill(seed, alphabets[seed % 4]);
		memcpy(&teddy, memory, sizeof(teddy));
		leak_marks_force_portable(false);
		leak_marks_classes(&teddy, memory + LEAK_MARKS_SLACK, LEAK_MARKS_WORDS, &wide);
		leak_marks_force_portable(true);
		leak_marks_classes(&teddy, memory + LEAK_MARKS_SLACK, LEAK_MARKS_WORDS, &plain);
		leak_marks_force_portable(false);
		assert_memory_equal(&wide, &plain, sizeof(wide));
	}
}

/* The places too, and what is said of them at once. */
static void
both_variants_find_the_same_places(void **state)
{
	static struct leak_marks marks;
	static const struct leak_teddy none;

	for (unsigned seed = 0; seed < 20; seed++) {
		fill(seed, "0123456789.:-+ abcdefABCDEF%\\=");
		leak_marks_classes(&none, memory + LEAK_MARKS_SLACK, LEAK_MARKS_WORDS, &marks);
		for (size_t w = 0; w < LEAK_MARKS_WORDS; w += 4) {
			struct leak_places wide, plain;
			uint32_t any = leak_marks_kinds(&marks, w, &wide);

			leak_marks_force_portable(true);
			assert_int_equal(leak_marks_kinds(&marks, w, &plain), any);
			leak_marks_force_portable(false);
			assert_memory_equal(&wide, &plain, sizeof(wide));
			for (int k = 0; k < LEAK_KINDS; k++)
				assert_int_equal(any >> k & 1,
				    (wide.word[k][0] | wide.word[k][1] | wide.word[k][2] |
					wide.word[k][3]) != 0);
		}
	}
}

/* Where a kind is, wherever it stands in and across words. */
static void
kinds_are_found_across_words(void **state)
{
	static const struct {
		const char *text;
		enum leak_kind kind;
		size_t at; /* within text */
	} rows[] = {
		{ "1.2.3.4", LEAK_KIND_DOTS, 3 },
		{ "203.0.113.7", LEAK_KIND_DOTS, 5 },
		{ "2001:db8::1", LEAK_KIND_COLONS, 9 },
		{ "00:1a:2b:3c:4d:5e", LEAK_KIND_COLONS, 8 },
		{ "12345678", LEAK_KIND_DIGITS, 7 },
		{ "12345678901234567890", LEAK_KIND_DIGITS, 7 },
		{ "219-09-9999", LEAK_KIND_GROUPS, 6 },
		{ "203-0-113-7", LEAK_KIND_OCTETS, 9 },
		{ "+49", LEAK_KIND_PLUS, 0 },
		{ "0xcb", LEAK_KIND_HEX0X, 1 },
		{ "RA85T10A562", LEAK_KIND_FISCAL, 2 },
		{ "abcdef01234567", LEAK_KIND_HEXRUN, 13 },
		{ "abcdefghijklmnopqrstuvwxyz", LEAK_KIND_LONGRUN, 23 },
		{ "a%40b", LEAK_KIND_ESCAPE, 1 },
		{ "a=40b", LEAK_KIND_QUOTED, 1 },
		{ "a#40b", LEAK_KIND_SHARP, 1 },
		{ "Ym9iLmtAZXhh", LEAK_KIND_BASE64, 0 },
		{ "name=", LEAK_KIND_NAME, 4 },
		{ "\"n\":1", LEAK_KIND_NAME, 3 },
		{ "a@b", LEAK_KIND_AT, 1 },
		{ "3f2504e0-4f89-11d3-9a0c-0305e82c3301", LEAK_KIND_UUID, 18 },
		{ "001a.2b3c.4d5e", LEAK_KIND_CISCO, 9 },
	};
	static struct leak_marks marks;
	static const struct leak_teddy none;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t at = 40; at < 140; at++) {
			size_t place = at + rows[i].at, found = 0;
			struct leak_places places;

			memset(memory, '~', sizeof(memory));
			memcpy(memory + LEAK_MARKS_SLACK + at, rows[i].text, strlen(rows[i].text));
			leak_marks_classes(
			    &none, memory + LEAK_MARKS_SLACK, LEAK_MARKS_WORDS, &marks);
			for (size_t w = 0; w < LEAK_MARKS_WORDS; w += 4) {
				(void)leak_marks_kinds(&marks, w, &places);
				for (size_t k = 0; k < 4; k++)
					found += (size_t)__builtin_popcountll(
					    places.word[rows[i].kind][k]);
				if (w == place / 256 * 4 &&
				    (places.word[rows[i].kind][place / 64 % 4] >> place % 64 & 1) ==
					0)
					fail_msg("'%s' at %zu", rows[i].text, at);
			}
			assert_in_range(found, 1, 3);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_variants_agree),
		cmocka_unit_test(both_variants_find_the_same_places),
		cmocka_unit_test(kinds_are_found_across_words),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
