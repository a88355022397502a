#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/random.h"
#include "detect/host.h"

static struct detect_hosts *hosts;

static const struct {
	const char *claim, *in, *text, *domain;
	int port;
} names[] = {
	{ "a host", "www.example.com", "www.example.com", "example.com", -1 },
	{ "small letters", "WWW.Example.COM", "www.example.com", "example.com", -1 },
	{ "a port", "www.example.com:8443", "www.example.com", "example.com", 8443 },
	{ "an empty port", "www.example.com:", "www.example.com", "example.com", -1 },
	{ "a trailing dot", "www.example.com.", "www.example.com", "example.com", -1 },
	{ "user information", "bob:pw@www.example.com:80", "www.example.com", "example.com", 80 },
	{ "two at signs", "a@b@www.example.com", "www.example.com", "example.com", -1 },
	{ "a suffix of two labels", "a.b.example.co.uk", "a.b.example.co.uk", "example.co.uk", -1 },
	{ "a private suffix", "kowalczyk.github.io", "kowalczyk.github.io", "kowalczyk.github.io",
	    -1 },
	{ "a suffix has no domain", "co.uk", "co.uk", "", -1 },
	{ "one label", "localhost", "localhost", "", -1 },
	{ "an unknown suffix", "db1.internal", "db1.internal", "db1.internal", -1 },
	{ "an underscore", "_dmarc.example.com", "_dmarc.example.com", "example.com", -1 },
	{ "an umlaut", "www.b\xc3\xbc" "cher.example", "www.xn--bcher-kva.example",
	    "xn--bcher-kva.example", -1 },
	{ "a capital umlaut", "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example",
	    "xn--bcher-kva.example", -1 },
	{ "an umlaut in percent", "b%C3%BCcher-kowalczyk.example", "xn--bcher-kowalczyk-zvb.example",
	    "xn--bcher-kowalczyk-zvb.example", -1 },
	{ "an A-label", "XN--BCHER-KVA.example", "xn--bcher-kva.example", "xn--bcher-kva.example",
	    -1 },
	{ "Cyrillic", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
	    "xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai", -1 },
	{ "Chinese", "\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95", "xn--fsqu00a.xn--0zwm56d",
	    "xn--fsqu00a.xn--0zwm56d", -1 },
	{ "Japanese, mixed", "\xe3\x81\x98\xe3\x82\x83www.example", "xn--www-183bxi.example",
	    "xn--www-183bxi.example", -1 },
	{ "full-width", "\xef\xbd\x97\xef\xbd\x97\xef\xbd\x97.example.com", "www.example.com",
	    "example.com", -1 },
	{ "an ideographic stop", "www\xe3\x80\x82" "example.com", "www.example.com", "example.com",
	    -1 },
};

static const struct {
	const char *claim, *in, *text;
	int port;
} addresses[] = {
	{ "IPv4", "203.0.113.7", "203.0.113.7", -1 },
	{ "IPv4 and port", "203.0.113.7:80", "203.0.113.7", 80 },
	{ "IPv6 and port", "[2001:DB8::7]:443", "2001:db8::7", 443 },
	{ "IPv6", "2001:db8::7", "2001:db8::7", -1 },
	{ "decimal", "3405803783", "3405803783", -1 },
	{ "hexadecimal", "0xCB007107", "0xcb007107", -1 },
	{ "octal", "0313.0.0161.07", "0313.0.0161.07", -1 },
	{ "short", "203.0.28935", "203.0.28935", -1 },
	{ "full-width", "\xef\xbc\x92\xef\xbc\x90\xef\xbc\x93.0.113.7", "203.0.113.7", -1 },
	{ "reversed", "7.113.0.203.in-addr.arpa", "7.113.0.203.in-addr.arpa", -1 },
	{ "reversed, in capitals", "7.113.IN-ADDR.ARPA", "7.113.in-addr.arpa", -1 },
	{ "in a name", "ip-203-0-113-7.example.net", "ip-203-0-113-7.example.net", -1 },
	{ "a number in the end", "a.b.99", "a.b.99", -1 },
};

