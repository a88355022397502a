#include "serve/serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "crypto/random.h"
#include "record/table.h"
#include "serve/assets.h"
#include "serve/inside.h"

#define SECOND_NS INT64_C(1000000000)

/* ---- what is asked for ---- */

/* A file of the page: for anybody, without a session. */
static void
find_asset(struct serve_call *call, struct span path, struct serve_answer *a)
{
	const struct serve_request *r = call->request;
	const struct serve_asset *asset = serve_asset_find(path);
	bool packed;

	call->head = span_is(r->method, "HEAD");
	if (asset == NULL)
		serve_problem_set(a, SERVE_PROBLEM_NOT_FOUND, NULL);
	else if (!call->head && !span_is(r->method, "GET")) {
		serve_problem_set(a, SERVE_PROBLEM_METHOD, NULL);
		serve_header_add(a, "Allow", "GET, HEAD");
	} else {
		packed = serve_asset_is_packed(asset) && serve_packs(r->encoding, "gzip");
		a->status = 200;
		a->type = asset->type;
		a->shared = true;
		a->etag = packed ? asset->etag_gzip : asset->etag;
		if (packed)
			a->fixed = span_of((const char *)asset->bytes, asset->bytes_count);
		else
			serve_asset_unpack(asset, &a->body);
		serve_header_add(a, "Vary", "Accept-Encoding");
		if (packed)
			serve_header_add(a, "Content-Encoding", "gzip");
	}
}

/* true: the route is found.  Else a says why not, or is a file of the page. */
static bool
find_route(
    struct serve_call *call, struct serve_found *found, struct span path, struct serve_answer *a)
{
	char methods[64];

	serve_route_find(call->request->method, path, found);
	if (found->route != NULL) {
		call->route = found->route;
		call->word = found->word;
		call->head = found->head;
		return (true);
	}
	if (!found->path_known) {
		find_asset(call, path, a);
		return (false);
	}
	serve_route_methods(path, methods);
	serve_problem_set(a, SERVE_PROBLEM_METHOD, NULL);
	serve_header_add(a, "Allow", "%s", methods);
	return (false);
}

static bool
read_params(struct serve_call *call, struct span query, struct serve_answer *a)
{
	struct serve_problem_place place = { 0 };
	unsigned missing;
	int wrong;

	if (serve_params_read(query, call->route->params, &call->params, &wrong) == -1) {
		if (wrong != -1)
			place.parameter = serve_param_names[wrong];
		serve_problem_set(a, SERVE_PROBLEM_PARAMETER, &place);
		return (false);
	}
	missing = call->route->needed & ~call->params.given;
	for (int i = 0; i < SERVE_PARAM_COUNT && missing != 0; i++)
		if ((missing & SERVE_BIT(i)) != 0) {
			place.parameter = serve_param_names[i];
			serve_problem_set(a, SERVE_PROBLEM_PARAMETER, &place);
			return (false);
		}
	return (true);
}

static void
choose_format(struct serve_call *call, unsigned ending)
{
	static const struct {
		enum serve_format format;
		const char *type;
	} named[] = { { SERVE_CSV, "text/csv" }, { SERVE_LINES, "application/x-ndjson" } };
	unsigned formats = call->route->formats;

	call->format = (enum serve_format)__builtin_ctz(formats);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if ((formats & 1u << named[i].format) != 0 &&
		    serve_prefers(call->request->accept, named[i].type) &&
		    !serve_prefers(call->request->accept, "application/json"))
			call->format = named[i].format;
	if (ending > 0)
		call->format = (enum serve_format)(ending - 1);
}

/* ---- the description ---- */

/* share/openapi.yaml, embedded by meson. */
extern const unsigned char serve_openapi[];
extern const size_t serve_openapi_len;

static void
describe(struct serve_answer *a)
{
	a->status = 200;
	a->type = "application/yaml";
	a->shared = true;
	a->fixed = span_of((const char *)serve_openapi, serve_openapi_len);
}

/* ---- who may ---- */

bool
serve_may_see(const struct serve_role *role, const char *stream)
{
	if (role->stream_count == 0)
		return (strncmp(stream, "cretula.", 8) != 0);
	for (unsigned i = 0; i < role->stream_count; i++)
		if (strcmp(role->streams[i], stream) == 0)
			return (true);
	return (false);
}

