/* Lines of JSON formats become events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "one.h"
#include "show.h"

struct row {
	const char *claim, *in, *out;
};

static char scratch[PARSE_SCRATCH_BYTES];

/* The line in memory of its own, so that a read behind it is seen. */
static const char *
show(const char *format, struct span line, char *out, size_t size)
{
	static char *copy;
	enum parse_reason reason = PARSE_REASON_GRAMMAR;
	enum parse_result result;
	struct event ev;

	free(copy);
	copy = malloc(line.len == 0 ? 1 : line.len);
	assert_non_null(copy);
	memcpy(copy, line.ptr, line.len);
	result = parse_one(parse_format_find(span_str(format)), span_of(copy, line.len), scratch,
	    &ev, &reason);
	return (show_event(result, reason, &ev, out, size));
}

static void
check(const char *format, const struct row *rows, size_t count)
{
	unsigned bad = 0;

	for (size_t i = 0; i < count; i++) {
		char got[8192];

		(void)show(format, span_str(rows[i].in), got, sizeof(got));
		if (strcmp(got, rows[i].out) == 0)
			continue;
		print_error("%s:\n  got  %s\n  want %s\n", rows[i].claim, got, rows[i].out);
		bad++;
	}
	assert_int_equal(bad, 0);
}
#define CHECK(format, rows) check(format, rows, sizeof(rows) / sizeof((rows)[0]))

/* Members that make it one of nginx, with a time. */
#define NGINX "\"time_iso8601\":\"2025-11-24T10:11:12+00:00\",\"remote_addr\":\"192.0.2.7\""

static void
nginx(void **state)
{
	static const struct row rows[] = {
		{ "variables by their names",
		    "{" NGINX ",\"remote_user\":\"eve\",\"request\":\"GET /a?b=1 HTTP/1.1\",\"status\": "
		    "\"200\",\"body_bytes_sent\":\"512\",\"request_length\":99,\"request_time\":\"0.004\","
		    "\"http_referer\":\"https://www.example.com/\",\"http_user_agent\":\"curl\","
		    "\"http_x_forwarded_for\":\"192.0.2.1, 192.0.2.2\",\"host\":\"www.example.com\"}",
		    "event client=192.0.2.7 forwarded=192.0.2.1, 192.0.2.2 user=eve method=GET "
		    "host=www.example.com target=/a?b=1 protocol=HTTP/1.1 "
		    "referer=https://www.example.com/ agent=curl status=200 bytes=512 in=99 us=4000" },
		{ "a target of two members", "{" NGINX ",\"uri\":\"/a\",\"args\":\"b=1\"}",
		    "event client=192.0.2.7 target=/a?b=1" },
		{ "and of the one that is more exact",
		    "{" NGINX ",\"uri\":\"/b\",\"request_uri\":\"/a?b=1\"}",
		    "event client=192.0.2.7 target=/a?b=1" },
		{ "lists of upstreams",
		    "{" NGINX ",\"upstream_addr\":\"192.0.2.8:80, 192.0.2.9:80\",\"upstream_status\":"
		    "\"502, 200\",\"upstream_response_time\":\"0.1, 0.02\"}",
		    "event client=192.0.2.7 upstream=192.0.2.8:80, 192.0.2.9:80 upstream_us=120000 "
		    "upstream_status=200" },
		{ "nothing where a variable was empty",
		    "{" NGINX ",\"status\":200,\"upstream_status\":,\"upstream_response_time\":-}",
		    "event client=192.0.2.7 status=200" },
		{ "escapes of a format without escape=json",
		    "{" NGINX ",\"http_user_agent\":\"a\\x22b\\xC3\\xa4\"}",
		    "event client=192.0.2.7 agent=a\"b<c3><a4>" },
		{ "any bytes in a text", "{" NGINX ",\"http_user_agent\":\"a\xff\"}",
		    "event client=192.0.2.7 agent=a<ff>" },
		{ "a garbled request", "{" NGINX ",\"request\":\"\\u0016\\u0003\",\"status\":400}",
		    "event client=192.0.2.7 request=<16><03> status=400 garbage" },
		{ "a number that is no status of an upstream",
		    "{" NGINX ",\"upstream_status\":4917112345678}",
		    "partial client=192.0.2.7 +upstream_status=4917112345678" },
		{ "a status that is none", "{" NGINX ",\"status\":\"ok\"}",
		    "partial client=192.0.2.7 +status=ok" },
		{ "no time", "{\"remote_addr\":\"192.0.2.7\",\"request_time\":0}",
		    "event client=192.0.2.7 us=0 no-time" },
		{ "not nginx", "{\"client\":\"192.0.2.7\",\"ts\":1}", "unparsed grammar" },
		{ "no JSON", "remote_addr request_time", "unparsed grammar" },
		{ "an array", "[" NGINX "]", "unparsed grammar" },
		{ "cut", "{" NGINX ",\"status\":2", "unparsed cut" },
		{ "cut in a text", "{" NGINX ",\"status\":\"2", "unparsed cut" },
		{ "more behind it", "{" NGINX "} x", "unparsed grammar" },
	};

	(void)state;
	CHECK("nginx-json", rows);
}

