/* string: values into the event. */
#include "parse/field.h"
#include "parse/json/read.h"
#include "parse/named/zone.h"
#include "parse/request.h"
#include "parse/string/date.h"
#include "parse/string/program.h"
#include "parse/timestamp.h"
#include "parse/unescape.h"

#define SAME_TIME_US 1000000
#define BIT(f) (UINT32_C(1) << (f))

struct filling {
	const struct parse_state *state;
	const struct string_values *values;
	enum string_escape escape;
	struct event *ev;
	char *scratch, *scratch_end;
	struct span path, query;
	unsigned at; /* the field */
	bool partial;
};

static bool
is_absent(struct span text)
{
	return (text.len == 0 || (text.len == 1 && text.ptr[0] == '-'));
}

static struct span
plain(struct filling *fill, struct span value)
{
	bool whole = true;

	if (fill->escape == STRING_ESCAPE_HEX)
		return (parse_unescape(value, &fill->scratch));
	if (fill->escape == STRING_ESCAPE_NONE || span_find(value, '\\') == value.len)
		return (value);
	value = parse_json_unescape(value, &fill->scratch, &whole);
	if (!whole)
		fill->ev->bad_unicode = true;
	return (value);
}

static void
add_extra(struct filling *fill, struct event_extra extra)
{
	struct event *ev = fill->ev;

	if (ev->extra_count == EVENT_EXTRA_MAX)
		ev->extra_more++;
	else
		ev->extra[ev->extra_count++] = extra;
}

static void
add_known(struct filling *fill, const struct string_field *f, enum event_extra_kind kind,
    struct span value)
{
	add_extra(fill, (struct event_extra){ .key = f->key, .value = value, .kind = kind,
	    .known = true });
}

/* What a value is that found its field taken. */
static const enum event_extra_kind kinds[EVENT_TEXT_COUNT] = {
	[EVENT_CLIENT] = EVENT_EXTRA_ADDRESS,
	[EVENT_FORWARDED] = EVENT_EXTRA_ADDRESS,
	[EVENT_USER] = EVENT_EXTRA_USER,
	[EVENT_SESSION] = EVENT_EXTRA_SESSION,
	[EVENT_COOKIE] = EVENT_EXTRA_SECRET,
	[EVENT_AUTH] = EVENT_EXTRA_SECRET,
	[EVENT_JOIN] = EVENT_EXTRA_JOIN,
	[EVENT_SERVER] = EVENT_EXTRA_NAME,
	[EVENT_UPSTREAM] = EVENT_EXTRA_NAME,
};

static void
fill_text(struct filling *fill, const struct string_field *f, enum event_text to,
    struct span text)
{
	struct event *ev = fill->ev;

	if (!event_has(ev, to))
		parse_field_text(ev, to, text);
	else if (!span_equal(ev->text[to], text))
		add_known(fill, f, kinds[to], text);
}

/* "200, 302 : 200": the last one counts. */
static struct span
last_of(struct span text)
{
	size_t at = text.len;

	while (at > 0 && text.ptr[at - 1] != ' ' && text.ptr[at - 1] != ',')
		at--;
	return (span_from(text, at));
}

/* What the quick way read when it looked for the end of the value. */
static bool
is_read(const struct filling *fill, int64_t *number)
{
	*number = fill->values->number[fill->at];
	return ((fill->values->numbers >> fill->at & 1) != 0);
}

static bool
read_number(
    const struct filling *fill, const struct string_field *f, struct span text, int64_t *number)
{
	if (f->unit == PARSE_JSON_ONE && is_read(fill, number))
		return (true);
	if (f->unit == PARSE_JSON_ONE && text.len > 0 && parse_field_digits(text, number))
		return (true);
	if (f->as == STRING_AS_NUMBER && f->to == EVENT_UPSTREAM_STATUS)
		text = last_of(text);
	if (f->shape == STRING_NUMBERS)
		return (parse_json_numbers(text, (enum parse_json_unit)f->unit, number));
	return (parse_json_number(text, (enum parse_json_unit)f->unit, number));
}