/* Chains of cretula itself are what proves the others: whoever sees chains sees those. */
static bool
may_see(const struct serve_call *call, const char *stream)
{
	bool chain =
	    call->route->does == SERVE_DOES_CHAIN || call->route->does == SERVE_DOES_CHECKPOINT;

	return (serve_may_see(call->who.role, stream) ||
	    (chain && strncmp(stream, "cretula.", 8) == 0));
}

/* Fixed windows, so that no two of them differ by less than one. */
static bool
may_ask(const struct serve_call *call, struct serve_problem_place *place)
{
	const struct serve_params *p = &call->params;
	enum view_role tier = call->who.role->grant.tier;
	const unsigned free = SERVE_BIT(SERVE_SINCE) | SERVE_BIT(SERVE_UNTIL);
	const unsigned fixed = SERVE_BIT(SERVE_WINDOW) | SERVE_BIT(SERVE_AT);

	place->parameter = serve_param_names[SERVE_SINCE];
	if ((p->given & free) != 0 && (tier != VIEW_DEVELOPER || (p->given & fixed) != 0))
		return (false);
	place->parameter = serve_param_names[SERVE_WINDOW];
	if (p->text[SERVE_WINDOW] != NULL && tier == VIEW_PUBLIC &&
	    p->choice[SERVE_WINDOW] != SERVE_WINDOW_DAY &&
	    p->choice[SERVE_WINDOW] != SERVE_WINDOW_WEEK)
		return (false);
	place->parameter = serve_param_names[SERVE_STEP];
	return (p->text[SERVE_STEP] == NULL || tier == VIEW_DEVELOPER ||
	    p->choice[SERVE_STEP] == SERVE_STEP_DAY ||
	    (tier == VIEW_ANALYST && p->choice[SERVE_STEP] == SERVE_STEP_HOUR));
}

static void
say_too_often(struct serve_answer *a, unsigned wait_s)
{
	serve_problem_set(a, SERVE_PROBLEM_RATE, NULL);
	serve_header_add(a, "Retry-After", "%u", wait_s);
}

/* Seconds to wait, of whoever key stands for; 0: go on.  Under the lock. */
static unsigned
take_ask(struct serve *s, uint64_t key)
{
	unsigned wait_s = serve_limit_take(&s->asks, key, clock_mono_ns());

	s->counts.limited += wait_s > 0;
	return (wait_s);
}

/* The same of somebody unknown: he waits for himself, and with all others if they are many. */
static unsigned
take_stranger(struct serve *s, const struct serve_request *r)
{
	int64_t now_ns = clock_mono_ns();
	unsigned wait_s = serve_limit_take(&s->strangers, serve_who_peer(s, r), now_ns);

	if (wait_s == 0 && !r->local)
		wait_s = serve_limit_take(&s->crowd, 1, now_ns);
	s->counts.limited += wait_s > 0;
	return (wait_s);
}

static uint64_t
key_of(const struct serve *s, const char *operator)
{
	return (hash_span(span_str(operator), s->seed));
}

/*
 * true: known, and not too often.  Else a says why not.  Who comes with a
 * token to log in is none of the unknown, and waits for his own (log_in), or
 * as one who guesses.
 */
static bool
let_in(struct serve *s, struct serve_call *call, struct serve_answer *a)
{
	char fresh[SERVE_COOKIE_BYTES];
	enum serve_known known;
	unsigned wait_s = 0;

	pthread_mutex_lock(&s->lock);
	known = serve_who_find(s, call->request, &call->who, fresh);
	if (known == SERVE_KNOWN)
		wait_s = take_ask(s, key_of(s, call->who.operator));
	else if (known == SERVE_UNKNOWN && call->route->does != SERVE_DOES_LOGIN)
		wait_s = take_stranger(s, call->request);
	pthread_mutex_unlock(&s->lock);
	if (fresh[0] != '\0') /* with a refusal, too: the one before soon ends */
		serve_cookie_set(a, call->request, fresh);
	crypto_wipe(fresh, sizeof(fresh));
	if (known == SERVE_WRONG_TOKEN)
		serve_wrong_token(s, call->request, a);
	else if (wait_s > 0)
		say_too_often(a, wait_s);
	else if (known == SERVE_UNKNOWN && call->route->tiers != 0)
		serve_problem_set(a, SERVE_PROBLEM_SESSION, NULL);
	else {
		call->known = known == SERVE_KNOWN;
		return (true);
	}
	if (a->status == 401)
		serve_header_add(a, "WWW-Authenticate", "Bearer");
	return (false);
}

