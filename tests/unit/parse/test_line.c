/* parse: what a line says, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "parse/clf/clf.h"
#include "parse/marks.h"
#include "parse/unescape.h"
#include "show.h"
#include "one.h"

#define TIME " [24/Nov/2025:10:11:12 +0000] "
#define HEAD "203.0.113.7 - -" TIME
#define TAIL " 200 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\""
#define UA " agent=Mozilla/5.0 (X11; Linux x86_64)"
#define GET "method=GET target=/ protocol=HTTP/1.1"
#define OK "\"GET / HTTP/1.1\" 200 512"

static char scratch[PARSE_SCRATCH_BYTES];

struct row {
	const char *format, *line, *want;
};

static void
check(const struct row *rows, size_t count)
{
	unsigned bad = 0;

	for (size_t i = 0; i < count; i++) {
		struct event ev;
		enum parse_reason reason = PARSE_REASON_COUNT;
		const struct parse_format *f = parse_format_find(span_str(rows[i].format));
		char got[4096];

		assert_non_null(f);
		enum parse_result result =
		    parse_one(f, span_str(rows[i].line), scratch, &ev, &reason);
		show_event(result, reason, &ev, got, sizeof(got));
		if (strcmp(got, rows[i].want) != 0) {
			print_error("%s: %s\n  got  %s\n  want %s\n", rows[i].format, rows[i].line,
			    got, rows[i].want);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))

static void
test_fields(void **state)
{
	static const struct row rows[] = {
		{ "combined", HEAD "\"GET / HTTP/1.1\"" TAIL,
		    "event client=203.0.113.7 " GET UA " status=200 bytes=512" },
		{ "combined", HEAD "\"GET / HTTP/1.1\"" TAIL "\r",
		    "event client=203.0.113.7 " GET UA " status=200 bytes=512" },
		{ "common", "h ident frank" TIME OK,
		    "event client=h ident=ident user=frank " GET " status=200 bytes=512" },
		{ "common", "h - -" TIME "\"GET / HTTP/1.1\" 304 -",
		    "event client=h " GET " status=304" },
		{ "vhost_combined", "www.example.com:443 " HEAD "\"GET / HTTP/1.1\"" TAIL,
		    "event client=203.0.113.7 "
		    "method=GET host=www.example.com target=/ "
		    "protocol=HTTP/1.1" UA " status=200 bytes=512" },
		{ "vhost_combined", "www.example.com ::1 - -" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=::1 method=GET host=www.example.com target=/ protocol=HTTP/1.1" UA
		    " status=200 bytes=512" },
		{ "nginx", HEAD "\"GET / HTTP/2.0\" 200 0 \"https://a/\" \"-\"",
		    "event client=203.0.113.7 method=GET target=/ protocol=HTTP/2.0 "
		    "referer=https://a/"
		    " status=200 bytes=0" },
		{ "nginx", HEAD "\"\" 400 0 \"\" \"\"",
		    "event client=203.0.113.7 status=400 bytes=0" },
		{ "nginx", "unix: - -" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=unix: " GET UA " status=200 bytes=512" },
		{ "combined", "fe80::1%eth0 - -" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=fe80::1%eth0 " GET UA " status=200 bytes=512" },
		{ "combined", "h - \"\"" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=h " GET UA " status=200 bytes=512" },
		{ "combined", "h - " TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=h " GET UA " status=200 bytes=512" },
		{ "combined", "", "meta" },
		{ "combined", " \t\r", "meta" },
	};

	(void)state;
	CHECK(rows);
}

static void
test_requests(void **state)
{
	static const struct row rows[] = {
		{ "common", HEAD "\"GET /a?b=c HTTP/1.1\" 200 1",
		    "event client=203.0.113.7 method=GET target=/a?b=c protocol=HTTP/1.1 "
		    "status=200 bytes=1" },
		{ "common", HEAD "\"GET /a b HTTP/1.1\" 200 1",
		    "event client=203.0.113.7 method=GET target=/a b protocol=HTTP/1.1 status=200 "
		    "bytes=1" },
		{ "common", HEAD "\"GET /a\" 200 1",
		    "event client=203.0.113.7 method=GET target=/a status=200 bytes=1" },
		{ "common", HEAD "\"M-SEARCH * HTTP/1.1\" 200 1",
		    "event client=203.0.113.7 method=M-SEARCH target=* protocol=HTTP/1.1 "
		    "status=200 bytes=1" },
		{ "common", HEAD "\"CONNECT a.example:443 HTTP/1.1\" 405 1",
		    "event client=203.0.113.7 method=CONNECT target=a.example:443 protocol=HTTP/1.1"
		    " status=405 bytes=1" },
		{ "common", HEAD "\"GET /x HTTP/3\" 200 1",
		    "event client=203.0.113.7 method=GET target=/x protocol=HTTP/3 status=200 "
		    "bytes=1" },
		{ "common", HEAD "\"-\" 408 -", "event client=203.0.113.7 status=408" },
		{ "common", HEAD "\"\\x16\\x03\\x01bob\" 400 0",
		    "event client=203.0.113.7 request=<16><03><01>bob status=400 bytes=0 garbage" },
		{ "common", HEAD "\"hello\" 400 0",
		    "event client=203.0.113.7 request=hello status=400 bytes=0 garbage" },
		{ "common", HEAD "\"OPTIONS / RTSP/1.0\" 400 0",
		    "event client=203.0.113.7 request=OPTIONS / RTSP/1.0 status=400 bytes=0 "
		    "garbage" },
		{ "common", HEAD "\"GET HTTP/1.1\" 400 0",
		    "event client=203.0.113.7 request=GET HTTP/1.1 status=400 bytes=0 garbage" },
		{ "common", HEAD "\"GET x\" 400 0",
		    "event client=203.0.113.7 request=GET x status=400 bytes=0 garbage" },
		{ "common", HEAD "\"lv|'|'|VHJ|Win XP|end\" 400 0",
		    "event client=203.0.113.7 request=lv|'|'|VHJ|Win XP|end status=400 bytes=0 "
		    "garbage" },
		{ "common", HEAD "\"GET /a\\\"b\\\\c\\x22 HTTP/1.1\" 200 1",
		    "event client=203.0.113.7 method=GET target=/a\"b\\c\" protocol=HTTP/1.1"
		    " status=200 bytes=1" },
	};

	(void)state;
	CHECK(rows);
}

static void
test_users(void **state)
{
	static const struct row rows[] = {
		{ "combined", "h - Alice Q Samplewoman" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=h user=Alice Q Samplewoman " GET UA " status=200 bytes=512 odd" },
		{ "combined", "h - [redacted]" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=h user=[redacted] " GET UA " status=200 bytes=512 odd" },
		{ "combined", "h - m\\xc3\\xbcller" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=h user=m<c3><bc>ller " GET UA " status=200 bytes=512" },
		{ "combined", "h - a\\\"b" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=h user=a\"b " GET UA " status=200 bytes=512 odd" },
		{ "combined",
		    "h - x" TIME "\"GET /forged HTTP/1.1\" 200 1 \"-\" \"-\"" TIME
		    "\"GET / HTTP/1.1\"" TAIL,
		    "partial client=h !user=x [24/Nov/2025:10:11:12 +0000] \"GET /forged "
		    "HTTP/1.1\" "
		    "200 1 \"-\" \"-\" !method=GET !target=/ !protocol=HTTP/1.1" UA
		    " status=200 bytes=512 odd" },
		{ "combined", "h - x" TIME "\"y" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "partial client=h !user=x [24/Nov/2025:10:11:12 +0000] \"y "
		    "!method=GET !target=/ !protocol=HTTP/1.1" UA " status=200 bytes=512 odd" },
		{ "combined", "10.0.0.2, 10.0.0.1, 127.0.0.1 - -" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "partial forwarded=10.0.0.2, 10.0.0.1, 127.0.0.1 " GET UA
		    " status=200 bytes=512" },
		{ "combined",
		    "\"10.0.0.2, 10.0.0.1\" 10.2.1.185 - -" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "partial client=10.2.1.185 forwarded=10.0.0.2, 10.0.0.1 " GET UA
		    " status=200 bytes=512" },
	};

	(void)state;
	CHECK(rows);
}

static void
test_tails(void **state)
{
	static const struct row rows[] = {
		{ "combined", HEAD OK " \"-\" \"a\\\"b\"",
		    "event client=203.0.113.7 " GET " agent=a\"b status=200 bytes=512" },
		{ "combined", HEAD OK " \"-\" \"a\"b\"",
		    "event client=203.0.113.7 " GET " agent=a\"b status=200 bytes=512" },
		{ "combined", HEAD OK " \"-\" \"a\\x22 OR 1\"",
		    "event client=203.0.113.7 " GET " agent=a\" OR 1 status=200 bytes=512" },
		{ "combined", HEAD OK " \"r\" \"a\" \"198.51.100.22\" rt=0.05",
		    "event client=203.0.113.7 " GET " referer=r agent=a status=200 bytes=512"
		    " field10=198.51.100.22 field11=rt=0.05" },
		{ "combined", HEAD OK " \"r\" \"a\" \"-\" 0.057",
		    "event client=203.0.113.7 " GET " referer=r agent=a status=200 bytes=512"
		    " field11=0.057" },
		{ "combined", HEAD OK " \"r\" \"a\" \"open",
		    "partial client=203.0.113.7 " GET " referer=r agent=a status=200 bytes=512"
		    " field10=open" },
		{ "common", HEAD OK " \"r\" \"a\"",
		    "event client=203.0.113.7 " GET " status=200 bytes=512 field8=r field9=a" },
		{ "common", HEAD OK " 15",
		    "event client=203.0.113.7 " GET " status=200 bytes=512 field8=15" },
		{ "combined", HEAD OK, "partial client=203.0.113.7 " GET " status=200 bytes=512" },
		{ "combined", HEAD OK " \"r\"",
		    "partial client=203.0.113.7 " GET " referer=r status=200 bytes=512" },
		{ "combined", HEAD OK " \"r\" \"Mozilla",
		    "partial client=203.0.113.7 " GET
		    " referer=r !agent=Mozilla status=200 bytes=512" },
		{ "combined", HEAD OK " \"r\" \"Mozilla\\\"",
		    "partial client=203.0.113.7 " GET
		    " referer=r !agent=Mozilla\" status=200 bytes=512" },
		{ "combined", HEAD OK " \"htt",
		    "partial client=203.0.113.7 " GET " !referer=htt status=200 bytes=512" },
		{ "common", HEAD "\"GET / HTTP/1.1\" 20x 512",
		    "partial client=203.0.113.7 " GET " bytes=512" },
		{ "common", HEAD "\"GET / HTTP/1.1\" 20 512",
		    "partial client=203.0.113.7 " GET " bytes=512" },
		{ "common", HEAD "\"GET / HTTP/1.1\" - 512",
		    "event client=203.0.113.7 " GET " bytes=512" },
		{ "common", HEAD "\"GET / HTTP/1.1\" 200 5x",
		    "partial client=203.0.113.7 " GET " status=200" },
		{ "common", HEAD "\"GET / HTTP/1.1\" 200 99999999999999999999",
		    "partial client=203.0.113.7 " GET " status=200" },
		{ "common", HEAD "\"GET / HTTP/1.1\" 200",
		    "partial client=203.0.113.7 " GET " status=200" },
		{ "common", "h - - [2000-10-10T20:55:36Z] " OK,
		    "partial client=h " GET " status=200 bytes=512 no-time" },
		{ "common", "h - - [31/Feb/2025:10:11:12 +0000] " OK,
		    "partial client=h " GET " status=200 bytes=512 no-time" },
	};

	(void)state;
	CHECK(rows);
}

static void
test_unparsed(void **state)
{
	static const struct row rows[] = {
		{ "combined", "bobk_1987 did something at 203.0.113.7", "unparsed grammar" },
		{ "combined", "203.0.113.7" TIME OK " \"-\" \"-\"", "unparsed grammar" },
		{ "combined", "203.0.113.7 -" TIME OK " \"-\" \"-\"", "unparsed grammar" },
		{ "combined", "[24/Nov/2025:10:11:12 +0000] h " OK, "unparsed grammar" },
		{ "vhost_combined", HEAD OK " \"-\" \"-\"", "unparsed grammar" },
		{ "combined", "203.0.113.7 - bobk" TIME "\"GET /i", "unparsed cut" },
		{ "combined", HEAD "\"GET /i\"", "unparsed cut" },
		{ "combined", HEAD "\"GET /i\" \"x\" 3", "unparsed grammar" },
		{ "combined", "203.0.113.7 - - [24/Nov/20", "unparsed grammar" },
		{ "common", "h - - [24/Nov/2025:10:11:12 bob@example.org] " OK,
		    "unparsed grammar" },
		{ "common", "h - - [24/November/2025:10:11:12] " OK, "unparsed grammar" },
		{ "common", "h - - [bob] " OK, "unparsed grammar" },
		{ "combined", "\x01\x02\x03\x04 garbage", "unparsed binary" },
	};
	static const char nul[] = "\0\0" HEAD OK " \"-\" \"-\"";
	struct event ev;
	enum parse_reason reason;

	(void)state;
	CHECK(rows);
	assert_int_equal(
	    parse_one(&parse_formats[0], span_of(nul, sizeof(nul) - 1), scratch, &ev, &reason),
	    PARSE_UNPARSED);
	assert_int_equal(reason, PARSE_REASON_BINARY);
}

/* Lines that are still in an envelope, which the head of their file did not show. */
static void
test_wrapped(void **state)
{
#define BEHIND " 192.0.2.7 - -" TIME "\"GET / HTTP/1.1\"" TAIL
#define FRONT(peer) peer " - -" TIME "\"GET / HTTP/1.1\"" TAIL
	static const struct row rows[] = {
		{ "combined", "2025-11-24T10:11:12.5Z stdout F" BEHIND, "unparsed grammar" },
		{ "common", "2025-11-24T10:11:12.5+01:00 stderr P" BEHIND, "unparsed grammar" },
		{ "vhost_combined", "2025-11-24T10:11:12Z stdout F" BEHIND, "unparsed grammar" },
		{ "combined", FRONT("2025-11-24T10:11:12Z"), "unparsed grammar" },
		{ "combined", FRONT("2025-11-24"), "unparsed grammar" },
		{ "combined", FRONT("<134>1"), "unparsed grammar" },
		{ "vhost_combined", FRONT("2025-11-24 192.0.2.7"), "unparsed grammar" },
		{ "vhost_combined", FRONT("www 2025-11-24"), "unparsed grammar" },
		{ "vhost_combined", FRONT("<134>1 192.0.2.7"), "unparsed grammar" },
		{ "combined", "2025-11-24 10:11:12" BEHIND, "unparsed grammar" },
		{ "combined", "<134>Nov 24 10:11:12 www nginx:" BEHIND, "unparsed grammar" },
		{ "combined", "<134>1 2025-11-24T10:11:12Z www nginx - - -" BEHIND,
		    "unparsed grammar" },
		{ "vhost_combined", "<134>Nov 24 10:11:12 www nginx:" BEHIND, "unparsed grammar" },
		{ "vhost_combined", "www <134>1 -" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "unparsed grammar" },
		{ "combined", "Nov 24 10:11:12 www nginx:" BEHIND, "unparsed grammar" },
		{ "combined", "Nov  4 10:11:12 www nginx:" BEHIND, "unparsed grammar" },
		{ "vhost_combined", "Nov 24 10:11:12 www nginx:" BEHIND, "unparsed grammar" },
		/* Peers that only look like it. */
		{ "combined", FRONT("2025-13-24T10"),
		    "event client=2025-13-24T10 " GET UA " status=200 bytes=512" },
		{ "combined", FRONT("2025-11-24.example.com"),
		    "event client=2025-11-24.example.com " GET UA " status=200 bytes=512" },
		{ "combined", "Nov 24 frank" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=Nov ident=24 user=frank " GET UA " status=200 bytes=512" },
		{ "vhost_combined", "Nov 24 10:11:12 frank" TIME "\"GET / HTTP/1.1\"" TAIL,
		    "event client=24 ident=10:11:12 user=frank method=GET host=Nov target=/ "
		    "protocol=HTTP/1.1" UA " status=200 bytes=512" },
	};

	(void)state;
	CHECK(rows);
}

/* Hostile lines cost no more than a bounded number of readings. */
static void
test_bounds(void **state)
{
	static const char anchor[] = TIME "\"a";
	char *line = malloc(PARSE_LINE_MAX + 10);
	struct event ev;
	enum parse_reason reason;
	size_t len = 5;

	(void)state;
	memcpy(line, "h - x", 5);
	while (len + sizeof(anchor) < PARSE_LINE_MAX) {
		memcpy(line + len, anchor, sizeof(anchor) - 1);
		len += sizeof(anchor) - 1;
	}
	assert_int_equal(parse_one(&parse_formats[0], span_of(line, len), scratch, &ev, &reason),
	    PARSE_UNPARSED);
	assert_int_equal(reason, PARSE_REASON_AMBIGUOUS);
	memset(line, 'x', PARSE_LINE_MAX + 1);
	assert_int_equal(
	    parse_one(&parse_formats[0], span_of(line, PARSE_LINE_MAX + 1), scratch, &ev, &reason),
	    PARSE_UNPARSED);
	assert_int_equal(reason, PARSE_REASON_TOO_LONG);
	line[PARSE_LINE_MAX] = '\r';
	assert_int_equal(
	    parse_one(&parse_formats[0], span_of(line, PARSE_LINE_MAX + 1), scratch, &ev, &reason),
	    PARSE_UNPARSED);
	assert_int_equal(reason, PARSE_REASON_GRAMMAR);
	free(line);
}

static void
test_many_extras(void **state)
{
	char line[1024];
	size_t len = (size_t)snprintf(line, sizeof(line), HEAD OK " \"-\" \"-\"");
	struct event ev;
	enum parse_reason reason;

	(void)state;
	for (unsigned n = 1; n <= EVENT_EXTRA_MAX + 3; n++) {
		len += (size_t)snprintf(line + len, sizeof(line) - len, " e%u", n);
		assert_int_equal(
		    parse_one(&parse_formats[0], span_of(line, len), scratch, &ev, &reason),
		    n <= EVENT_EXTRA_MAX ? PARSE_EVENT : PARSE_PARTIAL);
		assert_int_equal(ev.extra_count, n <= EVENT_EXTRA_MAX ? n : EVENT_EXTRA_MAX);
	}
	assert_true(span_is(ev.extra[0].key, "field10"));
	assert_true(span_is(ev.extra[EVENT_EXTRA_MAX - 1].key, "field41"));
}

static void
test_unescape(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "\\x41\\x6a\\x6A", "Ajj" },
		{ "\\\\x41", "\\x41" },
		{ "\\n\\t\\r\\b\\f\\v\\a", "\n\t\r\b\f\v\a" },
		{ "\\x4", "\\x4" },
		{ "\\xg1", "\\xg1" },
		{ "\\x", "\\x" },
		{ "\\", "\\" },
		{ "a\\q", "a\\q" },
		{ "\\u0041", "\\u0041" },
		{ "\\x5Cx41", "\\x41" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *at = scratch;
		struct span got = parse_unescape(span_str(rows[i].in), &at);

		if (!span_is(got, rows[i].out))
			fail_msg("%s: %.*s", rows[i].in, (int)got.len, got.ptr);
		assert_true((size_t)(at - scratch) <= strlen(rows[i].in));
	}
}

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *f = &parse_formats[i];
		struct parser parser = { .format = f };
		struct span sample = span_str(f->sample);
		enum parse_result result = PARSE_META;
		struct parse_state reader;
		struct event ev;
		enum parse_reason reason;

		assert_true(i == 0 || strcmp(parse_formats[i - 1].name, f->name) < 0);
		assert_ptr_equal(parse_format_find(span_str(f->name)), f);
		parse_begin(&reader, &parser, 0);
		while (result == PARSE_META && sample.len > 0) {
			size_t len = span_find(sample, '\n');

			result =
			    parse_line(&reader, span_of(sample.ptr, len), scratch, &ev, &reason);
			sample = span_from(sample, len + 1);
		}
		assert_int_equal(result, PARSE_EVENT);
		assert_int_equal(sample.len, 0);
	}
	assert_string_equal(
	    parse_format_find(span_str("vhost_combined"))->name, "apache-vhost-combined");
	assert_null(parse_format_find(span_str("auto")));
	assert_null(parse_format_find(span_str("")));
	assert_null(parse_format_find(span_str("nginx ")));
}

