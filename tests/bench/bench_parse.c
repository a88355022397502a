/*
 * How fast lines are parsed: ns a line and GB/s, on a made-up set of combined
 * lines, or on the lines of FILE.  usage: bench_parse [FORMAT [FILE]]
 * FORMAT may be a format string; without one, combined as such is measured, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "parse/addr.h"
#include "parse/clf/clf.h"
#include "parse/string/string.h"
#include "parse/timestamp.h"
#include "parse/event.h"

#define TEXT_BYTES (64u << 20)
#define LINES_MAX 200000
#define ROUNDS 20

static char scratch[PARSE_SCRATCH_BYTES];
static struct parse_state state;
static struct span lines[LINES_MAX];
static size_t line_count, text_len;

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec);
}

/* 1,000 lines of about 247 bytes: they stay in the cache. */
static size_t
make_text(char *out)
{
	size_t len = 0;

	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)sprintf(out + len,
		    "%u.%u.113.%u - - [%02u/Nov/2025:%02u:11:12 +0000] "
		    "\"GET /shop/products/category-%u/item-%u.html?page=%u HTTP/1.1\" 200 %u "
		    "\"https://www.example.com/shop/products/category-%u/\" "
		    "\"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
		    i % 200 + 1, i % 250, i % 256, i % 28 + 1, i % 24, i, i * 7, i % 9, i * 37, i);
	return (len);
}

static void
split(struct span text)
{
	text_len = 0;
	while (text.len > 0 && line_count < LINES_MAX) {
		size_t len = span_find(text, '\n');

		lines[line_count++] = span_of(text.ptr, len);
		text_len += len + 1;
		text = span_from(text, len + 1);
	}
}

enum what { WHOLE, CAREFUL, TIMES, ADDRESSES };

static double
once(enum what what)
{
	static const struct parse_clf shape = { .vhost = false, .combined = true };
	double start = now_ns();

	for (size_t i = 0; i < line_count; i++) {
		struct event ev;
		enum parse_reason reason;
		struct parse_addr addr;
		int64_t us;
		size_t at;

		if (what == WHOLE) {
			(void)parse_line(&state, lines[i], scratch, &ev, &reason);
		} else if (what == CAREFUL) {
			(void)parse_clf_careful(&shape, lines[i], scratch, &ev, &reason);
		} else if (what == ADDRESSES) {
			(void)parse_addr(span_of(lines[i].ptr, span_find(lines[i], ' ')), &addr);
		} else if ((at = span_find(lines[i], '[')) + 27 < lines[i].len) {
			(void)parse_time_clf(span_of(lines[i].ptr + at + 1, 26), &us);
		}
		__asm__ volatile("" ::: "memory");
	}
	return ((now_ns() - start) / (double)line_count);
}

static void
bench(const char *name, enum what what, const struct parser *parser)
{
	double best = 1e30, bytes = (double)text_len / (double)line_count;

	parse_begin(&state, parser, 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		double ns = once(what);

		if (ns < best)
			best = ns;
	}
	(void)printf(
	    "%-9s %7.1f ns a line of %.0f bytes  %6.2f GB/s\n", name, best, bytes, bytes / best);
}

/* FORMAT as a name, or as a format string; false if it is neither. */
static bool
find(const char *text, struct parser *parser)
{
	struct parse_string *string = NULL;

	*parser = (struct parser){ .format = parse_format_find(span_str(text)) };
	if (parser->format == NULL &&
	    parse_string_compile(span_str(text), PARSE_STRING_AUTO, &string, NULL) == 0) {
		parser->format = parse_string_format(string);
		parser->string = string;
	}
	return (parser->format != NULL);
}

/* What combined is as a format string: read as the preset, and field by field. */
static void
bench_strings(void)
{
#define COMBINED \
	"$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent " \
	"\"$http_referer\" \"$http_user_agent\""
	struct parser parser;

	if (find(COMBINED, &parser))
		bench("string", WHOLE, &parser);
	parse_string_free((struct parse_string *)(uintptr_t)parser.string);
	if (find("escape=json " COMBINED, &parser)) /* no preset has these escapes */
		bench("program", WHOLE, &parser);
	parse_string_free((struct parse_string *)(uintptr_t)parser.string);
}

int
main(int argc, char **argv)
{
	struct parser parser;
	bool known = find(argc > 1 ? argv[1] : "apache-combined", &parser);
	char *text = malloc(TEXT_BYTES);
	FILE *f = argc > 2 ? fopen(argv[2], "rb") : NULL;

	if (!known || text == NULL || (argc > 2 && f == NULL)) {
		(void)fprintf(stderr, "usage: bench_parse [FORMAT [FILE]]\n");
		return (2);
	}
	split(span_of(text, f == NULL ? make_text(text) : fread(text, 1, TEXT_BYTES, f)));
	if (line_count > 0) {
		bench("line", WHOLE, &parser);
		bench("careful", CAREFUL, &parser);
		bench("time", TIMES, &parser);
		bench("address", ADDRESSES, &parser);
		if (argc == 1)
			bench_strings();
	}
	if (f != NULL)
		(void)fclose(f);
	parse_string_free((struct parse_string *)(uintptr_t)parser.string);
	free(text);
	return (0);
}
