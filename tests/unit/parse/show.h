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
	for (unsigned i = 0; i < ev->extra_count; i++) {
		char key[16];

		(void)snprintf(
		    key, sizeof(key), "%.*s", (int)ev->extra[i].key.len, ev->extra[i].key.ptr);
		at += show_span(out + at, size - at, key, ev->extra[i].value, false);
	}
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
	    a->garbage != b->garbage || a->user_odd != b->user_odd || a->has_text != b->has_text ||
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
