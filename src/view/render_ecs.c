/*
 * The Elastic Common Schema 8.11 with dotted names, a JSON object a line, as
 * Filebeat and Logstash read it.  Units are the schema's: durations are
 * nanoseconds, versions have no protocol in front and are texts.
 */
#include <inttypes.h>

#include "view/render.h"

#define ECS_VERSION "8.11.0"

static void
add_key(struct buf *out, int field)
{
	buf_fmt(out, ",\"%s\":", record_fields[field].ecs);
}

static void
add_number(struct buf *out, int field, int64_t number)
{
	add_key(out, field);
	switch (field) {
	case RECORD_FIELD_DURATION:
	case RECORD_FIELD_UPSTREAM_US:
		buf_fmt(out, "%" PRId64, number > INT64_MAX / 1000 ? INT64_MAX : number * 1000);
		break;
	case RECORD_FIELD_AGENT_MAJOR: buf_fmt(out, "\"%" PRId64 "\"", number); break;
	case RECORD_FIELD_BOT: buf_str(out, number != 0 ? "true" : "false"); break;
	default: buf_fmt(out, "%" PRId64, number); break;
	}
}

/* The schema's word for an event that was not read whole; tags say which. */
static void
add_state(struct buf *out, const struct record *r)
{
	add_key(out, RECORD_FIELD_STATE);
	buf_str(out, record_has(r, RECORD_FIELD_STATE) ? "\"pipeline_error\"" : "\"event\"");
}

static void
add_hops(struct buf *out, const struct record *r)
{
	add_key(out, RECORD_FIELD_FORWARDED);
	for (size_t i = 0; i < r->forwarded_count; i++) {
		buf_char(out, i == 0 ? '[' : ',');
		view_quote(out, r->forwarded[i]);
	}
	buf_char(out, ']');
}

static bool
same_label(struct span a, struct span b)
{
	bool same = a.len == b.len;

	for (size_t i = 0; same && i < a.len; i++)
		same = a.ptr[i] == b.ptr[i] ||
		    (memchr("._", a.ptr[i], 2) != NULL && memchr("._", b.ptr[i], 2) != NULL);
	return (same);
}

/* Names of labels have no dots; two that are one without them are told by a number. */
static void
add_label(struct buf *out, const struct record *r, size_t at)
{
	struct span key = r->extra[at].key;
	bool again = false;

	buf_char(out, '"');
	for (size_t dot; (dot = span_find(key, '.')) < key.len; key = span_from(key, dot + 1)) {
		view_escape(out, span_of(key.ptr, dot));
		buf_char(out, '_');
	}
	view_escape(out, key);
	for (size_t i = 0; i < at; i++)
		again = again || same_label(r->extra[i].key, r->extra[at].key);
	if (again)
		buf_fmt(out, "_%zu", at);
	buf_str(out, "\":");
}

static void
add_labels(struct buf *out, const struct record *r)
{
	add_key(out, RECORD_FIELD_EXTRA);
	for (size_t i = 0; i < r->extra_count; i++) {
		buf_char(out, i == 0 ? '{' : ',');
		add_label(out, r, i);
		if (r->extra[i].is_number)
			buf_fmt(out, "%" PRId64, r->extra[i].number);
		else
			view_quote(out, r->extra[i].text);
	}
	buf_char(out, '}');
}

static void
add_tags(struct buf *out, const struct record *r)
{
	const char *before = "[\"";

	if (r->flags == 0 && !record_has(r, RECORD_FIELD_STATE))
		return;
	add_key(out, RECORD_FIELD_FLAGS);
	if (record_has(r, RECORD_FIELD_STATE)) {
		buf_char(out, '[');
		view_quote(out, r->text[RECORD_FIELD_STATE]);
		before = ",\"";
	}
	for (uint64_t flags = r->flags; flags != 0; flags &= flags - 1, before = ",\"")
		buf_fmt(out, "%s%s\"", before, record_flags[__builtin_ctzll(flags)].name);
	buf_char(out, ']');
}

static void
add_field(struct buf *out, const struct record *r, int field)
{
	struct span text = r->text[field];

	switch (record_fields[field].type) {
	case RECORD_INT: add_number(out, field, r->number[field]); break;
	case RECORD_LIST: add_hops(out, r); break;
	case RECORD_EXTRA: add_labels(out, r); break;
	case RECORD_TEXT:
		add_key(out, field);
		if (field == RECORD_FIELD_PROTOCOL || field == RECORD_FIELD_TLS)
			text = view_version(text);
		/* Three words are allowed. */
		if (field == RECORD_FIELD_OUTCOME && span_is(text, VIEW_UNKNOWN))
			text = span_str("unknown");
		view_quote(out, text);
		break;
	default: break;
	}
}

void
view_render_ecs(struct buf *out, const struct record *r, struct span line)
{
	const uint64_t own = UINT64_C(1) << RECORD_FIELD_STATE | UINT64_C(1) << RECORD_FIELD_FLAGS;

	(void)line;
	buf_str(out, "{\"@timestamp\":\"");
	view_add_time(out, r->time_us);
	buf_str(out, "\",\"ecs.version\":\"" ECS_VERSION "\"");
	for (uint64_t left = r->present & ~own; left != 0; left &= left - 1)
		add_field(out, r, __builtin_ctzll(left));
	add_state(out, r);
	add_tags(out, r);
	buf_str(out, "}\n");
}
