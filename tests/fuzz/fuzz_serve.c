/*
 * Fuzz target: any request.  The first byte says who is at the other end, lines behind
 * it are method, target and headers; what follows an empty line is the body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "serve/inside.h"
#include "serve/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct serve *server;

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
start(void)
{
	static struct serve_role roles[2];
	struct serve_options how = { .roles = roles, .role_count = 2, .has_proxy = true };

	demand(crypto_start(NULL) == 0);
	memcpy(roles[0].name, "dev", 4);
	roles[0].grant = view_grant_of(VIEW_DEVELOPER);
	roles[0].has_token = true;
	serve_token_hash(span_str("token"), roles[0].token);
	memcpy(roles[1].name, "all", 4);
	roles[1].grant = view_grant_of(VIEW_ANALYST);
	memcpy(roles[1].users[0].name, "*", 2);
	roles[1].user_count = 1;
	how.proxy_uid = 33;
	demand(serve_open(&how, &server, NULL) == 0);
	serve_limit_open(&server->asks, 1u << 30, 1u << 30); /* we ask more than anybody may */
}

static struct span
take_line(struct span *rest)
{
	struct span line = span_of(rest->ptr, span_find(*rest, '\n'));

	*rest = span_from(*rest, line.len + 1);
	return (line);
}

/* As the server's threads do; an answer is a status, and repeats nothing but names of ours. */
static void
ask(const struct serve_request *r)
{
	static struct serve_call call;
	struct serve_answer a = { 0 };
	bool begun = serve_begin(server, r, &call, &a);

	demand(!begun || (call.route != NULL && call.route->does != SERVE_DOES_OPENAPI));
	demand(!begun || call.known || call.route->tiers == 0);
	if (begun && strstr(call.route->path, "/session") != NULL)
		serve_session_do(server, &call, &a);
	else if (begun) {
		for (int i = 0; i < SERVE_PARAM_COUNT; i++)
			demand((call.params.text[i] != NULL) ==
			    ((call.params.given & SERVE_BIT(i)) != 0));
		demand((call.route->needed & ~call.params.given) == 0);
		demand((call.route->formats & 1u << call.format) != 0);
		demand((call.route->tiers & SERVE_TIER(call.who.role->grant.tier)) != 0);
		a.status = 200;
	}
	serve_finish(server, &call, &a);
	demand(a.status >= 200 && a.status < 600);
	demand(a.status < 400 || strstr(a.body.data, "\"code\":\"") != NULL);
	serve_answer_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct serve_request r = { 0 };
	struct span rest = span_of((const char *)data, size);
	struct span *const places[] = { &r.method, &r.target, &r.host, &r.origin, &r.site,
		&r.cookie, &r.authorization, &r.accept, &r.encoding, &r.type, &r.none_match,
		&r.user, &r.last_event };

	if (server == NULL)
		start();
	if (size == 0)
		return (0);
	r.local = (data[0] & 1) != 0;
	r.uid = (data[0] & 2) != 0 ? 33 : 1000;
	r.tls = (data[0] & 4) != 0;
	rest = span_from(rest, 1);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		*places[i] = take_line(&rest);
	r.body = rest;
	ask(&r);
	return (0);
}
