/* Segments whose records were erased or replaced: docs/format.md 11 and 19. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "past.h"
#include "seal/puncture.h"

#define SEG2 SHOP "seg/00000002"

#define NEW_LINE \
	"{\"time\":\"2025-11-25T00:00:07.000Z\",\"event\":\"http.request\",\"method\":\"GET\"," \
	"\"path\":\"/\",\"status\":200}"
#define NEW_LINE2 \
	"{\"time\":\"2025-11-25T00:00:07.000Z\",\"event\":\"http.request\",\"method\":\"PUT\"," \
	"\"path\":\"/\",\"status\":201}"

static const struct build_item some[] = { { 3, NULL, 0 }, { 7, NEW_LINE, 0 }, { 8, NULL, 0 } };

static void
redact(struct build *b)
{
	(void)b;
	build_redact(past_shop, &(struct build_redact){ 2, 1, some, 3, false, false }, &past_lines);
}

static void
redact_twice(struct build *b)
{
	static const struct build_item more[] = { { 0, NULL, 0 }, { 7, NEW_LINE2, 1 } };

	redact(b);
	build_redact(past_shop, &(struct build_redact){ 2, 2, more, 2, false, false }, &past_lines);
}

static void
redact_replaced(struct build *b)
{
	static const struct build_item more[] = { { 7, NULL, 1 } };

	redact(b);
	build_redact(past_shop, &(struct build_redact){ 2, 2, more, 1, false, false }, &past_lines);
}

static void
redact_newest(struct build *b)
{
	struct buf copy = { 0 };

	buf_span(&copy, buf_view(&past_all));
	build_redact(past_shop, &(struct build_redact){ 3, 1, some, 3, false, false }, &copy);
	buf_free(&copy);
	(void)b;
}

static void
keep_data(struct build *b)
{
	(void)b;
	build_redact(past_shop, &(struct build_redact){ 2, 1, some, 3, true, false }, &past_lines);
}

static void
keep_salt(struct build *b)
{
	(void)b;
	build_redact(past_shop, &(struct build_redact){ 2, 1, some, 3, false, true }, &past_lines);
}

static void
redact_held(struct build *b)
{
	build_hold(past_shop, "case-7", "[[2,2]]", 0, NULL);
	redact(b);
}

/* Line at of the file becomes other, which ends with LF; the file is packed again. */
static void
put_line(const struct build *b, const char *path, size_t at, const char *other)
{
	struct buf changed = { 0 };

	buf_span(&changed, build_cut(buf_view(&past_lines), 0, at));
	buf_str(&changed, other);
	buf_span(&changed, build_cut(buf_view(&past_lines), at + 1, RECORDS));
	build_repack(b, path, changed.data, changed.len);
	buf_free(&changed);
}

static void
put_record_back(struct build *b)
{
	struct span line = build_cut(buf_view(&past_all), 3, 4);
	struct buf text = { 0 };

	buf_span(&text, line);
	redact(b);
	put_line(b, SEG2 ".r1.jsonl.zst", 3, text.data);
	buf_free(&text);
}

/* The .idx file is not needed to name it. */
static void
put_back_without_idx(struct build *b)
{
	put_record_back(b);
	build_remove(b, SEG2 ".idx");
}

/* ... and another record is changed, so that records have to be searched for. */
static void
put_back_and_change(struct build *b)
{
	struct buf text = { 0 };

	redact(b);
	buf_span(&text, build_cut(buf_view(&past_lines), 0, 3));
	buf_span(&text, build_cut(buf_view(&past_all), 3, 4));
	buf_span(&text, build_cut(buf_view(&past_lines), 4, 12));
	buf_str(&text, NEW_LINE "\n");
	buf_span(&text, build_cut(buf_view(&past_lines), 13, RECORDS));
	build_repack(b, SEG2 ".r1.jsonl.zst", text.data, text.len);
	buf_free(&text);
}

#define OTHER_LEAF "{\"~erased\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}\n"

static void
other_leaf(struct build *b)
{
	redact(b);
	put_line(b, SEG2 ".r1.jsonl.zst", 3, OTHER_LEAF);
}

