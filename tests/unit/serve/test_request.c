/* What a request says: targets, parameters, headers, the body of a login. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serve/request.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))

static void
test_targets(void **state)
{
	static const struct {
		const char *claim, *target, *path, *query; /* path NULL: refused */
	} rows[] = {
		{ "a path", "/api/v1/trust", "/api/v1/trust", "" },
		{ "a query", "/a?b=c&d", "/a", "b=c&d" },
		{ "a second question mark is of the query", "/a?b?c", "/a", "b?c" },
		{ "an absolute form", "http://evil.example/", NULL, NULL },
		{ "an asterisk", "*", NULL, NULL },
		{ "nothing", "", NULL, NULL },
		{ "a fragment", "/a#b", NULL, NULL },
		{ "a blank", "/a b", NULL, NULL },
		{ "a line end", "/a\nb", NULL, NULL },
		{ "bytes that are not ASCII", "/\xc3\xa4", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct serve_target t;
		int rc = serve_target_read(span_str(rows[i].target), &t);

		if ((rc == 0) != (rows[i].path != NULL) ||
		    (rc == 0 &&
			(!span_is(t.path, rows[i].path) || !span_is(t.query, rows[i].query))))
			fail_msg("%s", rows[i].claim);
	}
}

static void
test_params(void **state)
{
	static const struct {
		const char *claim, *query;
		int rc, wrong;
	} rows[] = {
		{ "nothing", "", 0, -1 },
		{ "a stream", "stream=shop", 0, -1 },
		{ "the access stream", "stream=cretula.access", 0, -1 },
		{ "a stream that cannot be", "stream=..%2f..%2fetc", -1, SERVE_STREAM },
		{ "a stream that is empty", "stream=", -1, SERVE_STREAM },
		{ "a filter, encoded", "where=path+%5e%3d+%22%2fapi%22", 0, -1 },
		{ "half an escape", "where=a%2", -1, SERVE_WHERE },
		{ "an escape that is none", "where=a%zz", -1, SERVE_WHERE },
		{ "a NUL", "where=a%00b", -1, SERVE_WHERE },
		{ "a line end", "where=a%0ab", -1, SERVE_WHERE },
		{ "no UTF-8", "where=%ff", -1, SERVE_WHERE },
		{ "a number", "limit=100", 0, -1 },
		{ "a number too large", "limit=10001", -1, SERVE_LIMIT },
		{ "a number too small", "limit=0", -1, SERVE_LIMIT },
		{ "a number that is none", "limit=-1", -1, SERVE_LIMIT },
		{ "an order", "order=newest", 0, -1 },
		{ "an order that is none", "order=Newest", -1, SERVE_ORDER },
		{ "an order that is empty", "order=", -1, SERVE_ORDER },
		{ "an order twice", "order=newest&order=oldest", -1, -1 },
		{ "a window", "window=week", 0, -1 },
		{ "a window that is none", "window=year", -1, SERVE_WINDOW },
		{ "a step that is not allowed here", "step=day", -1, -1 },
		{ "a cursor", "cursor=MTIz-_", 0, -1 },
		{ "a cursor of other letters", "cursor=a.b", -1, SERVE_CURSOR },
		{ "an unknown one", "color=red", -1, -1 },
		{ "twice", "limit=1&limit=2", -1, -1 },
		{ "no value", "limit", -1, -1 },
		{ "an empty pair", "limit=1&&window=day", -1, -1 },
		{ "a name that is encoded is none", "l%69mit=1", -1, -1 },
		{ "two", "limit=1&window=day", 0, -1 },
	};
	const unsigned allowed = ~SERVE_BIT(SERVE_STEP);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct serve_params p;
		int wrong, rc = serve_params_read(span_str(rows[i].query), allowed, &p, &wrong);

		if (rc != rows[i].rc || (rc == -1 && wrong != rows[i].wrong))
			fail_msg("%s: %d, %d", rows[i].claim, rc, wrong);
	}
}

static void
test_params_are_decoded(void **state)
{
	struct serve_params p;
	int wrong;

	assert_int_equal(serve_params_read(span_str("where=path%20%5e%3d+%22%2fa+b%22&limit=7&"
						    "window=month"),
			     ~0u, &p, &wrong),
	    0);
	assert_string_equal(p.text[SERVE_WHERE], "path ^= \"/a b\"");
	assert_int_equal(p.number[SERVE_LIMIT], 7);
	assert_int_equal(p.choice[SERVE_WINDOW], SERVE_WINDOW_MONTH);
	assert_null(p.text[SERVE_STREAM]);
	assert_int_equal(
	    p.given, SERVE_BIT(SERVE_WHERE) | SERVE_BIT(SERVE_LIMIT) | SERVE_BIT(SERVE_WINDOW));
}

