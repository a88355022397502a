/* string: a format string becomes a program. */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "parse/clf/clf.h"
#include "parse/string/compile.h"
#include "parse/string/date.h"

const char *const parse_string_dialects[PARSE_STRING_DIALECT_COUNT] = { [PARSE_STRING_AUTO] =
									    "auto",
	[PARSE_STRING_NGINX] = "nginx", [PARSE_STRING_APACHE] = "apache",
	[PARSE_STRING_LOG4J] = "log4j" };

#define FORMAT(what, told, pieces) \
	{ \
		.name = what "-format-string", .aliases = "", .help = told, .sample = "", \
		.line = parse_string_line, .piece = pieces, .fit = PARSE_FIT_OWN \
	}

static const struct parse_format formats[PARSE_STRING_DIALECT_COUNT] = {
	[PARSE_STRING_NGINX] = FORMAT("nginx", "log_format of nginx", NULL),
	[PARSE_STRING_APACHE] = FORMAT("apache", "LogFormat of Apache", NULL),
	[PARSE_STRING_LOG4J] =
	    FORMAT("log4j", "PatternLayout of log4j, logback", parse_string_piece),
};

bool
parse_string_dialect(struct span name, enum parse_string_dialect *dialect)
{
	for (int i = 0; i < PARSE_STRING_DIALECT_COUNT; i++)
		if (span_is(name, parse_string_dialects[i])) {
			*dialect = (enum parse_string_dialect)i;
			return (true);
		}
	return (false);
}

/* ---- what the readers of dialects call ---- */

int
parse_string_bad(struct string_builder *b, size_t at, size_t end, const char *why)
{
	const struct string_source *source = &b->source;
	size_t len = end > at ? end - at : 0;

	if (len > 48)
		len = 48;
	return (err_set(b->e, ERR_USAGE, "format string: '%.*s' at column %u: %s", (int)len,
	    source->text + at, source->column[at] + 1u, why));
}

struct span
parse_string_keep(struct parse_string *string, struct span text)
{
	char *at = string->bytes + string->used;

	if (text.len == 0 || text.len > sizeof(string->bytes) - string->used)
		return (span_of(at, 0));
	memcpy(at, text.ptr, text.len);
	string->used += text.len;
	return (span_of(at, text.len));
}

static struct span *
text_behind(struct parse_string *string)
{
	return (string->count == 0 ? &string->first : &string->field[string->count - 1].after);
}

int
parse_string_literal(struct string_builder *b, const char *bytes, size_t len)
{
	struct span *text = text_behind(b->string), more;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] == '\n')
			return (parse_string_bad(b, b->source.at, b->source.at,
			    "a line end: records of several lines are not possible here"));
	more = parse_string_keep(b->string, span_of(bytes, len));
	if (more.len < len)
		return (parse_string_bad(b, b->source.at, b->source.at, "too much text"));
	if (text->len == 0)
		text->ptr = more.ptr;
	text->len += len;
	return (0);
}

/* Of the letters of the pattern, is one among these? */
static bool
has_letter(struct span date, const char *letters)
{
	for (size_t i = 0; i + 1 < date.len; i++)
		if (date.ptr[i] == '%' && strchr(letters, date.ptr[++i]) != NULL)
			return (true);
	return (false);
}

/* A day in one and a clock in the other; or "10:11:12" and, behind one byte, ".123". */
static bool
joins_date(const struct string_field *last, const struct string_field *field)
{
	static const char day[] = "YyFcsxDdejmbBh", clock[] = "HIklMSTXrRcsp";
	bool parts;

	if (last->as != STRING_AS_TIME || field->as != STRING_AS_TIME || last->date.len == 0 ||
	    field->date.len == 0 || span_find(last->after, '%') < last->after.len)
		return (false);
	parts = has_letter(last->date, day) != has_letter(last->date, clock) &&
	    has_letter(field->date, day) != has_letter(field->date, clock) &&
	    has_letter(last->date, day) != has_letter(field->date, day);
	return (parts || (last->after.len <= 1 && !has_letter(field->date, "YFycs")));
}

static int
join_date(struct string_builder *b, struct string_field *last, struct span more)
{
	struct span parts[] = { last->date, last->after, more }, date = { NULL, 0 };

	for (size_t i = 0; i < 3; i++) {
		struct span kept = parse_string_keep(b->string, parts[i]);

		date.ptr = i == 0 ? kept.ptr : date.ptr;
		date.len += kept.len;
	}
	last->date = date;
	last->after.len = 0;
	return (0);
}

