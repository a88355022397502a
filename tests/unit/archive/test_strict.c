/* What the second pass takes away, and what it leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "archive/inside.h"
#include "base/err.h"
#include "crypto/random.h"
#include "stats/counts.h"

#define T "{\"time\":\"2026-11-25T12:34:56.789Z\""
#define H "{\"time\":\"2026-11-25T12:00:00.000Z\""
#define IP "ip.abcdefghij234567"
#define SG "sg.abcdefghij234567"
#define K 3

static struct archive *a;

/* Line, with client if there is one, through record_decode. */
static void
read_line(const char *line, struct record_decoder *dec, struct record *r)
{
	struct err e;

	if (record_decode(dec, span_str(line), r, &e) == -1)
		fail_msg("%s: %s", line, e.text);
}

/* As strict as if others subjects had the same values. */
static const char *
strict(const char *line, unsigned others)
{
	static struct record_decoder dec;
	static char out[RECORD_BYTES_MAX];
	struct record_encoder enc = { 0 };
	struct record r;
	char client[32];

	archive_begin(a);
	for (unsigned i = 0; i < others; i++) {
		read_line(line, &dec, &r);
		(void)snprintf(client, sizeof(client), "ip.%016u", i);
		record_set_text(&r, RECORD_FIELD_CLIENT, span_str(client));
		archive_count(a, &r);
	}
	read_line(line, &dec, &r);
	archive_count(a, &r);
	archive_strict(a, &r);
	out[record_encode(&enc, &r, out) - 1] = '\0';
	return (out);
}

static const struct {
	const char *claim;
	unsigned others;
	const char *in, *out;
} rows[] = {
	{ "time is cut to the hour", 0, T "}", H "}" },
	{ "before 1970 too", 0, "{\"time\":\"1969-12-31T23:59:59.999Z\"}",
	    "{\"time\":\"1969-12-31T23:00:00.000Z\"}" },
	{ "the year 1 has a first hour", 0, "{\"time\":\"0001-01-01T00:59:59.999999Z\"}",
	    "{\"time\":\"0001-01-01T00:00:00.000Z\"}" },
	{ "a path that three subjects share stays", 2, T ",\"path\":\"/a\"}", H ",\"path\":\"/a\"}" },
	{ "one of two does not", 1, T ",\"path\":\"/a\"}", H ",\"path\":\"[rare]\"}" },
	{ "paths that differ by a token are one", 2, T ",\"path\":\"/u/" SG "/x\"}",
	    H ",\"path\":\"/u/[path]/x\"}" },
	{ "every token of a text goes", 2,
	    T ",\"query\":\"" SG "=pn.abcdefghij234567&a\",\"referer\":\"ht.abcdefghij234567.example.org\"}",
	    H ",\"query\":\"[path]=[param]&a\",\"referer\":\"[host].example.org\"}" },
	{ "what only looks like a token stays", 2, T ",\"path\":\"/xip.abcdefghij234567/zz.abcdefghij234567/ip.abc\"}",
	    H ",\"path\":\"/xip.abcdefghij234567/zz.abcdefghij234567/ip.abc\"}" },
	{ "a rare number goes", 0, T ",\"asn\":64500}", H "}" },
	{ "a shared one stays", 2, T ",\"asn\":64500}", H ",\"asn\":64500}" },
	{ "a status stays, however rare", 0, T ",\"status\":418}", H ",\"status\":418}" },
	{ "sizes and durations keep two digits", 0,
	    T ",\"bytes\":1234567,\"request_bytes\":99,\"duration_us\":-1999,\"upstream_us\":0}",
	    H ",\"bytes\":1200000,\"request_bytes\":99,\"duration_us\":-1900,\"upstream_us\":0}" },
	{ "hops, whole agents, extra go", 2,
	    T ",\"forwarded\":[\"" IP "\"],\"agent_full\":\"ua.abcdefghij234567\",\"extra\":{\"a\":\"b\",\"n\":1}}",
	    H "}" },
	{ "a rare agent has no version either", 0,
	    T ",\"agent\":\"Lynx\",\"agent_major\":2,\"os\":\"BeOS\",\"device\":\"desktop\",\"bot\":0}",
	    H ",\"agent\":\"[rare]\",\"os\":\"[rare]\",\"device\":\"[rare]\",\"bot\":0}" },
	{ "a mark in the place of a client stays", 0, T ",\"client\":\"[ip.peer]\"}",
	    H ",\"client\":\"[ip.peer]\"}" },
	{ "the reason of an unparsed line stays, and its state", 0,
	    T ",\"reason\":\"format\",\"state\":\"unparsed\",\"flags\":[\"overlong\"]}",
	    H ",\"reason\":\"format\",\"state\":\"unparsed\",\"flags\":[\"overlong\"]}" },
	{ "another reason is a value", 0, T ",\"reason\":\"because\"}", H ",\"reason\":\"[rare]\"}" },
	{ "event and outcome stay", 0, T ",\"event\":\"auth.login\",\"outcome\":\"failure\"}",
	    H ",\"event\":\"auth.login\",\"outcome\":\"failure\"}" },
};

