/*
 * Tokens against answers that Python's hmac gave for the PRK 00 01 .. 1f and
 * the tenant "default", and against what records carry.
 */
#include "unit/mask/bed.h"

static void
class_key(const unsigned char prk[static 32], const char *prefix, const char *trust,
    struct crypto_hmac_key *key)
{
	unsigned char bytes[32];

	key_class(prk, "default", prefix, trust, bytes);
	crypto_hmac_key_init(key, bytes, sizeof(bytes));
}

static void
test_global(void **state)
{
	static const struct {
		const char *prefix, *trust;
		struct span value;
		const char *token;
	} rows[] = {
		{ "ip", "peer", SPAN("\300\000\002\007"), "ip.7kcx7tvrlvynsrsg" },
		{ "ip", "peer", SPAN("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
		    "ip.fxfdfexkdnlkvieo" },
		{ "if", "header", SPAN("\300\000\002\007"), "if.qiadmapgpqic6xni" },
		{ "ip", "like", SPAN("192.000.002.007"), "ip.62j2bkcu2hk5riva" },
		{ "ip", "name", SPAN("host"), "ip.majfpk2tdrfnz26s" },
		{ "us", "auth", SPAN("carol.d@example.org"), "us.7mxiwmdqlwrr3d7z" },
		{ "uc", "claim", SPAN("hunter2-Pa55word!"), "uc.5ozniban5mamfy5f" },
		{ "se", "peer", SPAN("3fj2k1l9a8s7d6f5g4h3j2k1l0"), "se.xyo4mab5zio73n7k" },
	};
	unsigned char prk[32];

	for (int i = 0; i < 32; i++)
		prk[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_hmac_key key;
		char token[MASK_TOKEN_BYTES + 1] = "";

		class_key(prk, rows[i].prefix, rows[i].trust, &key);
		mask_token_print(&key, rows[i].prefix, rows[i].value, token);
		assert_string_equal(token, rows[i].token);
	}
}

static void
test_bound(void **state)
{
	static const char subject[] = "ip.7kcx7tvrlvynsrsg";
	static char deep[308] = "/users/";
	const struct {
		const char *prefix, *subject, *position, *value, *token;
	} rows[] = {
		{ "sg", subject, "/users", "erika", "sg.ak33ekp4e6pzmnwu" },
		{ "sg", subject, deep, "erika", "sg.mxw4f2ermzek4q57" },
		{ "sg", "", "/users", "erika", "sg.jnkunygm4mk6hrsp" },
		{ "pn", subject, "?", "erika", "pn.p3m4ivozzecuvh7n" },
		{ "em", subject, "email", "bob.k@example.org", "em.2qxdzi4mm34mujtw" },
	};
	unsigned char prk[32];

	memset(deep + 7, 'x', 300);
	for (int i = 0; i < 32; i++)
		prk[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_hmac_key key;
		char token[MASK_TOKEN_BYTES + 1] = "";

		class_key(prk, rows[i].prefix, "peer", &key);
		mask_token_print_bound(&key, rows[i].prefix, span_str(rows[i].subject),
		    span_str(rows[i].position), span_str(rows[i].value), token);
		assert_string_equal(token, rows[i].token);
	}
}

/* Records carry just these tokens, with the keys of their own time. */
static void
test_records(void **state)
{
	static struct bed bed;
	struct crypto_hmac_key key;
	unsigned char week[32], day[32];
	char subject[MASK_TOKEN_BYTES], token[MASK_TOKEN_BYTES + 1] = "";
	int64_t t_us = INT64_C(1763979072) * 1000000; /* 2025-11-24T10:11:12Z */
	struct record r;

	bed_open(&bed, NULL);
	assert_int_equal(key_ring_prk(bed.ring, KEY_WEEK, key_epoch_index(KEY_WEEK, t_us), week), 0);
	assert_int_equal(key_ring_prk(bed.ring, KEY_DAY, key_epoch_index(KEY_DAY, t_us), day), 0);
	r = bed_record(&bed, "192.0.2.7 - carol [24/Nov/2025:10:11:12 +0000] "
	    "\"GET /users/erika?PHPSESSID=abcdefghij0123456789 HTTP/1.1\" 200 1 \"-\" \"-\"");
	class_key(week, "ip", "peer", &key);
	mask_token_print(&key, "ip", span_of("\300\000\002\007", 4), subject);
	assert_true(span_equal(r.text[RECORD_FIELD_CLIENT], span_of(subject, sizeof(subject))));
	class_key(week, "us", "auth", &key);
	mask_token_print(&key, "us", span_str("carol"), token);
	assert_true(span_is(r.text[RECORD_FIELD_USER], token));
	class_key(week, "sg", "peer", &key);
	mask_token_print_bound(&key, "sg", span_of(subject, sizeof(subject)), span_str("/users"),
	    span_str("erika"), token);
	assert_true(span_equal(span_from(r.text[RECORD_FIELD_PATH], 7), span_str(token)));
	class_key(day, "se", "peer", &key);
	mask_token_print(&key, "se", span_str("abcdefghij0123456789"), token);
	assert_true(span_equal(span_from(r.text[RECORD_FIELD_QUERY], 10), span_str(token)));
	bed_close(&bed);
}

/* Values whose message fits one block, two, or neither: all are made as docs/format.md says. */
static void
test_lengths(void **state)
{
	static struct bed bed;
	struct crypto_hmac_key key;
	unsigned char week[32];
	char subject[MASK_TOKEN_BYTES], token[MASK_TOKEN_BYTES + 1] = "", line[256], value[128];
	int64_t t_us = INT64_C(1763979072) * 1000000; /* 2025-11-24T10:11:12Z */

	bed_open(&bed, NULL);
	assert_int_equal(key_ring_prk(bed.ring, KEY_WEEK, key_epoch_index(KEY_WEEK, t_us), week), 0);
	class_key(week, "ip", "peer", &key);
	mask_token_print(&key, "ip", span_of("\300\000\002\007", 4), subject);
	class_key(week, "sg", "peer", &key);
	memset(value, 'e', sizeof(value));
	for (int len = 15; len < 110; len++) {
		struct record r;

		snprintf(line, sizeof(line), "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] "
		    "\"GET /users/%.*s HTTP/1.1\" 200 1 \"-\" \"-\"", len, value);
		r = bed_record(&bed, line);
		mask_token_print_bound(&key, "sg", span_of(subject, sizeof(subject)),
		    span_str("/users"), span_of(value, (size_t)len), token);
		assert_true(span_equal(span_from(r.text[RECORD_FIELD_PATH], 7), span_str(token)));
	}
	bed_close(&bed);
}

/* The same value in another epoch, tenant or without a subject is another token. */
static void
test_apart(void **state)
{
	static struct bed bed;
	struct record r;
	char first[64], second[64];

	bed_open(&bed, NULL);
	r = bed_record(&bed, "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET / HTTP/1.1\" 200 1 "
	    "\"-\" \"-\"");
	snprintf(first, sizeof(first), "%.19s", r.text[RECORD_FIELD_CLIENT].ptr);
	r = bed_record(&bed, "192.0.2.7 - - [24/Dec/2025:10:11:12 +0000] \"GET / HTTP/1.1\" 200 1 "
	    "\"-\" \"-\"");
	assert_string_not_equal(first, "");
	assert_false(span_is(r.text[RECORD_FIELD_CLIENT], first));
	/* Without a subject every token is fresh. */
	r = bed_record(&bed, "unix: - - [24/Nov/2025:10:11:12 +0000] \"GET /erika/erika HTTP/1.1\" 200 "
	    "1 \"-\" \"-\"");
	assert_fits(r.text[RECORD_FIELD_PATH], "/sg.#/sg.#");
	snprintf(first, sizeof(first), "%.19s", r.text[RECORD_FIELD_PATH].ptr + 1);
	snprintf(second, sizeof(second), "%.19s", r.text[RECORD_FIELD_PATH].ptr + 21);
	assert_string_not_equal(first, second);
	bed_close(&bed);
}

/* A second with no epoch in the ring: nothing can be tokened, so nothing is. */
static void
test_no_key(void **state)
{
	static struct bed bed;
	struct record r;

	bed_open_as(&bed, NULL, "combined", MASK_EPOCH_LIVE);
	r = bed_request(&bed, "/users/erika?sid=abcdefghij", 200, "-");
	assert_fits(r.text[RECORD_FIELD_CLIENT], "ip.#");
	mask_close(bed.mask);
	bed.mask = NULL;
	struct mask_setup setup = { .policy = &bed.policy, .ring = bed.ring, .words = bed.words,
		.parser.format = parse_format_find(span_str("combined")), .epochs = MASK_EPOCH_LIVE,
		.now_us = BED_NOW_US + INT64_C(86400000000) * 400, .line_max = PARSE_LINE_MAX };
	assert_int_equal(mask_open(&setup, &bed.mask, NULL), 0);
	r = bed_request(&bed, "/users/erika?sid=abcdefghij", 200, "-");
	assert_fits(r.text[RECORD_FIELD_CLIENT], "[ip.peer]");
	assert_fits(r.text[RECORD_FIELD_PATH], "/users/[path]");
	assert_fits(r.text[RECORD_FIELD_QUERY], "sid=[session]");
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		assert_int_equal(bed.batch.epochs.of[c].count, 0);
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_global), cmocka_unit_test(test_bound),
		cmocka_unit_test(test_records), cmocka_unit_test(test_lengths), cmocka_unit_test(test_apart),
		cmocka_unit_test(test_no_key),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
