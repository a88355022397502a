/* mask: so many events are looked at, the rest is counted; the counts add up whatever the format. */
#include "unit/mask/bed.h"

/* The first of all formats' samples three times, as lines of one batch. */
static size_t
repeat(const struct parse_format *format, char *text, size_t size, unsigned times)
{
	struct span sample = span_str(format->sample), head = { sample.ptr, 0 };
	size_t len;

	if (format->context != NULL)
		head.len = span_find(sample, '\n') + 1;
	memcpy(text, head.ptr, head.len);
	len = head.len;
	for (unsigned i = 0; i < times; i++) {
		struct span rest = span_from(sample, head.len);

		assert_true(len + rest.len + 1 < size);
		memcpy(text + len, rest.ptr, rest.len);
		len += rest.len;
		if (text[len - 1] != '\n')
			text[len++] = '\n';
	}
	return (len);
}

static uint64_t
events(const struct stats_counts *c)
{
	return (stats_counts_records(c) + c->in.counted + c->split.counted);
}

static void
test_every_format(void **state)
{
	static char text[65536];

	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *format = &parse_formats[i];
		const struct stats_counts *c;
		struct stats_counts all;
		struct bed bed;
		size_t len = repeat(format, text, sizeof(text), 5);

		bed_open_as(&bed, NULL, format->name, MASK_EPOCH_EVENT);
		c = &bed.batch.counts;
		(void)bed_run(&bed, span_of(text, len), 0);
		all = *c;
		assert_int_equal(all.causes[STATS_CAUSE_RATE], 0);
		for (uint64_t most = 0; most <= events(&all) + all.meta + 1; most++) {
			bed.batch.limited = true;
			bed.batch.most = most;
			(void)bed_run(&bed, span_of(text, len), most + 1);
			if (!stats_counts_balanced(c) || !stats_counts_caused(c) ||
			    c->lines != all.lines || c->bytes != all.bytes ||
			    bed.batch.looked_at > most ||
			    stats_counts_records(c) != bed.batch.record_count ||
			    bed.batch.record_count > most ||
			    events(c) + c->meta != events(&all) + all.meta)
				fail_msg("%s, %ju at most: %ju records, %ju counted, %ju meta",
				    format->name, (uintmax_t)most, (uintmax_t)bed.batch.record_count,
				    (uintmax_t)c->in.counted, (uintmax_t)c->meta);
		}
		assert_int_equal(c->causes[STATS_CAUSE_RATE], 0);
		bed.batch.most = 0;
		(void)bed_run(&bed, span_of(text, len), 1000);
		assert_int_equal(bed.batch.record_count, 0);
		assert_int_equal(c->causes[STATS_CAUSE_RATE], c->in.counted + c->split.counted);
		bed_close(&bed);
	}
}

/* Columns are named by a line that no rate takes away: lines behind it are read by it. */
static void
test_what_names_columns(void **state)
{
	static const char text[] = "#Fields: date time c-ip sc-status\n"
				   "2025-11-24 10:11:12 192.0.2.7 200\n"
				   "#Fields: date time sc-status c-ip\n"
				   "2025-11-24 10:11:12 404 192.0.2.7\n";
	static const char last[] = "2025-11-24 10:11:12 404 192.0.2.7\n";
	const char *out;
	struct bed bed;

	(void)state;
	bed_open_as(&bed, NULL, "w3c", MASK_EPOCH_EVENT);
	bed.batch.limited = true;
	(void)bed_run(&bed, span_of(text, sizeof(text) - 1), 0);
	assert_int_equal(bed.batch.record_count, 0);
	assert_int_equal(bed.batch.counts.in.counted, 2);
	bed.batch.limited = false;
	out = bed_run(&bed, span_of(last, sizeof(last) - 1), 1);
	if (strstr(out, "\"status\":404") == NULL)
		fail_msg("%s", out);
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_format),
		cmocka_unit_test(test_what_names_columns),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
