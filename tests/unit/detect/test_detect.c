#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "detect/canon.h"
#include "detect/detect.h"
#include "detect/verify.h"

#define JWT_HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define JWT_BODY "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"

struct row {
	const char *claim, *text;
	enum record_class found;
};

#define HIT(class_id, claim, text) { claim, text, RECORD_CLASS_##class_id }

/* Provider tokens are in two pieces, so that scanners of sources stay quiet. */
static const struct row secrets[] = {
	HIT(CREDENTIAL, "a JWT", JWT_HEAD "." JWT_BODY ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV"),
	HIT(CREDENTIAL, "a JWT without signature", JWT_HEAD "." JWT_BODY "."),
	HIT(CREDENTIAL, "a JWT in text", "token " JWT_HEAD "." JWT_BODY ". expired"),
	HIT(CREDENTIAL, "a GitHub token", "ghp" "_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O50Zb5Hm"),
	HIT(CREDENTIAL, "a GitHub token glued to a word",
	    "xghp" "_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O50Zb5Hm"),
	HIT(CREDENTIAL, "a GitHub token with a wrong checksum",
	    "ghp" "_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O50Zb5HX"),
	HIT(CREDENTIAL, "an AWS key", "key=AKIA" "IOSFODNN7EXAMPLE"),
	HIT(CREDENTIAL, "an AWS secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
	HIT(CREDENTIAL, "a Slack token", "xoxb" "-000000000000-0000000000000-ExampleExampleExample1234"),
	HIT(CREDENTIAL, "a Stripe key", "sk_live" "_0000ExampleExample0000Exam"),
	HIT(CREDENTIAL, "a Google key", "AIza" "SyExampleExampleExampleExampleExample0"),
	HIT(CREDENTIAL, "a GitLab token", "glpat" "-ExampleExample12345"),
	HIT(CREDENTIAL, "an npm token", "npm" "_ExampleExampleExampleExample0123456789"),
	HIT(CREDENTIAL, "a SendGrid key", "SG" ".ExampleExample123456.abc"),
	HIT(CREDENTIAL, "a Hugging Face token", "hf" "_ExampleExampleExampleExample01"),
	HIT(CREDENTIAL, "PEM", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIExample"),
	HIT(CREDENTIAL, "bearer", "Authorization=Bearer abc123def"),
	HIT(CREDENTIAL, "basic", "sent Basic Ym9iNzc6czNjcjN0UHc="),
	HIT(CREDENTIAL, "password in a URL", "postgres://app:s3cr3tPw@db.example.com:5432/x"),
	HIT(CREDENTIAL, "assignment", "password=hunter2"),
	HIT(CREDENTIAL, "JSON assignment", "{\"client_secret\": \"abc\"}"),
	HIT(CREDENTIAL, "a hex key", "247a2aa45f169edf4d187d54e7cc46e4731b1e6273242c4f4c39a1d2507a0e58"),
	HIT(CREDENTIAL, "a signature", "Z/RHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk="),
	HIT(SESSION, "a session in text", "cart.do;jsessionid=node01abc"),
	HIT(NONE, "an empty assignment", "password="),
	HIT(NONE, "a word about passwords", "Basic authentication failed"),
	HIT(NONE, "a heading", "reset your password today"),
};

static const struct row numbers[] = {
	HIT(PAN, "a card", "4111111111111111"),
	HIT(PAN, "a card with blanks", "card 4111 1111 1111 1111 declined"),
	HIT(PAN, "a card with dashes", "4111-1111-1111-1111"),
	HIT(PAN, "a card of 15", "3782 822463 10005"),
	HIT(PAN, "a card behind another number", "12 4111111111111111"),
	HIT(PAN, "a card behind letters", "card4111111111111111x"),
	HIT(PHONE, "a card that is none", "build 4012-8888-8888-1882 ok"),
	HIT(NATIONAL, "SSN", "219-09-9999"),
	HIT(NATIONAL, "SSN with a zero inside", "SSN 123-12-1204 on file"),
	HIT(NATIONAL, "SSN with blanks", "219 09 9999"),
	HIT(NATIONAL, "SSN without separators", "ssn=219099999"),
	HIT(NATIONAL, "a German tax id", "86095742719"),
	HIT(NATIONAL, "... as it is printed", "IdNr. 86 095 742 719 fehlt"),
	HIT(PHONE, "... with another check digit", "86095742718"),
	HIT(PHONE, "... with too many equal digits", "11111111115"),
	HIT(NATIONAL, "a French NIR", "269054958815780"),
	HIT(NATIONAL, "... as it is printed", "NIR 2 69 05 49 588 157 80"),
	HIT(NATIONAL, "a Brazilian CPF", "cpf=111.444.777-35"),
	HIT(NATIONAL, "... without separators", "39053344705"),
	HIT(PHONE, "... of one digit", "11111111111"),
	HIT(NATIONAL, "a Spanish DNI", "12345678Z"),
	HIT(NATIONAL, "... in lower case", "dni:12345678z,"),
	HIT(NATIONAL, "... with a dash", "12345678-Z"),
	HIT(NONE, "... with another letter", "12345678A"),
	HIT(NONE, "... inside of a word", "ab12345678z"),
	HIT(NATIONAL, "a Spanish NIE", "X1234567L"),
	HIT(NATIONAL, "an Italian codice fiscale", "RSSMRA85T10A562S"),
	HIT(NONE, "... with another letter at its end", "RSSMRA85T10A562T"),
	HIT(PHONE, "no area 000", "000-12-1204"),
	HIT(NONE, "no area 666", "666-12-1204"),
	HIT(NONE, "no group 00", "123-00-1204"),
	HIT(NONE, "no serial 0000", "123-12-0000"),
	HIT(DEVICE, "IMEI", "490154203237518"),
	HIT(DEVICE, "advertising id", "IDFA/EA7583CD-A667-48BC-B806-42ECB2B48606"),
	HIT(IBAN, "IBAN", "DE89370400440532013000"),
	HIT(IBAN, "IBAN with blanks", "to GB82 WEST 1234 5698 7654 32 please"),
	HIT(IBAN, "IBAN in small letters", "de89370400440532013000"),
	HIT(PHONE, "a phone", "+49-151-1234-5678"),
	HIT(PHONE, "a phone after its plus became a blank", " 49-151-1234-5678"),
	HIT(PHONE, "a phone in one run", "+4915112345678"),
	HIT(PHONE, "a phone with brackets", "(212) 555-1234"),
	HIT(PHONE, "a phone with a slash", "0151/12345678"),
	HIT(PHONE, "a phone with a zero in brackets", "+49 (0)151 1234567"),
	HIT(PHONE, "a long run", "id 49151123456789"),
	HIT(PHONE, "a phone as a float", "4.915112345678e12"),
	HIT(NONE, "a fraction", "0.123456789"),
	HIT(NONE, "a date", "2025-11-24"),
	HIT(NONE, "a German date", "24.11.2025"),
	HIT(NONE, "a time stamp", "2025-11-24T10:11:12.123Z"),
	HIT(NONE, "a date and a time", "2025-11-24 10:11:12"),
	HIT(NONE, "a path of a date", "2024/05/12"),
	HIT(NONE, "eight digits of a date", "20240512"),
	HIT(NONE, "a version", "120.0.6099.109"),
	HIT(NONE, "numbers", "512 1024 17"),
};

static const struct row places[] = {
	HIT(EMAIL, "an e-mail", "bob.k@example.org"),
	HIT(EMAIL, "an e-mail in text", "hello <bob.k+x@example.org>, hi"),
	HIT(EMAIL, "an e-mail with a full-width at", "bob.k\xef\xbc\xa0" "example.org"),
	HIT(EMAIL, "an e-mail with umlauts", "m\xc3\xbcller@b\xc3\xbc" "cher.example"),
	HIT(EMAIL, "an e-mail at an address", "bob@[203.0.113.7]"),
	HIT(EMAIL, "a quoted e-mail", "\"bob k\"@example.org"),
	HIT(EMAIL, "an e-mail without a dot", "bob@corp"),
	HIT(EMAIL, "base64 of an e-mail", "Ym9iLmtAZXhhbXBsZS5vcmc="),
	HIT(EMAIL, "base64 of an e-mail behind a path", "a/b/Ym9iLmtAZXhhbXBsZS5vcmc"),
	HIT(EMAIL, "hex of an e-mail", "626f622e6b406578616d706c652e6f7267"),
	HIT(NONE, "a density", "logo@2x.png"),
	HIT(NONE, "a package", "@scope/name"),
	HIT(NONE, "a package version", "vue@3.2.1"),
	HIT(MAC, "MAC", "00:1a:2b:3c:4d:5e"),
	HIT(MAC, "MAC with dashes", "dev-00-1A-2B-3C-4D-5E"),
	HIT(MAC, "MAC with dots", "001a.2b3c.4d5e"),
	HIT(GEO, "coordinates", "52.5200,13.4050"),
	HIT(GEO, "southern coordinates", "at -33.8688, 151.2093 now"),
	HIT(IP_FWD, "IPv4", "203.0.113.7"),
	HIT(IP_FWD, "IPv4 in text", "from 203.0.113.7:4444, ok"),
	HIT(IP_FWD, "IPv4 in a URL", "x/users/203.0.113.7"),
	HIT(IP_FWD, "IPv4 with zeros", "203.000.113.007"),
	HIT(IP_FWD, "IPv4 in octal", "0313.0.0161.07"),
	HIT(IP_FWD, "IPv4 in hex", "0xcb007107"),
	HIT(IP_FWD, "IPv4 in dotted hex", "0xcb.0x0.0x71.0x7"),
	HIT(IP_FWD, "IPv4 in decimal", "3405803783"),
	HIT(IP_FWD, "IPv4 in short", "203.0.28935"),
	HIT(IP_FWD, "IPv4 with full-width digits", "\xef\xbc\x92\xef\xbc\x90\xef\xbc\x93.0.113.7"),
	HIT(IP_FWD, "IPv4 with ideographic stops",
	    "203\xe3\x80\x82" "0\xe3\x80\x82" "113\xe3\x80\x82" "7"),
	HIT(IP_FWD, "IPv4 reversed", "7.113.0.203.in-addr.arpa"),
	HIT(IP_FWD, "IPv4 in a host name", "ec2-203-0-113-7.compute.example"),
	HIT(IP_FWD, "IPv4 and a port behind a dot", "203.0.113.7.443"),
	HIT(IP_FWD, "IPv6", "2001:db8::7"),
	HIT(IP_FWD, "IPv6 in brackets", "for=\"[2001:db8:cafe::17]:4711\""),
	HIT(IP_FWD, "IPv6 with a zone", "fe80::21a:2bff:fe3c:4d5e%eth2"),
	HIT(IP_FWD, "mapped IPv6", "::ffff:203.0.113.7"),
	HIT(NONE, "a browser's version", "Chrome/120.0.0.0"),
	HIT(NONE, "a time of day", "10:11:12"),
	HIT(NONE, "a C++ name", "std::vector"),
	HIT(NONE, "a short version", "1.2.3"),
	HIT(NONE, "a dashed section", "section-1-2-3-4"),
};

static const struct row clean[] = {
	HIT(NONE, "nothing", ""),
	HIT(NONE, "a file", "index.html"),
	HIT(NONE, "a path", "/api/v2/health"),
	HIT(NONE, "an asset", "app.3f2a9c1b.js"),
	HIT(NONE, "words with dashes", "release-notes-for-spring"),
	HIT(NONE, "words with dashes and a year", "release-notes-for-spring-2024"),
	HIT(NONE, "a class name", "ReadableStreamDefaultReader"),
	HIT(NONE, "a cipher", "ECDHE-RSA-AES128-GCM-SHA256"),
	HIT(NONE, "a host", "www.example.com"),
	HIT(NONE, "a URL", "https://app.example.com/cb?next=home"),
	HIT(NONE, "a machine", "system:serviceaccount:kube-system:generic-garbage-collector"),
	HIT(NONE, "a file name", "CV_Erika_Mustermann.pdf"),
	HIT(NONE, "a long word in one case", "donaudampfschifffahrtsgesellschaft"),
	HIT(NONE, "a language", "en-US"),
	HIT(NONE, "an agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"),
};

static void
check(const struct row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		enum record_class found = detect_class(span_str(rows[i].text));

		if (found != rows[i].found) {
			print_error("%s: \"%s\": %d, not %d\n", rows[i].claim, rows[i].text,
			    (int)found, (int)rows[i].found);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
secrets_are_found(void **state)
{
	check(secrets, sizeof(secrets) / sizeof(secrets[0]));
}

static void
numbers_are_verified(void **state)
{
	check(numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static void
places_are_found(void **state)
{
	check(places, sizeof(places) / sizeof(places[0]));
}

static void
words_stay(void **state)
{
	check(clean, sizeof(clean) / sizeof(clean[0]));
}

/* Whatever stands around it, however long it is. */
static void
found_anywhere(void **state)
{
	static const char *const fences[] = { " ", "/", "=", "\"", ",", ";", "|", "(", "[", "{", "<",
		"&", "?", "#", "\t", "\\" };
	static char text[9000];
	struct row row = HIT(EMAIL, "an e-mail between fences", text);

	for (size_t i = 0; i < sizeof(fences) / sizeof(fences[0]); i++) {
		(void)snprintf(text, sizeof(text), "a%sbob.k@example.org%sb", fences[i], fences[i]);
		check(&row, 1);
	}
	for (size_t at = 0; at < 8000; at += 97) {
		memset(text, 'x', sizeof(text) - 1);
		memcpy(text + at, " bob.k\xef\xbc\xa0" "example.org ", 20);
		row.claim = "an e-mail in a long text";
		check(&row, 1);
	}
}

/*
 * Texts made to be slow stay linear: each costs a few milliseconds; what is
 * quadratic takes seconds.
 */
static void
no_text_is_slow(void **state)
{
	static const char *const units[] = { "eyJ", "-eyJ", "123456789x", "=  ", "//a:", "a@", "DE89 ",
		"basic ", "1.111,", "ghp_", "::", "1-", "xoxb-", "\"", "\xef\xbc\xa0", "aB1" };
	static char text[60000];
	clock_t before = clock();

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i]);

		for (size_t at = 0; at + len <= sizeof(text); at += len)
			memcpy(text + at, units[i], len);
		(void)detect_class(span_of(text, sizeof(text)));
		(void)detect_shape(span_of(text, sizeof(text)));
	}
	assert_true(clock() - before < 3 * CLOCKS_PER_SEC); /* 0.1 s without sanitizers */
}

/* A number and its neighbour: one digit wrong is no card and no IBAN. */
static void
check_digits(void **state)
{
	char card[] = "4111111111111111", iban[] = "DE89370400440532013000";

	for (size_t i = 0; i < sizeof(card) - 1; i++) {
		card[i] = (char)('0' + (card[i] - '0' + 1) % 10);
		assert_true(detect_class(span_str(card)) != RECORD_CLASS_PAN);
		card[i] = (char)('0' + (card[i] - '0' + 9) % 10);
		assert_int_equal(detect_class(span_str(card)), RECORD_CLASS_PAN);
	}
	for (size_t i = 2; i < sizeof(iban) - 1; i++) {
		iban[i] = (char)('0' + (iban[i] - '0' + 1) % 10);
		assert_true(detect_class(span_str(iban)) != RECORD_CLASS_IBAN);
		iban[i] = (char)('0' + (iban[i] - '0' + 9) % 10);
	}
}

static void
weights(void **state)
{
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		uint64_t want = detect_verify_is_digit(byte) ? VERIFY_DIGIT :
		    detect_verify_is_upper(byte) ? VERIFY_UPPER : detect_verify_is_letter(byte) ? VERIFY_LOWER :
		    c == ':' ? VERIFY_COLON : c == ' ' || c == '=' ? VERIFY_KEYED :
		    c == '@' ? VERIFY_AT : c == '-' || c == '_' ? VERIFY_MARK :
		    c < 32 || c >= 127 ? VERIFY_OTHER : 0;

		assert_int_equal(detect_verify_weights[c], want);
	}
}

static void
names(void **state)
{
	static const struct {
		const char *name;
		bool secret, session, tracking;
	} rows[] = {
		{ "access_token", true, false, false }, { "API_KEY", true, false, false },
		{ "X-Amz-Signature", true, false, false }, { "X-Goog-Credential", true, false, false },
		{ "code", true, false, false }, { "state", true, false, false },
		{ "user[password]", true, false, false }, { "sig", true, false, false },
		{ "SAMLResponse", true, false, false }, { "id_token", true, false, false },
		{ "PHPSESSID", false, true, false }, { "sid", false, true, false },
		{ "jsessionid", false, true, false }, { "connect.sid", false, true, false },
		{ "ASPSESSIONIDQQBA", false, true, false },
		{ "gclid", false, false, true }, { "fbclid", false, false, true },
		{ "_ga", false, false, true }, { "_gcl_au", false, false, true },
		{ "mc_eid", false, false, true },
		{ "page", false, false, false }, { "utm_source", false, false, false },
		{ "gallery", false, false, false }, { "codec", false, false, false },
		{ "", false, false, false }, { "monkey", false, false, false },
		/* The first and the last of a letter, and what has but their length. */
		{ "accesskey", true, false, false }, { "awsaccesskeyid", true, false, false },
		{ "se", true, false, false }, { "syclid", false, false, true },
		{ "yclid", false, false, true }, { "zanpid", false, false, true },
		{ "ZAN-PID", false, false, true }, { "zanpix", false, false, false },
		{ "x-oss-date", true, false, false }, { "asp.net_sessionId", false, true, false },
		{ "mysessiontoken", true, true, false }, { "..", false, false, false },
		{ "_", false, false, false }, { "hsa", false, false, false },
		{ "hsa_acc", false, false, true }, { "\xc3\xa4token", true, false, false },
		{ "tokentokentokentokentokentokentokentokentokentokentokentokentoken", false, false,
		    false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span name = span_str(rows[i].name);
		unsigned kinds;

		if (detect_name_is_secret(name) != rows[i].secret ||
		    detect_name_is_session(name) != rows[i].session ||
		    detect_name_is_tracking(name) != rows[i].tracking)
			fail_msg("%s", rows[i].name);
		kinds = detect_name_kinds(name);
		if (((kinds & (DETECT_NAME_SECRET | DETECT_NAME_PASSWORD)) != 0) != rows[i].secret ||
		    ((kinds & DETECT_NAME_SESSION) != 0) != rows[i].session ||
		    ((kinds & DETECT_NAME_TRACKING) != 0) != rows[i].tracking)
			fail_msg("%s: %u", rows[i].name, kinds);
	}
}

/* Random, and nothing better is known of it. */
static void
random_alone(void **state)
{
	static const struct {
		const char *claim, *text;
		bool random;
	} rows[] = {
		{ "a font", "xjAJXh38I15wypJXxuGMBp0EAVxt0G0biEntp43Qt6E.ttf", true },
		{ "a build", "main.8d2e7f3a9b1c4d5e6f70.js", true },
		{ "a word", "elasticsearch-configuration.html", false },
		{ "something short", "xjAJXh38I15wy", false },
		{ "a known prefix", "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.js", false },
		{ "a JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"
		    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", false },
		{ "a secret in base64", "dG9rZW4gaXMgZ2hwX0ExYjJDM2Q0RTVmNkc3aDhJOWowSzFsMk0zbjRPNTBaYjVIbQ.js", false },
		{ "an e-mail in base64", "ZXJpa2EubXVzdGVybWFubkBleGFtcGxlLm9yZw.js", false },
		{ "a card beside it", "4111111111111111.xjAJXh38I15wypJXxuGMBp0EAVxt.js", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (detect_is_random(span_str(rows[i].text)) != rows[i].random)
			fail_msg("%s", rows[i].claim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_found),
		cmocka_unit_test(numbers_are_verified),
		cmocka_unit_test(places_are_found),
		cmocka_unit_test(words_stay),
		cmocka_unit_test(found_anywhere),
		cmocka_unit_test(no_text_is_slow),
		cmocka_unit_test(check_digits),
		cmocka_unit_test(weights),
		cmocka_unit_test(names),
		cmocka_unit_test(random_alone),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
