/* RFC 9162 proofs: all of up to 64 leaves, and what is wrong in them; and their files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "seal/proof.h"
#include "seal/tree.h"

#define LEAVES 1000
#define SMALL 64

static unsigned char leaves[LEAVES][32], roots[LEAVES + 1][32];

static int
make_leaves(void **state)
{
	struct seal_tree tree;

	seal_tree_init(&tree);
	seal_tree_root(&tree, roots[0]);
	for (size_t k = 0; k < LEAVES; k++) {
		const unsigned char input[4] = { 0, 0, (unsigned char)(k >> 8), (unsigned char)k };

		seal_entry_leaf(input, sizeof(input), leaves[k]);
		(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaves + k, 1, NULL);
		seal_tree_root(&tree, roots[k + 1]);
	}
	return (0);
}

static const unsigned char (*
all(void))[32]
{
	return ((const unsigned char (*)[32])leaves);
}

static void
add_hashes(struct crypto_sha256 *h, const struct seal_proof *proof)
{
	for (size_t i = 0; i < proof->count; i++)
		crypto_sha256_add(h, proof->hashes[i], 32);
}

static void
assert_digest(struct crypto_sha256 *h, const char *want)
{
	unsigned char digest[32];
	char hex[65] = { 0 };

	crypto_sha256_end(h, digest);
	(void)text_hex(hex, digest, sizeof(digest));
	assert_string_equal(hex, want);
}

/* The digest over all hashes is that of an independent Python program. */
static void
test_all_proofs_are_the_known_ones(void **state)
{
	struct crypto_sha256 h;
	struct seal_proof proof;

	crypto_sha256_init(&h);
	for (size_t n = 1; n <= SMALL; n++) {
		for (size_t m = 0; m < n; m++) {
			seal_proof_inclusion(all(), n, m, &proof);
			add_hashes(&h, &proof);
		}
		for (size_t m = 1; m <= n; m++) {
			seal_proof_consistency(all(), n, m, &proof);
			add_hashes(&h, &proof);
		}
	}
	assert_digest(&h, "d1f383efb163b0a1de07170e2e7b6df8757581342ce2fa770945dfcd480e526f");
}

static void
test_proofs_by_block(void **state)
{
	static const size_t counts[] = { 1, 255, 256, 257, 600, 768, 1000 };
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	for (size_t c = 0; c < 7; c++) {
		size_t n = counts[c];
		unsigned char blocks[LEAVES / SEAL_BLOCK + 2][32];
		struct seal_tree tree;
		struct seal_proof proof;
		size_t made;

		seal_tree_init(&tree);
		made = seal_tree_add(&tree, all(), n, blocks);
		(void)seal_tree_tail(&tree, blocks[made]);
		for (size_t m = 0; m < n; m++) {
			if (m % 7 != 0 && m != n - 1)
				continue;
			seal_proof_in_block((const unsigned char (*)[32])blocks, n,
			    all() + m / SEAL_BLOCK * SEAL_BLOCK, m, &proof);
			add_hashes(&h, &proof);
			assert_true(seal_proof_included(&proof, leaves[m], m, n, roots[n]));
		}
	}
	assert_digest(&h, "6572762bb710370952da4247fd9b901c4e6f954a86084436b3297aa8d79126fb");
}

/* Each wrong neighbour of a good inclusion proof is refused. */
static void
refuse_included(struct seal_proof *proof, size_t m, size_t n)
{
	for (size_t index = 0; index <= n + 1; index++)
		assert_int_equal(seal_proof_included(proof, leaves[m], index, n, roots[n]), index == m);
	assert_false(seal_proof_included(proof, leaves[m], UINT64_MAX, n, roots[n]));
	assert_false(seal_proof_included(proof, leaves[m + 1], m, n, roots[n]));
	assert_false(seal_proof_included(proof, leaves[m], m, n, roots[n + 1]));
	assert_false(seal_proof_included(proof, leaves[m], m, 0, roots[0]));
	for (size_t i = 0; i < proof->count; i++) {
		proof->hashes[i][i % 32] ^= 0x10;
		assert_false(seal_proof_included(proof, leaves[m], m, n, roots[n]));
		proof->hashes[i][i % 32] ^= 0x10;
	}
	if (proof->count > 0) {
		proof->count--;
		assert_false(seal_proof_included(proof, leaves[m], m, n, roots[n]));
		proof->count++;
	}
	memcpy(proof->hashes[proof->count++], leaves[0], 32);
	assert_false(seal_proof_included(proof, leaves[m], m, n, roots[n]));
}

