/* Whoever can sign cannot undo; careless writers, streams, the anchor. */
#include <sys/stat.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "build.h"
#include "crypto/sign.h"
#include "seal/leaf.h"
#include "seal/note.h"

#define OWN "cretula.store"
#define CHAIN "chain.jsonl"
#define SEGMENTS 5
#define RECORDS 30
#define NONE AUDIT_NONE

static struct buf lines;

static void
add_segment(struct build_stream *s, void (*change)(struct seal_entry *))
{
	build_segment(
	    s, &(struct build_segment){ .lines = lines.data, .len = lines.len, .change = change });
}

static void
make_store(struct build *b)
{
	build_begin(b);
	if (lines.len == 0)
		build_lines(&lines, 0, RECORDS);
	(void)build_stream(b, "shop");
	for (unsigned i = 0; i < SEGMENTS; i++)
		add_segment(&b->streams[0], NULL);
}

/* ---- thieves with the log key ---- */

/* Seal segments again from the one after keep on, after the epoch key is gone. */
static void
rewrite(struct build *b, unsigned keep, unsigned total)
{
	struct build_stream *s = &b->streams[0];

	for (unsigned i = keep; i < total; i++) {
		s->t_us += 5000000;
		add_segment(s, NULL);
	}
}

static void
begin_again(struct build *b, unsigned char thief, unsigned keep)
{
	struct build_stream *s = &b->streams[0];

	build_again(s, thief);
	for (unsigned i = 0; i < keep; i++)
		add_segment(s, NULL);
}

static void
thief_resigns(struct build *b)
{
	begin_again(b, 0, 1);
	b->streams[0].no_epoch_line = true;
	rewrite(b, 1, SEGMENTS);
}

/* He makes an epoch key of the right name, and goes on with his own. */
static void
thief_new_epochs(struct build *b)
{
	begin_again(b, 0, 1);
	b->streams[0].thief = 1;
	b->streams[0].epoch_seed[0] ^= 1;
	rewrite(b, 1, SEGMENTS);
}

static void
thief_drops(struct build *b)
{
	begin_again(b, 0, 1);
	b->streams[0].thief = 1;
	b->streams[0].epoch_seed[0] ^= 1;
	rewrite(b, 1, SEGMENTS - 2);
}

static void
thief_newest(struct build *b)
{
	begin_again(b, 0, SEGMENTS - 1);
	b->streams[0].thief = 1;
	b->streams[0].epoch_seed[0] ^= 1;
	rewrite(b, SEGMENTS - 1, SEGMENTS);
}

static void
thief_genesis(struct build *b)
{
	begin_again(b, 1, SEGMENTS);
}

/* ---- careless writers ---- */

static void
set_seg(struct seal_entry *entry)
{
	entry->of.segment.seg = 8;
}

static void
set_first(struct seal_entry *entry)
{
	entry->of.segment.first++;
}

static void
set_parsed(struct seal_entry *entry)
{
	entry->of.segment.counts.in.parsed--;
	entry->of.segment.counts.in.partial++;
}

static void
set_lines(struct seal_entry *entry)
{
	entry->of.segment.counts.lines++;
}

static void
set_status(struct seal_entry *entry)
{
	entry->of.segment.counts.status[2]--;
	entry->of.segment.counts.status[5]++;
}

static void
set_time(struct seal_entry *entry)
{
	entry->of.segment.counts.time_max_us += 60000000;
}

static void
set_bytes(struct seal_entry *entry)
{
	entry->of.segment.bytes++;
}

static void
set_t(struct seal_entry *entry)
{
	entry->t_us -= 3600000000;
}

static void
set_epoch(struct seal_entry *entry)
{
	entry->epoch = 7;
}

static void
set_huge(struct seal_entry *entry)
{
	entry->of.segment.bytes = (uint64_t)1 << 40;
}

static void
set_many(struct seal_entry *entry)
{
	entry->of.segment.n = SEAL_RECORDS_MAX + 1;
}

