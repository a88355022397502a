/* parse: PostgreSQL's csvlog (RFC 4180), of any version. */
#include "parse/field.h"
#include "parse/message/postgres.h"
#include "parse/message/template.h"

/* Columns, as PostgreSQL's manual numbers them; later versions add more. */
enum column {
	TIME,
	USER,
	DATABASE,
	PROCESS,
	CONNECTION,
	SESSION,
	LINE,
	TAG,
	SESSION_START,
	VIRTUAL,
	TRANSACTION,
	SEVERITY,
	STATE,
	MESSAGE,
	DETAIL,
	HINT,
	INTERNAL,
	INTERNAL_AT,
	CONTEXT,
	QUERY,
	QUERY_AT,
	LOCATION,
	APPLICATION,
	BACKEND,
	LEADER,
	QUERY_ID,
	COLUMN_MAX
};
#define COLUMN_MIN 23 /* up to APPLICATION */

/* The next field; text goes behind its comma.  False: a quote does not end. */
static bool
take_field(struct span *text, char **scratch, struct span *field)
{
	char *start = *scratch;
	size_t at = 1;

	if (text->len == 0 || text->ptr[0] != '"') {
		size_t len = span_find(*text, ',');

		*field = span_of(text->ptr, len);
		*text = span_from(*text, len < text->len ? len + 1 : len);
		return (true);
	}
	for (;; at++) {
		size_t quote = at + span_find(span_from(*text, at), '"');

		if (quote == text->len)
			return (false);
		memcpy(*scratch, text->ptr + at, quote - at);
		*scratch += quote - at;
		at = quote + 1;
		if (at == text->len || text->ptr[at] != '"')
			break;
		*(*scratch)++ = '"';
	}
	*field = span_of(start, (size_t)(*scratch - start));
	if (at < text->len && text->ptr[at] != ',')
		return (false);
	*text = span_from(*text, at < text->len ? at + 1 : at);
	return (true);
}

static void
add(struct event *ev, const char *key, struct span value, enum event_extra_kind kind)
{
	parse_template_extra(ev, key, value, kind);
}

static void
fill(struct event *ev, const struct span *f)
{
	size_t port = f[CONNECTION].len;

	parse_field_text(ev, EVENT_USER, f[USER]);
	while (port > 0 && f[CONNECTION].ptr[port - 1] != ':')
		port--;
	if (!span_is(f[CONNECTION], "[local]"))
		parse_field_text(ev, EVENT_CLIENT,
		    span_of(f[CONNECTION].ptr, port > 0 ? port - 1 : f[CONNECTION].len));
	parse_field_text(ev, EVENT_SESSION, f[SESSION]);
	add(ev, "database", f[DATABASE], EVENT_EXTRA_NAME);
	add(ev, "command", f[TAG], EVENT_EXTRA_WORD);
	add(ev, "state_code", f[STATE], EVENT_EXTRA_WORD);
	add(ev, "application", f[APPLICATION], EVENT_EXTRA_NAME);
	add(ev, "backend_type", f[BACKEND], EVENT_EXTRA_WORD);
	add(ev, "detail", f[DETAIL], EVENT_EXTRA_UNKNOWN);
	add(ev, "hint", f[HINT], EVENT_EXTRA_UNKNOWN);
	add(ev, "context", f[CONTEXT], EVENT_EXTRA_UNKNOWN);
	add(ev, "internal_query", f[INTERNAL], EVENT_EXTRA_UNKNOWN);
	add(ev, "query", f[QUERY], EVENT_EXTRA_UNKNOWN);
}

enum parse_result
parse_postgres_csv(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct span fields[COLUMN_MAX] = { { NULL, 0 } };
	unsigned count = 0;
	bool more = true;

	(void)state;
	parse_field_clear(ev);
	*reason = PARSE_REASON_GRAMMAR;
	while (more && count < COLUMN_MAX) {
		more = line.len > 0;
		if (more && !take_field(&line, &scratch, &fields[count++]))
			return (PARSE_UNPARSED);
	}
	if (count < COLUMN_MIN || fields[SEVERITY].len == 0 ||
	    !parse_postgres_time(fields[TIME], ev))
		return (PARSE_UNPARSED);
	fill(ev, fields);
	parse_postgres_message(fields[SEVERITY], fields[MESSAGE], ev);
	parse_postgres_stage(fields[TAG], ev);
	return (PARSE_EVENT);
}
