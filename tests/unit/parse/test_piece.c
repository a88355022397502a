/* parse: what of a stream is read as one, wherever it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "parse/event.h"
#include "parse/piece.h"

static void
json_piece(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const char *const names[] = { "Records", "items", NULL };

	parse_piece_json(names, rest, piece);
}

static bool
is_tabbed(const void *arg, struct span line)
{
	return (line.len > 0 && line.ptr[0] == '\t');
}

static void
tab_piece(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	parse_piece_lines(rest, is_tabbed, NULL, piece);
}

static const struct parse_format json = { .name = "json", .piece = json_piece };
static const struct parse_format tabs = { .name = "tabs", .piece = tab_piece };
static const struct parse_format quoted = { .name = "quoted", .piece = parse_piece_quoted };

/* Kind, line ends, text; a bar behind each, as "R1 text|"; a plus if it is open. */
static void
show(const struct parser *parser, struct span bytes, bool plus, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	while (bytes.len > 0) {
		struct parse_piece piece;

		parser->format->piece(parser, bytes, &piece);
		assert_true(piece.len > 0 && piece.len <= bytes.len);
		assert_true(piece.text.len <= piece.len);
		used += (size_t)snprintf(out + used, size - used, "%c%u%s %.*s|", "RIF"[piece.kind],
		    piece.line_ends, piece.open && plus ? "+" : "", (int)piece.text.len, piece.text.ptr);
		assert_true(used < size);
		bytes = span_from(bytes, piece.len);
	}
}

struct row {
	const struct parse_format *format;
	const char *bytes, *want;
};

static const struct row rows[] = {
	/* objects, a line each */
	{ &json, "{\"a\":1}\n{\"b\":2}\n", "R1 {\"a\":1}|R1 {\"b\":2}|" },
	{ &json, "{\"a\":1}\r\n{}\n", "R1 {\"a\":1}\r|R1 {}|" },
	{ &json, "{\"a\":1}", "R0+ {\"a\":1}|" },
	{ &json, "\n \n{}\n", "R1 |R1  |R1 {}|" },
	{ &json, "{\"a\":\n", "R1+ {\"a\":|" },
	/* on many lines */
	{ &json, "{\n \"a\": {\n  \"b\": 1\n }\n}\n{}\n", "R5 {\n \"a\": {\n  \"b\": 1\n }\n}|R1 {}|" },
	{ &json, "{} {}\n", "R1 {} {}|" },
	/* broken ones end where a line does */
	{ &json, "{\"a\":\"b\n{\"c\":1}\n", "R1 {\"a\":\"b|R1 {\"c\":1}|" },
	{ &json, "{\"a\":\"b\\\n{\"c\":1}\n", "R1 {\"a\":\"b\\|R1 {\"c\":1}|" },
	{ &json, "[\"b\\\n{\"c\":1}\n", "I1 [\"b\\|R1 {\"c\":1}|" },
	{ &json, "{\"a\":1,\n{\"c\":1}\n", "R1 {\"a\":1,|R1 {\"c\":1}|" },
	{ &json, "no json\n{}\n", "R1 no json|R1 {}|" },
	{ &json, "{} x\n{}\n", "R1 {} x|R1 {}|" },
	/* containers */
	{ &json, "{\"Records\":[{\"a\":1},{\"b\":[2]}]}\n",
	    "F0 {\"Records\":|I0 {\"a\":1}|I0 {\"b\":[2]}|F1 ]}|" },
	{ &json, "{\"Records\":[{\"a\":1}]}", "F0 {\"Records\":|I0 {\"a\":1}|F0+ ]}|" },
	{ &json, "{\"Records\":[]}\n{}\n", "F0 {\"Records\":|F0 [|F1 ]}|R1 {}|" },
	{ &json, "{\"kind\":\"EventList\",\"metadata\":{\"x\":[1]},\"items\":[{}],\"n\":{\"m\":1}}\n",
	    "F0 {\"kind\":\"EventList\",\"metadata\":{\"x\":[1]},\"items\":|I0 {}|"
	    "F1 ],\"n\":{\"m\":1}}|" },
	{ &json, "{\n  \"Records\": [\n    {\n      \"a\": 1\n    },\n    {}\n  ]\n}\n",
	    "F1 {\n  \"Records\": |I3 {\n      \"a\": 1\n    }|I1 {}|F3 \n  ]\n}|" },
	{ &json, "[{\"a\":1},{}]\n{}\n", "I0 {\"a\":1}|I0 {}|F1 ]|R1 {}|" },
	{ &json, "[1,\"a,b\",null]\n", "I0 1|I0 \"a,b\"|I0 null|F1+ ]|" },
	{ &json, "{\"Records\":[{\"a\":\"}]\\\"\"}]}\n",
	    "F0 {\"Records\":|I0 {\"a\":\"}]\\\"\"}|F1 ]}|" },
	{ &json, "{\"Records\":[{\"a\":1},{\"b\n{}\n", "F0 {\"Records\":|I0 {\"a\":1}|I1 ,{\"b|R1 {}|" },
	{ &json, "{\"Records\":[{\"a\":1},{\"b\":", "F0 {\"Records\":|I0 {\"a\":1}|I0+ ,{\"b\":|" },
	/* ends that end nothing are no frame */
	{ &json, "]]]\n{}\n", "R1 ]]]|R1 {}|" },
	{ &json, "]}]}\n{}\n", "R1 ]}]}|R1 {}|" },
	{ &json, "{\"records\":[{}]}\n", "R1 {\"records\":[{}]}|" },
	/* lines that go on */
	{ &tabs, "a\n\tb\n\tc\nd\n", "R3 a\n\tb\n\tc|R1+ d|" },
	{ &tabs, "\tb\nc", "R1 \tb|R0+ c|" },
	{ &tabs, "\n\n", "R1 |R1+ |" },
	/* quotes */
	{ &quoted, "a,\"b\nc\",d\ne\n", "R2 a,\"b\nc\",d|R1 e|" },
	{ &quoted, "a,\"b\"\"\n\",d\ne", "R2 a,\"b\"\"\n\",d|R0+ e|" },
	{ &quoted, "a,\"b\n", "R1+ a,\"b|" },
	{ &quoted, "a,\"\"\"b\",,\"\"\r\ne", "R1 a,\"\"\"b\",,\"\"\r|R0+ e|" },
	/* a record that was cut joins none behind it */
	{ &quoted, "a,\"b\n2025-11-24 10:11:12 UTC,\"c\"\nd\n",
	    "R1 a,\"b|R1 2025-11-24 10:11:12 UTC,\"c\"|R1 d|" },
	{ &quoted, "a,\"b\nx\n2025-11-24 10:11:12 UTC,\"c\"\nd\n",
	    "R2 a,\"b\nx|R1 2025-11-24 10:11:12 UTC,\"c\"|R1 d|" },
	{ &quoted, "a\"b\nc,\"d\"\n", "R1 a\"b|R1 c,\"d\"|" },
	/* what a client sends is escaped, and begins nothing */
	{ &quoted, "a,\"b\n2025-11-24 10:11:12 UTC,\"\"root\"\",x\n\",d\ne\n",
	    "R3 a,\"b\n2025-11-24 10:11:12 UTC,\"\"root\"\",x\n\",d|R1 e|" },
};

