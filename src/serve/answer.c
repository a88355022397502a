#include "serve/answer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "serve/assets.h"

void
serve_answer_free(struct serve_answer *a)
{
	buf_free(&a->body);
	memset(a, 0, sizeof(*a));
}

void
serve_header_add(struct serve_answer *a, const char *name, const char *fmt, ...)
{
	va_list ap;
	int len;

	assert(a->header_count < SERVE_HEADERS_MAX);
	va_start(ap, fmt);
	len = vsnprintf(a->headers[a->header_count].value, SERVE_VALUE_BYTES, fmt, ap);
	va_end(ap);
	assert(len >= 0 && len < SERVE_VALUE_BYTES);
	a->headers[a->header_count++].name = name;
}

/* ---- problems ---- */

const struct serve_problem_row serve_problems[SERVE_PROBLEM_COUNT] = {
	{ "access", 503, "No access record",
	    "No view without a record of it, and none was accepted just now." },
	{ "body", 400, "Bad body", "The body is not what this path takes." },
	{ "busy", 503, "Busy", "Too much is asked for at once; try again." },
	{ "filter", 400, "Bad filter", "The filter cannot be read." },
	{ "host", 421, "Another host", "This server has another name: see serve.hosts." },
	{ "method", 405, "Method not allowed", "Not by this method." },
	{ "not-found", 404, "Not found", "There is no such path." },
	{ "origin", 403, "Another origin", "The request was made by another site." },
	{ "parameter", 400, "Bad parameter",
	    "A parameter is unknown, comes twice, is missing, or is not of its kind." },
	{ "rate", 429, "Too many requests", "Wait as long as Retry-After says." },
	{ "request", 400, "Bad request", "The request is none that HTTP/1.1 knows." },
	{ "session", 401, "No session", "Log in first: POST /api/v1/session, or a bearer token." },
	{ "store", 503, "The store cannot be read", "The store could not be read just now." },
	{ "stream", 404, "No such stream", "There is no such stream, or none for this role." },
	{ "tier", 403, "Not for this role", "What this role may see does not include it." },
	{ "token", 401, "Wrong token", "The token is none of ours." },
	{ "type", 415, "Unknown type", "The body must be application/json." },
	{ "window", 400, "Bad window",
	    "The window must be one of those that the role may ask for." },
};

void
serve_problem_set(
    struct serve_answer *a, enum serve_problem problem, const struct serve_problem_place *place)
{
	const struct serve_problem_row *row = &serve_problems[problem];
	const char *detail = row->detail;

	if (place != NULL && place->detail != NULL)
		detail = place->detail;
	a->status = row->status;
	a->type = "application/problem+json";
	a->problem = row->code;
	a->no_store = true;
	a->fixed = span_of("", 0);
	buf_clear(&a->body);
	buf_char(&a->body, '{');
	json_str(&a->body, "type", span_str("about:blank"));
	json_str(&a->body, "title", span_str(row->title));
	json_u64(&a->body, "status", row->status);
	json_str(&a->body, "code", span_str(row->code));
	json_str(&a->body, "detail", span_str(detail));
	if (place != NULL && place->column > 0)
		json_u64(&a->body, "column", place->column);
	if (place != NULL && place->parameter != NULL)
		json_str(&a->body, "parameter", span_str(place->parameter));
	buf_str(&a->body, "}\n");
}

/* ---- headers ---- */

void
serve_etag(const struct serve_answer *a, char etag[static SERVE_ETAG_BYTES])
{
	struct span body = a->fixed.len > 0 ? a->fixed : buf_view(&a->body);
	unsigned char hash[32];
	size_t len = 1;

	crypto_sha256(body.ptr, body.len, hash);
	etag[0] = '"';
	len += text_hex(etag + 1, hash, 16);
	etag[len++] = '"';
	etag[len] = '\0';
}

void
serve_answer_guard(struct serve_answer *a, bool tls)
{
	serve_header_add(a, "Content-Security-Policy", "%s", SERVE_ASSETS_CSP);
	serve_header_add(a, "X-Content-Type-Options", "nosniff");
	serve_header_add(a, "X-Frame-Options", "DENY");
	serve_header_add(a, "Referrer-Policy", "no-referrer");
	serve_header_add(a, "Cross-Origin-Opener-Policy", "same-origin");
	serve_header_add(a, "Cross-Origin-Resource-Policy", "same-origin");
	serve_header_add(a, "Permissions-Policy",
	    "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
	if (tls)
		serve_header_add(a, "Strict-Transport-Security", "max-age=31536000");
	if (a->shared)
		serve_header_add(a, "Cache-Control", "no-cache");
	else
		serve_header_add(
		    a, "Cache-Control", a->no_store ? "no-store" : "private, no-cache");
	if (!a->shared)
		serve_header_add(a, "Vary", "Accept, Authorization, Cookie");
}
