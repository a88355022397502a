/* Who asks, what they may, and what becomes of the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "crypto/random.h"
#include "serve/inside.h"
#include "serve/token.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))
#define HOST "127.0.0.1:8466"

static char tokens[4][SERVE_TOKEN_TEXT_BYTES];

static int
open_one(void **state)
{
	static const enum view_role tiers[] = { VIEW_DEVELOPER, VIEW_ANALYST, VIEW_PUBLIC,
		VIEW_AUDITOR };
	static const char *const names[] = { "dev", "sales", "world", "audit" };
	struct serve_role roles[4] = { 0 };
	struct serve_options how = { .roles = roles, .role_count = 4, .host_count = 1 };
	struct serve *s = NULL;
	struct err e;

	for (int i = 0; i < 4; i++) {
		(void)strcpy(roles[i].name, names[i]);
		roles[i].grant = view_grant_of(tiers[i]);
		serve_token_make(tokens[i]);
		serve_token_hash(span_str(tokens[i]), roles[i].token);
		roles[i].has_token = true;
	}
	(void)strcpy(how.hosts[0], HOST);
	(void)strcpy(roles[0].users[0].name, "alice");
	roles[0].users[0].has_uid = true;
	roles[0].users[0].uid = 1000;
	roles[0].user_count = 1;
	(void)strcpy(roles[1].users[0].name, "*");
	roles[1].user_count = 1;
	(void)strcpy(roles[1].streams[0], "shop");
	roles[1].stream_count = 1;
	how.has_proxy = true;
	how.proxy_uid = 33;
	assert_int_equal(serve_open(&how, &s, &e), 0);
	*state = s;
	return (0);
}

static int
close_one(void **state)
{
	serve_close(*state);
	return (0);
}

struct asked {
	struct serve_request r;
	struct serve_call call;
	struct serve_answer a;
	char authorization[80];
};

static bool
ask(struct serve *s, struct asked *q, const char *method, const char *target)
{
	q->r.method = span_str(method);
	q->r.target = span_str(target);
	if (q->r.host.ptr == NULL)
		q->r.host = span_str(HOST);
	serve_answer_free(&q->a);
	return (serve_begin(s, &q->r, &q->call, &q->a));
}

static void
as_role(struct asked *q, int role)
{
	(void)snprintf(q->authorization, sizeof(q->authorization), "Bearer %.47s", tokens[role]);
	q->r.authorization = span_str(q->authorization);
}

static const char *
header_of(const struct serve_answer *a, const char *name)
{
	for (unsigned i = 0; i < a->header_count; i++)
		if (strcmp(a->headers[i].name, name) == 0)
			return (a->headers[i].value);
	return (NULL);
}

static bool
is_problem(const struct serve_answer *a, const char *code)
{
	char want[64];

	(void)snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
	return (a->body.len > 0 && strstr(a->body.data, want) != NULL);
}

/* ---- tables ---- */

static void
test_tables_are_sorted(void **state)
{
	for (size_t i = 1; i < serve_route_count; i++) {
		int order = strcmp(serve_routes[i - 1].path, serve_routes[i].path);

		assert_true(order < 0 ||
		    (order == 0 && strcmp(serve_routes[i - 1].method, serve_routes[i].method) < 0));
	}
	for (size_t i = 0; i < serve_route_count; i++) {
		assert_int_equal(serve_routes[i].needed & ~serve_routes[i].params, 0);
		assert_true(serve_routes[i].formats != 0);
		/* What shows something of a store is known to the one who looks after it. */
		assert_true(serve_routes[i].access || strstr(serve_routes[i].path, "/session") ||
		    strstr(serve_routes[i].path, "/streams") ||
		    strstr(serve_routes[i].path, "/openapi"));
		assert_true(!serve_routes[i].access || serve_routes[i].tiers != 0);
	}
	for (int i = 1; i < SERVE_PROBLEM_COUNT; i++)
		assert_true(strcmp(serve_problems[i - 1].code, serve_problems[i].code) < 0);
	for (int i = 1; serve_dimensions[i] != NULL; i++)
		assert_true(strcmp(serve_dimensions[i - 1], serve_dimensions[i]) < 0);
}

/* ---- who ---- */

