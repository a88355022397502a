#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "random_record.h"
#include "record/record.h"

#define HEAD "{\"time\":\"2026-11-25T03:00:00.000Z\""

static void
facts_are_found(void **state)
{
	static const struct {
		const char *claim, *in;
		int status;
		enum record_state state;
	} rows[] = {
		{ "time alone", HEAD "}", -1, RECORD_PARSED },
		{ "a status", HEAD ",\"status\":404}", 404, RECORD_PARSED },
		{ "a status in the middle", HEAD ",\"path\":\"/a\",\"status\":200,\"bytes\":1}",
		    200, RECORD_PARSED },
		{ "the upstream's is another", HEAD ",\"upstream_status\":500}", -1,
		    RECORD_PARSED },
		{ "a member of extra is none", HEAD ",\"extra\":{\"a\":1,\"status\":500}}", -1,
		    RECORD_PARSED },
		{ "the first member neither", HEAD ",\"extra\":{\"status\":500}}", -1,
		    RECORD_PARSED },
		{ "both", HEAD ",\"status\":204,\"extra\":{\"a\":1,\"status\":500}}", 204,
		    RECORD_PARSED },
		{ "extra's state is none", HEAD ",\"extra\":{\"a\":1,\"state\":\"partial\"}}", -1,
		    RECORD_PARSED },
		{ "a state behind extra", HEAD ",\"extra\":{\"a\":1},\"state\":\"partial\"}", -1,
		    RECORD_PARTIAL },
		{ "a state before flags", HEAD ",\"state\":\"unparsed\",\"flags\":[\"overlong\"]}",
		    -1, RECORD_UNPARSED },
		{ "flags alone", HEAD ",\"status\":301,\"flags\":[\"overlong\",\"bad_utf8\"]}", 301,
		    RECORD_PARSED },
		{ "a list at the end", HEAD ",\"forwarded\":[\"[pan]\"]}", -1, RECORD_PARSED },
		{ "a text that says so", HEAD ",\"tls\":\"x,\\\"state\\\":\\\"partial\"}", -1,
		    RECORD_PARSED },
		{ "a text with a status", HEAD ",\"path\":\",\\\"status\\\":200\"}", -1,
		    RECORD_PARSED },
		{ "a text that ends in a backslash", HEAD ",\"status\":200,\"tls\":\"\\\\\"}", 200,
		    RECORD_PARSED },
		{ "an odd status", HEAD ",\"status\":-5}", 0, RECORD_PARSED },
		{ "a huge status", HEAD ",\"status\":9223372036854775807}", 0, RECORD_PARSED },
		{ "status 0", HEAD ",\"status\":0}", 0, RECORD_PARSED },
		{ "hops before a status", HEAD ",\"forwarded\":[\"a,\",\"status\"],\"status\":200}",
		    200, RECORD_PARSED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_facts facts;
		struct err e;

		if (record_peek(span_str(rows[i].in), &facts, &e) != 0)
			fail_msg("%s: %s", rows[i].claim, e.text);
		if (facts.status != rows[i].status || facts.state != rows[i].state)
			fail_msg("%s: status %d, state %d", rows[i].claim, facts.status,
			    (int)facts.state);
		assert_int_equal(facts.time_us, INT64_C(1795575600000000));
	}
}

static void
reasons_of_unparsed_records_are_found(void **state)
{
	static const struct {
		const char *claim, *in, *reason;
	} rows[] = {
		{ "a reason", HEAD ",\"reason\":\"grammar\",\"state\":\"unparsed\"}", "grammar" },
		{ "before extra", HEAD ",\"event\":\"log\",\"reason\":\"cut\",\"extra\":{\"line_bytes\":7},"
		    "\"state\":\"unparsed\",\"flags\":[\"overlong\"]}", "cut" },
		{ "a member of extra is none", HEAD ",\"extra\":{\"a\":1,\"reason\":\"cut\"},"
		    "\"state\":\"unparsed\"}", "" },
		{ "none", HEAD ",\"state\":\"unparsed\"}", "" },
		{ "empty", HEAD ",\"reason\":\"\",\"state\":\"unparsed\"}", "" },
		{ "a text that says so", HEAD ",\"path\":\",\\\"reason\\\":\\\"cut\",\"state\":\"unparsed\"}",
		    "" },
		{ "no text", HEAD ",\"reason\":7,\"state\":\"unparsed\"}", "" },
		{ "of a record that was read", HEAD ",\"reason\":\"cut\"}", "" },
		{ "of one that was read in part", HEAD ",\"reason\":\"cut\",\"state\":\"partial\"}", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_facts facts;
		struct err e;

		if (record_peek(span_str(rows[i].in), &facts, &e) != 0)
			fail_msg("%s: %s", rows[i].claim, e.text);
		if (!span_is(facts.reason, rows[i].reason))
			fail_msg("%s: '%.*s'", rows[i].claim, (int)facts.reason.len,
			    facts.reason.ptr);
	}
}

static void
what_is_no_record_is_refused(void **state)
{
	static const char *const rows[] = { "", "{", "{}", "{\"time\":\"", HEAD, "{\"tomb\":\"x\"}",
		"{\"time\":\"2026-11-25T03:00:00Z\"}", "{\"time\":\"2026-02-30T03:00:00.000Z\"}",
		HEAD ",\"state\":\"fine\"}", HEAD ",\"state\":\"\"}", HEAD ",\"status\":200",
		HEAD "}}", "{\"time\":\"2026-11-25T03:00:00.000Z}" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_facts facts;
		struct err e = { 0 };

		if (record_peek(span_str(rows[i]), &facts, &e) == 0)
			fail_msg("taken: %s", rows[i]);
		assert_int_equal(e.code, ERR_FINDING);
	}
}

static void
peek_says_what_decode_says(void **state)
{
	struct random_record *x = calloc(1, sizeof(*x));
	static struct record_decoder dec;
	static char line[RECORD_BYTES_MAX];
	struct record_encoder enc = { 0 };

	assert_non_null(x);
	x->state = 13;
	for (int i = 0; i < 50000; i++) {
		const struct record *r = random_record(x, i % 10 == 0 ? 2000 : 40);
		struct span whole = span_of(line, record_encode(&enc, r, line) - 1);
		struct record_facts facts;
		struct record back;
		struct err e;
		int64_t status = -1;
		enum record_state want = RECORD_PARSED;

		assert_int_equal(record_decode(&dec, whole, &back, &e), 0);
		assert_int_equal(record_peek(whole, &facts, &e), 0);
		assert_int_equal(facts.time_us, back.time_us);
		if (record_has(&back, RECORD_FIELD_STATUS))
			status = back.number[RECORD_FIELD_STATUS];
		if (status < -1 || status > 9999 ||
		    (status == -1 && record_has(&back, RECORD_FIELD_STATUS)))
			status = 0;
		assert_int_equal(facts.status, status);
		if (record_has(&back, RECORD_FIELD_STATE))
			want = span_is(back.text[RECORD_FIELD_STATE], "partial") ? RECORD_PARTIAL
										 : RECORD_UNPARSED;
		assert_int_equal(facts.state, want);
	}
	free(x);
}

/* Whatever stands there, nothing outside of the line is read (sanitizers). */
static void
changed_lines_do_no_harm(void **state)
{
	struct random_record *x = calloc(1, sizeof(*x));
	static char line[RECORD_BYTES_MAX];
	struct record_encoder enc = { 0 };

	assert_non_null(x);
	x->state = 17;
	for (int i = 0; i < 300; i++) {
		size_t len = record_encode(&enc, random_record(x, 40), line) - 1;

		for (size_t cut = 0; cut <= len; cut++) {
			char *exact = malloc(cut + 1);
			struct record_facts facts;
			struct err e;

			assert_non_null(exact);
			memcpy(exact, line, cut);
			if (cut > 0 && i % 2 == 0)
				exact[cut - 1] = '}';
			(void)record_peek(span_of(exact, cut), &facts, &e);
			free(exact);
		}
	}
	free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_found),
		cmocka_unit_test(reasons_of_unparsed_records_are_found),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(peek_says_what_decode_says),
		cmocka_unit_test(changed_lines_do_no_harm),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
