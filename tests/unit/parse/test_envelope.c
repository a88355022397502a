/* parse: what a line was wrapped in, and what is left of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/scan.h"
#include "parse/envelope/envelope.h"
#include "parse/field.h"
#include "parse/piece.h"

#define NOW_US (INT64_C(1764000000) * 1000000) /* 2025-11-24T16:00:00Z */

static char scratch[PARSE_SCRATCH_BYTES];

/* A format whose event is the line itself. */
static enum parse_result
line_of(struct parse_state *state, struct span line, char *room, struct event *ev,
    enum parse_reason *reason)
{
	parse_field_clear(ev);
	parse_field_text(ev, EVENT_MESSAGE, line);
	return (PARSE_EVENT);
}

static const struct parse_format plain = { .name = "plain", .line = line_of };

/* "s" and so on: the envelopes, outermost first. */
static struct parser
parser_of(const char *envelopes)
{
	struct parser parser = { .format = &plain };

	for (size_t i = 0; envelopes[i] != '\0'; i++)
		parser.envelope[i] = envelopes[i] == 's' ? PARSE_ENVELOPE_SYSLOG :
		    envelopes[i] == 'd'                  ? PARSE_ENVELOPE_DOCKER :
		    envelopes[i] == 'c'                  ? PARSE_ENVELOPE_CRI :
							   PARSE_ENVELOPE_JOURNAL;
	return (parser);
}

static size_t
put(char *out, size_t size, const char *name, struct span text)
{
	return ((size_t)snprintf(out, size, "%s%.*s|", name, (int)text.len, text.ptr));
}

static void
show(const char *envelopes, const char *line, char *out, size_t size)
{
	struct parser parser = parser_of(envelopes);
	enum parse_reason reason;
	struct parse_state state;
	struct event ev;
	size_t used = 0;

	parse_begin(&state, &parser, NOW_US);
	if (parse_line(&state, span_str(line), scratch, &ev, &reason) != PARSE_EVENT) {
		snprintf(out, size, "none");
		return;
	}
	if (ev.time_ok)
		used += (size_t)snprintf(out, size, "%lld|", (long long)(ev.time_us / 1000));
	if (event_has(&ev, EVENT_SERVER))
		used += put(out + used, size - used, "@", ev.text[EVENT_SERVER]);
	if (event_has(&ev, EVENT_LEVEL))
		used += put(out + used, size - used, "!", ev.text[EVENT_LEVEL]);
	for (unsigned i = 0; i < ev.extra_count; i++) {
		used += (size_t)snprintf(out + used, size - used, "%.*s=", (int)ev.extra[i].key.len,
		    ev.extra[i].key.ptr);
		used += put(out + used, size - used, "", ev.extra[i].value);
	}
	if (ev.extra_more > 0)
		used += (size_t)snprintf(out + used, size - used, "+%u|", ev.extra_more);
	if (event_has(&ev, EVENT_MESSAGE))
		(void)put(out + used, size - used, "", ev.text[EVENT_MESSAGE]);
}

#define T0 "1763979072000|" /* 2025-11-24T10:11:12Z */