static void
any_program(void **state)
{
	static const struct row rows[] = {
		{ "ECS, nested",
		    "{\"@timestamp\":\"2025-11-24T10:11:12.5Z\",\"client\":{\"ip\":\"192.0.2.7\"},\"http\":"
		    "{\"request\":{\"method\":\"GET\"},\"response\":{\"status_code\":200,\"body\":"
		    "{\"bytes\":5}},\"version\":\"1.1\"},\"url\":{\"path\":\"/a\",\"query\":\"b=1\"},"
		    "\"event\":{\"duration\":4000000}}",
		    "event client=192.0.2.7 method=GET target=/a?b=1 protocol=HTTP/1.1 status=200 bytes=5 "
		    "us=4000" },
		{ "OpenTelemetry, flat",
		    "{\"timestamp\":1763979072,\"client.address\":\"192.0.2.7\",\"http.request.method\":"
		    "\"GET\",\"url.full\":\"https://www.example.com/a\",\"trace_id\":\"abc\"}",
		    "event client=192.0.2.7 method=GET target=https://www.example.com/a +trace_id=abc" },
		{ "pino",
		    "{\"level\":30,\"time\":1763979072123,\"req\":{\"id\":7,\"method\":\"GET\",\"url\":\"/a\","
		    "\"headers\":{\"user-agent\":\"curl\",\"x-own\":\"1\"},\"remoteAddress\":\"::1\"},"
		    "\"res\":{\"statusCode\":200},\"responseTime\":12,\"msg\":\"done\"}",
		    "event client=::1 method=GET target=/a agent=curl join=7 level=info message=done "
		    "status=200 us=12000 req.headers.x-own=" },
		{ "headers by any case, in lists",
		    "{\"ts\":1,\"headers\":{\"X-Forwarded-For\":[\"192.0.2.1\",\"192.0.2.2\"],\"COOKIE\":"
		    "[\"a=b\"],\"X_Real_Ip\":[\"192.0.2.3\"]}}",
		    "event forwarded=192.0.2.1, 192.0.2.2 cookie=a=b +x-real-ip=192.0.2.3" },
		{ "unknown names keep no value",
		    "{\"ts\":1,\"a\":\"x\",\"b\":{\"c\":[1,2,{\"d\":true}]},\"e\":null,\"f\":\"\",\"g\":{}}",
		    "event a= b.c[]= b.c[].d=" },
		{ "a name twice: neither counts",
		    "{\"ts\":1,\"user\":\"eve\",\"client\":\"192.0.2.7\",\"user\":\"bob\"}",
		    "partial client=192.0.2.7 duplicate" },
		{ "an unknown name twice", "{\"ts\":1,\"a\":1,\"a\":2}", "event a= duplicate" },
		{ "a name twice, once with nothing", "{\"ts\":1,\"user\":\"eve\",\"user\":null}",
		    "partial duplicate" },
		{ "a name twice, with nothing first",
		    "{\"ts\":1,\"user\":\"-\",\"client\":\"\",\"user\":\"eve\",\"client\":\"192.0.2.7\"}",
		    "partial duplicate" },
		{ "a name twice, an empty object first", "{\"ts\":1,\"user\":{},\"user\":\"eve\"}",
		    "partial duplicate" },
		{ "a name twice, both with nothing", "{\"ts\":1,\"user\":\"\",\"user\":null}",
		    "event" },
		{ "an unknown name twice, once with nothing", "{\"ts\":1,\"a\":1,\"a\":\"-\"}",
		    "event a= duplicate" },
		{ "an unknown name twice, with nothing first",
		    "{\"ts\":1,\"a\":null,\"a\":1,\"b\":2}", "event a= b= duplicate" },
		{ "items with nothing are no names",
		    "{\"ts\":1,\"a\":[null,1,\"-\",{\"b\":\"\"},{\"b\":1}],\"ips\":[]}",
		    "event a[]= a[].b=" },
		{ "two names for one thing",
		    "{\"ts\":1,\"client_ip\":\"192.0.2.7\",\"remote_addr\":\"192.0.2.8\"}",
		    "event client=192.0.2.8 +client_ip=192.0.2.7" },
		{ "two times of one moment",
		    "{\"time\":\"2025-11-24T10:11:12Z\",\"msec\":\"1763979072.5\"}", "event" },
		{ "half of a pair", "{\"ts\":1,\"user\":\"\\ud83d x\"}",
		    "event user=<ef><bf><bd> x bad-unicode odd" },
		{ "a duration of no known unit", "{\"ts\":1,\"duration\":5}", "event +duration=5" },
		{ "words are words", "{\"ts\":1,\"status\":\"ok\"}", "event +status=ok" },
		{ "a name with an escape is the same name", "{\"ts\":1,\"us\\u0065r\":\"eve\"}",
		    "event user=eve" },
		{ "NUL", "{\"ts\":1,\"user\":\"\\u0000\"}", "event user=<00>" },
		{ "more members than there is room for",
		    "{\"ts\":1,\"a\":[[[1]]],\"b0\":0,\"b1\":0,\"b2\":0,\"b3\":0,\"b4\":0,\"b5\":0,"
		    "\"b6\":0,\"b7\":0,\"b8\":0,\"b9\":0,\"c0\":0,\"c1\":0,\"c2\":0,\"c3\":0,\"c4\":0,"
		    "\"c5\":0,\"c6\":0,\"c7\":0,\"c8\":0,\"c9\":0,\"d0\":0,\"d1\":0,\"d2\":0,\"d3\":0,"
		    "\"d4\":0,\"d5\":0,\"d6\":0,\"d7\":0,\"d8\":0,\"d9\":0,\"e0\":0,\"e1\":0}",
		    "event a[][][]= b0= b1= b2= b3= b4= b5= b6= b7= b8= b9= c0= c1= c2= "
		    "c3= c4= c5= c6= c7= c8= c9= d0= d1= d2= d3= d4= d5= d6= d7= d8= "
		    "d9= e0= more=1" },
		{ "nothing", "{}", "event no-time" },
		{ "a value left out", "{\"ts\":}", "unparsed grammar" },
		{ "too deep",
		    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
		    "unparsed grammar" },
	};

	(void)state;
	CHECK("json-lines", rows);
}