static bool
is_records(const struct serve_call *call)
{
	return (call->route->does == SERVE_DOES_RECORDS || call->route->does == SERVE_DOES_TAIL);
}

static bool
may(struct serve_call *call, struct serve_answer *a)
{
	const char *stream = call->params.text[SERVE_STREAM];
	struct serve_problem_place place = { 0 };

	if (call->route->tiers == 0)
		return (true);
	if ((call->route->tiers & SERVE_TIER(call->who.role->grant.tier)) == 0)
		serve_problem_set(a, SERVE_PROBLEM_TIER, NULL);
	else if (is_records(call) && view_grant_records(&call->who.role->grant, NULL) == -1)
		serve_problem_set(a, SERVE_PROBLEM_TIER, NULL);
	else if (stream != NULL && !may_see(call, stream))
		serve_problem_set(a, SERVE_PROBLEM_STREAM, NULL);
	else if (!is_records(call) && !may_ask(call, &place))
		serve_problem_set(a, SERVE_PROBLEM_WINDOW, &place);
	else
		return (true);
	return (false);
}

bool
serve_begin(
    struct serve *s, const struct serve_request *r, struct serve_call *call, struct serve_answer *a)
{
	struct serve_target target;
	struct serve_found found;
	enum serve_problem problem = serve_guard_check(s, r);

	memset(call, 0, sizeof(*call));
	call->request = r;
	if (problem != SERVE_PROBLEM_COUNT) {
		serve_problem_set(a, problem, NULL);
		a->close = r->flaw != SERVE_FLAW_NONE;
		return (false);
	}
	if (serve_target_read(r->target, &target) == -1) {
		serve_problem_set(a, SERVE_PROBLEM_REQUEST, NULL);
		a->close = true;
		return (false);
	}
	if (!find_route(call, &found, target.path, a) || !let_in(s, call, a))
		return (false);
	choose_format(call, found.ending);
	/* What was asked for stands in the record of its refusal. */
	if (!read_params(call, target.query, a) || !may(call, a))
		return (false);
	if (call->route->does == SERVE_DOES_OPENAPI)
		describe(a);
	return (call->route->does != SERVE_DOES_OPENAPI);
}

/* ---- the session ---- */

/* Which fields a role is told of, if those are not all of its tier. */
static void
print_fields(const struct view_grant *grant, struct buf *out)
{
	bool any = false;

	json_array(out, "fields");
	for (int i = 0;
	     grant->fields != view_grant_of(grant->tier).fields && i < RECORD_FIELD_COUNT; i++) {
		if ((grant->fields >> i & 1) == 0)
			continue;
		buf_str(out, any ? "," : "");
		json_quote(out, span_str(record_fields[i].name));
		any = true;
	}
	buf_char(out, ']');
}

static void
print_session(const struct serve_call *call, struct serve_answer *a)
{
	const struct serve_role *role = call->who.role;
	char time[CLOCK_RFC3339_BYTES];

	a->status = 200;
	a->type = "application/json";
	a->no_store = true;
	buf_char(&a->body, '{');
	json_str(&a->body, "operator", span_str(call->who.operator));
	json_str(&a->body, "role", span_str(role->name));
	json_str(&a->body, "tier", span_str(view_role_names[role->grant.tier]));
	json_u64(&a->body, "k", role->grant.k);
	json_array(&a->body, "streams");
	for (unsigned i = 0; i < role->stream_count; i++) {
		buf_str(&a->body, i == 0 ? "" : ",");
		json_quote(&a->body, span_str(role->streams[i]));
	}
	buf_char(&a->body, ']');
	print_fields(&role->grant, &a->body);
	json_str(&a->body, "via", span_str(serve_via_names[call->who.via]));
	if (call->who.expires_ns != 0)
		json_str(&a->body, "expires",
		    span_of(time,
			clock_rfc3339(time,
			    clock_now_us() +
				(call->who.expires_ns - clock_mono_ns()) / SECOND_NS * 1000000)));
	json_str(&a->body, "version", span_str(CRETULA_VERSION));
	buf_str(&a->body, "}\n");
}

