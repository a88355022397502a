/* mask: records of several lines, several events of a line: every line is counted once. */
#include "bed.h"
#include "parse/piece.h"

static enum parse_result
made_line(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	memset(ev, 0, sizeof(*ev));
	ev->type = EVENT_LOG;
	ev->time_us = BED_NOW_US;
	ev->time_ok = true;
	return (line.ptr[0] == '{' ? PARSE_EVENT : PARSE_UNPARSED);
}

static void
made_piece(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const char *const names[] = { "items", NULL };

	parse_piece_json(names, rest, piece);
}

static const struct parse_format made = { .name = "made", .line = made_line, .piece = made_piece };

static const struct row {
	const char *bytes;
	struct stats_outcome in, split;
	uint64_t lines, meta, joined;
} rows[] = {
	{ "{}\n{}\n", .in.parsed = 2, .lines = 2 },
	{ "{}\nx\n\n", .in.parsed = 1, .in.unparsed = 1, .lines = 3, .meta = 1 },
	{ "{\n}\n{}\n", .in.parsed = 2, .lines = 3, .joined = 1 },
	{ "{\"items\":[{},{},1]}\n", .split.parsed = 2, .split.unparsed = 1, .lines = 1, .meta = 1 },
	{ "{\n\"items\":[\n{},\n{\n}\n]\n}\n{}\n", .in.parsed = 1, .split.parsed = 2, .lines = 8,
	    .meta = 1, .joined = 6 },
	{ "{\"items\":[{},{\"a\n{}\n", .in.parsed = 1, .split.parsed = 1, .split.unparsed = 1,
	    .lines = 2, .joined = 1 },
	{ "[ ,{}]\n", .split.unparsed = 1, .lines = 1, .joined = 1 },
	{ ",{}\n]}\n", .split.parsed = 1, .lines = 2, .meta = 1, .joined = 1 },
};

static void
every_line_is_counted_once(void **state)
{
	static struct bed bed;

	bed_open(&bed, NULL);
	bed.mask->parser.format = &made;
	bed.mask->parse.pieces = made_piece;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct stats_counts *c = &bed.batch.counts;
		const struct row *row = &rows[i];

		bed.batch.lines = span_str(row->bytes);
		bed.batch.read = bed.batch.lines.len;
		bed.batch.number = i;
		mask_batch(bed.mask, &bed.batch);
		if (!stats_counts_balanced(c) || c->lines != row->lines || c->meta != row->meta ||
		    c->joined != row->joined ||
		    memcmp(&c->in, &row->in, sizeof(c->in)) != 0 ||
		    memcmp(&c->split, &row->split, sizeof(c->split)) != 0)
			fail_msg("%s: %d lines, %d meta, %d joined, in %d+%d, split %d+%d", row->bytes,
			    (int)c->lines, (int)c->meta, (int)c->joined, (int)c->in.parsed,
			    (int)c->in.unparsed, (int)c->split.parsed, (int)c->split.unparsed);
		assert_int_equal(bed.batch.record_count, stats_counts_records(c));
	}
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_line_is_counted_once) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
