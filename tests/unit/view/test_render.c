#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../record/random_record.h"
#include "base/err.h"
#include "record/escape.h"
#include "view/view.h"

#define HEAD "{\"time\":\"2026-11-25T03:00:00.123Z\""

/* One with most kinds of value, hard ones among them. */
#define FULL \
	HEAD \
	    ",\"event\":\"http.request\",\"level\":\"warn\",\"client\":\"ip.abc\"," \
	    "\"forwarded\":[\"if.a\",\"if.b\"],\"method\":\"GET\",\"path\":\"/\\\"\\\\,\\u001b\"," \
	    "\"query\":\"=1+1\",\"protocol\":\"HTTP/1.1\",\"status\":404,\"bytes\":-1," \
	    "\"duration_us\":1500000,\"referer\":\"https://e.org\",\"agent\":\"Firefox\"," \
	    "\"agent_major\":132,\"bot\":1,\"tls\":\"TLSv1.3\"," \
	    "\"extra\":{\"a.\xc3\xa4\":7,\"a_\xc3\xa4\":\"x\"},\"state\":\"partial\"," \
	    "\"flags\":[\"peer_unix\",\"overlong\"]}"
/* U+061C, U+200B, U+2028, U+FEFF, U+E0041. */
#define HIDDEN "\xd8\x9c\xe2\x80\x8b\xe2\x80\xa8\xef\xbb\xbf\xf3\xa0\x81\x81"
#define HIDDEN_SHOWN "\\u061c\\u200b\\u2028\\ufeff\\udb40\\udc41"
#define OTEL \
	"{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{\"name\":\"cretula\"}," \
	"\"logRecords\":[{\"timeUnixNano\":\""
#define STRING(key, text) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" text "\"}}"
#define INT(key, text) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" text "\"}}"

static void
renderers_are_sorted_and_found(void **state)
{
	for (size_t i = 0; i < view_renderer_count; i++) {
		assert_ptr_equal(view_renderer_find(view_renderers[i].name), &view_renderers[i]);
		if (i > 0)
			assert_true(strcmp(view_renderers[i - 1].name, view_renderers[i].name) < 0);
	}
	assert_null(view_renderer_find("xml"));
	assert_null(view_renderer_find(""));
}

