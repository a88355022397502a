/* serve: requests that another site made, or that are no honest ones. */
#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "serve/inside.h"

#define COOKIE "cretula"
#define COOKIE_TLS "__Host-cretula"
#define HOLD_MS 250u /* the first wrong tokens */
#define HOLD_MAX_MS 4000u /* once there were more than a person mistypes */

static bool
same_text(struct span a, struct span b)
{
	return (a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static bool
is_our_host(const struct serve *s, struct span host)
{
	for (unsigned i = 0; i < s->how.host_count; i++)
		if (same_text(host, span_str(s->how.hosts[i])))
			return (true);
	return (s->how.host_count == 0);
}

/* SCHEME://HOST, whichever scheme: in front of us may be one that speaks TLS. */
static bool
is_our_origin(struct span origin, struct span host)
{
	static const struct span schemes[] = { SPAN("http://"), SPAN("https://") };

	for (int i = 0; i < 2; i++)
		if (span_starts(origin, schemes[i]) &&
		    same_text(span_from(origin, schemes[i].len), host))
			return (true);
	return (false);
}

static bool
is_safe(struct span method)
{
	return (span_is(method, "GET") || span_is(method, "HEAD"));
}

/* Navigation to the page may come from anywhere; all else only from the page, or no browser. */
static bool
is_from_elsewhere(const struct serve_request *r)
{
	static const struct span api = SPAN("/api/");
	bool page = is_safe(r->method) && !span_starts(r->target, api);

	if (r->site.len > 0 && !span_is(r->site, "same-origin") && !span_is(r->site, "none") &&
	    !page)
		return (true);
	return (r->origin.len > 0 && !page && !is_our_origin(r->origin, r->host));
}

enum serve_problem
serve_guard_check(const struct serve *s, const struct serve_request *r)
{
	if (r->flaw == SERVE_FLAW_BODY)
		return (SERVE_PROBLEM_BODY);
	if (r->flaw != SERVE_FLAW_NONE)
		return (SERVE_PROBLEM_REQUEST);
	if (!is_our_host(s, r->host))
		return (SERVE_PROBLEM_HOST);
	return (is_from_elsewhere(r) ? SERVE_PROBLEM_ORIGIN : SERVE_PROBLEM_COUNT);
}

/* ---- cookies ---- */

/*
 * With the port that the browser asks for: it sends cookies of a host to each of its ports, and a
 * second server on the machine would end the sessions of the first.
 */
static void
make_name(const struct serve_request *r, const char *base, char name[static SERVE_COOKIE_NAME])
{
	size_t at = r->host.len, digits;

	while (at > 0 && r->host.ptr[at - 1] >= '0' && r->host.ptr[at - 1] <= '9')
		at--;
	digits = r->host.len - at;
	if (digits == 0 || digits > 5 || at == 0 || r->host.ptr[at - 1] != ':')
		digits = 0;
	(void)snprintf(name, SERVE_COOKIE_NAME, "%s%s%.*s", base, digits > 0 ? "-" : "",
	    (int)digits, r->host.ptr + at);
}

/* By TLS of ours, or of a proxy: then the browser says so where it says an origin. */
static bool
is_secure(const struct serve_request *r)
{
	static const struct span https = SPAN("https://");
	char name[SERVE_COOKIE_NAME];

	make_name(r, COOKIE_TLS, name);
	return (
	    r->tls || span_starts(r->origin, https) || serve_cookie_find(r->cookie, name).len > 0);
}

void
serve_cookie_name(const struct serve_request *r, char name[static SERVE_COOKIE_NAME])
{
	make_name(r, is_secure(r) ? COOKIE_TLS : COOKIE, name);
}

void
serve_cookie_set(struct serve_answer *a, const struct serve_request *r, const char *value)
{
	bool secure = is_secure(r);
	char name[SERVE_COOKIE_NAME];

	serve_cookie_name(r, name);
	serve_header_add(a, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name,
	    value, secure ? "; Secure" : "", value[0] == '\0' ? "; Max-Age=0" : "");
}

/* ---- guesses ---- */

void
serve_wrong_token(struct serve *s, const struct serve_request *r, struct serve_answer *a)
{
	uint64_t peer = serve_who_peer(s, r);
	unsigned wait_s;

	pthread_mutex_lock(&s->lock);
	s->counts.wrong_tokens++;
	wait_s = serve_limit_take(&s->guesses, peer, clock_mono_ns());
	pthread_mutex_unlock(&s->lock);
	serve_problem_set(a, wait_s > 0 ? SERVE_PROBLEM_RATE : SERVE_PROBLEM_TOKEN, NULL);
	if (wait_s > 0)
		serve_header_add(a, "Retry-After", "%u", wait_s);
	a->hold_ms = wait_s > 0 ? HOLD_MAX_MS : HOLD_MS;
}
