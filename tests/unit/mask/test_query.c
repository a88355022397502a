#include "unit/mask/bed.h"

static void
test_queries(void **state)
{
	static const struct {
		const char *claim, *query, *out;
	} rows[] = {
		{ "page and sort are kept", "page=2&sort=price", "page=2&sort=price" },
		{ "but not an id in their place", "page=882311773", "page={int}" },
		{ "nor a text", "sort=a+b", "sort={text}" },
		{ "nor an e-mail", "tab=a@b.de", "tab=em.#" },
		{ "a version is kept", "v=1.2.3&ver=4", "v=1.2.3&ver=4" },
		{ "a language is kept", "lang=de&locale=de_DE", "lang=de&locale=de_DE" },
		{ "campaigns are kept", "utm_source=news&utm_campaign=spring-sale",
		    "utm_source=news&utm_campaign=spring-sale" },
		{ "a search term is not", "utm_term=erika", "utm_term={word}" },
		{ "a campaign with an address is not", "utm_source=203.0.113.7",
		    "utm_source={address}" },
		{ "a word shows its shape", "q=erika", "q={word}" },
		{ "a number its own", "id=5&id=88231", "id={int}&id={int}" },
		{ "nothing is empty", "q=", "q={empty}" },
		{ "an unknown name is a token", "erika=1", "pn.#={int}" },
		{ "and so without a value", "erika", "pn.#" },
		{ "a known one stays", "wsdl", "wsdl" },
		{ "a lone e-mail is one", "a@b.de", "em.#" },
		{ "a lone number is one", "88231", "{int}" },
		{ "an e-mail as a name is a token", "a%40b.de=1", "pn.#={int}" },
		{ "a card as a name is none", "4111111111111111=1", "[pan]={int}" },
		{ "semicolons separate", "id=1;q=erika", "id={int}&q={word}" },
		{ "empty parts go", "&&id=1&&", "id={int}" },
		{ "a secret is no token", "token=abc&api_key=def&sig=ghi",
		    "token=[credential]&api_key=[credential]&sig=[credential]" },
		{ "a session is one", "PHPSESSID=3fj2k1l9a8s7d6f5g4h3j2k1l0", "PHPSESSID=se.#" },
		{ "a click id is dropped", "gclid=EAIaIQobChMI&fbclid=IwAR0", "gclid=&fbclid=" },
		{ "a card is no token", "id=4111111111111111", "id=[pan]" },
		{ "an IBAN neither", "id=DE89370400440532013000", "id=[iban]" },
		{ "a secret is found by its form", "q=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",
		    "q=[credential]" },
		{ "groups are names", "user%5Bemail%5D=a@b.de", "pn.#=em.#" },
		{ "an id in a group is not", "items%5B41892334%5D=2", "pn.#={int}" },
		{ "a value that does not settle is text", "q=%2525252525252541", "q={text}" },
		{ "bad percent signs, too", "q=%zz", "q={text}" },
		{ "no UTF-8, too", "q=%ff%fe", "q={text}" },
		{ "plus is a blank", "q=a+b", "q={text}" },
		{ "an encoded '&' is part of the value", "q=a%26id%3D1", "q={word}" },
	};
	static struct bed bed;

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char target[512];
		struct record r;

		snprintf(target, sizeof(target), "/api?%s", rows[i].query);
		r = bed_request(&bed, target, 200, "-");
		if (!bed_fits(r.text[RECORD_FIELD_QUERY], rows[i].out))
			print_error("%s: %.*s\n", rows[i].claim, (int)r.text[RECORD_FIELD_QUERY].len,
			    r.text[RECORD_FIELD_QUERY].ptr);
		assert_fits(r.text[RECORD_FIELD_QUERY], rows[i].out);
	}
	bed_close(&bed);
}

