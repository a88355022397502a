/* envoy: JSON as Istio and Envoy Gateway have it by default. */
#include "parse/json/format/servers.h"

#define TEXT PARSE_JSON_TEXT
#define LIST PARSE_JSON_LIST
#define NUMBER PARSE_JSON_NUMBER
#define TIME PARSE_JSON_TIME
#define EXTRA PARSE_JSON_EXTRA

static const struct parse_json_name names[] = {
	TIME("start_time"),
	TEXT("method", METHOD),
	TEXT(":method", METHOD),
	TEXT("x-envoy-original-path", TARGET),
	TEXT("x-envoy-origin-path", TARGET),
	TEXT("path", TARGET),
	TEXT(":path", TARGET),
	TEXT("protocol", PROTOCOL),
	TEXT("scheme", SCHEME),
	TEXT("authority", HOST),
	TEXT(":authority", HOST),
	TEXT("requested_server_name", HOST),
	TEXT("downstream_remote_address", CLIENT),
	TEXT("downstream_direct_remote_address", CLIENT),
	LIST("x_forwarded_for", FORWARDED),
	LIST("x-forwarded-for", FORWARDED),
	TEXT("user_agent", AGENT),
	TEXT("user-agent", AGENT),
	TEXT("referer", REFERER),
	TEXT("request_id", JOIN),
	TEXT("x-request-id", JOIN),
	EXTRA("traceparent", JOIN, NULL),
	NUMBER("response_code", STATUS, ONE),
	EXTRA("response_flags", WORD, NULL),
	EXTRA("response_code_details", WORD, NULL),
	EXTRA("connection_termination_details", UNKNOWN, NULL),
	EXTRA("upstream_transport_failure_reason", UNKNOWN, NULL),
	NUMBER("bytes_sent", BYTES, ONE),
	NUMBER("bytes_received", REQUEST_BYTES, ONE),
	NUMBER("duration", DURATION_US, MS),
	NUMBER("upstream_service_time", UPSTREAM_US, MS),
	NUMBER("x-envoy-upstream-service-time", UPSTREAM_US, MS),
	TEXT("upstream_host", UPSTREAM),
	EXTRA("upstream_cluster", NAME, NULL),
	EXTRA("upstream_local_address", NAME, NULL),
	TEXT("downstream_local_address", SERVER),
	EXTRA("route_name", NAME, NULL),
	EXTRA("grpc_status", WORD, NULL),
	TEXT("downstream_tls_version", TLS),
	TEXT("downstream_peer_subject", TLS_ID),
	TEXT("downstream_peer_uri_san", TLS_ID),
};

enum parse_result
parse_json_envoy(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	static const struct parse_json_format format = { .names = names,
		.count = sizeof(names) / sizeof(names[0]),
		.own = "start_time response_code response_flags downstream_remote_address "
		       "upstream_cluster upstream_host x_forwarded_for authority :authority",
		.own_min = 2,
		.requests = "",
		.responses = "" };

	return (parse_json_read(&format, state, line, scratch, ev, reason));
}
