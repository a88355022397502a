/*
 * One line a record for a terminal: time, status, what was asked for, by
 * whom; then whatever else the record holds as name=value, so that nothing
 * is hidden.  Escapes are the record's own: no byte moves the cursor.
 */
#include <inttypes.h>

#include "view/render.h"

#define BIT(field) (UINT64_C(1) << RECORD_FIELD_##field)

/* Fields that have their place in the line, or are said by another one. */
static uint64_t
placed(const struct record *r)
{
	uint64_t seen =
	    BIT(TIME) | BIT(STATUS) | BIT(METHOD) | BIT(CLIENT) | BIT(BYTES) | BIT(FLAGS);

	if (record_has(r, RECORD_FIELD_PATH))
		seen |= BIT(PATH) | BIT(QUERY);
	if (record_has(r, RECORD_FIELD_AGENT))
		seen |= BIT(AGENT) | BIT(AGENT_MAJOR);
	if (record_has(r, RECORD_FIELD_METHOD) && record_has(r, RECORD_FIELD_EVENT) &&
	    span_is(r->text[RECORD_FIELD_EVENT], "http.request"))
		seen |= BIT(EVENT);
	return (seen);
}

/* In quotes only if its end could not be seen otherwise. */
static void
add_word(struct buf *out, struct span text)
{
	bool quoted =
	    text.len == 0 || span_find(text, ' ') < text.len || span_find(text, '"') < text.len;

	if (quoted)
		buf_char(out, '"');
	view_escape(out, text);
	if (quoted)
		buf_char(out, '"');
}

/* The first of the fields that is there, or a dash; -1 ends a row of fields. */
static uint64_t
add_first(struct buf *out, const struct record *r, const int *fields)
{
	for (; *fields != -1; fields++) {
		if (record_has(r, (enum record_field) * fields)) {
			add_word(out, r->text[*fields]);
			return (UINT64_C(1) << *fields);
		}
	}
	buf_char(out, '-');
	return (0);
}

static void
add_target(struct buf *out, const struct record *r)
{
	add_word(out, r->text[RECORD_FIELD_PATH]);
	if (record_has(r, RECORD_FIELD_QUERY)) {
		buf_char(out, '?');
		add_word(out, r->text[RECORD_FIELD_QUERY]);
	}
}

static void
add_extra(struct buf *out, const struct record *r)
{
	for (size_t i = 0; i < r->extra_count; i++) {
		buf_str(out, "  ");
		add_word(out, r->extra[i].key);
		buf_char(out, '=');
		if (r->extra[i].is_number)
			buf_fmt(out, "%" PRId64, r->extra[i].number);
		else
			add_word(out, r->extra[i].text);
	}
}

static void
add_hops(struct buf *out, const struct record *r)
{
	buf_str(out, "  forwarded=");
	for (size_t i = 0; i < r->forwarded_count; i++) {
		if (i > 0)
			buf_char(out, ',');
		add_word(out, r->forwarded[i]);
	}
}

static void
add_others(struct buf *out, const struct record *r, uint64_t seen)
{
	for (uint64_t left = r->present & ~seen; left != 0; left &= left - 1) {
		int f = __builtin_ctzll(left);

		switch (record_fields[f].type) {
		case RECORD_INT:
			buf_fmt(out, "  %s=%" PRId64, record_fields[f].name, r->number[f]);
			break;
		case RECORD_TEXT:
			buf_fmt(out, "  %s=", record_fields[f].name);
			add_word(out, r->text[f]);
			break;
		case RECORD_LIST: add_hops(out, r); break;
		case RECORD_EXTRA: add_extra(out, r); break;
		default: break;
		}
	}
}

static void
add_agent(struct buf *out, const struct record *r)
{
	if (!record_has(r, RECORD_FIELD_AGENT))
		return;
	buf_str(out, "  ");
	add_word(out, r->text[RECORD_FIELD_AGENT]);
	if (record_has(r, RECORD_FIELD_AGENT_MAJOR))
		buf_fmt(out, "/%" PRId64, r->number[RECORD_FIELD_AGENT_MAJOR]);
}

static void
add_flags(struct buf *out, uint64_t flags)
{
	const char *before = "  [";

	if (flags == 0)
		return;
	for (; flags != 0; flags &= flags - 1) {
		buf_str(out, before);
		buf_str(out, record_flags[__builtin_ctzll(flags)].name);
		before = " ";
	}
	buf_char(out, ']');
}

void
view_render_text(struct buf *out, const struct record *r, struct span line)
{
	static const int verbs[] = { RECORD_FIELD_METHOD, RECORD_FIELD_ACTION, RECORD_FIELD_EVENT,
		-1 };
	static const int outcomes[] = { RECORD_FIELD_OUTCOME, RECORD_FIELD_LEVEL, -1 };
	static const int objects[] = { RECORD_FIELD_OBJECT, -1 };
	static const int clients[] = { RECORD_FIELD_CLIENT, -1 };
	uint64_t seen = placed(r);

	(void)line;
	view_add_time(out, r->time_us);
	buf_str(out, "  ");
	if (record_has(r, RECORD_FIELD_STATUS))
		buf_fmt(out, "%" PRId64, r->number[RECORD_FIELD_STATUS]);
	else
		seen |= add_first(out, r, outcomes);
	buf_str(out, "  ");
	seen |= add_first(out, r, verbs);
	buf_char(out, ' ');
	if (record_has(r, RECORD_FIELD_PATH))
		add_target(out, r);
	else
		seen |= add_first(out, r, objects);
	buf_str(out, "  ");
	(void)add_first(out, r, clients);
	if (record_has(r, RECORD_FIELD_BYTES))
		buf_fmt(out, "  %" PRId64 " B", r->number[RECORD_FIELD_BYTES]);
	add_agent(out, r);
	add_others(out, r, seen);
	add_flags(out, r->flags);
	buf_char(out, '\n');
}
