#include "unit/mask/bed.h"

static struct mask_policy
own_site(void)
{
	struct mask_policy p;

	mask_policy_default(&p);
	strcpy(p.hosts[0], "shop.example.com");
	strcpy(p.hosts[1], "xn--bcher-kva.example");
	p.host_count = 2;
	return (p);
}

static void
test_referers(void **state)
{
	static const struct {
		const char *claim, *referer, *out; /* NULL: absent */
	} rows[] = {
		{ "nothing is nothing", "-", NULL },
		{ "of another site only the origin stays", "https://www.google.com/search?q=erika",
		    "https://www.google.com" },
		{ "an unknown site is a token", "https://erika-mustermann.de/x", "https://ht.#" },
		{ "so is one below a known domain", "https://erika.github.com/",
		    "https://ht.#.github.com" },
		{ "an address is a token", "http://203.0.113.7/x", "http://ht.#" },
		{ "so is one in brackets", "http://[2001:db8::7]/x", "http://ht.#" },
		{ "ours keeps its path", "https://shop.example.com/api/88231?q=erika",
		    "https://shop.example.com/api/{int}" },
		{ "and hides names in it", "https://shop.example.com/users/erika",
		    "https://shop.example.com/users/sg.#" },
		{ "in any case", "HTTPS://Shop.Example.COM/api", "https://shop.example.com/api" },
		{ "with a port and a user", "https://erika:pw@shop.example.com:8443/api",
		    "https://shop.example.com/api" },
		{ "our name as a user is not ours", "https://shop.example.com@erika.example/api",
		    "https://ht.#" },
		{ "nor our name in front", "https://shop.example.com.erika.example/api", "https://ht.#" },
		{ "a backslash ends a host", "https://shop.example.com\\\\@erika.example/api",
		    "https://shop.example.com/sg.#/api" },
		{ "another scheme is unknown", "android-app://com.example.erika", "[unknown]" },
		{ "so is a script", "javascript:alert(1)", "[unknown]" },
		{ "and a word", "erika", "[unknown]" },
		{ "no host is none", "https:///x", "https://[host]" },
		{ "an own host with an umlaut", "https://b%C3%BCcher.example/api",
		    "https://xn--bcher-kva.example" },
		{ "only an origin", "https://www.google.com", "https://www.google.com" },
		{ "a query without a path", "https://www.google.com?q=erika",
		    "https://www.google.com" },
	};
	static struct bed bed;
	struct mask_policy p = own_site();

	bed_open(&bed, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int again = 0; again < 2; again++) {
			struct record r = bed_request(&bed, "/api", 200, rows[i].referer);
			struct span text = record_has(&r, RECORD_FIELD_REFERER) ?
			    r.text[RECORD_FIELD_REFERER] : span_of("", 0);

			if (!bed_fits(text, rows[i].out == NULL ? "" : rows[i].out))
				fail_msg("%s: %.*s", rows[i].claim, (int)text.len, text.ptr);
		}
	}
	bed_close(&bed);
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *claim, *host, *out;
	} rows[] = {
		{ "ours is in clear", "shop.example.com:443", "shop.example.com" },
		{ "another is a token", "erika.example.org:80", "ht.#" },
		{ "a known one stays", "www.google.com:443", "www.google.com" },
		{ "an address does not", "192.0.2.99:80", "ht.#" },
	};
	static struct bed bed;
	struct mask_policy p = own_site();

	bed_open_as(&bed, &p, "vhost_combined", MASK_EPOCH_EVENT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[512];
		struct record r;

		snprintf(line, sizeof(line), "%s 192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] "
		    "\"GET /api HTTP/1.1\" 200 5 \"-\" \"-\"", rows[i].host);
		r = bed_record(&bed, line);
		if (!bed_fits(r.text[RECORD_FIELD_HOST], rows[i].out))
			fail_msg("%s: %.*s", rows[i].claim, (int)r.text[RECORD_FIELD_HOST].len,
			    r.text[RECORD_FIELD_HOST].ptr);
	}
	bed_close(&bed);
}

/* Sites that many come from become words, and what stands left of them. */
static void
test_learning(void **state)
{
	static struct bed bed;
	static char log[65536];
	size_t len = 0;
	struct record r;

	bed_open(&bed, NULL);
	for (unsigned n = 0; n < 16; n++)
		len += (size_t)snprintf(log + len, sizeof(log) - len, "198.51.%u.9 - - "
		    "[24/Nov/2025:10:11:12 +0000] \"GET /api HTTP/1.1\" 200 5 "
		    "\"https://suche.viele-leser.de/?q=erika%u\" \"-\"\n", n, n);
	mask_candidates_reset(bed.learn);
	bed.batch.learn = bed.learn;
	bed.batch.lines = span_of(log, len);
	mask_batch_learn(bed.mask, &bed.batch);
	mask_words_merge(bed.words, bed.learn, 0);
	mask_words_settle(bed.words);
	bed.batch.learn = NULL;
	r = bed_request(&bed, "/api", 200, "https://suche.viele-leser.de/?q=x");
	assert_fits(r.text[RECORD_FIELD_REFERER], "https://suche.viele-leser.de");
	r = bed_request(&bed, "/api", 200, "https://erika.viele-leser.de/?q=x");
	assert_fits(r.text[RECORD_FIELD_REFERER], "https://ht.#.viele-leser.de");
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_referers), cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_learning),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