static void
records_are_shown_as_said(void **state)
{
	static const struct {
		const char *as, *line, *shown;
	} rows[] = {
		{ "json", HEAD ",\"status\":200}", HEAD ",\"status\":200}\n" },
		{ "combined", HEAD "}",
		    "- - - [25/Nov/2026:03:00:00 +0000] \"-\" - - \"-\" \"-\"\n" },
		{ "combined",
		    HEAD
		    ",\"client\":\"ip.abc\",\"user\":\"us.def\",\"method\":\"GET\",\"path\":\"/a\","
		    "\"query\":\"p={int}&q\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":0,"
		    "\"referer\":\"https://e.org\",\"agent\":\"Mobile Safari\",\"agent_major\":17}",
		    "ip.abc - us.def [25/Nov/2026:03:00:00 +0000] \"GET /a?p={int}&q HTTP/1.1\" "
		    "200 0 "
		    "\"https://e.org\" \"Mobile Safari/17\"\n" },
		{ "combined",
		    HEAD ",\"user\":\"a b\",\"method\":\"GET\",\"path\":\"/\\\" \\\\\\n\xc3\xa4\","
			 "\"bytes\":-1,\"agent\":\"x\\\"y\"}",
		    "- - a\\x20b [25/Nov/2026:03:00:00 +0000] \"GET "
		    "/\\\"\\x20\\\\\\x0a\\xc3\\xa4\" - - "
		    "\"-\" \"x\\\"y\"\n" },
		/* Statuses have three digits, and the first [ is that of the time. */
		{ "combined",
		    HEAD ",\"client\":\"[ip.peer]\",\"user\":\"[user.auth]\",\"method\":\"GET\","
			 "\"path\":\"/\",\"query\":\"a=[pan]\",\"status\":0}",
		    "\\x5bip.peer] - \\x5buser.auth] [25/Nov/2026:03:00:00 +0000] "
		    "\"GET /?a=[pan]\" 000 - \"-\" \"-\"\n" },
		{ "text", HEAD "}", "2026-11-25T03:00:00.123Z  -  - -  -\n" },
		{ "text",
		    HEAD ",\"event\":\"http.request\",\"client\":\"ip.abc\",\"method\":\"GET\","
			 "\"path\":\"/a\",\"query\":\"p={int}\",\"protocol\":\"HTTP/"
			 "1.1\",\"status\":404,"
			 "\"bytes\":12,\"duration_us\":7,\"agent\":\"Firefox\",\"agent_major\":132,"
			 "\"state\":\"partial\",\"flags\":[\"peer_unix\",\"overlong\"]}",
		    "2026-11-25T03:00:00.123Z  404  GET /a?p={int}  ip.abc  12 B  Firefox/132  "
		    "protocol=HTTP/1.1  duration_us=7  state=partial  [peer_unix overlong]\n" },
		{ "text",
		    HEAD
		    ",\"event\":\"auth.login\",\"forwarded\":[\"if.a\",\"\"],\"user\":\"uc.x\","
		    "\"action\":\"login\",\"object\":\"door one\",\"outcome\":\"failure\","
		    "\"extra\":{\"k\":-1,\"l\":\"a\\u001b[0m\"}}",
		    "2026-11-25T03:00:00.123Z  failure  login \"door one\"  -  event=auth.login  "
		    "forwarded=if.a,\"\"  user=uc.x  k=-1  l=a\\u001b[0m\n" },
		{ "text", HEAD ",\"event\":\"log\",\"query\":\"q\",\"agent_major\":3}",
		    "2026-11-25T03:00:00.123Z  -  log -  -  query=q  agent_major=3\n" },
		{ "csv", FULL,
		    "2026-11-25T03:00:00.123Z,\"http.request\",\"warn\",\"ip.abc\",\"if.a,if.b\",,,"
		    ",,,,"
		    "\"GET\",,,\"/\"\"\\,\\u001b\",\"'=1+1\",\"HTTP/1.1\",404,-1,,1500000,,,,"
		    "\"https://e.org\",\"Firefox\",132,,,1,,,,,,\"TLSv1.3\","
		    "\"{\"\"a.\xc3\xa4\"\":7,\"\"a_\xc3\xa4\"\":\"\"x\"\"}\",\"partial\","
		    "\"peer_unix,overlong\"\n" },
		{ "ecs", HEAD "}",
		    "{\"@timestamp\":\"2026-11-25T03:00:00.123Z\",\"ecs.version\":\"8.11.0\","
		    "\"event.kind\":\"event\"}\n" },
		{ "ecs", FULL,
		    "{\"@timestamp\":\"2026-11-25T03:00:00.123Z\",\"ecs.version\":\"8.11.0\","
		    "\"event.dataset\":\"http.request\",\"log.level\":\"warn\","
		    "\"client.address\":\"ip.abc\",\"client.forwarded\":[\"if.a\",\"if.b\"],"
		    "\"http.request.method\":\"GET\",\"url.path\":\"/\\\"\\\\,\\u001b\","
		    "\"url.query\":\"=1+1\",\"http.version\":\"1.1\","
		    "\"http.response.status_code\":404,\"http.response.bytes\":-1,"
		    "\"event.duration\":1500000000,\"http.request.referrer\":\"https://e.org\","
		    "\"user_agent.name\":\"Firefox\",\"user_agent.version\":\"132\","
		    "\"user_agent.bot\":true,\"tls.version\":\"1.3\","
		    "\"labels\":{\"a_\xc3\xa4\":7,\"a_\xc3\xa4_1\":\"x\"},"
		    "\"event.kind\":\"pipeline_error\","
		    "\"tags\":[\"partial\",\"peer_unix\",\"overlong\"]}\n" },
		{ "otel", "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"odd\"}",
		    OTEL "0\",\"severityText\":\"odd\",\"attributes\":[]}]}]}]}\n" },
		{ "otel", HEAD ",\"protocol\":\"HTTP/2.0\"}",
		    OTEL "1795575600123000000\",\"attributes\":[" STRING(
			"network.protocol.version", "2") "]}]}]}]}\n" },
		{ "otel", HEAD ",\"method\":\"[unknown]\",\"protocol\":\"[unknown]\"}",
		    OTEL "1795575600123000000\",\"attributes\":[" STRING(
			"http.request.method", "_OTHER") "]}]}]}]}\n" },
		{ "otel", HEAD ",\"tls\":\"tls1.3\"}",
		    OTEL "1795575600123000000\",\"attributes\":[" STRING(
			"tls.protocol.version", "1.3") "]}]}]}]}\n" },
		{ "ecs", HEAD ",\"outcome\":\"[unknown]\",\"tls\":\"SSLv3\"}",
		    "{\"@timestamp\":\"2026-11-25T03:00:00.123Z\",\"ecs.version\":\"8.11.0\","
		    "\"event.outcome\":\"unknown\",\"tls.version\":\"3\","
		    "\"event.kind\":\"event\"}\n" },
		{ "otel", HEAD ",\"protocol\":\"HTTP/1.0\"}",
		    OTEL "1795575600123000000\",\"attributes\":[" STRING(
			"network.protocol.version", "1.0") "]}]}]}]}\n" },
		/* What nobody sees is seen; lines keep it as it came. */
		{ "text", HEAD ",\"object\":\"a" HIDDEN "\xc3\xa4\"}",
		    "2026-11-25T03:00:00.123Z  -  - a" HIDDEN_SHOWN "\xc3\xa4  -\n" },
		{ "ecs", HEAD ",\"referer\":\"a" HIDDEN "\"}",
		    "{\"@timestamp\":\"2026-11-25T03:00:00.123Z\",\"ecs.version\":\"8.11.0\","
		    "\"http.request.referrer\":\"a" HIDDEN_SHOWN
		    "\",\"event.kind\":\"event\"}\n" },
		{ "otel", FULL,
		    OTEL
		    "1795575600123000000\",\"severityNumber\":13,\"severityText\":\"warn\","
		    "\"eventName\":\"http.request\",\"attributes\":[" STRING(
			"client.address",
			"ip.abc") ","
				  "{\"key\":\"http.request.header.forwarded\",\"value\":{"
				  "\"arrayValue\":"
				  "{\"values\":[{\"stringValue\":\"if.a\"},{\"stringValue\":\"if."
				  "b\"}]}}}," STRING("http.request.method", "GET") "," STRING(
				      "url.path", "/\\\"\\\\,\\u001b") "," STRING("url.query",
				      "=1+1") "," STRING("network.protocol.version",
				      "1.1") "," INT("http.response.status_code",
				      "404") "," INT("http.response.body.size",
				      "-1") ","
					    "{\"key\":\"http.server.request.duration\",\"value\":{"
					    "\"doubleValue\":"
					    "1.500000}},"
					    "{\"key\":\"http.request.header.referer\",\"value\":{"
					    "\"arrayValue\":"
					    "{\"values\":[{\"stringValue\":\"https://"
					    "e.org\"}]}}}," STRING("user_agent.name",
						"Firefox") "," STRING("user_agent.version",
						"132") "," STRING("user_agent.synthetic.type",
						"bot") "," STRING("tls.protocol.version",
						"1.3") "," INT("extra.a.\xc3\xa4",
						"7") "," STRING("extra.a_\xc3\xa4",
						"x") "," STRING("cretula.state",
						"partial") ","
							   "{\"key\":\"cretula.flags\",\"value\":{"
							   "\"arrayValue\":{\"values\":["
							   "{\"stringValue\":\"peer_unix\"},{"
							   "\"stringValue\":\"overlong\"}]}}}"
							   "]}]}]}]}\n" },
	};
	static struct record_decoder dec;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		struct record r;
		struct err e;

		if (record_decode(&dec, span_str(rows[i].line), &r, &e) != 0)
			fail_msg("row %zu: %s", i, e.text);
		view_renderer_find(rows[i].as)->record(&out, &r, span_str(rows[i].line));
		assert_true(buf_ok(&out));
		assert_string_equal(out.data, rows[i].shown);
		buf_free(&out);
	}
}

