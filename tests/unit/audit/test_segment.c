/* Whoever touches records is told, with the record. */
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "build.h"

#define SHOP "streams/shop/"
#define DATA "seg/00000002.jsonl.zst"
#define RECORDS 300 /* of each segment of the store below */
#define NONE AUDIT_NONE

static struct buf lines[2];

/* Two streams; shop has two segments of RECORDS, other has one. */
static void
make_store(struct build *b)
{
	struct build_stream *s;

	build_begin(b);
	s = build_stream(b, "shop");
	for (unsigned i = 0; i < 2; i++) {
		buf_clear(&lines[i]);
		build_lines(&lines[i], i * RECORDS, RECORDS);
		build_segment(
		    s, &(struct build_segment){ .lines = lines[i].data, .len = lines[i].len });
	}
	s = build_stream(b, "other");
	build_segment(s, &(struct build_segment){ .lines = lines[1].data, .len = lines[1].len });
}

/* ---- tampering; at and count say where ---- */

static struct span
part(size_t from, size_t to)
{
	return (build_cut(buf_view(&lines[1]), from, to));
}

/* Segment 2 becomes these pieces. */
static void
repack(const struct build *b, const struct span *pieces, size_t count)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < count; i++)
		buf_span(&all, pieces[i]);
	build_repack(b, SHOP DATA, all.data, all.len);
	buf_free(&all);
}

static void
change_at(const struct build *b, size_t at, size_t count)
{
	struct buf all = { 0 };

	buf_span(&all, part(0, RECORDS));
	for (size_t i = at; i < at + count; i++)
		all.data[part(i, i + 1).ptr - lines[1].data + 40] ^= 1;
	build_repack(b, SHOP DATA, all.data, all.len);
	buf_free(&all);
}

static void
change_one(const struct build *b)
{
	change_at(b, 7, 1);
}

static void
change_last(const struct build *b)
{
	change_at(b, RECORDS - 1, 1);
}

static void
change_many(const struct build *b)
{
	change_at(b, 100, 120);
}

static void
delete_lines(const struct build *b, size_t at, size_t count)
{
	repack(b, (struct span[]){ part(0, at), part(at + count, RECORDS) }, 2);
}

static void
delete_one(const struct build *b)
{
	delete_lines(b, 7, 1);
}

static void
delete_first(const struct build *b)
{
	delete_lines(b, 0, 1);
}

static void
delete_three(const struct build *b)
{
	delete_lines(b, 100, 3);
}

static void
delete_many(const struct build *b)
{
	delete_lines(b, 20, 250);
}

static void
cut_tail(const struct build *b)
{
	delete_lines(b, 290, 10);
}

static void
empty_file(const struct build *b)
{
	delete_lines(b, 0, RECORDS);
}

static void
insert_foreign(const struct build *b)
{
	repack(b,
	    (struct span[]){ part(0, 7), build_cut(buf_view(&lines[0]), 3, 4), part(7, RECORDS) },
	    3);
}

static void
insert_many(const struct build *b)
{
	repack(b,
	    (struct span[]){ part(0, 7), build_cut(buf_view(&lines[0]), 0, 200), part(7, RECORDS) },
	    3);
}

static void
duplicate(const struct build *b)
{
	repack(b, (struct span[]){ part(0, 8), part(7, RECORDS) }, 2);
}

static void
append(const struct build *b)
{
	repack(b, (struct span[]){ part(0, RECORDS), part(0, 2) }, 2);
}

static void
swap(const struct build *b)
{
	repack(b,
	    (struct span[]){
		part(0, 7), part(200, 201), part(8, 200), part(7, 8), part(201, RECORDS) },
	    5);
}

static void
swap_neighbours(const struct build *b)
{
	repack(b, (struct span[]){ part(0, 7), part(8, 9), part(7, 8), part(9, RECORDS) }, 4);
}

static void
move(const struct build *b)
{
	repack(b, (struct span[]){ part(0, 7), part(8, 200), part(7, 8), part(200, RECORDS) }, 4);
}

static void
move_last(const struct build *b)
{
	repack(b, (struct span[]){ part(0, 7), part(299, RECORDS), part(7, 299) }, 3);
}

static void
move_to_end(const struct build *b)
{
	repack(b, (struct span[]){ part(0, 7), part(8, RECORDS), part(7, 8) }, 3);
}

static void
swap_last(const struct build *b)
{
	repack(b, (struct span[]){ part(0, 298), part(299, RECORDS), part(298, 299) }, 3);
}

static void
replay(const struct build *b)
{
	repack(b,
	    (struct span[]){ part(0, 7), build_cut(buf_view(&lines[0]), 3, 4), part(8, RECORDS) },
	    3);
}

#define AT(record) RECORDS + (record), (record) + 1

