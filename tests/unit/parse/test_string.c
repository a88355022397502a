/* Format strings: what is compiled, what is refused, and what lines say by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/err.h"
#include "parse/string/program.h"
#include "parse/string/string.h"
#include "parse/timestamp.h"
#include "show.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define NOW_US (INT64_C(1763979072) * 1000000) /* 2025-11-24T10:11:12Z */

static char scratch[PARSE_SCRATCH_BYTES];

static struct parse_string *
compile(const char *text)
{
	struct parse_string *string = NULL;
	struct err e = { ERR_NONE, "" };

	if (parse_string_compile(span_str(text), PARSE_STRING_AUTO, &string, &e) == -1)
		fail_msg("%s: %s", text, e.text);
	return (string);
}

static const char *
read_as(const char *format, const char *line, struct event *ev, char *out, size_t size)
{
	struct parse_string *string = compile(format);
	struct parser parser = { .format = parse_string_format(string), .string = string };
	enum parse_reason reason = PARSE_REASON_GRAMMAR;
	struct parse_state state;
	enum parse_result result;

	parse_begin(&state, &parser, NOW_US);
	result = parse_line(&state, span_str(line), scratch, ev, &reason);
	(void)show_event(result, reason, ev, out, size);
	parse_string_free(string);
	return (out);
}

#define MAIN \
	"$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent " \
	"\"$http_referer\" \"$http_user_agent\" "
#define MAIN_LINE \
	"192.0.2.7 - joe [24/Nov/2025:10:11:12 +0000] \"GET /a?b=1 HTTP/1.1\" 200 5 \"-\" \"curl\" "
#define MAIN_EVENT \
	"event client=192.0.2.7 user=joe method=GET target=/a?b=1 protocol=HTTP/1.1 agent=curl"
#define DATE "[24/Nov/2025:10:11:12 +0000]"