static void
kubernetes(void **state)
{
	static const struct row rows[] = {
		{ "who did what to which object",
		    "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Request\",\"auditID\":\"a1\","
		    "\"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/pods/a\",\"verb\":\"get\",\"user\":"
		    "{\"username\":\"eve\",\"groups\":[\"system:masters\",\"ops\"],\"extra\":{\"k\":[\"v\"]}},"
		    "\"sourceIPs\":[\"192.0.2.1\",\"192.0.2.7\"],\"objectRef\":{\"resource\":\"pods\","
		    "\"namespace\":\"shop\",\"name\":\"a\",\"subresource\":\"log\"},\"responseStatus\":"
		    "{\"metadata\":{},\"code\":403},\"requestObject\":{\"a\":{\"b\":[1]}},"
		    "\"requestReceivedTimestamp\":\"2025-11-24T10:11:12.5Z\",\"stageTimestamp\":"
		    "\"2025-11-24T10:11:12.75Z\",\"annotations\":{\"authorization.k8s.io/decision\":\"forbid\"}}",
		    "event client=192.0.2.7 forwarded=192.0.2.1 user=eve target=/api/v1/pods/a join=a1 "
		    "level=Request action=get object=/namespaces/shop/pods/a/log outcome=failure "
		    "status=403 us=250000 +groups=system:masters, ops +user.extra= +decision=forbid "
		    "+requestObject= +stage=ResponseComplete" },
		{ "an array that comes twice is nobody's",
		    "{\"verb\":\"get\",\"stage\":\"Panic\",\"auditID\":\"a\",\"sourceIPs\":[\"::1\",null,"
		    "\"::2\"],\"user\":{\"groups\":[\"a\"]},\"sourceIPs\":[\"::3\"]}",
		    "partial join=a action=get +groups=a +stage=Panic duplicate no-time" },
		{ "and a group with a comma is no two",
		    "{\"verb\":\"get\",\"stage\":\"Panic\",\"auditID\":\"a\",\"user\":{\"groups\":[\"a\","
		    "\"b, system:masters\",\"b\\u002csystem:masters\",\"c\"]}}",
		    "event join=a action=get +groups=a, c +stage=Panic more=2 no-time" },
		{ "one address is the peer",
		    "{\"verb\":\"get\",\"stage\":\"Panic\",\"auditID\":\"a\",\"sourceIPs\":[\"::1\"],"
		    "\"stageTimestamp\":\"2025-11-24T10:11:12Z\"}",
		    "event client=::1 join=a action=get +stage=Panic" },
		{ "a body twice is a body",
		    "{\"verb\":\"get\",\"auditID\":\"a\",\"stage\":\"x\",\"timestamp\":1,\"requestObject\":"
		    "{\"a\":1},\"requestObject\":\"x\"}",
		    "event join=a action=get +requestObject= +stage=x" },
		{ "not an event", "{\"kind\":\"Event\",\"verb\":\"get\"}", "unparsed grammar" },
	};

	(void)state;
	CHECK("k8s-audit", rows);
}

