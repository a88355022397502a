/*
 * parse: HAProxy's lines for HTTP, TCP and errors, with captures.
 *
 *	client:port [time] frontend backend/server timers ... {captures} "request"
 *
 * HAProxy writes what could be mistaken for its own marks as #HH.
 */
#include "parse/named/named.h"
#include "parse/request.h"
#include "parse/server/server.h"
#include "parse/timestamp.h"
#include "parse/named/zone.h"

#define NUMBERS_MAX 5
#define MS 1000

struct haproxy {
	struct span rest; /* what is not read yet */
	struct event *ev;
	char *scratch;
	bool good;
};

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = (char)(c | 0x20);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* "#22" back to a quote, in scratch. */
static struct span
plain(struct haproxy *h, struct span raw)
{
	char *start = h->scratch, *out = start;

	if (span_find(raw, '#') == raw.len)
		return (raw);
	for (size_t i = 0; i < raw.len; out++) {
		if (raw.ptr[i] == '#' && raw.len - i > 2 && hex(raw.ptr[i + 1]) >= 0 &&
		    hex(raw.ptr[i + 2]) >= 0) {
			*out = (char)(hex(raw.ptr[i + 1]) << 4 | hex(raw.ptr[i + 2]));
			i += 3;
		} else
			*out = raw.ptr[i++];
	}
	h->scratch = out;
	return (span_of(start, (size_t)(out - start)));
}

/* The next value; empty at the end. */
static struct span
next(struct haproxy *h)
{
	size_t len = span_find(h->rest, ' ');
	struct span value = span_of(h->rest.ptr, len);

	h->rest = span_from(h->rest, len + 1);
	return (value);
}

/* "0/-1/+3": so many numbers, 0 if something else stands there. */
static unsigned
numbers(struct span text, int64_t *out)
{
	unsigned count = 0;

	while (count < NUMBERS_MAX) {
		size_t len = span_find(text, '/');
		bool sign = len > 1 && (text.ptr[0] == '-' || text.ptr[0] == '+');
		struct span digits = span_of(text.ptr + sign, len - sign);

		if (digits.len == 0 || !parse_field_digits(digits, &out[count]))
			return (0);
		if (sign && text.ptr[0] == '-')
			out[count] = -out[count];
		count++;
		if (len == text.len)
			return (count);
		text = span_from(text, len + 1);
	}
	return (0);
}

/* "[24/Nov/2025:10:11:12.123]", or with a zone. */
static bool
read_time(struct haproxy *h, const struct parse_state *state)
{
	size_t end = span_find(h->rest, ']');
	struct span text = span_of(h->rest.ptr + 1, end - 1);
	char with_zone[64];

	if (h->rest.len == 0 || h->rest.ptr[0] != '[' || end + 1 >= h->rest.len ||
	    h->rest.ptr[end + 1] != ' ' || text.len > 40)
		return (false);
	h->rest = span_from(h->rest, end + 2);
	if (span_find(text, ' ') < text.len) {
		h->ev->time_ok = parse_time_clf(text, &h->ev->time_us) == 0;
		return (h->ev->time_ok);
	}
	memcpy(with_zone, text.ptr, text.len);
	memcpy(with_zone + text.len, " +0000", 6);
	if (parse_time_clf(span_of(with_zone, text.len + 6), &h->ev->time_us) != 0)
		return (false);
	h->ev->time_ok = true;
	parse_zone_assume(state, h->ev);
	return (true);
}

static void
put_client(struct haproxy *h, struct span client)
{
	if (client.len > 5 && memcmp(client.ptr, "unix:", 5) == 0)
		parse_field_text(h->ev, EVENT_CLIENT, span_of(client.ptr, 5));
	else
		parse_named_peer(h->ev, EVENT_CLIENT, client);
}