static const struct {
	const char *claim, *in;
} invalid[] = {
	{ "nothing", "" },
	{ "a dot", "." },
	{ "two dots", "a..b" },
	{ "only a port", ":80" },
	{ "no port", "example.com:http" },
	{ "too great a port", "example.com:65536" },
	{ "a blank", "exa mple.com" },
	{ "a control byte", "exa\x01mple.com" },
	{ "an open bracket", "[2001:db8::7" },
	{ "junk in brackets", "[junk!]" },
	{ "junk behind brackets", "[2001:db8::7]x" },
	{ "a slash", "example.com/a" },
	{ "no UTF-8", "exa\xffmple.com" },
	{ "malformed percent", "exa%zz.com" },
	{ "unsettled percent", "%2525252541.com" },
	{ "a combining mark", "bu\xcc\x88" "cher.example" },
	{ "a symbol", "\xe2\x98\x83.example" },
	{ "a long label", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com" },
};

static void
names_are_normal(void **state)
{
	struct detect_host host;

	for (int round = 0; round < 2; round++) /* the second finds them in the cache */
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			detect_host_read(hosts, span_str(names[i].in), &host);
			if (!host.valid || host.is_address || strcmp(host.text, names[i].text) != 0 ||
			    host.len != strlen(host.text) || host.domain_at > host.len ||
			    strcmp(host.text + host.domain_at, names[i].domain) != 0 ||
			    host.port != names[i].port)
				fail_msg("%s: %d %d \"%s\" %zu %d", names[i].claim, (int)host.valid,
				    (int)host.is_address, host.text, host.domain_at, host.port);
		}
}

static void
addresses_are_no_names(void **state)
{
	struct detect_host host;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		detect_host_read(hosts, span_str(addresses[i].in), &host);
		if (!host.valid || !host.is_address || strcmp(host.text, addresses[i].text) != 0 ||
		    host.domain_at != host.len || host.port != addresses[i].port)
			fail_msg("%s: %d %d \"%s\" %d", addresses[i].claim, (int)host.valid,
			    (int)host.is_address, host.text, host.port);
	}
}

static void
junk_is_invalid(void **state)
{
	struct detect_host host;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		detect_host_read(hosts, span_str(invalid[i].in), &host);
		if (host.valid || host.len != 0 || host.text[0] != '\0')
			fail_msg("%s: \"%s\"", invalid[i].claim, host.text);
	}
}

static void
long_names_fit_or_are_invalid(void **state)
{
	char text[600];
	struct detect_host host;

	for (size_t len = 1; len < sizeof(text); len++) {
		for (size_t i = 0; i < len; i++)
			text[i] = i % 10 == 9 ? '.' : 'a';
		detect_host_read(hosts, span_of(text, len), &host);
		assert_true(host.valid == (len - (len % 10 == 0) <= 253 && len < DETECT_HOST_BYTES));
	}
	/* However long the user information is. */
	memset(text, 'u', sizeof(text));
	memcpy(text + 580, "@www.example.com:80 ", 20);
	detect_host_read(hosts, span_of(text, 599), &host);
	assert_true(host.valid);
	assert_string_equal(host.text, "www.example.com");
}

static int
start(void **state)
{
	return (crypto_start(NULL) == -1 ? -1 : detect_hosts_open(&hosts));
}

static int
stop(void **state)
{
	detect_hosts_close(hosts);
	detect_hosts_close(NULL);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_normal),
		cmocka_unit_test(addresses_are_no_names),
		cmocka_unit_test(junk_is_invalid),
		cmocka_unit_test(long_names_fit_or_are_invalid),
	};

	return (cmocka_run_group_tests(tests, start, stop));
}