/* As clouds hand on what an API server says. */
static void
clusters(void **state)
{
#define GKE(service) \
	"{\"protoPayload\":{\"serviceName\":\"" service "\",\"methodName\":\"io.k8s.core.v1.pods.get\"," \
	"\"resourceName\":\"core/v1/namespaces/shop/pods/a/log\",\"authenticationInfo\":" \
	"{\"principalEmail\":\"eve@example.com\"},\"requestMetadata\":{\"callerIp\":\"192.0.2.7\"}," \
	"\"request\":{\"a\":1},\"status\":{\"code\":7}},\"timestamp\":\"2025-11-24T10:11:12Z\"}"
#define NODES \
	"{\"protoPayload\":{\"serviceName\":\"k8s.io\",\"methodName\":\"io.k8s.core.v1.nodes.list\"," \
	"\"resourceName\":\"core/v1/nodes\"}}"
#define INNER \
	"{\\\"auditID\\\":\\\"a\\\",\\\"verb\\\":\\\"get\\\",\\\"stage\\\":\\\"Panic\\\",\\\"timestamp\\\":1}"
#define SAID "event join=a action=get +stage=Panic"
	static const struct row rows[] = {
		{ "GKE", GKE("k8s.io"),
		    "event client=192.0.2.7 user=eve@example.com action=get "
		    "object=/namespaces/shop/pods/a/log outcome=failure +protoPayload.request=" },
		{ "GKE, without a namespace", NODES, "event action=list object=/nodes outcome=success no-time" },
		{ "another service of Google", GKE("compute.googleapis.com"), "unparsed grammar" },
		{ "AKS", "{\"category\":\"kube-audit\",\"properties\":{\"log\":\"" INNER "\\n\"}}", SAID },
		{ "EKS", "{\"id\":\"1\",\"timestamp\":1,\"message\":\"" INNER "\"}", SAID },
		{ "exported", "2025-11-24T10:11:12.5Z {\"auditID\":\"a\",\"verb\":\"get\",\"stage\":\"Panic\","
		    "\"timestamp\":1}", SAID },
		{ "two texts", "{\"message\":\"" INNER "\",\"properties\":{\"log\":\"" INNER "\"}}",
		    "unparsed grammar" },
		{ "half a text", "{\"message\":\"{\\\"auditID\\\":\\\"a\"}", "unparsed cut" },
		{ "a text of something else", "{\"message\":\"{}\"}", "unparsed grammar" },
	};

	(void)state;
	CHECK("k8s-audit", rows);
}