/* The erased record's placeholder, as it would be had the record been replaced. */
static void
other_kind(struct build *b)
{
	struct buf text = { 0 };
	struct span line;

	redact(b);
	line = build_cut(buf_view(&past_lines), 7, 8);
	buf_str(&text, "{\"~erased\":\"");
	buf_add(&text, line.ptr + 14, 44);
	buf_str(&text, "\"}\n");
	put_line(b, SEG2 ".r1.jsonl.zst", 7, text.data);
	buf_free(&text);
}

static void
other_replacement(struct build *b)
{
	struct buf text = { 0 };
	struct span line;

	redact(b);
	line = build_cut(buf_view(&past_lines), 7, 8);
	buf_add(&text, line.ptr, 14 + 44 + 8);
	buf_str(&text, NEW_LINE2 "}\n");
	put_line(b, SEG2 ".r1.jsonl.zst", 7, text.data);
	buf_free(&text);
}

/* A record that no entry names is a placeholder with its own leaf. */
static void
erase_silently(struct build *b, const char *path)
{
	struct seal_cover cover = { 0 };
	struct buf text = { 0 };
	unsigned char seed[32], leaf[1][32], salts[1][16];
	struct span line = build_cut(buf_view(&past_all), 20, 21);
	uint32_t end = (uint32_t)line.len;

	build_make_seed("shop", "salt", 2, 0, seed);
	assert_int_equal(seal_cover_seed(&cover, seed, NULL), 0);
	assert_true(seal_cover_salt(&cover, 20, salts[0]));
	seal_leaves(line.ptr, &end, 1, (const unsigned char(*)[16])salts, leaf);
	buf_str(&text, "{\"~erased\":\"");
	buf_base64(&text, leaf[0], 32);
	buf_str(&text, "\"}\n");
	put_line(b, path, 20, text.data);
	buf_free(&text);
	seal_cover_free(&cover);
}

static void
erase_more(struct build *b)
{
	redact(b);
	erase_silently(b, SEG2 ".r1.jsonl.zst");
}

static void
erase_unsaid(struct build *b)
{
	erase_silently(b, SEG2 ".jsonl.zst");
}

static void
erase_with_other_leaf(struct build *b)
{
	put_line(b, SEG2 ".jsonl.zst", 20, OTHER_LEAF);
}

static void
whole_salt(struct build *b)
{
	unsigned char seed[32];
	struct buf salt = { 0 };

	redact(b);
	build_make_seed("shop", "salt", 2, 0, seed);
	buf_str(&salt, "0 0 ");
	buf_base64(&salt, seed, 16);
	buf_char(&salt, '\n');
	build_write(b, SEG2 ".r1.salt", salt.data, salt.len);
	buf_free(&salt);
}

/* Forget one salt more than was erased. */
static void
puncture(const struct build *b, uint32_t index)
{
	struct seal_cover cover = { 0 };
	struct buf salt = { 0 };

	build_read(b, SEG2 ".r1.salt", &salt);
	assert_int_equal(seal_cover_read(buf_view(&salt), &cover, NULL), 0);
	assert_int_equal(seal_cover_puncture(&cover, index, NULL), 0);
	buf_clear(&salt);
	seal_cover_print(&cover, &salt);
	build_write(b, SEG2 ".r1.salt", salt.data, salt.len);
	seal_cover_free(&cover);
	buf_free(&salt);
}

static void
lose_salt(struct build *b)
{
	redact(b);
	puncture(b, 12);
}

/* The last record is erased, and a salt behind it that no record has is gone as well. */
static void
lose_no_salt(struct build *b)
{
	static const struct build_item last[] = { { RECORDS - 1, NULL, 0 } };

	build_redact(past_shop, &(struct build_redact){ 2, 1, last, 1, false, false }, &past_lines);
	puncture(b, RECORDS);
}

