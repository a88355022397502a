/* Decimal numbers, in units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>

#include "parse/json/read.h"

static void
numbers_become_microseconds(void **state)
{
	static const struct {
		const char *in;
		enum parse_json_unit unit;
		bool good;
		int64_t out;
	} rows[] = {
		{ "0", PARSE_JSON_ONE, true, 0 },
		{ "512", PARSE_JSON_ONE, true, 512 },
		{ "-1", PARSE_JSON_ONE, true, -1 },
		{ "1e3", PARSE_JSON_ONE, true, 1000 },
		{ "1.5E+3", PARSE_JSON_ONE, true, 1500 },
		{ "15e-1", PARSE_JSON_ONE, true, 1 },
		{ "1e-400", PARSE_JSON_ONE, true, 0 },
		{ "0e400", PARSE_JSON_ONE, true, 0 },
		{ "9223372036854775807", PARSE_JSON_ONE, true, INT64_C(9223372036854775800) },
		{ "1e400", PARSE_JSON_ONE, false, 0 },
		{ "92233720368547758070", PARSE_JSON_ONE, false, 0 },
		{ "512 bytes", PARSE_JSON_ONE, false, 0 },
		{ "", PARSE_JSON_ONE, false, 0 },
		{ "-", PARSE_JSON_ONE, false, 0 },
		{ ".5", PARSE_JSON_ONE, false, 0 },
		{ "5.", PARSE_JSON_ONE, false, 0 },
		{ "0x10", PARSE_JSON_ONE, false, 0 },
		{ "1e", PARSE_JSON_ONE, false, 0 },
		{ "1e99999", PARSE_JSON_ONE, false, 0 },
		{ "0.057", PARSE_JSON_S, true, 57000 },
		{ "0.0000027", PARSE_JSON_S, true, 2 },
		{ "2", PARSE_JSON_S, true, 2000000 },
		{ "2.701e-06", PARSE_JSON_S, true, 2 },
		{ "57", PARSE_JSON_MS, true, 57000 },
		{ "0.5", PARSE_JSON_MS, true, 500 },
		{ "357313", PARSE_JSON_NS, true, 357 },
		{ "0.5", PARSE_JSON_FRACTION, true, 500000 },
		{ "5", PARSE_JSON_FRACTION, false, 0 },
		{ "5ms", PARSE_JSON_FRACTION, true, 5000 },
		{ "1.5ms", PARSE_JSON_S, true, 1500 },
		{ "15\xc2\xb5s", PARSE_JSON_S, true, 15 },
		{ "15us", PARSE_JSON_S, true, 15 },
		{ "1500ns", PARSE_JSON_S, true, 1 },
		{ "3s", PARSE_JSON_NS, true, 3000000 },
		{ "3s", PARSE_JSON_ONE, false, 0 },
		{ "3h", PARSE_JSON_S, false, 0 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t out = 0;
		bool good = parse_json_number(span_str(rows[i].in), rows[i].unit, &out);

		if (good == rows[i].good && (!good || out == rows[i].out))
			continue;
		print_error("%s: %d, %" PRId64 "\n", rows[i].in, good, out);
		bad++;
	}
	assert_int_equal(bad, 0);
}

static void
lists_of_upstreams_add_up(void **state)
{
	static const struct {
		const char *in;
		bool good;
		int64_t out;
	} rows[] = {
		{ "0.004", true, 4000 },
		{ "0.004, 0.2", true, 204000 },
		{ "0.004 : 0.001, -", true, 5000 },
		{ "-", false, 0 },
		{ "- : -", false, 0 },
		{ "0.004, x", false, 0 },
		{ "9000000000000, 9000000000000", false, 0 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t out = 0;
		bool good = parse_json_numbers(span_str(rows[i].in), PARSE_JSON_S, &out);

		if (good == rows[i].good && (!good || out == rows[i].out))
			continue;
		print_error("%s: %d, %" PRId64 "\n", rows[i].in, good, out);
		bad++;
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_microseconds),
		cmocka_unit_test(lists_of_upstreams_add_up),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
