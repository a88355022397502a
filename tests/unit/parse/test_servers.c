/*
 * parse: real logs of servers in formats of their own, whole, cut anywhere,
 * and beside what other programs read in them.
 */
#include "shared.h"

#include "one.h"
#include "parse/envelope/envelope.h"
#include "show.h"

static char scratch[PARSE_SCRATCH_BYTES];

/* Real logs.  Every line that is no event was looked at: see why. */
static const struct log {
	const char *file, *format;
	enum parse_envelope envelope;
	unsigned event, partial, unparsed, meta;
	const char *why;
} logs[] = {
	{ "haproxylogparser/haproxy_1_8000.log", "haproxy", PARSE_ENVELOPE_SYSLOG, 8000, 0, 0, 0,
	    "" },
	{ "beats/haproxy_log_default.log", "haproxy", PARSE_ENVELOPE_SYSLOG, 1, 0, 0, 0, "" },
	{ "beats/haproxy_log_haproxy.log", "haproxy", PARSE_ENVELOPE_SYSLOG, 10, 0, 0, 0, "" },
	{ "beats/haproxy_log_httplog-no-headers.log", "haproxy", PARSE_ENVELOPE_SYSLOG, 3, 0, 0, 1,
	    "a blank line" },
	{ "beats/haproxy_log_tcplog.log", "haproxy", PARSE_ENVELOPE_SYSLOG, 1, 0, 0, 0, "" },
	{ "crowdsec/haproxy-logs.log", "haproxy", PARSE_ENVELOPE_NONE, 5, 0, 0, 0, "" },
	{ "crowdsec/aws-alb-logs.log", "aws-alb", PARSE_ENVELOPE_NONE, 14, 0, 0, 0, "" },
	{ "opensearch/elb.raw.log", "aws-alb", PARSE_ENVELOPE_NONE, 63, 0, 0, 0, "" },
	{ "vrl/parse_aws_alb_log.log", "aws-alb", PARSE_ENVELOPE_NONE, 13, 0, 0, 0, "" },
	{ "logstash-patterns/aws.log", "aws-clb", PARSE_ENVELOPE_NONE, 4, 0, 4, 0,
	    "two lines of S3, two of CloudFront" },
	{ "logstash-patterns/aws.log", "aws-s3", PARSE_ENVELOPE_NONE, 2, 0, 6, 0,
	    "four lines of a load balancer, two of CloudFront" },
	{ "request-log-analyzer/2012-10-05-16-18-11-F9AAC5D1A55AEBAD.s3.log", "aws-s3",
	    PARSE_ENVELOPE_NONE, 5, 0, 0, 0, "" },
	{ "logstash-patterns/squid.log", "squid", PARSE_ENVELOPE_NONE, 4, 0, 0, 0, "" },
	{ "crowdsec/traefik_clf.log", "traefik", PARSE_ENVELOPE_NONE, 7, 0, 0, 2, "blank lines" },
	{ "beats/traefik_access_test.log", "traefik", PARSE_ENVELOPE_NONE, 6, 0, 1, 0,
	    "a line in common, without what Traefik adds" },
	{ "crowdsec/cri-logs.log", "ingress-nginx", PARSE_ENVELOPE_CRI, 3, 0, 0, 0, "" },
	{ "willthefarmer/nginx_error.meatlabel.app.error.log-20251219", "nginx-error",
	    PARSE_ENVELOPE_NONE, 303, 0, 0, 0, "" },
	{ "crowdsec/pfsense-rfc5424-nginx.log", "nginx-error", PARSE_ENVELOPE_SYSLOG, 1, 0, 0, 1,
	    "a blank line" },
	{ "crowdsec/apache2-logs.log", "apache-error", PARSE_ENVELOPE_NONE, 2, 0, 7, 0,
	    "lines of access logs" },
	{ "crowdsec/nginx_http-logs.log", "nginx-error", PARSE_ENVELOPE_NONE, 1, 0, 8, 0,
	    "lines of access logs" },
	{ "epsos-tomcat/localhost_access_log_1_900.txt", "tomcat", PARSE_ENVELOPE_NONE, 900, 0, 0,
	    0, "" },
	{ "otel-log-collection/tomcat_access.log", "tomcat", PARSE_ENVELOPE_NONE, 7, 0, 0, 0, "" },
	{ "opensearch/cloudfront.raw.log", "aws-cloudfront", PARSE_ENVELOPE_NONE, 40, 0, 0, 2,
	    "directives" },
	{ "lnav/logfile_w3c.0", "w3c", PARSE_ENVELOPE_NONE, 1, 0, 0, 4, "directives" },
	{ "lnav/logfile_w3c.3", "w3c", PARSE_ENVELOPE_NONE, 3, 0, 0, 7, "directives, blank lines" },
	{ "lnav/logfile_w3c_big.0", "w3c", PARSE_ENVELOPE_NONE, 210, 0, 0, 44, "directives" },
	{ "beats/iis_access_test.log", "w3c", PARSE_ENVELOPE_NONE, 3, 0, 2, 12,
	    "two lines of 14 values behind a header of 21 columns" },
	{ "beats/iis_access_test-iis-7.5.log", "w3c", PARSE_ENVELOPE_NONE, 4, 0, 0, 4,
	    "directives" },
	{ "beats/iis_access_test-ipv6zone.log", "w3c", PARSE_ENVELOPE_NONE, 1, 0, 0, 4,
	    "directives" },
	{ "beats/iis_access_test-iis-7.2.log", "w3c", PARSE_ENVELOPE_NONE, 0, 0, 5, 0,
	    "no #Fields line: nobody knows the columns" },
	{ "beats/iis_access_test-x-forward-for.log", "w3c", PARSE_ENVELOPE_NONE, 0, 0, 9, 0,
	    "no #Fields line: nobody knows the columns" },
};
#define LOGS (sizeof(logs) / sizeof(logs[0]))

