/* parse: lines of the W3C extended log file format. */
#include "parse/cloud/w3c.h"
#include "parse/event.h"
#include "parse/named/named.h"
#include "parse/named/zone.h"
#include "parse/timestamp.h"

/* What IIS and CloudFront do differently. */
struct dialect {
	char separator;   /* between values */
	bool quotes;      /* values may stand in quotes, as CSV has them */
	bool percent;     /* of a value with blanks, "%20"; else "+" */
	int64_t taken_us; /* unit of time-taken, if it has no fraction */
};

struct line {
	const struct dialect *dialect;
	struct event *ev;
	char *scratch, *scratch_end; /* as many bytes as the line has */
	bool good;
	struct span date, time, stem, query;
	bool local;
};

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = (char)(c | 0x20);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* "%20" as a blank, in place. */
static size_t
unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; out++) {
		if (text[i] == '%' && len - i > 2 && hex(text[i + 1]) >= 0 &&
		    hex(text[i + 2]) >= 0) {
			text[out] = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			i += 3;
		} else
			text[out] = text[i++];
	}
	return (out);
}

/* len bytes of scratch; NULL if there are not so many. */
static char *
take(struct line *l, size_t len)
{
	char *taken = l->scratch;

	if ((size_t)(l->scratch_end - l->scratch) < len)
		return (NULL);
	l->scratch += len;
	return (taken);
}

/* Blanks back to where they were.  CloudFront has escaped twice for years. */
static struct span
words_of(struct line *l, struct span value)
{
	char *out, mark = l->dialect->percent ? '%' : '+';
	size_t len = value.len;

	if (span_find(value, mark) == value.len || (out = take(l, len)) == NULL)
		return (value);
	memcpy(out, value.ptr, len);
	if (l->dialect->percent)
		len = unescape(out, unescape(out, len));
	for (size_t i = 0; i < len && !l->dialect->percent; i++)
		if (out[i] == '+')
			out[i] = ' ';
	return (span_of(out, len));
}

static void
put_extra(struct line *l, const struct parse_w3c_column *c, struct span value)
{
	int64_t us;

	if (c->kind == PARSE_W3C_COUNT)
		parse_named_number(l->ev, c->key, value);
	else if (c->kind == PARSE_W3C_SECONDS && parse_named_scaled(value, 1000000, &us))
		parse_named_set(l->ev, c->key, us);
	else if (c->kind == PARSE_W3C_EXTRA)
		parse_named_extra(l->ev, c->key, (enum event_extra_kind)c->to, value);
	else
		parse_named_extra(l->ev, c->key, EVENT_EXTRA_UNKNOWN, value);
}

static bool
put_number(struct line *l, const struct parse_w3c_column *c, struct span value)
{
	int64_t unit = l->dialect->taken_us;

	switch (c->kind) {
	case PARSE_W3C_STATUS: return (parse_named_status(l->ev, EVENT_STATUS, value));
	case PARSE_W3C_PEER_PORT: return (parse_named_digits(l->ev, EVENT_PORT, value));
	case PARSE_W3C_TAKEN_MS: unit = 1000; break;
	case PARSE_W3C_TAKEN:
		if (span_find(value, '.') < value.len)
			unit = 1000000;
		break;
	default: return (parse_named_digits(l->ev, (enum event_number)c->to, value));
	}
	return (parse_named_time(l->ev, EVENT_DURATION_US, value, unit));
}

