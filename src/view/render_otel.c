/*
 * OpenTelemetry: a line a record, each an ExportLogsServiceRequest of OTLP in
 * JSON, as the file exporter of the collector writes and its
 * otlpjsonfilereceiver reads.  Names and units are the semantic conventions',
 * where these have them: durations are seconds, headers are arrays.
 */
#include <inttypes.h>
#include <strings.h>

#include "view/render.h"

/* Severity numbers of the OTel log data model, with syslog's words (its appendix B). */
static const struct {
	const char *word;
	int number;
} severities[] = {
	{ "trace", 1 }, { "debug", 5 }, { "info", 9 }, { "information", 9 }, { "informational", 9 },
	{ "notice", 10 }, { "warn", 13 }, { "warning", 13 }, { "error", 17 }, { "err", 17 },
	{ "critical", 18 }, { "crit", 18 }, { "alert", 19 }, { "fatal", 21 }, { "panic", 21 },
	{ "emerg", 21 }, { "emergency", 21 },
};

static int
severity_of(struct span level)
{
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (level.len == strlen(severities[i].word) &&
		    strncasecmp(level.ptr, severities[i].word, level.len) == 0)
			return (severities[i].number);
	return (0);
}

/* ---- attributes ---- */

struct attributes {
	struct buf *out;
	bool some;
};

static void
begin(struct attributes *a, const char *prefix, struct span key)
{
	buf_str(a->out, a->some ? ",{\"key\":\"" : "{\"key\":\"");
	buf_str(a->out, prefix);
	view_escape(a->out, key);
	buf_str(a->out, "\",\"value\":{");
	a->some = true;
}

static void
end(struct attributes *a)
{
	buf_str(a->out, "}}");
}

static void
add_string(struct buf *out, struct span text)
{
	buf_str(out, "\"stringValue\":");
	view_quote(out, text);
}

/* OTLP writes numbers of 64 bits as texts. */
static void
add_int(struct buf *out, int64_t number)
{
	buf_fmt(out, "\"intValue\":\"%" PRId64 "\"", number);
}

static void
add_number(struct attributes *a, int field, int64_t number)
{
	begin(a, "", span_str(record_fields[field].otel));
	switch (field) {
	case RECORD_FIELD_DURATION:
	case RECORD_FIELD_UPSTREAM_US:
		buf_fmt(a->out, "\"doubleValue\":%.6f", (double)number / 1e6);
		break;
	case RECORD_FIELD_AGENT_MAJOR:
		buf_fmt(a->out, "\"stringValue\":\"%" PRId64 "\"", number);
		break;
	default: add_int(a->out, number); break;
	}
	end(a);
}

static void
add_texts(struct attributes *a, int field, const struct span *texts, size_t count)
{
	begin(a, "", span_str(record_fields[field].otel));
	buf_str(a->out, "\"arrayValue\":{\"values\":[");
	for (size_t i = 0; i < count; i++) {
		buf_str(a->out, i == 0 ? "{" : ",{");
		add_string(a->out, texts[i]);
		buf_char(a->out, '}');
	}
	buf_str(a->out, "]}");
	end(a);
}

/* HTTP/2 and later have no second digit, but servers log one. */
static struct span
version_of(struct span text)
{
	text = view_version(text);
	if (text.len == 3 && text.ptr[0] >= '2' && memcmp(text.ptr + 1, ".0", 2) == 0)
		text.len = 1;
	return (text);
}

static void
add_text(struct attributes *a, int field, struct span text)
{
	if (field == RECORD_FIELD_REFERER) {
		add_texts(a, field, &text, 1);
		return;
	}
	if (field == RECORD_FIELD_METHOD && span_is(text, VIEW_UNKNOWN))
		text = span_str("_OTHER");
	if (field == RECORD_FIELD_PROTOCOL) {
		if (span_is(text, VIEW_UNKNOWN)) /* is not set */
			return;
		text = version_of(text);
	}
	if (field == RECORD_FIELD_TLS)
		text = view_version(text);
	begin(a, "", span_str(record_fields[field].otel));
	add_string(a->out, text);
	end(a);
}

/* What the schema does not know must not look like what it knows. */
static void
add_extra(struct attributes *a, const struct record *r)
{
	for (size_t i = 0; i < r->extra_count; i++) {
		begin(a, "extra.", r->extra[i].key);
		if (r->extra[i].is_number)
			add_int(a->out, r->extra[i].number);
		else
			add_string(a->out, r->extra[i].text);
		end(a);
	}
}

static void
add_flags(struct attributes *a, uint64_t flags)
{
	struct span names[RECORD_FLAG_COUNT];
	size_t count = 0;

	for (; flags != 0; flags &= flags - 1)
		names[count++] = span_str(record_flags[__builtin_ctzll(flags)].name);
	add_texts(a, RECORD_FIELD_FLAGS, names, count);
}

static void
add_bot(struct attributes *a, int64_t bot)
{
	if (bot == 0)
		return;
	begin(a, "", span_str(record_fields[RECORD_FIELD_BOT].otel));
	add_string(a->out, span_str("bot"));
	end(a);
}

static void
add_field(struct attributes *a, const struct record *r, int field)
{
	switch (record_fields[field].type) {
	case RECORD_INT:
		if (field == RECORD_FIELD_BOT)
			add_bot(a, r->number[field]);
		else
			add_number(a, field, r->number[field]);
		break;
	case RECORD_LIST: add_texts(a, field, r->forwarded, r->forwarded_count); break;
	case RECORD_EXTRA: add_extra(a, r); break;
	case RECORD_FLAGS: add_flags(a, r->flags); break;
	case RECORD_TEXT: add_text(a, field, r->text[field]); break;
	default: break;
	}
}

void
view_render_otel(struct buf *out, const struct record *r, struct span line)
{
	const uint64_t own = UINT64_C(1) << RECORD_FIELD_TIME | UINT64_C(1) << RECORD_FIELD_LEVEL |
	    UINT64_C(1) << RECORD_FIELD_EVENT;
	struct attributes a = { .out = out };
	struct span level = r->text[RECORD_FIELD_LEVEL];

	(void)line;
	buf_fmt(out,
	    "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{\"name\":\"cretula\"},"
	    "\"logRecords\":[{\"timeUnixNano\":\"%" PRId64 "%s\"",
	    r->time_us, r->time_us == 0 ? "" : "000");
	if (record_has(r, RECORD_FIELD_LEVEL)) {
		if (severity_of(level) != 0)
			buf_fmt(out, ",\"severityNumber\":%d", severity_of(level));
		buf_str(out, ",\"severityText\":");
		view_quote(out, level);
	}
	if (record_has(r, RECORD_FIELD_EVENT)) {
		buf_str(out, ",\"eventName\":");
		view_quote(out, r->text[RECORD_FIELD_EVENT]);
	}
	buf_str(out, ",\"attributes\":[");
	for (uint64_t left = r->present & ~own; left != 0; left &= left - 1)
		add_field(&a, r, __builtin_ctzll(left));
	buf_str(out, "]}]}]}]}\n");
}
