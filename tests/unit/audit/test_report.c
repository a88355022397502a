/* What the report says, in which order, and what it bounds. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "audit/check.h"
#include "audit/segment.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "build.h"
#include "crypto/random.h"
#include "store/store.h"

static struct buf late; /* a note that comes late, */
static struct build *late_in; /* to there */

/* ---- tables and lists ---- */

static void
test_sorted(void **state)
{
	for (unsigned i = 0; i < AUDIT_CODE_COUNT; i++) {
		bool error = audit_code_names[i][0] == 'E';

		assert_int_equal(audit_code_severity[i], error ? AUDIT_ERROR : AUDIT_WARNING);
		assert_int_equal(audit_code_names[i][1], '_');
		if (i > 0)
			assert_true(strcmp(audit_code_names[i - 1], audit_code_names[i]) < 0);
	}
}

static void
test_bounded(void **state)
{
	struct audit_list list, all;
	struct audit_place at = audit_place("file");

	audit_list_init(&list, "s", 150);
	for (unsigned i = 0; i < 120; i++)
		audit_report(&list, AUDIT_E_RECORD_MODIFIED, &at, "x");
	assert_int_equal(list.count, AUDIT_FINDINGS_PER_FILE);
	assert_int_equal(list.suppressed, 20);
	for (unsigned i = 0; i < 90; i++)
		audit_report(&list, AUDIT_W_REPACKED, &at, "x");
	assert_int_equal(list.count, 150);
	assert_int_equal(list.suppressed, 60);

	audit_list_init(&all, "", 100);
	audit_list_move(&all, &list);
	assert_int_equal(all.count, 100);
	assert_int_equal(all.suppressed, 110);
	assert_true(all.has_error);
	audit_list_free(&all);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *name;
		uint64_t number;
	} rows[] = {
		{ "00000001.note", 1 },
		{ "12345678.note", 12345678 },
		{ "123456789.note", 123456789 },
		{ "00000000.note", 0 },
		{ "0000001.note", 0 },
		{ "000000001.note", 0 },
		{ "00000001.notes", 0 },
		{ "00000001", 0 },
		{ "-0000001.note", 0 },
		{ "99999999999999999999999.note", 0 },
		{ "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(audit_number(rows[i].name, ".note"), rows[i].number);
}

/* ---- mask epochs ---- */

static void
test_ranges(void **state)
{
	static const struct {
		const char *claim, *epochs, *time;
		int have; /* -1: not of the format */
	} rows[] = {
		{ "Monday is in its week", "{\"ip\":[\"2026-W48\"]}", "2026-11-23T00:00:00Z", 1 },
		{ "Sunday too", "{\"ip\":[\"2026-W48\"]}", "2026-11-29T23:59:59.999999Z", 1 },
		{ "the next Monday is not", "{\"ip\":[\"2026-W48\"]}", "2026-11-30T00:00:00Z", 0 },
		{ "the Sunday before is not", "{\"ip\":[\"2026-W48\"]}", "2026-11-22T23:59:59Z",
		    0 },
		{ "week 1 begins in December", "{\"ip\":[\"2026-W01\"]}", "2025-12-29T00:00:00Z",
		    1 },
		{ "week 53 ends in January", "{\"ip\":[\"2026-W53\"]}", "2027-01-03T12:00:00Z", 1 },
		{ "a range has its middle", "{\"ip\":[\"2026-W10..2026-W20\"]}",
		    "2026-04-15T00:00:00Z", 1 },
		{ "and its end", "{\"ip\":[\"2026-W10..2026-W20\"]}", "2026-05-17T23:00:00Z", 1 },
		{ "the second range counts", "{\"ip\":[\"2026-W10\",\"2026-W20\"]}",
		    "2026-05-13T00:00:00Z", 1 },
		{ "a gap is a gap", "{\"ip\":[\"2026-W10\",\"2026-W20\"]}", "2026-04-15T00:00:00Z",
		    0 },
		{ "days", "{\"ip\":[\"2026-11-25\"]}", "2026-11-25T23:00:00Z", 1 },
		{ "not the next day", "{\"ip\":[\"2026-11-25\"]}", "2026-11-26T00:00:00Z", 0 },
		{ "months", "{\"ip\":[\"2024-02\"]}", "2024-02-29T23:00:00Z", 1 },
		{ "December", "{\"ip\":[\"2024-12\"]}", "2024-12-31T23:00:00Z", 1 },
		{ "before 1970", "{\"ip\":[\"1969-W52\"]}", "1969-12-28T23:00:00Z", 1 },
		{ "another class says nothing", "{\"se\":[\"2026-W48\"]}", "2026-11-25T00:00:00Z",
		    0 },
		{ "no class either", "{}", "2026-11-25T00:00:00Z", 0 },
		{ "a key that was changed is of no import", "{\"ip\":[\"2026-W48.2\"]}",
		    "2026-11-25T00:00:00Z", 0 },
		{ "no week 54", "{\"ip\":[\"2026-W54\"]}", "2026-11-25T00:00:00Z", -1 },
		{ "no week 53 of a year with 52", "{\"ip\":[\"2025-W53\"]}", "2025-11-25T00:00:00Z", -1 },
		{ "no 30th of February", "{\"ip\":[\"2026-02-30\"]}", "2026-11-25T00:00:00Z", -1 },
		{ "no month 13", "{\"ip\":[\"2026-13\"]}", "2026-11-25T00:00:00Z", -1 },
		{ "no half range", "{\"ip\":[\"2026-W10..\"]}", "2026-11-25T00:00:00Z", -1 },
		{ "no text", "{\"ip\":\"2026-W10\"}", "2026-11-25T00:00:00Z", -1 },
		{ "no number", "{\"ip\":[2026]}", "2026-11-25T00:00:00Z", -1 },
		{ "no empty name", "{\"ip\":[\"\"]}", "2026-11-25T00:00:00Z", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct span line =
		    SPAN("{\"time\":\"\",\"client\":\"ip.abcdefghij234567\"}");
		struct audit_epochs epochs;
		int64_t t_us = 0;
		int have = audit_epochs_read(span_str(rows[i].epochs), &epochs);

		assert_int_equal(clock_parse_rfc3339(rows[i].time, strlen(rows[i].time), &t_us), 0);
		if (have == 0)
			have = audit_epochs_cover(&epochs, line, t_us);
		if (have != rows[i].have)
			print_error("%s: %d\n", rows[i].claim, have);
		assert_int_equal(have, rows[i].have);
	}
}

static void
test_epochs_of_live_segments(void **state)
{
	static const struct {
		const char *claim, *epochs;
		int have;
	} rows[] = {
		{ "any epoch of the prefix", "{\"ip\":[\"2020-W01\"]}", 1 },
		{ "also one of a key that was changed", "{\"ip\":[\"2026-W48.2\"]}", 1 },
		{ "another prefix is none", "{\"if\":[\"2026-W48\"],\"se\":[\"2026-11-25\"]}", 0 },
		{ "nothing is none", "{}", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct span line =
		    SPAN("{\"time\":\"\",\"client\":\"ip.abcdefghij234567\"}");
		struct audit_epochs epochs;

		assert_int_equal(audit_epochs_read_live(span_str(rows[i].epochs), &epochs), 0);
		if (audit_epochs_cover(&epochs, line, 0) != rows[i].have)
			fail_msg("%s", rows[i].claim);
	}
}

/* ---- stores ---- */

static void
seal_one(struct build *b, struct build_segment *segment)
{
	struct buf lines = { 0 };

	build_begin(b);
	if (segment->lines == NULL) {
		build_lines(&lines, 0, 40);
		segment->lines = lines.data;
		segment->len = lines.len;
	}
	build_segment(build_stream(b, "shop"), segment);
	buf_free(&lines);
}

static void
test_records(void **state)
{
	static const char odd[] = "{\"time\":\"2025-11-25T00:00:00.000Z\"}\n"
				  "{\"what\":\"is this\"}\n"
				  "{\"time\":\"2025-11-25T00:00:00Z\"}\n";
	static const char server[] =
	    "{\"time\":\"2025-11-25T00:00:00.000Z\",\"client\":\"local\"}\n";
	const struct {
		const char *claim;
		struct build_segment segment;
		enum audit_code code; /* AUDIT_CODE_COUNT: good */
		uint64_t record, count;
	} rows[] = {
		{ "a sealed line that is no record is named",
		    { .lines = odd, .len = sizeof(odd) - 1 }, AUDIT_E_RECORD_SYNTAX, 1, 2 },
		{ "a week that is named is good",
		    { .import = true, .mask_epochs = "{\"ip\":[\"2025-W48\"]}" }, AUDIT_CODE_COUNT,
		    0, 0 },
		{ "a week that is not named is seen",
		    { .import = true, .mask_epochs = "{\"ip\":[\"2025-W47\"]}" },
		    AUDIT_E_MASK_EPOCH, 0, 40 },
		{ "so is no week", { .import = true }, AUDIT_E_MASK_EPOCH, 0, 40 },
		{ "live epochs go by the time of sealing", { .import = false }, AUDIT_CODE_COUNT, 0,
		    0 },
		{ "without token no week is needed",
		    { .lines = server, .len = sizeof(server) - 1, .import = true },
		    AUDIT_CODE_COUNT, 0, 0 },
		{ "an empty segment is good", { .lines = "", .len = 0 }, AUDIT_CODE_COUNT, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build_segment segment = rows[i].segment;
		struct audit_result result;
		struct build b;
		bool good;

		seal_one(&b, &segment);
		build_verify(&b, 1, NULL, &result);
		if (rows[i].code == AUDIT_CODE_COUNT)
			good = result.finding_count == 0 && result.exit_code == 0;
		else
			good = result.finding_count == 1 && result.exit_code == 1 &&
			    result.findings[0].code == rows[i].code &&
			    result.findings[0].record == rows[i].record &&
			    result.findings[0].count == rows[i].count;
		if (!good) {
			print_error("%s\n", rows[i].claim);
			build_show(&result);
		}
		assert_true(good);
		audit_result_free(&result);
		build_end(&b);
	}
}

/* Without records nothing else shows that the salt is another. */
static void
test_empty_salt(void **state)
{
	struct build_segment segment = { .lines = "", .len = 0 };
	struct audit_result result;
	struct build b;

	seal_one(&b, &segment);
	build_write(&b, "streams/shop/seg/00000001.salt", "0 0 AAAAAAAAAAAAAAAAAAAAAA==\n", 29);
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 1);
	assert_int_equal(result.findings[0].code, AUDIT_E_FILE_HASH);
	audit_result_free(&result);
	build_end(&b);
}

/* The two bytes of .idx can be matched by trying; the roots of blocks cannot. */
static void
test_same_prefix(void **state)
{
	static const uint32_t victim = 700;
	struct buf lines = { 0 }, salt = { 0 };
	struct audit_result result;
	struct build b;
	unsigned char seed[16], salts[1][16], leaf[1][32], want[2];
	char *line, *digits;
	uint32_t end;
	size_t len;

	build_begin(&b);
	build_lines(&lines, 0, 1000);
	build_segment(build_stream(&b, "shop"),
	    &(struct build_segment){ .lines = lines.data, .len = lines.len });
	build_read(&b, "streams/shop/seg/00000001.salt", &salt);
	assert_int_equal(text_unbase64(span_of(salt.data + 4, 24), seed, 16, &len), 0);
	seal_salt(seed, victim, salts[0]);
	line = lines.data + build_cut(buf_view(&lines), 0, victim).len;
	end = (uint32_t)(strchr(line, '\n') + 1 - line);
	seal_leaves(line, &end, 1, (const unsigned char(*)[16])salts, leaf);
	memcpy(want, leaf[0], 2);
	digits = strstr(line, "abcdefghij") + 10;
	for (unsigned i = 0; i < 1000000; i++) {
		char text[8];

		(void)snprintf(text, sizeof(text), "%06u", i);
		memcpy(digits, text, 6);
		seal_leaves(line, &end, 1, (const unsigned char(*)[16])salts, leaf);
		if (i != victim && memcmp(want, leaf[0], 2) == 0)
			break;
	}
	assert_memory_equal(want, leaf[0], 2);
	build_repack(&b, "streams/shop/seg/00000001.jsonl.zst", lines.data, lines.len);
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 1);
	assert_int_equal(result.finding_count, 1);
	assert_int_equal(result.findings[0].code, AUDIT_E_SEGMENT_ROOT);
	assert_int_equal(result.findings[0].record, 512);
	assert_int_equal(result.findings[0].count, 256);
	audit_result_free(&result);
	buf_free(&lines);
	buf_free(&salt);
	build_end(&b);
}

/* Many segments, damaged in many ways: the same report with any number of jobs. */
static void
test_jobs(void **state)
{
	struct buf lines = { 0 }, reports[3] = { { 0 } };
	struct audit_result result;
	struct build_stream *s;
	struct build b;
	char path[64];

	build_begin(&b);
	s = build_stream(&b, "shop");
	build_lines(&lines, 0, 60);
	for (unsigned i = 0; i < 40; i++)
		build_segment(s, &(struct build_segment){ .lines = lines.data, .len = lines.len });
	for (unsigned i = 1; i <= 40; i += 3) {
		struct span cut = build_cut(buf_view(&lines), i, 60 - i % 7);

		(void)snprintf(path, sizeof(path), "streams/shop/seg/%08u.jsonl.zst", i);
		build_repack(&b, path, cut.ptr, cut.len);
	}
	for (unsigned i = 0; i < 3; i++) {
		build_verify(&b, i + 1, NULL, &result);
		assert_int_equal(result.exit_code, 1);
		assert_true(result.errors >= 14);
		audit_print_json(&result, &reports[i]);
		audit_print_text(&result, &reports[i]);
		audit_result_free(&result);
		assert_string_equal(reports[i].data, reports[0].data);
	}
	for (unsigned i = 0; i < 3; i++)
		buf_free(&reports[i]);
	buf_free(&lines);
	build_end(&b);
}

static void
count_progress(void *arg, uint64_t done, uint64_t total)
{
	uint64_t *last = arg;

	assert_true(done >= last[0] && done <= total);
	last[0] = done;
	last[1] = total;
}

static void
test_progress(void **state)
{
	uint64_t last[2] = { 0, 0 };
	struct audit_options options = {
		.jobs = 1, .names = &build_names, .progress = count_progress, .progress_arg = last
	};
	struct build_segment segment = { 0 };
	struct audit_result result;
	struct build b;

	seal_one(&b, &segment);
	assert_int_equal(audit_verify(b.dir, &options, &result, NULL), 0);
	assert_int_equal(last[0], segment.len);
	assert_int_equal(last[1], segment.len);
	audit_result_free(&result);
	build_end(&b);
}

/* It comes while verify waits for it. */
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __real_nanosleep(const struct timespec *pause, struct timespec *left);

int
__wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
	if (late_in != NULL) {
		build_write(late_in, "streams/shop/cp/00000002.note", late.data, late.len);
		build_write(late_in, "streams/shop/checkpoint", late.data, late.len);
		late_in = NULL;
		return (0);
	}
	return (__real_nanosleep(pause, left));
}

/* A writer between entry and note is no thief. */
static void
test_writing(void **state)
{
	struct audit_options options = { .jobs = 1, .names = &build_names };
	struct build_segment segment = { 0 };
	struct audit_result result;
	struct buf before = { 0 };
	struct build b;

	seal_one(&b, &segment);
	clock_set(clock_now_us()); /* what was written now stays new */
	build_read(&b, "streams/shop/cp/00000001.note", &before);
	build_read(&b, "streams/shop/cp/00000002.note", &late);
	build_write(&b, "streams/shop/checkpoint", before.data, before.len);
	build_remove(&b, "streams/shop/cp/00000002.note");
	late_in = &b;
	assert_int_equal(audit_verify(b.dir, &options, &result, NULL), 0);
	clock_set(-1);
	assert_null(late_in);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.finding_count, 0);
	assert_int_equal(result.coverage.entries, 4);
	assert_int_equal(result.coverage.notes, 4);
	audit_result_free(&result);
	buf_free(&before);
	buf_free(&late);
	build_end(&b);
}