static void
put(struct line *l, const struct parse_w3c_column *c, struct span value)
{
	enum event_text f = (enum event_text)c->to;

	switch (c->kind) {
	case PARSE_W3C_TEXT: parse_field_text(l->ev, f, value); break;
	case PARSE_W3C_WORDS: parse_field_text(l->ev, f, words_of(l, value)); break;
	case PARSE_W3C_FALLBACK:
		if (event_has(l->ev, f))
			put_extra(l, c, value);
		else
			parse_field_text(l->ev, f, value);
		break;
	case PARSE_W3C_DATE_LOCAL: l->local = true; /* FALLTHROUGH */
	case PARSE_W3C_DATE: l->date = value; break;
	case PARSE_W3C_TIME_LOCAL: l->local = true; /* FALLTHROUGH */
	case PARSE_W3C_TIME: l->time = value; break;
	case PARSE_W3C_STEM: l->stem = value; break;
	case PARSE_W3C_QUERY: l->query = value; break;
	case PARSE_W3C_COUNT:
	case PARSE_W3C_SECONDS:
	case PARSE_W3C_EXTRA: put_extra(l, c, value); break;
	default:
		if (!put_number(l, c, value))
			l->good = false;
		break;
	}
}

static void
put_other(struct line *l, struct span key, struct span value)
{
	struct event *ev = l->ev;

	if (value.len == 0 || span_is(value, "-"))
		return;
	if (ev->extra_count == EVENT_EXTRA_MAX)
		ev->extra_more++;
	else
		ev->extra[ev->extra_count++] = (struct event_extra){ .key = key, .value = value };
}

static void
put_time(struct line *l)
{
	char both[64];

	if (l->date.len != 10 || l->time.len == 0 || l->time.len > 24)
		return;
	memcpy(both, l->date.ptr, 10);
	both[10] = 'T';
	memcpy(both + 11, l->time.ptr, l->time.len);
	l->ev->time_ok = parse_time_iso(span_of(both, 11 + l->time.len), &l->ev->time_us) == 0;
}

/* What the client asked for, of its two halves. */
static void
put_target(struct line *l)
{
	size_t len = l->stem.len + 1 + l->query.len;
	char *out = NULL;

	if (l->query.len > 0 && !span_is(l->query, "-") && (out = take(l, len)) == NULL) {
		l->ev->bad_text |= UINT32_C(1) << EVENT_TARGET;
		return;
	}
	if (out == NULL) {
		parse_field_text(l->ev, EVENT_TARGET, l->stem);
		return;
	}
	if (l->stem.len > 0) /* a log may have the column of queries only */
		memcpy(out, l->stem.ptr, l->stem.len);
	out[l->stem.len] = '?';
	memcpy(out + l->stem.len + 1, l->query.ptr, l->query.len);
	parse_field_text(l->ev, EVENT_TARGET, span_of(out, len));
}

/* "a ""b"" c" at the start of text: the bytes between the quotes; false if it does not end. */
static bool
take_quoted(struct line *l, struct span text, struct span *value, size_t *len)
{
	size_t end = 1, n = 0;
	char *out;

	for (; end < text.len; end++) {
		if (text.ptr[end] != '"')
			continue;
		if (end + 1 == text.len || text.ptr[end + 1] != '"')
			break;
		end++;
	}
	*value = span_of(text.ptr + 1, end - 1);
	*len = end + 1;
	if (end >= text.len ||
	    (end + 1 < text.len && text.ptr[end + 1] != l->dialect->separator))
		return (false);
	if (span_find(*value, '"') == value->len)
		return (true);
	if ((out = take(l, value->len)) == NULL)
		return (false);
	for (size_t i = 0; i < value->len; i++) {
		out[n++] = value->ptr[i];
		i += value->ptr[i] == '"'; /* two stand for one */
	}
	*value = span_of(out, n);
	return (true);
}

/* The values of a line; false if they are not as many as its columns. */
static bool
split(struct line *l, struct span line, struct span *values, unsigned count)
{
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		struct span rest = span_from(line, at);
		size_t len;

		if (i > 0 && at > line.len)
			return (false);
		if (l->dialect->quotes && rest.len > 1 && rest.ptr[0] == '"') {
			if (!take_quoted(l, rest, &values[i], &len))
				return (false);
		} else {
			len = span_find(rest, l->dialect->separator);
			values[i] = span_of(rest.ptr, len);
		}
		at += len + 1;
	}
	return (at > line.len || span_from(line, at).len == 0);
}

