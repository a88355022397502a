/* Anchor entries, signed like any other: what their files must say, and of which note. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"
#include "audit/anchors/policy.h"
#include "base/clock.h"
#include "base/err.h"
#include "build.h"
#include "crypto/sha256.h"
#include "seal/note.h"

#define TIME_S INT64_C(1795575600)
#define GOOD AUDIT_CODE_COUNT

/* What a row does otherwise than a good anchor of the note of size 2. */
static const struct {
	const char *claim;
	const char *kind, *name, *by; /* NULL: as it should be */
	uint64_t size, note;          /* that the entry names; that is cosigned; 0: 2 */
	int64_t off_us;               /* the entry's time, from the line's */
	bool spoil, ahead, no_file, no_cosignature, other_hash;
	enum audit_code code, with_policy;
} rows[] = {
	{ .claim = "good", .code = GOOD, .with_policy = GOOD },
	{ .claim = "a second file of that size", .name = "anchor/00000002-2.cosig", .code = GOOD,
	    .with_policy = GOOD },
	{ .claim = "file 1 has no number", .name = "anchor/00000002-1.cosig",
	    .code = AUDIT_E_ENTRY_TARGET, .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "a number with a zero before", .name = "anchor/00000002-02.cosig",
	    .code = AUDIT_E_ENTRY_TARGET, .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "the name of another size", .name = "anchor/00000001.cosig",
	    .code = AUDIT_E_ENTRY_TARGET, .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "the name of another kind", .name = "anchor/00000002.tsr",
	    .code = AUDIT_E_ENTRY_TARGET, .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "another place", .name = "seg/00000002.cosig", .code = AUDIT_E_ENTRY_TARGET,
	    .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "a folder below", .name = "anchor/x/00000002.cosig",
	    .code = AUDIT_E_ENTRY_TARGET, .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "a note that is not there yet", .size = 4, .name = "anchor/00000004.cosig",
	    .code = AUDIT_E_ENTRY_TARGET, .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "a size that no chain has", .size = UINT64_C(1) << 52,
	    .name = "anchor/4503599627370496.cosig", .code = AUDIT_E_ENTRY_TARGET,
	    .with_policy = AUDIT_E_ENTRY_TARGET },
	{ .claim = "another note", .note = 1, .code = AUDIT_E_ANCHOR, .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "another witness", .by = "other", .code = AUDIT_E_ANCHOR,
	    .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "another time", .off_us = 1000000, .code = AUDIT_E_ANCHOR,
	    .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "a time that is no second", .off_us = 1000, .code = AUDIT_E_ANCHOR,
	    .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "no file", .no_file = true, .code = AUDIT_E_ANCHOR, .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "a note without cosignature", .no_cosignature = true, .code = AUDIT_E_ANCHOR,
	    .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "another file", .other_hash = true, .code = AUDIT_E_ANCHOR,
	    .with_policy = AUDIT_E_ANCHOR },
	{ .claim = "a bad cosignature", .spoil = true, .code = GOOD, .with_policy = AUDIT_E_WITNESS },
	{ .claim = "of a time to come", .ahead = true, .code = GOOD, .with_policy = AUDIT_E_WITNESS },
};

static void
read_note(const struct build *b, uint64_t size, struct buf *out)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "streams/shop/cp/%08ju.note", (uintmax_t)size);
	build_read(b, path, out);
}

