/* parse: lines without a form: a time, a level, and free text. */
#include "parse/named/named.h"
#include "parse/named/zone.h"
#include "parse/text/text.h"
#include "parse/timestamp.h"

#define TIME_BYTES_MAX 40

/* "2025-11-24 10:11:12,123 +0100" at the start: its bytes, 0 if there is none. */
static size_t
take_iso(struct span line, struct event *ev, bool *zone)
{
	size_t len = 19, end;

	if (line.len < len || line.ptr[4] != '-')
		return (0);
	while (len < line.len && len < TIME_BYTES_MAX && line.ptr[len] != ' ' &&
	    line.ptr[len] != ']' && line.ptr[len] != '\t')
		len++;
	end = len;
	while (end > 0 && (line.ptr[end - 1] == ':' || line.ptr[end - 1] == '|'))
		end--;
	*zone = end > 19 && !parse_field_is_digit(line.ptr[end - 1]);
	for (size_t i = 19; i < end; i++)
		*zone = *zone || line.ptr[i] == '+' || line.ptr[i] == '-';
	return (parse_time_iso(span_of(line.ptr, end), &ev->time_us) == 0 ? len : 0);
}

/* The time at the start of *rest, which is moved behind it. */
static void
take_time(struct span *rest, const struct parse_state *state, struct event *ev)
{
	struct span line = *rest;
	bool bracket = line.len > 0 && line.ptr[0] == '[', zone = false;
	size_t len;

	line = span_from(line, bracket);
	if ((len = take_iso(line, ev, &zone)) == 0)
		len = parse_time_bsd(line, state->now_us, &ev->time_us);
	if (len == 0)
		return;
	ev->time_ok = true;
	if (!zone)
		parse_zone_assume(state, ev);
	line = span_from(line, len);
	if (bracket && line.len > 0 && line.ptr[0] == ']')
		line = span_from(line, 1);
	while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
		line = span_from(line, 1);
	*rest = line;
}

/* "ERROR", "[warn]", "INFO:" as the next word. */
static void
take_level(struct span *rest, struct event *ev)
{
	static const char *const levels[] = { "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING",
		"ERROR", "CRITICAL", "ALERT", "FATAL", "trace", "debug", "info", "notice", "warn",
		"warning", "error", "err", "crit", "critical", "alert", "emerg", "fatal" };
	size_t len = span_find(*rest, ' ');
	struct span word = span_of(rest->ptr, len);

	if (word.len > 2 && word.ptr[0] == '[' && word.ptr[word.len - 1] == ']')
		word = span_of(word.ptr + 1, word.len - 2);
	else if (word.len > 1 && word.ptr[word.len - 1] == ':')
		word.len--;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (span_is(word, levels[i])) {
			parse_field_text(ev, EVENT_LEVEL, word);
			*rest = span_from(*rest, len + 1);
			return;
		}
}

static bool
is_binary(struct span line)
{
	size_t control = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '\0')
			return (true);
		control += (unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t';
	}
	return (control * 4 > line.len);
}

enum parse_result
parse_text_plain(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct span rest = line;

	(void)scratch;
	parse_field_clear(ev);
	if (is_binary(line)) {
		*reason = PARSE_REASON_BINARY;
		return (PARSE_UNPARSED);
	}
	ev->type = EVENT_LOG;
	take_time(&rest, state, ev);
	take_level(&rest, ev);
	parse_field_text(ev, EVENT_MESSAGE, rest);
	return (PARSE_EVENT);
}