static void
test_flags(void **state)
{
	static const struct {
		const char *query;
		enum record_flag flag;
	} rows[] = {
		{ "q=%2525252525252541", RECORD_FLAG_UNSETTLED },
		{ "q=%zz", RECORD_FLAG_UNSETTLED },
		{ "q=%ff", RECORD_FLAG_BAD_UTF8 },
		{ "q=a%1bb", RECORD_FLAG_CTL_IN_FIELD },
		{ "q=4111111111111111", RECORD_FLAG_SECRET_FOUND },
	};
	static struct bed bed;

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char target[512];
		struct record r;

		snprintf(target, sizeof(target), "/api?%s", rows[i].query);
		for (int again = 0; again < 2; again++) {
			r = bed_request(&bed, target, 200, "-");
			if (r.flags != UINT64_C(1) << rows[i].flag)
				fail_msg("%s: flags %llx", rows[i].query, (unsigned long long)r.flags);
		}
	}
	bed_close(&bed);
}

static void
test_caps(void **state)
{
	static struct bed bed;
	static char target[8000];
	struct record r;
	size_t len = (size_t)snprintf(target, sizeof(target), "/api?"), params = 1;

	bed_open(&bed, NULL);
	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(target + len, sizeof(target) - len, "%sid=1", i == 0 ? "" : "&");
	r = bed_request(&bed, target, 200, "-");
	for (size_t i = 0; i < r.text[RECORD_FIELD_QUERY].len; i++)
		params += r.text[RECORD_FIELD_QUERY].ptr[i] == '&';
	assert_int_equal(params, 64);
	assert_true(bed_flag(&r, RECORD_FLAG_PARAMS_CAPPED));
	target[strlen(target) - 5] = '\0';
	r = bed_request(&bed, target, 200, "-");
	assert_false(bed_flag(&r, RECORD_FLAG_PARAMS_CAPPED));
	len = (size_t)snprintf(target, sizeof(target), "/api?");
	for (int i = 0; i < 60; i++)
		len += (size_t)snprintf(target + len, sizeof(target) - len, "&erika%d=a%d@example.org", i, i);
	r = bed_request(&bed, target, 200, "-");
	assert_true(r.text[RECORD_FIELD_QUERY].len <= RECORD_TEXT_MAX);
	bed_close(&bed);
}

/* One e-mail has one token for one subject, however it is written. */
static void
test_email(void **state)
{
	static const char *const forms[] = { "bob.k@example.org", "Bob.K%40EXAMPLE.org",
		"bob.k%2540example.org", "%62ob.k@example.org", "bob.k%EF%BC%A0example.org",
		"%3Cbob.k@example.org%3E", "mailto:bob.k@example.org" };
	static struct bed bed;
	char first[64] = "";

	bed_open(&bed, NULL);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char target[512], here[64];
		struct record r;

		snprintf(target, sizeof(target), "/api?email=%s", forms[i]);
		r = bed_request(&bed, target, 200, "-");
		snprintf(here, sizeof(here), "%.*s", (int)r.text[RECORD_FIELD_QUERY].len,
		    r.text[RECORD_FIELD_QUERY].ptr);
		if (i == 0)
			snprintf(first, sizeof(first), "%s", here);
		if (strcmp(here, first) != 0)
			fail_msg("%s: %s is not %s", forms[i], here, first);
	}
	bed_close(&bed);
}

static void
test_methods(void **state)
{
	static struct bed bed;
	struct mask_policy p;
	struct record r;

	mask_policy_default(&p);
	p.method[RECORD_CLASS_CREDENTIAL] = MASK_DROP;
	p.method[RECORD_CLASS_TRACKING] = MASK_REDACT;
	p.method[RECORD_CLASS_CAMPAIGN] = MASK_DROP;
	p.method[RECORD_CLASS_SESSION] = MASK_REDACT;
	p.method[RECORD_CLASS_PARAM] = MASK_REDACT;
	bed_open(&bed, &p);
	r = bed_request(&bed, "/?token=a&gclid=b&utm_source=c&sid=d&erika=e", 200, "-");
	assert_fits(r.text[RECORD_FIELD_QUERY],
	    "token=&gclid=[tracking]&utm_source={word}&sid=[session]&[param]={word}");
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_caps), cmocka_unit_test(test_email),
		cmocka_unit_test(test_methods),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