static struct span
load(const struct log *log, struct parser *parser, struct parse_state *reader)
{
	char name[256];

	*parser = (struct parser){ .format = parse_format_find(span_str(log->format)),
		.envelope = { log->envelope } };
	assert_non_null(parser->format);
	parse_begin(reader, parser, INT64_C(1764000000000000));
	(void)snprintf(name, sizeof(name), "corpora/%s", log->file);
	return (shared_load(name));
}

static void
test_counts(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < LOGS; i++) {
		struct parser parser;
		struct parse_state reader;
		struct span text = load(&logs[i], &parser, &reader), line;
		unsigned count[4] = { 0 };

		while (shared_line(&text, &line)) {
			struct event ev;
			enum parse_reason reason;

			count[parse_line(&reader, line, scratch, &ev, &reason)]++;
		}
		if (count[PARSE_EVENT] == logs[i].event && count[PARSE_PARTIAL] == logs[i].partial &&
		    count[PARSE_UNPARSED] == logs[i].unparsed && count[PARSE_META] == logs[i].meta)
			continue;
		print_error("%s %s (%s): %u events, %u partial, %u unparsed, %u meta\n",
		    logs[i].format, logs[i].file, logs[i].why, count[0], count[1], count[2],
		    count[3]);
		bad++;
	}
	assert_int_equal(bad, 0);
}

/* ---- quotes that nobody escapes ---- */

#define S3(request) \
	"79a59df900b949e5 shop [24/Nov/2025:10:11:12 +0000] 192.0.2.7 - 3E57427F3EXAMPLE " \
	"REST.GET.OBJECT a.html \"" request "\" 403 AccessDenied 512 512 7 6 \"-\" \"curl/8\" -"
#define ALB(request) \
	"https 2025-11-24T10:11:12.345678Z app/shop/50dc6c495c0c9188 192.0.2.7:51234 " \
	"192.0.2.80:80 0.001 0.004 0.000 403 200 34 512 \"" request "\" \"curl/8\" - - - " \
	"\"Root=1-5833\" \"www.example.com\" \"-\" 0 2025-11-24T10:11:12.340000Z \"forward\" \"-\" " \
	"\"-\" \"192.0.2.80:80\" \"200\" \"-\" \"-\""
#define CLB(request) \
	"2025-11-24T10:11:12.345678Z shop 192.0.2.7:51234 192.0.2.80:80 0.001 0.004 0.000 403 " \
	"200 34 512 \"" request "\" \"curl/8\" - -"