/* What two fields with nothing between are together.  True: it is settled. */
static bool
joins(struct string_field *last, const struct string_field *field)
{
	bool host = last->as == STRING_AS_TEXT && last->to == EVENT_HOST;
	bool target = field->as == STRING_AS_PATH ||
	    (field->as == STRING_AS_TEXT && field->to == EVENT_TARGET);

	if (last->as == STRING_AS_PATH && field->as == STRING_AS_QUERY) {
		last->as = STRING_AS_TEXT;
		last->to = EVENT_TARGET;
		last->rank = 0;
		return (true);
	}
	if (host && target) {
		last->after = span_of("/", 1);
		last->keep = true;
		last->shape = STRING_TOKEN;
	}
	return (false);
}

int
parse_string_add(struct string_builder *b, size_t at, struct string_field field)
{
	struct parse_string *s = b->string;
	struct string_field *last = s->count == 0 ? NULL : &s->field[s->count - 1];
	size_t last_at = b->last_at;

	b->last_at = at;
	if (last != NULL && joins_date(last, &field))
		return (join_date(b, last, field.date));
	if (last != NULL && last->after.len == 0) {
		if (joins(last, &field))
			return (0);
		if (last->after.len == 0)
			return (parse_string_bad(b, last_at, b->source.at,
			    "two fields with nothing between: nobody can tell where the first "
			    "ends"));
	}
	if (s->count == STRING_OPS_MAX)
		return (parse_string_bad(b, at, b->source.at, "more than 64 fields"));
	field.directive = parse_string_keep(
	    s, span_of(b->source.text + at, b->source.at > at ? b->source.at - at : 0));
	field.column = b->source.column[at] + 1u;
	s->field[s->count++] = field;
	return (0);
}

int
parse_string_name(struct string_builder *b, struct string_field *field, const char *prefix,
    struct span name)
{
	char key[STRING_KEY_MAX];
	size_t len = strlen(prefix);

	memcpy(key, prefix, len);
	for (size_t i = 0; i < name.len && len < sizeof(key); i++) {
		char c = name.ptr[i];

		key[len++] = (c >= 'A' && c <= 'Z') ? (char)(c + ('a' - 'A')) :
		    (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ?
						      c :
						      '_';
	}
	field->key = parse_string_keep(b->string, span_of(key, len));
	if (field->key.len < len)
		return (parse_string_bad(b, b->source.at, b->source.at, "too much text"));
	return (0);
}

/* ---- the end ---- */

static bool
is_part_of_date(struct span date, char c)
{
	if ((c >= '0' && c <= '9') || (c | 0x20) >= 'a' || c == '+' || c == '-' || c == ':')
		return (true);
	return (span_find(date, c) < date.len);
}

/* Is c a byte that the value cannot hold? */
static bool
is_closed_by(const struct parse_string *s, const struct string_field *field, char c)
{
	if (field->keep || (c == '"' && s->escape != STRING_ESCAPE_NONE))
		return (true);
	if (field->pad && c == ' ')
		return (false);
	switch (field->shape) {
	case STRING_CLF: return (true);
	case STRING_TOKEN: return (c == ' ' || c == '"');
	case STRING_NUMBER: return (!((c >= '0' && c <= '9') || c == '.' || c == '-'));
	case STRING_DATE: return (!is_part_of_date(field->date, c));
	default: return (false);
	}
}

static void
sort(struct parse_string *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		unsigned at = i;

		for (; at > 0 && s->field[s->order[at - 1]].rank > s->field[i].rank; at--)
			s->order[at] = s->order[at - 1];
		s->order[at] = (uint8_t)i;
	}
}

/* Members of extra that are not the format's. */
static bool
is_reserved(struct span key)
{
	static const char *const names[] = { "headers", "message", "program", "response_headers",
		"stream" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(key, names[i]))
			return (true);
	return (false);
}

static bool
is_key(const struct parse_string *s, struct span key)
{
	for (unsigned i = 0; i < s->count; i++)
		if (span_equal(s->field[i].key, key))
			return (true);
	return (is_reserved(key));
}

/*
 * Would the value of field i find its key taken?  The same directive twice says
 * the same twice; of two that fill a field of the record one is not in extra.
 */