static void
test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = strict(rows[i].in, rows[i].others);

		if (strcmp(got, rows[i].out) != 0)
			fail_msg("%s: %s", rows[i].claim, got);
	}
}

/* What strict makes of a client, or of the user. */
static void
other(const char *time, const char *member, const char *value, char out[static 64])
{
	char line[256];
	const char *got, *at;

	(void)snprintf(line, sizeof(line), "{\"time\":\"%s\",\"%s\":\"%s\"}", time, member, value);
	got = strict(line, 0);
	(void)snprintf(line, sizeof(line), "\"%s\":\"", member);
	at = strstr(got, line);
	assert_non_null(at);
	(void)snprintf(out, 64, "%.*s", (int)strcspn(at + strlen(line), "\""), at + strlen(line));
}

static void
test_tokens(void **state)
{
	const char *day = "2026-11-25T00:00:00.000Z", *evening = "2026-11-25T23:59:59.000Z";
	char one[64], two[64];

	other(day, "client", IP, one);
	other(evening, "client", IP, two);
	assert_string_equal(one, two);
	assert_string_not_equal(one, IP);
	assert_int_equal(strlen(one), ARCHIVE_TOKEN_BYTES);
	assert_memory_equal(one, "ip.", 3);
	other("2026-11-26T00:00:00.000Z", "client", IP, two);
	assert_string_not_equal(one, two);
	other(day, "client", "ip.abcdefghij234566", two);
	assert_string_not_equal(one, two);
	other(day, "client", "192.0.2.7", one); /* kept, or a prefix: a token all the same */
	assert_memory_equal(one, "ip.", 3);
	assert_int_equal(strlen(one), ARCHIVE_TOKEN_BYTES);
	other(day, "user", "us.abcdefghij234567", one);
	other(day, "session", "us.abcdefghij234567", two);
	assert_memory_equal(one, "us.", 3);
	assert_string_equal(one, two); /* the same value of the same class */
}

/* Another run, another key: nothing is equal. */
static void
test_another_run(void **state)
{
	struct archive_policy p;
	struct archive *kept = a;
	unsigned char before[32], after[32];
	char one[64], two[64];
	struct err e;

	other("2026-11-25T00:00:00.000Z", "client", IP, one);
	archive_commitment(a, before);
	p = (struct archive_policy){ ARCHIVE_K_DEFAULT, true, true, true };
	p.k = K;
	assert_int_equal(archive_open(&p, &a, NULL, &e), 0);
	other("2026-11-25T00:00:00.000Z", "client", IP, two);
	archive_commitment(a, after);
	assert_string_not_equal(one, two);
	assert_memory_not_equal(before, after, 32);
	archive_close(a);
	a = kept;
}

static void
test_what_was_done(void **state)
{
	struct archive_done done;
	struct buf epochs = { 0 };

	(void)strict(T ",\"client\":\"" IP "\",\"user\":\"uc.abcdefghij234567\",\"path\":\"/" SG "\",\"tls\":\"x\"}", 0);
	archive_done(a, &done);
	archive_epochs(a, &epochs);
	assert_int_equal(done.rekeyed, 2);
	assert_int_equal(done.dropped, 1); /* of the path */
	assert_int_equal(done.rare, 2);
	assert_int_equal(done.unheld, 0);
	assert_string_equal(epochs.data, "{\"ip\":[\"2026-11-25\"],\"uc\":[\"2026-11-25\"]}");
	buf_free(&epochs);
	(void)strict(T "}", 0);
	archive_epochs(a, &epochs);
	assert_string_equal(epochs.data, "{}");
	buf_free(&epochs);
}