/* Whoever writes quotes into a request forges nothing of what stands behind it. */
static void
test_quotes(void **state)
{
	static const struct {
		const char *claim, *format, *line;
		enum parse_result result;
		bool status;
	} rows[] = {
		{ "S3: an honest line", "aws-s3", S3("GET /a HTTP/1.1"), PARSE_EVENT, true },
		{ "S3: a status of the client's", "aws-s3",
		    S3("GET /a\" 200 - 7 7 1 1 \"-\" \"x\" - HTTP/1.1"), PARSE_UNPARSED, false },
		{ "S3: the same, balanced", "aws-s3",
		    S3("GET /a HTTP/1.1\" 200 - 7 7 1 1 \"-\" \"x"), PARSE_UNPARSED, false },
		{ "S3: beyond all columns", "aws-s3",
		    S3("GET /a HTTP/1.1\" 200 - 7 7 1 1 \"-\" \"x\" 1 2 3 4 5 6 7 8 9 \""),
		    PARSE_UNPARSED, false },
		{ "ALB: an honest line", "aws-alb", ALB("GET https://a:443/b HTTP/1.1"),
		    PARSE_EVENT, true },
		{ "ALB: an agent of the client's", "aws-alb",
		    ALB("GET https://a:443/b HTTP/1.1\" \"x"), PARSE_UNPARSED, false },
		{ "CLB: an honest line", "aws-clb", CLB("GET https://a:443/b HTTP/1.1"),
		    PARSE_EVENT, true },
		{ "CLB: an agent of the client's", "aws-clb",
		    CLB("GET https://a:443/b HTTP/1.1\" \"x\" a TLSv1.3 \""), PARSE_UNPARSED, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum parse_reason reason = PARSE_REASON_COUNT;
		struct event ev;
		enum parse_result result = parse_one(parse_format_find(span_str(rows[i].format)),
		    span_str(rows[i].line), scratch, &ev, &reason);
		bool status = result == PARSE_EVENT &&
		    (ev.has_number >> EVENT_STATUS & 1) != 0;

		if (result != rows[i].result || status != rows[i].status ||
		    (status && ev.number[EVENT_STATUS] != 403) ||
		    (result == PARSE_UNPARSED && reason != PARSE_REASON_AMBIGUOUS))
			fail_msg("%s: %d", rows[i].claim, result);
	}
}

/* ---- cut anywhere ---- */

static void
inside(struct span s, struct span line)
{
	/* One run of memory at most: the line's, the scratch's, or a literal of the format. */
	if (s.len == 0 || (s.ptr >= line.ptr && s.ptr + s.len <= line.ptr + line.len))
		return;
	if (s.ptr >= scratch && s.ptr < scratch + sizeof(scratch))
		assert_true(s.ptr + s.len <= scratch + sizeof(scratch));
}

static void
check_cut(struct parse_state *reader, struct span line)
{
	struct event ev;
	enum parse_reason reason = PARSE_REASON_COUNT;
	enum parse_result result = parse_line(reader, line, scratch, &ev, &reason);

	if (result == PARSE_UNPARSED)
		assert_true(reason < PARSE_REASON_COUNT);
	if (result == PARSE_UNPARSED || result == PARSE_META)
		return;
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		if (event_has(&ev, (enum event_text)f))
			inside(ev.text[f], line);
	for (unsigned i = 0; i < ev.extra_count; i++)
		inside(ev.extra[i].value, line);
}

/* The line is copied, so that a sanitizer sees a read behind its end. */
static void
cut_everywhere(struct parse_state *reader, struct span line)
{
	for (size_t len = 0; len <= line.len; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, line.ptr, len);
		check_cut(reader, span_of(copy, len));
		free(copy);
	}
}

static void
test_cut_logs(void **state)
{
	(void)state;
	for (size_t i = 0; i < LOGS; i++) {
		struct parser parser;
		struct parse_state reader;
		struct span text = load(&logs[i], &parser, &reader), line;

		for (unsigned n = 0; n < 15 && shared_line(&text, &line); n++)
			cut_everywhere(&reader, line);
	}
}

static void
test_cut_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		struct parser parser = { .format = &parse_formats[i] };
		struct parse_state reader;
		struct span text = span_str(parse_formats[i].sample), line;

		parse_begin(&reader, &parser, INT64_C(1764000000000000));
		while (shared_line(&text, &line))
			cut_everywhere(&reader, line);
	}
}