static const struct row {
	const char *envelopes, *line, *want;
} rows[] = {
	{ "s", "<38>Nov 24 10:11:12 web1 sshd[991]: Failed password",
	    T0 "@web1|!info|program=sshd|Failed password|" },
	{ "s", "Nov 24 10:11:12 web1 sshd[991]: x", T0 "@web1|program=sshd|x|" },
	{ "s", "<13>Nov 24 10:11:12 prog[1]: no machine", T0 "!notice|program=prog|no machine|" },
	{ "s", "<13>Nov 24 10:11:12 prog: no machine", T0 "!notice|program=prog|no machine|" },
	{ "s", "Nov  4 10:11:12 web1 kernel: x", "1762251072000|@web1|program=kernel|x|" },
	{ "s", "Nov 4 10:11:12 web1 kernel: x", "1762251072000|@web1|program=kernel|x|" },
	{ "s", "Nov 4 2023 10:11:12 web1 a: x", "1699092672000|@web1|program=a|x|" },
	{ "s", "Nov 24 10:11:12.25 web1 a: x", "1763979072250|@web1|program=a|x|" },
	{ "s", "Nov 24 2023 10:11:12 web1 a: x", "1700820672000|@web1|program=a|x|" },
	{ "s", "2025-11-24T11:11:12.000+01:00 web1 a[1]: x", T0 "@web1|program=a|x|" },
	{ "s", "Nov 24 10:11:12 mac com.apple.x[1] (y.z): hello",
	    T0 "@mac|program=com.apple.x|hello|" },
	{ "s", "Nov 24 10:11:12 web1 last message repeated 2 times",
	    T0 "@web1|last message repeated 2 times|" },
	/* the year: the last in which it is not tomorrow's tomorrow */
	{ "s", "Nov 25 15:00:00 web1 a: x", "1764082800000|@web1|program=a|x|" },
	{ "s", "Nov 26 15:00:00 web1 a: x", "1732633200000|@web1|program=a|x|" },
	{ "s", "Feb 29 00:00:00 web1 a: x", "1709164800000|@web1|program=a|x|" },
	{ "s", "<34>1 2025-11-24T10:11:12.000Z web1 app 77 ID47 - hello",
	    T0 "@web1|!crit|program=app|hello|" },
	{ "s", "<34>1 - - - - - -", "none" },
	{ "s", "<34>1 - - app - - - x", "!crit|program=app|x|" },
	{ "s", "<34>1 - - app - - -  x", "!crit|program=app|x|" }, /* as rsyslog hands on */
	{ "s",
	    "<134>1 2025-11-24T10:11:12Z web1 app 77 ID47 [auth@32473 user=\"bob\" note=\"a "
	    "\\\"q\\\" "
	    "\\] b\"][x y=\"\"] \xef\xbb\xbflogin",
	    T0 "@web1|!info|program=app|user=bob|note=a \\\"q\\\" \\] b|login|" },
	{ "s", "63 <34>1 2025-11-24T10:11:12.000Z web1 app 77 ID47 - hello\nworld",
	    T0 "@web1|!crit|program=app|hello\nworld|" },
	/* none, and so the line itself */
	{ "s", "<999>Nov 24 10:11:12 web1 a: x", "<999>Nov 24 10:11:12 web1 a: x|" },
	{ "s", "<34>1 yesterday web1 a - - - x", "<34>1 yesterday web1 a - - - x|" },
	{ "s", "Nov 32 10:11:12 web1 a: x", "Nov 32 10:11:12 web1 a: x|" },
	{ "s", "plain", "plain|" },
	{ "c", "2025-11-24T10:11:12.000000000Z stdout F GET /", T0 "stream=stdout|GET /|" },
	{ "c",
	    "2025-11-24T10:11:12.000000000Z stderr P one \n"
	    "2025-11-24T10:11:13.000000000Z stderr F two",
	    T0 "stream=stderr|one two|" },
	{ "c", "2025-11-24T10:11:12Z stdin F x", "2025-11-24T10:11:12Z stdin F x|" },
	{ "d",
	    "{\"log\":\"a "
	    "\\\"b\\\"\\n\",\"stream\":\"stdout\",\"time\":\"2025-11-24T10:11:12.000Z\"}",
	    T0 "stream=stdout|a \"b\"|" },
	{ "d", "{\"log\":\"\\n\",\"stream\":\"stdout\",\"time\":\"2025-11-24T10:11:12.000Z\"}",
	    "none" },
	{ "d", "{\"log\":1}", "{\"log\":1}|" },
	{ "j",
	    "__REALTIME_TIMESTAMP=1763979072000000\n_HOSTNAME=web1\nPRIORITY=6\n_COMM=python\n"
	    "SYSLOG_IDENTIFIER=app\nMESSAGE=hello = world\n",
	    T0 "@web1|!info|program=app|hello = world|" },
	{ "j", "MESSAGE=x\n", "MESSAGE=x\n|" },
	{ "j", "MESSAGE=x\n__REALTIME_TIMESTAMP=1763979072000000\nMESSAGE=y\nMESSAGE=z\n",
	    T0 "+2|z|" },
	{ "js", "__REALTIME_TIMESTAMP=1763979072000000\nMESSAGE=x\nMESSAGE=<13>Nov 24 10:11:12 "
		"prog: y\n", T0 "!notice|program=prog|+1|y|" },
	/* one in the other */
	{ "ds",
	    "{\"log\":\"<38>Nov 24 10:11:13 web1 sshd[991]: x\\n\",\"stream\":\"stdout\","
	    "\"time\":\"2025-11-24T10:11:12.000Z\"}",
	    "1763979073000|@web1|!info|program=sshd|stream=stdout|x|" },
	{ "csd",
	    "2025-11-24T10:11:12.000000000Z stdout F Nov 24 10:11:12 web1 a: "
	    "{\"log\":\"x\\n\",\"time\":\"2025-11-24T10:11:14.000Z\"}",
	    "1763979074000|@web1|program=a|stream=stdout|x|" },
};

