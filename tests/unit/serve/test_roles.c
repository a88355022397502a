/* Roles that become others while a server runs: what of sessions stays; and what a cookie is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "serve/serve.h"
#include "serve/token.h"

#define HOST "localhost:8466"
#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))

static char tokens[3][SERVE_TOKEN_TEXT_BYTES];

/* dev and sales; the third token is nobody's. */
static void
fill(struct serve_role roles[static 2])
{
	static const char *const names[] = { "dev", "sales" };

	memset(roles, 0, 2 * sizeof(*roles));
	for (int i = 0; i < 2; i++) {
		(void)snprintf(roles[i].name, sizeof(roles[i].name), "%s", names[i]);
		roles[i].grant = view_grant_of(i == 0 ? VIEW_DEVELOPER : VIEW_ANALYST);
		roles[i].has_token = true;
		serve_token_hash(span_str(tokens[i]), roles[i].token);
	}
}

static struct serve *
open_server(void)
{
	struct serve_role roles[2];
	struct serve_options how = { .roles = roles, .role_count = 2 };
	struct serve *s;

	for (int i = 0; i < 3; i++)
		serve_token_make(tokens[i]);
	fill(roles);
	assert_int_equal(serve_open(&how, &s, NULL), 0);
	memset(roles, 'x', sizeof(roles)); /* nothing of it is needed any more */
	return (s);
}

/* Is the answer to a request of r for target a session?  Then who has it. */
static bool
ask(struct serve *s, struct serve_request *r, const char *method, struct serve_who *who,
    char cookie[static 128])
{
	struct serve_answer a = { 0 };
	static struct serve_call call;
	bool good;

	r->method = span_str(method);
	r->target = span_str("/api/v1/session");
	if ((good = serve_begin(s, r, &call, &a))) {
		serve_session_do(s, &call, &a);
		good = a.status == 200;
	}
	for (unsigned i = 0; i < a.header_count; i++)
		if (strcmp(a.headers[i].name, "Set-Cookie") == 0)
			(void)snprintf(cookie, 128, "%.*s", (int)strcspn(a.headers[i].value, ";"),
			    a.headers[i].value);
	*who = call.who;
	serve_answer_free(&a);
	return (good);
}

static bool
log_in(struct serve *s, const char *host, int token, char cookie[static 128])
{
	struct serve_request r = { .host = span_str(host), .type = SPAN("application/json") };
	struct serve_who who;
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"token\":\"%s\"}", tokens[token]);
	r.body = span_str(body);
	return (ask(s, &r, "POST", &who, cookie));
}

static bool
comes_back(struct serve *s, const char *host, const char *cookie, struct serve_who *who)
{
	struct serve_request r = { .host = span_str(host), .cookie = span_str(cookie) };
	char fresh[128];

	return (ask(s, &r, "GET", who, fresh));
}

static void
test_sessions_go_with_their_tokens(void **state)
{
	enum { AS_IT_WAS, NARROWER, OTHER_TOKEN, NO_TOKEN, RENAMED, GONE, MOVED };
	static const struct {
		const char *claim;
		int change;
		int rc;
		unsigned ended;
		bool lives, follows; /* the session, a tail of it */
	} rows[] = {
		{ "nothing has changed", AS_IT_WAS, 0, 0, true, true },
		{ "a role that sees less keeps its sessions, and its tails ask again", NARROWER, 1,
		    0, true, false },
		{ "another token", OTHER_TOKEN, 1, 1, false, false },
		{ "no token", NO_TOKEN, 1, 1, false, false },
		{ "the token is another role's", RENAMED, 1, 1, false, false },
		{ "the role is gone", GONE, 1, 1, false, false },
		{ "another place in the file", MOVED, 1, 0, true, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct serve *s = open_server();
		struct serve_role roles[2], first;
		struct serve_who who, now;
		char cookie[128];
		unsigned ended;

		print_message("%s\n", rows[i].claim);
		assert_true(log_in(s, HOST, 1, cookie));
		assert_true(comes_back(s, HOST, cookie, &who));
		fill(roles);
		first = roles[0];
		switch (rows[i].change) {
		case NARROWER: roles[1].grant.k = 15; break;
		case OTHER_TOKEN: serve_token_hash(span_str(tokens[2]), roles[1].token); break;
		case NO_TOKEN: roles[1].has_token = false; break;
		case RENAMED: (void)strcpy(roles[1].name, "sale"); break;
		case MOVED: roles[0] = roles[1]; break;
		default: break;
		}
		if (rows[i].change == MOVED)
			roles[1] = first;
		assert_int_equal(
		    serve_reload(s, roles, rows[i].change == GONE ? 1 : 2, &ended, NULL),
		    rows[i].rc);
		assert_int_equal(ended, rows[i].ended);
		assert_int_equal(serve_lives(s, &who), rows[i].follows);
		assert_string_equal(
		    who.role->grant.name, "sales"); /* who has it in hand keeps it */
		assert_int_equal(comes_back(s, HOST, cookie, &now), rows[i].lives);
		if (rows[i].lives) {
			assert_string_equal(now.role->name, "sales");
			assert_int_equal(now.role->grant.k, rows[i].change == NARROWER ? 15 : 10);
		}
		assert_int_equal(log_in(s, HOST, 2, cookie), rows[i].change == OTHER_TOKEN);
		serve_close(s);
	}
}

static void
test_too_many_change_nothing(void **state)
{
	struct serve_role *roles = calloc(64, sizeof(*roles));
	struct serve *s = open_server();
	struct serve_who who;
	struct err e;
	char cookie[128];
	unsigned ended;

	assert_true(log_in(s, HOST, 0, cookie));
	assert_int_equal(serve_reload(s, roles, 64, &ended, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_true(comes_back(s, HOST, cookie, &who));
	serve_close(s);
	free(roles);
}

static void
test_a_cookie_is_of_one_port(void **state)
{
	static const struct {
		const char *claim, *host, *name;
	} rows[] = {
		{ "a port", "localhost:8466", "cretula-8466=" },
		{ "none", "logs.example", "cretula=" },
		{ "of IPv6", "[::1]:80", "cretula-80=" },
		{ "IPv6 without one", "[::1]", "cretula=" },
		{ "the end of a name is none", "host8466", "cretula=" },
		{ "too long for one", "localhost:123456", "cretula=" },
		{ "empty", "localhost:", "cretula=" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct serve *s = open_server();
		struct serve_who who;
		char cookie[128], other[128];

		print_message("%s\n", rows[i].claim);
		assert_true(log_in(s, rows[i].host, 0, cookie));
		assert_memory_equal(cookie, rows[i].name, strlen(rows[i].name));
		/* That of another server of this host comes with it, and says nothing. */
		(void)snprintf(other, sizeof(other), "cretula-1=abc; %.90s", cookie);
		assert_true(comes_back(s, rows[i].host, other, &who));
		assert_false(comes_back(s, "localhost:1", cookie, &who));
		serve_close(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions_go_with_their_tokens),
		cmocka_unit_test(test_too_many_change_nothing),
		cmocka_unit_test(test_a_cookie_is_of_one_port),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
