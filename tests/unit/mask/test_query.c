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
		{ "a name is no page, source or version",
		    "page=Erika_Mustermann&utm_source=max.mustermann&v=C01X00T47",
		    "page={word}&utm_source={word}&v={word}" },
		{ "numbers have six digits", "limit=100000&offset=1000000&per_page=x",
		    "limit=100000&offset={int}&per_page={word}" },
		{ "a page has no sign", "page=-1&page=1.5", "page={word}&page={word}" },
		{ "languages have regions and scripts", "lang=de-AT&locale=zh_Hant&lang=eng",
		    "lang=de-AT&locale=zh_Hant&lang=eng" },
		{ "names are no languages", "lang=eva&lang=de-Anna&locale=erika&lang=de-",
		    "lang={word}&lang={word}&locale={word}&lang={word}" },
		{ "orders are two", "order=asc&dir=DESC&order=erika", "order=asc&dir=DESC&order={word}" },
		{ "in capitals or not", "order=ASC&dir=desc&order=Asc", "order=ASC&dir=desc&order={word}" },
		{ "what else stands behind a language makes it none", "lang=de.AT&lang=de-A1&lang=en-USA",
		    "lang={word}&lang={word}&lang={word}" },
		{ "a version has few parts, each of few digits", "v=1.2.3.4.5.6.7&v=1.02&v=1.2.3456",
		    "v={address}&v={word}&v={address}" },
		{ "a version may start with a v", "v=v2.10.3&ver=0.9", "v=v2.10.3&ver=0.9" },
		{ "a birthday is none", "v=17.05.1998&v=17.05.98&v=1998-05-17",
		    "v={date}&v={word}&v={date}" },
		{ "an address neither", "v=10.1.2.3&ver=v10.1.2.3", "v={address}&ver={address}" },
		{ "nor five digits or six", "v=12345&ver=123456", "v={int}&ver={int}" },
		{ "nor a long number with dots", "v=170.123.456&v=12.345.67.8", "v={address}&v={word}" },
		{ "nor dots alone", "v=1..2&v=.&v=1.&v=v", "v={word}&v={word}&v={word}&v={word}" },
		{ "a date is no value of any", "page=2025-11-24&sort=2025-11-24&tab=2025-11",
		    "page={date}&sort={date}&tab={date}" },
		{ "sort keys are many, and signed", "sort=-price,name&sort=-date",
		    "sort=-price,name&sort=-date" },
		{ "but each one is looked at", "sort=price,erika&sort=-erika&sort=price,",
		    "sort={word}&sort={word}&sort={word}" },
		{ "five are too many", "sort=name,name,name,name,name", "sort={word}" },
		{ "views, tabs and formats are words", "view=grid&tab=reviews&format=json",
		    "view=grid&tab=reviews&format=json" },
		{ "but no names", "view=erika&tab=Erika&format=erika_m",
		    "view={word}&tab={word}&format={word}" },
		{ "nor numbers", "tab=2&view=2024", "tab={int}&view={int}" },
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
		{ "groups are names", "user%5Bemail%5D=a@b.de&filter[status][]=3&ids[12]=4",
		    "user[email]=em.#&filter[status][]={int}&ids[12]={int}" },
		{ "each word of it is looked at", "user[erika]=1&erika[name]=2&filter[a]b=3",
		    "pn.#={int}&pn.#={int}&pn.#={int}" },
		{ "four groups are too many", "a[b][c][d][e]=1", "pn.#={int}" },
		{ "a nested path is a path", "next=/users/erika%3Fx=1%26y=2", "next=/users/sg.#" },
		{ "whatever the name", "q=/api/88231177&erika=/api", "q=/api/{int}&pn.#=/api" },
		{ "twice encoded, too", "next=%252Fusers%252Ferika", "next=/users/sg.#" },
		{ "of another site only the origin stays",
		    "url=https%3A%2F%2Ferika@www.google.com:8%2Fusers/erika%3Fq=x", "url=https://www.google.com" },
		{ "of our own the path, too", "redirect=HTTPS://shop.example.com/users/erika?x=y%26a=b",
		    "redirect=https://shop.example.com/users/sg.#" },
		{ "without a scheme as well", "next=//shop.example.com/api%23x&next=//evil.example/erika",
		    "next=//shop.example.com/api&next=//ht.#" },
		{ "a backslash is a slash", "next=/users%5Cerika", "next=/users/sg.#" },
		{ "a nested e-mail is hidden", "next=https://x.example/?m=a@b.de&next=/a@b.de",
		    "next=https://ht.#&next=/{email}" },
		{ "a nested secret is one", "next=/?c=4111111111111111", "next=[pan]" },
		{ "a secret by its name, too", "code=/users/erika", "code=[credential]" },
		{ "a password in one hides all", "url=https://erika:pw@www.google.com/", "url=[credential]" },
		{ "other schemes are no URLs", "url=javascript:x&url=mailto:a@b.de&url=ftp://a/b",
		    "url={word}&url=em.#&url={word}" },
		{ "S3, signed", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAI/2/us&X-Amz-Date=20251124"
		    "&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=ab12&x-amz-security-token=t",
		    "X-Amz-Algorithm=[credential]&X-Amz-Credential=[credential]&X-Amz-Date=[credential]"
		    "&X-Amz-Expires=[credential]&X-Amz-SignedHeaders=[credential]&X-Amz-Signature=[credential]"
		    "&pn.#=[credential]" },
		{ "S3, before", "AWSAccessKeyId=AKIAI&Expires=1764000000&Signature=x%3D",
		    "AWSAccessKeyId=[credential]&Expires={int}&Signature=[credential]" },
		{ "GCS", "X-Goog-Algorithm=x&X-Goog-Credential=svc%40p.iam&X-Goog-Signature=247a&GoogleAccessId=a@b.c",
		    "X-Goog-Algorithm=[credential]&X-Goog-Credential=[credential]&X-Goog-Signature=[credential]"
		    "&GoogleAccessId=[credential]" },
		{ "a SAS of Azure", "sv=2022-11-02&se=2025-12-01T00%3A00%3A00Z&sp=r&sig=Z%2FR&sip=203.0.113.7"
		    "&skoid=3f2504e0-4f89-11d3-9a0c-0305e82c3301",
		    "sv={date}&se=[credential]&sp=[credential]&sig=[credential]&sip={address}&skoid=[credential]" },
		{ "CloudFront", "Policy=eyJTdG&Signature=abc~&Key-Pair-Id=APKA",
		    "Policy=[credential]&Signature=[credential]&Key-Pair-Id=[credential]" },
		{ "an id in a group is not", "items%5B41892334%5D=2", "pn.#={int}" },
		{ "a value that does not settle is text", "q=%2525252525252541", "q={text}" },
		{ "bad percent signs, too", "q=%zz", "q={text}" },
		{ "no UTF-8, too", "q=%ff%fe", "q={text}" },
		{ "plus is a blank", "q=a+b", "q={text}" },
		{ "an encoded '&' is part of the value", "q=a%26id%3D1", "q={word}" },
		{ "a question mark, too", "q=a?b=erika", "q={word}" },
		{ "a byte of nothing in a name is none of it", "a%00b=1&page%00=2", "pn.#={int}&pn.#={int}" },
		{ "a name has forty letters, and its groups an end",
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx=1&filter[status=2&sort[price]x=3",
		    "pn.#={int}&pn.#={int}&pn.#={int}" },
		{ "a name that does not settle is a token, too", "%2525252525252541=1&%ff=2", "pn.#={int}&pn.#={int}" },
		{ "a long list of groups is no name",
		    "a[aaaaaaaaaabbbbbbbbbbccccccccccddddddddddaaaaaaaaaabbbbbbbbbbccccccccccdddddddddd12345]=1",
		    "pn.#={int}" },
		{ "a fragment goes", "id=1#id=2&erika=3", "id={int}" },
		{ "an identifier behind an encoded mark is found", "q=x%3Fa@b.de&q=x%23a@b.de&q=x%2Fa@b.de",
		    "q=em.#&q=em.#&q=em.#" },
	};
	static struct bed bed;
	struct mask_policy p;

	mask_policy_default(&p);
	memcpy(p.hosts[p.host_count++], "shop.example.com", 17);
	bed_open(&bed, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char target[1024];
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

/* Values of some parameters are learned at "?name", and read back. */
static void
test_learned(void **state)
{
	static const char target[] = "/?sort=-preis,farbe&utm_source=rundbrief&lang=klingonisch"
	    "&q=geheimes&page=Erika&tab=a@b.de&v=geheim";
	static struct bed bed, again;
	static char log[65536];
	struct buf saved = { .data = NULL };
	struct err e = { 0 };
	struct record r;

	bed_open(&bed, NULL);
	r = bed_request(&bed, "/?sort=preis", 200, "-");
	assert_fits(r.text[RECORD_FIELD_QUERY], "sort={word}");
	bed_visit(&bed, log, sizeof(log), target, 200, BED_SUBJECTS);
	r = bed_request(&bed, target, 200, "-");
	assert_fits(r.text[RECORD_FIELD_QUERY], "sort=-preis,farbe&utm_source=rundbrief&lang={word}"
	    "&q={word}&page={word}&tab=em.#&v={word}");
	/* Known there, and nowhere else. */
	r = bed_request(&bed, "/?view=preis&utm_medium=rundbrief&preis=1", 200, "-");
	assert_fits(r.text[RECORD_FIELD_QUERY], "view={word}&utm_medium={word}&pn.#={int}");
	mask_words_save(bed.words, &saved);
	assert_string_equal(
	    saved.data, "param\t?sort\tfarbe\t2025-11-24\n"
	    "param\t?sort\tpreis\t2025-11-24\nparam\t?utm_source\trundbrief\t2025-11-24\n");
	bed_open(&again, NULL);
	assert_int_equal(mask_words_load(again.words, span_str(saved.data), "saved", &e), 0);
	r = bed_request(&again, target, 200, "-");
	assert_fits(r.text[RECORD_FIELD_QUERY], "sort=-preis,farbe&utm_source=rundbrief&lang={word}"
	    "&q={word}&page={word}&tab=em.#&v={word}");
	bed_close(&again);
	buf_free(&saved);
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
	assert_non_null(strstr(bed.batch.records, "\"extra\":{\"params_more\":1}"));
	target[strlen(target) - 5] = '\0';
	r = bed_request(&bed, target, 200, "-");
	assert_false(bed_flag(&r, RECORD_FLAG_PARAMS_CAPPED));
	assert_null(strstr(bed.batch.records, "params_more"));
	/* What begins behind 4 kB is counted; what ends there is hidden whole. */
	memset(target, 'e', 4200);
	memcpy(target, "/api?id=1&q=", 12);
	strcpy(target + 4200, "&id=2&&id=3");
	for (int again = 0; again < 3; again++) {
		r = bed_request(&bed, target, 200, "-");
		assert_fits(r.text[RECORD_FIELD_QUERY], "id={int}&q={text}");
		assert_non_null(strstr(bed.batch.records, "\"extra\":{\"params_more\":2}"));
	}
	target[10] = 'e';
	target[11] = 'e';
	r = bed_request(&bed, target, 200, "-");
	assert_fits(r.text[RECORD_FIELD_QUERY], "id={int}&{text}");
	len = (size_t)snprintf(target, sizeof(target), "/api?");
	for (int i = 0; i < 60; i++)
		len += (size_t)snprintf(target + len, sizeof(target) - len, "&erika%d=a%d@example.org", i, i);
	r = bed_request(&bed, target, 200, "-");
	assert_true(r.text[RECORD_FIELD_QUERY].len <= RECORD_TEXT_MAX);
	bed_close(&bed);
}

/* Each class is counted once, however many there are: more than an entry of the table holds. */
static void
test_many_classes(void **state)
{
	static const char target[] = "/?a=erika@example.org&id=DE89370400440532013000&id=4111111111111111&token=x"
	    "&PHPSESSID=3fj2k1l9a8s7d6f5g4h3j2k1l0&gclid=EAIaIQobChMI&id=38400000-8cf0-11bd-b23e-10b96e40000d"
	    "&id=00:1a:2b:3c:4d:5e&utm_source=erika_m&q=erika&erika=1&id=%2B4930123456789";
	static const enum record_class once[] = { RECORD_CLASS_EMAIL, RECORD_CLASS_IBAN, RECORD_CLASS_PAN,
		RECORD_CLASS_CREDENTIAL, RECORD_CLASS_SESSION, RECORD_CLASS_TRACKING, RECORD_CLASS_DEVICE,
		RECORD_CLASS_MAC, RECORD_CLASS_PHONE };
	static struct bed bed;

	bed_open(&bed, NULL);
	for (int round = 0; round < 3; round++) {
		(void)bed_request(&bed, target, 200, "-");
		for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
			if (bed.batch.counts.masked[once[i]] != 1)
				fail_msg("round %d: %s %ju times", round, record_classes[once[i]].name,
				    (uintmax_t)bed.batch.counts.masked[once[i]]);
	}
	bed_close(&bed);
}

/* An event of a container may have 256 KiB: that there are more than that many is all that is said. */
static void
test_most_params(void **state)
{
	static char target[200000] = "/?";
	static struct bed bed;
	static struct event ev;
	struct mask *m;

	for (size_t i = 2; i + 2 < sizeof(target); i += 2)
		memcpy(target + i, "q&", 2);
	bed_open(&bed, NULL);
	m = bed.mask;
	(void)bed_run(&bed, span_of("", 0), 0);
	m->batch = &bed.batch;
	mask_line_epochs(m, BED_NOW_US);
	m->at = &m->lines[0];
	ev.has_text = UINT32_C(1) << EVENT_TARGET;
	ev.text[EVENT_TARGET] = span_str(target);
	mask_event_ahead(m, &ev);
	mask_event(m, &ev, false);
	assert_true(bed_flag(&m->record, RECORD_FLAG_PARAMS_CAPPED));
	assert_int_equal(m->record.extra_count, 1);
	assert_int_equal(m->record.extra[0].number, UINT16_MAX);
	bed_close(&bed);
}

/* Of values that cannot be read nothing is learned. */
static void
test_not_learned(void **state)
{
	static const char target[] = "/?&&sort=&view=%zz&tab=a%1bb&format=%ff%fe&utm_source&sort=%2525252525252541";
	static char log[65536];
	static struct bed bed;

	bed_open(&bed, NULL);
	bed_visit(&bed, log, sizeof(log), target, 200, BED_SUBJECTS);
	assert_int_equal(mask_words_promoted(bed.words), 0);
	bed_close(&bed);
}

/* A text that holds a UUID is none by its length: no copy of it may be longer than its place. */
static void
test_long_uuid(void **state)
{
	static struct bed bed;
	static char target[8000];
	static const char uuid[] = "38400000-8cf0-11bd-b23e-10b96e40000d";
	struct record r;

	(void)state;
	bed_open(&bed, NULL);
	for (size_t len = 20; len < 3000; len += len / 2) {
		size_t at = (size_t)snprintf(target, sizeof(target), "/api?q=");

		for (size_t i = 0; i < len; i++)
			target[at++] = i % 7 == 6 ? '\'' : 'z';
		(void)snprintf(target + at, sizeof(target) - at, "%s", uuid);
		r = bed_request(&bed, target, 200, "-");
		assert_fits(r.text[RECORD_FIELD_QUERY],
		    len + strlen(uuid) <= 512 ? "q=dv.#" : "q={uuid}");
	}
	bed_close(&bed);
}

/* All of these targets give one and the same query. */
static void
check_same(const char *before, const char *const *forms, size_t count)
{
	static struct bed bed;
	char first[128] = "";

	bed_open(&bed, NULL);
	for (size_t i = 0; i < count; i++) {
		char target[512], here[128];
		struct record r;

		snprintf(target, sizeof(target), "%s%s", before, forms[i]);
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

/* One e-mail has one token for one subject, however it is written. */
static void
test_email(void **state)
{
	static const char *const forms[] = { "bob.k@example.org", "Bob.K%40EXAMPLE.org",
		"bob.k%2540example.org", "%62ob.k@example.org", "bob.k%EF%BC%A0example.org",
		"%3Cbob.k@example.org%3E", "mailto:bob.k@example.org" };

	check_same("/api?email=", forms, sizeof(forms) / sizeof(forms[0]));
}

/* So has a device, and a name that is none of ours. */
static void
test_spellings(void **state)
{
	static const char *const queries[] = {
		"idfa=EA7583CD-A667-48BC-B806-42ECB2B48606&erika=1",
		"idfa=ea7583cd-a667-48bc-b806-42ecb2b48606&%65rika=1",
		"idfa=%65A7583cd-a667-48bc-b806-42ecb2b48606&%2565rika=22",
		"idfa=%7BEA7583CD-A667-48BC-B806-42ECB2B48606%7D&%u0065rika=333",
		"idfa={ea7583cd%2Da667-48bc-b806-42ecb2b48606};%25%36%35rika=1",
	};

	check_same("/api?", queries, sizeof(queries) / sizeof(queries[0]));
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
		cmocka_unit_test(test_queries), cmocka_unit_test(test_learned),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_caps), cmocka_unit_test(test_many_classes),
		cmocka_unit_test(test_most_params), cmocka_unit_test(test_not_learned), cmocka_unit_test(test_long_uuid),
		cmocka_unit_test(test_email),
		cmocka_unit_test(test_spellings), cmocka_unit_test(test_methods),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
