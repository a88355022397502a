/* postgres: its jsonlog, of version 15 and later. */
#include "parse/field.h"
#include "parse/json/format/servers.h"
#include "parse/message/postgres.h"

#define TEXT PARSE_JSON_TEXT
#define NUMBER PARSE_JSON_NUMBER
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA

static const struct parse_json_name names[] = {
	TIME("timestamp"),
	TEXT("user", USER),
	EXTRA("dbname", NAME, "database"),
	TEXT("remote_host", CLIENT),
	NUMBER("remote_port", PORT, ONE),
	TEXT("session_id", SESSION),
	EXTRA("pid", UNKNOWN, NULL),
	PARSE_JSON_COUNT("line_num", ONE, NULL),
	EXTRA("ps", WORD, NULL),
	EXTRA("session_start", UNKNOWN, NULL),
	EXTRA("vxid", UNKNOWN, NULL),
	EXTRA("txid", UNKNOWN, NULL),
	TEXT("error_severity", LEVEL),
	EXTRA("state_code", WORD, NULL),
	TEXT("message", MESSAGE),
	EXTRA("detail", UNKNOWN, NULL),
	EXTRA("hint", UNKNOWN, NULL),
	EXTRA("internal_query", UNKNOWN, NULL),
	EXTRA("internal_position", UNKNOWN, NULL),
	EXTRA("context", UNKNOWN, NULL),
	EXTRA("statement", UNKNOWN, NULL),
	EXTRA("cursor_position", UNKNOWN, NULL),
	EXTRA("func_name", UNKNOWN, NULL),
	EXTRA("file_name", UNKNOWN, NULL),
	EXTRA("file_line_num", UNKNOWN, NULL),
	EXTRA("application_name", NAME, NULL),
	EXTRA("backend_type", WORD, NULL),
	EXTRA("leader_pid", UNKNOWN, NULL),
	EXTRA("query_id", UNKNOWN, NULL),
};

static void
finish(struct parse_json_line *line)
{
	struct event *ev = line->ev;
	struct span level = { NULL, 0 }, text = { NULL, 0 };

	if (event_has(ev, EVENT_LEVEL))
		level = ev->text[EVENT_LEVEL];
	if (event_has(ev, EVENT_MESSAGE))
		text = ev->text[EVENT_MESSAGE];
	ev->has_text &= ~(UINT32_C(1) << EVENT_MESSAGE);
	parse_postgres_message(level, text, ev);
	for (unsigned i = 0; i < ev->extra_count; i++)
		if (span_is(ev->extra[i].key, "ps"))
			parse_postgres_stage(ev->extra[i].value, ev);
}

enum parse_result
parse_json_postgres(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.own = "error_severity backend_type line_num session_start pid ps",
		.own_min = 3,
		.requests = "",
		.responses = "",
		.finish = finish };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}