static void
pieces_are_what_the_format_says(void **state)
{
	char got[4096];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parser parser = { .format = rows[i].format };

		show(&parser, span_str(rows[i].bytes), true, got, sizeof(got));
		assert_string_equal(got, rows[i].want);
	}
}

/* Whatever has come, only pieces that stay as they are count as whole. */
static void
what_is_whole_stays(void **state)
{
	char whole[4096], parts[4096];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parser parser = { .format = rows[i].format };
		struct span all = span_str(rows[i].bytes);

		show(&parser, all, false, whole, sizeof(whole));
		for (size_t len = 0; len <= all.len; len++) {
			size_t first = parse_whole(&parser, span_of(all.ptr, len), 100, false);
			size_t used;

			assert_true(first <= len);
			if (len > 0 && first == len && all.ptr[len] == '\n' && all.ptr[len - 1] != '\n')
				continue; /* a container may end there; its line end is blank */
			show(&parser, span_of(all.ptr, first), false, parts, sizeof(parts));
			used = strlen(parts);
			show(&parser, span_from(all, first), false, parts + used, sizeof(parts) - used);
			if (strcmp(parts, whole) != 0)
				print_error("row %zu, %zu bytes: %zu whole\n", i, len, first);
			assert_string_equal(parts, whole);
		}
		assert_int_equal(parse_whole(&parser, all, 100, true), all.len);
	}
}

static void
no_more_pieces_than_asked_for(void **state)
{
	struct parser parser = { .format = &json };

	assert_int_equal(parse_whole(&parser, span_str("{}\n{}\n{}\n"), 2, true), 6);
	assert_int_equal(parse_whole(&parser, span_str("[{},{},{}]\n"), 2, true), 6);
}

/* Found in parts, wherever they are cut, an item ends where it does in one. */
static void
an_item_ends_where_it_does(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parser parser = { .format = rows[i].format };
		struct span all = span_str(rows[i].bytes);

		for (size_t cut = 1; cut < all.len; cut++) {
			struct span some = span_of(all.ptr, cut);
			struct parse_beyond beyond;
			struct parse_piece piece;
			size_t start, at, len = 0;

			if (!parse_beyond_begin(&parser, some, &beyond, &start, &at))
				continue;
			assert_true(start < at && at < cut);
			assert_false(parse_beyond(&beyond, span_from(some, at), &len));
			assert_int_equal(at + len, cut);
			for (at = cut; at < all.len; at += len)
				if (parse_beyond(&beyond, span_of(all.ptr + at, 1), &len))
					break;
			parser.format->piece(&parser, span_from(all, start), &piece);
			assert_int_equal(piece.kind, PARSE_PIECE_ITEM);
			assert_int_equal(at + (at < all.len ? len : 0), start + piece.len);
		}
	}
}