static const struct {
	const char *claim, *format, *line, *event;
} rows[] = {
	{ "numbers, times and lists of upstreams",
	    MAIN "$request_time $upstream_response_time $upstream_status $upstream_addr",
	    MAIN_LINE "0.012 0.001, 0.002 : - 502, 200 : - 10.0.0.1:80, unix:/x : 10.0.0.2:80",
	    MAIN_EVENT " upstream=10.0.0.1:80, unix:/x : 10.0.0.2:80 status=200 bytes=5 "
		       "us=12000 upstream_us=3000" },
	{ "a blank in a bare user ends nothing", MAIN "$request_length",
	    "192.0.2.7 - joe [x] y [24/Nov/2025:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" "
	    "\"curl\" 77",
	    "event client=192.0.2.7 user=joe [x] y method=GET target=/a protocol=HTTP/1.1 "
	    "agent=curl status=200 bytes=5 in=77 odd" },
	{ "escapes of nginx", "$remote_addr \"$http_user_agent\" $status",
	    "192.0.2.7 \"a\\x22 \\x5C\\xC3\\xA9\" 200",
	    "event client=192.0.2.7 agent=a\" \\<c3><a9> status=200 no-time" },
	{ "escapes of JSON", "escape=json $remote_addr \"$http_user_agent\" $status",
	    "192.0.2.7 \"a\\\" \\\\\\u0009\" 200",
	    "event client=192.0.2.7 agent=a\" \\<09> status=200 no-time" },
	{ "an escape of JSON that its value cuts is none", "escape=json $remote_user $my_x",
	    "a\\ b\\u00", "event user=a\\ +my_x=b\\u00 no-time" },
	{ "a value that is empty is the last: escapes are undone in those before it",
	    "\"$http_user_agent\" $status", "\"a\\x22\" ", "event agent=a\" no-time" },
	{ "lists with nothing around them", "$upstream_addr $upstream_status $upstream_bytes_sent $pid",
	    "10.0.0.1:80, 10.0.0.2:80 502, 200 0, 5 : - 77",
	    "event upstream=10.0.0.1:80, 10.0.0.2:80 upstream_status=200 "
	    "+pid=77 +upstream_bytes_sent=5 no-time" },
	{ "a whole object in JSON is a format string, too",
	    "log_format j escape=json '{\"ip\":\"$remote_addr\",' '\"s\":$status,"
	    "\"u\":\"$request_uri\"}';",
	    "{\"ip\":\"192.0.2.7\",\"s\":404,\"u\":\"/\\\"x\\\"\"}",
	    "event client=192.0.2.7 target=/\"x\" status=404 no-time" },
	{ "without escapes what fits in two ways is nobody's",
	    "escape=none $remote_addr \"$http_user_agent\" \"$http_referer\" $status",
	    "192.0.2.7 \"a\" \"b\" \"c\" 200",
	    "partial client=192.0.2.7 status=200 no-time" },
	{ "without escapes what fits in one way is read",
	    "escape=none $remote_addr \"$http_user_agent\" $status", "192.0.2.7 \"a\"b\" 200",
	    "event client=192.0.2.7 agent=a\"b status=200 no-time" },
	{ "a forged field fits only as what it is", "$remote_user $status",
	    "x 200 y 404", "event user=x 200 y status=404 no-time odd" },
	{ "host and target with nothing between", "$scheme://$host$request_uri $status",
	    "https://www.example.com/a/b?c 200",
	    "event scheme=https host=www.example.com target=/a/b?c status=200 no-time" },
	{ "a host ends at its first slash, wherever else one stands",
	    "$scheme://$host$request_uri \"$http_referer\" $status",
	    "https://www.example.com/a/b?c \"x\\\"\" 200",
	    "event scheme=https host=www.example.com target=/a/b?c referer=x\" status=200 "
	    "no-time" },
	{ "path, mark and query are one", "$uri$is_args$args $status", "/a?b=c 200",
	    "event target=/a?b=c status=200 no-time" },
	{ "path and query apart", "$uri \"$args\" $status", "/a \"b=c\" 200",
	    "event target=/a?b=c status=200 no-time" },
	{ "an address with colons and a port", "$remote_addr:$remote_port $status",
	    "2001:db8::1:443 200", "event client=2001:db8::1 status=200 port=443 no-time" },
	{ "names in braces, unknown ones and headers",
	    "${remote_addr} \"$my_Var\" \"$http_x_foo\" \"$http_accept\" \"$sent_http_etag\"",
	    "192.0.2.7 \"a\" \"b\" \"c\" \"d\"",
	    "event client=192.0.2.7 +my_var=a +http_x_foo=b no-time" },
	{ "cookies", "$remote_addr \"$cookie_PHPSESSID\" \"$cookie_theme\"",
	    "192.0.2.7 \"abc\" \"dark\"",
	    "event client=192.0.2.7 session=abc +cookie_theme=dark no-time" },
	{ "the more exact time counts", "$time_local $msec", "24/Nov/2025:10:11:12 +0000 1763979072.5",
	    "event" },
	{ "a name that a client says of the server forges nothing",
	    "%h %{SSL_TLS_SNI}x %>s %b %{User-Agent}i", "192.0.2.7 a b.c 404 200 12 x",
	    "partial client=192.0.2.7 +status_original=? +body_bytes=? +user-agent=? no-time" },
	{ "a context without a name", "%X{} %m%n", "a b", "event message=b +context=a no-time" },
	{ "a line that is cut", MAIN "$request_time",
	    "192.0.2.7 - joe [24/Nov/2025:10:11:12 +0000] \"GET /a?b=1 HT", "unparsed cut" },
	{ "a line of something else", MAIN "$request_time", "hello world", "unparsed grammar" },
	{ "combined is read as the preset",
	    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
	    "\"$http_referer\" \"$http_user_agent\"",
	    MAIN_LINE "\"more\"", MAIN_EVENT " status=200 bytes=5 field10=more" },

	{ "Apache's directives", "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" %D %X %{ms}T",
	    "www.example.com:443 192.0.2.7 - joe " DATE
	    " \"GET /\\\"\\xe9 HTTP/1.0\" 304 5 \"-\" 12 + 7",
	    "event client=192.0.2.7 user=joe method=GET host=www.example.com target=/\"<e9> "
	    "protocol=HTTP/1.0 status=304 bytes=5 us=12 +server_port=443 "
	    "+connection=+" },
	{ "the last status counts", "%h %s %>s", "192.0.2.7 302 200",
	    "event client=192.0.2.7 status=200 +status_original=302 no-time" },
	{ "conditions and pasted quotes",
	    "LogFormat \"%h %!200,304,302{Referer}i \\\"%400,501{User-agent}i\\\" %<s\" foo",
	    "192.0.2.7 - \"x\" 400", "event client=192.0.2.7 agent=x status=400 no-time" },
	{ "path with its query", "%h %m %U%q %H", "192.0.2.7 GET /a b?c HTTP/1.1",
	    "event client=192.0.2.7 method=GET target=/a b?c protocol=HTTP/1.1 no-time" },
	{ "a time of several directives", "%h %{%Y-%m-%dT%T}t.%{usec_frac}t%{%z}t",
	    "192.0.2.7 2025-11-24T11:11:12.250000+0100", "event client=192.0.2.7" },
	{ "a method with a quote", "\"%m\" %s", "\"\\\"GET\" 400",
	    "event method=\"GET status=400 no-time" },
	{ "a user that is empty", "%h %l %u %t", "192.0.2.7 - \"\" " DATE,
	    "event client=192.0.2.7" },
	{ "one name of two things is numbered", "%h %{Foo}i %{Foo}o %{Foo}e %{foo_2}n %{Stream}i",
	    "192.0.2.7 a b c d e",
	    "event client=192.0.2.7 +foo_4=c +foo_2=d +foo=a +foo_3=b +stream_2=e no-time" },
	{ "one thing of one name twice is not", "%h %{Foo}i - %{Foo}i %>s %s",
	    "192.0.2.7 a - a 200 302",
	    "event client=192.0.2.7 status=200 +status_original=302 +foo=a +foo=a no-time" },
	{ "names of the environment", "%h %{SSL_PROTOCOL}x %{UNIQUE_ID}e %{Foo-Bar}n",
	    "192.0.2.7 TLSv1.3 abc x y",
	    "event client=192.0.2.7 join=abc tls=TLSv1.3 +foo-bar=x y no-time" },

	{ "a layout of log4j", "%d{ISO8601} %-5p [%t] %c{1.} - %m%n",
	    "2025-11-24 10:11:12,123 INFO  [main 1] c.f.Bar - it's done - all [of] it",
	    "event level=INFO message=it's done - all [of] it +thread=main 1 +logger=c.f.Bar" },
	{ "a layout of logback",
	    "%d{HH:mm:ss.SSS} [%thread] %-5level %logger{36} -%X{user} - %msg%n%ex",
	    "10:11:10.000 [main] DEBUG c.f.Bar -bob - x\n\tat y",
	    "event level=DEBUG message=x<0a><09>at y +thread=main +logger=c.f.Bar +user=bob" },
	{ "names that begin like a colour",
	    "%d{ABSOLUTE} %r %p %property{a} %c %m %rootException",
	    "10:11:10,000 1 INFO x y z\n at q",
	    "event level=INFO message=z<0a> at q +uptime_ms=1 +a=x +logger=y" },
	{ "a level on the left", "%5p %r %L %m%n", " WARN 12 34 x",
	    "event level=WARN message=x +uptime_ms=12 +line=34 no-time" },
};

