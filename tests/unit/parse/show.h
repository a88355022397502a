/* An event as one line of text, for tables of expectations. */
#ifndef CRETULA_TESTS_PARSE_SHOW_H
#define CRETULA_TESTS_PARSE_SHOW_H

#include <stdio.h>

#include "parse/event.h"
#include "parse/parse.h"

static const char *const show_names[EVENT_TEXT_COUNT] = {
	[EVENT_CLIENT] = "client",
	[EVENT_FORWARDED] = "forwarded",
	[EVENT_IDENT] = "ident",
	[EVENT_USER] = "user",
	[EVENT_METHOD] = "method",
	[EVENT_HOST] = "host",
	[EVENT_TARGET] = "target",
	[EVENT_PROTOCOL] = "protocol",
	[EVENT_REQUEST] = "request",
	[EVENT_REFERER] = "referer",
	[EVENT_AGENT] = "agent",
	[EVENT_SESSION] = "session",
	[EVENT_COOKIE] = "cookie",
	[EVENT_AUTH] = "auth",
	[EVENT_SCHEME] = "scheme",
	[EVENT_LANGUAGE] = "language",
	[EVENT_JOIN] = "join",
	[EVENT_SERVER] = "server",
	[EVENT_UPSTREAM] = "upstream",
	[EVENT_CACHE] = "cache",
	[EVENT_TLS] = "tls",
	[EVENT_TLS_ID] = "tls_id",
	[EVENT_LEVEL] = "level",
	[EVENT_ACTION] = "action",
	[EVENT_OBJECT] = "object",
	[EVENT_OUTCOME] = "outcome",
	[EVENT_MESSAGE] = "message",
};

static size_t
show_span(char *out, size_t size, const char *name, struct span s, bool bad)
{
	size_t at = (size_t)snprintf(out, size, " %s%s=", bad ? "!" : "", name);

	for (size_t i = 0; i < s.len && at + 8 < size; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		at += (size_t)snprintf(
		    out + at, size - at, c < 0x20 || c >= 0x7f ? "<%02x>" : "%c", c);
	}
	return (at);
}

static size_t
show_extra(const struct event_extra *extra, char *out, size_t size)
{
	char key[160];

	(void)snprintf(key, sizeof(key), "%s%.*s", extra->known ? "+" : "", (int)extra->key.len,
	    extra->key.ptr);
	if (extra->kind == EVENT_EXTRA_NUMBER)
		return ((size_t)snprintf(out, size, " %s=%lld", key, (long long)extra->number));
	return (show_span(out, size, key, extra->value, false));
}

/* The numbers that few formats have. */
static size_t
show_numbers(const struct event *ev, char *out, size_t size, size_t at)
{
	static const char *const names[EVENT_NUMBER_COUNT] = {
		[EVENT_REQUEST_BYTES] = "in",
		[EVENT_DURATION_US] = "us",
		[EVENT_UPSTREAM_US] = "upstream_us",
		[EVENT_UPSTREAM_STATUS] = "upstream_status",
		[EVENT_PORT] = "port",
	};

	for (unsigned n = 0; n < EVENT_NUMBER_COUNT; n++)
		if (names[n] != NULL && (ev->has_number >> n & 1) != 0)
			at += (size_t)snprintf(
			    out + at, size - at, " %s=%lld", names[n], (long long)ev->number[n]);
	return (at);
}

/* The whole event: "event client=... status=200 bytes=5". */
static inline const char *
show_event(enum parse_result result, enum parse_reason reason, const struct event *ev, char *out,
    size_t size)
{
	static const char *const results[] = { "event", "partial", "unparsed", "meta" };
	size_t at = (size_t)snprintf(out, size, "%s", results[result]);

	if (result == PARSE_UNPARSED)
		(void)snprintf(out + at, size - at, " %s", parse_reason_names[reason]);
	if (result == PARSE_UNPARSED || result == PARSE_META)
		return (out);
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		if (event_has(ev, (enum event_text)f))
			at += show_span(out + at, size - at,
			    show_names[f] != NULL ? show_names[f] : "?", ev->text[f],
			    (ev->bad_text >> f & 1) != 0);
	if ((ev->has_number >> EVENT_STATUS & 1) != 0)
		at += (size_t)snprintf(
		    out + at, size - at, " status=%03d", (int)ev->number[EVENT_STATUS]);
	if ((ev->has_number >> EVENT_BYTES & 1) != 0)
		at += (size_t)snprintf(
		    out + at, size - at, " bytes=%lld", (long long)ev->number[EVENT_BYTES]);
	at = show_numbers(ev, out, size, at);
	for (unsigned i = 0; i < ev->extra_count; i++)
		at += show_extra(&ev->extra[i], out + at, size - at);
	if (ev->extra_more > 0)
		at += (size_t)snprintf(out + at, size - at, " more=%u", ev->extra_more);
	if (ev->duplicate_key)
		at += (size_t)snprintf(out + at, size - at, " duplicate");
	if (ev->bad_unicode)
		at += (size_t)snprintf(out + at, size - at, " bad-unicode");
	if (!ev->time_ok)
		at += (size_t)snprintf(out + at, size - at, " no-time");
	if (ev->garbage)
		at += (size_t)snprintf(out + at, size - at, " garbage");
	if (ev->user_odd)
		at += (size_t)snprintf(out + at, size - at, " odd");
	return (out);
}

/* Same event, bit by bit of what means something? */
static inline bool
show_same(const struct event *a, const struct event *b)
{
	if (a->type != b->type || a->time_us != b->time_us || a->time_ok != b->time_ok ||
	    a->garbage != b->garbage || a->user_odd != b->user_odd ||
	    a->user_claimed != b->user_claimed || a->has_text != b->has_text ||
	    a->has_number != b->has_number || a->bad_text != b->bad_text ||
	    a->extra_count != b->extra_count)
		return (false);
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		if (event_has(a, (enum event_text)f) && !span_equal(a->text[f], b->text[f]))
			return (false);
	for (unsigned n = 0; n < EVENT_NUMBER_COUNT; n++)
		if ((a->has_number >> n & 1) != 0 && a->number[n] != b->number[n])
			return (false);
	for (unsigned i = 0; i < a->extra_count; i++)
		if (!span_equal(a->extra[i].key, b->extra[i].key) ||
		    !span_equal(a->extra[i].value, b->extra[i].value))
			return (false);
	return (true);
}

#endif
