/* parse: one record of each format in text, for help and tests; no real data. */
#ifndef CRETULA_PARSE_SAMPLES_H
#define CRETULA_PARSE_SAMPLES_H

#define PARSE_SAMPLE_ALB \
	"https 2025-11-24T10:11:12.345678Z app/shop/50dc6c495c0c9188 192.0.2.7:51234 " \
	"192.0.2.80:80 0.001 0.004 0.000 200 200 34 512 " \
	"\"GET https://www.example.com:443/index.html HTTP/1.1\" \"curl/8.5.0\" " \
	"ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 " \
	"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 " \
	"\"Root=1-58337262-36d228ad5d99923122bbe354\" \"www.example.com\" \"-\" 0 " \
	"2025-11-24T10:11:12.340000Z \"forward\" \"-\" \"-\" \"192.0.2.80:80\" " \
	"\"200\" \"-\" \"-\""
#define PARSE_SAMPLE_CLB \
	"2025-11-24T10:11:12.345678Z shop 192.0.2.7:51234 192.0.2.80:80 0.001 0.004 0.000 200 " \
	"200 34 512 \"GET https://www.example.com:443/index.html HTTP/1.1\" \"curl/8.5.0\" " \
	"ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
#define PARSE_SAMPLE_NLB \
	"tls 2.0 2025-11-24T10:11:12 net/shop/c6e77e28c25b2234 g3d4b5e8bb8464cd " \
	"192.0.2.7:51234 192.0.2.80:443 5 2 98 512 - - - ECDHE-RSA-AES128-SHA tlsv12 - " \
	"www.example.com h2 - - 2025-11-24T10:11:12"
#define PARSE_SAMPLE_S3 \
	"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop " \
	"[24/Nov/2025:10:11:12 +0000] 192.0.2.7 - 3E57427F3EXAMPLE REST.GET.OBJECT index.html " \
	"\"GET /index.html HTTP/1.1\" 200 - 512 512 7 6 \"-\" \"curl/8.5.0\" -"
#define PARSE_SAMPLE_APACHE_ERROR \
	"[Mon Nov 24 10:11:12.345678 2025] [core:error] [pid 77:tid 140120579262208] " \
	"[client 192.0.2.7:51234] AH00126: Invalid URI in request GET index.html HTTP/1.1"
#define PARSE_SAMPLE_NGINX_ERROR \
	"2025/11/24 10:11:12 [error] 31#31: *46 open() \"/srv/www/a.html\" failed (2: No such " \
	"file or directory), client: 192.0.2.7, server: localhost, " \
	"request: \"GET /a.html HTTP/1.1\", host: \"www.example.com\""
#define PARSE_SAMPLE_CEF \
	"CEF:0|Example|WAF|1.0|100|blocked|7|rt=1763979072000 src=192.0.2.7 spt=51234 " \
	"requestMethod=GET request=https://www.example.com/index.html act=blocked"
#define PARSE_SAMPLE_ENVOY_TEXT \
	"[2025-11-24T10:11:12.345Z] \"GET /index.html HTTP/2\" 200 - 0 512 4 3 \"192.0.2.7\" " \
	"\"curl/8.5.0\" \"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2\" \"www.example.com\" " \
	"\"192.0.2.80:80\""
#define PARSE_SAMPLE_HAPROXY \
	"192.0.2.7:51234 [24/Nov/2025:10:11:12.123] www~ shop/web1 0/0/1/3/4 200 512 - - ---- " \
	"1/1/0/0/0 0/0 {www.example.com} {} \"GET /index.html HTTP/1.1\""
#define PARSE_SAMPLE_INGRESS_TEXT \
	"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /index.html HTTP/1.1\" 200 512 \"-\" " \
	"\"curl/8.5.0\" 80 0.004 [shop-web-80] [] 192.0.2.80:8080 512 0.003 200 " \
	"c99400a4db42e32187a3cbda00920e41"
#define PARSE_SAMPLE_LOGFMT \
	"ts=2025-11-24T10:11:12Z level=info method=GET path=/index.html status=200 " \
	"msg=\"request done\""
#define PARSE_SAMPLE_SQUID \
	"1763979072.123      4 192.0.2.7 TCP_MISS/200 512 GET " \
	"http://www.example.com/index.html - HIER_DIRECT/192.0.2.80 text/html"
#define PARSE_SAMPLE_TEXT "2025-11-24T10:11:12Z ERROR connection to the database was closed"
#define PARSE_SAMPLE_TRAEFIK_TEXT \
	"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /index.html HTTP/1.1\" 200 512 \"-\" " \
	"\"curl/8.5.0\" 17 \"shop@docker\" \"http://192.0.2.80:80\" 4ms"

#endif