static void
test_lines(void **state)
{
	bool same = true;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct event ev;
		char got[2048];

		(void)read_as(rows[i].format, rows[i].line, &ev, got, sizeof(got));
		if (strcmp(got, rows[i].event) == 0)
			continue;
		print_message("%s:\n got %s\nwant %s\n", rows[i].claim, got, rows[i].event);
		same = false;
	}
	assert_true(same);
}

/* True: the quick way answered.  Then the careful one says the same. */
static bool
check_quick(const struct parse_string *string, struct span line)
{
	static char more[PARSE_SCRATCH_BYTES];
	struct parser parser = { .format = parse_string_format(string), .string = string };
	enum parse_reason reason = PARSE_REASON_GRAMMAR;
	struct string_values values;
	struct parse_state state;
	struct event quick, careful;
	static char got[16384], want[16384];
	enum parse_result result;

	parse_begin(&state, &parser, NOW_US);
	if (!parse_string_quick(string, line, &values))
		return (false);
	result = parse_string_fill(&state, &values, more, &quick);
	(void)show_event(result, reason, &quick, got, sizeof(got));
	result = parse_string_careful(&state, line, scratch, &careful, &reason);
	(void)show_event(result, reason, &careful, want, sizeof(want));
	assert_string_equal(got, want);
	assert_true(show_same(&quick, &careful));
	return (true);
}

