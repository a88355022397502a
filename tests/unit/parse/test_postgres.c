/* parse: what PostgreSQL writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "parse/message/postgres.h"
#include "one.h"

static char scratch[PARSE_SCRATCH_BYTES];

static size_t
put(char *out, const char *name, struct span text)
{
	return ((size_t)sprintf(out, "%s%.*s|", name, (int)text.len, text.ptr));
}

static void
show(const char *format, struct span line, char *out)
{
	static const struct {
		enum event_text f;
		const char *name;
	} texts[] = { { EVENT_LEVEL, "" }, { EVENT_ACTION, "" }, { EVENT_OUTCOME, "" },
		{ EVENT_USER, "u=" }, { EVENT_CLIENT, "a=" }, { EVENT_SESSION, "s=" },
		{ EVENT_TLS_ID, "k=" }, { EVENT_OBJECT, "o=" }, { EVENT_MESSAGE, "m=" } };
	enum parse_reason reason;
	struct event ev;

	if (parse_one(parse_format_find(span_str(format)), line, scratch, &ev, &reason) !=
	    PARSE_EVENT) {
		strcpy(out, "none");
		return;
	}
	out += sprintf(out, "%s|",
	    ev.type == EVENT_LOGIN  ? "login" :
		ev.type == EVENT_DB ? "db" :
				      "log");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (event_has(&ev, texts[i].f))
			out += put(out, texts[i].name, ev.text[texts[i].f]);
	out += sprintf(out, "%lld|", (long long)(ev.time_ok ? ev.time_us / 1000000 : 0));
	if ((ev.has_number >> EVENT_DURATION_US & 1) != 0)
		out += sprintf(out, "%dus|", (int)ev.number[EVENT_DURATION_US]);
	if ((ev.has_number >> EVENT_PORT & 1) != 0)
		out += sprintf(out, "p=%d|", (int)ev.number[EVENT_PORT]);
	for (unsigned i = 0; i < ev.extra_count; i++) {
		out += sprintf(out, "%.*s=", (int)ev.extra[i].key.len, ev.extra[i].key.ptr);
		if (ev.extra[i].kind == EVENT_EXTRA_NUMBER)
			out += sprintf(out, "%d|", (int)ev.extra[i].number);
		else
			out += put(out, "", ev.extra[i].value);
	}
}

#define STDERR "postgres"
#define CSV "postgres-csvlog"
#define T "2025-11-24 10:11:12.003 UTC "
#define T0 "1763979072|"

static const struct row {
	const char *format, *line, *want;
} rows[] = {
	{ STDERR, T "[4711] LOG:  database system is ready",
	    "log|LOG|m=database system is ready|" T0 },
	{ STDERR, T "[4711] bob@orders LOG:  duration: 0.559 ms  statement: select 1",
	    "db|LOG|select|success|u=bob|m=select 1|" T0 "559us|database=orders|" },
	{ STDERR, T "[4711] bob@orders LOG:  duration: 12 ms",
	    "db|LOG|success|u=bob|" T0 "12000us|database=orders|" },
	{ STDERR, T "[1] b@o LOG:  duration: 1.5 ms  execute <unnamed>: UPDATE t SET x=1",
	    "db|LOG|update|success|u=b|m=UPDATE t SET x=1|" T0
	    "1500us|database=o|statement=<unnamed>|" },
	{ STDERR, "2025-11-24 11:11:12 CET [1] LOG:  x", "log|LOG|m=x|" T0 },
	{ STDERR, "2025-11-24 11:11:12+01 [1] LOG:  x", "log|LOG|m=x|" T0 },
	{ STDERR, "2025-11-24T10:11:12Z ERROR: x", "none" },
	{ STDERR, "2025-11-24 10:11:12,003 [main] WARNING: x", "none" },
	{ STDERR, "2025-11-24 10:11:12.003 INFO:com.root:x", "none" },
	{ STDERR, "2025-11-24 11:11:12 XYZT [1] LOG:  x", "log|LOG|m=x|0|" },
	{ STDERR,
	    "2025-11-24 10:11:12 UTC:10.0.0.123(52834):bob@orders:[20175]:ERROR: no such column",
	    "log|ERROR|failure|u=bob|a=10.0.0.123|m=no such column|" T0 "database=orders|" },
	{ STDERR, "2025-11-24 10:11:12 UTC:2001:db8::7(52834):bob@orders:[20175]:LOG: x",
	    "log|LOG|u=bob|a=2001:db8::7|m=x|" T0 "database=orders|" },
	{ STDERR,
	    "2025-11-24 10:11:12 UTC [147] 192.0.2.7 eve@orders FATAL:  password authentication "
	    "failed for user \"eve\"",
	    "login|FATAL|login|failure|u=eve|a=192.0.2.7|" T0 "database=orders|" },
	{ STDERR,
	    "2025-11-24 10:11:12 UTC [1]: db=orders,user=bob,app=psql,client=192.0.2.7 LOG:  "
	    "statement: (select 1)",
	    "db|LOG|select|u=bob|a=192.0.2.7|m=(select 1)|" T0
	    "database=orders|application=psql|" },
	{ STDERR, T "[1] LOG:  connection received: host=192.0.2.7 port=4711",
	    "login|LOG|connect|a=192.0.2.7|" T0 "p=4711|" },
	{ STDERR, T "[1] LOG:  connection received: host=[local]", "login|LOG|connect|" T0 },
	{ STDERR,
	    T "[1] b@o LOG:  disconnection: session time: 0:01:00.007 user=b database=o "
	      "host=192.0.2.7 port=4711",
	    "login|LOG|disconnect|u=b|a=192.0.2.7|" T0 "60007000us|p=4711|database=o|database=o|" },
	{ STDERR, T "[1] b@o STATEMENT:  DELETE FROM t",
	    "db|STATEMENT|delete|u=b|m=DELETE FROM t|" T0 "database=o|" },
	{ STDERR,
	    T "[1] b@o LOG:  AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.t,\"select \"\"a\"\", 1\","
	      "<none>",
	    "db|LOG|read|u=b|o=public.t|m=select \"\"a\"\", 1|" T0
	    "database=o|audit=SESSION|audit_class=READ|command=SELECT|object_type=TABLE|"
	    "parameter=<none>|" },
	/* a role that imitates a line: nobody knows who did what */
	{ STDERR, T "[1] x LOG:  connection authorized: user=admin database=prod@db FATAL:  password "
	    "authentication failed for user \"x LOG:  connection authorized: user=admin\"", "none" },
	{ STDERR, "no time LOG: x", "none" },
	{ STDERR, T "no level", "none" },
	{ CSV,
	    "2025-11-24 10:11:12.003 "
	    "UTC,\"bob\",\"orders\",1,\"192.0.2.7:44618\",67430f10.1,6,\"SELECT\","
	    "2025-11-24 10:11:10 UTC,3/135,0,LOG,00000,\"statement: select \"\"a\"\"\n from "
	    "t\",,,,,,,,,"
	    "\"psql\"",
	    "db|LOG|select|u=bob|a=192.0.2.7|s=67430f10.1|m=select \"a\"\n from t|" T0
	    "database=orders|command=SELECT|state_code=00000|application=psql|" },
	{ CSV,
	    "2025-11-24 10:11:12.003 UTC,,,1,\"[local]\",a.1,1,,2025-11-24 10:11:10 "
	    "UTC,,0,LOG,00000,"
	    "\"ready\",,,,,,,,,\"\",\"postmaster\",,0",
	    "log|LOG|s=a.1|m=ready|" T0 "state_code=00000|backend_type=postmaster|" },
	{ CSV,
	    "2025-11-24 10:11:12.003 UTC,,,1,,a.1,1,,2025-11-24 10:11:10 UTC,,0,LOG,00000,\"open",
	    "none" },
	{ CSV, "a,b,c", "none" },
};

