/* fill: rows that were seen, in their order, into the event. */
#include "parse/field.h"
#include "parse/json/read.h"
#include "parse/request.h"
#include "parse/timestamp.h"

#define SAME_TIME_US 1000000

static bool
is_absent(struct span text)
{
	return (text.len == 0 || (text.len == 1 && text.ptr[0] == '-'));
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
	[EVENT_TLS_ID] = EVENT_EXTRA_NAME,
	[EVENT_HOST] = EVENT_EXTRA_NAME,
};

static void
add_extra(struct parse_json_line *line, const struct parse_json_name *name,
    enum event_extra_kind kind, struct span value)
{
	parse_json_extra(line,
	    (struct event_extra){ .key = name->key != NULL ? span_str(name->key) : name->path,
		.value = value,
		.kind = kind,
		.known = true });
}

static void
fill_text(struct parse_json_line *line, const struct parse_json_name *name, struct span text)
{
	enum event_text f = (enum event_text)name->to;

	if (!event_has(line->ev, f))
		parse_field_text(line->ev, f, text);
	else if (!span_equal(line->ev->text[f], text))
		add_extra(line, name, kinds[f], text);
}

static bool
read_number(const struct parse_json_name *name, struct span text, int64_t *value)
{
	if (name->to == EVENT_UPSTREAM_US && name->as == PARSE_JSON_AS_NUMBER)
		return (parse_json_numbers(text, (enum parse_json_unit)name->unit, value));
	return (parse_json_number(text, (enum parse_json_unit)name->unit, value));
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

static void
fill_number(struct parse_json_line *line, const struct parse_json_name *name, struct span text)
{
	enum event_number n = (enum event_number)name->to;
	int64_t value;

	if (n == EVENT_UPSTREAM_STATUS && is_absent(text = last_of(text)))
		return;
	if ((line->ev->has_number >> n & 1) != 0 || !read_number(name, text, &value)) {
		/* Of a duration without a unit nobody knows what it says. */
		if ((line->ev->has_number >> n & 1) == 0 && name->unit != PARSE_JSON_FRACTION)
			line->partial = !line->format->guess;
		add_extra(line, name, EVENT_EXTRA_UNKNOWN, text);
	} else if ((n == EVENT_STATUS || n == EVENT_UPSTREAM_STATUS) &&
	    (value < 0 || value > 9999)) {
		line->partial = !line->format->guess;
		add_extra(line, name, EVENT_EXTRA_UNKNOWN, text);
	} else
		parse_field_set_number(line->ev, n, value);
}

static void
fill_time(struct parse_json_line *line, const struct parse_json_name *name, struct span text)
{
	struct event *ev = line->ev;
	int64_t t_us;

	if (parse_time_any(text, &t_us) == -1) {
		add_extra(line, name, EVENT_EXTRA_UNKNOWN, text);
		return;
	}
	if (!ev->time_ok) {
		ev->time_us = t_us;
		ev->time_ok = true;
	} else if (t_us - ev->time_us >= SAME_TIME_US || ev->time_us - t_us >= SAME_TIME_US)
		add_extra(line, name, EVENT_EXTRA_UNKNOWN, text);
}

static void
fill_extra(struct parse_json_line *line, const struct parse_json_name *name, struct span text)
{
	struct event_extra extra = { .key = name->key != NULL ? span_str(name->key) : name->path,
		.value = text,
		.kind = (enum event_extra_kind)name->to,
		.known = true };

	if (extra.kind == EVENT_EXTRA_NUMBER && !read_number(name, text, &extra.number))
		extra.kind = EVENT_EXTRA_UNKNOWN;
	parse_json_extra(line, extra);
}

static void
fill_option(struct parse_json_line *line, const struct parse_json_name *name, struct span text)
{
	struct span *option = &line->option[name->to];

	if (option->len == 0)
		*option = text;
	else if (!span_equal(*option, text))
		add_extra(line, name, EVENT_EXTRA_UNKNOWN, text);
}

static void
fill_row(struct parse_json_line *line, const struct parse_json_name *name,
    const struct parse_json_value *value)
{
	struct span text = value->text;

	switch ((enum parse_json_as)name->as) {
	case PARSE_JSON_AS_TEXT:
	case PARSE_JSON_AS_LIST: fill_text(line, name, text); break;
	case PARSE_JSON_AS_NUMBER: fill_number(line, name, text); break;
	case PARSE_JSON_AS_TIME: fill_time(line, name, text); break;
	case PARSE_JSON_AS_EXTRA:
	case PARSE_JSON_AS_TREE: fill_extra(line, name, text); break;
	case PARSE_JSON_AS_OPTION: fill_option(line, name, text); break;
	case PARSE_JSON_AS_KNOWN:
		if (!span_is(text, name->key))
			parse_json_extra(line,
			    (struct event_extra){
				.key = name->path, .value = text, .known = true });
		break;
	case PARSE_JSON_AS_REST: break;
	}
}

static void
refuse_row(struct parse_json_line *line, const struct parse_json_name *name)
{
	line->ev->duplicate_key = true;
	line->partial = true;
	if (name->as == PARSE_JSON_AS_TEXT || name->as == PARSE_JSON_AS_LIST)
		line->ev->bad_text |= UINT32_C(1) << name->to;
}

/* ---- what several members make ---- */

/* "path?query" from two members. */
static void
join_target(struct parse_json_line *line, struct span path, struct span query)
{
	char *at = line->scratch;

	if (query.len > 0 && query.ptr[0] == '?')
		query = span_from(query, 1);
	if (query.len == 0 || !parse_json_room(line, path.len + 1 + query.len)) {
		parse_field_text(line->ev, EVENT_TARGET, path);
		line->ev->extra_more += query.len > 0;
		return;
	}
	memcpy(at, path.ptr, path.len);
	at[path.len] = '?';
	memcpy(at + path.len + 1, query.ptr, query.len);
	line->scratch += path.len + 1 + query.len;
	parse_field_text(line->ev, EVENT_TARGET, span_of(at, path.len + 1 + query.len));
}

static void
fill_target(struct parse_json_line *line)
{
	struct event *ev = line->ev;
	struct span request = line->option[PARSE_JSON_REQUEST];
	struct span path = line->option[PARSE_JSON_PATH];
	char *none = NULL;

	if (request.len > 0 && !event_has(ev, EVENT_METHOD)) {
		ev->has_text &= ~(UINT32_C(1) << EVENT_TARGET | UINT32_C(1) << EVENT_PROTOCOL);
		parse_request(ev, request, &none);
	}
	if (event_has(ev, EVENT_TARGET) || event_has(ev, EVENT_REQUEST))
		return;
	if (line->option[PARSE_JSON_URL].len > 0)
		parse_field_text(ev, EVENT_TARGET, line->option[PARSE_JSON_URL]);
	else if (path.len > 0)
		join_target(line, path, line->option[PARSE_JSON_QUERY]);
	else if (request.len > 0 && request.ptr[0] == '/')
		parse_field_text(ev, EVENT_TARGET, request);
	else
		parse_request(ev, request, &none);
}

/* Words that others write in other ways. */
struct word {
	const char *theirs;
	struct span ours;
};

static struct span
ours(struct span text, const struct word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(text, words[i].theirs))
			return (words[i].ours);
	return (text);
}

