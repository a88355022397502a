/* The tree against RFC 9162's own recursion and published roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/tree.h"

#define LEAVES 2500
static unsigned char leaves[LEAVES][32];

/* RFC 9162, 2.1.1. */
static void
slow_root(const unsigned char (*in)[32], size_t count, unsigned char root[32])
{
	unsigned char bytes[65] = { 0x01 };
	size_t left = 1;

	if (count == 0) {
		crypto_sha256(NULL, 0, root);
		return;
	}
	if (count == 1) {
		memcpy(root, in[0], 32);
		return;
	}
	while (left * 2 < count)
		left *= 2;
	slow_root(in, left, bytes + 1);
	slow_root(in + left, count - left, bytes + 33);
	crypto_sha256(bytes, sizeof(bytes), root);
}

static void
test_published_roots(void **state)
{
	static const char *const inputs[8] = { "", "00", "10", "2021", "3031", "40414243",
		"5051525354555657", "606162636465666768696a6b6c6d6e6f" };
	static const char *const roots[9] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct seal_tree t;

	seal_tree_init(&t);
	for (size_t i = 0; i <= 8; i++) {
		unsigned char root[32], input[16], leaf[1][32];
		char hex[65] = "";
		size_t len;

		seal_tree_root(&t, root);
		text_hex(hex, root, 32);
		assert_string_equal(hex, roots[i]);
		if (i == 8)
			break;
		assert_int_equal(text_unhex(span_str(inputs[i]), input, sizeof(input), &len), 0);
		seal_entry_leaf(input, len, leaf[0]);
		assert_int_equal(seal_tree_add(&t, (const unsigned char (*)[32])leaf, 1, NULL), 0);
	}
}

/* Add leaves in runs of up to most; compare root, block roots and tail. */
static void
check_split(size_t count, size_t most)
{
	static struct seal_tree t;
	static unsigned char roots[LEAVES / SEAL_BLOCK + 1][32];
	unsigned char root[32], want[32];
	size_t made = 0, at = 0;

	seal_tree_init(&t);
	while (at < count) {
		size_t run = most == 0 ? count : 1 + (size_t)rand() % most;

		if (run > count - at)
			run = count - at;
		made += seal_tree_add(&t, (const unsigned char (*)[32])leaves + at, run,
		    roots + made);
		at += run;
	}
	assert_int_equal(t.count, count);
	slow_root((const unsigned char (*)[32])leaves, count, want);
	seal_tree_root(&t, root);
	assert_memory_equal(root, want, 32);
	assert_int_equal(made, count / SEAL_BLOCK);
	made += (size_t)seal_tree_tail(&t, roots[made]);
	assert_int_equal(made, (count + SEAL_BLOCK - 1) / SEAL_BLOCK);
	for (size_t i = 0; i < made; i++) {
		size_t run = count - i * SEAL_BLOCK;

		slow_root((const unsigned char (*)[32])leaves + i * SEAL_BLOCK,
		    run < SEAL_BLOCK ? run : SEAL_BLOCK, want);
		assert_memory_equal(roots[i], want, 32);
	}
}

static void
test_any_split_is_the_recursion(void **state)
{
	srand(6);
	for (size_t count = 0; count < 600; count++)
		check_split(count, 0);
	for (size_t i = 0; i < 300; i++)
		check_split((size_t)rand() % LEAVES, 1 + (size_t)rand() % 700);
	check_split(LEAVES, 1);
	check_split(2048, 256);
	check_split(2047, 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_roots),
		cmocka_unit_test(test_any_split_is_the_recursion),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	crypto_random(leaves, sizeof(leaves));
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
