/* The .salt file: what a puncture leaves derives all the rest, and nothing more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "seal/puncture.h"

#define B "AAAAAAAAAAAAAAAAAAAAAA=="
#define WINDOW 300

static const unsigned char seed[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void
assert_digest(const struct buf *b, const char *want)
{
	unsigned char digest[32];
	char hex[65] = { 0 };

	crypto_sha256(b->data, b->len, digest);
	(void)text_hex(hex, digest, sizeof(digest));
	assert_string_equal(hex, want);
}

/* The values are those of an independent Python program. */
static void
test_known_answers(void **state)
{
	static const uint32_t erase[] = { 0, 5 };
	static const char start[] = "32 1 bN50NEX/YvrCGLAJwl6ftw==\n31 1 N5FjJJkftmPEw0VPp0wk8Q==\n"
				    "32 4 Gs8HnvMXYj19F0UOKqQ+zw==\n31 3 sWYeuNYlBv3HES76ng8ZDA==\n";
	struct seal_cover cover = { 0 };
	struct buf text = { 0 };
	struct err e;

	assert_int_equal(seal_cover_seed(&cover, seed, &e), 0);
	seal_cover_print(&cover, &text);
	assert_string_equal(text.data, "0 0 AAECAwQFBgcICQoLDA0ODw==\n");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(seal_cover_erase(&cover, erase[i], 0, &e), 0);
	assert_int_equal(cover.count, 63);
	buf_clear(&text);
	seal_cover_print(&cover, &text);
	assert_memory_equal(text.data, start, sizeof(start) - 1);
	assert_digest(&text, "2e66bdc487ce0b01100036d1d74a88578433ce7771995aa27c4a6101f87bc047");
	seal_cover_free(&cover);
	buf_free(&text);
}

static uint32_t
next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((uint32_t)(*x >> 33));
}

/* Every salt of a window is the seed's own, or erased and gone. */
static void
check_window(const struct seal_cover *cover, uint32_t first, const bool *erased)
{
	static unsigned char salts[WINDOW][16], memory[SEAL_SALTS_MEMORY(WINDOW)];
	static const unsigned char none[16];
	static bool known[WINDOW];
	size_t sum = 0;

	for (uint32_t i = 0; i < WINDOW; i++)
		sum += !erased[i];
	assert_int_equal(seal_cover_salts(cover, first, WINDOW, salts, known, memory), sum);
	for (uint32_t i = 0; i < WINDOW; i++) {
		unsigned char want[16], got[16] = { 0 };

		seal_salt(seed, first + i, want);
		assert_int_equal(known[i], !erased[i]);
		assert_memory_equal(salts[i], erased[i] ? none : want, 16);
		assert_int_equal(seal_cover_salt(cover, first + i, got), !erased[i]);
		assert_memory_equal(got, erased[i] ? none : want, 16);
	}
}

/* No node of the cover is on the path from the seed to an erased leaf. */
static void
check_paths(const struct seal_cover *cover, uint32_t index)
{
	for (size_t i = 0; i < cover->count; i++) {
		const struct seal_node *n = &cover->nodes[i];

		assert_false((uint64_t)index >> (32 - n->level) == n->index);
	}
}

/* Over print and read, the cover is the same. */
static void
check_file(const struct seal_cover *cover)
{
	struct seal_cover again = { 0 };
	struct buf text = { 0 }, twice = { 0 };
	struct err e;

	seal_cover_print(cover, &text);
	if (seal_cover_read(buf_view(&text), &again, &e) == -1)
		fail_msg("%s", e.text);
	seal_cover_print(&again, &twice);
	assert_true(span_equal(buf_view(&text), buf_view(&twice)));
	seal_cover_free(&again);
	buf_free(&text);
	buf_free(&twice);
}

static void
test_any_set_is_erased_and_no_more(void **state)
{
	static const uint32_t windows[] = { 0, 1, 255, 1u << 20, 0x7ffffff0, UINT32_MAX - WINDOW + 1 };
	uint64_t x = 42;

	for (unsigned round = 0; round < 60; round++) {
		uint32_t first = windows[round % 6];
		bool erased[WINDOW] = { false };
		struct seal_cover cover = { 0 };
		unsigned count = next_random(&x) % 40;
		struct err e;

		assert_int_equal(seal_cover_seed(&cover, seed, &e), 0);
		for (unsigned i = 0; i < count; i++) {
			uint32_t at = next_random(&x) % WINDOW;

			erased[at] = true;
			assert_int_equal(seal_cover_puncture(&cover, first + at, &e), 0);
		}
		check_window(&cover, first, erased);
		for (uint32_t i = 0; i < WINDOW; i++)
			if (erased[i])
				check_paths(&cover, first + i);
		check_file(&cover);
		assert_int_equal(seal_cover_whole(&cover, NULL), count == 0);
		seal_cover_free(&cover);
	}
}

/* The order of erasures leaves no trace. */
static void
test_order_does_not_matter(void **state)
{
	struct seal_cover a = { 0 }, b = { 0 };
	struct buf one = { 0 }, other = { 0 };
	struct err e;

	assert_int_equal(seal_cover_seed(&a, seed, &e), 0);
	assert_int_equal(seal_cover_seed(&b, seed, &e), 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(seal_cover_erase(&a, i * i, i % 3, &e), 0);
		assert_int_equal(seal_cover_erase(&b, (99 - i) * (99 - i), (99 - i) % 3, &e), 0);
	}
	seal_cover_print(&a, &one);
	seal_cover_print(&b, &other);
	assert_string_equal(one.data, other.data);
	seal_cover_free(&a);
	seal_cover_free(&b);
	buf_free(&one);
	buf_free(&other);
}