static void
test_print(void **state)
{
	struct audit_finding finding = { .code = AUDIT_E_RECORD_MISSING,
		.stream = "shop",
		.file = "seg/\x1b[31m",
		.segment = 1,
		.record = 7,
		.line = 8,
		.entry = 2,
		.count = 3,
		.text = "missing" };
	struct audit_result result = { .store = "./store",
		.findings = &finding,
		.finding_count = 1,
		.exit_code = 1,
		.errors = 1,
		.suppressed = 2,
		.coverage = { .records = 1234567,
		    .time_min_us = 0,
		    .time_max_us = -1,
		    .newest_us = INT64_MIN,
		    .not_checked = { "something" } } };
	struct json_value value;
	struct buf out = { 0 };

	audit_print_text(&result, &out);
	assert_string_equal(out.data,
	    "store ./store: DOES NOT VERIFY: 1 error\n"
	    "E_RECORD_MISSING shop seg/\\x1b[31m records 7-9 (line 8): sealed records are missing: "
	    "missing\n"
	    "and 2 findings that follow from these or are of the same kind\n"
	    "checked: 0 streams, 0 chain lines, 0 signed notes, 0 segments, 1,234,567 records "
	    "(0 B of lines, 0 B of files)\n"
	    "erased: 0 records; replaced: 0 records; pruned: 0 segments; in force: 0 holds\n"
	    "losses accepted: 0 alarms; by keys revoked later: 0 notes; not said to be destroyed: "
	    "0 import keys\n"
	    "not checked: something\n"
	    "next: change nothing, keep a copy of all of it; docs/operations.md says what each code "
	    "means, and what to do\n");
	buf_clear(&out);
	audit_print_json(&result, &out);
	assert_int_equal(json_parse(span_of(out.data, out.len - 1), &value, NULL), 0);
	assert_non_null(strstr(out.data, "\"code\":\"E_RECORD_MISSING\",\"severity\":\"error\""));
	assert_non_null(
	    strstr(out.data, "\"file\":\"seg/\\u001b[31m\",\"segment\":1,\"record\":7"));
	buf_free(&out);
}