static enum parse_result
read_values(struct line *l, const struct parse_state *state, const struct span *values)
{
	const struct parse_columns *columns = &state->columns[state->columns_at];


	for (unsigned i = 0; i < columns->count; i++) {
		if (columns->column[i].row != PARSE_COLUMN_OTHER)
			put(l, &parse_w3c_columns[columns->column[i].row], values[i]);
		else
			put_other(l, span_of(columns->names + columns->column[i].name_at,
					 columns->column[i].name_len),
			    values[i]);
	}
	put_time(l);
	put_target(l);
	if (l->local)
		parse_zone_assume(state, l->ev);
	return (l->good && l->ev->time_ok ? PARSE_EVENT : PARSE_PARTIAL);
}

/* Is it a column that only CloudFront has? */
static bool
has_edge(const struct parse_columns *columns)
{
	for (unsigned i = 0; i < columns->count; i++)
		if (columns->column[i].row != PARSE_COLUMN_OTHER &&
		    strncmp(parse_w3c_columns[columns->column[i].row].name, "x-edge-", 7) == 0)
			return (true);
	return (false);
}

/* A line that starts with '#': it may name the columns of those behind it. */
static enum parse_result
read_directive(struct parse_state *state, struct span line, bool edge)
{
	static const struct span fields = SPAN(PARSE_W3C_CONTEXT);
	struct parse_columns *next = &state->columns[state->columns_at ^ 1];

	if (!span_starts(line, fields))
		return (PARSE_META);
	state->columns_at ^= 1; /* the event before this one may borrow the others */
	next->count = 0;
	if (line.len < PARSE_COLUMNS_BYTES)
		parse_w3c_fields(span_from(line, fields.len), next);
	if (has_edge(next) != edge)
		next->count = 0;
	return (PARSE_META);
}

static enum parse_result
read_line(const struct dialect *dialect, struct parse_state *state, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason)
{
	const struct parse_columns *columns = &state->columns[state->columns_at];
	struct line l = { .dialect = dialect, .ev = ev, .scratch = scratch,
		.good = true };
	struct span values[PARSE_COLUMNS_MAX];

	*reason = memchr(line.ptr, '\0', line.len) != NULL ? PARSE_REASON_BINARY :
	    columns->count == 0				   ? PARSE_REASON_NO_FIELDS :
							     PARSE_REASON_COLUMNS;
	l.scratch_end = scratch + line.len;
	if (*reason != PARSE_REASON_COLUMNS || !split(&l, line, values, columns->count))
		return (PARSE_UNPARSED);
	parse_field_clear(ev);
	return (read_values(&l, state, values));
}

/*
 * What stands between values is no matter of a line: a client may send a tab,
 * or a blank.  Names with blanks may stand over values with tabs; that shows
 * behind a date or a time, which nobody but the server writes.
 */
static bool
has_tabs(const struct parse_columns *columns, struct span line)
{
	enum parse_w3c_kind first;

	if (columns->tabs || columns->count == 0 || columns->column[0].row == PARSE_COLUMN_OTHER)
		return (columns->tabs);
	first = parse_w3c_columns[columns->column[0].row].kind;
	return (first >= PARSE_W3C_DATE && first <= PARSE_W3C_TIME_LOCAL &&
	    span_find(line, '\t') < span_find(line, ' '));
}

enum parse_result
parse_w3c(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct dialect blanks = { .separator = ' ', .quotes = true, .taken_us = 1000 };
	static const struct dialect tabs = { .separator = '\t', .quotes = true, .taken_us = 1000 };

	if (line.ptr[0] == '#')
		return (read_directive(state, line, false));
	return (read_line(has_tabs(&state->columns[state->columns_at], line) ? &tabs : &blanks,
	    state, line, scratch, ev, reason));
}

enum parse_result
parse_w3c_cloudfront(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct dialect dialect = { .separator = '\t', .percent = true,
		.taken_us = 1000000 };

	if (line.ptr[0] == '#')
		return (read_directive(state, line, true));
	return (read_line(&dialect, state, line, scratch, ev, reason));
}