static void
log_in(struct serve *s, struct serve_call *call, struct serve_answer *a)
{
	char token[SERVE_TOKEN_BYTES], cookie[SERVE_COOKIE_BYTES];
	const struct serve_session *session = NULL;
	const struct serve_role *role;
	unsigned wait_s = 0;
	struct serve_request as = *call->request;

	if (!serve_is_type(call->request->type, "application/json")) {
		serve_problem_set(a, SERVE_PROBLEM_TYPE, NULL);
		return;
	}
	if (serve_login_read(call->request->body, token) == -1) {
		serve_problem_set(a, SERVE_PROBLEM_BODY, NULL);
		return;
	}
	pthread_mutex_lock(&s->lock);
	role = serve_who_token(s, span_str(token));
	crypto_wipe(token, sizeof(token));
	if (role != NULL && (wait_s = take_ask(s, key_of(s, role->name))) == 0) {
		session = serve_session_begin(
		    &s->sessions, (unsigned)(role - s->roles->list), clock_mono_ns(), cookie);
		call->who = (struct serve_who){ .role = role,
			.via = SERVE_VIA_COOKIE,
			.reloads = s->reloads,
			.session = session->number,
			.expires_ns = session->seen_ns + SERVE_IDLE_NS };
	}
	pthread_mutex_unlock(&s->lock);
	if (session == NULL) {
		if (role == NULL)
			serve_wrong_token(s, call->request, a);
		else
			say_too_often(a, wait_s);
		return;
	}
	memcpy(call->who.operator, role->name, sizeof(role->name));
	as.cookie = span_of("", 0); /* an old one does not say how the new one is called */
	serve_cookie_set(a, &as, cookie);
	crypto_wipe(cookie, sizeof(cookie));
	print_session(call, a);
}

static void
log_out(struct serve *s, const struct serve_call *call, struct serve_answer *a)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < SERVE_SESSIONS; i++)
		if (call->who.session != 0 && s->sessions.list[i].number == call->who.session)
			serve_session_end(&s->sessions.list[i]);
	pthread_mutex_unlock(&s->lock);
	a->status = 204;
	a->no_store = true;
	a->header_count = 0; /* no fresh cookie */
	serve_cookie_set(a, call->request, "");
}

void
serve_session_do(struct serve *s, struct serve_call *call, struct serve_answer *a)
{
	switch (call->route->does) {
	case SERVE_DOES_LOGIN: log_in(s, call, a); break;
	case SERVE_DOES_LOGOUT: log_out(s, call, a); break;
	default: print_session(call, a);
	}
}

/* ---- the end ---- */

void
serve_finish(struct serve *s, const struct serve_call *call, struct serve_answer *a)
{
	char etag[SERVE_ETAG_BYTES];

	if (!buf_ok(&a->body))
		serve_problem_set(a, SERVE_PROBLEM_BUSY, NULL);
	if (a->status == 200 && !a->no_store && !a->stream) {
		if (a->etag == NULL)
			serve_etag(a, etag);
		else
			(void)snprintf(etag, sizeof(etag), "%s", a->etag);
		serve_header_add(a, "ETag", "%s", etag);
		if (serve_matches(call->request->none_match, etag)) {
			a->status = 304;
			a->fixed = span_of("", 0);
			buf_clear(&a->body);
		}
	}
	if (a->status == 503)
		serve_header_add(a, "Retry-After", "2");
	serve_answer_guard(a, call->request->tls);
	pthread_mutex_lock(&s->lock);
	s->counts.requests++;
	s->counts.refused += a->status >= 400;
	pthread_mutex_unlock(&s->lock);
}

void
serve_count(struct serve *s, struct serve_counts *counts)
{
	int64_t now_ns = clock_mono_ns();

	pthread_mutex_lock(&s->lock);
	*counts = s->counts;
	counts->sessions = 0;
	for (unsigned i = 0; i < SERVE_SESSIONS; i++)
		counts->sessions += s->sessions.list[i].used &&
		    now_ns - s->sessions.list[i].seen_ns <= SERVE_IDLE_NS;
	pthread_mutex_unlock(&s->lock);
}
