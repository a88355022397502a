/* traefik: its access log, format json. */
#include "parse/field.h"
#include "parse/json/format/servers.h"

#define TEXT PARSE_JSON_TEXT
#define NUMBER PARSE_JSON_NUMBER
#define COUNT PARSE_JSON_COUNT
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA

#define ADDRESS PARSE_JSON_FIRST

static const struct parse_json_name names[] = {
	TIME("StartUTC"),
	TIME("StartLocal"),
	TIME("time"),
	TEXT("level", LEVEL),
	TEXT("msg", MESSAGE),
	TEXT("ClientHost", CLIENT),
	{ SPAN("ClientAddr"), PARSE_JSON_AS_OPTION, ADDRESS, 0, NULL },
	NUMBER("ClientPort", PORT, ONE),
	TEXT("ClientUsername", USER),
	TEXT("RequestMethod", METHOD),
	TEXT("RequestPath", TARGET),
	TEXT("RequestProtocol", PROTOCOL),
	TEXT("RequestScheme", SCHEME),
	TEXT("RequestHost", HOST),
	TEXT("RequestAddr", HOST),
	EXTRA("RequestPort", UNKNOWN, NULL),
	NUMBER("RequestContentSize", REQUEST_BYTES, ONE),
	COUNT("RequestCount", ONE, NULL),
	NUMBER("DownstreamStatus", STATUS, ONE),
	NUMBER("DownstreamContentSize", BYTES, ONE),
	NUMBER("Duration", DURATION_US, NS),
	NUMBER("OriginStatus", UPSTREAM_STATUS, ONE),
	NUMBER("OriginDuration", UPSTREAM_US, NS),
	COUNT("OriginContentSize", ONE, NULL),
	COUNT("Overhead", NS, "overhead_us"),
	COUNT("RetryAttempts", ONE, NULL),
	EXTRA("GzipRatio", UNKNOWN, NULL),
	TEXT("ServiceAddr", UPSTREAM),
	TEXT("BackendAddr", UPSTREAM),
	EXTRA("ServiceName", NAME, NULL),
	EXTRA("BackendName", NAME, NULL),
	EXTRA("FrontendName", NAME, NULL),
	EXTRA("RouterName", NAME, NULL),
	PARSE_JSON_TREE("ServiceURL", UNKNOWN),
	PARSE_JSON_TREE("BackendURL", UNKNOWN),
	EXTRA("entryPointName", NAME, NULL),
	TEXT("TLSVersion", TLS),
	EXTRA("TLSCipher", UNKNOWN, NULL),
	TEXT("TLSClientSubject", TLS_ID),
	TEXT("TraceId", JOIN),
	EXTRA("SpanId", JOIN, NULL),
};

static void
finish(struct parse_json_line *line)
{
	static const char *const versions[] = { "TLSv1.3", "TLSv1.2", "TLSv1.1" };
	struct event *ev = line->ev;
	struct span address = line->option[ADDRESS];

	/* A list is what a header says, which is where it may come from. */
	if (event_has(ev, EVENT_CLIENT) && !event_has(ev, EVENT_FORWARDED) &&
	    span_find(ev->text[EVENT_CLIENT], ',') < ev->text[EVENT_CLIENT].len) {
		parse_field_text(ev, EVENT_FORWARDED, ev->text[EVENT_CLIENT]);
		ev->has_text &= ~(UINT32_C(1) << EVENT_CLIENT);
	}
	if (!event_has(ev, EVENT_CLIENT))
		parse_field_text(ev, EVENT_CLIENT, address);
	else if (!span_starts(address, ev->text[EVENT_CLIENT]) &&
	    span_find(ev->text[EVENT_CLIENT], ':') == ev->text[EVENT_CLIENT].len)
		parse_json_extra(line,
		    (struct event_extra){ .key = span_of("ClientAddr", 10),
			.value = address,
			.kind = EVENT_EXTRA_ADDRESS,
			.known = true });
	for (size_t i = 0; i < 3; i++)
		if (event_has(ev, EVENT_TLS) && span_is(ev->text[EVENT_TLS], versions[i] + 4))
			ev->text[EVENT_TLS] = span_str(versions[i]);
}

enum parse_result
parse_json_traefik(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.own = "ClientAddr ClientHost ClientUsername DownstreamStatus RequestMethod "
		       "RequestPath StartUTC OriginStatus Overhead RouterName entryPointName",
		.own_min = 2,
		.requests = "request_",
		.responses = "downstream_ origin_",
		.finish = finish };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}
