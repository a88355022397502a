/*
 * parse: any CLF line, carefully (masking.md C7, C8).
 *
 * Where the user field ends is decided from behind: the last ` [time] "`
 * whose tail has the shape of the format.  A user can write such a text into
 * a field, so a second one that also fits makes the line ambiguous.
 */
#include "parse/clf/clf.h"
#include "parse/field.h"
#include "parse/request.h"
#include "parse/timestamp.h"
#include "parse/unescape.h"

#define CLF_ANCHORS_MAX 16 /* tails tried: bounds the work on a hostile line */
#define CLF_TIME_MAX 64 /* the longest text between brackets taken for a time */

enum tail_kind { TAIL_NONE, TAIL_SHORT, TAIL_WHOLE };

struct anchor {
	size_t bracket; /* of '[' */
	size_t quote; /* of the request's opening quote */
	bool time_ok;
	int64_t time_us;
};

struct tail {
	enum tail_kind kind;
	bool cut; /* the line ended too early */
	bool referer_open, agent_open;
	struct span request, status, bytes, referer, agent;
	size_t rest; /* from here extra fields */
};

struct choice {
	struct anchor anchor;
	struct tail tail;
	unsigned fits; /* anchors that fit as well as this one */
};

/* ' token' at *at of line; empty if there is none. */
static struct span
tail_bare(struct span line, size_t *at)
{
	struct span token = span_of(line.ptr + *at, 0);
	size_t start = *at;

	while (start < line.len && line.ptr[start] == ' ')
		start++;
	if (start == *at || start == line.len || line.ptr[start] == '"')
		return (token);
	token.ptr = line.ptr + start;
	token.len = span_find(span_from(line, start), ' ');
	*at = start + token.len;
	return (token);
}

/* ' "quoted"' at *at of line: 1, 0 if it does not end, -1 if it is none. */
static int
tail_quoted(struct span line, size_t *at, struct span *value)
{
	size_t start = *at, len;
	bool ends;

	while (start < line.len && line.ptr[start] == ' ')
		start++;
	if (start == *at || start == line.len || line.ptr[start] != '"')
		return (-1);
	ends = parse_field_quoted(span_from(line, start + 1), value, &len);
	*at = start + 1 + len;
	return (ends ? 1 : 0);
}

static void
tail_agents(struct span line, struct tail *t)
{
	int got;

	t->kind = TAIL_SHORT;
	if ((got = tail_quoted(line, &t->rest, &t->referer)) != 1) {
		t->referer_open = got == 0;
		return;
	}
	if ((got = tail_quoted(line, &t->rest, &t->agent)) != 1) {
		t->agent_open = got == 0;
		return;
	}
	t->kind = TAIL_WHOLE;
}

/* What stands from the request's opening quote on. */
static void
tail_read(const struct parse_clf *shape, struct span line, size_t quote, struct tail *t)
{
	size_t len;

	memset(t, 0, sizeof(*t));
	t->rest = quote + 1;
	if (!parse_field_quoted(span_from(line, t->rest), &t->request, &len)) {
		t->cut = true;
		return;
	}
	t->rest += len;
	t->status = tail_bare(line, &t->rest);
	if (t->status.len == 0) {
		t->cut = t->rest == line.len;
		return;
	}
	t->bytes = tail_bare(line, &t->rest);
	t->kind = t->bytes.len == 0 ? TAIL_SHORT : TAIL_WHOLE;
	if (t->kind == TAIL_WHOLE && shape->combined)
		tail_agents(line, t);
}

/*
 * A time in another dialect, or one that no calendar has: digits and what
 * stands between them, words of at most three letters (Nov, T, Z, UTC).
 */
static bool
time_is_like(struct span text)
{
	unsigned digits = 0, letters = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (parse_field_is_digit(c)) {
			digits++;
			letters = 0;
		} else if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
			if (++letters > 3)
				return (false);
		} else if (c == '\0' || strchr("/:+-., ", c) == NULL) {
			return (false);
		} else {
			letters = 0;
		}
	}
	return (digits >= 6);
}