/* Each byte of each line is each of these, goes, or comes twice. */
static void
test_quick(void **state)
{
	static const char bytes[] = " \"\\,:-.]0a\t\xff";
	unsigned answered = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct parse_string *string = compile(rows[i].format);
		size_t len = strlen(rows[i].line);

		for (size_t at = 0; at < len; at++) {
			char line[512];

			memcpy(line, rows[i].line, len);
			for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
				line[at] = bytes[k];
				answered += check_quick(string, span_of(line, len));
			}
			memcpy(line, rows[i].line, at + 1);
			memcpy(line + at + 1, rows[i].line + at, len - at);
			answered += check_quick(string, span_of(line, len + 1));
			memcpy(line + at, rows[i].line + at + 1, len - at - 1);
			answered += check_quick(string, span_of(line, len - 1));
		}
		parse_string_free(string);
	}
	assert_true(answered > 2000);
}

/* What is long, has no more bits, or ends at once is read as well. */
static void
test_long(void **state)
{
	static const struct {
		const char *text;
		bool quick;
	} ends[] = { { "", true }, { "x", true }, { "\\\"", false }, { "\" 200", false } };
	struct parse_string *string = compile("$remote_addr \"$http_user_agent\" $status");
	static char line[8192];

	(void)state;
	for (size_t i = 0; i < ROWS(ends); i++)
		for (size_t len = 0; len < 2200; len += len < 140 || len > 1980 ? 1 : 92) {
			int n = snprintf(line, sizeof(line), "192.0.2.7 \"%0*d%s\" 200", (int)len + 1, 0,
			    ends[i].text);

			assert_int_equal(
			    check_quick(string, span_of(line, (size_t)n)), ends[i].quick);
		}
	parse_string_free(string);
}

