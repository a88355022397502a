/* string: LogFormat of Apache (mod_log_config, mod_logio, mod_ssl). */
#include "parse/json/table.h"
#include "parse/string/compile.h"
#include "parse/string/date.h"

#define RANK 500

/* One letter, without parameter or with one that changes nothing of this. */
static const struct {
	char letter;
	uint8_t as, to, unit, shape;
	struct span key;
} letters[] = {
	{ 'a', STRING_AS_TEXT, EVENT_CLIENT, 0, STRING_TOKEN, SPAN("client") },
	{ 'A', STRING_AS_TEXT, EVENT_SERVER, 0, STRING_TOKEN, SPAN("server_addr") },
	{ 'B', STRING_AS_NUMBER, EVENT_BYTES, 0, STRING_NUMBER, SPAN("body_bytes") },
	{ 'b', STRING_AS_NUMBER, EVENT_BYTES, 0, STRING_NUMBER, SPAN("body_bytes") },
	{ 'D', STRING_AS_NUMBER, EVENT_DURATION_US, PARSE_JSON_US, STRING_NUMBER,
	    SPAN("duration_us") },
	{ 'f', STRING_AS_EXTRA, EVENT_EXTRA_NAME, 0, STRING_FREE, SPAN("file") },
	{ 'h', STRING_AS_TEXT, EVENT_CLIENT, 0, STRING_TOKEN, SPAN("client") },
	{ 'H', STRING_AS_TEXT, EVENT_PROTOCOL, 0, STRING_TOKEN, SPAN("protocol") },
	{ 'I', STRING_AS_NUMBER, EVENT_REQUEST_BYTES, 0, STRING_NUMBER, SPAN("bytes_in") },
	{ 'k', STRING_AS_EXTRA, EVENT_EXTRA_NUMBER, 0, STRING_NUMBER,
	    SPAN("connection_requests") },
	{ 'l', STRING_AS_TEXT, EVENT_IDENT, 0, STRING_TOKEN, SPAN("ident") },
	{ 'L', STRING_AS_TEXT, EVENT_JOIN, 0, STRING_TOKEN, SPAN("log_id") },
	{ 'm', STRING_AS_TEXT, EVENT_METHOD, 0, STRING_TOKEN, SPAN("method") },
	{ 'O', STRING_AS_NUMBER, EVENT_BYTES, 0, STRING_NUMBER, SPAN("bytes_sent") },
	{ 'p', STRING_AS_EXTRA, EVENT_EXTRA_UNKNOWN, 0, STRING_NUMBER, SPAN("server_port") },
	{ 'P', STRING_AS_EXTRA, EVENT_EXTRA_UNKNOWN, 0, STRING_TOKEN, SPAN("pid") },
	{ 'q', STRING_AS_QUERY, 0, 0, STRING_FREE, SPAN("query") },
	{ 'r', STRING_AS_REQUEST, 0, 0, STRING_FREE, SPAN("request") },
	{ 'R', STRING_AS_EXTRA, EVENT_EXTRA_NAME, 0, STRING_FREE, SPAN("handler") },
	{ 's', STRING_AS_NUMBER, EVENT_STATUS, 0, STRING_NUMBER, SPAN("status_original") },
	{ 'S', STRING_AS_EXTRA, EVENT_EXTRA_NUMBER, 0, STRING_NUMBER, SPAN("bytes_total") },
	{ 'T', STRING_AS_NUMBER, EVENT_DURATION_US, PARSE_JSON_S, STRING_NUMBER,
	    SPAN("duration_us") },
	{ 'u', STRING_AS_TEXT, EVENT_USER, 0, STRING_FREE, SPAN("user") },
	{ 'U', STRING_AS_PATH, 0, 0, STRING_FREE, SPAN("path") },
	{ 'v', STRING_AS_TEXT, EVENT_HOST, 0, STRING_TOKEN, SPAN("server_name") },
	{ 'V', STRING_AS_TEXT, EVENT_HOST, 0, STRING_TOKEN, SPAN("server_name") },
	{ 'X', STRING_AS_EXTRA, EVENT_EXTRA_UNKNOWN, 0, STRING_TOKEN, SPAN("connection") },
};

