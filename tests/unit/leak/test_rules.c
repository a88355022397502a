#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "find.h"

#include <cmocka.h>

/* rule: what must be found, alone; NULL: a near miss, nothing may be. */
static const struct {
	const char *text, *rule;
} rows[] = {
	{ "to bob.k@example.org now", "email" },
	{ "to b@x.de", "email" },
	{ "m\xc3\xbcller@b\xc3\xbc"
	  "cher.example",
	    "email" },
	{ "/img/logo@2x.png", NULL },
	{ "@angular/core@12.0.0", NULL },
	{ "user@localhost", NULL },
	{ "from 203.0.113.7 port", "ipv4" },
	{ "client203.0.113.7,", "ipv4" },
	{ "203.000.113.007 -", "ipv4" },
	{ "7.113.0.203.in-addr.arpa", "ipv4" },
	{ "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa", "ipv6-arpa" },
	{ "127.0.0.1 and 0.0.0.0 and 255.255.255.0", NULL },
	{ "Chrome/120.0.0.0 Safari/537.36", NULL },
	{ "proxy/120.0.0.1", "ipv4" },
	{ "1.3.6.1.4.1.311", NULL },
	{ "v1.2.3.4", NULL },
	{ "203.0.113.256", NULL },
	{ "203.0.113.7.8", NULL },
	{ "host=0313.0.0161.07", "ipv4-odd" },
	{ "host=203.0.28935", "ipv4-odd" },
	{ "Windows 10.0.19041", NULL },
	{ "?ip=3405803783&", "ipv4-number" },
	{ "http://3405803783/x", "ipv4-number" },
	{ "?ip=0xcb007107", "ipv4-number" },
	{ "?id=3405803783&", NULL },
	{ "?ip=12345678", NULL },
	{ "0xcb.0x0.0x71.0x7", "ipv4-hex" },
	{ "ec2-203-0-113-7.compute.example", "ipv4-dashed" },
	{ "2013-01-02-03", NULL },
	{ "step 1-2-3-4", NULL },
	{ "2001:db8:85a3:11:2233:4455:6677:8899 -", "ipv6" },
	{ "[2001:0DB8:85A3:0011:2233:4455:6677:8899]:443", "ipv6" },
	{ "fe80::21a:2bff:fe3c:4d5e%eth2", "ipv6" },
	{ "client:2001:db8::17", "ipv6" },
	{ "::ffff:cb00:7107", "ipv6" },
	{ "2002:cb00:7107::1", "ipv6" },
	{ "at 10:11:12:13", NULL },
	{ "std::string a::b ::1 ::", NULL },
	{ "2001:db8:85a3:11:2233:4455:6677", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "00:1a:2b:3c:4d:5e", "mac" },
	{ "00-1a-2b-3c-4d-5e", "mac" },
	{ "001a.2b3c.4d5e", "mac-dotted" },
	{ "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff", NULL },
	{ "00:1a:2b:3c:4d:5e:6f:70:81", NULL },
	{ "20-13-05-17-10-05", NULL },
	{ "card 4111111111111111.", "pan" },
	{ "4111 1111 1111 1111", "pan" },
	{ "4111-1111-1111-1111", "pan" },
	{ "3782 822463 10005", "pan" },
	{ "378282246310005", "pan" },
	{ "build 4012-8888-8888-1882 ok", NULL },
	{ "0.4111111111111111", NULL },
	{ "9111111111111111", NULL },
	{ "DE89370400440532013000", "iban" },
	{ "DE89 3704 0044 0532 0130 00 ok", "iban" },
	{ "GB82 WEST 1234 5698 7654 32", "iban" },
	{ "DE89370400440532013001", NULL },
	{ "ZZ89370400440532013000", NULL },
	{ "SSN 123-12-1204 on", "ssn" },
	{ "ssn: 219099999", "ssn-named" },
	{ "000-12-1204 666-12-1204 123-00-1204 123-12-0000", NULL },
	{ "2015-05-1712", NULL },
	{ "call +49-151-1234-5678", "phone" },
	{ "/call/+491511234567", "phone" },
	{ "10:11:12 +0000]", NULL },
	{ "+11111111111", NULL },
	{ "x+1234567890", NULL },
	{ "\"phone\":4.915112345678e12", "phone-named" },
	{ "tel=030 1234567", "phone-named" },
	{ "\"telephone\":\"[phone]\"", NULL },
	{ "?jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.", "jwt" },
	{ "/shop/sg.ewo6o4zbz7zbpted.html", NULL },
	{ "eyJhYmNkZWZnaGlqa2wi.eyJzdWIiOiIxMjM0In0", NULL },
	{ "\"signature\":"
	  "\"FfsUJO3TMYw/oF3j+u2Mo7ah5ds2BGiaQG/3+YMbotrr0xk+jPG7/oHdfltNYzMQdmZgR/7ZAyd61ssP6gqkCA"
	  "==\"",
	    NULL },
	{ "\"signature\":"
	  "\"FfsUJO3TMYw/oF3j+u2Mo7ah5ds2BGiaQG/3+YMbotrr0xk+jPG7/oHdfltNYzMQdmZgR/7ZAyd61ssP6gqkCA"
	  "x==\"",
	    "secret" },
	{ "cretula open v2\n9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\n{}",
	    NULL },
	{ "\"prev\":\"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\",\"text\":"
	  "\"nothing of importance is in this text but a sign, \\u2013 \"",
	    NULL },
	{ "path\t/\tshop\t2025-11-24\nsealed\t12\t0\t1abb49b8be1a8d5fa7d6f40011a25bf4\n", NULL },
	{ "cretula words v1\n1abb49b8be1a8d5fa7d6f40011a25bf4\n"
	  "b3d1781df9744ff9151e13f07f9b0143\n", NULL },
	{ "cretula words v1\n1abb49b8be1a8d5fa7d6f40011a25bf4\n"
	  "00000000000000000000000000000000\nx", "hexid" },
	{ "cretula words v2\n1abb49b8be1a8d5fa7d6f40011a25bf4\n"
	  "00000000000000000000000000000000\n", "hexid" },
	{ "path\t/\tshop\t2025-11-24\nsealed\t12\t0\t1abb49b8be1a8d5fa7d6f40011a25bf4\nx", "hexid" },
	{ "path\t/\tshop\t2025-11-24\nsealed\t12\t1abb49b8be1a8d5fa7d6f40011a25bf4\n", "hexid" },
	{ "eyJ.abc", NULL },
	{ "key AKIAIOSFODNN7EXAMPLE x", "provider-key" },
	{ "AKIAIOSFODNN7EXAMPL", NULL },
	{ "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", "provider-key" },
	{ "glpat-abcdefghij0123456789", "provider-key" },
	{ "xoxb-000000000000-0000000000000-ExampleExampleExample1234", "provider-key" },
	{ "sk_live_0000ExampleExample0000Exam", "provider-key" },
	{ "AIzaSyExampleExampleExampleExampleExample0", "provider-key" },
	{ "npm_abcdefghijklmnopqrstuvwxyz0123456789", "provider-key" },
	{ "pypi-AgEIcHlwaS5vcmcabcdef", "provider-key" },
	{ "sk-ant-api03-abcdefghijklmnop", "provider-key" },
	{ "sk-proj-abcdefghijklmnopqrst", "provider-key" },
	{ "risk-proj-abcdefghijklmnopqrst", NULL },
	{ "-----BEGIN EC PRIVATE KEY-----", "pem" },
	{ "-----BEGIN CERTIFICATE-----", NULL },
	{ "Authorization: Basic Ym9iNzc6czNjcjN0UHc=", "basic" },
	{ "Basic authentication", NULL },
	{ "Bearer abcdef0123456789", "bearer" },
	{ "bearer of good news", NULL },
	{ "Bearer se.abcdefghij234567", NULL },
	{ "PHPSESSID=3fj2k1l9a8s7d6f5g4h3j2k1l0&", "session" },
	{ ";jsessionid=1A530637289A03B07199?", "session" },
	{ "\"session\":\"se.abcdefghij234567\"", NULL },
	{ "sid={int}", NULL },
	{ "sid=[session]", NULL },
	{ "\"password\":\"hunter2x\"", "secret" },
	{ "api_key=99aaExampleSecret77", "secret" },
	{ "sig=ZRHIX5Xcg0Mq2rqI3OlWTjEg2tYkbo", "secret" },
	{ "password=[credential]", NULL },
	{ "\"password\":null,", NULL },
	{ "token=em.abcdefghij234567&", NULL },
	{ "?gclid=EAIaIQobChMIexampleGCLID99&", "tracking" },
	{ "uid=88231177", "user-id" },
	{ "postgres://app:s3cr3tPw@db:5432/x", "userinfo" },
	{ "//a/b:c@d", NULL },
	{ "/accounts/3f2504e0-4f89-11d3-9a0c-0305e82c3301/x", "uuid" },
	{ "00000000-0000-0000-0000-000000000000", NULL },
	{ "/items/507f1f77bcf86cd799439011", "hexid" },
	{ "/items/01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid" },
	{ "/users/88231177/orders", "path-number" },
	{ "/2013/20130517/x", NULL },
	{ "lat=48.1374&", "geo" },
	{ "529.982.247-25", "cpf" },
	{ "529.982.247-26", NULL },
	{ "1 85 05 78 006 084 91", "nir" },
	{ "1 85 05 78 006 084 92", NULL },
	{ "Steuer-ID: 86095742719", "steuer" },
	{ "Steuer-ID: 86095742718", NULL },
	{ "2341 2341 2346", "aadhaar" },
	{ "2341 2341 2347", NULL },
	{ "RSSMRA85T10A562S", "fiscal" },
	{ "RSSMRA85T10A562T", NULL },
	{ "pesel 44051401359", "pesel" },
	{ "pesel 44051401358", NULL },
	{ "bsn=111222333", "bsn" },
	{ "bsn=111222334", NULL },
	{ "dni 12345678Z", "dni" },
	{ "dni 12345678A", NULL },
	{ "nino: QQ 12 34 56 C", "nino" },
	{ "\"prev\":\"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\"", NULL },
	{ "\"path\":\"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\"",
	    "hexid" },
	{ "\"client\":\"ip.xwilh5scltzql5e5\",\"status\":200,\"bytes\":203023", NULL },
	{ "\"time\":\"2015-05-17T10:05:03.000Z\"", NULL },
	{ "x\n2026-W48.2 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\n2026-11 "
	  "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\n",
	    NULL },
	{ "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\n37\n", NULL },
	{ "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\nx\n", "hexid" },
	{ "\n202-W48 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\n", "hexid" },
	{ "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d  seg/x\n", NULL },
	{ "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d seg/x\n", "hexid" },
	{ "sg.abcdefghij234567/{uuid}/[phone]", NULL },
};

static void
every_rule_finds_its_kind_and_no_near_miss(void **state)
{
	struct leak_rules *rules = NULL;
	struct find find;
	struct err e = { ERR_NONE, "" };
	size_t bad = 0;

	if (leak_rules_open(LEAK_PLAIN, &rules, &e) == -1)
		fail_msg("%s", e.text);
	find_open(&find, rules);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[64] = "";
		const char *got = find_in(&find, rows[i].text, strlen(rows[i].text), 1000);

		if (rows[i].rule != NULL)
			snprintf(want, sizeof(want), "%s@", rows[i].rule);
		if ((rows[i].rule == NULL && find.count == 0) ||
		    (rows[i].rule != NULL && find.count == 1 &&
			strncmp(got, want, strlen(want)) == 0))
			continue;
		print_message("# '%s': got '%s', want '%s'\n", rows[i].text, got, want);
		bad++;
	}
	leak_scanner_close(find.scanner);
	leak_rules_close(rules);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_finds_its_kind_and_no_near_miss),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