/* What may not stay a token goes. */
static void
test_who_goes(void **state)
{
	struct archive *kept = a;
	const struct archive_policy p = { .k = K };
	struct archive_done done;
	struct err e;

	assert_int_equal(archive_open(&p, &a, NULL, &e), 0);
	assert_string_equal(strict(T ",\"client\":\"" IP "\",\"user\":\"us.abcdefghij234567\","
	    "\"session\":\"se.abcdefghij234567\",\"status\":200}", 0), H ",\"status\":200}");
	archive_done(a, &done);
	assert_int_equal(done.rekeyed, 0);
	assert_int_equal(done.dropped, 3);
	archive_close(a);
	a = kept;
}

#define NO_ONE { 0, 0, 0, 0 }

static const struct {
	const char *claim;
	struct stats_outcome in, split, replay, found; /* counted of found: unused */
	struct stats_outcome in_after, split_after, replay_after;
} counts[] = {
	{ "nothing was erased", { 5, 1, 2, 3 }, NO_ONE, NO_ONE, { 5, 1, 2, 0 }, { 5, 1, 2, 3 }, NO_ONE, NO_ONE },
	{ "what was erased is only counted", { 5, 1, 2, 3 }, NO_ONE, NO_ONE, { 3, 1, 1, 0 },
	    { 3, 1, 1, 6 }, NO_ONE, NO_ONE },
	{ "out of lines first, then of their events, then of replays", { 2, 0, 0, 0 }, { 2, 0, 0, 1 },
	    { 2, 0, 0, 0 }, { 1, 0, 0, 0 }, { 0, 0, 0, 2 }, { 0, 0, 0, 3 }, { 1, 0, 0, 0 } },
	{ "one was replaced and is another", { 5, 0, 0, 0 }, NO_ONE, NO_ONE, { 4, 1, 0, 0 },
	    { 4, 1, 0, 0 }, NO_ONE, NO_ONE },
	{ "an event of a container was", { 0, 0, 0, 0 }, { 5, 0, 0, 0 }, NO_ONE, { 4, 0, 1, 0 },
	    NO_ONE, { 4, 0, 1, 0 }, NO_ONE },
	{ "a replay was", NO_ONE, NO_ONE, { 5, 0, 0, 0 }, { 4, 1, 0, 0 }, NO_ONE, NO_ONE, { 4, 1, 0, 0 } },
};

static void
test_counts(void **state)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct stats_counts sum, found;
		const struct stats_outcome *o = &counts[i].in;

		stats_counts_clear(&sum);
		stats_counts_clear(&found);
		sum.in = counts[i].in;
		sum.split = counts[i].split;
		sum.replay = counts[i].replay;
		sum.lines = o->parsed + o->partial + o->unparsed + o->counted + 7;
		sum.meta = 7;
		sum.bytes = 999;
		sum.status[2] = 100;
		found.in = counts[i].found;
		found.status[2] = 2;
		found.reasons[3] = 1;
		found.time_min_us = 3;
		found.time_max_us = 4;
		archive_counts_settle(&sum, &found);
		if (memcmp(&sum.in, &counts[i].in_after, sizeof(sum.in)) != 0 ||
		    memcmp(&sum.split, &counts[i].split_after, sizeof(sum.split)) != 0 ||
		    memcmp(&sum.replay, &counts[i].replay_after, sizeof(sum.replay)) != 0)
			fail_msg("%s", counts[i].claim);
		assert_true(stats_counts_balanced(&sum));
		assert_int_equal(stats_counts_records(&sum), stats_counts_records(&found));
		assert_int_equal(sum.status[2], 2);
		assert_int_equal(sum.reasons[3], 1);
		assert_int_equal(sum.bytes, 999);
		assert_int_equal(sum.time_min_us, 3);
		assert_int_equal(sum.time_max_us, 4);
	}
}

/* One subject on ten days, one a record, are ten values of one subject each. */
static void
test_days_are_apart(void **state)
{
	static struct record_decoder dec;
	struct record r;
	char line[128];

	archive_begin(a);
	for (int day = 10; day < 20; day++) {
		(void)snprintf(line, sizeof(line),
		    "{\"time\":\"2026-11-%02dT00:00:00.000Z\",\"client\":\"ip.%016d\",\"path\":\"/a\"}", day, day);
		read_line(line, &dec, &r);
		archive_count(a, &r);
	}
	archive_strict(a, &r);
	assert_true(span_is(r.text[RECORD_FIELD_PATH], "[rare]"));
}

