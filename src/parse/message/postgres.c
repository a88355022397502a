/* parse: what PostgreSQL's messages tell, and the lines of its stderr. */
#include "parse/field.h"
#include "parse/message/postgres.h"
#include "parse/message/template.h"
#include "parse/piece.h"
#include "parse/timestamp.h"

static const struct message {
	enum event_type type;
	const char *template, *action, *outcome;
} messages[] = {
#define MESSAGE(type, template, action, outcome) { EVENT_##type, template, action, outcome },
#include "parse/message/postgres.def"
#undef MESSAGE
};

static const char *const levels[] = { "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5",
	"LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC", "DETAIL", "HINT",
	"STATEMENT", "CONTEXT", "QUERY", "LOCATION" };

static bool
begins(struct span text, const char *with)
{
	size_t len = strlen(with);

	return (text.len >= len && memcmp(text.ptr, with, len) == 0);
}

static bool
is_level(struct span text)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (span_is(text, levels[i]))
			return (true);
	return (false);
}

/* ---- messages ---- */

/* The next of pgaudit's fields; text goes behind its comma.  Doubled quotes stay so. */
static struct span
take_audit(struct span *text)
{
	struct span field = *text;
	bool quoted = false;
	size_t at = 0;

	for (; at < text->len && (quoted || text->ptr[at] != ','); at++)
		quoted = quoted != (text->ptr[at] == '"');
	*text = span_from(*text, at < text->len ? at + 1 : at);
	field.len = at;
	if (at >= 2 && field.ptr[0] == '"' && field.ptr[at - 1] == '"')
		field = span_of(field.ptr + 1, at - 2);
	return (field);
}

/* "AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.t,statement,parameter" */
static bool
take_pgaudit(struct span text, struct event *ev)
{
	static const char start[] = "AUDIT: ";
	struct span class, name;

	if (!begins(text, start))
		return (false);
	text = span_from(text, sizeof(start) - 1);
	parse_template_extra(ev, "audit", take_audit(&text), EVENT_EXTRA_WORD);
	(void)take_audit(&text); /* statement and substatement, counted */
	(void)take_audit(&text);
	class = take_audit(&text);
	parse_template_extra(ev, "audit_class", class, EVENT_EXTRA_WORD);
	parse_template_extra(ev, "command", take_audit(&text), EVENT_EXTRA_WORD);
	parse_template_extra(ev, "object_type", take_audit(&text), EVENT_EXTRA_WORD);
	name = take_audit(&text);
	parse_template_sql(take_audit(&text), ev);
	if (span_is(class, "READ") || span_is(class, "WRITE"))
		parse_field_text(
		    ev, EVENT_ACTION, span_str(span_is(class, "READ") ? "read" : "write"));
	parse_field_text(ev, EVENT_OBJECT, name);
	parse_template_extra(ev, "parameter", take_audit(&text), EVENT_EXTRA_UNKNOWN);
	ev->type = EVENT_DB;
	return (true);
}

/* A template that half fits must not leave what it found. */
static bool
take_message(const struct message *m, struct span text, struct event *ev)
{
	struct event before = { .has_text = ev->has_text,
		.has_number = ev->has_number,
		.extra_count = ev->extra_count,
		.extra_more = ev->extra_more };
	struct span user = ev->text[EVENT_USER], client = ev->text[EVENT_CLIENT];

	if (parse_template(m->template, text, ev)) {
		ev->type = m->type;
		parse_field_text(ev, EVENT_ACTION, span_str(m->action));
		parse_field_text(ev, EVENT_OUTCOME, span_str(m->outcome));
		return (true);
	}
	ev->has_text = before.has_text;
	ev->has_number = before.has_number;
	ev->extra_count = before.extra_count;
	ev->extra_more = before.extra_more;
	ev->text[EVENT_USER] = user;
	ev->text[EVENT_CLIENT] = client;
	return (false);
}

/*
 * What a server says to somebody who has not logged in, who may have named any
 * role: also in the lines behind a refusal, which tell why.
 */
static bool
is_before_login(struct span level, struct span text)
{
	static const char *const fatals[] = { "canceling authentication due to timeout",
		"connection requires a valid client certificate", "expected GSS response",
		"expected SASL response", "expected password response", "role \"",
		"sorry, too many clients already", "the database system is " };
	static const char *const details[] = { "Connection matched ", "Password does not match ",
		"Role \"", "User \"" };
	static const char refused[] = " authentication failed for user \"";
	bool fatal = span_is(level, "FATAL");

	if (fatal) {
		for (size_t i = 0; i < sizeof(fatals) / sizeof(fatals[0]); i++)
			if (begins(text, fatals[i]))
				return (true);
		return (begins(text, "no pg_hba.conf entry ") ||
		    begins(text, "pg_hba.conf rejects ") ||
		    memmem(text.ptr, text.len, refused, sizeof(refused) - 1) != NULL);
	}
	for (size_t i = 0; span_is(level, "DETAIL") && i < sizeof(details) / sizeof(details[0]);
	     i++)
		if (begins(text, details[i]))
			return (true);
	return (false);
}

