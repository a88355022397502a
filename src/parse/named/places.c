/* parse: values by their places. */
#include "parse/named/places.h"
#include "parse/named/named.h"
#include "parse/request.h"
#include "parse/timestamp.h"
#include "parse/unescape.h"

/* The end of a value in brackets: "]" before a blank or the end. */
static size_t
find_bracket(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == ']' && (i + 1 == text.len || text.ptr[i + 1] == ' '))
			return (i);
	return (text.len);
}

/* Bytes of a bare value; of a list those of all its items. */
static size_t
bare_len(struct span text, bool lists)
{
	size_t len = span_find(text, ' ');

	while (lists && len > 0 && len + 1 < text.len) {
		struct span next = span_from(text, len + 1);

		if (text.ptr[len - 1] == ',')
			len += 1 + span_find(next, ' ');
		else if (next.len > 2 && next.ptr[0] == ':' && next.ptr[1] == ' ')
			len += 3 + span_find(span_from(next, 2), ' ');
		else
			break;
	}
	return (len);
}

/* A value behind a quote, where nothing is escaped: up to the next one. */
static bool
raw_quoted(struct span text, struct span *value, size_t *len)
{
	size_t end = span_find(text, '"');

	*value = span_of(text.ptr, end);
	*len = end < text.len ? end + 1 : end;
	return (end + 1 == text.len || (end < text.len && text.ptr[end + 1] == ' '));
}

void
parse_places_split(const struct parse_places *shape, struct span line, struct parse_values *v)
{
	size_t at = 0, len;

	v->open = false;
	for (v->count = 0; v->count < shape->count && at < line.len; v->count++) {
		struct span rest = span_from(line, at), inner = span_from(rest, 1), value;

		v->how[v->count] = ' ';
		if (rest.ptr[0] == '"') {
			v->how[v->count] = '"';
			v->open = shape->raw ? !raw_quoted(inner, &value, &len) :
					       !parse_field_quoted(inner, &value, &len);
			len++;
		} else if (rest.ptr[0] == '[') {
			v->how[v->count] = '[';
			len = find_bracket(inner);
			value = span_of(inner.ptr, len);
			v->open = len == inner.len;
			len += 2;
		} else {
			len = bare_len(rest, shape->lists);
			value = span_of(rest.ptr, len);
		}
		v->text[v->count] = value;
		at += len;
		if (at < line.len)
			at++; /* the blank */
		while (shape->pads && at < line.len && line.ptr[at] == ' ')
			at++;
	}
	v->rest = at;
}

/*
 * Who may send quotes as they are ends a value where he likes, and writes the
 * next ones himself: of a line with more quotes than its values have, nobody
 * knows which are the server's.
 */
static bool
is_forgeable(const struct parse_places *shape, struct span line, const struct parse_values *v)
{
	size_t quotes = 0, ours = 0;

	if (shape->ends && v->rest < line.len)
		return (true);
	if (!shape->raw)
		return (false);
	for (size_t at = 0; (at += span_find(span_from(line, at), '"')) < line.len; at++)
		quotes++;
	for (unsigned i = 0; i < v->count; i++)
		ours += v->how[i] == '"' ? 2 : 0;
	return (quotes != ours);
}

/* "502, 200": the last item. */
static struct span
last_of(struct span text)
{
	const char *blank = text.len == 0 ? NULL : memrchr(text.ptr, ' ', text.len);

	return (blank == NULL ? text : span_from(text, (size_t)(blank - text.ptr) + 1));
}

static bool
put_sum(struct event *ev, const struct parse_place *p, struct span value)
{
	enum event_number n = (enum event_number)p->to;
	int64_t more;

	if (value.len == 0 || value.ptr[0] == '-')
		return (true);
	if (!parse_named_scaled(value, p->scale, &more))
		return (false);
	if ((ev->has_number >> n & 1) != 0)
		more += ev->number[n];
	parse_field_set_number(ev, n, more);
	return (true);
}

static bool
put_time(struct event *ev, const struct parse_place *p, struct span value)
{
	int rc = p->kind == PARSE_PLACE_ISO ? parse_time_iso(value, &ev->time_us) :
	    p->kind == PARSE_PLACE_CLF	    ? parse_time_clf(value, &ev->time_us) :
					      parse_time_epoch(value, &ev->time_us);

	ev->time_ok = rc == 0;
	return (true);
}

/* False if value is not what it should be. */
static bool
put(struct event *ev, const struct parse_place *p, struct span value, char **scratch)
{
	enum event_text f = (enum event_text)p->to;
	enum event_number n = (enum event_number)p->to;

	switch (p->kind) {
	case PARSE_PLACE_TEXT: parse_field_text(ev, f, parse_unescape(value, scratch)); break;
	case PARSE_PLACE_PEER: parse_named_peer(ev, f, value); break;
	case PARSE_PLACE_STATUS: return (parse_named_status(ev, n, last_of(value)));
	case PARSE_PLACE_DIGITS: return (parse_named_digits(ev, n, value));
	case PARSE_PLACE_TIME: return (parse_named_time(ev, n, last_of(value), p->scale));
	case PARSE_PLACE_SUM: return (put_sum(ev, p, value));
	case PARSE_PLACE_EXTRA:
		parse_named_extra(ev, p->key, (enum event_extra_kind)p->to,
		    parse_unescape(value, scratch));
		break;
	case PARSE_PLACE_COUNT: parse_named_number(ev, p->key, last_of(value)); break;
	case PARSE_PLACE_REQUEST: parse_request(ev, value, scratch); break;
	case PARSE_PLACE_ISO:
	case PARSE_PLACE_CLF:
	case PARSE_PLACE_EPOCH: return (put_time(ev, p, value));
	default: break;
	}
	return (true);
}

enum parse_result
parse_places_fill(const struct parse_places *shape, struct span line, const struct parse_values *v,
    char *scratch, struct event *ev, enum parse_reason *reason)
{
	bool good = true;

	parse_field_clear(ev);
	*reason = line.len > 0 && memchr(line.ptr, '\0', line.len) != NULL ? PARSE_REASON_BINARY :
	    v->open ? PARSE_REASON_CUT : PARSE_REASON_GRAMMAR;
	if (*reason != PARSE_REASON_GRAMMAR || v->count < shape->count_min)
		return (PARSE_UNPARSED);
	if (is_forgeable(shape, line, v)) {
		*reason = PARSE_REASON_AMBIGUOUS;
		return (PARSE_UNPARSED);
	}
	if (shape->raw)
		scratch = NULL; /* nothing is escaped */
	for (unsigned i = 0; i < v->count; i++)
		if (!put(ev, &shape->place[i], v->text[i], &scratch))
			good = false;
	if (!ev->time_ok) {
		parse_field_clear(ev);
		return (PARSE_UNPARSED);
	}
	if (!parse_field_extra(ev, span_from(line, v->rest), shape->count + 1, &scratch))
		good = false;
	return (good ? PARSE_EVENT : PARSE_PARTIAL);
}
