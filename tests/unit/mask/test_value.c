/* What somebody names: read into the one form that lines give it, and found in records. */
#include <string.h>

#include "unit/mask/bed.h"

#include "mask/method/value.h"

#define LONG_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define LONG_512 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64

static void
test_kinds(void **state)
{
	for (int i = 0; i < MASK_VALUE_KINDS; i++)
		assert_int_equal(mask_value_find(span_str(mask_value_names[i])), i);
	assert_int_equal(mask_value_find(span_str("ip")), -1);
	assert_int_equal(mask_value_find(span_str("")), -1);
}

static void
test_read(void **state)
{
	static const struct {
		const char *claim;
		enum mask_value_kind kind;
		const char *text, *form; /* NULL: it is none */
	} rows[] = {
		{ "an address is bytes", MASK_VALUE_ADDRESS, "48.49.50.51", "0123" },
		{ "a name is no address", MASK_VALUE_ADDRESS, "erika", NULL },
		{ "nothing is no address", MASK_VALUE_ADDRESS, "", NULL },
		{ "a user is as it is", MASK_VALUE_USER, "Erika M", "Erika M" },
		{ "what servers write for nobody is nobody", MASK_VALUE_USER, "-", NULL },
		{ "nothing is no user", MASK_VALUE_USER, "", NULL },
		{ "a line end is in no name", MASK_VALUE_USER, "a\nb", NULL },
		{ "nor is a DEL", MASK_VALUE_USER, "a\x7f" "b", NULL },
		{ "512 bytes are a name", MASK_VALUE_USER, LONG_512, LONG_512 },
		{ "513 are not", MASK_VALUE_USER, LONG_512 "m", NULL },
		{ "a user who is an e-mail address has its form", MASK_VALUE_USER,
		    "Erika.M@EXAMPLE.org", "erika.m@example.org" },
		{ "of an e-mail address case does not count", MASK_VALUE_EMAIL,
		    "Erika.M@EXAMPLE.org", "erika.m@example.org" },
		{ "its host is as DNS has it", MASK_VALUE_EMAIL, "erika@B\xc3\xbc" "cher.example",
		    "erika@xn--bcher-kva.example" },
		{ "a name is no e-mail address", MASK_VALUE_EMAIL, "erika", NULL },
		{ "a session is as it is", MASK_VALUE_SESSION, "AbC", "AbC" },
		{ "also one that looks like an e-mail address", MASK_VALUE_SESSION, "A@example.org",
		    "A@example.org" },
		{ "a session without bytes is none", MASK_VALUE_SESSION, "", NULL },
	};
	struct mask_value value;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		int rc = mask_value_read(rows[i].kind, span_str(rows[i].text), &value, &e);

		if ((rc == 0) != (rows[i].form != NULL))
			fail_msg("%s: %d", rows[i].claim, rc);
		if (rc == -1) {
			assert_int_equal(e.code, ERR_USAGE);
			if (rows[i].text[0] != '\0' && strcmp(rows[i].text, "-") != 0)
				assert_null(strstr(e.text, rows[i].text)); /* it does not say it */
		} else if (!span_is(span_of(value.bytes, value.len), rows[i].form))
			fail_msg("%s: %.*s", rows[i].claim, (int)value.len, value.bytes);
	}
}

/* ---- the forms that an address of e-mail may stand in ---- */

static void
test_mail_form(void **state)
{
	static const struct {
		const char *claim, *text, *form;
	} rows[] = {
		{ "alone", "Erika@Example.org", "erika@example.org" },
		{ "as a link", "mailto:Erika@Example.org", "erika@example.org" },
		{ "as a loud one", "MAILTO:Erika@Example.org", "erika@example.org" },
		{ "in brackets", "<Erika@Example.org>", "erika@example.org" },
		{ "half of the brackets are a part of it", "<e@example.org", "<e@example.org" },
		{ "a host that is none stays", "e@\xc3\xbc..", "e@\xc3\xbc.." },
		{ "no host", "erika", "erika" },
		{ "one byte", "<", "<" },
		{ "half of them at the end", "e@example.org>", "e@example.org>" },
	};
	struct detect_hosts *hosts;
	char out[64], small[4];

	assert_int_equal(detect_hosts_open(&hosts), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span form =
		    mask_email_form(hosts, span_str(rows[i].text), out, sizeof(out));

		if (!span_is(form, rows[i].form))
			fail_msg("%s: %.*s", rows[i].claim, (int)form.len, form.ptr);
	}
	assert_true(span_is(mask_email_form(hosts, span_str("E@x.org"), small, sizeof(small)),
	    "E@x.org")); /* too long for the place: as it is */
	/* As DNS has it, it would be: so only its case is one. */
	assert_true(span_is(mask_email_form(hosts, span_str("E@\xc3\xbc\xc3\xbc.de"), out, 10),
	    "e@\xc3\xbc\xc3\xbc.de"));
	detect_hosts_close(hosts);
}

/* ---- what is bound to a subject ---- */

static struct bed bed;

static bool
is_in(struct mask_forms *f, const struct mask_value *value, const struct record *r)
{
	return (mask_forms_in(f, value, KEY_WEEK, key_epoch_index(KEY_WEEK, r->time_us), r));
}

static void
test_bound(void **state)
{
	static const char mail[] = "/?to=erika@example.org";
	struct mask_value value, other;
	struct mask_forms *f;
	struct record r, moved;
	struct err e = { 0 };
	struct span query, token;
	const char *at;

	bed_open(&bed, NULL);
	assert_int_equal(
	    mask_value_read(MASK_VALUE_EMAIL, span_str("erika@example.org"), &value, &e), 0);
	assert_int_equal(
	    mask_value_read(MASK_VALUE_EMAIL, span_str("max@example.org"), &other, &e), 0);
	assert_non_null(f = mask_forms_open(bed.ring, bed.policy.tenant));
	r = bed_request(&bed, mail, 200, "-");
	assert_true(is_in(f, &value, &r));
	assert_false(is_in(f, &other, &r));
	query = r.text[RECORD_FIELD_QUERY];
	assert_non_null(at = memmem(query.ptr, query.len, "em.", 3));
	assert_true(at + MASK_TOKEN_BYTES <= query.ptr + query.len);
	token = span_of(at, MASK_TOKEN_BYTES);

	/* The token is in EXTRA, the subject one of those who forwarded. */
	record_clear(&moved);
	moved.time_us = r.time_us;
	moved.present = UINT64_C(1) << RECORD_FIELD_EXTRA;
	moved.extra_count = 2;
	moved.extra[0].is_number = true;
	moved.extra[1].is_number = false;
	moved.extra[1].key = span_str("to");
	moved.extra[1].text = token;
	assert_false(is_in(f, &value, &moved)); /* nobody's */
	moved.present |= UINT64_C(1) << RECORD_FIELD_FORWARDED;
	moved.forwarded_count = 2;
	moved.forwarded[0] = span_str(LONG_64);
	moved.forwarded[1] = r.text[RECORD_FIELD_CLIENT];
	assert_true(is_in(f, &value, &moved));
	assert_false(is_in(f, &other, &moved));
	moved.forwarded[1] = span_str("192.0.2.7");
	assert_false(is_in(f, &value, &moved));
	moved.forwarded[1] = span_str("2001:db9::1"); /* no token is so */
	assert_false(is_in(f, &value, &moved));
	moved.extra_count = 1;
	assert_false(is_in(f, &value, &moved));
	mask_forms_close(f);
	mask_forms_close(NULL);
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_mail_form),
		cmocka_unit_test(test_bound),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