#define CARELESS(name) \
	static void careless_##name(struct build *b) \
	{ \
		add_segment(&b->streams[0], set_##name); \
	}
CARELESS(seg)
CARELESS(first)
CARELESS(parsed)
CARELESS(lines)
CARELESS(status)
CARELESS(time)
CARELESS(bytes)
CARELESS(t)
CARELESS(epoch)
CARELESS(huge)
CARELESS(many)

static void
set_prev(struct seal_entry *entry)
{
	entry->prev[5] ^= 1;
}

static void
set_time_min(struct seal_entry *entry)
{
	entry->of.segment.counts.time_min_us -= 60000000;
}

static void
set_reason(struct seal_entry *entry)
{
	entry->of.segment.counts.reasons[0]++;
}

CARELESS(reason)
CARELESS(prev)
CARELESS(time_min)

static void
second_genesis(struct build *b)
{
	static struct seal_entry entry;
	struct buf vkey = { 0 }, key = { 0 };
	struct build_stream *s = &b->streams[0];

	build_common(s, SEAL_GENESIS, &entry);
	build_anchor(b, &vkey);
	buf_add(&key, vkey.data, span_find(buf_view(&vkey), ' '));
	entry.of.genesis = (struct seal_genesis){ .stream = span_str(s->name),
		.origin = span_str(b->own.origin),
		.log = buf_view(&key),
		.policy = span_str(BUILD_POLICY) };
	build_append(s, &entry, true);
	buf_free(&vkey);
	buf_free(&key);
}

/* The store's chain lists, it has no records. */
static void
segment_in_own(struct build *b)
{
	static struct seal_entry entry;

	build_common(&b->own, SEAL_SEGMENT, &entry);
	entry.of.segment.seg = 1;
	stats_counts_clear(&entry.of.segment.counts);
	entry.of.segment.policy = span_str(BUILD_POLICY);
	entry.of.segment.mask_epochs = span_str("{}");
	build_append(&b->own, &entry, true);
}

/* A whole stream, under the name of another. */
static void
another_stream(struct build *b)
{
	char to[256];

	build_remove(b, "streams/shop");
	build_path(b, "streams/shop", to);
	assert_int_equal(mkdir(to, 0750), 0);
	build_copy(b, "streams/cretula.store/chain.jsonl", "streams/shop/chain.jsonl");
}

/* ---- streams ---- */

static void
delete_stream(struct build *b)
{
	build_remove(b, "streams/shop");
}

static void
rename_stream(struct build *b)
{
	char from[256], to[256];

	build_path(b, "streams/shop", from);
	build_path(b, "streams/shop2", to);
	assert_int_equal(rename(from, to), 0);
}

/* Begun, but not listed; and listed twice; and listed with another key. */
static void
unlisted(struct build *b)
{
	struct build_stream *s = &b->streams[1];

	build_make(b, s, "ghost");
}

static void
list_again(struct build *b, bool other_key)
{
	static struct seal_entry entry;
	struct build_stream *s = &b->streams[1];
	struct buf vkey = { 0 };
	unsigned char key[32] = { 5 };

	build_make(b, s, "ghost");
	crypto_sign_public(other_key ? key : s->log_seed, key);
	seal_vkey_print(span_str(s->origin), key, &vkey);
	for (unsigned i = 0; i < (other_key ? 1 : 2); i++) {
		build_common(&b->own, SEAL_STREAM, &entry);
		entry.of.stream = (struct seal_stream){ .name = span_str(s->name),
			.origin = span_str(s->origin),
			.log = buf_view(&vkey) };
		memcpy(entry.of.stream.genesis, s->genesis, 32);
		build_append(&b->own, &entry, true);
	}
	buf_free(&vkey);
}

static void
list_twice(struct build *b)
{
	list_again(b, false);
}

static void
list_other_key(struct build *b)
{
	list_again(b, true);
}

static void
stray_file(struct build *b)
{
	build_write(b, "streams/README", "", 0);
}

static void
delete_own(struct build *b)
{
	build_remove(b, "streams/cretula.store");
}

static void
link_stream(struct build *b)
{
	char from[256], to[256];

	build_path(b, "streams/shop", from);
	build_path(b, "moved", to);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(symlink("../moved", from), 0);
}

static const struct {
	const char *claim;
	void (*tamper)(struct build *b);
	enum audit_code code; /* of the first finding */
	const char *stream, *file;
	uint64_t entry, count;
	int exit_code;
} rows[] = {
	{ "a thief of the log key lacks the epoch's", thief_resigns, AUDIT_E_EPOCH_SIG, "shop",
	    "cp/00000003.note", 2, 4, 1 },
	{ "his own epoch keys do not follow", thief_new_epochs, AUDIT_E_EPOCH_SIG, "shop",
	    "cp/00000003.note", 2, 1, 1 },
	{ "not for the newest segment either", thief_newest, AUDIT_E_EPOCH_SIG, "shop",
	    "cp/00000006.note", 5, 1, 1 },
	{ "whole segments are not dropped", thief_drops, AUDIT_E_EPOCH_SIG, "shop",
	    "cp/00000003.note", 2, 1, 1 },
	{ "a new genesis is not the listed one", thief_genesis, AUDIT_E_GENESIS, "shop", CHAIN, 0,
	    1, 1 },
	{ "a segment number is left out", careless_seg, AUDIT_E_SEGMENT_GAP, "shop", CHAIN, 6, 1,
	    1 },
	{ "a record number is left out", careless_first, AUDIT_E_RECORD_GAP, "shop", CHAIN, 6, 1,
	    1 },
	{ "wrong states are counted", careless_parsed, AUDIT_E_COUNTS, "shop",
	    "seg/00000006.jsonl.zst", 6, 1, 1 },
	{ "lines are the sum of their parts", careless_lines, AUDIT_E_COUNTS, "shop", CHAIN, 6, 1,
	    1 },
	{ "wrong statuses are counted", careless_status, AUDIT_E_COUNTS, "shop",
	    "seg/00000006.jsonl.zst", 6, 1, 1 },
	{ "wrong reasons are counted", careless_reason, AUDIT_E_COUNTS, "shop",
	    "seg/00000006.jsonl.zst", 6, 1, 1 },
	{ "wrong times are seen", careless_time, AUDIT_E_COUNTS, "shop", "seg/00000006.jsonl.zst",
	    6, 1, 1 },
	{ "wrong bytes are counted", careless_bytes, AUDIT_E_COUNTS, "shop",
	    "seg/00000006.jsonl.zst", 6, 1, 1 },
	{ "time does not go back", careless_t, AUDIT_E_TIME_BACK, "shop", CHAIN, 6, 1, 1 },
	{ "epochs go in order", careless_epoch, AUDIT_E_EPOCH_ORDER, "shop", CHAIN, 6, 1, 1 },
	{ "a segment has its bounds", careless_huge, AUDIT_E_LIMIT, "shop", CHAIN, 6, 1, 1 },
	{ "of records, too", careless_many, AUDIT_E_LIMIT, "shop", CHAIN, 6, 1, 1 },
	{ "prev is the entry before, though signed", careless_prev, AUDIT_E_ENTRY_LINK, "shop",
	    CHAIN, 6, 1, 1 },
	{ "wrong first times are seen", careless_time_min, AUDIT_E_COUNTS, "shop",
	    "seg/00000006.jsonl.zst", 6, 1, 1 },
	{ "genesis is once", second_genesis, AUDIT_E_GENESIS, "shop", CHAIN, 6, 1, 1 },
	{ "the store's chain has no segments", segment_in_own, AUDIT_E_ENTRY_SYNTAX, OWN, CHAIN, 2,
	    1, 1 },
	{ "genesis names its stream", another_stream, AUDIT_E_GENESIS, "shop", CHAIN, 0, 1, 1 },
	{ "a deleted stream is missed", delete_stream, AUDIT_E_STREAM_MISSING, "shop", "", NONE, 1,
	    1 },
	{ "a renamed one too", rename_stream, AUDIT_E_STREAM_MISSING, "shop", "", NONE, 1, 1 },
	{ "an unlisted stream is told", unlisted, AUDIT_E_STREAM_UNLISTED, "ghost", "", NONE, 1,
	    1 },
	{ "a stream is listed once", list_twice, AUDIT_E_GENESIS, OWN, CHAIN, 3, 1, 1 },
	{ "with its own key", list_other_key, AUDIT_E_GENESIS, "ghost", CHAIN, 0, 1, 1 },
	{ "a stray file is a warning", stray_file, AUDIT_W_UNKNOWN_FILE, "", "README", NONE, 1, 0 },
	{ "a link is not followed", link_stream, AUDIT_E_FILE_TYPE, "shop", "", NONE, 1, 1 },
	{ "the store's chain is missed", delete_own, AUDIT_E_STREAM_MISSING, OWN, "", NONE, 1, 1 },
};

static void
test_tampering(void **state)
{
	struct audit_result result;
	struct build b;
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct audit_finding *f;
		bool good;

		make_store(&b);
		rows[i].tamper(&b);
		build_verify(&b, 1, NULL, &result);
		f = result.findings;
		good = result.exit_code == rows[i].exit_code;
		good = good && result.finding_count > 0 && f->code == rows[i].code &&
		    strcmp(f->stream, rows[i].stream) == 0 && strcmp(f->file, rows[i].file) == 0 &&
		    f->entry == rows[i].entry && f->count == rows[i].count;
		if (!good) {
			print_error("%s: exit %d\n", rows[i].claim, result.exit_code);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		build_end(&b);
	}
	assert_int_equal(bad, 0);
}

static void
test_anchor(void **state)
{
	struct audit_options options = { .jobs = 1, .names = &build_names };
	struct audit_result result;
	struct build b;
	struct buf anchor = { 0 }, other = { 0 };
	unsigned char key[32];
	struct span vkey;

	make_store(&b);
	build_anchor(&b, &anchor);
	build_verify(&b, 1, anchor.data, &result);
	assert_int_equal(result.exit_code, 0);
	assert_true(result.coverage.anchored);
	audit_result_free(&result);

	anchor.data[anchor.len - 1] = anchor.data[anchor.len - 1] == '0' ? '1' : '0';
	build_verify(&b, 1, anchor.data, &result);
	assert_int_equal(result.exit_code, 1);
	assert_int_equal(result.findings[0].code, AUDIT_E_GENESIS);
	assert_string_equal(result.findings[0].stream, OWN);
	assert_false(result.coverage.anchored);
	audit_result_free(&result);

	/* The right genesis under another key. */
	buf_clear(&anchor);
	build_anchor(&b, &anchor);
	vkey = span_of(anchor.data, span_find(buf_view(&anchor), ' '));
	crypto_sign_public((unsigned char[32]){ 9 }, key);
	seal_vkey_print(span_of(vkey.ptr, span_find(vkey, '+')), key, &other);
	buf_span(&other, span_from(buf_view(&anchor), vkey.len));
	build_verify(&b, 1, other.data, &result);
	assert_int_equal(result.finding_count, 1);
	assert_string_equal(result.findings[0].text, "not the log key of the anchor");
	assert_false(result.coverage.anchored);
	audit_result_free(&result);
	buf_free(&other);
	options.anchor = "nonsense";
	assert_int_equal(audit_verify(b.dir, &options, &result, NULL), -1);
	options.anchor = NULL;
	options.stream = "nosuch";
	assert_int_equal(audit_verify(b.dir, &options, &result, NULL), -1);
	options.stream = "shop";
	assert_int_equal(audit_verify(b.dir, &options, &result, NULL), 0);
	assert_int_equal(result.coverage.segments, SEGMENTS);
	audit_result_free(&result);
	assert_int_equal(audit_verify("/nonexistent", &options, &result, NULL), -1);
	buf_free(&anchor);
	build_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anchor),
		cmocka_unit_test(test_tampering),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