static void
add_anchor(struct build *b, size_t row)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_anchor *anchor = &entry->of.anchor;
	const char *file = rows[row].name == NULL ? "anchor/00000002.cosig" : rows[row].name;
	uint64_t time_s = (uint64_t)(rows[row].ahead ? clock_now_us() / 1000000 + 2 * 86400 : TIME_S);
	struct seal_note *note = calloc(1, sizeof(*note));
	struct buf text = { 0 }, lines = { 0 };
	char path[256];

	read_note(b, rows[row].note == 0 ? 2 : rows[row].note, &text);
	assert_int_equal(seal_note_read(buf_view(&text), note, NULL), 0);
	answer_cosign(note->body, time_s, rows[row].spoil, &lines);
	if (!rows[row].no_cosignature)
		buf_span(&text, buf_view(&lines));
	build_path(b, "streams/shop/anchor", path);
	(void)mkdir(path, 0700);
	if (!rows[row].no_file && strncmp(file, "anchor/0", 8) == 0) {
		(void)snprintf(path, sizeof(path), "streams/shop/%s", file);
		build_write(b, path, text.data, text.len);
	}
	build_common(&b->streams[0], SEAL_ANCHOR, entry);
	anchor->kind = span_str(rows[row].kind == NULL ? "cosignature" : rows[row].kind);
	anchor->size = rows[row].size == 0 ? 2 : rows[row].size;
	anchor->file.name = span_str(file);
	anchor->file.size = text.len;
	crypto_sha256(text.data, text.len, anchor->file.hash);
	anchor->file.hash[0] ^= rows[row].other_hash;
	anchor->by = span_str(rows[row].by == NULL ? answer_witness_name : rows[row].by);
	anchor->has_time = true;
	anchor->time_us = (int64_t)time_s * 1000000 + rows[row].off_us;
	build_append(&b->streams[0], entry, false);
	buf_free(&text);
	buf_free(&lines);
	free(note);
	free(entry);
}

/* All findings are of that code; GOOD: there are none. */
static void
assert_found(const struct build *b, const struct audit_policy *policy, const char *claim,
    enum audit_code code)
{
	struct audit_options options = { .jobs = 1, .names = &build_names, .policy = policy };
	struct audit_result result;
	unsigned others = 0, found = 0;

	build_age(b);
	assert_int_equal(audit_verify(b->dir, &options, &result, NULL), 0);
	for (size_t i = 0; i < result.finding_count; i++) {
		found += result.findings[i].code == code;
		others += result.findings[i].code != code &&
		    result.findings[i].code != AUDIT_W_UNKNOWN_FILE;
	}
	if (others > 0 || (code != GOOD && found == 0)) {
		build_show(&result);
		fail_msg("%s: %s", claim, code == GOOD ? "good" : audit_code_names[code]);
	}
	audit_result_free(&result);
}

static void
test_rows(void **state)
{
	struct audit_policy *policy = NULL;
	struct buf text = { 0 }, lines = { 0 };

	(void)state;
	buf_str(&text, "witness w ");
	answer_witness(&text);
	buf_str(&text, "\nquorum none\n");
	assert_int_equal(audit_policy_parse(buf_view(&text), &policy, NULL), 0);
	build_lines(&lines, 0, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build *b = calloc(1, sizeof(*b));

		build_begin(b);
		(void)build_stream(b, "shop");
		for (unsigned n = 0; n < 2; n++)
			build_segment(&b->streams[0],
			    &(struct build_segment){ .lines = lines.data, .len = lines.len });
		add_anchor(b, i);
		assert_found(b, NULL, rows[i].claim, rows[i].code);
		assert_found(b, policy, rows[i].claim, rows[i].with_policy);
		build_end(b);
		free(b);
	}
	audit_policy_free(policy);
	buf_free(&text);
	buf_free(&lines);
}

static void
test_unknown_kind(void **state)
{
	struct build *b = calloc(1, sizeof(*b));
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct audit_result result;

	(void)state;
	build_begin(b);
	(void)build_stream(b, "shop");
	build_common(&b->streams[0], SEAL_ANCHOR, entry);
	entry->of.anchor.kind = span_str("moon");
	entry->of.anchor.size = 1;
	entry->of.anchor.file.name = span_str("anchor/00000001.moon");
	build_append(&b->streams[0], entry, false);
	build_verify(b, 1, NULL, &result);
	assert_int_equal(result.exit_code, ERR_INCOMPLETE);
	audit_result_free(&result);
	build_end(b);
	free(entry);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unknown_kind),
	};

	return (cmocka_run_group_tests_name("audit anchors", tests, NULL, NULL));
}