/* "fe~ be/srv": the tilde says TLS. */
static bool
read_names(struct haproxy *h, struct span frontend)
{
	struct span server = next(h);
	size_t slash = span_find(server, '/');

	if (slash == server.len)
		return (false);
	if (frontend.len > 1 && frontend.ptr[frontend.len - 1] == '~') {
		frontend.len--;
		parse_field_text(h->ev, EVENT_SCHEME, span_str("https"));
	}
	parse_named_extra(h->ev, "frontend", EVENT_EXTRA_NAME, frontend);
	parse_named_extra(h->ev, "backend", EVENT_EXTRA_NAME, span_of(server.ptr, slash));
	server = span_from(server, slash + 1);
	if (!span_is(server, "<NOSRV>"))
		parse_field_text(h->ev, EVENT_UPSTREAM, server);
	return (true);
}

/* "CD--": why and when a session ended, and what became of its cookies. */
static void
put_state(struct haproxy *h, struct span state)
{
	parse_named_extra(h->ev, "termination", EVENT_EXTRA_WORD,
	    span_of(state.ptr, state.len < 2 ? state.len : 2));
	parse_named_extra(h->ev, "persistence", EVENT_EXTRA_WORD, span_from(state, 2));
}

static bool
read_load(struct haproxy *h)
{
	static const char *const keys[] = { "connections", "frontend_connections",
		"backend_connections", "server_connections", "retries" };
	int64_t n[NUMBERS_MAX];

	if (numbers(next(h), n) != 5)
		return (false);
	for (unsigned i = 0; i < 5; i++)
		parse_named_set(h->ev, keys[i], n[i]);
	if (numbers(next(h), n) != 2)
		return (false);
	parse_named_set(h->ev, "server_queue", n[0]);
	parse_named_set(h->ev, "backend_queue", n[1]);
	return (true);
}

static void
put_ms(struct haproxy *h, enum event_number n, int64_t ms)
{
	if (ms >= 0)
		parse_field_set_number(h->ev, n, ms * MS);
}

/* "{a|b}", up to two of them. */
static bool
read_captures(struct haproxy *h)
{
	static const char *const keys[] = { "captured_request", "captured_response" };

	for (unsigned i = 0; i < 2 && h->rest.len > 0 && h->rest.ptr[0] == '{'; i++) {
		size_t end = span_find(h->rest, '}');

		if (end == h->rest.len)
			return (false);
		parse_named_extra(h->ev, keys[i], EVENT_EXTRA_UNKNOWN,
		    plain(h, span_of(h->rest.ptr + 1, end - 1)));
		h->rest = span_from(h->rest, end + 2);
	}
	return (true);
}

/* A line that was cut has no closing quote. */
static bool
read_request(struct haproxy *h)
{
	struct span text = span_from(h->rest, 1);
	size_t end = span_find(text, '"');
	char *none = NULL; /* it has other escapes */

	if (h->rest.len == 0 || h->rest.ptr[0] != '"')
		return (false);
	parse_request(h->ev, plain(h, span_of(text.ptr, end)), &none);
	h->rest = span_from(text, end + 1);
	if (end < text.len)
		return (true);
	h->good = false;
	h->ev->bad_text |= UINT32_C(1) << EVENT_TARGET;
	return (true);
}

static bool
read_http(struct haproxy *h, const int64_t *timer)
{
	struct span status = next(h), bytes = next(h), cookie = next(h), set = next(h);
	struct span state = next(h);

	parse_named_set(h->ev, "request_ms", timer[0]);
	parse_named_set(h->ev, "queue_ms", timer[1]);
	parse_named_set(h->ev, "connect_ms", timer[2]);
	put_ms(h, EVENT_UPSTREAM_US, timer[3]);
	put_ms(h, EVENT_DURATION_US, timer[4]);
	if (bytes.len > 1 && bytes.ptr[0] == '+')
		bytes = span_from(bytes, 1);
	if (!span_is(status, "-1") && !parse_named_status(h->ev, EVENT_STATUS, status))
		h->good = false;
	if (!parse_named_digits(h->ev, EVENT_BYTES, bytes))
		h->good = false;
	parse_field_text(h->ev, EVENT_COOKIE, cookie);
	parse_named_extra(h->ev, "response_cookie", EVENT_EXTRA_SECRET, set);
	if (state.len != 4)
		return (false);
	put_state(h, state);
	return (read_load(h) && read_captures(h) && read_request(h));
}

