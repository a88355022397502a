/* parse: the table of formats. */
#include "parse/message/auth.h"
#include "parse/message/postgres.h"
#include "parse/clf/clf.h"
#include "parse/cloud/aws.h"
#include "parse/cloud/w3c.h"
#include "parse/json/format/samples.h"
#include "parse/json/format/servers.h"
#include "parse/json/format/web.h"
#include "parse/parse.h"
#include "parse/piece.h"
#include "parse/samples.h"
#include "parse/server/server.h"
#include "parse/text/text.h"

/* What a row does not name it does not have. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define SAMPLE_COMMON \
	"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /index.html HTTP/1.1\" 200 512"
#define SAMPLE_COMBINED \
	SAMPLE_COMMON " \"https://www.example.com/\" \"Mozilla/5.0 (X11) Firefox/128.0\""

#define SAMPLE_W3C \
	"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip " \
	"cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n" \
	"2025-11-24 10:11:12 192.0.2.80 GET /index.html page=2 443 - 192.0.2.7 " \
	"Mozilla/5.0+(X11)+Firefox/128.0 https://www.example.com/ 200 0 0 15"
#define SAMPLE_CLOUDFRONT \
	"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem " \
	"sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type " \
	"x-edge-request-id x-host-header cs-protocol cs-bytes time-taken\n" \
	"2025-11-24\t10:11:12\tFRA56-P1\t512\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t" \
	"/index.html\t200\t-\tMozilla/5.0%20(X11)%20Firefox/128.0\t-\t-\tHit\t" \
	"SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\twww.example.com\thttps\t" \
	"23\t0.001"

const struct parse_format parse_formats[] = {
	{ "apache-combined", "combined", "Apache's combined log: common with referer and agent",
	    SAMPLE_COMBINED, parse_clf_combined, NULL },
	{ "apache-common", "common tomcat", "the common log format of Apache, Tomcat and others",
	    SAMPLE_COMMON, parse_clf_common, NULL },
	{ "apache-error", "", "Apache's error log, of 2.2 and 2.4", PARSE_SAMPLE_APACHE_ERROR,
	    parse_server_apache_error, NULL },
	{ "apache-vhost-combined", "vhost_combined",
	    "Apache's vhost_combined: host:port in front of combined",
	    "www.example.com:443 " SAMPLE_COMBINED, parse_clf_vhost, NULL },
	{ "auth", "sshd sudo pam", "sshd, sudo, su, PAM and logind, over syslog or the journal",
	    "sshd[991]: Failed password for invalid user admin from 192.0.2.7 port 40812 ssh2",
	    parse_auth, .fit = PARSE_FIT_TYPED },
	{ "aws-alb", "alb", "access logs of AWS application load balancers", PARSE_SAMPLE_ALB,
	    parse_aws_alb, NULL },
	{ "aws-clb", "elb", "access logs of AWS classic load balancers", PARSE_SAMPLE_CLB,
	    parse_aws_clb, NULL },
	{ "aws-cloudfront", "cloudfront", "CloudFront's standard logs, which name their columns",
	    SAMPLE_CLOUDFRONT, parse_w3c_cloudfront, .context = PARSE_W3C_CONTEXT },
	{ "aws-cloudtrail", "cloudtrail", "AWS CloudTrail, in files of Records or an event a line",
	    PARSE_SAMPLE_CLOUDTRAIL, parse_json_cloudtrail, parse_piece_cloudtrail,
	    .members = true, .items = true },
	{ "aws-nlb", "nlb", "TLS access logs of AWS network load balancers", PARSE_SAMPLE_NLB,
	    parse_aws_nlb, NULL },
	{ "aws-s3", "s3", "server access logs of AWS S3", PARSE_SAMPLE_S3, parse_aws_s3, NULL },
	{ "caddy-json", "caddy", "Caddy's logs in JSON, of accesses and of itself",
	    PARSE_SAMPLE_CADDY, parse_json_caddy, .fit = PARSE_FIT_TYPED, .members = true },
	{ "cef", "", "the common event format of security devices", PARSE_SAMPLE_CEF,
	    parse_text_cef, NULL },
	{ "envoy", "istio", "Envoy's and Istio's default access log", PARSE_SAMPLE_ENVOY_TEXT,
	    parse_server_envoy, NULL },
	{ "envoy-json", "istio-json", "Envoy's access log in JSON, as of Istio and Envoy Gateway",
	    PARSE_SAMPLE_ENVOY, parse_json_envoy, .members = true },
	{ "haproxy", "haproxy-http haproxy-tcp",
	    "HAProxy: option httplog, tcplog and httpslog, errors, captures", PARSE_SAMPLE_HAPROXY,
	    parse_server_haproxy, NULL },
	{ "ingress-nginx", "", "ingress-nginx's default access log", PARSE_SAMPLE_INGRESS_TEXT,
	    parse_server_ingress, NULL },
	{ "ingress-nginx-json", "", "ingress-nginx with a log-format-upstream in JSON",
	    PARSE_SAMPLE_INGRESS, parse_json_ingress, .members = true },
	{ "json-lines", "json", "one JSON object a line, with names of OpenTelemetry, ECS or nginx",
	    PARSE_SAMPLE_LINES, parse_json_lines, .fit = PARSE_FIT_GENERIC, .members = true },
	{ "k8s-audit", "", "audit events of a Kubernetes API server; as of GKE, AKS and EKS",
	    PARSE_SAMPLE_K8S, parse_json_k8s, parse_piece_k8s, .members = true, .items = true },
	{ "logfmt", "", "key=value pairs, with the names of json-lines", PARSE_SAMPLE_LOGFMT,
	    parse_text_logfmt, .fit = PARSE_FIT_GENERIC, .members = true },
	{ "nginx-combined", "nginx", "nginx's default log_format combined", SAMPLE_COMBINED,
	    parse_clf_combined, NULL },
	{ "nginx-error", "", "nginx's error log", PARSE_SAMPLE_NGINX_ERROR,
	    parse_server_nginx_error, parse_piece_nginx_error },
	{ "nginx-json", "", "nginx with a log_format in JSON, escape=json or not",
	    PARSE_SAMPLE_NGINX, parse_json_nginx, .members = true },
	{ "postgres", "postgresql",
	    "PostgreSQL's stderr with a time in front, of any log_line_prefix; pgaudit",
	    "2025-11-24 10:11:12.003 UTC [4711] shop@orders LOG:  duration: 0.559 ms  statement: "
	    "select 1",
	    parse_postgres, parse_piece_postgres },
	{ "postgres-csvlog", "", "PostgreSQL's csvlog; pgaudit",
	    "2025-11-24 10:11:12.003 UTC,\"shop\",\"orders\",4711,\"192.0.2.7:44618\",6743.1,1,"
	    "\"SELECT\",2025-11-24 10:11:10 UTC,3/135,0,LOG,00000,\"statement: select 1\",,,,,,,,,"
	    "\"psql\",\"client backend\"",
	    parse_postgres_csv, parse_piece_quoted },
	{ "postgres-jsonlog", "", "PostgreSQL's jsonlog, of version 15 and later",
	    PARSE_SAMPLE_POSTGRES, parse_json_postgres, .members = true },
	{ "squid", "", "Squid's native access log", PARSE_SAMPLE_SQUID, parse_server_squid,
	    NULL },
	{ "text", "plain",
	    "lines without a form: a time, a level, free text; guessed only in envelopes",
	    PARSE_SAMPLE_TEXT, parse_text_plain, .fit = PARSE_FIT_NAMED },
	{ "traefik", "traefik-clf", "Traefik's access log in CLF", PARSE_SAMPLE_TRAEFIK_TEXT,
	    parse_server_traefik, NULL },
	{ "traefik-json", "", "Traefik's access log in JSON", PARSE_SAMPLE_TRAEFIK,
	    parse_json_traefik, .members = true },
	{ "w3c", "iis", "W3C extended logs of IIS and others, which name their columns", SAMPLE_W3C,
	    parse_w3c, .context = PARSE_W3C_CONTEXT },
};
const size_t parse_format_count = sizeof(parse_formats) / sizeof(parse_formats[0]);

/* Is name one of the blank-separated words? */
static bool
format_among(struct span words, struct span name)
{
	size_t at = 0;

	while (at < words.len) {
		size_t len = span_find(span_from(words, at), ' ');

		if (len > 0 && span_equal(span_of(words.ptr + at, len), name))
			return (true);
		at += len + 1;
	}
	return (false);
}

const struct parse_format *
parse_format_find(struct span name)
{
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *f = &parse_formats[i];

		if (span_is(name, f->name) || format_among(span_str(f->aliases), name))
			return (f);
	}
	return (NULL);
}
