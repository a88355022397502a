/*
 * parse: ArcSight's common event format.
 *
 *	CEF:0|vendor|product|version|id|name|severity|key=value key=value
 *
 * Values hold blanks; one ends where the next "key=" begins.
 */
#include "parse/named/named.h"
#include "parse/text/text.h"
#include "parse/timestamp.h"

#define HEADER_COUNT 7

enum as { TEXT, EXTRA, NUMBER, COUNT, TIME };

/* Keys of extensions, sorted. */
static const struct key {
	const char *name;
	enum as as;
	int to;
	const char *key; /* in extra */
} keys[] = {
	{ "act", EXTRA, EVENT_EXTRA_WORD, "act" },
	{ "app", EXTRA, EVENT_EXTRA_WORD, "app" },
	{ "cat", EXTRA, EVENT_EXTRA_NAME, "cat" },
	{ "cnt", COUNT, 0, "count" },
	{ "dhost", TEXT, EVENT_HOST, NULL },
	{ "dpt", COUNT, 0, "server_port" },
	{ "dst", EXTRA, EVENT_EXTRA_ADDRESS, "dst" },
	{ "duser", EXTRA, EVENT_EXTRA_USER, "duser" },
	{ "dvc", EXTRA, EVENT_EXTRA_ADDRESS, "dvc" },
	{ "dvchost", TEXT, EVENT_SERVER, NULL },
	{ "end", TIME, 0, "end" },
	{ "externalId", TEXT, EVENT_JOIN, NULL },
	{ "in", NUMBER, EVENT_REQUEST_BYTES, NULL },
	{ "msg", TEXT, EVENT_MESSAGE, NULL },
	{ "out", NUMBER, EVENT_BYTES, NULL },
	{ "outcome", TEXT, EVENT_OUTCOME, NULL },
	{ "proto", EXTRA, EVENT_EXTRA_WORD, "proto" },
	{ "request", TEXT, EVENT_TARGET, NULL },
	{ "requestClientApplication", TEXT, EVENT_AGENT, NULL },
	{ "requestContext", TEXT, EVENT_REFERER, NULL },
	{ "requestCookies", TEXT, EVENT_COOKIE, NULL },
	{ "requestMethod", TEXT, EVENT_METHOD, NULL },
	{ "rt", TIME, 0, "rt" },
	{ "shost", EXTRA, EVENT_EXTRA_ADDRESS, "shost" },
	{ "spt", NUMBER, EVENT_PORT, NULL },
	{ "src", TEXT, EVENT_CLIENT, NULL },
	{ "start", TIME, 0, "start" },
	{ "suser", TEXT, EVENT_USER, NULL },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEY_COUNT <= 32, "seen is one word");

struct cef {
	const struct parse_state *state;
	struct event *ev;
	char *scratch;
	bool good;
	uint32_t seen; /* bit per row of keys */
};

static bool
is_key(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' || c == '.' || c == '-');
}

/* "\=", "\|", "\\", "\n" as what they mean. */
static struct span
plain(struct cef *c, struct span raw)
{
	char *start = c->scratch, *out = start;

	if (span_find(raw, '\\') == raw.len)
		return (raw);
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.ptr[i] == '\\' && i + 1 < raw.len) {
			i++;
			*out++ = raw.ptr[i] == 'n' ? '\n' : raw.ptr[i] == 'r' ? '\r' : raw.ptr[i];
		} else
			*out++ = raw.ptr[i];
	}
	c->scratch = out;
	return (span_of(start, (size_t)(out - start)));
}

static const struct key *
find(struct span name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (span_is(name, keys[i].name))
			return (&keys[i]);
	return (NULL);
}

/* "1764000000123" or "Nov 24 2025 10:11:12": the first of them is the event's. */
static bool
read_time(struct cef *c, struct span value)
{
	size_t len = 0;

	if (c->ev->time_ok)
		return (true);
	if (parse_time_epoch(value, &c->ev->time_us) != 0 &&
	    parse_time_iso(value, &c->ev->time_us) != 0)
		len = parse_time_bsd(value, c->state->now_us, &c->ev->time_us);
	else
		len = value.len;
	c->ev->time_ok = len > 0;
	return (len > 0);
}

/*
 * A key that came before: who sent a value with " key=" in it may have written
 * either, and so neither counts.
 */
static void
refuse_key(struct cef *c, const struct key *k)
{
	struct event *ev = c->ev;

	ev->duplicate_key = true;
	c->good = false;
	switch (k->as) {
	case TEXT: ev->bad_text |= UINT32_C(1) << k->to; break;
	case NUMBER: ev->has_number &= ~(UINT32_C(1) << k->to); break;
	case TIME: ev->time_ok = false; break;
	default:
		for (unsigned i = 0; i < ev->extra_count; i++)
			if (ev->extra[i].known && span_is(ev->extra[i].key, k->key)) {
				ev->extra[i].kind = EVENT_EXTRA_UNKNOWN;
				ev->extra[i].value = span_str("twice");
			}
	}
}

