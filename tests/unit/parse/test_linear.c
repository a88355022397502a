/*
 * parse: eight times the bytes take about eight times the time, whatever they
 * are.  Time is that of this thread, the least of several runs; what is
 * suspected is measured again.  All positions with CRETULA_LONG, else a few.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "parse/event.h"
#include "parse/piece.h"
#include "parse/string/string.h"

#define SHORT ((size_t)8000)
#define LONG (8 * SHORT)
#define PLACES 24
#define TIMES_MOST 24 /* 8 is linear, 64 is quadratic */
#define NS_LEAST 400000 /* below that 64 KB are linear enough */
#define TRIES 6

static char line[PARSE_LINE_MAX + 8], scratch[PARSE_SCRATCH_BYTES];

static const char *const units[] = { "\"", "\\", "\\\"", "\"\"", "[", "]", "{", "}", "(", ")", " ",
	",", ":", "=", ";", "|", "'", "1", "a", "A", "%", "%25", ".", "/", "\t", "-", "- ", "] [", "\" \"",
	"\",\"", "{\"a\":", "\"a\":1,", "[1,", "a=b ", "a=\"", "a=b|c=", "\\x22", "\\u0041", ", client: ",
	", request: \"", ": ", " - ", "[a] ", "] ", ") ", "a, ", "a b=c ", "\xc3\xa9", "\x80", "::",
	"1.2.3.4, ", "GET / HTTP/1.1\" ", "{} ", "<1>", " from ", " port ", "LOG:  ", "(a) ", "a[1]: ",
	"\\\\", "\n", "\n\t", "\n{", "}\n", ",{}", "]}", "\"a b\" ", "1 ", "0x", "1e", "\"k\":\"v\",", "\\n", "#012", "24/Nov/2025:10:11:12 +0000] " };

struct parsers {
	struct parser parser;
	struct parse_state state;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

/* before, unit again and again, after: len bytes. */
static struct span
make(struct span before, const char *unit, struct span after, size_t len)
{
	size_t at = before.len, size = strlen(unit);

	memcpy(line, before.ptr, at);
	while (at + size + after.len <= len) {
		memcpy(line + at, unit, size);
		at += size;
	}
	memcpy(line + at, after.ptr, after.len);
	return (span_of(line, at + after.len));
}

/* Cut into pieces, as lines of a file are, and read. */
static uint64_t
time_ns(struct parsers *p, struct span text)
{
	uint64_t start = now_ns();

	while (text.len > 0) {
		struct parse_piece piece = { .text = text, .len = text.len };
		enum parse_reason reason;
		struct event ev;

		if (p->state.pieces != NULL)
			p->state.pieces(&p->parser, text, &piece);
		(void)parse_line(&p->state, piece.text, scratch, &ev, &reason);
		text = span_from(text, piece.len);
	}
	return (now_ns() - start);
}

static uint64_t
least_ns(struct parsers *p, struct span text, unsigned runs)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < runs; i++) {
		uint64_t ns = time_ns(p, text);

		least = ns < least ? ns : least;
	}
	return (least);
}

static bool
is_linear(struct parsers *p, struct span before, const char *unit, struct span after)
{
	for (unsigned runs = 1; runs <= TRIES; runs += 2) {
		uint64_t many = least_ns(p, make(before, unit, after, LONG), runs), few;

		if (many < NS_LEAST)
			return (true);
		few = least_ns(p, make(before, unit, after, SHORT), runs);
		if (many <= TIMES_MOST * few)
			return (true);
		if (runs == TRIES - 1)
			print_error("%u us for %zu bytes, %u us for %zu\n", (unsigned)(few / 1000),
			    SHORT, (unsigned)(many / 1000), LONG);
	}
	return (false);
}

/* With each unit at several places of a line that is right. */
static unsigned
try_sample(struct parsers *p, const char *name, struct span sample)
{
	unsigned bad = 0, places = getenv("CRETULA_LONG") != NULL ? PLACES : 2;
	static unsigned turn;

	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		for (unsigned i = 0; i <= places; i++) {
			/* In short runs other places for each unit; the start always. */
			size_t at = i == 0 ? 0 : places == PLACES ? sample.len * i / PLACES :
								    (++turn * 2654435761u >> 8) % sample.len;
			struct span before = span_of(sample.ptr, at);

			if (is_linear(p, before, units[u], i % 2 == 0 ? span_from(sample, at) :
									span_of("", 0)))
				continue;
			print_error("%s: %s at byte %zu\n", name, units[u], at);
			bad++;
		}
	return (bad);
}

