/* parse: detection, on made-up heads and on real logs. */
#include "shared.h"

#include "parse/detect.h"

#define COMMON "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 512"
#define COMBINED COMMON " \"-\" \"curl\"\n"

static char scratch[PARSE_SCRATCH_BYTES];

static void
test_rows(void **state)
{
	static const struct {
		const char *claim, *head, *format;
		unsigned lines, fits;
	} rows[] = {
		{ "nothing is no format", "", NULL, 0, 0 },
		{ "blank lines are no format", "\n\n\r\n", NULL, 0, 0 },
		{ "garbage is no format", "hello\nworld\n", NULL, 2, 0 },
		{ "one line without its end is enough", COMMON, "apache-common", 1, 3 },
		{ "a cut last line does not count", COMBINED "192.0.2", "apache-combined", 1, 3 },
		{ "combined wins over common", COMBINED COMBINED, "apache-combined", 2, 3 },
		{ "and does so with a few common lines between",
		    COMBINED COMBINED COMBINED COMMON "\n", "apache-combined", 4, 3 },
		{ "common wins over combined", COMMON "\n" COMMON "\n", "apache-common", 2, 3 },
		{ "all dashes are still combined", COMMON " \"-\" \"-\"\n", "apache-combined", 1,
		    3 },
		{ "a host in front is vhost", "a.example:80 " COMBINED, "apache-vhost-combined", 1,
		    4 },
		{ "trailing fields are still combined",
		    COMMON " \"-\" \"curl\" \"192.0.2.9\" 0.1\n", "apache-combined", 1, 3 },
		{ "half garbage is no format", "x\ny\n" COMBINED, NULL, 3, 3 },
		{ "nginx escapes are nginx", COMMON " \"-\" \"a\\x22b\"\n", "nginx-combined", 1,
		    3 },
		{ "capital hex is nginx", COMMON " \"-\" \"\\xE4\"\n", "nginx-combined", 1, 3 },
		{ "Apache escapes are Apache", COMMON " \"-\" \"a\\\"b\"\n", "apache-combined", 1,
		    3 },
		{ "small hex is Apache", COMMON " \"-\" \"\\xe4\"\n", "apache-combined", 1, 3 },
		{ "an escaped backslash before x22 is Apache", COMMON " \"-\" \"\\\\x22\"\n",
		    "apache-combined", 1, 3 },
		{ "only partial lines are no format", "h - - [2025-11-24T10:11:12Z] \"-\" 200 1\n",
		    NULL, 1, 3 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parse_evidence evidence;
		const char *got;

		parse_detect(span_str(rows[i].head), scratch, &evidence);
		got = evidence.format == NULL ? "none" : evidence.format->name;
		if (strcmp(got, rows[i].format == NULL ? "none" : rows[i].format) != 0 ||
		    evidence.lines != rows[i].lines || evidence.fit_count != rows[i].fits) {
			print_error("%s: %s, %u lines, %u fits\n", rows[i].claim, got,
			    evidence.lines, evidence.fit_count);
			bad++;
		}
		if (evidence.format != NULL) {
			assert_ptr_equal(evidence.fits[0].format, evidence.format);
			assert_true(evidence.has_time);
			assert_int_equal(evidence.first_time_us, INT64_C(1763979072000000));
		}
	}
	assert_int_equal(bad, 0);
}

/* What stands before the blank is not the user, however well it would fit there. */
static void
test_envelopes(void **state)
{
#define DATA "<134>1 2025-11-24T10:11:12.003Z host nginx 1 - [a@1 b=\"c\"] "
#define BSD "Nov 24 10:11:12 host nginx: "
	static const struct {
		const char *claim, *head;
		enum parse_envelope envelope;
	} rows[] = {
		{ "bare lines have none", COMBINED COMBINED, PARSE_ENVELOPE_NONE },
		{ "a tag in front is syslog", BSD COMBINED BSD COMBINED, PARSE_ENVELOPE_SYSLOG },
		{ "so is structured data", DATA COMBINED, PARSE_ENVELOPE_SYSLOG },
		{ "of many lines, too", DATA COMBINED DATA COMBINED DATA COMBINED DATA COMBINED,
		    PARSE_ENVELOPE_SYSLOG },
		{ "an odd user is no envelope",
		    "192.0.2.7 - joe x [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5\n",
		    PARSE_ENVELOPE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parser parser = { .format = parse_format_find(span_str("combined")) };
		struct parse_evidence evidence;

		parse_detect(span_str(rows[i].head), scratch, &evidence);
		parse_detect_envelope(span_str(rows[i].head), scratch, &parser);
		if (evidence.format == NULL || evidence.envelope[0] != rows[i].envelope ||
		    parser.envelope[0] != rows[i].envelope)
			fail_msg("%s: %d, %d", rows[i].claim, evidence.envelope[0],
			    parser.envelope[0]);
	}
}

/* A daemon sees one line first, which may say nothing of who logged in: the name says what it is. */
static void
test_a_first_line_of_a_named_format(void **state)
{
	struct parser parser = { .format = parse_format_find(span_str("auth")) };

	parse_detect_envelope(span_str("<38>1 2025-11-24T10:11:12+00:00 - sshd 4711 - - "
				       "Server listening on 127.0.0.1 port 22.\n"),
	    scratch, &parser);
	assert_int_equal(parser.envelope[0], PARSE_ENVELOPE_SYSLOG);
}

static void
test_logs(void **state)
{
	static const struct {
		const char *file, *format;
	} rows[] = {
		{ "corpora/elastic-examples/apache_logs", "apache-combined" },
		{ "corpora/willthefarmer/apache_combined.farmwork.access.log", "apache-combined" },
		{ "corpora/willthefarmer/apache_common.farmwork.access.log", "apache-common" },
		{ "corpora/willthefarmer/apache_vhost.farmwork.access.log",
		    "apache-vhost-combined" },
		{ "corpora/willthefarmer/meatlabel.app.access.log-20251219", "nginx-combined" },
		{ "corpora/epsos-tomcat/localhost_access_log_1_900.txt", "apache-common" },
		{ "corpora/alp/combined_access.log", "apache-combined" },
		{ "corpora/alp/json_access.log", "nginx-json" },
		{ "corpora/lnav/logfile_cloudflare.1", "json-lines" },
		{ "corpora/lnav/logfile_nextcloud.0", "json-lines" },
		{ "corpora/crowdsec/fastly-logs.log", "json-lines" },
		{ "corpora/beats/nginx_access_access.log", "nginx-combined" },
		{ "corpora/beats/apache_access_darwin-2.4.23.log", "apache-common" },
		{ "corpora/beats/apache_access_test-vhost.log", "apache-vhost-combined" },
		{ "corpora/crowdsec/nginx-http-malformed.log", "nginx-combined" },
		{ "corpora/willthefarmer/apache_csv.farmwork.access.log-20241228", NULL },
		{ "corpora/haproxylogparser/haproxy_1_8000.log",
		    "haproxy" },
		{ "corpora/beats/haproxy_log_default.log",
		    "haproxy" },
		{ "corpora/beats/haproxy_log_haproxy.log",
		    "haproxy" },
		{ "corpora/beats/haproxy_log_tcplog.log",
		    "haproxy" },
		{ "corpora/crowdsec/haproxy-logs.log",
		    "haproxy" },
		{ "corpora/crowdsec/aws-alb-logs.log",
		    "aws-alb" },
		{ "corpora/opensearch/elb.raw.log",
		    "aws-alb" },
		{ "corpora/vrl/parse_aws_alb_log.log",
		    "aws-alb" },
		{ "corpora/request-log-analyzer/2012-10-05-16-18-11-F9AAC5D1A55AEBAD.s3.log",
		    "aws-s3" },
		{ "corpora/opensearch/cloudfront.raw.log",
		    "aws-cloudfront" },
		{ "corpora/logstash-patterns/squid.log",
		    "squid" },
		{ "corpora/crowdsec/traefik_clf.log",
		    "traefik" },
		{ "corpora/beats/traefik_access_test.log",
		    "traefik" },
		{ "corpora/crowdsec/cri-logs.log",
		    "ingress-nginx" },
		{ "corpora/willthefarmer/nginx_error.meatlabel.app.error.log-20251219",
		    "nginx-error" },
		{ "corpora/crowdsec/pfsense-rfc5424-nginx.log",
		    "nginx-error" },
		{ "corpora/otel-log-collection/tomcat_access.log",
		    "apache-common" },
		{ "corpora/lnav/logfile_w3c.0",
		    "w3c" },
		{ "corpora/lnav/logfile_w3c.3",
		    "w3c" },
		{ "corpora/lnav/logfile_w3c_big.0",
		    "w3c" },
		{ "corpora/beats/iis_access_test.log",
		    "w3c" },
		{ "corpora/beats/iis_access_test-iis-7.5.log",
		    "w3c" },
		{ "corpora/beats/iis_access_test-ipv6zone.log",
		    "w3c" },
		{ "corpora/falco/k8s_audit_a.jsonl", "k8s-audit" },
		{ "corpora/audit2rbac/demo.log", "k8s-audit" },
		{ "corpora/panther/k8s_audit_tests_a.jsonl", "k8s-audit" },
		{ "corpora/crowdsec/caddy-logs.log", "caddy-json" },
		{ "corpora/crowdsec/traefik_json.log", "traefik-json" },
		{ "corpora/crowdsec/aws-cloudtrail.log", "aws-cloudtrail" },
		{ "corpora/beats/postgresql_log_postgresql-13.csv.log", "postgres-csvlog" },
		{ "corpora/beats/postgresql_log_postgresql-9.6-debian-with-slowlog.log", "postgres" },
		{ "corpora/opensearch/rds_postgres.raw.log", "postgres" },
		{ "corpora/pgbadger/begin_end.log", "postgres" },
		{ "corpora/elastic-examples/auth.log", "auth" },
		{ "corpora/beats/system_auth_test.log", "auth" },
		{ "corpora/crowdsec/sshd-logs.log", "auth" },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parse_evidence evidence;
		const char *got;

		parse_detect(shared_load(rows[i].file), scratch, &evidence);
		got = evidence.format == NULL ? "none" : evidence.format->name;
		if (strcmp(got, rows[i].format == NULL ? "none" : rows[i].format) != 0) {
			print_error("%s: %s\n", rows[i].file, got);
			bad++;
		}
		assert_true(evidence.format == NULL || evidence.has_time);
		assert_true(evidence.format == NULL || evidence.fits[0].format == evidence.format);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_a_first_line_of_a_named_format),
		cmocka_unit_test(test_logs),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