/* Is it the first value of this key? */
static bool
is_first(struct cef *c, const struct key *k)
{
	uint32_t bit = UINT32_C(1) << (k - keys);

	if ((c->seen & bit) != 0) {
		refuse_key(c, k);
		return (false);
	}
	c->seen |= bit;
	return (true);
}

/* A key that no row has; of two of one name only the first is kept. */
static void
put_unknown(struct cef *c, struct span name, struct span value)
{
	struct event *ev = c->ev;

	for (unsigned i = 0; i < ev->extra_count; i++)
		if (!ev->extra[i].known && span_equal(ev->extra[i].key, name)) {
			ev->duplicate_key = true;
			c->good = false;
			return;
		}
	if (ev->extra_count == EVENT_EXTRA_MAX)
		ev->extra_more++;
	else if (value.len > 0)
		ev->extra[ev->extra_count++] = (struct event_extra){ .key = name, .value = value };
}

static void
put(struct cef *c, struct span name, struct span value)
{
	const struct key *k = find(name);
	struct event *ev = c->ev;

	if (k == NULL) {
		put_unknown(c, name, value);
		return;
	}
	if (!is_first(c, k))
		return;
	switch (k->as) {
	case TEXT: parse_field_text(ev, (enum event_text)k->to, value); break;
	case EXTRA:
		parse_named_extra(ev, k->key, (enum event_extra_kind)k->to, value);
		break;
	case COUNT: parse_named_number(ev, k->key, value); break;
	case NUMBER:
		if (!parse_named_digits(ev, (enum event_number)k->to, value))
			c->good = false;
		break;
	default:
		if (!read_time(c, value))
			c->good = false;
	}
}

/* Where the value at the start of text ends: before " key=". */
static size_t
value_len(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t end = i + 1;

		if (text.ptr[i] == '\\') {
			i++;
			continue;
		}
		if (text.ptr[i] != ' ')
			continue;
		while (end < text.len && is_key(text.ptr[end]))
			end++;
		if (end > i + 1 && end < text.len && text.ptr[end] == '=')
			return (i);
		i = end - 1;
	}
	return (text.len);
}

/* Seven fields between bars; what stands behind them. */
static bool
read_header(struct span *rest, struct span *header)
{
	for (unsigned n = 0; n < HEADER_COUNT; n++) {
		size_t i = 0;

		while (i < rest->len && rest->ptr[i] != '|')
			i += rest->ptr[i] == '\\' ? 2 : 1;
		if (i >= rest->len && n + 1 < HEADER_COUNT)
			return (false);
		if (i > rest->len)
			i = rest->len;
		header[n] = span_of(rest->ptr, i);
		*rest = span_from(*rest, i + 1);
	}
	return (true);
}

enum parse_result
parse_text_cef(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct cef c = { .state = state, .ev = ev, .scratch = scratch, .good = true };
	struct span rest = line, header[HEADER_COUNT];

	parse_field_clear(ev);
	*reason = PARSE_REASON_GRAMMAR;
	if (memchr(line.ptr, '\0', line.len) != NULL)
		*reason = PARSE_REASON_BINARY;
	if (!span_starts(line, span_str("CEF:")) || *reason == PARSE_REASON_BINARY ||
	    !read_header(&rest, header))
		return (PARSE_UNPARSED);
	ev->type = EVENT_LOG;
	parse_named_extra(ev, "product", EVENT_EXTRA_NAME, plain(&c, header[2]));
	parse_named_extra(ev, "signature", EVENT_EXTRA_NAME, plain(&c, header[4]));
	parse_named_number(ev, "severity", header[6]);
	while (rest.len > 0) {
		size_t equals = span_find(rest, '='), len;
		struct span name = span_of(rest.ptr, equals);

		if (equals == rest.len || equals == 0 || span_find(name, ' ') < name.len) {
			c.good = false;
			break;
		}
		rest = span_from(rest, equals + 1);
		len = value_len(rest);
		put(&c, name, plain(&c, span_of(rest.ptr, len)));
		rest = span_from(rest, len + 1);
	}
	if (!event_has(ev, EVENT_MESSAGE))
		parse_field_text(ev, EVENT_MESSAGE, plain(&c, header[5]));
	else
		parse_named_extra(ev, "name", EVENT_EXTRA_UNKNOWN, plain(&c, header[5]));
	return (c.good ? PARSE_EVENT : PARSE_PARTIAL);
}
