/* parse: columns that a line of their own names. */
#include "shared.h"

#include "parse/context.h"
#include "show.h"

#define FIELDS "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status time-taken"
#define LINE "2025-11-24 10:11:12 192.0.2.7 GET /a "

static unsigned bad;
static char scratch[2][PARSE_SCRATCH_BYTES];

static void
begin(struct parse_state *state, struct parser *parser, const char *format)
{
	*parser = (struct parser){ .format = parse_format_find(span_str(format)) };
	assert_non_null(parser->format);
	parse_begin(state, parser, 0);
}

/* The last line of text. */
static void
check(const char *format, const char *text, const char *want)
{
	struct parse_state state;
	struct parser parser;
	struct span rest = span_str(text), line;
	enum parse_result result = PARSE_META;
	enum parse_reason reason = PARSE_REASON_GRAMMAR;
	struct event ev;
	char got[4096];

	begin(&state, &parser, format);
	while (shared_line(&rest, &line))
		result = parse_line(&state, line, scratch[0], &ev, &reason);
	show_event(result, reason, &ev, got, sizeof(got));
	if (strcmp(got, want) != 0)
		bad++, print_error("%s\n  got  %s\n  want %s\n", text, got, want);
}

static void
test_lines(void **state)
{
	static const struct {
		const char *claim, *format, *text, *want;
	} rows[] = {
		{ "nothing is read before columns are named", "w3c", LINE "b=1 200 15",
		    "unparsed no_fields" },
		{ "columns go where their names say", "w3c", FIELDS "\n" LINE "b=1 200 15",
		    "event client=192.0.2.7 method=GET target=/a?b=1 status=200 us=15000" },
		{ "no query is no question mark", "w3c", FIELDS "\n" LINE "- 200 15",
		    "event client=192.0.2.7 method=GET target=/a status=200 us=15000" },
		{ "a query without a path", "w3c",
		    "#Fields: date time c-ip cs-uri-query\n2025-11-24 10:11:12 192.0.2.7 b=1",
		    "event client=192.0.2.7 target=?b=1" },
		{ "a value too few", "w3c", FIELDS "\n" LINE "b=1 200", "unparsed columns" },
		{ "a value too many", "w3c", FIELDS "\n" LINE "b=1 200 15 9", "unparsed columns" },
		{ "columns may change", "w3c",
		    FIELDS "\n" LINE "- 200 15\n#Fields: time date c-ip sc-status\n"
			   "10:11:12 2025-11-24 192.0.2.8 404",
		    "event client=192.0.2.8 status=404" },
		{ "tabs may stand between", "w3c",
		    "#Fields: date\ttime\tc-ip\n2025-11-24\t10:11:12\t192.0.2.7",
		    "event client=192.0.2.7" },
		{ "tabs under names with blanks", "w3c",
		    "#Fields: date time c-ip cs-username\n2025-11-24\t10:11:12\t192.0.2.7\ta b",
		    "event client=192.0.2.7 user=a b" },
		{ "a tab that a client sent separates nothing", "w3c",
		    FIELDS "\n" LINE "b\t1\t2 200 15",
		    "event client=192.0.2.7 method=GET target=/a?b<09>1<09>2 status=200 us=15000" },
		{ "nor does it as the first value", "w3c",
		    "#Fields: cs-uri-stem date time c-ip\n/\t2025-11-24\t10:11:12\t192.0.2.9 "
		    "2025-11-24 10:11:12 192.0.2.7",
		    "event client=192.0.2.7 target=/<09>2025-11-24<09>10:11:12<09>192.0.2.9" },
		{ "nor does a blank where tabs do", "w3c",
		    "#Fields: cs-uri-stem\tdate\ttime\tc-ip\n/ 1 2 "
		    "3\t2025-11-24\t10:11:12\t192.0.2.7",
		    "event client=192.0.2.7 target=/ 1 2 3" },
		{ "names in any case, unknown ones are kept", "w3c",
		    "#Fields: DATE Time C-IP cs(X-Api-Key)\n2025-11-24 10:11:12 192.0.2.7 abc",
		    "event client=192.0.2.7 cs_x_api_key=abc" },
		{ "quotes as CSV has them", "w3c",
		    "#Fields: date time c-ip cs(User-Agent)\n"
		    "2025-11-24 10:11:12 192.0.2.7 \"a \"\"b\"\" c\"",
		    "event client=192.0.2.7 agent=a \"b\" c" },
		{ "a quote that does not end", "w3c",
		    "#Fields: date time c-ip cs(User-Agent)\n2025-11-24 10:11:12 192.0.2.7 \"a b",
		    "unparsed columns" },
		{ "pluses are blanks in an agent", "w3c",
		    "#Fields: date time c-ip cs(User-Agent)\n"
		    "2025-11-24 10:11:12 192.0.2.7 Mozilla/5.0+(X11)",
		    "event client=192.0.2.7 agent=Mozilla/5.0 (X11)" },
		{ "a bad status is left out", "w3c", FIELDS "\n" LINE "- 20x 15",
		    "partial client=192.0.2.7 method=GET target=/a us=15000" },
		{ "a bad date is no time", "w3c",
		    FIELDS "\n2025-13-24 10:11:12 192.0.2.7 GET /a - 200 15",
		    "partial client=192.0.2.7 method=GET target=/a status=200 us=15000 no-time" },
		{ "a NUL is no text", "w3c", "#Fields: c-ip\n\x01", "partial client=<01> no-time" },
		{ "a directive says nothing", "w3c", "#Version: 1.0", "meta" },
		{ "CloudFront's columns are CloudFront's", "w3c",
		    "#Fields: date time c-ip x-edge-location\n2025-11-24 10:11:12 192.0.2.7 FRA",
		    "unparsed no_fields" },
		{ "and others are not", "aws-cloudfront",
		    "#Fields: date time c-ip\n2025-11-24\t10:11:12\t192.0.2.7",
		    "unparsed no_fields" },
		{ "CloudFront escapes blanks, once or twice", "aws-cloudfront",
		    "#Fields: date time c-ip cs(User-Agent) x-edge-result-type cs(Host) "
		    "x-host-header\n"
		    "2025-11-24\t10:11:12\t192.0.2.7\tMozilla/5.0%2520(X11;%20a+b)\tHit\t"
		    "d1.cloudfront.net\twww.example.com",
		    "event client=192.0.2.7 host=www.example.com agent=Mozilla/5.0 (X11; a+b) "
		    "cache=Hit" },
		{ "the other host is kept, too", "aws-cloudfront",
		    "#Fields: date time x-edge-location x-host-header cs(Host)\n"
		    "2025-11-24\t10:11:12\tFRA\twww.example.com\td1.cloudfront.net",
		    "event host=www.example.com +edge_location=FRA "
		    "+distribution=d1.cloudfront.net" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].format, rows[i].text, rows[i].want);
	assert_int_equal(bad, 0);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *format, *column, *value;
		enum event_number to;
		int64_t want;
	} rows[] = {
		{ "w3c", "time-taken", "15", EVENT_DURATION_US, 15000 },
		{ "w3c", "time-taken", "0.015", EVENT_DURATION_US, 15000 },
		{ "w3c", "TimeTakenMS", "15", EVENT_DURATION_US, 15000 },
		{ "aws-cloudfront", "time-taken", "1.5", EVENT_DURATION_US, 1500000 },
		{ "aws-cloudfront", "time-taken", "2", EVENT_DURATION_US, 2000000 },
		{ "w3c", "cs-bytes", "77", EVENT_REQUEST_BYTES, 77 },
		{ "w3c", "sc-bytes", "77", EVENT_BYTES, 77 },
		{ "w3c", "c-port", "51234", EVENT_PORT, 51234 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parse_state s;
		struct parser parser;
		enum parse_reason reason;
		struct event ev;
		bool edge = rows[i].format[0] == 'a';
		char text[256];

		begin(&s, &parser, rows[i].format);
		(void)snprintf(text, sizeof(text), "#Fields: date time %s%s", rows[i].column,
		    edge ? " x-edge-location" : "");
		assert_int_equal(parse_line(&s, span_str(text), scratch[0], &ev, &reason), PARSE_META);
		(void)snprintf(text, sizeof(text), "2025-11-24\t10:11:12.5\t%s%s", rows[i].value,
		    edge ? "\tFRA" : "");
		assert_int_equal(
		    parse_line(&s, span_str(text), scratch[0], &ev, &reason), PARSE_EVENT);
		assert_int_equal(ev.time_us, INT64_C(1763979072500000));
		assert_true((ev.has_number >> rows[i].to & 1) != 0);
		assert_int_equal(ev.number[rows[i].to], rows[i].want);
	}
}