static void
test_erasing_forgets_the_file_and_keeps_the_words(void **state)
{
	struct seal_cover cover = { 0 };
	unsigned char salt[16], want[16];
	struct err e;

	assert_int_equal(seal_cover_seed(&cover, seed, &e), 0);
	assert_int_equal(seal_cover_erase(&cover, 7, 2, &e), 0);
	assert_false(seal_cover_salt(&cover, SEAL_SALT_FILE, salt));
	assert_false(seal_cover_salt(&cover, SEAL_SALT_REPLACED(7, 0), salt));
	assert_false(seal_cover_salt(&cover, SEAL_SALT_REPLACED(7, 1), salt));
	assert_true(seal_cover_salt(&cover, SEAL_SALT_REPLACED(7, 2), salt));
	assert_false(seal_cover_salt(&cover, 7, salt));
	assert_true(seal_cover_salt(&cover, SEAL_SALT_WORDS, salt));
	seal_salt(seed, SEAL_SALT_WORDS, want);
	assert_memory_equal(salt, want, 16);
	assert_true(SEAL_SALT_REPLACED(SEAL_RECORDS_MAX - 1, SEAL_REPLACED_MAX - 1) < SEAL_SALT_WORDS);
	seal_cover_free(&cover);
}

static void
test_bounds(void **state)
{
	struct seal_cover cover = { 0 };
	struct buf text = { 0 };
	struct err e;
	size_t count;

	assert_int_equal(seal_cover_seed(&cover, seed, &e), 0);
	for (uint32_t i = 0; seal_cover_puncture(&cover, i << 11, &e) == 0; i++)
		assert_true(i < SEAL_COVER_NODES_MAX);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_true(cover.count <= SEAL_COVER_NODES_MAX);
	assert_true(cover.count > SEAL_COVER_NODES_MAX - 32);
	count = cover.count;
	check_file(&cover);
	assert_int_equal(seal_cover_puncture(&cover, 0, &e), 0);
	assert_int_equal(cover.count, count);
	seal_cover_free(&cover);
	for (uint32_t i = 0; i < SEAL_COVER_NODES_MAX + 1; i++)
		buf_fmt(&text, "32 %u " B "\n", i * 2);
	assert_int_equal(seal_cover_read(buf_view(&text), &cover, &e), -1);
	assert_string_equal(e.text, "salts: too many lines");
	buf_clear(&text);
	for (size_t i = 0; i <= SEAL_COVER_BYTES_MAX; i++)
		buf_char(&text, '0');
	assert_int_equal(seal_cover_read(buf_view(&text), &cover, &e), -1);
	assert_string_equal(e.text, "salts: too long");
	buf_clear(&text);
	buf_str(&text, "32 5 " B "\n");
	assert_int_equal(seal_cover_read(buf_view(&text), &cover, &e), 0);
	assert_int_equal(seal_cover_puncture(&cover, 5, &e), -1); /* nothing would be left */
	assert_int_equal(seal_cover_puncture(&cover, 6, &e), 0);
	seal_cover_free(&cover);
	buf_free(&text);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *claim, *text;
	} rows[] = {
		{ "nothing", "" },
		{ "an empty line", "\n" },
		{ "no LF", "0 0 " B },
		{ "CR", "0 0 " B "\r\n" },
		{ "a blank behind", "0 0 " B " \n" },
		{ "two blanks", "0  0 " B "\n" },
		{ "a blank in front", " 0 0 " B "\n" },
		{ "a sign", "+0 0 " B "\n" },
		{ "a leading zero", "00 0 " B "\n" },
		{ "a leading zero in the index", "5 03 " B "\n" },
		{ "level 33", "33 0 " B "\n" },
		{ "level 99", "99 0 " B "\n" },
		{ "level 2^64", "18446744073709551616 0 " B "\n" },
		{ "index 1 of level 0", "0 1 " B "\n" },
		{ "index 2^32", "32 4294967296 " B "\n" },
		{ "a short node", "0 0 AAAAAAAAAAAAAAAAAAAA\n" },
		{ "a long node", "0 0 AAAAAAAAAAAAAAAAAAAAAAAA\n" },
		{ "trailing bits", "0 0 AAAAAAAAAAAAAAAAAAAAAB==\n" },
		{ "no base64", "0 0 AAAAAAAAAAAAAAAAAAAA*A==\n" },
		{ "a node twice", "2 0 " B "\n2 0 " B "\n" },
		{ "a node below another", "1 0 " B "\n2 1 " B "\n" },
		{ "a node above another", "2 1 " B "\n1 0 " B "\n" },
		{ "not sorted", "1 1 " B "\n2 0 " B "\n" },
		{ "siblings", "3 2 " B "\n3 3 " B "\n" },
		{ "leaves that are siblings", "1 0 " B "\n32 4294967292 " B "\n32 4294967293 " B "\n" },
		{ "something behind", "0 0 " B "\nx" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_cover cover = { 0 };
		struct err e = { 0 };

		if (seal_cover_read(span_str(rows[i].text), &cover, &e) == 0)
			fail_msg("%s: accepted", rows[i].claim);
		assert_int_equal(e.code, ERR_FINDING);
		assert_null(cover.nodes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_any_set_is_erased_and_no_more),
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_erasing_forgets_the_file_and_keeps_the_words),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