/*
 * Is there ` [...] "` with its quote at quote?  A strict anchor holds a time;
 * a loose one what looks like one.
 */
static bool
anchor_at(struct span line, size_t quote, bool strict, struct anchor *a)
{
	size_t at = quote;
	struct span text;

	if (quote < 6 || line.ptr[quote - 1] != ' ' || line.ptr[quote - 2] != ']')
		return (false);
	for (at = quote - 3; at > 0 && line.ptr[at] != '['; at--) {
		if (line.ptr[at] == ']' || line.ptr[at] == '"' || quote - at > CLF_TIME_MAX)
			return (false);
	}
	if (at == 0 || line.ptr[at - 1] != ' ')
		return (false);
	text = span_of(line.ptr + at + 1, quote - at - 3);
	a->time_us = 0;
	a->time_ok = parse_time_clf(text, &a->time_us) == 0;
	a->bracket = at;
	a->quote = quote;
	return (a->time_ok || (!strict && time_is_like(text)));
}

static void
choice_offer(struct choice *best, const struct anchor *a, const struct tail *t)
{
	if (best->fits == 0 || t->kind > best->tail.kind) {
		best->anchor = *a;
		best->tail = *t;
		best->fits = 1;
	} else if (t->kind == best->tail.kind && t->kind != TAIL_NONE) {
		best->fits++;
	}
}

/*
 * The last anchor with the best tail.  False if there is no anchor at all.
 * With more anchors than are tried the line counts as ambiguous.
 */
static bool
choice_make(const struct parse_clf *shape, struct span line, bool strict, struct choice *best)
{
	size_t end = line.len;
	unsigned tried = 0;

	memset(best, 0, sizeof(*best));
	while (end > 0) {
		const char *quote = memrchr(line.ptr, '"', end);
		struct anchor a;
		struct tail t;

		if (quote == NULL)
			break;
		end = (size_t)(quote - line.ptr);
		if (!anchor_at(line, end, strict, &a))
			continue;
		if (tried++ == CLF_ANCHORS_MAX) {
			best->fits++;
			break;
		}
		tail_read(shape, line, end, &t);
		choice_offer(best, &a, &t);
		if (best->tail.kind == TAIL_WHOLE && best->fits > 1)
			break;
	}
	return (tried > 0);
}

/* The next token of prefix; true if a blank follows it. */
static bool
prefix_token(struct span prefix, size_t *at, struct span *token)
{
	struct span rest = span_from(prefix, *at);
	size_t len = span_find(rest, ' ');

	*token = span_of(rest.ptr, len);
	*at += len == rest.len ? len : len + 1;
	return (len < rest.len);
}

/*
 * A list of addresses, or a quoted one, stands where the client should: some
 * servers are told to log X-Forwarded-For first.  A header never becomes the
 * peer.  Returns the bytes it takes with the blank behind it, 0 if there is
 * none; *instead: the client itself is missing.
 */
static size_t
prefix_list(struct event *ev, struct span rest, bool *instead, char **scratch)
{
	struct span value;
	size_t len = 0, end = 0;

	*instead = false;
	if (rest.len > 0 && rest.ptr[0] == '"') {
		if (!parse_field_quoted(span_from(rest, 1), &value, &len) || len + 1 == rest.len)
			return (0);
		parse_field_text(ev, EVENT_FORWARDED, parse_unescape(value, scratch));
		return (len + 2);
	}
	do {
		end += len == 0 ? 0 : 1;
		len = span_find(span_from(rest, end), ' ');
		end += len;
	} while (len > 0 && rest.ptr[end - 1] == ',' && end < rest.len);
	value = span_of(rest.ptr, end);
	if (end == rest.len || span_find(value, ' ') == end)
		return (0);
	*instead = true;
	parse_field_text(ev, EVENT_FORWARDED, parse_unescape(value, scratch));
	return (end + 1);
}