static const struct {
	const char *format, *line, *time;
} times[] = {
	{ "$time_iso8601 $status", "2025-11-24T11:11:12+01:00 200", "2025-11-24T10:11:12Z" },
	{ "$msec $status", "1763979072.250 200", "2025-11-24T10:11:12.25Z" },
	{ "%{%d/%b/%y:%I:%M:%S %p %z}t %s", "24/Nov/25:10:11:12 PM +0000 200",
	    "2025-11-24T22:11:12Z" },
	{ "%{msec}t %s", "1763979072250 200", "2025-11-24T10:11:12.25Z" },
	{ "%{usec}t %s", "1763979072250000 200", "2025-11-24T10:11:12.25Z" },
	{ "%{%F %T}t.%{msec_frac}t %s", "2025-11-24 10:11:12.250 200", "2025-11-24T10:11:12.25Z" },
	{ "%{begin:%a %e %B %Y %R}t %s", "Mon  3 March 2025 10:11 200", "2025-03-03T10:11:00Z" },
	{ "%d %m%n", "2025-11-24T10:11:12,250 x", "2025-11-24T10:11:12.25Z" },
	{ "%d{dd MMM yyyy HH:mm:ss,SSS} %m%n", "24 Nov 2025 10:11:12,250 x",
	    "2025-11-24T10:11:12.25Z" },
	{ "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %m%n", "2025-11-24T11:11:12.250+01:00 x",
	    "2025-11-24T10:11:12.25Z" },
	{ "%d{UNIX_MILLIS} %m%n", "1763979072250 x", "2025-11-24T10:11:12.25Z" },
	{ "%d{ABSOLUTE} %m%n", "23:00:00,000 x", "2025-11-23T23:00:00Z" },
	{ "%d{MMM d HH:mm:ss} %m%n", "Dec 31 23:59:59 x", "2024-12-31T23:59:59Z" },
	{ "%{%T}t %{%Y-%m-%d}t %s", "10:11:12 2020-02-29 200", "2020-02-29T10:11:12Z" },
	{ "%{%Y-%m-%d}t at %{%T}t %s", "2020-02-29 at 10:11:12 200", "2020-02-29T10:11:12Z" },
	{ "%{begin:%F %T}t %{end:%F %T}t %s", "2020-02-29 10:11:12 2020-02-29 10:11:13 200",
	    "2020-02-29T10:11:12Z" },
	{ "%{%Y-%j %T}t %s", "2020-060 10:11:12 200", "2020-02-29T10:11:12Z" },
	{ "%{%Y-%j %T}t %s", "2020-366 10:11:12 200", "2020-12-31T10:11:12Z" },
	{ "%{%c}t %s", "Sat Feb 29 10:11:12 2020 200", "2020-02-29T10:11:12Z" },
	{ "%{%x %r}t %s", "02/29/20 10:11:12 PM 200", "2020-02-29T22:11:12Z" },
	{ "%{%d.%m.%Y %k:%M:%S}t %s", "29.02.2020  9:11:12 200", "2020-02-29T09:11:12Z" },
	{ "%{%u %d.%m.%y %l:%M %P}t %s", "6 29.02.20  9:11 am 200", "2020-02-29T09:11:00Z" },
	{ "%{%F %T %Z}t %s", "2020-02-29 10:11:12 CEST 200", "2020-02-29T10:11:12Z" },
	{ "%d{yyyy-MM-dd HH:mm:ss z} %m%n", "2020-02-29 10:11:12 GMT+01:00 x",
	    "2020-02-29T09:11:12Z" },
	{ "%d{\"yyyy-MM-dd HH:mm:ss,SSS\", UTC} %m%n", "2020-02-29 10:11:12,000 x",
	    "2020-02-29T10:11:12Z" },
	{ "%date{yyyy-MM-dd HH:mm:ss, UTC} %m%n", "2020-02-29 10:11:12 x", "2020-02-29T10:11:12Z" },
};

/* Is it said that nobody knows where a time is of? */
static void
test_zones(void **state)
{
	static const struct {
		const char *format, *line;
		bool assumed;
	} zones[] = { { "%{%F %T %Z}t %s", "2020-02-29 10:11:12 CEST 200", true },
		{ "%{%F %T %Z}t %s", "2020-02-29 10:11:12 UTC 200", false },
		{ "%{%F %T %z}t %s", "2020-02-29 10:11:12 +0100 200", false },
		{ "%{%F %T}t %s", "2020-02-29 10:11:12 200", true },
		{ "%{%s}t %s", "1763979072 200", false },
		{ "%d{yyyy-MM-dd HH:mm:ss, UTC} %m%n", "2020-02-29 10:11:12 x", false },
		{ "%d{ISO8601}{UTC} %m%n", "2020-02-29 10:11:12,000 x", false } };

	(void)state;
	for (size_t i = 0; i < ROWS(zones); i++) {
		struct event ev;
		char got[512];

		(void)read_as(zones[i].format, zones[i].line, &ev, got, sizeof(got));
		if (!ev.time_ok || ev.zone_assumed != zones[i].assumed)
			fail_msg("%s: %s", zones[i].format, got);
	}
}

static void
test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(times); i++) {
		struct event ev;
		int64_t want = 0;
		char got[512];

		(void)read_as(times[i].format, times[i].line, &ev, got, sizeof(got));
		assert_int_equal(parse_time_iso(span_str(times[i].time), &want), 0);
		if (strncmp(got, "event", 5) != 0 || !ev.time_ok || ev.time_us != want)
			fail_msg("%s: %s: %lld, not %lld", times[i].format, got,
			    (long long)ev.time_us, (long long)want);
	}
}