/* What no item has ends it, with its line or before the next. */
static void
broken_items_end(void **state)
{
	static const struct {
		const char *item;
		size_t ends;
	} items[] = {
		{ "{\"a\":\"b\nc\"}", 8 },
		{ "{\"a\":\n{\"b\":1}}", 6 },
		{ "{\"a\":\n {\"b\":1}},{}", 15 },
		{ "{\"a\":\"\\\"}\"},{}", 11 },
		{ "\"a\\\\\",2", 5 },
		{ "{\"a\":1", 0 },
	};
	char deep[200];

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct parse_beyond beyond = { .depth = 0 };
		struct span bytes = span_str(items[i].item);
		size_t len;

		assert_int_equal(parse_beyond(&beyond, bytes, &len), items[i].ends > 0);
		assert_int_equal(len, items[i].ends > 0 ? items[i].ends : bytes.len);
	}
	for (size_t depth = PARSE_PIECE_DEPTH; depth <= PARSE_PIECE_DEPTH + 1; depth++) {
		struct parse_beyond beyond = { .depth = 0 };
		size_t len;

		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		deep[2 * depth] = '\n';
		assert_true(parse_beyond(&beyond, span_of(deep, 2 * depth + 1), &len));
		assert_int_equal(len, 2 * depth + (depth > PARSE_PIECE_DEPTH));
	}
}

/* Its beginning is one piece, whatever lines it has. */
static void
a_cut_item_is_one_piece(void **state)
{
	struct parse_piece piece;

	parse_piece_cut(span_str("\n , {\n \"a\": \"b\n"), &piece);
	assert_int_equal(piece.kind, PARSE_PIECE_ITEM);
	assert_int_equal(piece.len, 15);
	assert_int_equal(piece.line_ends, 2);
	assert_true(span_is(piece.text, "{\n \"a\": \"b"));
	parse_piece_cut(span_str(",  \n"), &piece);
	assert_int_equal(piece.line_ends, 0);
	assert_int_equal(piece.text.len, 0);
}

/* An event that is longer than a line: what has room is read, what has none is said. */
static void
long_events(void **state)
{
	static const struct {
		size_t text, escapes; /* bytes of a member that nobody reads; of one that is */
		enum parse_result want;
		unsigned more;
	} events[] = {
		{ 0, 10, PARSE_EVENT, 0 },
		{ 100000, 10, PARSE_EVENT, 0 },
		{ 100000, 60000, PARSE_EVENT, 0 },
		{ 100000, 66000, PARSE_PARTIAL, 1 },
		{ 200000, 70000, PARSE_UNPARSED, 0 },
	};
	static char text[PARSE_ITEM_MAX + 65536], scratch[PARSE_SCRATCH_BYTES];
	const struct parser parser = { .format = parse_format_find(span_str("k8s-audit")) };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		enum parse_reason reason = PARSE_REASON_COUNT;
		struct parse_state reader;
		enum parse_result got;
		struct event ev;
		int len = snprintf(text, sizeof(text),
		    "{\"auditID\":\"a\",\"verb\":\"get\",\"stage\":\"Panic\",\"requestURI\":\"/\\u0061%0*d\","
		    "\"requestObject\":{\"a\":\"%0*d\"},\"requestReceivedTimestamp\":"
		    "\"2025-11-24T10:11:12Z\"}",
		    (int)events[i].escapes, 7, (int)events[i].text, 7);

		parse_begin(&reader, &parser, 0);
		got = parse_item(&reader, span_of(text, (size_t)len), scratch, &ev, &reason);
		if (got != events[i].want || (got != PARSE_UNPARSED && ev.extra_more != events[i].more) ||
		    (got == PARSE_UNPARSED) != (reason == PARSE_REASON_TOO_LONG) ||
		    (got != PARSE_UNPARSED &&
			event_has(&ev, EVENT_TARGET) != (events[i].want == PARSE_EVENT)))
			fail_msg("row %zu: %d, %u more", i, got, ev.extra_more);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_events),
		cmocka_unit_test(pieces_are_what_the_format_says),
		cmocka_unit_test(what_is_whole_stays),
		cmocka_unit_test(no_more_pieces_than_asked_for),
		cmocka_unit_test(an_item_ends_where_it_does),
		cmocka_unit_test(broken_items_end),
		cmocka_unit_test(a_cut_item_is_one_piece),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
