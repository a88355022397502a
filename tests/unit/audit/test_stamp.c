/* Time stamps: what DER is taken for one, and what is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "answers.h"
#include "audit/anchors/der.h"
#include "audit/anchors/stamp.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

static const struct span body = SPAN("cretula/x/s\n1\nroot\n");

static void
test_good(void **state)
{
	struct audit_stamp stamp;
	struct buf out = { 0 };
	struct err e = { 0 };
	char time[CLOCK_RFC3339_BYTES];

	(void)state;
	answer_stamp(&answer_stamp_good, body, &out);
	assert_int_equal(audit_stamp_read(buf_view(&out), &stamp, &e), 0);
	assert_true(audit_stamp_is_of(&stamp, body));
	assert_false(audit_stamp_is_of(&stamp, span_from(body, 1)));
	assert_true(span_is(stamp.authority, "Stamps"));
	time[clock_rfc3339(time, stamp.time_us)] = '\0';
	assert_string_equal(time, "2026-11-25T03:00:00.500Z");
	/* Cut anywhere, or with one byte more, it is none. */
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(audit_stamp_read(span_of(out.data, len), &stamp, &e), -1);
	buf_char(&out, '\0');
	assert_int_equal(audit_stamp_read(buf_view(&out), &stamp, &e), -1);
	buf_free(&out);
}

#define WITH(...) \
	{ .status = "\x02\x01\x00", .type = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", \
	    .inner_type = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04", .version = "\x01", \
	    .digest = "\x60\x86\x48\x01\x65\x03\x04\x02\x01", .time = "20261125030000Z", \
	    .name = "Stamps", .hash_len = 32, __VA_ARGS__ }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct {
	const char *claim;
	struct answer_stamp recipe;
	bool read, of;
	const char *name;
} rows[] = {
	{ "granted", WITH(.version = "\x01"), true, true, "Stamps" },
	{ "granted with modifications", WITH(.status = "\x02\x01\x01"), true, true, "Stamps" },
	{ "granted, with a text", WITH(.status_more = "\x30\x04\x0c\x02ok"), true, true, "Stamps" },
	{ "rejected", WITH(.status = "\x02\x01\x02"), false, false, NULL },
	{ "a status below zero", WITH(.status = "\x02\x01\xff"), false, false, NULL },
	{ "a torn text", WITH(.status_more = "\x30\x04\x0c"), false, false, NULL },
	{ "data that is not signed", WITH(.type = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), false, false,
	    NULL },
	{ "something else signed", WITH(.inner_type = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), false,
	    false, NULL },
	{ "version 2", WITH(.version = "\x02"), false, false, NULL },
	{ "another hash", WITH(.digest = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"), true, false, "Stamps" },
	{ "a short hash", WITH(.hash_len = 20), true, false, "Stamps" },
	{ "a leap day", WITH(.time = "20280229030000Z"), true, true, "Stamps" },
	{ "no leap day", WITH(.time = "20270229030000Z"), false, false, NULL },
	{ "a time without seconds", WITH(.time = "202611250300Z"), false, false, NULL },
	{ "a time that is not of UTC", WITH(.time = "20261125030000+0100"), false, false, NULL },
	{ "hour 24", WITH(.time = "20261125240000Z"), false, false, NULL },
	{ "a fraction that ends in zero", WITH(.time = "20261125030000.50Z"), false, false, NULL },
	{ "a fraction without digits", WITH(.time = "20261125030000.Z"), false, false, NULL },
	{ "a fine fraction", WITH(.time = "20261125030000.123456789Z"), true, true, "Stamps" },
	{ "a letter in the year", WITH(.time = "2O261125030000Z"), false, false, NULL },
	{ "a name with a quote", WITH(.name = "\"x"), true, true, "" },
	{ "a name outside of ASCII", WITH(.name = "\xc3\xa4"), true, true, "" },
	{ "extensions behind it", WITH(.behind = "\xa1\x02\x05\x01"), true, true, "Stamps" },
	{ "something unknown behind it", WITH(.behind = "\xa2\x02\x05\x01"), false, false, NULL },
};
#pragma GCC diagnostic pop

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct audit_stamp stamp;
		struct buf out = { 0 };
		struct err e = { 0 };
		bool read;

		answer_stamp(&rows[i].recipe, body, &out);
		read = audit_stamp_read(buf_view(&out), &stamp, &e) == 0;
		if (read != rows[i].read || (!read && e.code != ERR_FINDING))
			fail_msg("%s: %d %s", rows[i].claim, read, e.text);
		if (read && audit_stamp_is_of(&stamp, body) != rows[i].of)
			fail_msg("%s: of the body?", rows[i].claim);
		if (read && !span_is(stamp.authority, rows[i].name))
			fail_msg("%s: by %.*s", rows[i].claim, (int)stamp.authority.len,
			    stamp.authority.ptr);
		buf_free(&out);
	}
}

static void
test_lengths(void **state)
{
	static const struct {
		const char *claim;
		struct span bytes;
		bool taken;
	} heads[] = {
		{ "short", SPAN("\x04\x01x"), true },
		{ "empty", SPAN("\x04\x00"), true },
		{ "longer than there is", SPAN("\x04\x02x"), false },
		{ "indefinite", SPAN("\x04\x80x\x00\x00"), false },
		{ "long where short would do", SPAN("\x04\x81\x01x"), false },
		{ "a zero before the length", SPAN("\x04\x82\x00\x81"), false },
		{ "2^32 - 1", SPAN("\x04\x84\xff\xff\xff\xff"), false },
		{ "five bytes of length", SPAN("\x04\x85\x01\x00\x00\x00\x00"), false },
		{ "a tag of two bytes", SPAN("\x1f\x04\x00"), false },
		{ "only a tag", SPAN("\x04"), false },
		{ "nothing", SPAN(""), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct span rest = heads[i].bytes;

		if (audit_der_take(&rest, DER_OCTETS, NULL) != heads[i].taken)
			fail_msg("%s", heads[i].claim);
	}
}

static void
test_request(void **state)
{
	static const unsigned char nonce[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const char want[] = "3044020101"
				   "3031300d060960864801650304020105000420"
				   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
				   "0209400102030405060708"
				   "0101ff";
	struct buf out = { 0 }, hex = { 0 };

	(void)state;
	audit_stamp_request(span_str("abc"), nonce, &out);
	buf_hex(&hex, out.data, out.len);
	assert_string_equal(hex.data, want);
	assert_int_equal((unsigned char)out.data[1], out.len - 2);
	buf_free(&out);
	buf_free(&hex);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_request),
	};

	return (cmocka_run_group_tests_name("audit stamp", tests, NULL, NULL));
}