static void
test_each_tier_has_its_routes(void **state)
{
	static const struct {
		const char *target;
		const char *want; /* for developer, analyst, public, auditor: y, or why not */
	} rows[] = {
		{ "/api/v1/chain?stream=shop", "yttyt" },
		{ "/api/v1/checkpoint?stream=shop", "yttyt" },
		{ "/api/v1/overview?stream=shop", "yyyt" },
		{ "/api/v1/overview?stream=shop&window=month", "yywt" },
		{ "/api/v1/overview?stream=shop&window=hour", "yywt" },
		{ "/api/v1/overview?stream=shop&since=-1h", "ywwt" },
		{ "/api/v1/records?stream=shop", "yttt" },
		{ "/api/v1/records?stream=shop&since=-1h", "yttt" },
		{ "/api/v1/series?stream=shop&step=minute", "ywwt" },
		{ "/api/v1/series?stream=shop&step=hour", "yywt" },
		{ "/api/v1/series?stream=shop&step=day", "yyyt" },
		{ "/api/v1/session", "yyyy" },
		{ "/api/v1/streams", "yyyy" },
		{ "/api/v1/tail?stream=shop", "yttt" },
		{ "/api/v1/top/paths?stream=shop", "yyyt" },
		{ "/api/v1/top/paths.csv?stream=shop", "yyyt" },
		{ "/api/v1/trust", "yyyy" },
		{ "/api/v1/overview?stream=blog", "ysyt" },
		{ "/api/v1/overview?stream=cretula.access", "ssst" },
		{ "/api/v1/chain?stream=cretula.store", "ytty" },
		{ "/api/v1/records?stream=cretula.access", "sttt" },
	};
	static const struct {
		char sign;
		const char *code;
	} why[] = { { 't', "tier" }, { 'w', "window" }, { 's', "stream" } };

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int role = 0; role < 4; role++) {
			struct asked q = { 0 };
			bool good;

			as_role(&q, role);
			good = ask(*state, &q, "GET", rows[i].target);
			if (good != (rows[i].want[role] == 'y'))
				fail_msg("%s: role %d", rows[i].target, role);
			assert_true(q.call.known);
			for (size_t w = 0; w < COUNT(why); w++)
				if (rows[i].want[role] == why[w].sign &&
				    !is_problem(&q.a, why[w].code))
					fail_msg(
					    "%s: role %d: %s", rows[i].target, role, q.a.body.data);
			serve_answer_free(&q.a);
		}
}

static void
test_nobody_gets_nothing(void **state)
{
	static const char *const targets[] = { "/api/v1/trust", "/api/v1/records?stream=shop",
		"/api/v1/session", "/api/v1/streams", "/api/v1/tail?stream=shop" };

	for (size_t i = 0; i < COUNT(targets); i++) {
		struct asked q = { 0 };

		assert_false(ask(*state, &q, "GET", targets[i]));
		assert_int_equal(q.a.status, 401);
		assert_true(is_problem(&q.a, "session"));
		assert_string_equal(header_of(&q.a, "WWW-Authenticate"), "Bearer");
		assert_false(q.call.known);
		q.r.authorization = span_str("Bearer crt_wrong");
		assert_false(ask(*state, &q, "GET", targets[i]));
		assert_true(q.a.status == 401 || q.a.status == 429);
		assert_true(q.a.hold_ms > 0);
		serve_answer_free(&q.a);
	}
}

