/* Bodies of requests: which lines they are, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "parse/body.h"

#define ROOM 400

/* Its lines with LF; (N) behind one of which N bytes found no room; "bad". */
static void
show(enum parse_body_kind kind, struct span body, struct buf *out)
{
	struct parse_body b;
	struct parse_body_line line;
	char text[ROOM];

	if (!parse_body_begin(&b, kind, body)) {
		buf_str(out, "bad");
		return;
	}
	while (parse_body_next(&b, text, sizeof(text), &line)) {
		buf_add(out, text, line.len);
		if (line.dropped > 0)
			buf_fmt(out, "(%zu)", (size_t)line.dropped);
		if (line.id.len > 0)
			buf_fmt(out, " [%.*s]", (int)line.id.len, line.id.ptr);
		buf_char(out, '\n');
	}
}

#define OTLP(resource, records) \
	"{\"resourceLogs\":[{\"resource\":" resource \
	",\"scopeLogs\":[{\"scope\":{},\"logRecords\":[" records "]}]}]}"

static const struct {
	const char *claim;
	enum parse_body_kind kind;
	const char *body, *lines;
} rows[] = {
	{ "lines are lines", PARSE_BODY_LINES, "a\n\nb", "a\n\nb\n" },
	{ "nothing is none", PARSE_BODY_LINES, "", "" },
	{ "an audit event is a line", PARSE_BODY_AUDIT,
	    "{\"kind\":\"EventList\",\"items\":[{\"auditID\":\"a\",\"stage\":\"S\",\"x\":[1,2]},\n"
	    " {\"b\":\n\"}]\\\"\"}]}",
	    "{\"auditID\":\"a\",\"stage\":\"S\",\"x\":[1,2]} [a]\n{\"b\": \"}]\\\"\"}\n" },
	{ "whatever comes behind the items", PARSE_BODY_AUDIT,
	    "{\"items\":[1],\"kind\":\"EventList\"}", "1\n" },
	{ "an empty list", PARSE_BODY_AUDIT, "{\"kind\":\"EventList\",\"items\":[]}", "" },
	{ "no list at all", PARSE_BODY_AUDIT, "{\"kind\":\"EventList\",\"items\":null}", "" },
	{ "another kind", PARSE_BODY_AUDIT, "{\"kind\":\"Event\",\"items\":[]}", "bad" },
	{ "items that are none", PARSE_BODY_AUDIT, "{\"kind\":\"EventList\",\"items\":{}}", "bad" },
	{ "half of it", PARSE_BODY_AUDIT, "{\"kind\":\"EventList\",\"items\":[{}", "bad" },
	{ "more than one", PARSE_BODY_AUDIT, "{\"kind\":\"EventList\",\"items\":[]}{}", "bad" },
	{ "no UTF-8", PARSE_BODY_AUDIT, "{\"kind\":\"EventList\",\"items\":[\"\xff\"]}", "bad" },
	{ "a record of OTLP", PARSE_BODY_OTLP,
	    OTLP("{\"attributes\":[{\"key\":\"host.name\",\"value\":{\"stringValue\":\"web1\"}}]}",
		"{\"timeUnixNano\":\"17\",\"severityText\":\"INFO\",\"body\":{\"stringValue\":"
		"\"b\"},"
		"\"attributes\":[{\"key\":\"http.request.method\",\"value\":{\"stringValue\":"
		"\"GET\"}},{\"key\":\"n\",\"value\":{\"intValue\":\"5\"}}],\"traceId\":\"aa\"}"),
	    "{\"timeUnixNano\":\"17\",\"severityText\":\"INFO\",\"body\":\"b\","
	    "\"http.request.method\":\"GET\",\"n\":\"5\",\"host.name\":\"web1\",\"TraceId\":\"aa\"}"
	    "\n" },
	{ "when nobody knows when it was", PARSE_BODY_OTLP,
	    OTLP("{}", "{\"timeUnixNano\":\"0\",\"observedTimeUnixNano\":\"9\"},{}"),
	    "{\"timeUnixNano\":\"9\"}\n{}\n" },
	{ "a body with members, and values in values", PARSE_BODY_OTLP,
	    OTLP("{}",
		"{\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":"
		"{\"boolValue\":true}}]}},\"attributes\":[{\"key\":\"m\",\"value\":"
		"{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":{\"doubleValue\":1.5}"
		"},{\"key\":\"l\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":1},"
		"{\"stringValue\":\"x\"}]}}}]}}},{\"key\":\"e\",\"value\":{\"arrayValue\":"
		"{}}},{\"key\":\"o\",\"value\":{\"odd\":{}}}]}"),
	    "{\"a\":true,\"m\":{\"k\":1.5,\"l\":[1,\"x\"]},\"e\":[],\"o\":null}\n" },
	{ "a name of the record's own wins", PARSE_BODY_OTLP,
	    OTLP("{\"attributes\":[{\"key\":\"k8s.pod.name\",\"value\":{\"stringValue\":\"p\"}}]}",
		"{\"attributes\":[{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}}]},{}"),
	    "{\"host.name\":\"h\"}\n{\"host.name\":\"p\"}\n" },
	{ "nothing in it", PARSE_BODY_OTLP, "{\"resourceLogs\":[{},{\"scopeLogs\":[{}]}]}", "" },
	{ "no OTLP", PARSE_BODY_OTLP, "{\"resourceSpans\":[]}", "bad" },
	{ "nor this", PARSE_BODY_OTLP, "[]", "bad" },
};

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf got = { 0 };

		show(rows[i].kind, span_str(rows[i].body), &got);
		if (strcmp(got.data == NULL ? "" : got.data, rows[i].lines) != 0)
			fail_msg("%s: got %s, want %s", rows[i].claim, got.data, rows[i].lines);
		buf_free(&got);
	}
}

/* What finds no room is counted, and nothing behind it suffers. */
static void
test_long(void **state)
{
	struct buf body = { 0 }, got = { 0 };
	char end[64];

	(void)state;
	buf_str(&body, "{\"kind\":\"EventList\",\"items\":[\"");
	for (int i = 0; i < 1000; i++)
		buf_char(&body, 'x');
	buf_str(&body, "\",2]}");
	show(PARSE_BODY_AUDIT, buf_view(&body), &got);
	(void)snprintf(end, sizeof(end), "x(%d)\n2\n", 1002 - ROOM);
	assert_string_equal(got.data + got.len - strlen(end), end);
	buf_free(&body);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
