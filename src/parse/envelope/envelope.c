/* parse: the table of envelopes. */
#include "parse/envelope/envelope.h"
#include "parse/field.h"

static const struct {
	const char *name;
	parse_peel_function *peel;
	parse_piece_function *piece;
	parse_part_function *part;
} envelopes[PARSE_ENVELOPE_COUNT] = {
	[PARSE_ENVELOPE_CRI] = { "cri", parse_peel_cri, parse_piece_cri,
	    parse_part_cri },
	[PARSE_ENVELOPE_DOCKER] = { "docker", parse_peel_docker, parse_piece_docker,
	    parse_part_docker },
	[PARSE_ENVELOPE_JOURNAL] = { "journal", parse_peel_journal, parse_piece_journal, NULL },
	[PARSE_ENVELOPE_SYSLOG] = { "syslog", parse_peel_syslog, parse_piece_syslog, NULL },
};

const char *
parse_envelope_name(enum parse_envelope envelope)
{
	return (envelopes[envelope].name);
}

parse_piece_function *
parse_envelope_piece(enum parse_envelope envelope)
{
	return (envelopes[envelope].piece);
}

parse_part_function *
parse_envelope_part(enum parse_envelope envelope)
{
	return (envelopes[envelope].part);
}

static void
keep(struct span *text, struct span before)
{
	if (text->len == 0)
		*text = before;
}

/* What is inside knows better, if it says anything. */
static void
merge(struct parse_outer *outer, const struct parse_outer *before)
{
	if (!outer->has_time) {
		outer->has_time = before->has_time;
		outer->time_us = before->time_us;
	}
	outer->more += before->more;
	keep(&outer->host, before->host);
	keep(&outer->program, before->program);
	keep(&outer->level, before->level);
	keep(&outer->stream, before->stream);
	keep(&outer->data, before->data);
}

unsigned
parse_envelope_peel(const struct parser *parser, struct parse_peel *p)
{
	unsigned depth = 0;

	for (; depth < PARSE_ENVELOPES_MAX; depth++) {
		enum parse_envelope envelope = parser->envelope[depth];
		struct parse_outer before = p->outer;

		if (envelope == PARSE_ENVELOPE_NONE || !envelopes[envelope].peel(p))
			break;
		merge(&p->outer, &before);
	}
	return (depth);
}

/* ---- what they say ---- */

static void
fill_text(struct event *ev, enum event_text f, struct span text)
{
	if (event_has(ev, f) || text.len == 0 || span_is(text, "-"))
		return;
	ev->text[f] = text;
	ev->has_text |= UINT32_C(1) << f;
}

static void
fill_extra(struct event *ev, const struct event_extra *extra)
{
	if (extra->value.len == 0 || span_is(extra->value, "-"))
		return;
	if (ev->extra_count < EVENT_EXTRA_MAX)
		ev->extra[ev->extra_count++] = *extra;
	else
		ev->extra_more++;
}

/* The end of a value whose quote is before at. */
static size_t
value_end(struct span data, size_t at)
{
	while (at < data.len && data.ptr[at] != '"')
		at += data.ptr[at] == '\\' ? 2 : 1;
	return (at < data.len ? at : data.len);
}

static uint64_t
sequence(struct span text)
{
	int64_t n;

	return (parse_field_digits(text, &n) ? (uint64_t)n : 0);
}

/* Names and values between brackets; ids are of vendors, not of anybody. */
static void
fill_data(struct event *ev, struct span data)
{
	size_t at = 0;
	bool meta = false;

	while (at < data.len) {
		size_t name, end;

		while (at < data.len && data.ptr[at] != ' ' && data.ptr[at] != '"') {
			if (data.ptr[at] == '[')
				meta = span_starts(span_from(data, at), span_of("[meta ", 6));
			at++;
		}
		while (at < data.len && data.ptr[at] == ' ')
			at++;
		name = at;
		at += span_find(span_from(data, at), '=');
		if (at + 1 >= data.len || data.ptr[at + 1] != '"')
			return;
		end = value_end(data, at + 2);
		if (meta && span_is(span_of(data.ptr + name, at - name), "sequenceId"))
			ev->sequence = sequence(span_of(data.ptr + at + 2, end - at - 2));
		fill_extra(ev,
		    &(struct event_extra){ .key = span_of(data.ptr + name, at - name),
			.value = span_of(data.ptr + at + 2, end - at - 2) });
		at = end + 1;
	}
}

void
parse_envelope_fill(const struct parse_outer *outer, struct event *ev)
{
	if (!ev->time_ok && outer->has_time) {
		ev->time_us = outer->time_us;
		ev->time_ok = true;
	}
	ev->extra_more += outer->more;
	fill_text(ev, EVENT_SERVER, outer->host);
	fill_text(ev, EVENT_LEVEL, outer->level);
	fill_extra(ev,
	    &(struct event_extra){ .key = span_of("program", 7),
		.known = true,
		.kind = EVENT_EXTRA_WORD,
		.value = outer->program });
	fill_extra(ev,
	    &(struct event_extra){ .key = span_of("stream", 6),
		.known = true,
		.kind = EVENT_EXTRA_WORD,
		.value = outer->stream });
	fill_data(ev, outer->data);
}