static void
test_names_are_sorted(void **state)
{
	for (int i = 1; i < SERVE_PARAM_COUNT; i++)
		assert_true(strcmp(serve_param_names[i - 1], serve_param_names[i]) < 0);
}

static void
test_cookies(void **state)
{
	static const struct {
		const char *claim, *cookie, *value;
	} rows[] = {
		{ "alone", "cretula=abc", "abc" },
		{ "among others", "a=b; cretula=abc;c=d", "abc" },
		{ "of a longer name", "xcretula=abc; cretulax=d", "" },
		{ "empty", "cretula=", "" },
		{ "twice: somebody put one in", "cretula=a; cretula=b", "" },
		{ "no pair", "cretula", "" },
		{ "with an equals sign", "cretula=a=b", "a=b" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span got = serve_cookie_find(span_str(rows[i].cookie), "cretula");

		if (!span_is(got, rows[i].value))
			fail_msg("%s: %.*s", rows[i].claim, (int)got.len, got.ptr);
	}
}

static void
test_headers(void **state)
{
	static const struct {
		const char *accept, *type;
		bool names;
	} accepts[] = {
		{ "", "text/csv", false },
		{ "*/*", "text/csv", false },
		{ "text/*", "text/csv", false },
		{ "text/csv", "text/csv", true },
		{ "TEXT/CSV;q=0.5, application/json", "text/csv", true },
		{ "text/csv;q=0", "text/csv", false },
		{ "text/csv; charset=x; q=0.0", "text/csv", false },
		{ "application/json", "text/csv", false },
		{ "text", "text/csv", false },
		{ ",,;,", "text/csv", false },
	};

	for (size_t i = 0; i < COUNT(accepts); i++) {
		struct span a = span_str(accepts[i].accept);

		if (serve_prefers(a, accepts[i].type) != accepts[i].names)
			fail_msg("%s", accepts[i].accept);
	}
	assert_true(span_is(serve_bearer(span_str("Bearer abc")), "abc"));
	assert_true(span_is(serve_bearer(span_str("bearer  abc ")), "abc"));
	assert_int_equal(serve_bearer(span_str("Basic abc")).len, 0);
	assert_int_equal(serve_bearer(span_str("Bearer")).len, 0);
	assert_true(serve_packs(span_str("br, gzip"), "gzip"));
	assert_false(serve_packs(span_str("br, gzip;q=0"), "gzip"));
	assert_false(serve_packs(span_str("*"), "gzip"));
	assert_true(serve_matches(span_str("\"a\", W/\"b\""), "\"b\""));
	assert_true(serve_matches(span_str("*"), "\"b\""));
	assert_false(serve_matches(span_str("\"a\""), "\"b\""));
	assert_false(serve_matches(span_str(""), "\"b\""));
}

static void
test_logins(void **state)
{
	static const struct {
		const char *claim, *body, *token; /* NULL: refused */
	} rows[] = {
		{ "a token", "{\"token\":\"abc\"}", "abc" },
		{ "with blanks", " { \"token\" :\n\t\"a b\" } ", "a b" },
		{ "nothing", "", NULL },
		{ "no token", "{}", NULL },
		{ "an empty one", "{\"token\":\"\"}", NULL },
		{ "another member first", "{\"a\":1,\"token\":\"abc\"}", NULL },
		{ "another member behind", "{\"token\":\"abc\",\"a\":1}", NULL },
		{ "a number", "{\"token\":1}", NULL },
		{ "an escape", "{\"token\":\"a\\u0062\"}", NULL },
		{ "a list", "[\"token\"]", NULL },
		{ "no JSON", "token=abc", NULL },
		{ "two values", "{\"token\":\"a\"}{}", NULL },
	};
	char token[SERVE_TOKEN_BYTES], many[400];

	for (size_t i = 0; i < COUNT(rows); i++) {
		int rc = serve_login_read(span_str(rows[i].body), token);

		if ((rc == 0) != (rows[i].token != NULL) ||
		    (rc == 0 && strcmp(token, rows[i].token) != 0))
			fail_msg("%s", rows[i].claim);
	}
	(void)snprintf(many, sizeof(many), "{\"token\":\"%0128d\"}", 1);
	assert_int_equal(serve_login_read(span_str(many), token), 0);
	(void)snprintf(many, sizeof(many), "{\"token\":\"%0129d\"}", 1);
	assert_int_equal(serve_login_read(span_str(many), token), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_params_are_decoded),
		cmocka_unit_test(test_names_are_sorted),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_logins),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
