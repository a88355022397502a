/* mask: of a line that is cut anywhere nothing comes out, whatever its format. */
#include "unit/mask/bed.h"

/* In every sample that has a client it is this one. */
#define CLIENT "192.0.2.7"

static void
check(struct bed *bed, const struct parse_format *format, struct span head, struct span line)
{
	static char text[8192];
	const char *out;
	struct span rest, one;
	struct err e = { 0 };
	struct record r;

	assert_true(head.len + line.len + 1 < sizeof(text));
	memcpy(text, head.ptr, head.len);
	memcpy(text + head.len, line.ptr, line.len);
	text[head.len + line.len] = '\n';
	out = bed_run(bed, span_of(text, head.len + line.len + 1), 0);
	if (strstr(out, CLIENT) != NULL || strstr(out, "51234") != NULL)
		fail_msg("%s, cut at byte %zu: %s", format->name, line.len, out);
	rest = span_of(out, bed->batch.records_len);
	while (rest.len > 0) {
		one = span_of(rest.ptr, span_find(rest, '\n'));
		if (record_decode(&bed->decoder, one, &r, &e) != 0)
			fail_msg("%s: %s: %s", format->name, e.text, out);
		rest = span_from(rest, one.len + 1);
	}
}

static void
test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *format = &parse_formats[i];
		struct span sample = span_str(format->sample), head = { sample.ptr, 0 };
		struct bed bed;

		bed_open_as(&bed, NULL, format->name, MASK_EPOCH_EVENT);
		if (format->context != NULL)
			head.len = span_find(sample, '\n') + 1;
		for (size_t len = 0; head.len + len <= sample.len; len++)
			check(&bed, format, head, span_of(sample.ptr + head.len, len));
		bed_close(&bed);
	}
}

/* Of what finds no room it is said how much there was, be it all there was. */
static void
test_left_out(void **state)
{
#define K16 "kkkkkkkkkkkkkkkk"
#define LONG K16 K16 K16 K16 K16 K16 K16 K16 K16
#define START "{\"@timestamp\":\"2025-11-24T10:11:12Z\",\"status\":200"
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ START ",\"" LONG "\":1}", "\"extra\":{\"fields_more\":1}" },
		{ START ",\"pid\":1,\"" LONG "\":1,\"" LONG "x\":1}",
		    "\"extra\":{\"pid\":\"[unknown]\",\"fields_more\":2}" },
		{ START "}", "\"agent\":\"none\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *out;
		char text[512];
		struct bed bed;
		int len = snprintf(text, sizeof(text), "%s\n", rows[i].line);

		bed_open_as(&bed, NULL, "json-lines", MASK_EPOCH_EVENT);
		out = bed_run(&bed, span_of(text, (size_t)len), 0);
		if (strstr(out, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].line, out);
		bed_close(&bed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_left_out),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