/* What a request can imitate is not believed. */
static void
clauses_in_a_request_are_doubted(void **state)
{
	static const char start[] = "2025/11/24 10:11:12 [error] 31#31: *46 open() \"/srv/x, client: "
				    "6.6.6.6, server: s, request: \"GET / HTTP/1.1\", host: \"h\"";
	static const char inside[] =
	    "2025/11/24 10:11:12 [error] 31#31: *46 refused, client: 192.0.2.7, server: s, "
	    "request: \"GET /\", upstream: \"http://6.6.6.6:80/\", host: \"v.example.com\", "
	    "referrer: \"http://b.example/ HTTP/1.1\", host: \"www.example.com\"";
	static char room[PARSE_SCRATCH_BYTES], cut[2048];
	const struct parse_format *f = parse_format_find(span_str("nginx-error"));
	enum parse_reason reason;
	struct event ev;

	memset(cut, 'x', sizeof(cut));
	memcpy(cut + sizeof(cut) - sizeof(start), start, sizeof(start));
	memcpy(cut, start, 47); /* the time and what was opened */
	assert_int_equal(parse_one(f, span_of(cut, 2047), room, &ev, &reason), PARSE_PARTIAL);
	assert_true((ev.bad_text >> EVENT_CLIENT & 1) != 0);
	assert_int_equal(parse_one(f, span_str(start), room, &ev, &reason), PARSE_EVENT);
	assert_int_equal(parse_one(f, span_str(inside), room, &ev, &reason), PARSE_PARTIAL);
	assert_true((ev.bad_text >> EVENT_UPSTREAM & 1) != 0);
}

/* However often a client sends what the server writes once. */
static void
many_clauses_are_doubted(void **state)
{
	static const char start[] = "2025/11/24 10:11:12 [error] 31#31: *46 open() \"/srv/x";
	static const char end[] = ", client: 192.0.2.7, server: s, request: \"GET / HTTP/1.1\", host: \"h\"";
	static char line[2000];
	const struct parse_format *f = parse_format_find(span_str("nginx-error"));
	enum parse_reason reason;
	struct event ev;
	size_t len = (size_t)sprintf(line, "%s", start);

	while (len + sizeof(end) + 11 < sizeof(line))
		len += (size_t)sprintf(line + len, ", client: \"");
	len += (size_t)sprintf(line + len, "%s", end);
	assert_int_equal(parse_one(f, span_of(line, len), scratch, &ev, &reason), PARSE_PARTIAL);
	assert_true((ev.bad_text >> EVENT_CLIENT & 1) != 0);
	assert_false(event_has(&ev, EVENT_CLIENT));
	assert_true(event_has(&ev, EVENT_MESSAGE));
}

#define SAID " +product=p +signature=7 +severity=3"

/* A key that comes twice is believed neither time. */
static void
keys_of_cef_come_once(void **state)
{
	static const struct {
		const char *members, *want;
	} rows[] = {
		{ "src=192.0.2.7 spt=5 act=GET", "event client=192.0.2.7 message=n port=5" SAID " +act=GET" },
		{ "src=192.0.2.7 suser=x src=6.6.6.6",
		    "partial !client=192.0.2.7 user=x message=n" SAID " duplicate" },
		{ "suser=a src=6.6.6.6 src=192.0.2.7",
		    "partial !client=6.6.6.6 user=a message=n" SAID " duplicate" },
		{ "src= src=6.6.6.6", "partial message=n" SAID " duplicate" },
		{ "spt=5 spt=6", "partial message=n" SAID " duplicate" },
		{ "rt=1764000000124", "partial message=n" SAID " duplicate no-time" },
		{ "act=GET act=POST", "partial message=n" SAID " +act=twice duplicate" },
		{ "cnt=1 cnt=2", "partial message=n" SAID " +count=twice duplicate" },
		{ "shoe=1 shoe=2", "partial message=n" SAID " shoe=1 duplicate" },
	};
	char line[512], got[2048];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum parse_reason reason = PARSE_REASON_GRAMMAR;
		struct event ev;
		enum parse_result result;

		(void)snprintf(line, sizeof(line), "CEF:0|v|p|1|7|n|3|rt=1764000000123 %s",
		    rows[i].members);
		result = parse_one(parse_format_find(span_str("cef")), span_str(line), scratch, &ev,
		    &reason);
		(void)show_event(result, reason, &ev, got, sizeof(got));
		assert_string_equal(got, rows[i].want);
	}
}

