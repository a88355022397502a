/* Salts one by one and in runs, and leaves against the formula. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/leaf.h"

static const unsigned char seed[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

/* docs/format.md 3, word by word. */
static void
slow_salt(uint32_t index, unsigned char salt[16])
{
	unsigned char bytes[32] = "cretula salt v1", digest[32];

	memcpy(bytes + 16, seed, 16);
	for (int bit = 31; bit >= 0; bit--) {
		crypto_sha256(bytes, sizeof(bytes), digest);
		memcpy(bytes + 16, digest + (index >> bit & 1) * 16, 16);
	}
	memcpy(salt, bytes + 16, 16);
}

static void
test_salt_is_the_formula(void **state)
{
	static const uint32_t indices[] = { 0, 1, 2, 255, 256, 0x12345678, 0x7fffffff,
		0x80000000, SEAL_SALT_WORDS, SEAL_SALT_FILE };

	for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
		unsigned char a[16], b[16];

		slow_salt(indices[i], a);
		seal_salt(seed, indices[i], b);
		assert_memory_equal(a, b, 16);
	}
}

static void
check_run(uint32_t first, size_t count)
{
	unsigned char (*salts)[16] = malloc((count + 1) * 16);
	void *memory = malloc(SEAL_SALTS_MEMORY(count));

	memset(salts[count], 0xee, 16);
	seal_salts(seed, first, count, salts, memory);
	for (size_t i = 0; i < count; i++) {
		unsigned char want[16];

		seal_salt(seed, first + (uint32_t)i, want);
		assert_memory_equal(salts[i], want, 16);
	}
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(salts[count][i], 0xee);
	free(salts);
	free(memory);
}

static void
test_runs_of_salts(void **state)
{
	static const struct {
		uint32_t first;
		size_t count;
	} rows[] = {
		{ 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 1 }, { 1, 2 }, { 3, 2 }, { 7, 9 }, { 0, 1024 },
		{ 255, 513 }, { 0x7fffffff, 2 }, { 0x7ffffff0, 40 }, { UINT32_MAX, 1 },
		{ UINT32_MAX - 1, 2 }, { UINT32_MAX - 100, 101 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_run(rows[i].first, rows[i].count);
	srand(5);
	for (int i = 0; i < 200; i++)
		check_run((uint32_t)rand() % (1u << 20), (size_t)(rand() % 70));
}

static void
test_leaves_are_the_formula(void **state)
{
	enum { COUNT = 333 };
	static unsigned char salts[COUNT][16], leaves[COUNT][32];
	static unsigned char memory[SEAL_SALTS_MEMORY(COUNT)];
	uint32_t ends[COUNT];
	struct buf lines = { 0 };

	for (size_t i = 0; i < COUNT; i++) {
		for (size_t j = 0; j < i * 7 % 600; j++)
			buf_char(&lines, (char)('a' + (i + j) % 26));
		buf_char(&lines, '\n');
		ends[i] = (uint32_t)lines.len;
	}
	seal_salts(seed, 1000, COUNT, salts, memory);
	for (size_t count = 0; count <= COUNT; count += count < 130 ? 1 : 203) {
		seal_leaves(lines.data, ends, count, (const unsigned char (*)[16])salts, leaves);
		for (size_t i = 0; i < count; i++) {
			uint32_t start = i == 0 ? 0 : ends[i - 1];
			unsigned char zero = 0, want[32];
			struct crypto_sha256 h;

			crypto_sha256_init(&h);
			crypto_sha256_add(&h, &zero, 1);
			crypto_sha256_add(&h, salts[i], 16);
			crypto_sha256_add(&h, lines.data + start, ends[i] - 1 - start);
			crypto_sha256_end(&h, want);
			assert_memory_equal(leaves[i], want, 32);
		}
	}
	buf_free(&lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_salt_is_the_formula),
		cmocka_unit_test(test_runs_of_salts),
		cmocka_unit_test(test_leaves_are_the_formula),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