static void
test_who_it_is(void **state)
{
	static const struct {
		const char *claim;
		bool local;
		uint32_t uid;
		const char *user;
		const char *operator; /* NULL: nobody */
		enum serve_via via;
	} rows[] = {
		{ "a user of this machine", true, 1000, "", "alice", SERVE_VIA_PEER },
		{ "another one", true, 1001, "", NULL, 0 },
		{ "root is nobody in particular", true, 0, "", NULL, 0 },
		{ "not by the network", false, 1000, "", NULL, 0 },
		{ "whom the proxy names", true, 33, "bob", "bob", SERVE_VIA_PROXY },
		{ "by a role of his own", true, 33, "alice", "alice", SERVE_VIA_PROXY },
		{ "the proxy itself is nobody", true, 33, "", NULL, 0 },
		{ "only the proxy names others", true, 1000, "bob", "alice", SERVE_VIA_PEER },
		{ "nor does the network", false, 33, "bob", NULL, 0 },
		{ "a name is a word", true, 33, "bob smith", NULL, 0 },
		{ "and not a star", true, 33, "*", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct asked q = { .r = { .local = rows[i].local, .uid = rows[i].uid } };
		bool good;

		q.r.user = span_str(rows[i].user);
		good = ask(*state, &q, "GET", "/api/v1/session");
		if (good != (rows[i].operator!= NULL) ||
		    (good &&
			(strcmp(q.call.who.operator, rows[i].operator) != 0 ||
			    q.call.who.via != rows[i].via)))
			fail_msg("%s: %s", rows[i].claim, good ? q.call.who.operator: "nobody");
		serve_answer_free(&q.a);
	}
}

/* ---- sessions ---- */

static void
log_in(struct serve *s, int role, char cookie[static 128])
{
	struct asked q = { .r = { .type = SPAN("application/json") } };
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"token\":\"%s\"}", tokens[role]);
	q.r.body = span_str(body);
	assert_true(ask(s, &q, "POST", "/api/v1/session"));
	serve_session_do(s, &q.call, &q.a);
	assert_int_equal(q.a.status, 200);
	assert_non_null(strstr(header_of(&q.a, "Set-Cookie"), "; HttpOnly; SameSite=Strict"));
	assert_null(strstr(header_of(&q.a, "Set-Cookie"), "Secure"));
	assert_null(strstr(q.a.body.data, tokens[role]));
	(void)snprintf(cookie, 128, "%.*s", (int)strcspn(header_of(&q.a, "Set-Cookie"), ";"),
	    header_of(&q.a, "Set-Cookie"));
	serve_answer_free(&q.a);
}

static void
test_a_session_begins_and_ends(void **state)
{
	struct asked q = { 0 };
	struct serve_who who;
	char cookie[128];

	log_in(*state, 1, cookie);
	q.r.cookie = span_str(cookie);
	assert_true(ask(*state, &q, "GET", "/api/v1/overview?stream=shop"));
	assert_string_equal(q.call.who.operator, "sales");
	assert_int_equal(q.call.who.via, SERVE_VIA_COOKIE);
	who = q.call.who;
	assert_true(serve_lives(*state, &who));
	assert_true(ask(*state, &q, "DELETE", "/api/v1/session"));
	serve_session_do(*state, &q.call, &q.a);
	assert_int_equal(q.a.status, 204);
	assert_non_null(strstr(header_of(&q.a, "Set-Cookie"), "Max-Age=0"));
	assert_false(serve_lives(*state, &who));
	assert_false(ask(*state, &q, "GET", "/api/v1/overview?stream=shop"));
	assert_int_equal(q.a.status, 401);
	serve_answer_free(&q.a);
}

/* Of another scheme it is the proxy's: the session, or whom the proxy names, counts. */
static void
test_what_is_no_token_is_passed_over(void **state)
{
	static const char *const others[] = { "Basic YWxpY2U6c2VjcmV0", "Digest x", "Bearer",
		"bearer  " };
	char cookie[128];

	log_in(*state, 1, cookie);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct asked q = { 0 };

		q.r.authorization = span_str(others[i]);
		assert_false(ask(*state, &q, "GET", "/api/v1/trust"));
		assert_true(q.a.status == 401 && is_problem(&q.a, "session"));
		assert_int_equal(q.a.hold_ms, 0); /* nobody guessed */
		q.r.cookie = span_str(cookie);
		(void)ask(*state, &q, "GET", "/api/v1/session");
		assert_true(q.call.known && q.call.who.via == SERVE_VIA_COOKIE);
		q.r.cookie = span_of("", 0);
		q.r.local = true;
		q.r.uid = 33;
		q.r.user = span_str("alice");
		(void)ask(*state, &q, "GET", "/api/v1/session");
		assert_true(q.call.known && q.call.who.via == SERVE_VIA_PROXY);
		/* A token is an attempt, whatever comes with it. */
		q.r.cookie = span_str(cookie);
		q.r.authorization = span_str("Bearer crt_wrong");
		assert_false(ask(*state, &q, "GET", "/api/v1/session"));
		assert_false(q.call.known);
		serve_answer_free(&q.a);
	}
}

