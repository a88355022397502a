/*
 * string: names of variables, headers and cookies.  What they mean is in the
 * tables that JSON is read with; here is how their values look.
 */
#include "parse/json/format/web.h"
#include "parse/string/compile.h"

#define RANK_LAST 1000

/* Those of nginx whose value nobody can write a blank or a quote into.  Sorted. */
static const struct {
	struct span name;
	enum string_shape shape;
} shapes[] = {
	{ SPAN("body_bytes_sent"), STRING_NUMBER },
	{ SPAN("bytes_sent"), STRING_NUMBER },
	{ SPAN("connection"), STRING_NUMBER },
	{ SPAN("connection_requests"), STRING_NUMBER },
	{ SPAN("connection_time"), STRING_NUMBER },
	{ SPAN("gzip_ratio"), STRING_NUMBER },
	{ SPAN("host"), STRING_TOKEN },
	{ SPAN("hostname"), STRING_TOKEN },
	{ SPAN("https"), STRING_TOKEN },
	{ SPAN("limit_conn_status"), STRING_TOKEN },
	{ SPAN("limit_req_status"), STRING_TOKEN },
	{ SPAN("msec"), STRING_NUMBER },
	{ SPAN("nginx_version"), STRING_TOKEN },
	{ SPAN("pid"), STRING_NUMBER },
	{ SPAN("pipe"), STRING_TOKEN },
	{ SPAN("proxy_port"), STRING_NUMBER },
	{ SPAN("proxy_protocol_addr"), STRING_TOKEN },
	{ SPAN("proxy_protocol_port"), STRING_NUMBER },
	{ SPAN("proxy_protocol_server_addr"), STRING_TOKEN },
	{ SPAN("proxy_protocol_server_port"), STRING_NUMBER },
	{ SPAN("realip_remote_addr"), STRING_TOKEN },
	{ SPAN("realip_remote_port"), STRING_NUMBER },
	{ SPAN("remote_addr"), STRING_TOKEN },
	{ SPAN("remote_port"), STRING_NUMBER },
	{ SPAN("request_completion"), STRING_TOKEN },
	{ SPAN("request_id"), STRING_TOKEN },
	{ SPAN("request_length"), STRING_NUMBER },
	{ SPAN("request_method"), STRING_TOKEN },
	{ SPAN("request_time"), STRING_NUMBER },
	{ SPAN("scheme"), STRING_TOKEN },
	{ SPAN("server_addr"), STRING_TOKEN },
	{ SPAN("server_name"), STRING_TOKEN },
	{ SPAN("server_port"), STRING_NUMBER },
	{ SPAN("server_protocol"), STRING_TOKEN },
	{ SPAN("ssl_alpn_protocol"), STRING_TOKEN },
	{ SPAN("ssl_cipher"), STRING_TOKEN },
	{ SPAN("ssl_client_fingerprint"), STRING_TOKEN },
	{ SPAN("ssl_client_serial"), STRING_TOKEN },
	{ SPAN("ssl_curve"), STRING_TOKEN },
	{ SPAN("ssl_early_data"), STRING_TOKEN },
	{ SPAN("ssl_protocol"), STRING_TOKEN },
	{ SPAN("ssl_session_id"), STRING_TOKEN },
	{ SPAN("ssl_session_reused"), STRING_TOKEN },
	{ SPAN("status"), STRING_NUMBER },
	{ SPAN("tcpinfo_rcv_space"), STRING_NUMBER },
	{ SPAN("tcpinfo_rtt"), STRING_NUMBER },
	{ SPAN("tcpinfo_rttvar"), STRING_NUMBER },
	{ SPAN("tcpinfo_snd_cwnd"), STRING_NUMBER },
	{ SPAN("time_iso8601"), STRING_TOKEN },
	{ SPAN("time_local"), STRING_CLF },
	{ SPAN("upstream_addr"), STRING_LIST },
	{ SPAN("upstream_bytes_received"), STRING_NUMBERS },
	{ SPAN("upstream_bytes_sent"), STRING_NUMBERS },
	{ SPAN("upstream_cache_status"), STRING_TOKEN },
	{ SPAN("upstream_connect_time"), STRING_NUMBERS },
	{ SPAN("upstream_header_time"), STRING_NUMBERS },
	{ SPAN("upstream_queue_time"), STRING_NUMBERS },
	{ SPAN("upstream_response_length"), STRING_NUMBERS },
	{ SPAN("upstream_response_time"), STRING_NUMBERS },
	{ SPAN("upstream_status"), STRING_NUMBERS },
};

