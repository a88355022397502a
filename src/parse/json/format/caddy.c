/* caddy: its log of accesses, and what else it logs in JSON. */
#include "parse/field.h"
#include "parse/json/format/servers.h"

#define TEXT PARSE_JSON_TEXT
#define NUMBER PARSE_JSON_NUMBER
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA
#define OPTION PARSE_JSON_OPTION

#define MESSAGE PARSE_JSON_FIRST

static const struct parse_json_name names[] = {
	TIME("ts"),
	TIME("time"),
	TEXT("level", LEVEL),
	EXTRA("logger", WORD, NULL),
	{ SPAN("msg"), PARSE_JSON_AS_OPTION, MESSAGE, 0, NULL },
	TEXT("request.remote_ip", CLIENT),
	TEXT("request.remote_addr", CLIENT),
	TEXT("request.client_ip", CLIENT),
	NUMBER("request.remote_port", PORT, ONE),
	TEXT("user_id", USER),
	TEXT("request.method", METHOD),
	TEXT("request.uri", TARGET),
	TEXT("request.proto", PROTOCOL),
	TEXT("request.host", HOST),
	TEXT("request.tls.server_name", HOST),
	NUMBER("status", STATUS, ONE),
	NUMBER("size", BYTES, ONE),
	NUMBER("bytes_read", REQUEST_BYTES, ONE),
	NUMBER("duration", DURATION_US, S),
	NUMBER("latency", DURATION_US, S),
	EXTRA("request.tls.resumed", WORD, "tls.resumed"),
	EXTRA("request.tls.ech", WORD, "tls.ech"),
	EXTRA("request.tls.proto", WORD, "tls.proto"),
	EXTRA("request.tls.version", UNKNOWN, "tls.version"),
	EXTRA("request.tls.cipher_suite", UNKNOWN, "tls.cipher_suite"),
	TEXT("request.tls.client_common_name", TLS_ID),
	EXTRA("request.tls.client_serial", JOIN, "tls.client_serial"),
	EXTRA("common_log", UNKNOWN, NULL),
	EXTRA("err_id", JOIN, NULL),
	EXTRA("err_trace", UNKNOWN, NULL),
	TEXT("upstream", UPSTREAM),
	TEXT("dial", UPSTREAM),
	EXTRA("total_upstreams", UNKNOWN, NULL),
	TEXT("error", MESSAGE),
};

static void
finish(struct parse_json_line *line)
{
	struct span message = line->option[MESSAGE];

	/* What each line of a log of accesses says tells nothing. */
	if (line->ev->type == EVENT_HTTP && span_is(message, "handled request"))
		return;
	if (message.len > 0 && event_has(line->ev, EVENT_MESSAGE))
		parse_json_extra(
		    line, (struct event_extra){ .key = span_of("msg", 3), .known = true });
	else
		parse_field_text(line->ev, EVENT_MESSAGE, message);
}

enum parse_result
parse_json_caddy(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.own = "ts level msg request.remote_ip request.remote_addr request.uri",
		.own_min = 2,
		.requests = "request.headers.",
		.responses = "resp_headers.",
		.finish = finish };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}
