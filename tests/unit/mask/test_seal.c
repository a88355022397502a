/* The method `seal`: who has the secret reads the value, nobody else learns that two are equal. */
#include "unit/mask/bed.h"

#include "crypto/sealed.h"
#include "mask/again.h"
#include "mask/method/seal.h"

static unsigned char secret[32] = { 7 };

static void
open_sealing(struct bed *bed)
{
	struct mask_policy p;

	mask_policy_default(&p);
	crypto_sealed_public(secret, p.seal_key);
	p.has_seal_key = true;
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		if (mask_method_check((enum record_class)c, MASK_SEAL, NULL) == 0)
			p.method[c] = MASK_SEAL;
	bed_open(bed, &p);
}

static struct record
from(struct bed *bed, const char *client, const char *user, int status, const char *target)
{
	char line[9000];

	(void)snprintf(line, sizeof(line), "%s - %s [24/Nov/2025:10:11:12 +0000] "
	    "\"GET %s HTTP/1.1\" %d 512 \"-\" \"curl/8.0\"", client, user, target, status);
	return (bed_record(bed, line));
}

static void
check_value(const char *claim, struct span text, const char *want)
{
	char out[MASK_SEALED_VALUE_MAX + 2];
	struct span value;

	if (mask_unseal(secret, text, out, &value) == -1)
		fail_msg("%s: %.*s does not open", claim, (int)text.len, text.ptr);
	if (!span_is(value, want))
		fail_msg("%s: %.*s is not %s", claim, (int)value.len, value.ptr, want);
}

