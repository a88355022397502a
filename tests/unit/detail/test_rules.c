#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "detail/detail.h"

#define RECORD(path, status) \
	"{\"time\":\"2026-11-25T03:00:00.000Z\",\"event\":\"http.request\",\"client\":\"ip.abc\"," \
	"\"path\":\"" path "\",\"query\":\"q={int}\",\"status\":" status ",\"referer\":\"https://a.example\"," \
	"\"agent\":\"Chrome\",\"agent_major\":120,\"os\":\"Linux\",\"device\":\"desktop\",\"extra\":{\"a\":1}}"

static struct record_decoder decoder;

static struct record
decode(const char *line)
{
	struct record r;
	struct err e;

	assert_int_equal(record_decode(&decoder, span_str(line), &r, &e), 0);
	return (r);
}

static void
the_first_rule_that_matches_wins(void **state)
{
	static const struct detail_rule rules[] = {
		{ "path == /healthz && status == 200", DETAIL_COUNT },
		{ "status >= 500", DETAIL_FULL },
		{ "path ^= /static/", DETAIL_SLIM },
		{ "status == 304", DETAIL_COUNT },
	};
	static const struct {
		const char *claim, *line;
		enum detail_level level;
	} rows[] = {
		{ "a health check", RECORD("/healthz", "200"), DETAIL_COUNT },
		{ "an ill one", RECORD("/healthz", "503"), DETAIL_FULL },
		{ "one that is moved matches none", RECORD("/healthz", "301"), DETAIL_FULL },
		{ "a file", RECORD("/static/app.css", "200"), DETAIL_SLIM },
		{ "the earlier of two", RECORD("/static/app.css", "304"), DETAIL_SLIM },
		{ "the last", RECORD("/shop", "304"), DETAIL_COUNT },
		{ "none", RECORD("/shop", "200"), DETAIL_FULL },
	};
	struct detail *d = NULL;
	struct err e;
	unsigned at;

	assert_int_equal(detail_open(rules, 4, &d, &at, &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = decode(rows[i].line);

		if (detail_of(d, &r) != rows[i].level)
			fail_msg("%s: %s", rows[i].claim, detail_level_names[detail_of(d, &r)]);
	}
	detail_close(d);
}

static void
without_rules_all_is_full(void **state)
{
	struct record r = decode(RECORD("/shop", "200"));
	struct detail *d = NULL;
	struct err e;
	unsigned at;

	assert_int_equal(detail_open(NULL, 0, &d, &at, &e), 0);
	assert_int_equal(detail_of(d, &r), DETAIL_FULL);
	detail_close(d);
	detail_close(NULL);
}

static void
slim_keeps_what_happened(void **state)
{
	struct record r = decode(RECORD("/shop", "200"));
	struct record_encoder encoder = { .valid = false };
	char out[RECORD_BYTES_MAX];
	size_t len;

	r.agent = span_of(",\"agent\":\"Chrome\"", 17);
	detail_slim(&r);
	len = record_encode(&encoder, &r, out);
	out[len] = '\0';
	assert_string_equal(out,
	    "{\"time\":\"2026-11-25T03:00:00.000Z\",\"event\":\"http.request\","
	    "\"client\":\"ip.abc\",\"path\":\"/shop\",\"status\":200}\n");
}

static void
a_bad_rule_is_named(void **state)
{
	static const struct {
		const char *when, *error;
	} rows[] = {
		{ "status = 5", "column 8: no operator = ; did you mean ==?" },
		{ "", "column 1: a field name is missing" },
		{ "client == ip.abc",
		    "column 1: client: a rule asks what happened, not who did it or when" },
		{ "path == /a && user == us.abc",
		    "column 1: user: a rule asks what happened, not who did it or when" },
		{ "referer ^= https://a",
		    "column 1: referer: a rule asks what happened, not who did it or when" },
		{ "time > 2026-11-25T03:00:00Z",
		    "column 1: time: a rule asks what happened, not who did it or when" },
		{ "session != se.a",
		    "column 1: session: a rule asks what happened, not who did it or when" },
		{ "state == partial",
		    "column 1: state: a rule asks what happened, not who did it or when" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct detail_rule rules[2] = { { "status >= 500", DETAIL_FULL },
			{ "", DETAIL_COUNT } };
		struct detail *d = NULL;
		struct err e;
		unsigned at;

		memcpy(rules[1].when, rows[i].when, strlen(rows[i].when));
		assert_int_equal(detail_open(rules, 2, &d, &at, &e), -1);
		assert_int_equal(at, 1);
		assert_int_equal(e.code, ERR_USAGE);
		assert_string_equal(e.text, rows[i].error);
		assert_null(d);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_matches_wins),
		cmocka_unit_test(without_rules_all_is_full),
		cmocka_unit_test(slim_keeps_what_happened),
		cmocka_unit_test(a_bad_rule_is_named),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