static void
what_is_inside_is_read(void **state)
{
	char got[2048];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		show(rows[i].envelopes, rows[i].line, got, sizeof(got));
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s\n  got  %s\n  want %s", rows[i].envelopes, rows[i].line,
			    got, rows[i].want);
	}
}

/* Cut anywhere, a line is read or left as it is; no byte outside of it is. */
static void
cut_lines_are_read_too(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].line);

		for (size_t cut = 0; cut < len; cut++) {
			struct parser parser = parser_of(rows[i].envelopes);
			enum parse_reason reason;
			struct parse_state ps;
			struct event ev;
			char *copy = test_malloc(cut + 1);

			memcpy(copy, rows[i].line, cut);
			parse_begin(&ps, &parser, NOW_US);
			(void)parse_line(&ps, span_of(copy, cut), scratch, &ev, &reason);
			test_free(copy);
		}
	}
}

/* ---- pieces ---- */

static void
check_pieces(const char *envelopes, struct span bytes, const char *want)
{
	struct parser parser = parser_of(envelopes);
	char got[4096];
	size_t used = 0;

	for (struct span rest = bytes; rest.len > 0;) {
		struct parse_piece piece;

		parse_pieces (&parser)(&parser, rest, &piece);
		used += (size_t)snprintf(
		    got + used, sizeof(got) - used, "%zu%s|", piece.len, piece.open ? "+" : "");
		rest = span_from(rest, piece.len);
	}
	assert_string_equal(got, want);
}

static void
parts_belong_together(void **state)
{
	static const char binary[] = "A=1\nMESSAGE\n\x05\0\0\0\0\0\0\0a\n\nbc\nB=2\n\nA=1\n";
	struct buf docker = { 0 };

	check_pieces("s", span_str("a\n\tb\nc\n"), "5|2+|");
	check_pieces("s", span_str("11 <34>1 - - -3 <1>\n"), "14|6|");
	check_pieces("s", span_str("99 <34>1"), "8+|");
	check_pieces("c",
	    span_str("2025-11-24T10:11:12.000Z stdout P a\n2025-11-24T10:11:12.000Z stdout F b\n"
		     "2025-11-24T10:11:12.000Z stdout P c\n2025-11-24T10:11:12.000Z stderr F d\n"
		     "2025-11-24T10:11:12.000Z stdout P e\n"),
	    "72|108+|");
	check_pieces("j", span_str("garbage line\nMESSAGE=x\n\nMESSAGE=y\n\n"), "13|11|11|");
	check_pieces("j", span_of(binary, sizeof(binary) - 1), "31|4+|");
	check_pieces("d", span_str("{\"log\":\"a\",\"time\":\"x\"}\n{}\n"), "23|3|");
	buf_str(&docker, "{\"log\":\"");
	for (unsigned i = 0; i < 16384; i++)
		buf_char(&docker, 'a');
	buf_str(&docker, "\",\"time\":\"2025-11-24T10:11:12.000Z\"}\n");
	check_pieces("d", buf_view(&docker), "16429+|");
	buf_str(&docker, "{\"log\":\"b\\n\",\"time\":\"2025-11-24T10:11:12.000Z\"}\n");
	check_pieces("d", buf_view(&docker), "16477|");
	memcpy(docker.data + 16389, "\\\\n", 3); /* a backslash and an n: the line goes on */
	check_pieces("d", buf_view(&docker), "16477|");
	memcpy(docker.data + 16389, "a\\n", 3);
	check_pieces("d", buf_view(&docker), "16429|48|");
	buf_free(&docker);
}