static void
test_a_cookie_has_its_time(void **state)
{
	struct serve_sessions *s = calloc(1, sizeof(*s));
	char first[SERVE_COOKIE_BYTES], second[SERVE_COOKIE_BYTES], third[SERVE_COOKIE_BYTES];
	int64_t now = 1;
	uint64_t number = serve_session_begin(s, 2, now, first)->number;

	assert_non_null(serve_session_find(s, span_str(first), now, second));
	assert_string_equal(second, "");
	now += SERVE_ROTATE_NS + 1;
	assert_int_equal(serve_session_find(s, span_str(first), now, second)->number, number);
	assert_int_equal(strlen(second), SERVE_COOKIE_BYTES - 1);
	/* For requests that were under way the one before is good for a while. */
	assert_non_null(serve_session_find(s, span_str(first), now + SERVE_OVERLAP_NS, third));
	assert_string_equal(third, "");
	assert_null(serve_session_find(s, span_str(first), now + SERVE_OVERLAP_NS + 1, third));
	assert_non_null(serve_session_find(s, span_str(second), now, third));
	/* Idle too long. */
	assert_null(serve_session_find(
	    s, span_str(second), now + SERVE_IDLE_NS + 2 * SERVE_OVERLAP_NS, third));
	assert_false(serve_session_lives(s, number, now));
	/* However busy, it ends. */
	now = 1;
	(void)serve_session_begin(s, 2, now, first);
	for (; now < SERVE_LIFE_NS; now += SERVE_IDLE_NS / 2) {
		assert_non_null(serve_session_find(s, span_str(first), now, second));
		if (second[0] != '\0')
			memcpy(first, second, sizeof(first));
	}
	assert_null(serve_session_find(s, span_str(first), SERVE_LIFE_NS + 2, second));
	free(s);
}

static void
test_who_asked_least_makes_room(void **state)
{
	struct serve_sessions *s = calloc(1, sizeof(*s));
	char cookies[SERVE_SESSIONS + 1][SERVE_COOKIE_BYTES], fresh[SERVE_COOKIE_BYTES];
	char other[SERVE_COOKIE_BYTES];

	for (int i = 0; i < SERVE_SESSIONS; i++)
		(void)serve_session_begin(s, 0, 100 + i, cookies[i]);
	assert_non_null(serve_session_find(s, span_str(cookies[0]), 1000, fresh));
	(void)serve_session_begin(s, 0, 2000, cookies[SERVE_SESSIONS]);
	assert_non_null(serve_session_find(s, span_str(cookies[0]), 2000, fresh));
	assert_null(serve_session_find(s, span_str(cookies[1]), 2000, fresh));
	assert_non_null(serve_session_find(s, span_str(cookies[2]), 2000, fresh));
	/* Another role drives out one of those; and these drive out their own. */
	(void)serve_session_begin(s, 1, 2001, other);
	for (int i = 0; i < 2 * SERVE_SESSIONS; i++)
		(void)serve_session_begin(s, 0, 2002 + i, cookies[0]);
	assert_non_null(serve_session_find(s, span_str(other), 3000, fresh));
	assert_non_null(serve_session_find(s, span_str(cookies[0]), 3000, fresh));
	free(s);
}

static void
test_tokens(void **state)
{
	char token[SERVE_TOKEN_TEXT_BYTES], other[SERVE_TOKEN_TEXT_BYTES],
	    text[SERVE_HASH_TEXT_BYTES];
	unsigned char hash[32], again[32];

	serve_token_make(token);
	serve_token_make(other);
	assert_int_equal(strlen(token), SERVE_TOKEN_TEXT_BYTES - 1);
	assert_string_not_equal(token, other);
	serve_token_hash(span_str(token), hash);
	serve_hash_print(hash, text);
	assert_int_equal(strlen(text), SERVE_HASH_TEXT_BYTES - 1);
	assert_int_equal(serve_hash_read(span_str(text), again), 0);
	assert_memory_equal(hash, again, 32);
	text[10] = 'x';
	assert_int_equal(serve_hash_read(span_str(text), again), -1);
	assert_int_equal(serve_hash_read(span_str("sha256:00"), again), -1);
	assert_int_equal(serve_hash_read(span_str(token), again), -1);
}