#define ENVOY_START "[2025-11-24T10:11:12.345Z] \"GET /a HTTP/1.1\" 200 - 0 5 3 2 \"-\" "
#define ISTIO_START \
	"[2025-11-24T10:11:12.345Z] \"GET /a HTTP/1.1\" 200 - via_upstream - \"-\" 0 5 3 2 \"-\" "
#define ISTIO_END " outbound|80 10.0.0.1:1 10.0.0.2:2 192.0.2.7:3 "
#define TRAEFIK_START "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" "
#define SQUID_START "1763979072.123 4 192.0.2.7 TCP_MISS/200 5 GET http://a.example/ "

/* A client that sends a quote moves nothing that the server says behind it. */
static void
quotes_of_clients_end_no_value(void **state)
{
	static const struct {
		const char *format, *line, *want; /* how it begins */
	} rows[] = {
		{ "envoy", ENVOY_START "\"curl\" \"id\" \"h.example\" \"10.0.0.1:80\"", "event " },
		{ "envoy", ENVOY_START "\"x\" \"i\" \"f.example\" \"6.6.6.6:80\" \"id\" \"h.example\" "
			   "\"10.0.0.1:80\"", "unparsed ambiguous" },
		{ "envoy", ENVOY_START "\"x\\\" \"id\" \"h.example\" \"10.0.0.1:80\"",
		    "event method=GET host=h.example target=/a protocol=HTTP/1.1 agent=x\\ "
		    "join=id upstream=10.0.0.1:80" },
		{ "envoy", ENVOY_START "\"x \" \"id\" \"h.example\" \"10.0.0.1:80\"", "event " },
		{ "envoy", ENVOY_START "\"x\"y\" \"id\" \"h.example\" \"10.0.0.1:80\"", "unparsed " },
		{ "envoy", "[2025-11-24T10:11:12.345Z] \"GET /\" 200 - 0 5 3 2 \"-\" \"a\" \"b\" \"c\" "
			   "\"d\" HTTP/1.1\" 404 - 0 5 3 2 \"-\" \"curl\" \"id\" \"h\" \"10.0.0.1:80\"",
		    "unparsed ambiguous" },
		{ "envoy", ISTIO_START "\"c\" \"id\" \"h\" \"10.0.0.1:80\"" ISTIO_END "sni default",
		    "event client=192.0.2.7 " },
		{ "envoy", ISTIO_START "\"c\" \"id\" \"h\" \"6.6.6.6:80\" o 6.6.6.6:1 6.6.6.6:2 6.6.6.6:3 s "
			   "r\" \"id\" \"h\" \"10.0.0.1:80\"" ISTIO_END "sni default",
		    "unparsed ambiguous" },
		{ "envoy", ISTIO_START "\"c\" \"id\" \"h\" \"10.0.0.1:80\"" ISTIO_END "sni r default",
		    "unparsed ambiguous" },
		{ "traefik", TRAEFIK_START "\"curl \" 17 \"r@docker\" \"http://10.0.0.1:80\" 4ms",
		    "event client=192.0.2.7 method=GET target=/a protocol=HTTP/1.1 agent=curl " },
		{ "traefik", TRAEFIK_START "\"x\" 1 \"r\" \"http://6.6.6.6:80\" 1ms \" 17 \"r@docker\" "
			     "\"http://10.0.0.1:80\" 4ms", "unparsed ambiguous" },
		{ "squid", SQUID_START "- HIER_DIRECT/192.0.2.80 text/html", "event " },
		{ "squid", SQUID_START "- HIER_DIRECT/6.6.6.6 a/b - HIER_DIRECT/192.0.2.80 text/html",
		    "unparsed ambiguous" },
	};
	unsigned bad = 0;
	char got[4096];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum parse_reason reason = PARSE_REASON_GRAMMAR;
		struct event ev;
		enum parse_result result = parse_one(parse_format_find(span_str(rows[i].format)),
		    span_str(rows[i].line), scratch, &ev, &reason);

		(void)show_event(result, reason, &ev, got, sizeof(got));
		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0)
			bad++, print_error("%s\n  got  %s\n  want %s\n", rows[i].line, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_of_clients_end_no_value),
		cmocka_unit_test(many_clauses_are_doubted),
		cmocka_unit_test(keys_of_cef_come_once),
		cmocka_unit_test(clauses_in_a_request_are_doubted),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_cut_logs),
		cmocka_unit_test(test_cut_samples),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