static const struct {
	const char *claim;
	void (*tamper)(const struct build *b);
	enum audit_code code;
	const char *file;
	uint64_t record, line, count;
	size_t findings;
} rows[] = {
	{ "a changed byte names its record", change_one, AUDIT_E_RECORD_MODIFIED, DATA, AT(7), 1,
	    1 },
	{ "also in the last record", change_last, AUDIT_E_RECORD_MODIFIED, DATA, AT(299), 1, 1 },
	{ "a long run of changed ones is one finding", change_many, AUDIT_E_RECORD_MODIFIED, DATA,
	    AT(100), 120, 1 },
	{ "a deleted record is missing", delete_one, AUDIT_E_RECORD_MISSING, DATA, AT(7), 1, 1 },
	{ "also the first", delete_first, AUDIT_E_RECORD_MISSING, DATA, AT(0), 1, 1 },
	{ "three deleted are three missing", delete_three, AUDIT_E_RECORD_MISSING, DATA, AT(100), 3,
	    1 },
	{ "many deleted are found far ahead", delete_many, AUDIT_E_RECORD_MISSING, DATA, AT(20),
	    250, 1 },
	{ "a cut tail is missing", cut_tail, AUDIT_E_RECORD_MISSING, DATA, AT(290), 10, 1 },
	{ "an empty file misses all", empty_file, AUDIT_E_RECORD_MISSING, DATA, AT(0), 300, 1 },
	{ "an inserted record is named", insert_foreign, AUDIT_E_RECORD_INSERTED, DATA, AT(7), 1,
	    1 },
	{ "many inserted are one finding", insert_many, AUDIT_E_RECORD_INSERTED, DATA, AT(7), 200,
	    1 },
	{ "a duplicate is inserted", duplicate, AUDIT_E_RECORD_INSERTED, DATA, AT(8), 1, 1 },
	{ "appended records are inserted", append, AUDIT_E_RECORD_INSERTED, DATA, AT(300), 2, 1 },
	{ "swapped records are named both", swap, AUDIT_E_RECORD_REORDERED, DATA, RECORDS + 7, 201,
	    1, 2 },
	{ "neighbours too", swap_neighbours, AUDIT_E_RECORD_REORDERED, DATA, RECORDS + 7, 9, 1, 2 },
	{ "a moved record is named", move, AUDIT_E_RECORD_REORDERED, DATA, RECORDS + 7, 200, 1, 1 },
	{ "the last record moved is named", move_last, AUDIT_E_RECORD_REORDERED, DATA,
	    RECORDS + 299, 8, 1, 1 },
	{ "one moved to the end too", move_to_end, AUDIT_E_RECORD_REORDERED, DATA, RECORDS + 7, 300,
	    1, 1 },
	{ "the last two swapped too", swap_last, AUDIT_E_RECORD_REORDERED, DATA, RECORDS + 298, 300,
	    1, 1 },
	{ "a record of another segment is modified", replay, AUDIT_E_RECORD_MODIFIED, DATA, AT(7),
	    1, 1 },
};

static bool
same(const struct audit_finding *f, size_t i)
{
	return (f->code == rows[i].code && strcmp(f->file, rows[i].file) == 0 &&
	    f->record == rows[i].record && f->line == rows[i].line && f->count == rows[i].count &&
	    strcmp(f->stream, "shop") == 0);
}

static void
test_tampering(void **state)
{
	struct audit_result result;
	struct build b;
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int want = audit_code_severity[rows[i].code] == AUDIT_ERROR ? 1 : 0;
		bool found = false;

		make_store(&b);
		rows[i].tamper(&b);
		build_verify(&b, 2, NULL, &result);
		for (size_t k = 0; k < result.finding_count; k++)
			found = found || same(&result.findings[k], i);
		if (!found || result.exit_code != want ||
		    result.finding_count != rows[i].findings ||
		    result.errors + result.warnings != result.finding_count) {
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
test_good(void **state)
{
	struct audit_result result;
	struct build b;

	make_store(&b);
	build_verify(&b, 3, NULL, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.finding_count, 0);
	assert_int_equal(result.suppressed, 0);
	assert_int_equal(result.coverage.streams, 2);
	assert_int_equal(result.coverage.segments, 3);
	assert_int_equal(result.coverage.records, 3 * RECORDS);
	assert_int_equal(result.coverage.line_bytes, lines[0].len + 2 * lines[1].len);
	assert_int_equal(result.coverage.time_min_us, INT64_C(1764028800000000));
	assert_int_equal(result.coverage.time_max_us, INT64_C(1764029399599000));
	assert_int_equal(result.coverage.entries, 3 + 3 + 2);
	assert_int_equal(result.coverage.notes, 3 + 3 + 2);
	assert_false(result.coverage.anchored);
	assert_string_equal(
	    result.coverage.not_checked[0], "anchor: none given, genesis taken on trust");
	audit_result_free(&result);
	build_end(&b);
}

/* As many places as are told, and then a tail that is missing: that is counted, too. */
static void
test_many_and_the_tail(void **state)
{
	struct audit_result result;
	struct buf all = { 0 };
	struct span tail;
	struct build b;
	unsigned told = 0;

	build_begin(&b);
	build_lines(&all, 0, 500);
	build_segment(build_stream(&b, "shop"),
	    &(struct build_segment){ .lines = all.data, .len = all.len });
	for (size_t i = 0; i < AUDIT_FINDINGS_PER_FILE; i++)
		all.data[build_cut(buf_view(&all), 4 * i, 4 * i + 1).ptr - all.data + 40] ^= 1;
	tail = build_cut(buf_view(&all), 490, 500);
	build_repack(&b, SHOP "seg/00000001.jsonl.zst", all.data, all.len - tail.len);
	build_verify(&b, 1, NULL, &result);
	for (size_t k = 0; k < result.finding_count; k++)
		told += result.findings[k].code == AUDIT_E_RECORD_MODIFIED;
	assert_int_equal(told, AUDIT_FINDINGS_PER_FILE);
	assert_int_equal(result.finding_count, told);
	assert_int_equal(result.suppressed, 1);
	audit_result_free(&result);
	build_end(&b);
	buf_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_many_and_the_tail),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