static void
test_inclusion(void **state)
{
	for (size_t n = 1; n <= SMALL; n++)
		for (size_t m = 0; m < n; m++) {
			struct seal_proof proof;

			seal_proof_inclusion(all(), n, m, &proof);
			refuse_included(&proof, m, n);
		}
}

static void
refuse_consistent(struct seal_proof *proof, size_t m, size_t n)
{
	assert_false(seal_proof_consistent(proof, 0, roots[0], n, roots[n]));
	assert_false(seal_proof_consistent(proof, n + 1, roots[n + 1], n, roots[n]));
	assert_false(seal_proof_consistent(proof, m, roots[m + 1], n, roots[n]));
	assert_false(seal_proof_consistent(proof, m, roots[m], n, roots[n + 1]));
	for (size_t i = 0; i < proof->count; i++) {
		proof->hashes[i][i % 32] ^= 0x10;
		assert_false(seal_proof_consistent(proof, m, roots[m], n, roots[n]));
		proof->hashes[i][i % 32] ^= 0x10;
	}
	if (proof->count > 0) {
		proof->count--;
		assert_false(seal_proof_consistent(proof, m, roots[m], n, roots[n]));
		proof->count++;
	}
	memcpy(proof->hashes[proof->count++], leaves[0], 32);
	assert_false(seal_proof_consistent(proof, m, roots[m], n, roots[n]));
}

static void
test_consistency(void **state)
{
	for (size_t n = 1; n <= SMALL; n++)
		for (size_t m = 1; m <= n; m++) {
			struct seal_proof proof;

			seal_proof_consistency(all(), n, m, &proof);
			if (!seal_proof_consistent(&proof, m, roots[m], n, roots[n]))
				fail_msg("%zu of %zu", m, n);
			refuse_consistent(&proof, m, n);
		}
}

/* Hostile sizes end soon. */
static void
test_sizes_without_bound(void **state)
{
	struct seal_proof proof = { .count = SEAL_PROOF_HASHES_MAX };

	assert_false(seal_proof_included(&proof, leaves[0], UINT64_MAX - 1, UINT64_MAX, roots[1]));
	assert_false(seal_proof_included(&proof, leaves[0], 0, UINT64_MAX, roots[1]));
	assert_false(seal_proof_consistent(&proof, UINT64_C(1) << 63, roots[1], UINT64_MAX, roots[1]));
	assert_false(seal_proof_consistent(&proof, UINT64_MAX, roots[1], 0, roots[1]));
}

/* ---- files ---- */

#define HASH1 "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="
#define HASH2 "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA="
#define NOTE "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n" \
	"\xe2\x80\x94 example.com/fancylog AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define MAGIC "c2sp.org/tlog-proof@v1\n"
#define EXTRA "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6\n"