static void
test_values(void **state)
{
	static const struct {
		const char *claim, *client, *user, *out_client, *out_user;
	} rows[] = {
		{ "an address", "192.0.2.7", "carol", "192.0.2.7", "carol" },
		{ "in its one form", "::ffff:192.0.2.7", "carol", "192.0.2.7", "carol" },
		{ "a long one", "2001:DB8:aaaa:bbbb:cccc:dddd:eeee:ffff", "c",
		    "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "c" },
		{ "what is like one, as it stands", "192.000.002.007", "Carol", "192.000.002.007",
		    "Carol" },
		{ "a name", "Host.Example.NET", "Carol@Example.ORG", "host.example.net",
		    "carol@example.org" },
	};
	static struct bed bed;

	open_sealing(&bed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = from(&bed, rows[i].client, rows[i].user, 200, "/");

		check_value(rows[i].claim, r.text[RECORD_FIELD_CLIENT], rows[i].out_client);
		check_value(rows[i].claim, r.text[RECORD_FIELD_USER], rows[i].out_user);
	}
	bed_close(&bed);
}

/* In a query, too, where texts are kept from line to line. */
static void
test_no_two_are_equal(void **state)
{
	static struct bed bed;
	char seen[8][256];
	unsigned count = 0;

	open_sealing(&bed);
	for (int i = 0; i < 8; i++) {
		struct record r = from(&bed, "192.0.2.7", "-", 200, "/?email=erika@example.org");
		struct span text = span_from(r.text[RECORD_FIELD_QUERY], 6);

		check_value("an e-mail", text, "erika@example.org");
		assert_int_equal(text.len, MASK_SEALED_HEAD_BYTES + 136);
		memcpy(seen[count], text.ptr, text.len);
		for (unsigned n = 0; n < count; n++)
			assert_memory_not_equal(seen[n] + 70, seen[count] + 70, 70);
		count++;
	}
	bed_close(&bed);
}

static void
test_sizes_tell_little(void **state)
{
	static const struct {
		size_t value, blocks; /* 0: redacted */
	} rows[] = { { 1, 1 }, { 46, 1 }, { 47, 2 }, { 94, 2 }, { 95, 3 }, { 1006, 21 }, { 1007, 0 } };
	static struct bed bed;
	char user[1100];

	open_sealing(&bed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r;
		struct span text;

		memset(user, 'u', rows[i].value);
		user[rows[i].value] = '\0';
		r = from(&bed, "192.0.2.7", user, 200, "/");
		text = r.text[RECORD_FIELD_USER];
		if (rows[i].blocks == 0) {
			assert_true(span_is(text, "[user.auth]"));
			continue;
		}
		assert_int_equal(text.len, MASK_SEALED_HEAD_BYTES +
		    (rows[i].blocks * MASK_SEALED_BLOCK + CRYPTO_SEALED_OVERHEAD) / 3 * 4);
		check_value("a long user", text, user);
	}
	bed_close(&bed);
}

/* The user of a failed login may be a password. */
static void
test_credentials_are_not_sealed(void **state)
{
	static struct bed bed;
	struct record r;

	open_sealing(&bed);
	r = from(&bed, "192.0.2.7", "hunter2", 401, "/?password=hunter2&PHPSESSID=abcdefghij0123456789");
	assert_fits(r.text[RECORD_FIELD_USER], "uc.#");
	assert_fits(r.text[RECORD_FIELD_QUERY], "password=[credential]&PHPSESSID=se.#");
	bed_close(&bed);
}

/* Who types what looks sealed has it masked. */
static void
test_no_imitation(void **state)
{
	static struct bed bed;
	char target[256] = "/sealed:", log[8192];
	struct record r;

	memset(target + 8, 'a', 136);
	open_sealing(&bed);
	bed_visit(&bed, log, sizeof(log), target, 200, BED_SUBJECTS);
	r = from(&bed, "192.0.2.7", "-", 200, target);
	assert_null(memmem(r.text[RECORD_FIELD_PATH].ptr, r.text[RECORD_FIELD_PATH].len, "sealed:", 7));
	bed_close(&bed);
}

static void
test_what_does_not_open(void **state)
{
	static struct bed bed;
	unsigned char other[32] = { 8 };
	char text[256] = "", out[MASK_SEALED_VALUE_MAX + 2];
	struct span value;
	struct record r;
	size_t len;

	open_sealing(&bed);
	r = from(&bed, "192.0.2.7", "-", 200, "/");
	len = r.text[RECORD_FIELD_CLIENT].len;
	memcpy(text, r.text[RECORD_FIELD_CLIENT].ptr, len);
	assert_int_equal(mask_sealed_at(span_str(text)), len);
	assert_int_equal(mask_unseal(secret, span_str(text), out, &value), 0);
	assert_int_equal(mask_unseal(other, span_str(text), out, &value), -1);
	for (size_t i = 0; i < len; i++) {
		char was = text[i];

		assert_int_equal(mask_unseal(secret, span_of(text, i), out, &value), -1);
		text[i] = was == 'A' ? 'B' : 'A';
		/* X25519 ignores the last bit of the key, which is in byte 31. */
		if (i != 7 + 42 && mask_unseal(secret, span_str(text), out, &value) == 0)
			fail_msg("byte %zu changed", i);
		text[i] = was;
	}
	bed_close(&bed);
}

static void
open_held(struct bed *bed)
{
	struct mask_policy p;

	mask_policy_default(&p);
	crypto_sealed_public(secret, p.quarantine_key);
	p.has_quarantine_key = true;
	bed_open(bed, &p);
}

/* A line of that many bytes that nothing reads. */
static struct span
unreadable(size_t len)
{
	static char text[PARSE_LINE_MAX + 8];

	for (size_t n = 0; n < len; n++)
		text[n] = (char)('a' + n % 23);
	text[0] = '\xff'; /* no UTF-8 */
	text[len] = '\n';
	return (span_of(text, len + 1));
}

static size_t
record_start(const struct bed *bed, size_t i)
{
	return (i == 0 ? 0 : bed->batch.ends[i - 1]);
}

/* Record i of the batch at hand. */
static void
decode(struct bed *bed, size_t i, struct record *r)
{
	size_t at = record_start(bed, i);
	struct err e = { 0 };

	if (record_decode(&bed->decoder,
		span_of(bed->batch.records + at, bed->batch.ends[i] - 1 - at), r, &e) != 0)
		fail_msg("record %zu: %s", i, e.text);
}

/* What cannot be read is held for who has the secret: whole, or of what no parser takes its beginning. */
static void
test_lines_are_held(void **state)
{
	static const size_t rows[] = { 1, 45, 1005, 1006, 1007, 2012, 5000, MASK_HELD_BYTES - 1,
		MASK_HELD_BYTES, MASK_HELD_BYTES + 1, 2 * MASK_HELD_BYTES, 2 * MASK_HELD_BYTES + 1, 40000,
		PARSE_LINE_MAX - 1, PARSE_LINE_MAX, PARSE_LINE_MAX + 1 };
	static char out[7 * MASK_HELD_BYTES];
	static struct bed bed;

	open_held(&bed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t whole = rows[i] <= PARSE_LINE_MAX ? rows[i] : MASK_HELD_BYTES, len = 0;
		size_t parts = (whole + MASK_HELD_BYTES - 1) / MASK_HELD_BYTES;
		unsigned char other[32] = { 0, 9 };
		struct span text = unreadable(rows[i]), line;
		struct record r;

		(void)bed_run(&bed, text, i);
		assert_int_equal(bed.batch.counts.in.unparsed, 1);
		assert_int_equal(bed.batch.counts.split.unparsed, parts - 1);
		assert_int_equal(bed.batch.record_count, parts);
		assert_int_equal(stats_counts_records(&bed.batch.counts), parts);
		assert_null(memmem(bed.batch.records, bed.batch.records_len, "abcdefgh", 8));
		for (size_t part = 0; part < parts; part++) {
			decode(&bed, part, &r);
			assert_int_equal(mask_held_line(secret, &r, out + len, &line), 0);
			len += line.len;
			assert_int_equal(r.extra[0].number, part == 0 ? rows[i] : part + 1);
			assert_true(span_is(r.text[RECORD_FIELD_STATE], "unparsed"));
			assert_int_equal(span_is(r.text[RECORD_FIELD_REASON], "continued"), part > 0);
			assert_int_equal(
			    bed_flag(&r, RECORD_FLAG_OVERLONG), rows[i] > PARSE_LINE_MAX);
		}
		if (len != whole)
			fail_msg("%zu bytes: %zu held", rows[i], len);
		assert_memory_equal(out, text.ptr, whole);
		assert_int_equal(mask_held_line(other, &r, out, &line), -1);
	}
	bed_close(&bed);
}

/* One bit of any character another, or the record cut anywhere: nothing is opened that was not held. */
static void
test_held_lines_are_whole_or_nothing(void **state)
{
	static char out[MASK_HELD_BYTES + 2];
	static struct bed bed;
	size_t boxes = 0;

	open_held(&bed);
	(void)bed_run(&bed, unreadable(MASK_HELD_BYTES + 1500), 0);
	assert_int_equal(bed.batch.record_count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct record r;
		struct span line;

		decode(&bed, i, &r);
		for (unsigned n = 1; n < r.extra_count; n++) {
			struct span *box = &r.extra[n].text;
			char *text = bed.batch.records + (box->ptr - bed.batch.records);
			size_t len = box->len;

			boxes++;
			for (size_t at = 0; at < len; at++) {
				char was = text[at];

				text[at] = (char)(was ^ 1 << (at % 7));
				assert_int_equal(mask_held_line(secret, &r, out, &line), -1);
				text[at] = was;
				box->len = at;
				assert_int_equal(mask_held_line(secret, &r, out, &line), -1);
				box->len = len;
			}
		}
		assert_int_equal(mask_held_line(secret, &r, out, &line), 0);
	}
	assert_int_equal(boxes, MASK_HELD_MAX + 2);
	bed_close(&bed);
}

static void
test_nothing_is_held(void **state)
{
	static struct bed bed;
	static char out[MASK_HELD_BYTES];
	struct mask_policy p;
	struct record r;
	struct span line;

	bed_open(&bed, NULL);
	r = bed_record(&bed, "no log line at all");
	assert_int_equal(r.extra_count, 1);
	assert_int_equal(mask_held_line(secret, &r, out, &line), 1);
	bed_close(&bed);
	/* What can be read is not held. */
	mask_policy_default(&p);
	crypto_sealed_public(secret, p.quarantine_key);
	p.has_quarantine_key = true;
	bed_open(&bed, &p);
	r = from(&bed, "192.0.2.7", "-", 200, "/");
	assert_int_equal(mask_held_line(secret, &r, out, &line), 1);
	bed_close(&bed);
}

static void
test_no_key_no_mask(void **state)
{
	static struct bed bed;
	struct mask_setup setup;
	struct mask *m = NULL;
	struct err e = { 0 };

	bed_open(&bed, NULL);
	bed.policy.method[RECORD_CLASS_IP_PEER] = MASK_SEAL;
	setup = (struct mask_setup){ .policy = &bed.policy, .ring = bed.ring, .words = bed.words,
		.parser.format = parse_format_find(span_str("combined")), .now_us = BED_NOW_US,
		.line_max = PARSE_LINE_MAX };
	assert_int_equal(mask_open(&setup, &m, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_no_two_are_equal),
		cmocka_unit_test(test_sizes_tell_little),
		cmocka_unit_test(test_credentials_are_not_sealed),
		cmocka_unit_test(test_no_imitation),
		cmocka_unit_test(test_what_does_not_open),
		cmocka_unit_test(test_lines_are_held),
		cmocka_unit_test(test_held_lines_are_whole_or_nothing),
		cmocka_unit_test(test_nothing_is_held),
		cmocka_unit_test(test_no_key_no_mask),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