/* Whoever fills a part of 16 KiB to its end says what the next one begins with. */
static void
no_part_passes_for_a_line(void **state)
{
#define T "2025-11-24T10:11:12.000Z "
	struct parser parser = { .format = parse_format_find(span_str("text")),
		.envelope = { PARSE_ENVELOPE_CRI } };
	struct buf line = { 0 };
	struct parse_piece piece;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		buf_str(&line, T "stdout P ");
		for (unsigned j = 0; j < 16384; j++)
			buf_char(&line, 'a');
		buf_char(&line, '\n');
	}
	parse_pieces(&parser)(&parser, buf_view(&line), &piece);
	assert_int_equal(piece.len, line.len);
	assert_true(piece.open);
	buf_str(&line, T "stdout F forged\n");
	parse_pieces(&parser)(&parser, buf_view(&line), &piece);
	assert_int_equal(piece.len, line.len);
	assert_false(piece.open);
	line.len -= strlen(T "stdout F forged\n");
	buf_str(&line, T "stderr F b\n" T "stdout F forged\n" T "stdout F c\n");
	parse_pieces(&parser)(&parser, buf_view(&line), &piece);
	assert_int_equal(piece.len, line.len - strlen(T "stdout F c\n"));
	assert_true(piece.mixed);
	buf_free(&line);
}

/* Who masks them has room for as many records as were asked for. */
static void
no_more_records_than_asked_for(void **state)
{
	struct parser parser = { .format = parse_format_find(span_str("text")),
		.envelope = { PARSE_ENVELOPE_CRI } };
	struct buf lines = { 0 };
	struct span rest;

	(void)state;
	for (unsigned i = 0; i < 60000; i++)
		buf_str(&lines, i % 3000 == 0 ? T "stdout P a\n" :
			i % 3000 == 2999      ? T "stdout F b\n" :
						T "stderr F c\n");
	buf_str(&lines, T "stdout P a\n");
	for (unsigned i = 0; i < 20000; i++)
		buf_str(&lines, T "stderr F c\n");
	for (rest = buf_view(&lines); rest.len > 0;) {
		size_t len = parse_whole(&parser, rest, 8192, true), stop;

		assert_true(len > 0);
		assert_true(scan_count_lines(span_of(rest.ptr, len), SIZE_MAX, &stop) <= 8192);
		rest = span_from(rest, len);
	}
	buf_free(&lines);
#undef T
}

/* Of a piece with two streams: what each record is, and how many lines are its own. */
static void
streams(void **state)
{
#define T "2025-11-24T10:11:12.000Z "
	static const struct {
		const char *claim, *bytes, *want; /* text and lines of each; + if more may come */
	} groups[] = {
		{ "one goes on behind the other", T "stdout P a\n" T "stderr F b\n" T "stdout F c\n",
		    "b 1|ac 2|" },
		{ "both are open", T "stdout P a\n" T "stderr P b\n" T "stdout F c\n" T "stderr F d\n",
		    "ac 2|bd 2|" },
		{ "a whole one comes between", T "stdout P a\n" T "stderr P b\n" T "stdout F c\n" T
		    "stdout F e\n" T "stderr F d\n", "ac 2|e 1|bd 2|" },
		{ "one never ends", T "stdout P a\n" T "stderr F b\n", "+a 1|b 1|" },
		{ "something else comes", T "stdout P a\n" T "stderr P b\nelse\n", "a 1|b 1|" },
		{ "half a line comes", T "stdout P a\n" T "stderr P b\n2025", "+a 1|b 1|" },
	};
	struct parser parser = { .format = parse_format_find(span_str("text")),
		.envelope = { PARSE_ENVELOPE_CRI } };
	static char scratch_of_peel[PARSE_SCRATCH_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct span bytes = span_str(groups[i].bytes);
		struct parse_group group;
		struct parse_piece piece;
		char got[256];
		size_t used;

		parse_pieces(&parser)(&parser, bytes, &piece);
		assert_true(piece.mixed);
		used = (size_t)snprintf(got, sizeof(got), "%s", piece.open ? "+" : "");
		parse_group_begin(&parser, span_of(bytes.ptr, piece.len), &group);
		while (parse_group_next(&group, &piece)) {
			struct parse_peel p = { .text = piece.text, .scratch = scratch_of_peel,
				.room = PARSE_LINE_MAX };

			assert_true(parse_peel_cri(&p));
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%.*s %u|",
			    (int)p.text.len, p.text.ptr, piece.line_ends);
		}
		if (strcmp(got, groups[i].want) != 0)
			fail_msg("%s: %s, want %s", groups[i].claim, got, groups[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams),
		cmocka_unit_test(no_part_passes_for_a_line),
		cmocka_unit_test(no_more_records_than_asked_for),
		cmocka_unit_test(what_is_inside_is_read),
		cmocka_unit_test(cut_lines_are_read_too),
		cmocka_unit_test(parts_belong_together),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