/* An event is masked after the next line was read: the names that it borrows stay. */
static void
test_names_outlive_a_change(void **state)
{
	struct parse_state s;
	struct parser parser;
	enum parse_reason reason;
	struct event ev, next;

	(void)state;
	begin(&s, &parser, "w3c");
	assert_int_equal(parse_line(&s, span_str("#Fields: date time x-shoe-size"), scratch[0], &ev,
			     &reason), PARSE_META);
	assert_int_equal(parse_line(&s, span_str("2025-11-24 10:11:12 42"), scratch[0], &ev, &reason),
	    PARSE_EVENT);
	assert_int_equal(parse_line(&s, span_str("#Fields: aaaaaaaaaaaaaaaaaa"), scratch[1], &next,
			     &reason), PARSE_META);
	assert_int_equal(ev.extra_count, 1);
	assert_true(span_is(ev.extra[0].key, "x_shoe_size"));
}

static void
test_limits(void **state)
{
	static char line[PARSE_COLUMNS_BYTES + 1];
	struct parse_state s;
	struct parser parser;
	enum parse_reason reason;
	struct event ev;
	size_t len;

	(void)state;
	begin(&s, &parser, "w3c");
	for (unsigned columns = PARSE_COLUMNS_MAX; columns <= PARSE_COLUMNS_MAX + 1; columns++) {
		len = (size_t)sprintf(line, "#Fields: date time");
		for (unsigned i = 2; i < columns; i++)
			len += (size_t)sprintf(line + len, " c%u", i);
		(void)parse_line(&s, span_of(line, len), scratch[0], &ev, &reason);
		len = (size_t)sprintf(line, "2025-11-24 10:11:12");
		for (unsigned i = 2; i < columns; i++)
			len += (size_t)sprintf(line + len, " %u", i);
		assert_int_equal(parse_line(&s, span_of(line, len), scratch[0], &ev, &reason),
		    columns <= PARSE_COLUMNS_MAX ? PARSE_EVENT : PARSE_UNPARSED);
	}
	assert_int_equal(reason, PARSE_REASON_NO_FIELDS);
	for (size_t more = 0; more < 2; more++) {
		memset(line, 'a', sizeof(line));
		memcpy(line, "#Fields: date time ", 19);
		(void)parse_line(&s, span_of(line, PARSE_COLUMNS_BYTES - 1 + more), scratch[0], &ev,
		    &reason);
		assert_int_equal(parse_line(&s, span_str("2025-11-24 10:11:12 1"), scratch[0], &ev,
				     &reason), more == 0 ? PARSE_EVENT : PARSE_UNPARSED);
	}
}

/* Whoever begins in the middle is told the line in force; and another start forgets it. */
static void
test_resume(void **state)
{
	const struct span line = span_str("2025-11-24 10:11:12 192.0.2.7");
	struct parse_state s;
	struct parser parser;
	enum parse_reason reason;
	struct event ev;

	(void)state;
	begin(&s, &parser, "w3c");
	parse_resume(&s, span_str("#Fields: date time c-ip\r"));
	assert_int_equal(parse_line(&s, line, scratch[0], &ev, &reason), PARSE_EVENT);
	parse_resume(&s, span_of("", 0));
	assert_int_equal(parse_line(&s, line, scratch[0], &ev, &reason), PARSE_UNPARSED);
	assert_int_equal(reason, PARSE_REASON_NO_FIELDS);
	begin(&s, &parser, "combined");
	parse_resume(&s, span_str("#Fields: date time c-ip"));
	assert_false(parse_is_context(parser.format, span_str("#Fields: a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_names_outlive_a_change),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_resume),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