void
parse_postgres_message(struct span level, struct span text, struct event *ev)
{
	ev->user_claimed = is_before_login(level, text);
	ev->type = EVENT_LOG;
	parse_field_text(ev, EVENT_LEVEL, level);
	if (span_is(level, "ERROR") || span_is(level, "FATAL") || span_is(level, "PANIC"))
		parse_field_text(ev, EVENT_OUTCOME, span_str("failure"));
	if (span_is(level, "STATEMENT") || span_is(level, "QUERY")) {
		ev->type = EVENT_DB;
		parse_template_sql(text, ev);
		return;
	}
	if (take_pgaudit(text, ev))
		return;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (take_message(&messages[i], text, ev))
			return;
	parse_field_text(ev, EVENT_MESSAGE, text);
}

void
parse_postgres_stage(struct span stage, struct event *ev)
{
	if (ev->type != EVENT_LOGIN && span_is(stage, "authentication"))
		ev->user_claimed = true;
}

/* ---- stderr ---- */

/* The zone's name behind the clock, in seconds; false: nobody knows it. */
static bool
zone_of(struct span name, int *seconds)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "UTC", 0 }, { "GMT", 0 }, { "WET", 0 }, { "WEST", 1 }, { "CET", 1 },
		{ "CEST", 2 }, { "EET", 2 }, { "EEST", 3 }, { "MSK", 3 }, { "EST", -5 },
		{ "EDT", -4 }, { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 },
		{ "PST", -8 }, { "PDT", -7 }, { "JST", 9 }, { "AEST", 10 }, { "AEDT", 11 },
		{ "NZST", 12 }, { "NZDT", 13 } };

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (span_is(name, zones[i].name)) {
			*seconds = zones[i].hours * 3600;
			return (true);
		}
	return (false);
}

/*
 * "2025-11-24 10:11:12.003 CET", the zone a name, a number or none.  Its
 * bytes; 0: text does not begin with one.  What has a T in it or a fraction
 * behind a comma other programs wrote, which may have levels of the same names.
 */
static size_t
take_time(struct span text, struct event *ev)
{
	size_t clock = 19, end, name;
	int zone_s;

	if (text.len < clock || text.ptr[10] != ' ')
		return (0);
	while (
	    clock < text.len && (text.ptr[clock] == '.' || parse_field_is_digit(text.ptr[clock])))
		clock++;
	if (clock == 19 && text.len > 20 && text.ptr[19] == ',' &&
	    parse_field_is_digit(text.ptr[20]))
		return (0);
	if (parse_time_iso(span_of(text.ptr, clock), &ev->time_us) == -1)
		return (0);
	ev->time_ok = true;
	name = end = clock + (clock < text.len && text.ptr[clock] == ' ');
	while (end < text.len && memchr(" :,[]|", text.ptr[end], 6) == NULL)
		end++;
	if (zone_of(span_of(text.ptr + name, end - name), &zone_s)) {
		ev->time_us -= (int64_t)zone_s * 1000000;
		return (end);
	}
	if (parse_time_iso(span_of(text.ptr, end), &ev->time_us) == 0)
		return (end);
	ev->time_ok = end == name || text.ptr[name] < 'A' || text.ptr[name] > 'Z';
	return (ev->time_ok ? clock : end);
}

bool
parse_postgres_time(struct span text, struct event *ev)
{
	size_t len = take_time(text, ev);

	return (len > 0 && len == text.len);
}

/* "LOG:  text": where the level begins; prefix.len if nowhere. */
static size_t
find_level(struct span line, size_t at, struct span *level, struct span *text)
{
	for (; at < line.len; at++) {
		struct span rest = span_from(line, at);
		size_t end = 0;

		if (at > 0 && memchr(" :]|,", line.ptr[at - 1], 5) == NULL)
			continue;
		while (end < rest.len && end < 10 &&
		    ((rest.ptr[end] >= 'A' && rest.ptr[end] <= 'Z') ||
			parse_field_is_digit(rest.ptr[end])))
			end++;
		if (end == rest.len || rest.ptr[end] != ':' || !is_level(span_of(rest.ptr, end)))
			continue;
		if (end + 1 < rest.len && memchr(" \t\n", rest.ptr[end + 1], 3) == NULL)
			continue;
		*level = span_of(rest.ptr, end);
		*text = span_from(rest, end + 1);
		while (text->len > 0 && text->ptr[0] == ' ')
			*text = span_from(*text, 1);
		return (at);
	}
	return (line.len);
}