static void
fill_number(struct filling *fill, const struct string_field *f, struct span text)
{
	enum event_number to = (enum event_number)f->to;
	int64_t number;

	/* The last of several upstreams did not answer. */
	if (to == EVENT_UPSTREAM_STATUS && is_absent(last_of(text)))
		return;
	if (!read_number(fill, f, text, &number) ||
	    ((to == EVENT_STATUS || to == EVENT_UPSTREAM_STATUS) && number > 9999)) {
		/* Of a list of upstreams it may be that none answered. */
		fill->partial = fill->partial || f->shape != STRING_NUMBERS;
		add_known(fill, f, EVENT_EXTRA_UNKNOWN, text);
	} else if ((fill->ev->has_number >> to & 1) == 0)
		parse_field_set_number(fill->ev, to, number);
	else if (fill->ev->number[to] != number && to != EVENT_DURATION_US)
		add_extra(fill, (struct event_extra){ .key = f->key, .kind = EVENT_EXTRA_NUMBER,
		    .known = true, .number = number });
}

static void
fill_time(struct filling *fill, const struct string_field *f, struct span text)
{
	struct event *ev = fill->ev;
	int64_t t_us;
	bool dated = f->shape != STRING_CLF && f->date.len > 0;
	int rc = 0;

	if (dated)
		rc = parse_string_date_read(f->date, text, fill->state->now_us, &t_us);
	else if (f->shape != STRING_CLF)
		rc = parse_time_any(text, &t_us);
	else if (!is_read(fill, &t_us))
		rc = parse_time_clf(text, &t_us);

	if (rc != -1 && !ev->time_ok) {
		ev->time_us = t_us;
		ev->time_ok = true;
		if (dated && rc == 0 && !f->utc)
			parse_zone_assume(fill->state, ev);
	} else if (rc == -1 || t_us - ev->time_us >= SAME_TIME_US ||
	    ev->time_us - t_us >= SAME_TIME_US)
		add_known(fill, f, EVENT_EXTRA_UNKNOWN, text);
}

static void
fill_extra(struct filling *fill, const struct string_field *f, enum event_extra_kind kind,
    struct span text)
{
	struct event_extra extra = { .key = f->key, .value = text, .kind = kind, .known = true };

	if (kind == EVENT_EXTRA_NUMBER && !read_number(fill, f, text, &extra.number))
		extra.kind = EVENT_EXTRA_UNKNOWN;
	add_extra(fill, extra);
}

static void
fill_header(struct filling *fill, const struct string_field *f, struct span text)
{
	const struct parse_json_name *name = &parse_json_headers[f->to];
	bool answer = f->as == STRING_AS_ANSWER;

	if (answer || name->as == PARSE_JSON_AS_REST)
		fill->ev->headers[answer] |= UINT64_C(1) << f->to;
	else
		fill_extra(fill, f, (enum event_extra_kind)name->to, text);
}

static void
fill_request(struct filling *fill, struct span raw)
{
	struct event *ev = fill->ev;
	char *none = NULL;

	if (event_has(ev, EVENT_METHOD) || event_has(ev, EVENT_TARGET))
		ev->has_text &= ~(BIT(EVENT_METHOD) | BIT(EVENT_TARGET) | BIT(EVENT_PROTOCOL));
	if (fill->escape == STRING_ESCAPE_HEX)
		parse_request(ev, raw, &fill->scratch);
	else
		parse_request(ev, plain(fill, raw), &none);
}