/* What the product writes is good, and its anchor is the one verify wants. */
static void
test_product(void **state)
{
	char parent[] = "/tmp/cretula-audit-XXXXXX", dir[64];
	struct audit_options options = { .jobs = 1, .names = &build_names };
	struct audit_result result;
	struct store_stream *stream;
	struct store_segment *seg;
	static struct seal_segment facts;
	struct buf anchor = { 0 };
	struct store *store;
	bool created;

	assert_int_equal(crypto_start(NULL), 0);
	assert_non_null(mkdtemp(parent));
	(void)snprintf(dir, sizeof(dir), "%s/store", parent);
	assert_int_equal(store_open(dir, NULL, &store, &created, NULL), 0);
	assert_int_equal(store_anchor(store, &anchor, NULL), 0);
	assert_int_equal(
	    store_stream_open(store, "shop", BUILD_POLICY, &build_names, &stream, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		memset(&facts, 0, sizeof(facts));
		stats_counts_clear(&facts.counts);
		facts.policy = span_str(BUILD_POLICY);
		facts.mask_epochs = span_str("{}");
		assert_int_equal(store_segment_begin(stream, &seg, NULL), 0);
		assert_int_equal(store_segment_seal(seg, &facts, span_of("", 0), NULL), 0);
	}
	store_stream_close(stream);
	store_close(store);
	options.anchor = anchor.data;
	assert_int_equal(audit_verify(dir, &options, &result, NULL), 0);
	if (result.finding_count > 0)
		build_show(&result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.finding_count, 0);
	assert_int_equal(result.coverage.segments, 3);
	assert_true(result.coverage.anchored);
	audit_result_free(&result);
	buf_free(&anchor);
	build_remove(&(struct build){ 0 }, parent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_epochs_of_live_segments),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_empty_salt),
		cmocka_unit_test(test_same_prefix),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_product),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
