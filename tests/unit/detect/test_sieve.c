/* The sieve: both variants mark the same, and everything that a verifier knows is marked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "detect/text/sieve.h"

#define ALPHABET_COUNT 6

static uint64_t state = 88172645463325252u;

static uint64_t
draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state);
}

/* Texts of different make: few kinds of bytes hit rules more often. */
static void
fill(char *text, size_t len, unsigned how)
{
	static const char *const alphabets[ALPHABET_COUNT] = { NULL, "0123456789 .-/", "ab:0:1:::f",
		"passwordSECRETtokenbearer =:", "eyJghp_AKIAxox-sk_live0123456789", "0x0X1.2%@&\\-_+/" };

	for (size_t i = 0; i < len; i++) {
		uint64_t n = draw();

		text[i] = alphabets[how] == NULL ? (char)n : alphabets[how][n % strlen(alphabets[how])];
	}
}

static void
both_variants_agree(void **test)
{
	static char text[4096];
	uint64_t plain[SIEVE_BLOCKS], other[SIEVE_BLOCKS];
	size_t blocks;

	for (unsigned round = 0; round < 2000; round++) {
		size_t len = 1 + draw() % (round % 4 == 0 ? sizeof(text) : 200);

		fill(text, len, round % ALPHABET_COUNT);
		for (size_t at = 0; at < len; at += SIEVE_PIECE) {
			detect_sieve_force_portable(true);
			blocks = detect_sieve(span_of(text, len), at, plain);
			detect_sieve_force_portable(false);
			if (blocks != detect_sieve(span_of(text, len), at, other) ||
			    blocks > SIEVE_BLOCKS || (at + blocks * SIEVE_BLOCK < len && blocks != SIEVE_BLOCKS) ||
			    memcmp(plain, other, blocks * sizeof(plain[0])) != 0)
				fail_msg("round %u, %zu bytes, piece at %zu", round, len, at);
		}
	}
}

/* Every length, and not a byte more is there to be read. */
static void
ends_agree(void **test)
{
	uint64_t plain[SIEVE_BLOCKS], other[SIEVE_BLOCKS];

	for (size_t len = 1; len < 1300; len += len == 300 ? 640 : 1)
		for (unsigned how = 0; how < ALPHABET_COUNT; how++) {
			size_t at = (len - 1) / SIEVE_PIECE * SIEVE_PIECE, blocks;
			char *text = malloc(len);

			assert_non_null(text);
			fill(text, len, how);
			detect_sieve_force_portable(true);
			blocks = detect_sieve(span_of(text, len), at, plain);
			detect_sieve_force_portable(false);
			if (blocks != detect_sieve(span_of(text, len), at, other) ||
			    blocks != (len - at + SIEVE_BLOCK - 1) / SIEVE_BLOCK ||
			    memcmp(plain, other, blocks * sizeof(plain[0])) != 0)
				fail_msg("%zu bytes of alphabet %u", len, how);
			free(text);
		}
}

/* Each byte at each place of a text that is little longer than a step. */
static void
every_byte_agrees(void **test)
{
	uint64_t plain[SIEVE_BLOCKS], other[SIEVE_BLOCKS];
	char text[70];

	for (unsigned c = 0; c < 256; c++)
		for (size_t len = 30; len <= sizeof(text); len++) {
			memset(text, (int)c, sizeof(text));
			text[len / 2] = 'p';
			detect_sieve_force_portable(true);
			detect_sieve(span_of(text, len), 0, plain);
			detect_sieve_force_portable(false);
			detect_sieve(span_of(text, len), 0, other);
			if (memcmp(plain, other, (len + 63) / 64 * sizeof(plain[0])) != 0)
				fail_msg("byte %u, %zu bytes", c, len);
		}
}

/* The byte behind the text is no part of it, whatever stands there. */
static void
nothing_behind_the_end_counts(void **test)
{
	uint64_t marks[SIEVE_BLOCKS];
	char *text = malloc(13);

	assert_non_null(text);
	memcpy(text, "call 555-1234", 13);
	detect_sieve(span_of(text, 13), 0, marks);
	assert_true(marks[0] >> 5 & 1);
	detect_sieve(span_of(text, 10), 0, marks);
	assert_int_equal(marks[0], 0);
	free(text);
}

static bool
is_marked(const char *text)
{
	uint64_t marks[SIEVE_BLOCKS];
	struct span span = span_str(text);

	for (size_t at = 0; at < span.len; at += SIEVE_PIECE) {
		size_t blocks = detect_sieve(span, at, marks);

		for (size_t b = 0; b < blocks; b++)
			if (marks[b] != 0)
				return (true);
	}
	return (false);
}

static void
what_could_be_something_is_marked(void **test)
{
	static const struct {
		const char *text;
		bool marked;
	} rows[] = {
		{ "bob.k@example.org", true }, { "203.0.113.7", true }, { "2001:db8::1", true },
		{ "2001:db8:0:1:2:3:4:5", true }, { "00:1b:44:11:3a:b7", true },
		{ "00-1b-44-11-3a-b7", true }, { "001b.4411.3ab7", true }, { "0xcb007107", true },
		{ "+1234567", true }, { "030 1234567", true }, { "123-12-1204", true },
		{ "4111 1111 1111 1111", true }, { "GB29 NWBK 6016 1331 9268 19", true },
		{ "3f2504e0-4f89-11d3-9a0c-0305e82c3301", true }, { "X1234567L", true },
		{ "MRTMTT25D09F205Z", true }, { "52.5200, 13.4050", true },
		{ "Ym9iLmtAZXhhbXBsZS5vcmc", true }, { "626f622e6b406578616d706c652e6f7267", true },
		{ "PassWord: x", true }, { "xoxb-0000000000", true }, { "sk" "_live_0123456789", true },
		{ "eyJhbGciOi.eyJz", true }, { "Bearer abc", true }, { "-----BEGIN KEY", true },
		{ "bob%40example", true }, { "\xef\xbc\x90", true }, { "1.0.in-addr.arpa", true },
		{ "nothing to see here, move along", false }, { "status 200 at 10:11:12", false },
		{ "took 0.25 s, 17 retries", false }, { "AAA of BBB: ccc", false }, { "v1.2.3", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_marked(rows[i].text) != rows[i].marked)
			fail_msg("%s", rows[i].text);
}

/* Wherever a text lies in a block or a piece, it is marked. */
static void
marked_across_borders(void **test)
{
	static const char *const texts[] = { "203.0.113.7", "2001:db8:0:1:2:3:4:5",
		"Ym9iLmtAZXhhbXBsZS5vcmc", "xoxb-0000000000", "0x7f000001", "password" };
	static char text[2200];

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
		for (size_t at = 0; at + 40 < sizeof(text); at += at < 130 || at > 900 ? 1 : 97) {
			memset(text, ',', sizeof(text) - 1);
			memcpy(text + at, texts[t], strlen(texts[t]));
			if (!is_marked(text))
				fail_msg("%s at %zu", texts[t], at);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_variants_agree),
		cmocka_unit_test(ends_agree),
		cmocka_unit_test(every_byte_agrees),
		cmocka_unit_test(nothing_behind_the_end_counts),
		cmocka_unit_test(what_could_be_something_is_marked),
		cmocka_unit_test(marked_across_borders),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