/* One subject that comes often is one. */
static void
test_a_subject_counts_once(void **state)
{
	static struct record_decoder dec;
	struct record r;
	char client[32]; /* r shows it to the end */

	archive_begin(a);
	for (int i = 0; i < 100; i++) {
		read_line(T ",\"client\":\"" IP "\",\"path\":\"/a\"}", &dec, &r);
		archive_count(a, &r);
	}
	archive_strict(a, &r);
	assert_true(span_is(r.text[RECORD_FIELD_PATH], "[rare]"));
	archive_begin(a);
	/* all without a subject may be of one, and so may all with a mark in its place */
	for (int i = 0; i < 100; i++) {
		read_line(i % 2 == 0 ? T ",\"path\":\"/a\"}" :
				       T ",\"client\":\"[ip.peer]\",\"path\":\"/a\"}", &dec, &r);
		archive_count(a, &r);
	}
	archive_strict(a, &r);
	assert_true(span_is(r.text[RECORD_FIELD_PATH], "[rare]"));
	for (int i = 1; i < K; i++) { /* with K - 1 others they are K */
		read_line(T ",\"path\":\"/a\"}", &dec, &r);
		(void)snprintf(client, sizeof(client), "ip.%016d", i);
		record_set_text(&r, RECORD_FIELD_CLIENT, span_str(client));
		archive_count(a, &r);
	}
	archive_strict(a, &r);
	assert_true(span_is(r.text[RECORD_FIELD_PATH], "/a"));
}

/* A full table keeps what it has; the rest is rare. */
static void
test_full(void **state)
{
	struct archive_shared s;
	struct err e;

	assert_int_equal(archive_shared_open(&s, 2, &e), 0);
	for (uint64_t v = 1; v <= ARCHIVE_VALUES; v++) {
		archive_shared_add(&s, v << 32 | v, 1);
		archive_shared_add(&s, v << 32 | v, 2);
	}
	assert_int_equal(s.unheld, 2 * ARCHIVE_VALUES / 8);
	assert_true(archive_shared_common(&s, UINT64_C(1) << 32 | 1));
	assert_false(archive_shared_common(&s, (uint64_t)ARCHIVE_VALUES << 32 | ARCHIVE_VALUES));
	archive_shared_clear(&s);
	assert_false(archive_shared_common(&s, UINT64_C(1) << 32 | 1));
	archive_shared_close(&s);
}

static void
test_policy(void **state)
{
	struct archive_policy p;
	struct buf text = { 0 };
	char one[65], two[65];
	struct err e;

	p = (struct archive_policy){ ARCHIVE_K_DEFAULT, true, true, true };
	archive_policy_print(&p, &text);
	assert_string_equal(text.data,
	    "{\"archive\":1,\"k\":10,\"numbers\":2,\"rekey\":[\"client\",\"user\",\"session\"],\"time\":\"hour\"}");
	buf_free(&text);
	assert_int_equal(archive_policy_hash(&p, one, &e), 0);
	p.k = 11;
	assert_int_equal(archive_policy_hash(&p, two, &e), 0);
	assert_string_not_equal(one, two);
	p.k = 10;
	p.user = false;
	assert_int_equal(archive_policy_hash(&p, two, &e), 0);
	assert_string_not_equal(one, two);
	p.client = p.session = false;
	archive_policy_print(&p, &text);
	assert_non_null(strstr(text.data, "\"rekey\":[]"));
	buf_free(&text);
}

/* Nothing that is printed is longer than memory, whatever the record. */
static void
test_longest(void **state)
{
	static char line[RECORD_BYTES_MAX];
	size_t len = (size_t)snprintf(line, sizeof(line), T);
	static const char *const names[] = { "action", "object", "host", "path", "query", "referer", "server" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len += (size_t)snprintf(line + len, sizeof(line) - len, ",\"%s\":\"", names[i]);
		for (int k = 0; k < 102; k++)
			len += (size_t)snprintf(line + len, sizeof(line) - len, "xx.abcdefghij234567/");
		len += (size_t)snprintf(line + len, sizeof(line) - len, "\"");
	}
	(void)snprintf(line + len, sizeof(line) - len, "}");
	assert_non_null(strstr(strict(line, K), "\"server\":\"[server]/[server]/"));
}

static int
begin(void **state)
{
	struct archive_policy p;
	struct err e;

	p = (struct archive_policy){ ARCHIVE_K_DEFAULT, true, true, true };
	p.k = K;
	return (crypto_start(&e) == 0 ? archive_open(&p, &a, NULL, &e) : -1);
}

static int
end(void **state)
{
	archive_close(a);
	archive_close(NULL);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_another_run),
		cmocka_unit_test(test_what_was_done),
		cmocka_unit_test(test_who_goes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_days_are_apart),
		cmocka_unit_test(test_a_subject_counts_once),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_longest),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
