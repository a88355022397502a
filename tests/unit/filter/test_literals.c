/* Literals: what matches has one in its line, and most that does not match has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../record/random_record.h"
#include "base/err.h"
#include "filter/literals.h"

static struct filter_literals l;

static void
what_is_asked_for_is_what_stands_there(void **state)
{
	static const struct {
		const char *where, *want[3];
	} rows[] = {
		{ "client == ip.abc", { ",\"client\":\"ip.abc\"" } },
		{ "path ^= /api", { ",\"path\":\"/api" } },
		{ "path ~= /api", { "/api" } },
		{ "path ~= api", { NULL } }, /* too short */
		{ "user == mar\303\255a", { NULL } }, /* that is written so, but others are not */
		{ "user == \"a\\\"bcdef\"", { NULL } },
		{ "status == 404", { ",\"status\":404" } },
		{ "bytes == -12", { ",\"bytes\":-12" } },
		{ "bytes == -9223372036854775808", { ",\"bytes\":-9223372036854775808" } },
		{ "status >= 500", { ",\"status\":" } },
		{ "status != 200", { NULL } },
		{ "!(status == 200)", { NULL } },
		{ "time >= 2026-01-01T00:00:00Z", { NULL } },
		{ "path > /abc", { NULL } },
		{ "forwarded == ip.abc", { "\"ip.abc\"" } },
		{ "flags == overlong", { "\"overlong\"" } },
		{ "extra == abcd", { "\"abcd\"" } },
		{ "extra == 1234", { NULL } }, /* a number or a text */
		{ "extra ~= 1234", { "1234" } },
		{ "state == parsed", { NULL } }, /* which no line says */
		{ "state == partial", { ",\"state\":\"partial\"" } },
		{ "state ^= pars", { NULL } },
		{ "status >= 500 && path == /login", { ",\"path\":\"/login\"" } },
		{ "status >= 500 && method != GET", { ",\"status\":" } },
		{ "status == 500 || status == 502", { ",\"status\":500", ",\"status\":502" } },
		{ "status == 500 || path ~= ab", { NULL } },
		{ "(status == 500 || path ~= abcd) && bytes > 3", { ",\"status\":500", "abcd" } },
		{ "!(status != 500 && path != /x)", { ",\"status\":500", ",\"path\":\"/x\"" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter;
		size_t want = 0;

		print_message("%s\n", rows[i].where);
		while (rows[i].want[want] != NULL)
			want++;
		assert_int_equal(filter_compile(rows[i].where, &filter, NULL), 0);
		assert_int_equal(filter_literals_make(&l, filter), want > 0);
		assert_int_equal(l.count, want);
		for (size_t k = 0; k < want; k++)
			assert_true(span_is(l.text[k], rows[i].want[k]));
		filter_free(filter);
	}
}

static void
numbers_are_looked_at(void **state)
{
	static const struct {
		const char *from;
		bool stands;
	} rows[] = {
		{ ",\"status\":500,", true },
		{ ",\"status\":499}", false },
		{ ",\"status\":-500}", false },
		{ ",\"status\":5000}", true },
		{ ",\"status\":50", true }, /* what follows is not there: nobody knows */
		{ ",\"status\":9223372036854775807}", true },
		{ ",\"status\":-9223372036854775808}", true }, /* too long to be told here */
		{ ",\"state\":\"partial\"}", false },
	};
	struct filter *filter;

	assert_int_equal(filter_compile("status >= 500", &filter, NULL), 0);
	assert_true(filter_literals_make(&l, filter));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].from);
		assert_int_equal(filter_literals_stand(&l, span_str(rows[i].from)), rows[i].stands);
	}
	filter_free(filter);
}

static bool
stands_anywhere(struct span line)
{
	for (size_t at = 0; at < line.len; at++)
		if (filter_literals_stand(&l, span_from(line, at)))
			return (true);
	return (false);
}

/* Records of every corner, under filters whose literals are pieces of theirs. */
static void
no_record_that_matches_is_missed(void **state)
{
	static const char *const where[] = { "status == 404", "status >= 9999", "bytes < 0",
		"bytes > 100 && duration_us <= 404", "path ~= abcdefgh", "path ^= sg.a",
		"path == aaaa", "user ~= \"//a/\"", "extra ~= sg.abc",
		"extra == \"sg.abcdefgh234567ab\"", "forwarded ~= {int}", "forwarded ^= sg.a",
		"flags == overlong", "flags ^= over", "state == partial",
		"state == unparsed || status == 200", "!(method != aaaa)",
		"(asn == 100 || agent ~= 4567a) && status > 0", "query ~= ,sta" };
	static struct random_record x = { .state = 20261127 };
	static char line[RECORD_BYTES_MAX];
	struct record_encoder enc = { 0 };
	struct record_decoder *dec = test_malloc(sizeof(*dec));
	size_t matched = 0, passed = 0;

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct filter *filter;

		print_message("%s\n", where[i]);
		assert_int_equal(filter_compile(where[i], &filter, NULL), 0);
		assert_true(filter_literals_make(&l, filter));
		for (int round = 0; round < 600; round++) {
			struct record r;
			struct span text;
			bool stands;

			(void)random_record(&x, 60);
			text = span_of(line, record_encode(&enc, &x.record, line) - 1);
			assert_int_equal(record_decode(dec, text, &r, NULL), 0);
			stands = stands_anywhere(text);
			assert_true(stands || !filter_match(filter, &r));
			matched += filter_match(filter, &r);
			passed += !stands;
		}
		filter_free(filter);
	}
	assert_in_range(matched, 500, 11000);
	assert_in_range(passed, 1000, 11000);
	test_free(dec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_for_is_what_stands_there),
		cmocka_unit_test(numbers_are_looked_at),
		cmocka_unit_test(no_record_that_matches_is_missed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