static void
lines_are_read(void **state)
{
	char got[2048];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].line);

		show(rows[i].format, span_str(rows[i].line), got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s\n  got  %s\n  want %s", rows[i].line, got, rows[i].want);
		for (size_t cut = 0; cut < len; cut++) {
			char *copy = test_malloc(cut + 1);

			memcpy(copy, rows[i].line, cut);
			show(rows[i].format, span_of(copy, cut), got);
			test_free(copy);
		}
	}
}

/* Anybody may name any role until the server believes it. */
static void
who_is_not_logged_in_is_claimed(void **state)
{
	static const struct {
		const char *format, *line;
		bool claimed;
	} lines[] = {
		{ STDERR, T "[1] b@o LOG:  statement: select 1", false },
		{ STDERR, T "[1] b@o ERROR:  role \"x\" does not exist", false },
		{ STDERR, T "[1] b@o ERROR:  relation \"x\" does not exist", false },
		{ STDERR, T "[1] b@o DETAIL:  Key (id)=(1) already exists.", false },
		{ STDERR, T "[1] b@o FATAL:  terminating connection due to administrator command",
		    false },
		{ STDERR, T "[1] b@o FATAL:  password authentication failed for user \"b\"", true },
		{ STDERR, T "[1] b@o FATAL:  PAM authentication failed for user \"b\"", true },
		{ STDERR, T "[1] b@o DETAIL:  Role \"b\" does not exist.", true },
		{ STDERR, T "[1] b@o DETAIL:  Password does not match for user \"b\".", true },
		{ STDERR, T "[1] b@o DETAIL:  User \"b\" has no password assigned.", true },
		{ STDERR,
		    T "[1] b@o DETAIL:  Connection matched pg_hba.conf line 3: \"host all all all md5\"",
		    true },
		{ STDERR, T "[1] b@o FATAL:  canceling authentication due to timeout", true },
		{ STDERR, T "[1] b@o FATAL:  role \"b\" does not exist", true },
		{ STDERR, T "[1] b@o FATAL:  sorry, too many clients already", true },
		{ STDERR, T "[1] b@o FATAL:  the database system is starting up", true },
		{ STDERR,
		    T "[1] b@o FATAL:  no pg_hba.conf entry for replication connection from host "
		      "\"192.0.2.7\", user \"b\", no encryption",
		    true },
#define CSV_OF(stage, level, text) \
	"2025-11-24 10:11:12.003 UTC,\"b\",\"o\",1,\"192.0.2.7:1\",a.1,1,\"" stage \
	"\",2025-11-24 10:11:10 UTC,3/1,0," level ",00000,\"" text "\",,,,,,,,,\"psql\""
		{ CSV, CSV_OF("authentication", "LOG", "could not receive data from client"), true },
		{ CSV, CSV_OF("authentication", "LOG", "connection authorized: user=b database=o"),
		    false },
		{ CSV, CSV_OF("idle", "LOG", "could not receive data from client"), false },
#define JSON_OF(stage) \
	"{\"timestamp\":\"2025-11-24 10:11:12.003 UTC\",\"user\":\"b\",\"pid\":1,\"ps\":\"" stage \
	"\",\"line_num\":1,\"error_severity\":\"LOG\",\"message\":\"x\",\"backend_type\":\"y\"}"
		{ "postgres-jsonlog", JSON_OF("authentication"), true },
		{ "postgres-jsonlog", JSON_OF("SELECT"), false },
	};
	enum parse_reason reason;
	struct event ev;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse_one(parse_format_find(span_str(lines[i].format)),
				     span_str(lines[i].line), scratch, &ev, &reason),
		    PARSE_EVENT);
		if (ev.user_claimed != lines[i].claimed)
			fail_msg("%s", lines[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines_are_read),
		cmocka_unit_test(who_is_not_logged_in_is_claimed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