static bool
is_key_taken(const struct parse_string *s, unsigned i)
{
	const struct string_field *field = &s->field[i];
	unsigned others = 0, room = field->as == STRING_AS_EXTRA ? 0 : 1;

	for (unsigned j = 0; j < i; j++)
		if (span_equal(s->field[j].key, field->key) &&
		    !span_equal(s->field[j].directive, field->directive))
			others++;
	return (others > room || (room == 0 && is_reserved(field->key)));
}

/* "%{Foo}i %{Foo}o": foo and foo_2, for of members with one name the first stays. */
static int
number_keys(struct string_builder *b)
{
	struct parse_string *s = b->string;

	for (unsigned i = 0; i < s->count; i++) {
		char name[STRING_KEY_MAX + 12];
		struct string_field *field = &s->field[i];
		struct span key = field->key;
		unsigned number = 2;

		if (key.len == 0 || !is_key_taken(s, i))
			continue;
		do
			key = span_of(name, (size_t)snprintf(name, sizeof(name), "%.*s_%u",
				(int)field->key.len, field->key.ptr, number++));
		while (is_key(s, key));
		field->key = parse_string_keep(s, key);
		if (field->key.len == 0)
			return (parse_string_bad(b, 0, 0, "too much text"));
	}
	return (0);
}

/* The directives of combined and its kin: their own parsers read lines that others wrote, too. */
static void
know_preset(struct string_builder *b)
{
	static const struct {
		const char *text;
		parse_line_function *line;
	} presets[] = {
		{ "$remote_addr - $remote_user [$time_local] \"$request\" $status "
		  "$body_bytes_sent \"$http_referer\" \"$http_user_agent\"",
		    parse_clf_combined },
		{ "$remote_addr - $remote_user [$time_local] \"$request\" $status "
		  "$body_bytes_sent",
		    parse_clf_common },
		{ "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"",
		    parse_clf_combined },
		{ "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"",
		    parse_clf_combined },
		{ "%h %l %u %t \"%r\" %>s %b", parse_clf_common },
		{ "%h %l %u %t \"%r\" %>s %O", parse_clf_common },
		{ "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"",
		    parse_clf_vhost },
		{ "%v:%p %h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"",
		    parse_clf_vhost },
	};

	if (b->string->escape != STRING_ESCAPE_HEX)
		return;
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (span_is(span_of(b->source.text, b->source.len), presets[i].text))
			b->string->clf = presets[i].line;
}

static int
finish(struct string_builder *b)
{
	struct parse_string *s = b->string;

	if (s->count == 0)
		return (err_set(b->e, ERR_USAGE, "format string: there is no field in it"));
	for (unsigned i = 0; i < s->count; i++)
		s->field[i].closed = s->field[i].after.len > 0 &&
		    is_closed_by(s, &s->field[i], s->field[i].after.ptr[0]);
	sort(s);
	know_preset(b);
	parse_string_prepare(s);
	return (number_keys(b));
}

int
parse_string_compile(struct span text, enum parse_string_dialect dialect,
    struct parse_string **made, struct err *e)
{
	static int (*const readers[PARSE_STRING_DIALECT_COUNT])(struct string_builder *) = {
		[PARSE_STRING_NGINX] = parse_string_nginx,
		[PARSE_STRING_APACHE] = parse_string_apache,
		[PARSE_STRING_LOG4J] = parse_string_log4j
	};
	struct string_builder b = { .e = e };
	struct parse_string *s;

	if (dialect == PARSE_STRING_AUTO)
		dialect = parse_string_guess(text);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (err_memory(e));
	b.string = s;
	if (parse_string_is_fields(text)) {
		if (parse_string_fields(s, text, e) == -1)
			goto failed;
		*made = s;
		return (0);
	}
	if (parse_string_paste(text, dialect, &b.source, e) == -1)
		goto failed;
	s->format = &formats[dialect];
	s->escape = dialect == PARSE_STRING_LOG4J ? STRING_ESCAPE_NONE :
	    b.source.escape_named                 ? b.source.escape :
						    STRING_ESCAPE_HEX;
	/* What a program says stands behind what only its authors can say. */
	s->first_wins = dialect == PARSE_STRING_LOG4J;
	if (readers[dialect](&b) == -1 || finish(&b) == -1)
		goto failed;
	*made = s;
	return (0);
failed:
	free(s);
	return (-1);
}

void
parse_string_free(struct parse_string *string)
{
	free(string);
}

const struct parse_format *
parse_string_format(const struct parse_string *string)
{
	return (string->format);
}