#define LETTERS \
	"a letter of strftime that is not known here; known are %Y %m %d %H %M %S %b %e %y %j %p " \
	"%z %s %F %T %D %R %c"
#define AROUND \
	"colours, groups, what changes others (%replace, %enc, %maxLen, %notEmpty), %caller and " \
	"%kvp are not read"

static const struct {
	const char *format, *error;
} bad[] = {
	{ "", "there is no field in it" },
	{ "status", "there is no field in it" },
	{ "log_format x", "there is no field in it" },
	{ "$a$b", "'$a$b' at column 1: two fields with nothing between: nobody can tell where the "
		  "first ends" },
	{ "log_format m '$a ' '$b$c';", "'$b$c' at column 21: two fields with nothing between: "
					"nobody can tell where the first ends" },
	{ "$a $", "'$' at column 4: no name of a variable behind it" },
	{ "${a", "'$' at column 1: no name of a variable behind it" },
	{ "%h %Z", "'%Z' at column 4: no such directive of Apache" },
	{ "%h %i", "'%i' at column 4: a name in braces is missing, as in %{Referer}i" },
	{ "%h %F", "'%F' at column 4: no such directive of Apache; did you mean %f?" },
	{ "%h %^FX", "'%^FX' at column 4: no such directive of Apache; known are %^FU %^FB %^ti "
		     "%^to" },
	{ "%h %{x", "'%{x' at column 4: it does not end" },
	{ "%h %{%Q}t", "'%{%Q}t' at column 4: " LETTERS },
	{ "%{%C%y}t", "'%{%C%y}t' at column 1: " LETTERS },
	{ "%{%G-%V}t", "'%{%G-%V}t' at column 1: " LETTERS },
	{ "%{%Y-%U}t", "'%{%Y-%U}t' at column 1: " LETTERS },
	{ "%{%Y-%W}t", "'%{%Y-%W}t' at column 1: " LETTERS },
	{ "%{%g}t", "'%{%g}t' at column 1: " LETTERS },
	{ "%{%Ey}t", "'%{%Ey}t' at column 1: " LETTERS },
	{ "%{%Od}t", "'%{%Od}t' at column 1: " LETTERS },
	{ "%d %guid", "'%guid' at column 4: no such converter here; known are %d %p "
		      "%c %t %m %X %C %M %L %F %r %n %ex and their long names" },
	{ "%d %highlight{x}", "'%highlight' at column 4: " AROUND },
	{ "%clr(%d){faint} %m", "'%clr' at column 1: " AROUND },
	{ "%d %red(%p) %m", "'%red' at column 4: " AROUND },
	{ "%d %-30(%p %t) %m", "'%-30(' at column 4: " AROUND },
	{ "%d %replace{%m}{a}{b}", "'%replace' at column 4: " AROUND },
	{ "%d %maxLen{%m}{20}", "'%maxLen' at column 4: " AROUND },
	{ "%d %prefix(%m)", "'%prefix' at column 4: " AROUND },
	{ "%d %m %caller{2}", "'%caller' at column 7: " AROUND },
	{ "%d{yyyy-QQ} %m", "'%d{yyyy-QQ}' at column 1: a pattern of a time that is not known "
			    "here" },
	{ "%d{ISO8601}{Europe/Berlin} %m", "'%d{ISO8601}{Europe/Berlin}' at column 1: a zone that "
					   "is not UTC: leave it out here, and name it as the "
					   "timezone" },
	{ "%d{HH:mm:ss, Asia/Tokyo} %m", "'%d{HH:mm:ss, Asia/Tokyo}' at column 1: a zone that is "
					 "not UTC: leave it out here, and name it as the "
					 "timezone" },
	{ "%d %m%n%p", "'%p' at column 8: it stands behind a line end: only a stack trace may" },
};

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		struct parse_string *string = NULL;
		struct err e = { ERR_NONE, "" };

		assert_int_equal(parse_string_compile(span_str(bad[i].format), PARSE_STRING_AUTO,
				     &string, &e), -1);
		assert_null(string);
		assert_int_equal(e.code, ERR_USAGE);
		assert_memory_equal(e.text, "format string: ", 15);
		assert_string_equal(e.text + 15, bad[i].error);
	}
}