/* AVX2 and plain marks agree for every length and place of a mark. */
static void
test_marks(void **state)
{
	static const char marks[] = "\" \\\x1f\x7f\xff[";
	char text[400];

	(void)state;
	if (!parse_marks_have_avx2()) {
		print_message("# SKIP: no AVX2 here\n");
		skip();
	}
	for (size_t len = 60; len < 300; len++) {
		for (size_t n = 0; n < 60; n++) {
			struct parse_marks a, b;
			bool got;

			memset(text, 'a', len);
			for (size_t k = 0; k < n % 20; k++)
				text[(k * 37 + n * 11) % len] =
				    marks[(k * n + len) % (n % 3 ? 2 : 7)];
			got = parse_marks_plain(span_of(text, len), &a);
			assert_int_equal(got, parse_marks_avx2(span_of(text, len), &b));
			if (!got)
				continue;
			assert_int_equal(a.quote_count, b.quote_count);
			assert_int_equal(a.blanks, b.blanks);
			assert_memory_equal(a.quote, b.quote, a.quote_count * sizeof(a.quote[0]));
		}
	}
}

/* So do bits, which tell of lines of any length; behind what they tell of they are zeros. */
static void
test_bits(void **state)
{
	static const char marks[] = "\" \"\\a";
	static char text[PARSE_BITS_LEN + 70];

	(void)state;
	if (!parse_marks_have_avx2()) {
		print_message("# SKIP: no AVX2 here\n");
		skip();
	}
	for (size_t len = 0; len <= sizeof(text); len += len == 300 ? 1700 : 1) {
		for (size_t n = 0; n < 20; n++) {
			struct parse_bits a, b;
			char *copy = text + sizeof(text) - len;

			memset(text, 'a', sizeof(text));
			for (size_t k = 0; k < n % 10 && len > 0; k++)
				copy[(k * 37 + n * 11) % len] = marks[(k * n + len) % (n % 3 ? 2 : 5)];
			parse_bits_plain(span_of(copy, len), &a);
			parse_bits_avx2(span_of(copy, len), &b);
			assert_int_equal(a.len, b.len);
			assert_int_equal(a.slash, b.slash);
			assert_true(a.len == len || a.len == PARSE_BITS_LEN);
			for (unsigned bit = 0; bit < PARSE_BIT_COUNT; bit++)
				assert_memory_equal(a.word[bit], b.word[bit],
				    (a.len + 63) / 64 * sizeof(a.word[bit][0]));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_tails),
		cmocka_unit_test(test_unparsed),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many_extras),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_bits),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