static bool
read_tcp(struct haproxy *h, const int64_t *timer)
{
	struct span bytes = next(h), state = next(h);

	h->ev->type = EVENT_LOG;
	parse_named_set(h->ev, "queue_ms", timer[0]);
	parse_named_set(h->ev, "connect_ms", timer[1]);
	put_ms(h, EVENT_DURATION_US, timer[2]);
	if (bytes.len > 1 && bytes.ptr[0] == '+')
		bytes = span_from(bytes, 1);
	if (!parse_named_digits(h->ev, EVENT_BYTES, bytes) || state.len != 2)
		return (false);
	put_state(h, state);
	return (read_load(h));
}

/* "fe/bind: SSL handshake failure" */
static bool
read_error(struct haproxy *h, struct span where)
{
	size_t slash;

	where.len--;
	slash = span_find(where, '/');
	h->ev->type = EVENT_LOG;
	parse_named_extra(h->ev, "frontend", EVENT_EXTRA_NAME, span_of(where.ptr, slash));
	parse_named_extra(h->ev, "bind", EVENT_EXTRA_NAME, span_from(where, slash + 1));
	parse_field_text(h->ev, EVENT_MESSAGE, h->rest);
	h->rest.len = 0;
	return (true);
}

static bool
read_session(struct haproxy *h, const struct parse_state *state)
{
	struct span client = next(h), frontend, word;
	int64_t timer[NUMBERS_MAX];
	unsigned count;

	if (!read_time(h, state))
		return (false);
	put_client(h, client);
	frontend = next(h);
	if (frontend.len > 1 && frontend.ptr[frontend.len - 1] == ':')
		return (read_error(h, frontend));
	if (!read_names(h, frontend))
		return (false);
	word = next(h);
	if ((count = numbers(word, timer)) == 0) { /* many log the host there */
		parse_field_text(h->ev, EVENT_HOST, word);
		count = numbers(next(h), timer);
	}
	return (count == 5 ? read_http(h, timer) : count == 3 && read_tcp(h, timer));
}

/* "Connect from 192.0.2.7:51234 to 192.0.2.80:80 (fe/HTTP)" */
static bool
read_connect(struct haproxy *h)
{
	struct span client = next(h), to = next(h), local = next(h), where = h->rest;

	if (!span_is(to, "to") || where.len < 3 || where.ptr[0] != '(')
		return (false);
	h->ev->type = EVENT_LOG;
	put_client(h, client);
	parse_named_extra(h->ev, "local", EVENT_EXTRA_ADDRESS, local);
	parse_named_extra(h->ev, "frontend", EVENT_EXTRA_NAME,
	    span_of(where.ptr + 1, span_find(where, '/') - 1));
	h->rest.len = 0;
	return (true);
}

/* What HAProxy says of itself begins with one of these. */
static bool
read_notice(struct haproxy *h)
{
	static const char *const starts[] = { "Proxy ", "Server ", "Backup Server ", "backend ",
		"Health check for ", "Stopping ", "Pausing ", "Connection error " };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (span_starts(h->rest, span_str(starts[i]))) {
			h->ev->type = EVENT_LOG;
			parse_field_text(h->ev, EVENT_MESSAGE, h->rest);
			h->rest.len = 0;
			return (true);
		}
	return (false);
}

enum parse_result
parse_server_haproxy(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct span connect = SPAN("Connect from ");
	struct haproxy h = { .rest = line, .ev = ev, .scratch = scratch, .good = true };
	bool fits;

	parse_field_clear(ev);
	if (span_starts(line, connect)) {
		h.rest = span_from(line, connect.len);
		fits = read_connect(&h);
	} else
		fits = read_notice(&h) || read_session(&h, state);
	if (!fits || memchr(line.ptr, '\0', line.len) != NULL) {
		*reason = fits		? PARSE_REASON_BINARY :
		    h.rest.len == 0 && ev->time_ok ? PARSE_REASON_CUT :
						     PARSE_REASON_GRAMMAR;
		parse_field_clear(ev);
		return (PARSE_UNPARSED);
	}
	if (!parse_field_extra(ev, h.rest, 20, &h.scratch))
		h.good = false;
	return (h.good ? PARSE_EVENT : PARSE_PARTIAL);
}
