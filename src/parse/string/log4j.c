/* string: PatternLayout of log4j, log4j 2 and logback. */
#include "parse/json/table.h"
#include "parse/string/java.h"
#include "parse/string/compile.h"

#define RANK 500

enum { SPECIAL_NONE, SPECIAL_DATE, SPECIAL_END, SPECIAL_STACK, SPECIAL_KEY };

/* Of names that begin alike the longer one comes first. */
static const struct converter {
	struct span name, key;
	uint8_t special, as, to, unit, shape;
} converters[] = {
#define NAME(name, key, shape) \
	{ SPAN(name), SPAN(key), SPECIAL_NONE, STRING_AS_EXTRA, EVENT_EXTRA_NAME, 0, shape }
#define TEXT(name, field, shape) \
	{ SPAN(name), SPAN(name), SPECIAL_NONE, STRING_AS_TEXT, EVENT_##field, 0, shape }
#define COUNT(name, key) \
	{ SPAN(name), SPAN(key), SPECIAL_NONE, STRING_AS_EXTRA, EVENT_EXTRA_NUMBER, 0, \
	    STRING_NUMBER }
#define SPECIAL(name, what) { SPAN(name), SPAN(""), SPECIAL_##what, 0, 0, 0, 0 }
	SPECIAL("exception", STACK),
	SPECIAL("ex", STACK),
	SPECIAL("throwable", STACK),
	SPECIAL("xException", STACK),
	SPECIAL("xThrowable", STACK),
	SPECIAL("xEx", STACK),
	SPECIAL("rException", STACK),
	SPECIAL("rThrowable", STACK),
	SPECIAL("rEx", STACK),
	SPECIAL("rootException", STACK),
	SPECIAL("wEx", STACK),
	SPECIAL("nopexception", STACK),
	SPECIAL("nopex", STACK),
	SPECIAL("date", DATE),
	SPECIAL("d", DATE),
	SPECIAL("mdc", KEY),
	SPECIAL("MDC", KEY),
	SPECIAL("MAP", KEY),
	SPECIAL("map", KEY),
	SPECIAL("property", KEY),
	SPECIAL("K", KEY),
	SPECIAL("X", KEY),
	TEXT("level", LEVEL, STRING_TOKEN),
	NAME("location", "location", STRING_FREE),
	NAME("logger", "logger", STRING_TOKEN),
	NAME("lo", "logger", STRING_TOKEN),
	TEXT("le", LEVEL, STRING_TOKEN),
	COUNT("line", "line"),
	NAME("l", "location", STRING_FREE),
	TEXT("message", MESSAGE, STRING_FREE),
	TEXT("msg", MESSAGE, STRING_FREE),
	NAME("method", "method", STRING_TOKEN),
	NAME("markerSimpleName", "marker", STRING_FREE),
	NAME("marker", "marker", STRING_FREE),
	TEXT("m", MESSAGE, STRING_FREE),
	COUNT("threadId", "thread_id"),
	COUNT("threadPriority", "thread_priority"),
	NAME("threadName", "thread", STRING_FREE),
	NAME("thread", "thread", STRING_FREE),
	COUNT("tid", "thread_id"),
	COUNT("tp", "thread_priority"),
	NAME("tn", "thread", STRING_FREE),
	NAME("t", "thread", STRING_FREE),
	COUNT("T", "thread_id"),
	COUNT("processId", "pid"),
	COUNT("pid", "pid"),
	TEXT("p", LEVEL, STRING_TOKEN),
	NAME("contextName", "context", STRING_FREE),
	NAME("class", "class", STRING_TOKEN),
	NAME("cn", "context", STRING_FREE),
	NAME("c", "logger", STRING_TOKEN),
	NAME("C", "class", STRING_TOKEN),
	NAME("file", "file", STRING_TOKEN),
	NAME("fqcn", "class", STRING_TOKEN),
	NAME("F", "file", STRING_TOKEN),
	COUNT("relative", "uptime_ms"),
	COUNT("r", "uptime_ms"),
	COUNT("L", "line"),
	NAME("M", "method", STRING_TOKEN),
	COUNT("sequenceNumber", "sequence"),
	COUNT("sn", "sequence"),
	TEXT("uuid", JOIN, STRING_TOKEN),
	COUNT("nano", "nano"),
	COUNT("N", "nano"),
	SPECIAL("n", END),
	TEXT("u", JOIN, STRING_TOKEN),
	NAME("x", "context", STRING_FREE),
#undef NAME
#undef TEXT
#undef COUNT
#undef SPECIAL
};

/*
 * What stands around others: in a line nobody can tell where it ends, or what
 * it made of them.  Several begin as a converter does: %red is no %r.
 */
static const struct span around[] = {
	SPAN("("), SPAN("black"), SPAN("blue"), SPAN("bold"), SPAN("clr"), SPAN("cyan"),
	SPAN("enc"), SPAN("equals"), SPAN("gray"), SPAN("green"), SPAN("highlight"),
	SPAN("magenta"), SPAN("maxLen"), SPAN("notEmpty"), SPAN("prefix("), SPAN("red"),
	SPAN("repeat"), SPAN("replace"), SPAN("style"), SPAN("variablesNotEmpty"),
	SPAN("varsNotEmpty"), SPAN("white"), SPAN("yellow"),
	/* Of logback, and not read either. */
	SPAN("caller"), SPAN("kvp"), SPAN("lsn"), SPAN("micros")
};

struct directive {
	size_t at;
	const struct converter *what; /* NULL: nobody knows it */
	bool pad, ended;              /* ended: a line end came before it */
	bool around;                  /* it is one of those */
	struct span option[3];
	unsigned options;
};

static int
bad(struct string_builder *b, const struct directive *d, const char *why)
{
	return (parse_string_bad(b, d->at, b->source.at, why));
}

/* "-5.30" */
static void
read_width(struct string_source *s, struct directive *d)
{
	size_t start = s->at;

	while (s->at < s->len && strchr("-.0123456789", s->text[s->at]) != NULL)
		s->at++;
	d->pad = s->at > start && s->text[start] != '.';
}

static bool
read_options(struct string_source *s, struct directive *d)
{
	while (s->at < s->len && s->text[s->at] == '{') {
		size_t len = span_find(span_of(s->text + s->at, s->len - s->at), '}');

		if (s->at + len >= s->len)
			return (false);
		if (d->options < 3)
			d->option[d->options++] = span_of(s->text + s->at + 1, len - 1);
		s->at += len + 1;
	}
	return (true);
}

static void
find(struct span rest, struct directive *d)
{
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		d->around = d->around || span_starts(rest, around[i]);
	if (d->around)
		return;
	for (size_t i = 0; d->what == NULL && i < sizeof(converters) / sizeof(converters[0]); i++)
		if (span_starts(rest, converters[i].name))
			d->what = &converters[i];
}

static bool
read_directive(struct string_source *s, struct directive *d)
{
	struct span rest;

	read_width(s, d);
	rest = span_of(s->text + s->at, s->len - s->at);
	find(rest, d);
	if (d->what == NULL) {
		s->at += rest.len > 0 && rest.ptr[0] == '(';
		while (s->at < s->len && (s->text[s->at] | 0x20) >= 'a' &&
		    (s->text[s->at] | 0x20) <= 'z')
			s->at++;
		return (true);
	}
	s->at += d->what->name.len;
	return (read_options(s, d));
}

/* logback's "pattern, zone": pattern becomes what stands in front, the zone is given back. */
static struct span
cut_zone(struct span *pattern)
{
	const char *comma = pattern->len == 0 ? NULL : memrchr(pattern->ptr, ',', pattern->len);
	struct span zone = span_of("", 0), front = *pattern;

	if (comma == NULL)
		return (zone);
	front.len = (size_t)(comma - pattern->ptr);
	zone = span_from(*pattern, front.len + 1);
	while (zone.len > 0 && zone.ptr[0] == ' ')
		zone = span_from(zone, 1);
	if (zone.len == 0 ||
	    !(parse_string_java_zone(zone) || span_find(zone, '/') < zone.len))
		return (span_of("", 0));
	*pattern = front;
	return (zone);
}

static struct span
without_quotes(struct span text)
{
	if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		return (span_of(text.ptr + 1, text.len - 2));
	return (text);
}

static int
add_date(struct string_builder *b, const struct directive *d)
{
	struct string_field field = { .as = STRING_AS_TIME, .shape = STRING_DATE, .rank = RANK,
		.pad = d->pad, .key = span_of("time", 4) };
	char pattern[2 * STRING_JAVA_MAX];
	struct span java = d->options > 0 ? d->option[0] : span_of("", 0);
	struct span zone = d->options > 1 ? d->option[1] : cut_zone(&java);
	size_t len;

	field.utc = d->options > 1 || zone.len > 0;
	if (!parse_string_java_zone(zone))
		return (bad(b, d,
		    "a zone that is not UTC: leave it out here, and name it as the timezone"));
	if ((len = parse_string_java_date(without_quotes(java), pattern)) == 0)
		return (bad(b, d, "a pattern of a time that is not known here"));
	field.date = parse_string_keep(b->string, span_of(pattern, len));
	return (parse_string_add(b, d->at, field));
}

/* A stack trace stands behind the message, and is part of it. */
static int
add_stack(struct string_builder *b, const struct directive *d)
{
	struct parse_string *s = b->string;
	struct string_field field = { .as = STRING_AS_TEXT, .to = EVENT_MESSAGE, .rank = RANK,
		.shape = STRING_FREE, .key = span_of("message", 7) };
	struct string_field *last = s->count == 0 ? NULL : &s->field[s->count - 1];

	if (last != NULL && last->as == STRING_AS_TEXT && last->to == EVENT_MESSAGE) {
		for (size_t i = 0; i < last->after.len; i++)
			if (last->after.ptr[i] != ' ')
				return (parse_string_add(b, d->at, field));
		last->after.len = 0;
		return (0);
	}
	return (parse_string_add(b, d->at, field));
}

static int
add(struct string_builder *b, struct directive *d)
{
	const struct converter *what = d->what;
	struct string_field field = { .rank = RANK, .pad = d->pad };

	if (d->around)
		return (bad(b, d,
		    "colours, groups, what changes others (%replace, %enc, %maxLen, %notEmpty), "
		    "%caller and %kvp are not read"));
	if (what == NULL)
		return (bad(b, d,
		    "no such converter here; known are %d %p %c %t %m %X %C %M %L %F %r %n %ex and "
		    "their long names"));
	if (d->ended && what->special != SPECIAL_END && what->special != SPECIAL_STACK)
		return (bad(b, d, "it stands behind a line end: only a stack trace may"));
	switch (what->special) {
	case SPECIAL_END: return (0);
	case SPECIAL_STACK: return (add_stack(b, d));
	case SPECIAL_DATE: return (add_date(b, d));
	default: break;
	}
	field.as = (enum string_as)what->as;
	field.to = what->to;
	field.unit = what->unit;
	field.shape = (enum string_shape)what->shape;
	field.key = what->key;
	if (what->special == SPECIAL_KEY) {
		field = (struct string_field){ .as = STRING_AS_EXTRA, .to = EVENT_EXTRA_UNKNOWN,
			.shape = STRING_FREE, .rank = RANK, .pad = d->pad,
			.key = span_of("context", 7) };
		if (d->options > 0 && d->option[0].len > 0 &&
		    parse_string_name(b, &field, "", d->option[0]) == -1)
			return (-1);
	}
	return (parse_string_add(b, d->at, field));
}

int
parse_string_log4j(struct string_builder *b)
{
	struct string_source *s = &b->source;
	bool ended = false;

	while (s->at < s->len) {
		struct directive d = { .at = s->at, .ended = ended };
		char c = s->text[s->at++];

		if (c == '%' && s->at < s->len && s->text[s->at] == '%')
			s->at++;
		else if (c == '%') {
			if (!read_directive(s, &d))
				return (bad(b, &d, "it does not end"));
			if (add(b, &d) == -1)
				return (-1);
			ended = ended || d.what->special == SPECIAL_END;
			continue;
		} else if (c == '\\' && s->at < s->len) {
			c = s->text[s->at++];
			c = c == 't' ? '\t' : c == 'n' ? '\n' : c;
		}
		if (ended)
			return (parse_string_bad(b, d.at, s->at, "text behind a line end"));
		if (parse_string_literal(b, &c, 1) == -1)
			return (-1);
	}
	return (0);
}
