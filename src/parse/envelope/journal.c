/*
 * parse: systemd's journal export format.
 *
 * A record is lines of NAME=value up to a blank one.  A value with bytes that
 * are no text has its name on a line by itself, then its length in eight
 * bytes, least first, then its bytes.
 * https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
#include "parse/envelope/envelope.h"
#include "parse/field.h"
#include "parse/piece.h"
#include "parse/timestamp.h"

struct field {
	struct span name, value;
};

#define FIELD_BYTES_MAX (1u << 20) /* a longer one is no length, but text */

enum { FIELD_MORE, FIELD_END, FIELD_CUT };

/* The field at *at, which moves behind it. */
static int
take_field(struct span text, size_t *at, struct field *f)
{
	struct span rest = span_from(text, *at);
	size_t len = span_find(rest, '\n'), sign;
	uint64_t size = 0;

	if (len == 0)
		return (*at += rest.len > 0, rest.len > 0 ? FIELD_END : FIELD_CUT);
	sign = span_find(span_of(rest.ptr, len), '=');
	f->name = span_of(rest.ptr, sign);
	if (sign < len) {
		f->value = span_of(rest.ptr + sign + 1, len - sign - 1);
		*at += len < rest.len ? len + 1 : len;
		return (len < rest.len ? FIELD_MORE : FIELD_CUT);
	}
	if (rest.len < len + 1 + 8)
		return (*at = text.len, FIELD_CUT);
	for (unsigned i = 0; i < 8; i++)
		size |= (uint64_t)(unsigned char)rest.ptr[len + 1 + i] << 8 * i;
	if (size > FIELD_BYTES_MAX)
		return (*at += len + 1, FIELD_END);
	rest = span_from(rest, len + 9);
	if (size >= rest.len)
		return (*at = text.len, FIELD_CUT);
	if (rest.ptr[size] != '\n')
		return (*at += len + 1, FIELD_END); /* no such length: the line by itself */
	f->value = span_of(rest.ptr, size);
	*at = text.len - rest.len + size + 1;
	return (FIELD_MORE);
}

void
parse_piece_journal(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	struct field field = { { NULL, 0 }, { NULL, 0 } };
	size_t at = 0;
	int end;

	(void)parser;
	do
		end = take_field(rest, &at, &field);
	while (end == FIELD_MORE);
	parse_piece_record(rest, at, end == FIELD_CUT, piece);
}

/* Of several only the last is read; `fields_more` counts the others. */
static void
take_message(struct span value, struct span *message, struct parse_outer *outer)
{
	outer->more += message->ptr != NULL;
	*message = value;
}

bool
parse_peel_journal(struct parse_peel *p)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice",
		"info", "debug" };
	struct parse_outer outer = { .has_time = false };
	struct span message = { NULL, 0 };
	struct field f = { { NULL, 0 }, { NULL, 0 } };
	size_t at = 0;
	int end = FIELD_MORE;

	while (end == FIELD_MORE && at < p->text.len) {
		f.value = span_of("", 0);
		end = take_field(p->text, &at, &f);
		if (span_is(f.name, "MESSAGE"))
			take_message(f.value, &message, &outer);
		else if (span_is(f.name, "__REALTIME_TIMESTAMP"))
			outer.has_time = parse_time_epoch(f.value, &outer.time_us) == 0;
		else if (span_is(f.name, "_HOSTNAME"))
			outer.host = f.value;
		else if (span_is(f.name, "SYSLOG_IDENTIFIER") ||
		    (span_is(f.name, "_COMM") && outer.program.len == 0))
			outer.program = f.value;
		else if (span_is(f.name, "PRIORITY") && f.value.len == 1 && f.value.ptr[0] >= '0' &&
		    f.value.ptr[0] <= '7')
			outer.level = span_str(levels[f.value.ptr[0] - '0']);
	}
	if (!outer.has_time || message.ptr == NULL)
		return (false);
	p->text = message;
	p->outer = outer;
	return (true);
}