struct directive {
	size_t at; /* of the '%' */
	char letter;
	struct span param;
	bool has_param, final;
};

static int
bad(struct string_builder *b, const struct directive *d, const char *why)
{
	return (parse_string_bad(b, d->at, b->source.at, why));
}

/* "%!200,304>{Name}i"; false if the string ends in it. */
static bool
read_directive(struct string_source *s, struct directive *d)
{
	while (s->at < s->len) {
		char c = s->text[s->at++];

		if (c == '{') {
			size_t len = span_find(span_of(s->text + s->at, s->len - s->at), '}');

			d->param = span_of(s->text + s->at, len);
			d->has_param = true;
			s->at += len + 1;
			if (s->at > s->len)
				return (false);
		} else if (c == '>')
			d->final = true;
		else if (strchr("!<,0123456789", c) == NULL) {
			d->letter = c;
			return (true);
		}
	}
	s->at = s->len;
	return (false);
}

static int
add_date(struct string_builder *b, const struct directive *d, struct span pattern)
{
	struct string_field field = { .as = STRING_AS_TIME, .shape = STRING_DATE, .rank = RANK,
		.key = span_of("time", 4) };
	size_t wrong;

	if (!parse_string_date_check(pattern, &wrong))
		return (bad(b, d, "a letter of strftime that is not known here; known are "
				  "%Y %m %d %H %M %S %b %e %y %j %p %z %s %F %T %D %R %c"));
	field.date = parse_string_keep(b->string, pattern);
	if (pattern.len == 0 || field.date.len == 0)
		return (bad(b, d, "an empty pattern of a time"));
	return (parse_string_add(b, d->at, field));
}

static int
add_time(struct string_builder *b, const struct directive *d)
{
	static const struct {
		const char *name, *pattern;
	} names[] = { { "sec", "%s" }, { "msec", "%s" }, { "usec", "%s" }, { "msec_frac", "%N" },
		{ "usec_frac", "%N" } };
	struct string_field field = { .as = STRING_AS_TIME, .shape = STRING_CLF, .rank = RANK,
		.key = span_of("time", 4) };
	struct span pattern = d->param;

	if (span_starts(pattern, span_of("begin:", 6)))
		pattern = span_from(pattern, 6);
	else if (span_starts(pattern, span_of("end:", 4)))
		pattern = span_from(pattern, 4);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(pattern, names[i].name))
			return (add_date(b, d, span_str(names[i].pattern)));
	if (pattern.len > 0)
		return (add_date(b, d, pattern));
	if (parse_string_literal(b, "[", 1) == -1 || parse_string_add(b, d->at, field) == -1)
		return (-1);
	return (parse_string_literal(b, "]", 1));
}

/* A field that is known by its parameter. */
static int
add_named(struct string_builder *b, const struct directive *d, struct string_field field,
    const char *prefix)
{
	if (d->param.len == 0)
		return (bad(b, d, "a name in braces is missing, as in %{Referer}i"));
	if (field.key.len == 0 && parse_string_name(b, &field, prefix, d->param) == -1)
		return (-1);
	return (parse_string_add(b, d->at, field));
}

static struct string_field
unknown(void)
{
	return ((struct string_field){ .as = STRING_AS_EXTRA, .to = EVENT_EXTRA_UNKNOWN,
	    .shape = STRING_FREE, .rank = RANK });
}

/* %{NAME}e, %{NAME}n, %{NAME}x: only few names say what they are. */
static struct string_field
environment(struct span name)
{
	struct string_field field = unknown();

	if (span_is(name, "UNIQUE_ID")) {
		field.as = STRING_AS_TEXT;
		field.to = EVENT_JOIN;
		field.shape = STRING_TOKEN;
	} else if (span_is(name, "SSL_PROTOCOL")) {
		field.as = STRING_AS_TEXT;
		field.to = EVENT_TLS;
		field.shape = STRING_TOKEN;
	} else if (span_is(name, "SSL_CIPHER"))
		field.shape = STRING_TOKEN;
	else if (span_is(name, "SSL_CLIENT_S_DN")) {
		field.as = STRING_AS_TEXT;
		field.to = EVENT_TLS_ID;
	} else if (span_is(name, "SSL_TLS_SNI")) {
		field.as = STRING_AS_TEXT;
		field.to = EVENT_HOST; /* the client says it, blanks and all */
	}
	return (field);
}

