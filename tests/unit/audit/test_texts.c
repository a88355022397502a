/* What others bring: numbers and times of DER, policies, proofs of growth, requests.  Each row is refused for what it says. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/anchors/consistent.h"
#include "audit/anchors/der.h"
#include "audit/anchors/policy.h"
#include "audit/outside/request.h"
#include "base/err.h"
#include "build.h"

/* ---- DER ---- */

static void
test_numbers(void **state)
{
	static const struct {
		const char *claim, *bytes;
		size_t len;
		long want; /* -1: it is none */
	} rows[] = {
		{ "zero", "\x02\x01\x00", 3, 0 },
		{ "one byte", "\x02\x01\x7f", 3, 127 },
		{ "a byte that would be negative has a zero in front", "\x02\x02\x00\x80", 4, 128 },
		{ "four bytes", "\x02\x04\x7f\xff\xff\xff", 6, 0x7fffffff },
		{ "no bytes", "\x02\x00", 2, -1 },
		{ "five bytes", "\x02\x05\x01\x00\x00\x00\x00", 7, -1 },
		{ "negative", "\x02\x01\x80", 3, -1 },
		{ "a zero that need not be", "\x02\x02\x00\x7f", 4, -1 },
		{ "another tag", "\x04\x01\x01", 3, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span rest = span_of(rows[i].bytes, rows[i].len);
		uint32_t n = 77;
		bool good = audit_der_small(&rest, &n);

		if (good != (rows[i].want != -1) || (good && n != rows[i].want))
			fail_msg("%s: %d, %u", rows[i].claim, good, n);
		assert_int_equal(rest.len, good ? 0 : rows[i].len);
	}
}

static void
test_times(void **state)
{
	static const struct {
		const char *claim, *text;
		int64_t us; /* -1: it is none */
	} rows[] = {
		{ "seconds", "19700101000001Z", 1000000 },
		{ "a fraction", "19700101000001.25Z", 1250000 },
		{ "more than microseconds are cut", "19700101000001.1234567Z", 1123456 },
		{ "the last of February of a leap year", "20240229000000Z", INT64_C(1709164800000000) },
		{ "of a century that is one", "20000229000000Z", INT64_C(951782400000000) },
		{ "not of one that is none", "19000229000000Z", -1 },
		{ "nor of another year", "20230229000000Z", -1 },
		{ "no year 0", "00000101000000Z", -1 },
		{ "no month 0", "20240001000000Z", -1 },
		{ "no month 13", "20241301000000Z", -1 },
		{ "no day 0", "20240100000000Z", -1 },
		{ "no 31st of April", "20240431000000Z", -1 },
		{ "no hour 24", "20240101240000Z", -1 },
		{ "no minute 60", "20240101006000Z", -1 },
		{ "no second 60", "20240101000060Z", -1 },
		{ "a zone", "20240101000000+0100", -1 },
		{ "no zone", "20240101000000.", -1 },
		{ "a dot alone", "20240101000000.Z", -1 },
		{ "a fraction that ends in a zero", "20240101000000.50Z", -1 },
		{ "one that is too long", "20240101000000.123456789012345Z", -1 },
		{ "one with a letter", "20240101000000.1x2Z", -1 },
		{ "a comma", "20240101000000,5Z", -1 },
		{ "no seconds", "202401010000Z", -1 },
		{ "letters for a year", "x0240101000000Z", -1 },
		{ "for a month", "2024x101000000Z", -1 },
		{ "for a day", "202401x1000000Z", -1 },
		{ "for an hour", "20240101x00000Z", -1 },
		{ "for a minute", "2024010100x000Z", -1 },
		{ "for a second", "202401010000x0Z", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char der[64] = { 0x18, (char)strlen(rows[i].text) };
		struct span rest = span_of(der, 2 + strlen(rows[i].text));
		int64_t us = -7;
		bool good;

		memcpy(der + 2, rows[i].text, strlen(rows[i].text));
		good = audit_der_time(&rest, &us);
		if (good != (rows[i].us != -1) || (good && us != rows[i].us))
			fail_msg("%s: %d, %jd", rows[i].claim, good, (intmax_t)us);
	}
}

/* ---- policies ---- */

#define LOG "example.org/log+4d9a962a+AY/nhIdv3vpEAJymeA4Xnxm3axyRiztFwEnZoM8C4iR/"
#define WORDS_64 W16 W16 W16 W16
#define W16 " x x x x x x x x x x x x x x x x"

static void
test_policies(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: good */
	} rows[] = {
		{ "", NULL },
		{ "# nothing\n\n \t\n", NULL },
		{ "log " LOG "\r\nquorum none\r\n", NULL },
		{ "\tlog\t" LOG " https://x\n", NULL },
		{ "log\n", "log VKEY" },
		{ "log " LOG " url more\n", "log VKEY" },
		{ "log example.org\n", "not a log's vkey" },
		{ "witness\n", "witness NAME" },
		{ "witness a\n", "witness NAME" },
		{ "witness a b c d\n", "witness NAME" },
		{ "witness a " LOG "\n", "not a witness's vkey" },
		{ "group g any\n", "group NAME" },
		{ "group g few x\n", "any, all or a number" },
		{ "group g 0 x\n", "one to all" },
		{ "group g 2 x\n", "one to all" },
		{ "group g 1 x\n", "not named before" },
		{ "quorum\n", "quorum NAME" },
		{ "quorum a b\n", "quorum NAME" },
		{ "quorum a\n", "not named before" },
		{ "quorum none\nquorum none\n", "a second quorum" },
		{ "friend x\n", "not log, witness, group or quorum" },
		{ "group" WORDS_64 WORDS_64 WORDS_64 WORDS_64 "\n", "too many words" },
		{ "log \xff\n", "not UTF-8" },
	};
	struct audit_policy *policy;
	struct buf big = { 0 };
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc;

		e = (struct err){ 0 };
		policy = NULL;
		rc = audit_policy_parse(span_str(rows[i].text), &policy, &e);
		if ((rc == 0) != (rows[i].why == NULL) || (rc == 0) != (policy != NULL) ||
		    (rc == -1 && strstr(e.text, rows[i].why) == NULL))
			fail_msg("%s: %d, %s", rows[i].text, rc, e.text);
		audit_policy_free(policy);
	}
	while (big.len <= AUDIT_POLICY_BYTES_MAX)
		buf_char(&big, '#');
	assert_int_equal(audit_policy_parse(buf_view(&big), &policy, &e), -1);
	assert_non_null(strstr(e.text, "too long"));
	buf_free(&big);
}