/* One line, well-formed, without anything that a terminal would obey. */
static void
assert_harmless(struct span shown)
{
	uint32_t code = 0;

	assert_true(shown.len > 0 && shown.ptr[shown.len - 1] == '\n');
	shown.len--;
	while (shown.len > 0) {
		size_t len = record_utf8_next(shown, &code);

		assert_true(len > 0);
		assert_true(code == '"' || code == '\\' || !record_must_escape(code));
		shown = span_from(shown, len);
	}
}

static void
no_control_character_is_shown(void **state)
{
	struct random_record *x = calloc(1, sizeof(*x));
	static struct record_decoder dec;
	static char line[RECORD_BYTES_MAX];
	struct record_encoder enc = { 0 };
	struct buf out = { 0 };

	assert_non_null(x);
	x->state = 23;
	for (int i = 0; i < 3000; i++) {
		size_t len = record_encode(&enc, random_record(x, 60), line) - 1;
		struct record r;
		struct err e;

		assert_int_equal(record_decode(&dec, span_of(line, len), &r, &e), 0);
		for (size_t k = 0; k < view_renderer_count; k++) {
			buf_clear(&out);
			view_renderers[k].record(&out, &r, span_of(line, len));
			assert_true(buf_ok(&out));
			assert_harmless(buf_view(&out));
		}
	}
	buf_free(&out);
	free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renderers_are_sorted_and_found),
		cmocka_unit_test(records_are_shown_as_said),
		cmocka_unit_test(no_control_character_is_shown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