/* Behind an erased record: the node from which only salts of no record derive. */
static void
change_no_salt(struct build *b)
{
	struct seal_cover cover = { 0 };
	struct buf salt = { 0 };
	size_t changed = 0;

	lose_no_salt(b);
	build_read(b, SEG2 ".r1.salt", &salt);
	assert_int_equal(seal_cover_read(buf_view(&salt), &cover, NULL), 0);
	for (size_t i = 0; i < cover.count; i++) {
		struct seal_node *node = &cover.nodes[i];
		uint64_t first = (uint64_t)node->index << (32 - node->level);

		if (first >= RECORDS && first < (uint64_t)1 << 31) {
			node->bytes[0] ^= 1;
			changed++;
		}
	}
	assert_true(changed > 20);
	buf_clear(&salt);
	seal_cover_print(&cover, &salt);
	build_write(b, SEG2 ".r1.salt", salt.data, salt.len);
	seal_cover_free(&cover);
	buf_free(&salt);
}

static void
lose_words_salt(struct build *b)
{
	redact(b);
	puncture(b, SEAL_SALT_WORDS);
}

static void
lose_replacement_salt(struct build *b)
{
	redact(b);
	puncture(b, SEAL_SALT_REPLACED(7, 0));
}

static void
another_revision(struct build *b)
{
	redact(b);
	build_copy(b, SEG2 ".r1.jsonl.zst", SEG2 ".r2.jsonl.zst");
}

static void
revision_of_nothing(struct build *b)
{
	build_copy(b, SEG2 ".jsonl.zst", SEG2 ".r1.jsonl.zst");
}

static void
change_redacted(struct build *b)
{
	redact(b);
	put_line(b, SEG2 ".r1.jsonl.zst", 12, NEW_LINE "\n");
}

static void
no_revision(struct build *b)
{
	redact(b);
	build_remove(b, SEG2 ".r1.jsonl.zst");
}

static const struct past_row rows[] = {
	{ "erased and replaced", redact, 0, 0, NONE, NONE, NONE },
	{ "erased and replaced again", redact_twice, 0, 0, NONE, NONE, NONE },
	{ "replaced and then erased", redact_replaced, 0, 0, NONE, NONE, NONE },
	{ "in the newest segment", redact_newest, 0, 0, NONE, NONE, NONE },
	{ "the data before is there", keep_data, 1, AUDIT_E_TOMBSTONED_RECORD_PRESENT, 2, 2, NONE },
	{ "29: the salts before are there", keep_salt, 1, AUDIT_E_ERASED_SALT_PRESENT, 2, 2, NONE },
	{ "56: erased under hold", redact_held, 1, AUDIT_E_PRUNE_UNDER_HOLD, LAST + 1, NONE, NONE },
	{ "26: an erased record put back", put_record_back, 1, AUDIT_E_TOMBSTONED_RECORD_PRESENT, 2,
	    2, RECORDS + 3 },
	{ "26: ... and no .idx file", put_back_without_idx, 2, AUDIT_E_TOMBSTONED_RECORD_PRESENT, 2,
	    2, RECORDS + 3 },
	{ "26: ... beside a change", put_back_and_change, 2, AUDIT_E_TOMBSTONED_RECORD_PRESENT, 2,
	    2, RECORDS + 3 },
	{ "28: another leaf", other_leaf, 1, AUDIT_E_ERASED_WITHOUT_TOMBSTONE, 2, 2, RECORDS + 3 },
	{ "replaced, and then erased silently", other_kind, 1, AUDIT_E_ERASED_WITHOUT_TOMBSTONE, 2,
	    2, RECORDS + 7 },
	{ "another replacement", other_replacement, 1, AUDIT_E_RECORD_MODIFIED, 2, 2, RECORDS + 7 },
	{ "27: one more erased", erase_more, 1, AUDIT_E_ERASED_WITHOUT_TOMBSTONE, 2, 2,
	    RECORDS + 20 },
	{ "27: erased, and no entry says so", erase_unsaid, 1, AUDIT_E_ERASED_WITHOUT_TOMBSTONE, 2,
	    2, RECORDS + 20 },
	{ "28: erased, with another leaf", erase_with_other_leaf, 1,
	    AUDIT_E_ERASED_WITHOUT_TOMBSTONE, 2, 2, RECORDS + 20 },
	{ "29: the seed put back", whole_salt, 1, AUDIT_E_ERASED_SALT_PRESENT, 2, 2, RECORDS + 3 },
	{ "a salt too few", lose_salt, 1, AUDIT_E_SALT, 2, 2, RECORDS + 12 },
	{ "a salt too few, but of no record", lose_no_salt, 0, 0, NONE, NONE, NONE },
	{ "other salts, but of no record", change_no_salt, 0, 0, NONE, NONE, NONE },
	{ "the vocabulary's salt lost", lose_words_salt, 1, AUDIT_E_SALT, 2, 2, NONE },
	{ "a new line's salt lost", lose_replacement_salt, 1, AUDIT_E_SALT, 2, 2, RECORDS + 7 },
	{ "another revision", another_revision, 1, AUDIT_W_UNKNOWN_FILE, NONE, NONE, NONE },
	{ "a revision of nothing", revision_of_nothing, 1, AUDIT_W_UNKNOWN_FILE, NONE, NONE, NONE },
	{ "a change beside erasures", change_redacted, 1, AUDIT_E_RECORD_MODIFIED, 2, 2,
	    RECORDS + 12 },
	{ "the newest revision gone", no_revision, 1, AUDIT_E_SEGMENT_MISSING, 2, 2, RECORDS },
};