/* What the tables of JSON do not have. */
static const struct {
	struct span name, key;
	uint8_t as, to, unit;
} more[] = {
	{ SPAN("connection_time"), SPAN("connection_us"), STRING_AS_EXTRA, EVENT_EXTRA_NUMBER,
	    PARSE_JSON_S },
	{ SPAN("is_args"), SPAN("is_args"), STRING_AS_EXTRA, EVENT_EXTRA_UNKNOWN, 0 },
	{ SPAN("proxy_protocol_port"), SPAN("port"), STRING_AS_NUMBER, EVENT_PORT, 0 },
	{ SPAN("realip_remote_port"), SPAN("port"), STRING_AS_NUMBER, EVENT_PORT, 0 },
	{ SPAN("server_port"), SPAN("server_port"), STRING_AS_EXTRA, EVENT_EXTRA_UNKNOWN, 0 },
	{ SPAN("ssl_client_fingerprint"), SPAN("ssl_client_fingerprint"), STRING_AS_TEXT,
	    EVENT_TLS_ID, 0 },
	{ SPAN("ssl_client_i_dn"), SPAN("ssl_client_i_dn"), STRING_AS_EXTRA, EVENT_EXTRA_NAME, 0 },
	{ SPAN("ssl_client_serial"), SPAN("ssl_client_serial"), STRING_AS_EXTRA, EVENT_EXTRA_JOIN,
	    0 },
	{ SPAN("ssl_server_name"), SPAN("ssl_server_name"), STRING_AS_TEXT, EVENT_HOST, 0 },
	{ SPAN("ssl_session_id"), SPAN("ssl_session_id"), STRING_AS_EXTRA, EVENT_EXTRA_SESSION,
	    0 },
	{ SPAN("uid_got"), SPAN("uid_got"), STRING_AS_EXTRA, EVENT_EXTRA_SESSION, 0 },
	{ SPAN("uid_set"), SPAN("uid_set"), STRING_AS_EXTRA, EVENT_EXTRA_SESSION, 0 },
	{ SPAN("upstream_bytes_received"), SPAN("upstream_bytes_received"), STRING_AS_EXTRA,
	    EVENT_EXTRA_NUMBER, 0 },
	{ SPAN("upstream_bytes_sent"), SPAN("upstream_bytes_sent"), STRING_AS_EXTRA,
	    EVENT_EXTRA_NUMBER, 0 },
	{ SPAN("upstream_queue_time"), SPAN("upstream_queue_us"), STRING_AS_EXTRA,
	    EVENT_EXTRA_NUMBER, PARSE_JSON_S },
};

/* As the tables of JSON say; false if that is nothing here. */
static bool
from_json(const struct parse_json_name *name, struct string_field *field)
{
	static const uint8_t as[] = { [PARSE_JSON_AS_TEXT] = STRING_AS_TEXT,
		[PARSE_JSON_AS_LIST] = STRING_AS_TEXT, [PARSE_JSON_AS_NUMBER] = STRING_AS_NUMBER,
		[PARSE_JSON_AS_TIME] = STRING_AS_TIME, [PARSE_JSON_AS_EXTRA] = STRING_AS_EXTRA };

	field->to = name->to;
	field->unit = name->unit;
	field->key = name->key != NULL ? span_str(name->key) : name->path;
	if (name->as == PARSE_JSON_AS_OPTION) {
		field->as = name->to == PARSE_JSON_REQUEST ? STRING_AS_REQUEST :
		    name->to == PARSE_JSON_PATH            ? STRING_AS_PATH :
		    name->to == PARSE_JSON_QUERY           ? STRING_AS_QUERY :
							     STRING_AS_TEXT;
		if (name->to == PARSE_JSON_VERSION)
			field->to = EVENT_PROTOCOL;
		else if (name->to == PARSE_JSON_URL)
			field->to = EVENT_TARGET;
		return (name->to <= PARSE_JSON_URL);
	}
	if (name->as > PARSE_JSON_AS_EXTRA)
		return (false);
	field->as = (enum string_as)as[name->as];
	return (true);
}

static bool
find_meaning(struct span name, struct string_field *field)
{
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (span_equal(more[i].name, name)) {
			field->as = (enum string_as)more[i].as;
			field->to = more[i].to;
			field->unit = more[i].unit;
			field->key = more[i].key;
			return (true);
		}
	for (unsigned i = 0; i < parse_json_web_count; i++)
		if (span_equal(parse_json_web[i].path, name)) {
			field->rank = (uint16_t)i;
			return (from_json(&parse_json_web[i], field));
		}
	return (false);
}

struct string_field
parse_string_variable(struct span name)
{
	struct string_field field = { .shape = STRING_FREE, .rank = RANK_LAST };

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (span_equal(shapes[i].name, name))
			field.shape = shapes[i].shape;
	if (find_meaning(name, &field))
		return (field);
	field.rank = RANK_LAST;
	if (span_starts(name, span_of("http_", 5)))
		return (parse_string_header(span_from(name, 5), false));
	if (span_starts(name, span_of("sent_http_", 10)))
		return (parse_string_header(span_from(name, 10), true));
	if (span_starts(name, span_of("upstream_http_", 14)))
		return (parse_string_header(span_from(name, 14), true));
	if (span_starts(name, span_of("cookie_", 7)))
		return (parse_string_cookie(span_from(name, 7)));
	field.as = STRING_AS_EXTRA;
	field.to = EVENT_EXTRA_UNKNOWN;
	field.key = span_of("", 0);
	return (field);
}

/* Letters alike, '_' as '-'. */
static bool
is_header(struct span name, struct span header)
{
	if (name.len != header.len)
		return (false);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c == '_' ? '-' : c;
		if (c != header.ptr[i])
			return (false);
	}
	return (true);
}

struct string_field
parse_string_header(struct span name, bool response)
{
	struct string_field field = { .shape = STRING_FREE, .rank = RANK_LAST,
		.as = STRING_AS_EXTRA, .to = EVENT_EXTRA_UNKNOWN };

	for (unsigned i = 0; i < parse_json_header_count; i++)
		if (is_header(name, parse_json_headers[i].path)) {
			field.as = response ? STRING_AS_ANSWER : STRING_AS_HEADER;
			field.to = (uint8_t)i;
			field.key = parse_json_headers[i].path;
		}
	return (field);
}

struct string_field
parse_string_cookie(struct span name)
{
	static const char *const parts[] = { "sess", "SESS", "Sess", "sid", "SID" };
	struct string_field field = { .shape = STRING_FREE, .rank = RANK_LAST,
		.as = STRING_AS_EXTRA, .to = EVENT_EXTRA_UNKNOWN };

	for (size_t i = 0; name.len > 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (memmem(name.ptr, name.len, parts[i], strlen(parts[i])) != NULL) {
			field.as = STRING_AS_TEXT;
			field.to = EVENT_SESSION;
		}
	return (field);
}