static void
begin(struct parsers *p)
{
	parse_begin(&p->state, &p->parser, INT64_C(1764000000000000));
}

static void
every_format(void **state)
{
	unsigned bad = 0;

	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *f = &parse_formats[i];
		struct parsers p = { .parser = { .format = f } };
		struct span sample = span_str(f->sample);
		enum parse_reason reason;
		struct event ev;
		size_t head = span_find(sample, '\n');

		begin(&p);
		if (head < sample.len) {
			(void)parse_line(&p.state, span_of(sample.ptr, head), scratch, &ev, &reason);
			sample = span_from(sample, head + 1);
		}
		bad += try_sample(&p, f->name, sample);
	}
	assert_int_equal(bad, 0);
}

static void
every_envelope(void **state)
{
	static const struct {
		enum parse_envelope envelope;
		const char *sample;
	} rows[] = {
		{ PARSE_ENVELOPE_CRI, "2025-11-24T10:11:12.003Z stdout P text" },
		{ PARSE_ENVELOPE_DOCKER,
		    "{\"log\":\"text\\n\",\"stream\":\"stdout\",\"time\":\"2025-11-24T10:11:12.003Z\"}" },
		{ PARSE_ENVELOPE_JOURNAL,
		    "__REALTIME_TIMESTAMP=1763979072500000\n_HOSTNAME=web1\nMESSAGE=text\n" },
		{ PARSE_ENVELOPE_SYSLOG, "<38>Nov 24 10:11:12 host sshd[991]: message" },
		{ PARSE_ENVELOPE_SYSLOG,
		    "<38>1 2025-11-24T10:11:12.003Z host sshd 991 - [a@1 b=\"c\"] message" },
	};
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsers p = { .parser = { .format = parse_format_find(span_str("text")),
					 .envelope = { rows[i].envelope } } };

		begin(&p);
		bad += try_sample(&p, rows[i].sample, span_str(rows[i].sample));
	}
	assert_int_equal(bad, 0);
}

static void
format_strings(void **state)
{
	static const struct {
		const char *text, *sample;
	} rows[] = {
		{ "$remote_addr [$time_local] \"$request\" $status $http_referer \"$upstream_addr\" x$args",
		    "192.0.2.7 [24/Nov/2025:10:11:12 +0000] \"GET / HTTP/1.1\" 200 - \"10.0.0.1:80\" xa=b" },
		{ "%h %{%d/%b/%Y}t \"%r\" %>s \"%{Referer}i\" %{X-Own}o|%U%q",
		    "192.0.2.7 24/Nov/2025 \"GET / HTTP/1.1\" 200 \"-\" a|/b?c" },
		{ "%d %-5p [%t] %c{1} %X{user} - %m%n",
		    "2025-11-24 10:11:12,345 INFO  [main] Shop erika - done" },
	};
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsers p = { .parser = { .format = NULL } };
		struct parse_string *made;
		struct err e;

		if (parse_string_compile(span_str(rows[i].text), PARSE_STRING_AUTO, &made, &e) == -1)
			fail_msg("%s: %s", rows[i].text, e.text);
		p.parser.string = made;
		p.parser.format = parse_string_format(made);
		begin(&p);
		bad += try_sample(&p, rows[i].text, span_str(rows[i].sample));
		parse_string_free(made);
	}
	assert_int_equal(bad, 0);
}

static enum parse_result
slow_line(struct parse_state *state, struct span text, char *room, struct event *ev,
    enum parse_reason *reason)
{
	unsigned sum = 0;

	for (size_t i = 0; i < text.len; i++)
		for (size_t j = 0; j < i; j += 64)
			sum = sum * 31 + (unsigned char)text.ptr[j];
	return (sum == 1 ? PARSE_UNPARSED : PARSE_META);
}

/* A format that is quadratic is found out. */
static void
what_is_slow(void **state)
{
	static const struct parse_format slow = { .name = "slow", .line = slow_line };
	struct parsers p = { .parser = { .format = &slow } };

	begin(&p);
	assert_false(is_linear(&p, span_of("", 0), "a", span_of("", 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_slow),
		cmocka_unit_test(every_format),
		cmocka_unit_test(every_envelope),
		cmocka_unit_test(format_strings),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