static void
proxies(void **state)
{
	static const struct row caddy[] = {
		{ "an access",
		    "{\"level\":\"info\",\"ts\":1763979072.5,\"logger\":\"http.log.access.log0\",\"msg\":"
		    "\"handled request\",\"request\":{\"remote_ip\":\"192.0.2.7\",\"client_ip\":\"192.0.2.1\","
		    "\"method\":\"GET\",\"uri\":\"/a\",\"headers\":{\"User-Agent\":[\"curl\"],\"X-Own\":"
		    "[\"a\",\"b\"]}},\"user_id\":\"\",\"duration\":2.7e-06,\"status\":200,\"resp_headers\":"
		    "{\"Server\":[\"Caddy\"],\"X-Own\":[\"c\"]}}",
		    "event client=192.0.2.7 method=GET target=/a agent=curl level=info status=200 us=2 "
		    "request.headers.X-Own[]= resp_headers.X-Own[]= +logger=http.log.access.log0 "
		    "+request.client_ip=192.0.2.1" },
		{ "of itself", "{\"level\":\"warn\",\"ts\":1763979072,\"msg\":\"no config\",\"file\":\"a\"}",
		    "event level=warn message=no config file=" },
	};
	static const struct row envoy[] = {
		{ "Envoy Gateway's names",
		    "{\":authority\":\"www.example.com\",\"bytes_sent\":5,\"downstream_remote_address\":"
		    "\"192.0.2.7:59292\",\"duration\":11,\"method\":\"GET\",\"response_code\":200,"
		    "\"response_flags\":\"-\",\"start_time\":\"2025-11-24T10:11:12.5Z\",\"x-envoy-origin-path\":"
		    "\"/a?b=1\",\"x-forwarded-for\":\"192.0.2.1\",\"upstream_host\":null}",
		    "event client=192.0.2.7:59292 forwarded=192.0.2.1 method=GET host=www.example.com "
		    "target=/a?b=1 status=200 bytes=5 us=11000" },
	};
	static const struct row traefik[] = {
		{ "durations in nanoseconds, TLS by its number, one client",
		    "{\"ClientAddr\":\"192.0.2.7:1\",\"ClientHost\":\"192.0.2.7\",\"ClientUsername\":\"-\","
		    "\"Duration\":357313,\"OriginDuration\":324669,\"OriginStatus\":502,\"RequestPath\":\"/a\","
		    "\"RetryAttempts\":1,\"StartUTC\":\"2025-11-24T10:11:12.587782192Z\",\"TLSVersion\":\"1.3\","
		    "\"request_Cookie\":\"a=b\",\"origin_Date\":\"x\"}",
		    "event client=192.0.2.7 cookie=a=b target=/a tls=TLSv1.3 us=357 upstream_us=324 "
		    "upstream_status=502 +RetryAttempts=1" },
		{ "a client that is another",
		    "{\"ClientAddr\":\"192.0.2.8:1\",\"ClientHost\":\"192.0.2.7\",\"time\":1}",
		    "event client=192.0.2.7 +ClientAddr=192.0.2.8:1" },
		{ "a header twice, once with nothing",
		    "{\"ClientAddr\":\"192.0.2.7:1\",\"ClientHost\":\"192.0.2.7\",\"time\":1,"
		    "\"request_User-Agent\":\"\",\"request_User-Agent\":\"x\","
		    "\"request_Referer\":\"x\",\"request_Referer\":\"-\"}",
		    "partial client=192.0.2.7 duplicate" },
		{ "a header of the answer with nothing",
		    "{\"ClientAddr\":\"192.0.2.7:1\",\"ClientHost\":\"192.0.2.7\",\"time\":1,"
		    "\"request_Accept\":\"x\",\"downstream_Accept\":\"\"}",
		    "event client=192.0.2.7" },
	};

	(void)state;
	CHECK("caddy-json", caddy);
	CHECK("envoy-json", envoy);
	CHECK("traefik-json", traefik);
}