/* Versions of HTTP alone, caches in small letters, levels of pino and bunyan. */
static void
fill_words(struct event *ev, struct span version)
{
	static const struct word versions[] = { { "1.1", SPAN("HTTP/1.1") },
		{ "2", SPAN("HTTP/2") }, { "2.0", SPAN("HTTP/2.0") }, { "1.0", SPAN("HTTP/1.0") },
		{ "3", SPAN("HTTP/3") }, { "3.0", SPAN("HTTP/3.0") } };
	static const struct word caches[] = { { "hit", SPAN("HIT") }, { "miss", SPAN("MISS") },
		{ "bypass", SPAN("BYPASS") }, { "expired", SPAN("EXPIRED") },
		{ "dynamic", SPAN("DYNAMIC") }, { "revalidated", SPAN("REVALIDATED") },
		{ "stale", SPAN("STALE") }, { "updating", SPAN("UPDATING") } };
	static const struct word levels[] = { { "10", SPAN("trace") }, { "20", SPAN("debug") },
		{ "30", SPAN("info") }, { "40", SPAN("warn") }, { "50", SPAN("error") },
		{ "60", SPAN("fatal") } };

	if (version.len > 0 && !event_has(ev, EVENT_PROTOCOL))
		parse_field_text(ev, EVENT_PROTOCOL,
		    ours(version, versions, sizeof(versions) / sizeof(versions[0])));
	if (event_has(ev, EVENT_CACHE))
		ev->text[EVENT_CACHE] =
		    ours(ev->text[EVENT_CACHE], caches, sizeof(caches) / sizeof(caches[0]));
	if (event_has(ev, EVENT_LEVEL))
		ev->text[EVENT_LEVEL] =
		    ours(ev->text[EVENT_LEVEL], levels, sizeof(levels) / sizeof(levels[0]));
}

static void
set_type(struct event *ev)
{
	bool http = event_has(ev, EVENT_METHOD) || event_has(ev, EVENT_TARGET) ||
	    event_has(ev, EVENT_REQUEST) || (ev->has_number >> EVENT_STATUS & 1) != 0;

	ev->type = http ? EVENT_HTTP : EVENT_LOG;
}

void
parse_json_fill(struct parse_json_line *line)
{
	for (unsigned w = 0; w < PARSE_JSON_WORDS; w++)
		for (uint64_t left = line->seen[w]; left != 0; left &= left - 1) {
			unsigned row = w * 64 + (unsigned)__builtin_ctzll(left);

			if ((line->twice[w] >> row % 64 & 1) != 0)
				refuse_row(line, line->table->row[row]);
			else
				fill_row(line, line->table->row[row], &line->values[row]);
		}
	fill_target(line);
	fill_words(line->ev, line->option[PARSE_JSON_VERSION]);
	set_type(line->ev);
	if (event_has(line->ev, EVENT_USER))
		line->ev->user_odd = parse_field_user_odd(line->ev->text[EVENT_USER]);
	if (line->format->finish != NULL)
		line->format->finish(line);
}
