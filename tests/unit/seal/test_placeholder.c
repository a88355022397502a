/* Lines in the place of erased and replaced records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "seal/leaf.h"
#include "seal/placeholder.h"
#include "seal/tree.h"

/* SHA-256(0x00 | "a"), of an independent Python program. */
#define LEAF "Aippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw="
#define RECORD "{\"time\":\"2026-11-25T03:00:00.003Z\",\"event\":\"log\"}"
#define ERASED "{\"~erased\":\"" LEAF "\"}"
#define REPLACED "{\"~replaced\":\"" LEAF "\",\"rec\":" RECORD "}"

static void
test_lines(void **state)
{
	static const struct {
		const char *claim, *line;
		enum seal_line kind;
	} rows[] = {
		{ "erased", ERASED, SEAL_LINE_ERASED },
		{ "replaced", REPLACED, SEAL_LINE_REPLACED },
		{ "a record", RECORD, SEAL_LINE_RECORD },
		{ "nothing", "", SEAL_LINE_RECORD },
		{ "only the mark", "{\"~", SEAL_LINE_BAD },
		{ "another word", "{\"~gone\":\"" LEAF "\"}", SEAL_LINE_BAD },
		{ "a blank", "{\"~erased\": \"" LEAF "\"}", SEAL_LINE_BAD },
		{ "a blank behind", ERASED " ", SEAL_LINE_BAD },
		{ "CR", ERASED "\r", SEAL_LINE_BAD },
		{ "a short leaf", "{\"~erased\":\"AAAA\"}", SEAL_LINE_BAD },
		{ "trailing bits", "{\"~erased\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\"}", SEAL_LINE_BAD },
		{ "a key more", "{\"~erased\":\"" LEAF "\",\"x\":1}", SEAL_LINE_BAD },
		{ "a record in an erased one", "{\"~erased\":\"" LEAF "\",\"rec\":" RECORD "}", SEAL_LINE_BAD },
		{ "replaced by nothing", "{\"~replaced\":\"" LEAF "\"}", SEAL_LINE_BAD },
		{ "replaced by no record", "{\"~replaced\":\"" LEAF "\",\"rec\":{}}", SEAL_LINE_BAD },
		{ "replaced by a placeholder", "{\"~replaced\":\"" LEAF "\",\"rec\":" ERASED "}", SEAL_LINE_BAD },
		{ "not closed", "{\"~replaced\":\"" LEAF "\",\"rec\":" RECORD, SEAL_LINE_BAD },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char leaf[32], want[32];
		struct span record;
		struct buf again = { 0 };
		size_t len;
		enum seal_line kind = seal_line_read(span_str(rows[i].line), leaf, &record);

		if (kind != rows[i].kind)
			fail_msg("%s: %d", rows[i].claim, (int)kind);
		if (kind != SEAL_LINE_ERASED && kind != SEAL_LINE_REPLACED)
			continue;
		assert_int_equal(text_unbase64(span_str(LEAF), want, 32, &len), 0);
		assert_memory_equal(leaf, want, 32);
		if (kind == SEAL_LINE_ERASED)
			seal_erased_print(leaf, &again);
		else
			seal_replaced_print(leaf, record, &again);
		assert_string_equal(again.data, rows[i].line);
		assert_true(span_is(record, kind == SEAL_LINE_ERASED ? "" : RECORD));
		buf_free(&again);
	}
}

/* The root of a segment stays when records of it are erased and replaced. */
static void
test_the_root_stays(void **state)
{
	static const char before[] = RECORD "\n{\"time\":\"a\"}\n{\"time\":\"b\"}\n";
	unsigned char salts[3][16], leaves[3][32], kept[3][32], root[32], again[32], kinds[3], seed[16] = { 7 };
	unsigned char memory[SEAL_SALTS_MEMORY(3)];
	uint32_t ends[3] = { sizeof(RECORD), sizeof(RECORD) + 13, sizeof(RECORD) + 26 };
	struct buf after = { 0 };
	struct seal_tree tree;

	seal_salts(seed, 0, 3, salts, memory);
	seal_leaves(before, ends, 3, (const unsigned char (*)[16])salts, leaves);
	seal_tree_init(&tree);
	(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaves, 3, NULL);
	seal_tree_root(&tree, root);
	assert_int_equal(seal_leaves_kept(before, ends, 3, leaves, kinds), 0);

	seal_replaced_print(leaves[0], span_str("{\"time\":\"c\"}"), &after);
	buf_char(&after, '\n');
	ends[0] = (uint32_t)after.len;
	buf_str(&after, "{\"time\":\"a\"}\n");
	ends[1] = (uint32_t)after.len;
	seal_erased_print(leaves[2], &after);
	buf_char(&after, '\n');
	ends[2] = (uint32_t)after.len;
	memset(salts[0], 0, 16);
	memset(salts[2], 0, 16);
	seal_leaves(after.data, ends, 3, (const unsigned char (*)[16])salts, kept);
	assert_int_equal(seal_leaves_kept(after.data, ends, 3, kept, kinds), 2);
	assert_int_equal(kinds[0], SEAL_LINE_REPLACED);
	assert_int_equal(kinds[1], SEAL_LINE_RECORD);
	assert_int_equal(kinds[2], SEAL_LINE_ERASED);
	seal_tree_init(&tree);
	(void)seal_tree_add(&tree, (const unsigned char (*)[32])kept, 3, NULL);
	seal_tree_root(&tree, again);
	assert_memory_equal(again, root, 32);
	buf_free(&after);
}

/* Of an independent Python program: SHA-256(0x00 | 00 01 .. 0f | REPLACED). */
static void
test_new_leaf(void **state)
{
	unsigned char salt[16], leaf[32];
	char hex[65] = { 0 };

	for (unsigned i = 0; i < 16; i++)
		salt[i] = (unsigned char)i;
	seal_replaced_leaf(span_str(REPLACED), salt, leaf);
	(void)text_hex(hex, leaf, 32);
	assert_string_equal(hex, "e9f1ea02973a8a4a39003524a1814154b18a8a8d969043620c65f563e895fbc2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_the_root_stays),
		cmocka_unit_test(test_new_leaf),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