/* %^FU, %^FB, %{Name}^ti, %{Name}^to */
static int
add_trailer(struct string_builder *b, const struct directive *d)
{
	struct string_source *s = &b->source;
	struct span two = span_of(s->text + s->at, s->len - s->at >= 2 ? 2 : 0);
	struct string_field field = { .as = STRING_AS_EXTRA, .to = EVENT_EXTRA_NUMBER,
		.unit = PARSE_JSON_US, .shape = STRING_NUMBER, .rank = RANK };

	s->at += two.len;
	if (span_is(two, "ti") || span_is(two, "to"))
		return (add_named(b, d, unknown(), "trailer_"));
	if (span_is(two, "FU"))
		field.key = span_of("first_header_us", 15);
	else if (span_is(two, "FB"))
		field.key = span_of("first_byte_us", 13);
	else
		return (bad(b, d, "no such directive of Apache; known are %^FU %^FB %^ti %^to"));
	return (parse_string_add(b, d->at, field));
}

static int
add_letter(struct string_builder *b, const struct directive *d)
{
	struct string_field field = { .rank = RANK };
	char why[] = "no such directive of Apache; did you mean %x?";

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if ((letters[i].letter ^ d->letter) == 0x20)
			why[sizeof(why) - 3] = letters[i].letter;
		if (letters[i].letter != d->letter)
			continue;
		field.as = (enum string_as)letters[i].as;
		field.to = letters[i].to;
		field.unit = letters[i].unit;
		field.shape = (enum string_shape)letters[i].shape;
		field.key = letters[i].key;
		if (d->letter == 's' && d->final)
			field.rank = RANK - 1;
		if (d->letter == 'T') /* less exact than %D */
			field.rank = RANK + 1;
		if (d->letter == 'T' && span_is(d->param, "ms"))
			field.unit = PARSE_JSON_MS;
		else if (d->letter == 'T' && span_is(d->param, "us"))
			field.unit = PARSE_JSON_US;
		else if (d->letter == 'p' && span_is(d->param, "remote")) {
			field.as = STRING_AS_NUMBER;
			field.to = EVENT_PORT;
		}
		return (parse_string_add(b, d->at, field));
	}
	if (why[sizeof(why) - 3] == 'x')
		why[sizeof("no such directive of Apache") - 1] = '\0';
	return (bad(b, d, why));
}

static int
add(struct string_builder *b, const struct directive *d)
{
	switch (d->letter) {
	case '%': return (parse_string_literal(b, "%", 1));
	case '^': return (add_trailer(b, d));
	case 't': return (add_time(b, d));
	case 'i': return (add_named(b, d, parse_string_header(d->param, false), ""));
	case 'o': return (add_named(b, d, parse_string_header(d->param, true), ""));
	case 'C': return (add_named(b, d, parse_string_cookie(d->param), "cookie_"));
	case 'e':
	case 'n':
	case 'x':
	case 'c': return (add_named(b, d, environment(d->param), ""));
	default: return (add_letter(b, d));
	}
}

int
parse_string_apache(struct string_builder *b)
{
	struct string_source *s = &b->source;

	while (s->at < s->len) {
		struct directive d = { .at = s->at };
		char c = s->text[s->at++];

		if (c == '%') {
			if (!read_directive(s, &d))
				return (bad(b, &d, "it does not end"));
			if (add(b, &d) == -1)
				return (-1);
			continue;
		}
		if (c == '\\' && s->at < s->len && strchr("tn\\", s->text[s->at]) != NULL) {
			c = s->text[s->at++];
			c = c == 't' ? '\t' : c == 'n' ? '\n' : c;
		}
		if (parse_string_literal(b, &c, 1) == -1)
			return (-1);
	}
	return (0);
}