static void
clouds_and_databases(void **state)
{
	static const struct row trail[] = {
		{ "a call",
		    "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":\"arn:aws:x\","
		    "\"userName\":\"eve\",\"accessKeyId\":\"AKIA\"},\"eventTime\":\"2025-11-24T10:11:12Z\","
		    "\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"RunInstances\",\"errorCode\":"
		    "\"AccessDenied\",\"sourceIPAddress\":\"192.0.2.7\",\"requestParameters\":{\"a\":1},"
		    "\"additionalEventData\":{\"x\":1,\"bytesTransferredOut\":7}}",
		    "event client=192.0.2.7 user=eve action=RunInstances outcome=failure bytes=7 "
		    "+eventVersion=1.08 +identity=IAMUser +userIdentity.arn=arn:aws:x +access_key=AKIA "
		    "+service=ec2.amazonaws.com +requestParameters= +additionalEventData= "
		    "+error=AccessDenied" },
		{ "a login",
		    "{\"eventVersion\":\"1.08\",\"eventTime\":\"2025-11-24T10:11:12Z\",\"eventName\":"
		    "\"ConsoleLogin\",\"awsRegion\":\"us-east-1\",\"responseElements\":{\"ConsoleLogin\":"
		    "\"Failure\"}}",
		    "event action=login outcome=failure +eventVersion=1.08 +region=us-east-1 "
		    "+responseElements=" },
	};
	static const struct row postgres[] = {
		{ "an error",
		    "{\"timestamp\":\"2025-11-24 10:11:12.5 UTC\",\"user\":\"eve\",\"dbname\":\"shop\",\"pid\":1,"
		    "\"line_num\":2,\"ps\":\"SELECT\",\"error_severity\":\"ERROR\",\"state_code\":\"42P01\","
		    "\"message\":\"no table\",\"statement\":\"select 1\"}",
		    "event user=eve level=ERROR outcome=failure message=no table +database=shop +pid=1 "
		    "+line_num=2 "
		    "+ps=SELECT +state_code=42P01 +statement=select 1" },
	};

	(void)state;
	CHECK("aws-cloudtrail", trail);
	CHECK("postgres-jsonlog", postgres);
}

