/* The ratchet: tags, sector and replay; the values are those of an independent Python program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "seal/ratchet.h"

static const char *const classes[] = { "none", "ip.peer", "session" };
static const char *const reasons[] = { "grammar", "too_long" };
static const struct seal_names names = { classes, 3, reasons, 2 };
static const struct span origin = SPAN("cretula/00c0ffee5eed0001/shop");

#define LINE1 "5 42 0 1764043200003 0FCMuKxCluv/mq+5ApePDvFntsA6ozK+8DW1Iaq+ahg="
#define LINE2 "6 42 2 1764043201003 PeDG0ZWezlWOwDDzcpLjg6nJX0l+gjW4lwG5FL6b0fs="
#define LINE3 "7 42 2 1764043261003 v1nWpFZPn0mWTvN385jjXH2iQT6deSyX39u8lofOirw="
#define STATE "100 0 min+1764043200000000 max+1764043201000000 bytes=300 lines=3 parsed=2 status.2xx=2 " \
	"unparsed=1 masked.ip.peer=2 reason.grammar=1 @00112233445566778899aabbccddeeff:4096:300:0"

static const struct {
	uint64_t n, wall_ms;
	const char *seed;
} flushes[] = {
	{ 0, 1764043200003, "root0" },
	{ 2, 1764043201003, "root1" },
	{ 2, 1764043261003, "root2" },
};

static void
assert_bytes(const unsigned char *bytes, size_t len, const char *hex)
{
	char text[1025] = { 0 };

	(void)text_hex(text, bytes, len);
	assert_string_equal(text, hex);
}

static void
fill_state(struct seal_state *state)
{
	static const unsigned char fp[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };

	memset(state, 0, sizeof(*state));
	state->off = 100;
	state->counts.time_min_us = 1764043200000000;
	state->counts.time_max_us = 1764043201000000;
	state->counts.bytes = 300;
	state->counts.lines = 3;
	state->counts.in.parsed = 2;
	state->counts.in.unparsed = 1;
	state->counts.status[2] = 2;
	state->counts.masked[1] = 2;
	state->counts.reasons[0] = 1;
	memcpy(state->sources[0].fp, fp, sizeof(fp));
	state->sources[0].head = 4096;
	state->sources[0].at = 300;
	state->source_count = 1;
}

/* Three flushes from a known key; lines with states go to file. */
static void
run(struct seal_ratchet *r, struct buf *file)
{
	static struct seal_state state;
	unsigned char k[32];

	for (unsigned i = 0; i < 32; i++)
		k[i] = (unsigned char)i;
	fill_state(&state);
	seal_ratchet_begin(r, k, 5);
	for (size_t i = 0; i < 3; i++) {
		struct seal_tag tag = { .seg = 42, .n = flushes[i].n, .wall_ms = flushes[i].wall_ms };

		crypto_sha256(flushes[i].seed, 5, tag.root);
		seal_ratchet_flush(r, origin, &tag, &state, &names, file);
		assert_int_equal(tag.g, 5 + i);
		assert_int_equal(r->g, 6 + i);
	}
}

static void
test_known_answers(void **state)
{
	struct seal_ratchet r, again;
	struct buf file = { 0 }, sealed = { 0 };
	unsigned char sector[SEAL_SECTOR_BYTES], out[32];
	struct err e;

	run(&r, &file);
	assert_string_equal(file.data, LINE1 "\t" STATE "\n" LINE2 "\t" STATE "\n" LINE3 "\t" STATE "\n");
	seal_tags_strip(buf_view(&file), &sealed);
	assert_string_equal(sealed.data, LINE1 "\n" LINE2 "\n" LINE3 "\n");
	assert_bytes(r.a, 32, "d9ed28380f00d73ec73a558fcffda074b8ca0531757fce3e003ba7769f451225");
	assert_bytes(r.k, 32, "b0adbe9e272a7e04951c127e078f71f9bdf4b055c467499e8fd5494bbf2bb438");
	seal_ratchet_encode(&r, sector);
	crypto_sha256(sector, sizeof(sector), out);
	assert_bytes(out, 32, "3d464b45e4736af87dfe227cbef5c1bb9b1246d8631dea6699a58d155a46e0cd");
	assert_int_equal(seal_ratchet_decode(sector, &again, &e), 0);
	assert_memory_equal(&again, &r, sizeof(r));
	for (unsigned i = 0; i < 32; i++)
		sector[i] = (unsigned char)i;
	seal_ratchet_commitment(sector, out);
	assert_bytes(out, 32, "306b68fd11d458130f8231882a9af7745c1c553bd7e119f87c6221419dc78238");
	buf_free(&file);
	buf_free(&sealed);
}

