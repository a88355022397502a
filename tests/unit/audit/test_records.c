/* The verifier's quick look at a record says what the decoder says, whatever byte is another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/segment.h"

static const char *const lines[] = {
	"{\"time\":\"2026-11-25T03:00:00.000Z\",\"client\":\"ip.aaaabbbbccccdddd\","
	"\"path\":\"/x/abcdefghijklmnopqrstuvwxyz/y\",\"status\":200,\"bytes\":-5}",
	"{\"time\":\"2026-11-25T03:00:00.000123Z\",\"forwarded\":[\"ip.a\",\"b\"],\"status\":0,"
	"\"duration_us\":123456789012345678,\"agent\":\"Firefox\"}",
	"{\"time\":\"2026-11-25T03:00:00.000Z\",\"query\":\"a=\\\"b\\\"\",\"extra\":{\"k\":\"v\"},"
	"\"state\":\"partial\"}",
	"{\"time\":\"2026-11-25T03:00:00.000Z\"}",
};

/* Of just its length, so that a sanitizer sees what reads on. */
static void
compare(const char *bytes, size_t len, const char *what, size_t at)
{
	static struct audit_records memory;
	static struct record_decoder decoder;
	static struct record record;
	struct record_facts facts;
	char *copy = malloc(len);
	struct span line = span_of(copy, len);
	int want, got;

	memcpy(copy, bytes, len);
	/* A state that no writer has is one more that the facts refuse. */
	want = record_decode(&decoder, line, &record, NULL) == -1 ||
		record_peek(line, &facts, NULL) == -1 ? -1 : 0;
	got = audit_record_check(&memory, line, &facts);
	if (want != got)
		fail_msg("%s at byte %zu: %d, not %d: %.*s", what, at, got, want, (int)len, copy);
	free(copy);
}

static void
change_at(const char *line, size_t at)
{
	static const char bytes[] = "\"\\\x1f\x7f\x80,]}[{:-+0159aZ \n";
	size_t len = strlen(line);
	char changed[400];

	for (size_t i = 0; i < sizeof(bytes); i++) { /* with the NUL */
		memcpy(changed, line, len);
		changed[at] = bytes[i];
		compare(changed, len, "another byte", at);
		memcpy(changed + at + 1, line + at, len - at);
		compare(changed, len + 1, "one more", at);
	}
	memcpy(changed, line, at);
	memcpy(changed + at, line + at + 1, len - at - 1);
	compare(changed, len - 1, "one less", at);
	if (at > 0)
		compare(line, at, "cut", at);
}

static void
test_each_byte(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		static struct record_decoder decoder;
		static struct record record;

		if (record_decode(&decoder, span_str(lines[i]), &record, NULL) == -1)
			fail_msg("line %zu is no record", i);
		compare(lines[i], strlen(lines[i]), "nothing", 0);
		for (size_t at = 0; at < strlen(lines[i]); at++)
			change_at(lines[i], at);
	}
}

/* What is allowed in each value, by its length too. */
static void
test_lengths(void **state)
{
	static char line[2 * RECORD_BYTES_MAX];

	for (size_t n = RECORD_TEXT_MAX - 20; n <= RECORD_TEXT_MAX + 20; n++) {
		size_t len = (size_t)sprintf(line, "{\"time\":\"2026-11-25T03:00:00.000Z\",\"path\":\"");

		memset(line + len, 'a', n);
		len += n + (size_t)sprintf(line + len + n, "\"}");
		compare(line, len, "a text's length", n);
	}
	for (size_t n = 1; n <= RECORD_FORWARDED_MAX + 2; n++) {
		size_t len =
		    (size_t)sprintf(line, "{\"time\":\"2026-11-25T03:00:00.000Z\",\"forwarded\":[");

		for (size_t i = 0; i < n; i++)
			len += (size_t)sprintf(line + len, "%s\"ip.a\"", i == 0 ? "" : ",");
		len += (size_t)sprintf(line + len, "]}");
		compare(line, len, "a list's length", n);
	}
	for (int n = 1; n <= 22; n++) {
		size_t len = (size_t)sprintf(line,
		    "{\"time\":\"2026-11-25T03:00:00.000Z\",\"bytes\":%.*s}", n,
		    "9999999999999999999999");

		compare(line, len, "a number's length", (size_t)n);
	}
}

/*
 * Which text is a token?  Of an import whose only epoch is a week before the
 * record's time, just these are not covered.
 */
static const struct {
	const char *text;
	bool is_token;
} tokens[] = {
	{ "ip.abcdefghij234567", true },
	{ "ua.abcdefghij234567", true },
	{ "-ip.abcdefghij234567-", true },
	{ "and far behind, and not at a place that is easy: ip.abcdefghij234567 is", true },
	{ "ip.abcdefghij23456", false },
	{ "ip.abcdefghij2345678", false },
	{ "ip.abcdefghij234567a", false },
	{ "ip.abcdefghij2345_7", false },
	{ "ip.abcdefgh1j234567", false },
	{ "ip.abcdefghiJ234567", false },
	{ "xip.abcdefghij234567", false },
	{ "0ip.abcdefghij234567", false },
	{ "zz.abcdefghij234567", false },
	{ "Zp.abcdefghij234567", false },
	{ "t{.abcdefghij234567", false },
	{ "ip-abcdefghij234567", false },
	{ "ip.a.b.c.d.e.f.g.h.i.j.k.l.m", false },
	{ "", false },
};

static void
test_tokens(void **state)
{
	static struct audit_epochs epochs;
	struct span weeks = span_str("{\"ip\":[\"2025-W47\"],\"ua\":[\"2025-W47\"]}");
	int64_t of_week = INT64_C(1763640000000000), later = of_week + INT64_C(604800000000);

	assert_int_equal(audit_epochs_read(weeks, &epochs), 0);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		char line[200];
		int len = snprintf(line, sizeof(line),
		    "{\"time\":\"2025-11-27T00:00:00.000Z\",\"path\":\"%s\"}", tokens[i].text);

		if (audit_epochs_cover(&epochs, span_of(line, (size_t)len), later) ==
		    tokens[i].is_token)
			fail_msg("%s", tokens[i].text);
		assert_true(audit_epochs_cover(&epochs, span_of(line, (size_t)len), of_week));
	}
}

/* More weeks than an import may have are not read: there is no room for them. */
static void
test_weeks(void **state)
{
	static struct audit_epochs epochs;

	for (unsigned weeks = AUDIT_WEEKS - 1; weeks <= AUDIT_WEEKS + 1; weeks++) {
		struct buf text = { 0 };

		buf_str(&text, "{\"ip\":[");
		for (unsigned i = 0; i < weeks; i++)
			buf_fmt(&text, "%s\"%u-W%02u\"", i == 0 ? "" : ",", 2020 + i / 50,
			    1 + i % 50);
		buf_str(&text, "]}");
		assert_int_equal(audit_epochs_read(buf_view(&text), &epochs),
		    weeks <= AUDIT_WEEKS ? 0 : -1);
		buf_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_weeks),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