/* Names of one's own, over those of the format. */
static void
maps(void **state)
{
	static const struct {
		const char *what, *path;
	} said[] = { { "client", "peer.addr" }, { "user", "actors[].name" },
		{ "duration_ms", "took" }, { "user", "who" }, { "secret", "pin" },
		{ "query", "status" } };
	static const char in[] =
	    "{\"ts\":1,\"remote_addr\":\"192.0.2.9\",\"peer\":{\"addr\":\"192.0.2.7\"},\"who\":"
	    "\"bob\",\"actors\":[{\"name\":\"eve\"}],\"took\":\"1.5\",\"pin\":1,\"path\":\"/a\","
	    "\"status\":\"b=1\"}";
	struct parse_json_map map = { .count = 0 };
	struct parser parser = { .format = parse_format_find(span_str("json-lines")), .map = &map };
	struct parse_state reader;
	enum parse_reason reason;
	enum parse_result result;
	struct event ev;
	char got[4096], path[PARSE_JSON_MAP_PATH_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		assert_int_equal(parse_json_map_add(&map, span_str(said[i].what),
				     span_str(said[i].path)),
		    PARSE_JSON_MAP_OK);
	parse_begin(&reader, &parser, 0);
	result = parse_line(&reader, span_str(in), scratch, &ev, &reason);
	assert_string_equal(show_event(result, reason, &ev, got, sizeof(got)),
	    "event client=192.0.2.7 user=eve target=/a?b=1 us=1500 +secret=1 +user=bob "
	    "+remote_addr=192.0.2.9");
	assert_int_equal(
	    parse_json_map_add(&map, span_str("usr"), span_str("a")), PARSE_JSON_MAP_WHAT);
	assert_int_equal(
	    parse_json_map_add(&map, span_str("user"), span_str("")), PARSE_JSON_MAP_PATH);
	assert_int_equal(
	    parse_json_map_add(&map, span_str("user"), span_str("who")), PARSE_JSON_MAP_PATH);
	memset(path, 'a', sizeof(path));
	assert_int_equal(parse_json_map_add(&map, span_str("user"),
			     span_of(path, PARSE_JSON_MAP_PATH_BYTES)),
	    PARSE_JSON_MAP_PATH);
	while (map.count < PARSE_JSON_MAP_MAX)
		assert_int_equal(parse_json_map_add(&map, span_str("user"),
				     span_of(path, PARSE_JSON_MAP_PATH_BYTES - map.count)),
		    PARSE_JSON_MAP_OK);
	assert_int_equal(
	    parse_json_map_add(&map, span_str("user"), span_str("b")), PARSE_JSON_MAP_FULL);
	parse_begin(&reader, &parser, 0);
	assert_int_equal(parse_line(&reader, span_str(in), scratch, &ev, &reason), PARSE_EVENT);
}

static void
samples_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *f = &parse_formats[i];
		enum parse_reason reason;
		struct event ev;

		if (f->sample[0] != '{')
			continue;
		if (parse_one(f, span_str(f->sample), scratch, &ev, &reason) != PARSE_EVENT)
			fail_msg("%s: its sample is none", f->name);
		assert_true(ev.time_ok);
		assert_int_equal(ev.extra_more, 0);
	}
}

/* Of any front part of a line no byte behind it is read, and it is never an event. */
static void
front_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *f = &parse_formats[i];
		char got[4096];

		for (size_t len = 1; f->sample[0] == '{' && len < strlen(f->sample); len++) {
			(void)show(f->name, span_of(f->sample, len), got, sizeof(got));
			if (strncmp(got, "unparsed", 8) != 0)
				fail_msg("%s: %zu bytes: %s", f->name, len, got);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nginx),
		cmocka_unit_test(any_program),
		cmocka_unit_test(kubernetes),
		cmocka_unit_test(clusters),
		cmocka_unit_test(proxies),
		cmocka_unit_test(clouds_and_databases),
		cmocka_unit_test(maps),
		cmocka_unit_test(samples_are_whole),
		cmocka_unit_test(front_parts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