/* ---- others ---- */

static void
test_other_sites(void **state)
{
	static const struct {
		const char *claim, *method, *target, *host, *origin, *site, *code;
	} rows[] = {
		{ "a browser of ours", "POST", "/api/v1/session", HOST, "http://" HOST,
		    "same-origin", NULL },
		{ "no browser", "POST", "/api/v1/session", HOST, "", "", NULL },
		{ "behind TLS of a proxy", "POST", "/api/v1/session", HOST, "https://" HOST, "",
		    NULL },
		{ "another site's form", "POST", "/api/v1/session", HOST, "http://evil.example",
		    "cross-site", "origin" },
		{ "an origin alone tells", "POST", "/api/v1/session", HOST, "http://evil.example",
		    "", "origin" },
		{ "a null origin", "POST", "/api/v1/session", HOST, "null", "", "origin" },
		{ "a neighbour", "POST", "/api/v1/session", HOST, "", "same-site", "origin" },
		{ "an origin that begins as ours", "POST", "/api/v1/session", HOST,
		    "http://" HOST ".evil.example", "", "origin" },
		{ "a script of another site", "GET", "/api/v1/trust", HOST, "", "cross-site",
		    "origin" },
		{ "a name that leads here", "GET", "/api/v1/trust", "evil.example", "", "",
		    "host" },
		{ "a port that is not ours", "GET", "/", "127.0.0.1:1", "", "", "host" },
		{ "whatever the case", "GET", "/nowhere", HOST, "", "", "not-found" },
		{ "a link to the page", "GET", "/nowhere", HOST, "", "cross-site", "not-found" },
		{ "not by this method", "PUT", "/api/v1/trust", HOST, "", "", "method" },
		{ "nor by one of nobody", "TRACE", "/api/v1/trust", HOST, "", "", "method" },
		{ "an absolute form", "GET", "http://evil.example/", HOST, "", "", "request" },
		{ "no path of the disk", "GET", "/../etc/passwd", HOST, "", "", "not-found" },
		{ "nor an encoded one", "GET", "/%2e%2e/etc/passwd", HOST, "", "", "not-found" },
		{ "a path that is nearly one", "GET", "/api/v1/trust/", HOST, "", "", "not-found" },
		{ "a format it does not have", "GET", "/api/v1/trust.csv", HOST, "", "",
		    "not-found" },
		{ "a dimension that is none", "GET", "/api/v1/top/clients?stream=shop", HOST, "",
		    "", "not-found" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct asked q = { .r = { .host = span_str(rows[i].host),
				       .origin = span_str(rows[i].origin),
				       .site = span_str(rows[i].site) } };
		bool good;

		if (strcmp(rows[i].method, "POST") != 0)
			as_role(&q, 0);
		good = ask(*state, &q, rows[i].method, rows[i].target);
		if (good != (rows[i].code == NULL) || (!good && !is_problem(&q.a, rows[i].code)))
			fail_msg("%s: %s", rows[i].claim, good ? "good" : q.a.body.data);
		serve_answer_free(&q.a);
	}
}

static void
test_flaws_end_the_connection(void **state)
{
	for (int flaw = SERVE_FLAW_HOST; flaw <= SERVE_FLAW_BODY; flaw++) {
		struct asked q = { .r = { .flaw = (enum serve_flaw)flaw } };

		as_role(&q, 0);
		assert_false(ask(*state, &q, "GET", "/api/v1/trust"));
		assert_int_equal(q.a.status, 400);
		assert_true(q.a.close);
		serve_answer_free(&q.a);
	}
}

static void
test_parameters_that_are_missing(void **state)
{
	struct asked q = { 0 };

	as_role(&q, 0);
	assert_false(ask(*state, &q, "GET", "/api/v1/records"));
	assert_true(is_problem(&q.a, "parameter"));
	assert_non_null(strstr(q.a.body.data, "\"parameter\":\"stream\""));
	assert_false(ask(*state, &q, "GET", "/api/v1/records?stream=shop&secretvalue=1"));
	assert_null(strstr(q.a.body.data, "secretvalue"));
	serve_answer_free(&q.a);
}

/* ---- answers ---- */

static void
test_tags_and_guards(void **state)
{
	struct asked q = { 0 };
	char etag[SERVE_VALUE_BYTES];

	as_role(&q, 0);
	for (int again = 0; again < 3; again++) {
		assert_true(ask(*state, &q, "GET", "/api/v1/trust"));
		q.a.status = 200;
		q.a.type = "application/json";
		buf_str(&q.a.body, again == 2 ? "{\"other\":1}" : "{}");
		serve_finish(*state, &q.call, &q.a);
		assert_int_equal(q.a.status, again == 1 ? 304 : 200);
		assert_int_equal(q.a.body.len, again == 1 ? 0 : again == 2 ? 11 : 2);
		(void)strcpy(etag, header_of(&q.a, "ETag"));
		q.r.none_match = span_str(etag);
		assert_non_null(
		    strstr(header_of(&q.a, "Content-Security-Policy"), "default-src 'none'"));
		assert_string_equal(header_of(&q.a, "X-Content-Type-Options"), "nosniff");
		assert_string_equal(header_of(&q.a, "Cache-Control"), "private, no-cache");
		assert_null(header_of(&q.a, "Strict-Transport-Security"));
	}
	serve_answer_free(&q.a);
}

static void
test_formats(void **state)
{
	static const struct {
		const char *target, *accept;
		enum serve_format format;
	} rows[] = {
		{ "/api/v1/records?stream=shop", "", SERVE_JSON },
		{ "/api/v1/records?stream=shop", "text/csv", SERVE_CSV },
		{ "/api/v1/records?stream=shop", "text/csv, application/json", SERVE_JSON },
		{ "/api/v1/records?stream=shop", "application/x-ndjson", SERVE_LINES },
		{ "/api/v1/records.csv?stream=shop", "application/json", SERVE_CSV },
		{ "/api/v1/records.jsonl?stream=shop", "", SERVE_LINES },
		{ "/api/v1/top/paths.csv?stream=shop", "", SERVE_CSV },
		{ "/api/v1/tail?stream=shop", "text/event-stream", SERVE_EVENTS },
		{ "/api/v1/checkpoint?stream=shop", "*/*", SERVE_TEXT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct asked q = { .r = { .accept = span_str(rows[i].accept) } };

		as_role(&q, 0);
		assert_true(ask(*state, &q, "GET", rows[i].target));
		if (q.call.format != rows[i].format)
			fail_msg("%s, %s: %d", rows[i].target, rows[i].accept, q.call.format);
		serve_answer_free(&q.a);
	}
}

static void
test_limits(void **state)
{
	struct serve_limit *l = calloc(1, sizeof(*l));
	int64_t now = 1000;

	serve_limit_open(l, 2, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(serve_limit_take(l, 7, now), 0);
	assert_int_equal(serve_limit_take(l, 7, now), 1);
	assert_int_equal(serve_limit_take(l, 8, now), 0);
	now += 500000000;
	assert_int_equal(serve_limit_take(l, 7, now), 0);
	assert_true(serve_limit_take(l, 7, now) > 0);
	/* Many others do not empty a bucket that is in use, and take no memory. */
	for (uint64_t key = 100; key < 100 + SERVE_BUCKETS - 2; key++)
		assert_int_equal(serve_limit_take(l, key, now + 1), 0);
	assert_true(serve_limit_take(l, 7, now + 2) > 0);
	free(l);
}

static void
test_whoever_asks_too_much_waits(void **state)
{
	struct asked q = { 0 };
	int good = 0;

	as_role(&q, 2);
	for (int i = 0; i < 400 && ask(*state, &q, "GET", "/api/v1/session"); i++)
		good++;
	assert_in_range(good, 100, 399);
	assert_int_equal(q.a.status, 429);
	assert_non_null(header_of(&q.a, "Retry-After"));
	as_role(&q, 3);
	assert_true(ask(*state, &q, "GET", "/api/v1/session"));
	serve_answer_free(&q.a);
}

/* The cookie is another one from now on, whatever the answer: who is not told it is soon out. */
static void
test_a_turned_cookie_comes_with_a_refusal(void **state)
{
	struct serve *s = *state;
	struct asked q = { 0 };
	char cookie[128];

	log_in(s, 1, cookie);
	q.r.cookie = span_str(cookie);
	for (int i = 0; i < 400 && ask(s, &q, "GET", "/api/v1/session"); i++)
		;
	assert_int_equal(q.a.status, 429);
	assert_null(header_of(&q.a, "Set-Cookie"));
	for (unsigned i = 0; i < SERVE_SESSIONS; i++)
		s->sessions.list[i].turned_ns -= SERVE_ROTATE_NS + 1;
	assert_false(ask(s, &q, "GET", "/api/v1/session"));
	assert_int_equal(q.a.status, 429);
	assert_non_null(header_of(&q.a, "Set-Cookie"));
	serve_answer_free(&q.a);
}

/* Who asks for the page again and again waits; all others over TCP wait for many of them only. */
static void
test_strangers_wait_for_themselves(void **state)
{
	struct asked q = { .r = { .network = 1 } };
	int networks = 0;

	for (int i = 0; i < 400 && q.a.status != 429; i++)
		assert_false(ask(*state, &q, "GET", "/api/v1/session"));
	assert_int_equal(q.a.status, 429);
	q.r.network = 2;
	assert_false(ask(*state, &q, "GET", "/api/v1/session"));
	assert_int_equal(q.a.status, 401);
	for (; networks < 100000 && q.a.status != 429; networks++) {
		q.r.network++;
		assert_false(ask(*state, &q, "GET", "/api/v1/session"));
	}
	assert_in_range(networks, 1000, 99999);
	q.r.local = true; /* a user of this machine is none of them */
	assert_false(ask(*state, &q, "GET", "/api/v1/session"));
	assert_int_equal(q.a.status, 401);
	serve_answer_free(&q.a);
}

/* None who is unknown keeps those with a token out. */
static void
test_nobody_locks_logins_out(void **state)
{
	struct asked q = { .r = { .type = SPAN("application/json") } };
	char cookie[128], body[128];
	int good = 0;

	for (int i = 0; i < 400 && q.a.status != 429; i++)
		assert_false(ask(*state, &q, "GET", "/api/v1/session"));
	assert_int_equal(q.a.status, 429);
	q.r.body = span_str("{\"token\":\"crt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
	for (int i = 0; i < 400; i++) {
		assert_true(ask(*state, &q, "POST", "/api/v1/session"));
		serve_session_do(*state, &q.call, &q.a);
		assert_true(q.a.status == 401 || q.a.status == 429);
		assert_true(q.a.hold_ms > 0);
	}
	log_in(*state, 1, cookie);
	/* Nor does one with a token log in for ever. */
	(void)snprintf(body, sizeof(body), "{\"token\":\"%s\"}", tokens[1]);
	q.r.body = span_str(body);
	for (; good < 400; good++) {
		assert_true(ask(*state, &q, "POST", "/api/v1/session"));
		serve_session_do(*state, &q.call, &q.a);
		if (q.a.status != 200)
			break;
	}
	assert_in_range(good, 100, 399);
	assert_int_equal(q.a.status, 429);
	assert_non_null(header_of(&q.a, "Retry-After"));
	assert_null(header_of(&q.a, "Set-Cookie"));
	serve_answer_free(&q.a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_sorted),
		cmocka_unit_test(test_each_tier_has_its_routes),
		cmocka_unit_test(test_nobody_gets_nothing), cmocka_unit_test(test_who_it_is),
		cmocka_unit_test(test_a_session_begins_and_ends),
		cmocka_unit_test(test_what_is_no_token_is_passed_over),
		cmocka_unit_test(test_a_cookie_has_its_time),
		cmocka_unit_test(test_who_asked_least_makes_room), cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_other_sites), cmocka_unit_test(test_flaws_end_the_connection),
		cmocka_unit_test(test_parameters_that_are_missing),
		cmocka_unit_test(test_tags_and_guards), cmocka_unit_test(test_formats),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_whoever_asks_too_much_waits),
		cmocka_unit_test(test_strangers_wait_for_themselves),
		cmocka_unit_test(test_nobody_locks_logins_out),
		cmocka_unit_test_setup_teardown(test_a_turned_cookie_comes_with_a_refusal, open_one,
		    close_one), /* new tokens */
	};

	if (crypto_start(NULL) == -1)
		return (1);
	return (cmocka_run_group_tests(tests, open_one, close_one));
}