static void
test_sector_notices_every_bit(void **state)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	struct seal_ratchet r, again;
	struct buf file = { 0 };
	struct err e;

	run(&r, &file);
	seal_ratchet_encode(&r, sector);
	for (size_t bit = 0; bit < sizeof(sector) * 8; bit++) {
		sector[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(seal_ratchet_decode(sector, &again, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		sector[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	memset(sector, 0, sizeof(sector));
	assert_int_equal(seal_ratchet_decode(sector, &again, &e), -1);
	assert_string_equal(e.text, "ratchet: erased");
	buf_free(&file);
}

/* ---- replay ---- */

static unsigned char agg[32], root[32];

static struct seal_tags_want
want_of(const struct seal_ratchet *r)
{
	memcpy(agg, r->a, sizeof(agg));
	memcpy(root, r->root, sizeof(root));
	return ((struct seal_tags_want){ .origin = origin, .seg = 42, .n = 2, .g0 = 5, .g = 7,
	    .agg = agg, .root = root });
}

static void
escrow(struct seal_ratchet *r)
{
	unsigned char k[32];

	for (unsigned i = 0; i < 32; i++)
		k[i] = (unsigned char)i;
	seal_ratchet_begin(r, k, 5);
}

static void
test_replay_ends_where_the_writer_did(void **state)
{
	struct seal_ratchet r, first;
	struct buf file = { 0 };
	struct seal_tags_want want;
	struct err e;
	uint64_t line;

	run(&r, &file);
	want = want_of(&r);
	escrow(&first);
	if (seal_ratchet_check(&first, span_str(LINE1 "\n" LINE2 "\n" LINE3 "\n"), &want, &line, &e) == -1)
		fail_msg("%s", e.text);
	assert_memory_equal(first.k, r.k, 32);
	assert_memory_equal(first.a, r.a, 32);
	assert_int_equal(first.g, 8);
	escrow(&first);
	assert_int_equal(seal_ratchet_skip(&first, 7, agg), 0);
	assert_memory_equal(first.k, r.k, 32);
	assert_memory_equal(first.a, r.a, 32);
	assert_int_equal(seal_ratchet_skip(&first, 7, agg), -1);
	assert_int_equal(seal_ratchet_skip(&first, UINT64_MAX, agg), -1);
	assert_int_equal(seal_ratchet_check(NULL, span_str(LINE1 "\n" LINE2 "\n" LINE3 "\n"), &want, &line, &e), 0);
	buf_free(&file);
}

static void
test_replay_notices_every_bit_and_cut(void **state)
{
	char file[] = LINE1 "\n" LINE2 "\n" LINE3 "\n";
	struct seal_ratchet r, first, done;
	struct buf open = { 0 };
	struct seal_tags_want want;
	struct err e;
	uint64_t line;

	run(&done, &open);
	want = want_of(&done);
	for (size_t bit = 0; bit < (sizeof(file) - 1) * 8; bit++) {
		file[bit / 8] = (char)(file[bit / 8] ^ (1 << bit % 8));
		escrow(&r);
		if (seal_ratchet_check(&r, span_str(file), &want, &line, &e) == 0)
			fail_msg("bit %zu: good", bit);
		assert_int_equal(e.code, ERR_FINDING);
		assert_int_equal(r.g, 8);
		assert_memory_equal(r.k, done.k, 32);
		file[bit / 8] = (char)(file[bit / 8] ^ (1 << bit % 8));
	}
	for (size_t len = 0; len < sizeof(file) - 1; len++) {
		escrow(&r);
		assert_int_equal(seal_ratchet_check(&r, span_of(file, len), &want, &line, &e), -1);
	}
	escrow(&first);
	first.k[31] ^= 1; /* another escrow key */
	assert_int_equal(seal_ratchet_check(&first, span_str(file), &want, &line, &e), -1);
	assert_int_equal(line, 0);
	assert_string_equal(e.text, "tags: the aggregate is another");
	buf_free(&open);
}

static bool
root_at(void *context, uint64_t n, unsigned char out[static 32])
{
	if (n != 2)
		return (false);
	crypto_sha256(context, 5, out);
	return (true);
}

static void
test_replay_names_the_line(void **state)
{
	static const struct {
		const char *claim, *file;
		uint64_t g0, g, n, line;
		const char *text;
	} rows[] = {
		{ "the first is gone", LINE2 "\n" LINE3 "\n", 5, 7, 2, 1, "tags: line 1: not the segment's first flush" },
		{ "one between is gone", LINE1 "\n" LINE3 "\n", 5, 7, 2, 2, "tags: line 2: not the flush that follows" },
		{ "the last is gone", LINE1 "\n" LINE2 "\n", 5, 7, 2, 3, "tags: line 3: flushes are missing at the end" },
		{ "one twice", LINE1 "\n" LINE1 "\n", 5, 7, 2, 2, "tags: line 2: not the flush that follows" },
		{ "one more", LINE1 "\n" LINE2 "\n" LINE3 "\n", 5, 6, 2, 3, "tags: line 3: more than the segment has" },
		{ "more records", LINE1 "\n" LINE2 "\n" LINE3 "\n", 5, 7, 1, 2, "tags: line 2: more than the segment has" },
		{ "fewer records", LINE1 "\n" LINE2 "\n" LINE3 "\n", 5, 7, 3, 4, "tags: line 4: the last flush is not the whole segment" },
		{ "nothing", "", 5, 7, 2, 1, "tags: line 1: flushes are missing at the end" },
		{ "a state", LINE1 "\t0 0\n", 5, 7, 2, 1, "tags: line 1: something behind the tag" },
		{ "no LF", LINE1, 5, 7, 2, 1, "tags: line 1: no LF at the end" },
		{ "CR", LINE1 "\r\n", 5, 7, 2, 1, "tags: line 1: not a tag" },
		{ "an empty line", LINE1 "\n\n", 5, 7, 2, 2, "tags: line 2: not a tag" },
		{ "a leading zero", "0" LINE1 "\n", 5, 7, 2, 1, "tags: line 1: not a tag" },
		{ "a flush before", LINE1 "\n", 6, 7, 2, 1, "tags: not the flush that follows the segment before" },
		{ "another root", LINE1 "\n" LINE2 "\n" LINE3 "\n", 5, 7, 2, 3, "tags: line 3: the records had another root" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf open = { 0 };
		struct seal_ratchet r;
		struct seal_tags_want want;
		struct err e = { 0 };
		uint64_t line;

		run(&r, &open);
		want = want_of(&r);
		want.g0 = rows[i].g0;
		want.g = rows[i].g;
		want.n = rows[i].n;
		if (strcmp(rows[i].claim, "another root") == 0) {
			static char seed[] = "root1";

			want.root_at = root_at;
			want.context = seed;
		}
		escrow(&r);
		assert_int_equal(seal_ratchet_check(&r, span_str(rows[i].file), &want, &line, &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(line, rows[i].line);
		buf_free(&open);
	}
}

/* ---- states ---- */

static void
test_state_comes_back(void **state)
{
	static const struct {
		const char *claim, *text;
	} rows[] = {
		{ "full", STATE },
		{ "least", "0 0" },
		{ "only a source", "7 1 @00112233445566778899aabbccddeeff:0:18446744073709551615:1" },
		{ "times before 1970", "7 0 min-5 max+0" },
		{ "every count", "9 9 bytes=1 counted=1 joined=1 lines=1 lost=1 meta=1 parsed=1 partial=1 replay.parsed=1 "
		    "replay.partial=1 replay.unparsed=1 split.counted=1 split.parsed=1 split.partial=1 split.unparsed=1 "
		    "status.1xx=1 status.2xx=1 status.3xx=1 status.4xx=1 status.5xx=1 status.none=1 unparsed=1 masked.none=1 "
		    "masked.ip.peer=1 masked.session=1 reason.grammar=1 reason.too_long=1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct seal_state read;
		struct buf again = { 0 };
		struct err e;

		if (seal_state_read(span_str(rows[i].text), &names, &read, &e) == -1)
			fail_msg("%s: %s", rows[i].claim, e.text);
		seal_state_print(&read, &names, &again);
		assert_string_equal(again.data, rows[i].text);
		buf_free(&again);
	}
}

static void
test_states_refused(void **state)
{
	static const char *const rows[] = {
		"", "1", "1 ", "1 2 ", "01 2", "1 2  lines=3", "1 2 lines=0", "1 2 lines=", "1 2 lines=03", "1 2 lines",
		"1 2 parsed=1 lines=1", "1 2 lines=1 lines=1", "1 2 unknown=1", "1 2 masked.unknown=1", "1 2 ip.peer=1",
		"1 2 min+5", "1 2 min+5 max+4", "1 2 min+05 max+9", "1 2 min-0 max+9", "1 2 max+9 min+5", "1 2 min5 max9",
		"1 2 min+9223372036854775808 max+9223372036854775809", "1 2 lines=1 min+5 max+6",
		"1 2 @00112233445566778899aabbccddeeff:0:0:2", "1 2 @00112233445566778899aabbccddeeff:0:0",
		"1 2 @00112233445566778899aabbccddee:0:0:1", "1 2 @00112233445566778899AABBCCDDEEFF:0:0:1",
		"1 2 @00112233445566778899aabbccddeeff:00:0:1", "1 2 @00112233445566778899aabbccddeeff:0:0:1 lines=1",
		"1 2 @00112233445566778899aabbccddeeff:0:0:1 ", "1 2 @", "1 2 lines=18446744073709551616",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct seal_state read;
		struct err e;

		if (seal_state_read(span_str(rows[i]), &names, &read, &e) == 0)
			fail_msg("accepted: %s", rows[i]);
		assert_int_equal(e.code, ERR_FINDING);
	}
}

static void
test_bounds(void **state)
{
	static struct seal_state full;
	struct seal_tag tag = { .seg = UINT64_MAX, .n = UINT64_MAX, .wall_ms = UINT64_MAX };
	static char class_names[STATS_CLASSES_MAX][40], reason_names[STATS_REASONS_MAX][40];
	const char *class_list[STATS_CLASSES_MAX], *reason_list[STATS_REASONS_MAX];
	struct seal_names many = { class_list, STATS_CLASSES_MAX, reason_list, STATS_REASONS_MAX };
	struct seal_ratchet r;
	struct seal_tags t;
	struct buf line = { 0 };
	char *memory;
	struct err e;

	memset(&full, 0xff, sizeof(full));
	full.counts.time_min_us = INT64_MIN;
	full.counts.time_max_us = INT64_MIN;
	for (unsigned i = 0; i < 32; i++) {
		memset(class_names[i], 'a' + (int)(i % 26), 32);
		class_names[i][31] = (char)('0' + i / 26);
		memcpy(reason_names[i], class_names[i], 40);
		class_list[i] = class_names[i];
		reason_list[i] = reason_names[i];
	}
	full.source_count = SEAL_SOURCES_MAX;
	for (unsigned i = 0; i < SEAL_SOURCES_MAX; i++)
		full.sources[i].end = true;
	escrow(&r);
	assert_int_equal(buf_reserve(&line, SEAL_TAG_BYTES_MAX), 0);
	memory = line.data;
	seal_ratchet_flush(&r, origin, &tag, &full, &many, &line);
	assert_true(line.len <= SEAL_TAG_BYTES_MAX);
	assert_ptr_equal(line.data, memory);
	seal_tags_open(&t, buf_view(&line), true);
	assert_int_equal(seal_tags_next(&t, &e), 1);
	buf_free(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_sector_notices_every_bit),
		cmocka_unit_test(test_replay_ends_where_the_writer_did),
		cmocka_unit_test(test_replay_notices_every_bit_and_cut),
		cmocka_unit_test(test_replay_names_the_line),
		cmocka_unit_test(test_state_comes_back),
		cmocka_unit_test(test_states_refused),
		cmocka_unit_test(test_bounds),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