/* Another level with the two blanks that PostgreSQL writes behind it, in the first line. */
static bool
has_level(struct span text)
{
	struct span level, rest;

	text.len = span_find(text, '\n');
	for (size_t at = 0; (at = find_level(text, at, &level, &rest)) < text.len; at++) {
		size_t end = at + level.len + 1;

		if (end + 1 < text.len && memcmp(text.ptr + end, "  ", 2) == 0)
			return (true);
	}
	return (false);
}

static void
take_client(struct event *ev, struct span value)
{
	size_t port = span_find(value, '(');

	if (!span_is(value, "[local]") && !span_is(value, "[unknown]"))
		parse_field_text(ev, EVENT_CLIENT, span_of(value.ptr, port));
}

static void
take_name(struct event *ev, enum event_text f, struct span value)
{
	if (!span_is(value, "[unknown]"))
		parse_field_text(ev, f, value);
}

static void
take_named(struct event *ev, const char *key, struct span value)
{
	if (!span_is(value, "[unknown]"))
		parse_template_extra(ev, key, value, EVENT_EXTRA_NAME);
}

/* "user=postgres" and the like; false: no name that is known. */
static bool
take_member(struct event *ev, struct span word)
{
	size_t sign = span_find(word, '=');
	struct span name = span_of(word.ptr, sign), value;

	if (sign == word.len)
		return (false);
	value = span_from(word, sign + 1);
	if (span_is(name, "user") || span_is(name, "usr"))
		take_name(ev, EVENT_USER, value);
	else if (span_is(name, "db") || span_is(name, "database"))
		take_named(ev, "database", value);
	else if (span_is(name, "app") || span_is(name, "application"))
		take_named(ev, "application", value);
	else if (span_is(name, "client") || span_is(name, "host"))
		take_client(ev, value);
	else
		return (false);
	return (true);
}

/* One word of the prefix: "[pid]", "user@db", "192.0.2.7(5432)", "user=...". */
static void
take_word(struct event *ev, struct span word)
{
	size_t at = span_find(word, '@');
	int64_t number;

	if (word.len > 2 && word.ptr[0] == '[' && word.ptr[word.len - 1] == ']' &&
	    parse_field_digits(span_of(word.ptr + 1, word.len - 2), &number))
		return; /* a process */
	if (take_member(ev, word))
		return;
	if (at > 0 && at + 1 < word.len) {
		take_name(ev, EVENT_USER, span_of(word.ptr, at));
		take_named(ev, "database", span_from(word, at + 1));
	} else if (!event_has(ev, EVENT_CLIENT) && parse_field_is_digit(word.ptr[0]) &&
	    memchr(word.ptr, '.', word.len) != NULL) {
		take_client(ev, word);
	} else if (span_find(word, '(') < word.len || span_find(word, ':') < word.len) {
		take_client(ev, word);
	} else {
		parse_template_extra(ev, "prefix", word, EVENT_EXTRA_UNKNOWN);
	}
}

/* Between time and level: words apart by blanks, commas, bars and single colons. */
static void
take_prefix(struct event *ev, struct span prefix)
{
	size_t from = 0;

	for (size_t at = 0; at <= prefix.len; at++) {
		bool colon = at < prefix.len && prefix.ptr[at] == ':' &&
		    (at == from || at + 1 == prefix.len || prefix.ptr[at + 1] == '[' ||
			prefix.ptr[at + 1] == ' ' || (at > 0 && prefix.ptr[at - 1] == ')'));

		if (at < prefix.len && memchr(" ,|", prefix.ptr[at], 3) == NULL && !colon)
			continue;
		if (at > from)
			take_word(ev, span_of(prefix.ptr + from, at - from));
		from = at + 1;
	}
}

enum parse_result
parse_postgres(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct span level, text;
	size_t time, at;

	(void)state;
	(void)scratch;
	parse_field_clear(ev);
	time = take_time(line, ev);
	if (time == 0 || (at = find_level(line, time, &level, &text)) == line.len) {
		*reason = PARSE_REASON_GRAMMAR;
		return (PARSE_UNPARSED);
	}
	if (has_level(text)) { /* a name may hold all that is read as a prefix */
		parse_field_text(ev, EVENT_MESSAGE, span_from(line, time));
		ev->type = EVENT_LOG;
		return (PARSE_PARTIAL);
	}
	take_prefix(ev, span_of(line.ptr + time, at - time));
	parse_postgres_message(level, text, ev);
	return (PARSE_EVENT);
}

static bool
continues(const void *arg, struct span line)
{
	(void)arg;
	return (line.len > 0 && (line.ptr[0] == '\t' || line.ptr[0] == ' '));
}

void
parse_piece_postgres(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	(void)parser;
	parse_piece_lines(rest, continues, NULL, piece);
}