bool
parse_clf_is_day(struct span token)
{
	static const char form[] = "dddd-dd-dd";
	int month, day;

	if (token.len < sizeof(form) - 1)
		return (false);
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? !parse_field_is_digit(token.ptr[i]) : token.ptr[i] != '-')
			return (false);
	month = (token.ptr[5] - '0') * 10 + token.ptr[6] - '0';
	day = (token.ptr[8] - '0') * 10 + token.ptr[9] - '0';
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return (false);
	return (token.len == 10 || (token.ptr[10] | 0x20) == 't');
}

/*
 * "Nov" "24" "10:11:12 www nginx: 192.0.2.7 - -" as client, ident and user, of
 * RFC 3164 without its number.  Behind the clock are a machine and a program:
 * so there is a blank, and the quick parser takes no such line either.
 */
static bool
is_bsd(struct span client, struct span ident, struct span user)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *at = client.len == 3 ? memmem(months, 36, client.ptr, 3) : NULL;

	if (at == NULL || (at - months) % 3 != 0)
		return (false);
	/* A day of one digit has two blanks in front of it. */
	if (ident.len == 0) {
		size_t len = span_find(user, ' ');

		ident = span_of(user.ptr, len);
		user = span_from(user, len < user.len ? len + 1 : len);
	}
	return (ident.len <= 2 && ident.len > 0 && parse_field_is_digit(ident.ptr[0]) &&
	    user.len >= 9 && user.ptr[2] == ':' && user.ptr[5] == ':' && user.ptr[8] == ' ' &&
	    parse_field_is_digit(user.ptr[0]) && span_find(span_from(user, 9), ' ') + 9 < user.len);
}

/* [vhost] client ident user.  -1: too few, or an envelope's; 1: a list was in the way. */
static int
prefix_read(const struct parse_clf *shape, struct span prefix, struct event *ev, char **scratch)
{
	struct span host = { prefix.ptr, 0 }, client = host, ident, user;
	size_t at = 0, list;
	bool instead;

	if (shape->vhost && (!prefix_token(prefix, &at, &host) || host.len == 0))
		return (-1);
	list = prefix_list(ev, span_from(prefix, at), &instead, scratch);
	at += list;
	if (!instead && (!prefix_token(prefix, &at, &client) || client.len == 0))
		return (-1);
	if (!prefix_token(prefix, &at, &ident))
		return (-1);
	user = span_from(prefix, at);
	if (parse_clf_is_wrapped(host) || parse_clf_is_wrapped(client) ||
	    is_bsd(shape->vhost ? host : client, shape->vhost ? client : ident,
		shape->vhost ? span_from(prefix, (size_t)(ident.ptr - prefix.ptr)) : user))
		return (-1);
	user = parse_unescape(user, scratch);
	if (shape->vhost)
		parse_field_text(ev, EVENT_HOST, parse_field_host(parse_unescape(host, scratch)));
	parse_field_text(ev, EVENT_CLIENT, parse_unescape(client, scratch));
	parse_field_text(ev, EVENT_IDENT, parse_unescape(ident, scratch));
	if (!span_is(user, "\"\"")) {
		parse_field_text(ev, EVENT_USER, user);
		ev->user_odd = parse_field_user_odd(user);
	}
	return (list > 0 ? 1 : 0);
}

/* digits to number n; "-" is absent.  False if it is neither. */
static bool
clf_number(struct event *ev, enum event_number n, struct span text, size_t len_max)
{
	int64_t value;

	if (text.len == 1 && text.ptr[0] == '-')
		return (true);
	if (text.len == 0 || text.len > len_max || !parse_field_digits(text, &value))
		return (false);
	parse_field_set_number(ev, n, value);
	return (true);
}

static uint32_t
clf_bit(enum event_text f)
{
	return (UINT32_C(1) << f);
}

