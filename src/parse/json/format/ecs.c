/*
 * ecs: names of schemas that many programs share: OpenTelemetry's attributes,
 * the Elastic Common Schema, Google's httpRequest, pino, bunyan and others.
 */
#include "parse/json/format/web.h"
#include "parse/text/text.h"

#define TEXT PARSE_JSON_TEXT
#define LIST PARSE_JSON_LIST
#define NUMBER PARSE_JSON_NUMBER
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA
#define OPTION PARSE_JSON_OPTION

static const struct parse_json_name names[] = {
	TIME("observed_timestamp"),
	TIME("timeUnixNano"),
	TIME("time_unix_nano"),
	TIME("Timestamp"),
	TIME("EdgeStartTimestamp"),
	TIME("EdgeEndTimestamp"),
	TIME("event.created"),
	TIME("event.start"),

	TEXT("client.address", CLIENT),
	TEXT("client.ip", CLIENT),
	TEXT("source.ip", CLIENT),
	TEXT("source.address", CLIENT),
	TEXT("network.peer.address", CLIENT),
	TEXT("net.peer.ip", CLIENT),
	TEXT("net.sock.peer.addr", CLIENT),
	TEXT("http.client_ip", CLIENT),
	TEXT("httpRequest.remoteIp", CLIENT),
	TEXT("req.remoteAddress", CLIENT),
	TEXT("request.ip", CLIENT),
	TEXT("request.remote_ip", CLIENT),
	TEXT("request.client_ip", CLIENT),
	TEXT("attributes.client.address", CLIENT),
	TEXT("Attributes.client.address", CLIENT),
	NUMBER("client.port", PORT, ONE),
	NUMBER("source.port", PORT, ONE),
	NUMBER("network.peer.port", PORT, ONE),
	NUMBER("req.remotePort", PORT, ONE),
	LIST("network.forwarded_ip", FORWARDED),
	LIST("http.request.header.x-forwarded-for[]", FORWARDED),

	TEXT("user.name", USER),
	TEXT("user.id", USER),
	TEXT("user.email", USER),
	TEXT("enduser.id", USER),
	TEXT("session.id", SESSION),

	TEXT("http.request.method", METHOD),
	TEXT("http.method", METHOD),
	TEXT("httpRequest.requestMethod", METHOD),
	TEXT("req.method", METHOD),
	TEXT("request.method", METHOD),
	TEXT("attributes.http.request.method", METHOD),
	TEXT("Attributes.http.request.method", METHOD),
	OPTION("url.path", PATH),
	OPTION("url.query", QUERY),
	OPTION("attributes.url.path", PATH),
	OPTION("attributes.url.query", QUERY),
	OPTION("Attributes.url.path", PATH),
	OPTION("Attributes.url.query", QUERY),
	TEXT("http.target", TARGET),
	OPTION("url.original", URL),
	OPTION("url.full", URL),
	OPTION("http.url", URL),
	OPTION("httpRequest.requestUrl", URL),
	OPTION("req.url", URL),
	OPTION("request.url", URL),
	OPTION("request.uri", URL),
	OPTION("request.path", PATH),
	TEXT("url.scheme", SCHEME),
	TEXT("http.scheme", SCHEME),
	TEXT("url.domain", HOST),
	TEXT("server.address", HOST),
	TEXT("http.host", HOST),
	TEXT("req.hostname", HOST),
	TEXT("request.host", HOST),
	OPTION("http.version", VERSION),
	OPTION("http.flavor", VERSION),
	OPTION("network.protocol.version", VERSION),
	TEXT("httpRequest.protocol", PROTOCOL),
	TEXT("request.proto", PROTOCOL),

	NUMBER("http.response.status_code", STATUS, ONE),
	NUMBER("http.status_code", STATUS, ONE),
	NUMBER("httpRequest.status", STATUS, ONE),
	NUMBER("res.statusCode", STATUS, ONE),
	NUMBER("response.status", STATUS, ONE),
	NUMBER("response.status_code", STATUS, ONE),
	NUMBER("attributes.http.response.status_code", STATUS, ONE),
	NUMBER("Attributes.http.response.status_code", STATUS, ONE),
	NUMBER("http.response.body.size", BYTES, ONE),
	NUMBER("http.response.body.bytes", BYTES, ONE),
	NUMBER("http.response.bytes", BYTES, ONE),
	NUMBER("httpRequest.responseSize", BYTES, ONE),
	NUMBER("http.request.body.size", REQUEST_BYTES, ONE),
	NUMBER("http.request.body.bytes", REQUEST_BYTES, ONE),
	NUMBER("http.request.bytes", REQUEST_BYTES, ONE),
	NUMBER("httpRequest.requestSize", REQUEST_BYTES, ONE),
	NUMBER("event.duration", DURATION_US, NS),
	NUMBER("http.server.request.duration", DURATION_US, S),
	NUMBER("httpRequest.latency", DURATION_US, S),

	TEXT("http.request.referrer", REFERER),
	TEXT("request_referer", REFERER),
	TEXT("request_user_agent", AGENT),
	TEXT("request_protocol", PROTOCOL),
	NUMBER("response_body_size", BYTES, ONE),
	TEXT("fastly_server", SERVER),
	TEXT("httpRequest.referer", REFERER),
	TEXT("user_agent.original", AGENT),
	TEXT("http.user_agent", AGENT),
	TEXT("httpRequest.userAgent", AGENT),
	TEXT("attributes.user_agent.original", AGENT),
	TEXT("Attributes.user_agent.original", AGENT),
	TEXT("req.id", JOIN),
	TEXT("http.request.id", JOIN),
	EXTRA("trace.id", JOIN, NULL),
	EXTRA("transaction.id", JOIN, NULL),
	EXTRA("span.id", JOIN, NULL),
	EXTRA("TraceId", JOIN, NULL),
	EXTRA("SpanId", JOIN, NULL),
	EXTRA("logging.googleapis.com/trace", JOIN, "trace"),
	EXTRA("tls.client_common_name", USER, NULL),
	EXTRA("tls.client_serial", JOIN, NULL),
	TEXT("tls.version", TLS),
	TEXT("tls.client.subject", TLS_ID),
	TEXT("tls.client.hash.sha256", TLS_ID),
	TEXT("tls.client.ja3", TLS_ID),

	TEXT("host.name", SERVER),
	TEXT("host.hostname", SERVER),
	TEXT("k8s.pod.name", SERVER),
	TEXT("log.level", LEVEL),
	TEXT("severity_text", LEVEL),
	TEXT("severityText", LEVEL),
	TEXT("SeverityText", LEVEL),
	TEXT("event.outcome", OUTCOME),
	TEXT("body", MESSAGE),
	TEXT("Body", MESSAGE),
	TEXT("body.stringValue", MESSAGE),
	TEXT("error.message", MESSAGE),
};

enum parse_result
parse_json_lines(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.web = true,
		.own = "",
		.own_min = 0,
		.requests = "headers. request.headers. req.headers. request_headers. "
			    "http.request.header. http.request.headers.",
		.responses = "response.headers. res.headers. response_headers. "
			     "http.response.header. http.response.headers.",
		.guess = true };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}

/* The same names in pairs; text/logfmt.c. */
enum parse_result
parse_text_logfmt(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.web = true,
		.own = "",
		.own_min = 0,
		.requests = "",
		.responses = "",
		.walk = parse_text_walk_logfmt,
		.guess = true };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}