static void
test_file_comes_back(void **state)
{
	static const struct {
		const char *claim, *text;
		size_t hashes;
		const char *extra;
	} rows[] = {
		{ "all", MAGIC EXTRA "index 73894\n" HASH1 "\n" HASH2 "\n\n" NOTE, 2, "age-v1.2.1-darwin-arm64.tar.gz" },
		{ "no extra data", MAGIC "index 73894\n" HASH1 "\n" HASH2 "\n\n" NOTE, 2, "" },
		{ "a tree of one", MAGIC "index 0\n\n" NOTE, 0, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct seal_note note;
		static struct seal_proof_file file;
		struct buf extra = { 0 }, again = { 0 };
		struct err e;

		if (seal_proof_read(span_str(rows[i].text), &file, &note, &e) == -1)
			fail_msg("%s: %s", rows[i].claim, e.text);
		assert_int_equal(file.proof.count, rows[i].hashes);
		assert_int_equal(note.size, 109482);
		assert_int_equal(seal_proof_extra(&file, &extra), 0);
		assert_true(span_is(buf_view(&extra), rows[i].extra));
		seal_proof_print(buf_view(&extra), file.index, &file.proof, file.checkpoint, &again);
		assert_string_equal(again.data, rows[i].text);
		buf_free(&extra);
		buf_free(&again);
	}
}

static void
test_files_refused(void **state)
{
	static const struct {
		const char *claim, *text;
	} rows[] = {
		{ "nothing", "" },
		{ "another version", "c2sp.org/tlog-proof@v2\nindex 0\n\n" NOTE },
		{ "CR", "c2sp.org/tlog-proof@v1\r\nindex 0\n\n" NOTE },
		{ "no index", MAGIC "\n" NOTE },
		{ "no extra data behind its name", MAGIC "extra \nindex 0\n\n" NOTE },
		{ "extra data twice", MAGIC EXTRA EXTRA "index 0\n\n" NOTE },
		{ "extra data behind the index", MAGIC "index 0\n" EXTRA "\n" NOTE },
		{ "extra data that is no base64", MAGIC "extra AAA\nindex 0\n\n" NOTE },
		{ "extra data with trailing bits", MAGIC "extra AB==\nindex 0\n\n" NOTE },
		{ "a leading zero", MAGIC "index 01\n\n" NOTE },
		{ "an empty index", MAGIC "index \n\n" NOTE },
		{ "a sign", MAGIC "index +1\n\n" NOTE },
		{ "2^64", MAGIC "index 18446744073709551616\n\n" NOTE },
		{ "a blank behind the index", MAGIC "index 1 \n\n" NOTE },
		{ "a short hash", MAGIC "index 1\nAAAA\n\n" NOTE },
		{ "a blank behind a hash", MAGIC "index 1\n" HASH1 " \n\n" NOTE },
		{ "no empty line", MAGIC "index 1\n" HASH1 "\n" NOTE },
		{ "two empty lines", MAGIC "index 1\n" HASH1 "\n\n\n" NOTE },
		{ "no checkpoint", MAGIC "index 1\n" HASH1 "\n\n" },
		{ "a checkpoint without signature", MAGIC "index 1\n" HASH1 "\n\nexample.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n" },
		{ "something behind", MAGIC "index 1\n" HASH1 "\n\n" NOTE "x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct seal_note note;
		static struct seal_proof_file file;
		struct err e = { 0 };

		if (seal_proof_read(span_str(rows[i].text), &file, &note, &e) == 0)
			fail_msg("%s: accepted", rows[i].claim);
		assert_int_equal(e.code, ERR_FINDING);
	}
}

static void
test_files_without_bound(void **state)
{
	static struct seal_note note;
	static struct seal_proof_file file;
	struct buf text = { 0 };
	struct err e;

	buf_str(&text, MAGIC "index 1\n");
	for (int i = 0; i < SEAL_PROOF_HASHES_MAX + 1; i++)
		buf_str(&text, HASH1 "\n");
	buf_str(&text, "\n" NOTE);
	assert_int_equal(seal_proof_read(buf_view(&text), &file, &note, &e), -1);
	assert_string_equal(e.text, "proof: more hashes than a tree is deep");
	while (text.len <= SEAL_PROOF_BYTES_MAX)
		buf_str(&text, HASH1 "\n");
	assert_int_equal(seal_proof_read(buf_view(&text), &file, &note, &e), -1);
	assert_string_equal(e.text, "proof: too long");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_proofs_are_the_known_ones),
		cmocka_unit_test(test_proofs_by_block),
		cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_sizes_without_bound),
		cmocka_unit_test(test_file_comes_back),
		cmocka_unit_test(test_files_refused),
		cmocka_unit_test(test_files_without_bound),
	};

	return (cmocka_run_group_tests(tests, make_leaves, NULL));
}