/* Everything of the tail but the request.  False if something is bad. */
static bool
clf_tail(const struct parse_clf *shape, struct span line, const struct tail *t, struct event *ev,
    char **scratch)
{
	bool good = t->kind == TAIL_WHOLE;

	if (!clf_number(ev, EVENT_STATUS, t->status, 3) ||
	    (t->status.len != 3 && !span_is(t->status, "-"))) {
		ev->has_number &= ~(UINT32_C(1) << EVENT_STATUS);
		good = false;
	}
	if (!clf_number(ev, EVENT_BYTES, t->bytes, 18))
		good = false;
	parse_field_text(ev, EVENT_REFERER, parse_unescape(t->referer, scratch));
	parse_field_text(ev, EVENT_AGENT, parse_unescape(t->agent, scratch));
	if (t->referer_open)
		ev->bad_text |= clf_bit(EVENT_REFERER);
	if (t->agent_open)
		ev->bad_text |= clf_bit(EVENT_AGENT);
	if (!parse_field_extra(ev, span_from(line, t->rest), parse_clf_first_extra(shape), scratch))
		good = false;
	return (good);
}

static enum parse_result
clf_fill(const struct parse_clf *shape, struct span line, const struct choice *c, char *scratch,
    struct event *ev)
{
	const uint32_t request = clf_bit(EVENT_METHOD) | clf_bit(EVENT_TARGET) |
	    clf_bit(EVENT_PROTOCOL) | clf_bit(EVENT_REQUEST);
	const uint32_t names = clf_bit(EVENT_IDENT) | clf_bit(EVENT_USER);
	bool good = c->anchor.time_ok;
	int prefix = prefix_read(shape, span_of(line.ptr, c->anchor.bracket - 1), ev, &scratch);

	if (prefix == -1)
		return (PARSE_UNPARSED);
	ev->time_ok = c->anchor.time_ok;
	ev->time_us = c->anchor.time_us;
	parse_request(ev, c->tail.request, &scratch);
	if (!clf_tail(shape, line, &c->tail, ev, &scratch))
		good = false;
	if (prefix == 1)
		ev->bad_text |= names;
	if (c->fits > 1)
		ev->bad_text |= names | request;
	return (good && prefix == 0 && c->fits == 1 ? PARSE_EVENT : PARSE_PARTIAL);
}

/* Mostly control bytes: no text, whatever the format. */
static bool
clf_is_binary(struct span line)
{
	size_t control = 0;

	for (size_t i = 0; i < line.len; i++)
		control += (unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t';
	return (control * 4 > line.len);
}

enum parse_result
parse_clf_careful(const struct parse_clf *shape, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct choice c;

	parse_field_clear(ev);
	if (line.len > 0 && memchr(line.ptr, '\0', line.len) != NULL) {
		*reason = PARSE_REASON_BINARY;
		return (PARSE_UNPARSED);
	}
	if (choice_make(shape, line, true, &c) || choice_make(shape, line, false, &c)) {
		enum parse_result result = PARSE_UNPARSED;

		if (c.tail.kind != TAIL_NONE)
			result = clf_fill(shape, line, &c, scratch, ev);
		if (result != PARSE_UNPARSED)
			return (result);
	}
	*reason = clf_is_binary(line) ? PARSE_REASON_BINARY :
	    c.fits > 1                ? PARSE_REASON_AMBIGUOUS :
	    c.tail.cut                ? PARSE_REASON_CUT :
					PARSE_REASON_GRAMMAR;
	parse_field_clear(ev);
	return (PARSE_UNPARSED);
}

enum parse_result
parse_clf(const struct parse_clf *shape, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	if (parse_clf_quick(shape, line, ev))
		return (PARSE_EVENT);
	return (parse_clf_careful(shape, line, scratch, ev, reason));
}

enum parse_result
parse_clf_common(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_clf shape = { .vhost = false, .combined = false };

	(void)state;
	return (parse_clf(&shape, line, scratch, ev, reason));
}

enum parse_result
parse_clf_combined(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_clf shape = { .vhost = false, .combined = true };

	(void)state;
	return (parse_clf(&shape, line, scratch, ev, reason));
}

enum parse_result
parse_clf_vhost(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_clf shape = { .vhost = true, .combined = true };

	(void)state;
	return (parse_clf(&shape, line, scratch, ev, reason));
}