static void
promises_are_kept(void **state)
{
	(void)state;
	assert_int_equal(past_check(rows, sizeof(rows) / sizeof(rows[0])), 0);
}

/* What is gone, what must stay and what was given up is said, and all is good. */
static void
coverage_tells_what_is_gone(void **state)
{
	struct audit_result result;
	struct buf text = { 0 };
	struct build b;
	(void)state;

	past_begin(&b);
	build_hold(past_shop, "case-7", "[[3,3]]", 0, NULL);
	redact_twice(&b);
	build_prune(past_shop, "[[1,1]]");
	build_unlink(past_shop, 1, "jsonl.zst");
	build_unlink(past_shop, 1, "salt");
	build_unlink(past_shop, 1, "idx");
	build_recover(past_shop, true, "tags");
	build_recover(past_shop, false, "accepted");
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .with_recovery = true });
	build_revoke(past_shop, 0, 3, BUILD_FINE);
	past_go_on();
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.coverage.unknown_entries, 0);
	assert_int_equal(result.coverage.erased, 3);
	assert_int_equal(result.coverage.replaced, 1);
	assert_int_equal(result.coverage.pruned, 1);
	assert_int_equal(result.coverage.holds, 1);
	assert_int_equal(result.coverage.losses_accepted, 1);
	assert_int_equal(result.coverage.segments, 3);
	assert_int_equal(result.coverage.records, 3 * RECORDS - 3);
	assert_true(result.coverage.notes_void > 0);
	audit_print_text(&result, &text);
	assert_non_null(
	    strstr(text.data, "erased: 3 records; replaced: 1 record; pruned: 1 segment"));
	buf_clear(&text);
	audit_print_json(&result, &text);
	assert_non_null(strstr(text.data, "\"erased\":3,\"replaced\":1,\"pruned\":1,\"holds\":1"));
	audit_result_free(&result);
	buf_free(&text);
	past_end(&b);
}

static void
an_import_key_is_missed_until_it_is_destroyed(void **state)
{
	struct audit_result result;
	struct build b;
	(void)state;

	for (unsigned destroyed = 0; destroyed < 2; destroyed++) {
		past_begin(&b);
		build_segment(past_shop,
		    &(struct build_segment){ .lines = past_all.data,
			.len = past_all.len,
			.import = true,
			.mask_epochs = "{\"ip\":[\"2025-W48\"]}" });
		if (destroyed)
			build_destroy(past_shop, "import");
		build_verify(&b, 1, NULL, &result);
		assert_int_equal(result.exit_code, 0);
		assert_int_equal(result.coverage.import_keys, 1 - destroyed);
		audit_result_free(&result);
		past_end(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_are_kept),
		cmocka_unit_test(coverage_tells_what_is_gone),
		cmocka_unit_test(an_import_key_is_missed_until_it_is_destroyed),
	};
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
