/* Free text: what is found in it, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "detect/text.h"

#define HITS_MAX 16

/* text with every hit as [class]. */
static const char *
marked(struct span text)
{
	static char out[8192];
	struct detect_hit hits[HITS_MAX];
	size_t count = detect_text(text, hits, HITS_MAX), at = 0, len = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(hits[i].at >= at && hits[i].len > 0);
		assert_true(hits[i].at + hits[i].len <= text.len);
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%.*s[%s]",
		    (int)(hits[i].at - at), text.ptr + at, record_classes[hits[i].class_id].name);
		at = hits[i].at + hits[i].len;
	}
	(void)snprintf(out + len, sizeof(out) - len, "%.*s", (int)(text.len - at), text.ptr + at);
	return (out);
}

/* Provider tokens are in two pieces, so that scanners of sources stay quiet. */
static void
places_are_exact(void **state)
{
	static const struct {
		const char *text, *out;
	} rows[] = {
		{ "mail bob.k@example.org, please", "mail [email], please" },
		{ "to <bob.k@example.org>.", "to <[email]>." },
		{ "mailto:bob.k@example.org", "mailto:[email]" },
		{ "from bob.k@example.org to eve@example.org: ok", "from [email] to [email]: ok" },
		{ "10.0.0.1/bob.k@example.org", "[ip.fwd]/[email]" },
		{ "client: 203.0.113.7, server: x", "client: [ip.fwd], server: x" },
		{ "client=203.0.113.7:4080 in", "client=[ip.fwd]:4080 in" },
		{ "at [2001:db8::7]:80.", "at [[ip.fwd]]:80." },
		{ "2001:db8:0:0:0:0:0:7", "[ip.fwd]" },
		{ "card 4111 1111 1111 1111 declined", "card [pan] declined" },
		{ "card 4111-1111-1111-1111.", "card [pan]." },
		{ "SSN 123-12-1204 on file", "SSN [national] on file" },
		{ "call +49 170 1234567 now", "call [phone] now" },
		{ "call (555) 123-4567 now", "call [phone] now" },
		{ "NIR 1 84 12 76 451 089 46 given", "NIR [national] given" },
		{ "to DE89 3704 0044 0532 0130 00 at", "to [iban] at" },
		{ "to GB29 NWBK 6016 1331 9268 19 at", "to [iban] at" },
		{ "GB29NWBK60161331926819", "[iban]" },
		{ "at 52.5200, 13.4050 yes", "at [geo] yes" },
		{ "mac 00:1b:44:11:3a:b7 up", "mac [mac] up" },
		{ "key=AKIA" "IOSFODNN7EXAMPLE secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		    "key=[credential] secret=[credential]" },
		{ "{\"password\": \"hunter two\"}", "{\"password\": \"[credential]\"}" },
		{ "password: hunter2, next", "password: [credential], next" },
		{ "Authorization: Bearer abc123def ok", "Authorization: [credential] ok" },
		{ "sent Bearer abc123def ok", "sent [credential] ok" },
		{ "postgres://app:s3cr3tPw@db.example.com:5432/x", "[credential]" },
		{ "a -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- b",
		    "a [credential] b" },
		{ "a -----BEGIN EC PRIVATE KEY-----\nMHcC", "a [credential]" },
		{ "xoxb" "-000000000000-0000000000000-ExampleExampleExample1234 x", "[credential] x" },
		{ "bob.k%40example.org is it", "[email] is it" },
		{ "bob.k\\u0040example.org", "[email]" },
		{ "bob&#46;k&#64;example&#46;org", "[email]" },
		{ "Ym9iLmtAZXhhbXBsZS5vcmc= x", "[email] x" },
		{ "626f622e6b406578616d706c652e6f7267 x", "[email] x" },
		{ "YgBvAGIALgBrAEAAZQB4AGEAbQBwAGwAZQAuAG8AcgBnAA== x", "[email] x" },
		{ "bob.k\xef\xbc\xa0" "example.org", "[email]" },
		{ "\xef\xbc\x92\xef\xbc\x90\xef\xbc\x93.0.113.7", "[ip.fwd]" },
		{ "x &amp;amp;amp;amp;amp;amp;lt; y", "x [unknown] y" },
		{ "at 0xcb007107 ok", "at [ip.fwd] ok" },
		{ "GET /u?e=bob@example.org&x=1 HTTP", "GET /u?e=[email]&x=1 HTTP" },
		{ "7.113.0.203.in-addr.arpa", "[ip.fwd]" },
		{ "npm" "_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O50Zb5Hm", "[credential]" },
		{ "pwd=\001x and more", "pwd=[credential] and more" },
		{ "12345678Z or X1234567L", "[national] or [national]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *out = marked(span_str(rows[i].text));

		if (strcmp(out, rows[i].out) != 0) {
			print_error("%s\n  gives %s\n  want  %s\n", rows[i].text, out, rows[i].out);
			fail();
		}
	}
}

static void
plain_text_stays(void **state)
{
	static const char *const texts[] = { "", "x", "nothing to see here",
		("2025/11/24 10:11:12 [error] 991#991: *17 open() \"/srv/www/x.html\" failed "
		 "(2: No such file or directory)"), "build 4012 of 2025-11-24T10:11:12.123Z took 0.25 s",
		"Chrome/120.0.0.0 on /api/v2", "100% of 3 retries", "std::vector<int> x::y",
		"reset your password today", "status=200 bytes=512 time=0.001", "a & b \\ c % d @ e",
		"release-notes-2024-for-spring", "/usr/share/nginx/html/index.html" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(marked(span_str(texts[i])), texts[i]);
}

static void
too_many_hide_the_rest(void **state)
{
	struct detect_hit hits[2];
	struct span text = span_str("a@b.org, c@d.org, e@f.org and more");

	assert_int_equal(detect_text(text, hits, 2), 2);
	assert_int_equal(hits[1].class_id, RECORD_CLASS_UNKNOWN);
	assert_int_equal(hits[1].at + hits[1].len, text.len);
}

static double
seconds(const char *unit, size_t len)
{
	static char text[1 << 16];
	struct detect_hit hits[64];
	struct timespec from, to;

	for (size_t i = 0; i < len; i++)
		text[i] = unit[i % strlen(unit)];
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	(void)detect_text(span_of(text, len), hits, 64);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
}

static void
no_text_is_slow(void **state)
{
	static const char *const units[] = { "a@b.co=", "1 ", "1.1.", "password=", "0x1.", "a:b:", "%41",
		"eyJ", "GB29 ", "-----BEGIN ", "4111 1111 ", "@", "a@b ", "Bearer ", "A1b2C3d4", "\xef\xbc\x91",
		"x,1234567,", "&#64", "://a:" };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double took = seconds(units[i], 1 << 16);

		if (took > 0.5)
			fail_msg("64 KiB of \"%s\": %.3f s", units[i], took);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_exact),
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(too_many_hide_the_rest),
		cmocka_unit_test(no_text_is_slow),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