static void
fill_field(struct filling *fill, const struct string_field *f, struct span value)
{
	struct span text;

	if (is_absent(value) || (f->as == STRING_AS_TEXT && span_is(value, "\"\"")))
		return;
	if (f->as == STRING_AS_REQUEST) {
		fill_request(fill, value);
		return;
	}
	text = fill->escape == STRING_ESCAPE_NONE ? value : plain(fill, value);
	switch ((enum string_as)f->does) {
	case STRING_AS_TEXT: fill_text(fill, f, (enum event_text)f->does_to, text); break;
	case STRING_AS_NUMBER: fill_number(fill, f, text); break;
	case STRING_AS_TIME: fill_time(fill, f, text); break;
	case STRING_AS_EXTRA: fill_extra(fill, f, (enum event_extra_kind)f->to, text); break;
	case STRING_AS_HEADER:
	case STRING_AS_ANSWER: fill_header(fill, f, text); break;
	case STRING_AS_PATH: fill->path = text; break;
	case STRING_AS_QUERY: fill->query = text; break;
	case STRING_AS_REQUEST: break;
	}
}

/* The line fits in several ways that differ here. */
static void
refuse_field(struct filling *fill, const struct string_field *f)
{
	const uint32_t request = BIT(EVENT_METHOD) | BIT(EVENT_TARGET) | BIT(EVENT_PROTOCOL) |
	    BIT(EVENT_REQUEST);

	fill->partial = true;
	if (f->as == STRING_AS_TEXT)
		fill->ev->bad_text |= BIT(f->to);
	else if (f->as == STRING_AS_REQUEST)
		fill->ev->bad_text |= request;
	else if (f->as == STRING_AS_PATH || f->as == STRING_AS_QUERY)
		fill->ev->bad_text |= BIT(EVENT_TARGET);
	else if (f->as != STRING_AS_TIME)
		add_known(fill, f, EVENT_EXTRA_UNKNOWN, span_of("?", 1));
}

/* Path and query stood apart. */
static void
fill_target(struct filling *fill)
{
	struct event *ev = fill->ev;
	struct span path = fill->path, query = fill->query;
	char *at = fill->scratch;

	if (event_has(ev, EVENT_TARGET) || event_has(ev, EVENT_REQUEST) || path.len == 0)
		return;
	if (query.len > 0 && query.ptr[0] == '?')
		query = span_from(query, 1);
	if (query.len == 0 ||
	    (size_t)(fill->scratch_end - at) < path.len + 1 + query.len) {
		parse_field_text(ev, EVENT_TARGET, path);
		ev->extra_more += query.len > 0;
		return;
	}
	memcpy(at, path.ptr, path.len);
	at[path.len] = '?';
	memcpy(at + path.len + 1, query.ptr, query.len);
	parse_field_text(ev, EVENT_TARGET, span_of(at, path.len + 1 + query.len));
}

static void
set_type(struct event *ev)
{
	bool http = event_has(ev, EVENT_METHOD) || event_has(ev, EVENT_TARGET) ||
	    event_has(ev, EVENT_REQUEST) || (ev->has_number >> EVENT_STATUS & 1) != 0;

	ev->type = http ? EVENT_HTTP : EVENT_LOG;
}

enum parse_result
parse_string_fill(const struct parse_state *state, const struct string_values *values,
    char *scratch, struct event *ev)
{
	const struct parse_string *s = state->parser->string;
	struct filling fill = { .state = state, .values = values, .ev = ev,
		.escape = values->escapes ? s->escape : STRING_ESCAPE_NONE,
		.scratch = scratch, .scratch_end = scratch + PARSE_LINE_MAX };

	parse_field_clear(ev);
	for (unsigned i = 0; i < s->count; i++) {
		unsigned at = s->order[i];

		fill.at = at;
		if ((values->differs >> at & 1) != 0)
			refuse_field(&fill, &s->field[at]);
		else
			fill_field(&fill, &s->field[at], values->value[at]);
	}
	fill_target(&fill);
	set_type(ev);
	if (event_has(ev, EVENT_USER))
		ev->user_odd = parse_field_user_odd(ev->text[EVENT_USER]);
	return (fill.partial ? PARSE_PARTIAL : PARSE_EVENT);
}
