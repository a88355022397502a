/*
 * parse: error logs of nginx and Apache.
 *
 * Their messages hold what clients sent, as it is: where the message ends is
 * no certain thing.  What could end in two places is not believed.
 */
#include "parse/named/named.h"
#include "parse/request.h"
#include "parse/piece.h"
#include "parse/server/server.h"
#include "parse/timestamp.h"
#include "parse/named/zone.h"

#define BIT(f) (UINT32_C(1) << (f))

static enum parse_result
refuse(struct event *ev, struct span line, enum parse_reason *reason)
{
	bool text = memchr(line.ptr, '\0', line.len) == NULL;

	*reason = text ? PARSE_REASON_GRAMMAR : PARSE_REASON_BINARY;
	parse_field_clear(ev);
	return (PARSE_UNPARSED);
}

/* "[text]" at the start of *rest, which is moved behind it and a blank. */
static bool
take_bracket(struct span *rest, struct span *text)
{
	size_t end = span_find(*rest, ']');

	if (rest->len == 0 || rest->ptr[0] != '[' || end == rest->len)
		return (false);
	*text = span_of(rest->ptr + 1, end - 1);
	*rest = span_from(*rest, end + 1);
	if (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = span_from(*rest, 1);
	return (true);
}

/* ---- nginx ---- */

#define CLIENTS_MAX 8 /* starts of clauses that are looked at: a server writes one */
#define NGINX_LINE_BYTES 2047 /* longer lines are cut: the clauses of the server may be gone */

/* What nginx says behind a message, in this order; each may be missing but the first. */
enum clause { CLIENT, SERVER, REQUEST, SUBREQUEST, UPSTREAM, HOST, REFERRER, CLAUSE_COUNT };

static const struct {
	struct span start; /* with the quote, if it has one */
	bool quoted;
} clauses[CLAUSE_COUNT] = {
	[CLIENT] = { SPAN(", client: "), false },
	[SERVER] = { SPAN(", server: "), false },
	[REQUEST] = { SPAN(", request: \""), true },
	[SUBREQUEST] = { SPAN(", subrequest: \""), true },
	[UPSTREAM] = { SPAN(", upstream: \""), true },
	[HOST] = { SPAN(", host: \""), true },
	[REFERRER] = { SPAN(", referrer: \""), true },
};

/* Where the clause at hand ends: the next one's start, or the end. */
static size_t
clause_end(struct span text, enum clause c, enum clause *behind)
{
	size_t best = text.len;

	*behind = CLAUSE_COUNT;
	for (unsigned n = c + 1u; n < CLAUSE_COUNT; n++) {
		const char *at = memmem(
		    text.ptr, text.len, clauses[n].start.ptr, clauses[n].start.len);

		if (at != NULL && (size_t)(at - text.ptr) < best) {
			best = (size_t)(at - text.ptr);
			*behind = (enum clause)n;
		}
	}
	return (best);
}

/* Read clauses from the one that text starts with on.  False if they are none. */
static bool
read_clauses(struct span text, struct span *found)
{
	enum clause c = CLIENT, behind;

	memset(found, 0, CLAUSE_COUNT * sizeof(*found));
	while (c != CLAUSE_COUNT) {
		size_t len;

		text = span_from(text, clauses[c].start.len);
		len = clause_end(text, c, &behind);
		found[c] = span_of(text.ptr, len);
		if (clauses[c].quoted) {
			if (len == 0 || text.ptr[len - 1] != '"')
				return (false);
			found[c].len--;
		} else if (span_find(found[c], '"') < len)
			return (false);
		text = span_from(text, len);
		c = behind;
	}
	return (true);
}

/* nginx writes a request as it came: quotes in it may end what it seems to end. */
static bool
quotes_inside(const struct span *found)
{
	for (unsigned c = 0; c < CLAUSE_COUNT; c++)
		if (found[c].len > 0 && span_find(found[c], '"') < found[c].len)
			return (true);
	return (false);
}

/* The message of text, and what follows it.  How many ways there are to see that. */
static unsigned
find_clauses(struct span text, struct span *message, struct span *found)
{
	struct span other[CLAUSE_COUNT];
	unsigned fits = 0, tries = 0;
	size_t at = 0;

	*message = text;
	memset(found, 0, CLAUSE_COUNT * sizeof(*found));
	while (fits < 2) {
		struct span rest = span_from(text, at);
		const char *start = memmem(rest.ptr, rest.len, clauses[CLIENT].start.ptr,
		    clauses[CLIENT].start.len);

		if (start == NULL)
			break;
		at = (size_t)(start - text.ptr);
		if (read_clauses(span_from(text, at), fits == 0 ? found : other) && fits++ == 0)
			*message = span_of(text.ptr, at);
		at++;
		if (++tries == CLIENTS_MAX)
			break;
	}
	if (fits == 0)
		memset(found, 0, CLAUSE_COUNT * sizeof(*found));
	return (tries == CLIENTS_MAX ? 2 : fits);
}

/* "http://127.0.0.1:3000/a?b": the machine; the rest is much like the target. */
static void
put_upstream(struct event *ev, struct span url)
{
	const char *behind;
	struct span peer = url;
	size_t len;

	if (url.len == 0)
		return;
	if ((behind = memmem(url.ptr, url.len, "://", 3)) != NULL)
		peer = span_from(url, (size_t)(behind - url.ptr) + 3);
	len = span_starts(peer, span_str("unix:")) ? peer.len : span_find(peer, '/');
	parse_field_text(ev, EVENT_UPSTREAM, span_of(peer.ptr, len));
	if (len + 1 < peer.len)
		parse_named_extra(
		    ev, "upstream_path", EVENT_EXTRA_UNKNOWN, span_from(peer, len));
}

static void
put_clauses(struct event *ev, const struct span *found)
{
	struct span host = parse_field_host(found[HOST]);
	char *none = NULL; /* nothing is escaped */

	if (span_starts(found[CLIENT], span_str("unix:")))
		parse_field_text(ev, EVENT_CLIENT, span_of(found[CLIENT].ptr, 5));
	else
		parse_named_peer(ev, EVENT_CLIENT, found[CLIENT]);
	parse_request(ev, found[REQUEST], &none);
	put_upstream(ev, found[UPSTREAM]);
	parse_field_text(ev, EVENT_HOST, host);
	parse_field_text(ev, EVENT_REFERER, found[REFERRER]);
	parse_named_extra(ev, "server_name", EVENT_EXTRA_NAME, found[SERVER]);
	parse_named_extra(ev, "subrequest", EVENT_EXTRA_UNKNOWN, found[SUBREQUEST]);
}

/* "10025#10025: *3 ": process, thread, connection. */
static bool
read_ids(struct span *rest, struct event *ev)
{
	size_t hash = span_find(*rest, '#'), colon = span_find(*rest, ':');
	int64_t pid, tid, connection;
	struct span star;

	if (hash == 0 || hash >= colon || colon >= rest->len ||
	    !parse_field_digits(span_of(rest->ptr, hash), &pid) ||
	    !parse_field_digits(span_of(rest->ptr + hash + 1, colon - hash - 1), &tid))
		return (false);
	parse_named_set(ev, "pid", pid);
	if (tid != pid)
		parse_named_set(ev, "tid", tid);
	*rest = span_from(*rest, colon + 1);
	if (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = span_from(*rest, 1);
	star = span_of(rest->ptr, span_find(*rest, ' '));
	if (star.len > 1 && star.ptr[0] == '*' &&
	    parse_field_digits(span_from(star, 1), &connection)) {
		parse_named_set(ev, "connection", connection);
		*rest = span_from(*rest, star.len + 1);
	}
	return (true);
}

/* "2025/11/24 10:11:12" */
static bool
read_nginx_time(struct span line, const struct parse_state *state, struct event *ev)
{
	char text[19];

	if (line.len < 20 || line.ptr[4] != '/' || line.ptr[7] != '/' || line.ptr[19] != ' ')
		return (false);
	memcpy(text, line.ptr, sizeof(text));
	text[4] = text[7] = '-';
	ev->time_ok = parse_time_iso(span_of(text, sizeof(text)), &ev->time_us) == 0;
	parse_zone_assume(state, ev);
	return (ev->time_ok);
}

enum parse_result
parse_server_nginx_error(struct parse_state *state, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason)
{
	struct span rest = span_from(line, 20), level, message, found[CLAUSE_COUNT];
	unsigned fits;
	bool doubt;

	(void)scratch;
	parse_field_clear(ev);
	if (memchr(line.ptr, '\0', line.len) != NULL || !read_nginx_time(line, state, ev) ||
	    !take_bracket(&rest, &level) || !read_ids(&rest, ev))
		return (refuse(ev, line, reason));
	ev->type = EVENT_LOG;
	parse_field_text(ev, EVENT_LEVEL, level);
	fits = find_clauses(rest, &message, found);
	doubt = fits > 1 || (fits == 1 && (line.len >= NGINX_LINE_BYTES || quotes_inside(found)));
	put_clauses(ev, found);
	parse_field_text(ev, EVENT_MESSAGE, message);
	if (doubt) /* what was read may be a client's */
		ev->bad_text |= BIT(EVENT_CLIENT) | BIT(EVENT_HOST) | BIT(EVENT_TARGET) |
		    BIT(EVENT_REFERER) | BIT(EVENT_UPSTREAM) | BIT(EVENT_METHOD);
	return (doubt ? PARSE_PARTIAL : PARSE_EVENT);
}

/* A time as nginx writes it, and a level. */
static bool
begins_nginx(struct span line)
{
	static const char form[] = "0000/00/00 00:00:00 [";

	if (line.len < sizeof(form) - 1)
		return (false);
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? !parse_field_is_digit(line.ptr[i]) : line.ptr[i] != form[i])
			return (false);
	return (true);
}

/*
 * What PHP and other programs write goes between quotes as it is, line ends
 * too: such a record ends behind the closing quote, and at the latest where
 * the next one begins.
 */
void
parse_piece_nginx_error(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const struct span opens = SPAN(" sent in stderr: \""), closes = SPAN("\" while ");
	size_t len = span_find(rest, '\n'), from;
	const char *open = memmem(rest.ptr, len, opens.ptr, opens.len);
	bool ends = open == NULL || !begins_nginx(rest);

	(void)parser;
	from = open == NULL ? len : (size_t)(open - rest.ptr) + opens.len;
	ends = ends || memmem(rest.ptr + from, len - from, closes.ptr, closes.len) != NULL;
	len = len < rest.len ? len + 1 : len;
	while (!ends && len < rest.len && len < PARSE_LINE_MAX) {
		struct span next = span_from(rest, len);
		size_t more = span_find(next, '\n');

		if (begins_nginx(next)) {
			ends = true;
			break;
		}
		ends = memmem(next.ptr, more, closes.ptr, closes.len) != NULL;
		len += more < next.len ? more + 1 : more;
	}
	ends = ends || len >= PARSE_LINE_MAX;
	ends = ends && rest.ptr[len - 1] == '\n';
	parse_piece_record(rest, len, len == rest.len && !ends, piece);
}

/* ---- Apache ---- */

/* "Thu Oct 13 12:24:49.880562 2022" */
static bool
read_apache_time(struct span text, const struct parse_state *state, struct event *ev)
{
	char clf[64];
	size_t dot = span_find(text, '.'), clock = dot < text.len ? dot : 19, fraction;

	if (text.len < 24 || text.len > 40 || text.ptr[3] != ' ' || text.ptr[text.len - 5] != ' ' ||
	    clock != 19)
		return (false);
	fraction = text.len - 5 - clock;
	if (text.ptr[7] != ' ' || text.ptr[10] != ' ')
		return (false);
	/* dd/Mon/yyyy:hh:mm:ss.ffffff +0000 */
	clf[0] = text.ptr[8] == ' ' ? '0' : text.ptr[8];
	clf[1] = text.ptr[9];
	clf[2] = clf[6] = '/';
	memcpy(clf + 3, text.ptr + 4, 3);
	memcpy(clf + 7, text.ptr + text.len - 4, 4);
	clf[11] = ':';
	memcpy(clf + 12, text.ptr + 11, 8 + fraction);
	memcpy(clf + 20 + fraction, " +0000", 6);
	ev->time_ok = parse_time_clf(span_of(clf, 26 + fraction), &ev->time_us) == 0;
	parse_zone_assume(state, ev);
	return (ev->time_ok);
}

/* "core:error", "error": of 2.4 with the module's name. */
static void
put_level(struct event *ev, struct span text)
{
	size_t colon = span_find(text, ':');

	if (colon == text.len) {
		parse_field_text(ev, EVENT_LEVEL, text);
		return;
	}
	parse_named_extra(ev, "module", EVENT_EXTRA_WORD, span_of(text.ptr, colon));
	text = span_from(text, colon + 1);
	if (text.len > 5 && memcmp(text.ptr, "trace", 5) == 0)
		text.len = 5; /* trace1 to trace8 */
	parse_field_text(ev, EVENT_LEVEL, text);
}

/* "pid 10:tid 140120579262208" */
static bool
put_process(struct event *ev, struct span text)
{
	size_t colon = span_find(text, ':');
	int64_t id;

	if (!span_starts(text, span_str("pid ")) ||
	    !parse_field_digits(span_of(text.ptr + 4, colon - 4), &id))
		return (false);
	parse_named_set(ev, "pid", id);
	text = span_from(text, colon + 1);
	if (span_starts(text, span_str("tid ")) && parse_field_digits(span_from(text, 4), &id))
		parse_named_set(ev, "tid", id);
	return (true);
}

/* Brackets behind the level: process, client, and others that modules write. */
static void
read_brackets(struct span *rest, struct event *ev)
{
	struct span at = *rest, text;

	while (take_bracket(&at, &text)) {
		if (span_starts(text, span_str("client ")) && !event_has(ev, EVENT_CLIENT))
			parse_named_peer(ev, EVENT_CLIENT, span_from(text, 7));
		else if (span_starts(text, span_str("remote ")) && !event_has(ev, EVENT_CLIENT))
			parse_named_peer(ev, EVENT_CLIENT, span_from(text, 7));
		else if (!put_process(ev, text))
			return; /* of the message */
		*rest = at;
	}
}

/* "(13)Permission denied: [client 192.0.2.7:5] AH00035: ...": the client stands behind that. */
static void
find_client(struct span *message, struct event *ev)
{
	static const struct span mark = SPAN(": [client ");
	size_t paren = span_find(*message, ')');
	const char *at;
	struct span rest, text;

	if (event_has(ev, EVENT_CLIENT) || message->len == 0 || message->ptr[0] != '(' ||
	    paren > 8 || (at = memmem(message->ptr, message->len, mark.ptr, mark.len)) == NULL)
		return;
	rest = span_from(*message, (size_t)(at - message->ptr) + 2);
	if (take_bracket(&rest, &text))
		parse_named_peer(ev, EVENT_CLIENT, span_from(text, 7));
}

/* "..., referer: http://..." at the end. */
static void
cut_referer(struct span *message, struct event *ev)
{
	static const struct span mark = SPAN(", referer: ");
	const char *at, *found = NULL;
	size_t from = 0;

	while ((at = memmem(message->ptr + from, message->len - from, mark.ptr, mark.len)) !=
	    NULL) {
		found = at;
		from = (size_t)(at - message->ptr) + 1;
	}
	if (found == NULL)
		return;
	from = (size_t)(found - message->ptr);
	parse_field_text(ev, EVENT_REFERER, span_from(*message, from + mark.len));
	message->len = from;
}

static void
put_code(struct span message, struct event *ev)
{
	int64_t code;

	if (message.len > 7 && memcmp(message.ptr, "AH", 2) == 0 && message.ptr[7] == ':' &&
	    parse_field_digits(span_of(message.ptr + 2, 5), &code))
		parse_named_set(ev, "code", code);
}

enum parse_result
parse_server_apache_error(struct parse_state *state, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason)
{
	struct span rest = line, time, level;

	(void)scratch;
	parse_field_clear(ev);
	if (memchr(line.ptr, '\0', line.len) != NULL || !take_bracket(&rest, &time) ||
	    !read_apache_time(time, state, ev) || !take_bracket(&rest, &level))
		return (refuse(ev, line, reason));
	ev->type = EVENT_LOG;
	put_level(ev, level);
	read_brackets(&rest, ev);
	find_client(&rest, ev);
	cut_referer(&rest, ev);
	put_code(rest, ev);
	parse_field_text(ev, EVENT_MESSAGE, rest);
	return (PARSE_EVENT);
}