static void
test_limits(void **state)
{
	static char text[2 * PARSE_STRING_BYTES];
	struct parse_string *string = NULL;
	struct err e;
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 64; i++)
		len += (size_t)sprintf(text + len, "$v%d ", i);
	parse_string_free(compile(text));
	(void)sprintf(text + len, "$v64");
	assert_int_equal(
	    parse_string_compile(span_str(text), PARSE_STRING_AUTO, &string, &e), -1);
	assert_non_null(strstr(e.text, "more than 64 fields"));
	memset(text, 'x', PARSE_STRING_BYTES + 1);
	text[PARSE_STRING_BYTES + 1] = '\0';
	assert_int_equal(
	    parse_string_compile(span_str(text), PARSE_STRING_AUTO, &string, &e), -1);
	assert_non_null(strstr(e.text, "longer than 4096 bytes"));
	assert_int_equal(parse_string_compile(span_of("$a\0", 3), PARSE_STRING_AUTO, &string, &e),
	    -1);
	assert_null(string);
}

static void
test_guess(void **state)
{
	static const struct {
		const char *text;
		enum parse_string_dialect dialect;
	} guesses[] = { { "$a", PARSE_STRING_NGINX }, { "'$a'", PARSE_STRING_NGINX },
		{ "${a}", PARSE_STRING_NGINX }, { "escape=json {}", PARSE_STRING_NGINX },
		{ "%h %t %>s", PARSE_STRING_APACHE }, { "%m %p %M", PARSE_STRING_LOG4J },
		{ "LogFormat \"%d\" x", PARSE_STRING_APACHE }, { "%5p", PARSE_STRING_LOG4J },
		{ "%200,304{a}i", PARSE_STRING_APACHE }, { "%msg", PARSE_STRING_LOG4J },
		{ "<pattern>%d</pattern>", PARSE_STRING_LOG4J }, { "%-5level", PARSE_STRING_LOG4J },
		{ "%m %n", PARSE_STRING_LOG4J }, { "%{c}a %{x}n", PARSE_STRING_APACHE } };

	(void)state;
	for (size_t i = 0; i < ROWS(guesses); i++)
		if (parse_string_guess(span_str(guesses[i].text)) != guesses[i].dialect)
			fail_msg("%s", guesses[i].text);
}

/* Records of a program go on until the next one begins. */
static void
test_pieces(void **state)
{
	static const char text[] = "2025-11-24 10:11:12,000 ERROR a - x\njava.lang.E: y\n\tat z\n\n"
				   "2025-11-24 10:11:13,000 INFO a - w\n";
	struct parse_string *string = compile("<PatternLayout pattern=\"%d %p %c - %m%n\"/>");
	struct parser parser = { .format = parse_string_format(string), .string = string };
	struct parse_piece piece;

	(void)state;
	parse_pieces(&parser)(&parser, span_str(text), &piece);
	assert_int_equal(piece.line_ends, 4);
	assert_false(piece.open);
	parse_pieces(&parser)(&parser, span_str(text + piece.len), &piece);
	assert_int_equal(piece.line_ends, 1);
	assert_true(piece.open);
	parse_string_free(string);
}

/* Who writes a quote and a thousand ways to read it gets no time of ours. */
static void
test_work_is_bounded(void **state)
{
	static char line[60000], got[1 << 17];
	struct event ev;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(line); i += 2)
		memcpy(line + i, "a ", 3);
	(void)read_as("escape=none $a $b $c $d $e $f $status", line, &ev, got, sizeof(got));
	assert_string_equal(got, "unparsed ambiguous");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_quick),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_work_is_bounded),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