/* ---- proofs of growth ---- */

#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define HASHES_16 HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH HASH

static void
test_growth(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "not a consistency proof" },
		{ "cretula inclusion proof v1\n", "not a consistency proof" },
		{ AUDIT_CONSISTENT_MAGIC, "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\n", "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "new 1\nold 1\n", "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "old \nnew 1\n", "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "old 01\nnew 1\n", "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "old x\nnew 1\n", "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "old 2\nnew 1\n", "not of two sizes" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n", "no empty line behind the hashes" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n" HASH, "no empty line behind the hashes" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n!\n\n", "not a hash" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\nAAAA\n\n", "not a hash" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n" HASHES_16 HASHES_16 HASHES_16 HASHES_16
			HASH "\n", "deep" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n\n", "no empty line behind a note" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n\na\n\n", "no empty line behind a note" },
		{ AUDIT_CONSISTENT_MAGIC "old 1\nnew 2\n\na\n\nb\n\n", "" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct audit_consistent proof;
		struct buf out = { 0 };

		assert_int_equal(audit_consistent_check(
		    span_str(rows[i].text), NULL, &build_names, &proof, &e), 0);
		if (proof.why[0] == '\0' || strstr(proof.why, rows[i].why) == NULL)
			fail_msg("row %zu: '%s'", i, proof.why);
		audit_consistent_print_json("p", &proof, &out);
		buf_char(&out, '\0');
		assert_non_null(strstr(out.data, "\"verdict\":\"bad\""));
		buf_free(&out);
	}
}

/* ---- requests ---- */

static void
test_requests(void **state)
{
	static const struct {
		const char *claim;
		struct audit_request request;
		const char *why;
	} rows[] = {
		{ "something is asked", { 0 }, "one of --store" },
		{ "one thing", { .store = "a", .bundle = "b" }, "one of --store" },
		{ "one thing only", { .bundle = "a", .proof = "b" }, "one of --store" },
		{ "pins are of stores", { .bundle = "a", .pin = "p" }, "whole stores" },
		{ "an age, too", { .bundle = "a", .max_age = "3h" }, "whole stores" },
		{ "and a stream", { .proof = "a", .options.stream = "s" }, "whole stores" },
		{ "a proof has no policy", { .proof = "a", .policy = "p" }, "stores and bundles" },
		{ "and no escrow", { .proof = "a", .escrow = "p" }, "stores and bundles" },
		{ "an age is above zero", { .store = "/none-such", .max_age = "0h" }, "max-age" },
		{ "an age is a time", { .store = "/none-such", .max_age = "soon" }, "max-age" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct audit_request request = rows[i].request;
		struct buf out = { 0 };
		struct err e = { 0 };

		request.options.names = &build_names;
		request.options.jobs = 1;
		assert_int_equal(audit_request_run(&request, &out, &e), -1);
		if (e.code != ERR_USAGE || strstr(e.text, rows[i].why) == NULL)
			fail_msg("%s: %d, %s", rows[i].claim, e.code, e.text);
		assert_int_equal(out.len, 0);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_requests),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
