/* parse: strict addresses, and what merely looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/addr.h"

static const char *
show(enum parse_addr_kind kind, const struct parse_addr *a)
{
	static char out[40];
	size_t at = 0;

	if (kind != PARSE_ADDR_OK)
		return (kind == PARSE_ADDR_LIKE ? "like" : "none");
	for (unsigned i = 0; i < a->len; i++)
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%02x", a->bytes[i]);
	return (out);
}

static void
test_addr(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "203.0.113.7", "cb007107" },
		{ "0.0.0.0", "00000000" },
		{ "255.255.255.255", "ffffffff" },
		{ "120.0.0.0", "78000000" },
		{ "::ffff:203.0.113.7", "cb007107" },
		{ "::FFFF:CB00:7107", "cb007107" },
		{ "0:0:0:0:0:ffff:cb00:7107", "cb007107" },
		{ "::203.0.113.7", "000000000000000000000000cb007107" },
		{ "2001:0DB8:85A3:0011:2233:4455:6677:8899", "20010db885a300112233445566778899" },
		{ "2001:db8:85a3:11:2233:4455:6677:8899", "20010db885a300112233445566778899" },
		{ "::", "00000000000000000000000000000000" },
		{ "::1", "00000000000000000000000000000001" },
		{ "1::", "00010000000000000000000000000000" },
		{ "1:2:3:4:5:6:7::", "00010002000300040005000600070000" },
		{ "::2:3:4:5:6:7:8", "00000002000300040005000600070008" },
		{ "1:2:3:4:5:6:7.8.9.10", "0001000200030004000500060708090a" },
		{ "fe80::21a:2bff:fe3c:4d5e%eth2", "fe80000000000000021a2bfffe3c4d5e" },
		{ "2002:cb00:7107::1", "2002cb00710700000000000000000001" },
		{ "203.000.113.007", "like" },
		{ "0313.0.0161.07", "like" },
		{ "0xcb.0.0x71.7", "like" },
		{ "0xCB007107", "like" },
		{ "3405803783", "like" },
		{ "203.0.28935", "like" },
		{ "1.2.3", "like" },
		{ "1.2", "like" },
		{ "300.1.1.1", "like" },
		{ "203.0.113.7.", "like" },
		{ "203.0.113.7%eth0", "like" },
		{ "fe80::1%", "like" },
		{ "::ffff:203.0.113.007", "like" },
		{ "1::2::3", "like" },
		{ "1:2:3:4:5:6:7:8::", "like" },
		{ "1:2:3:4:5:6:7:8:9", "like" },
		{ "02001:db8::1", "like" },
		{ ":::1", "like" },
		{ "", "none" },
		{ "512", "none" },
		{ "16777215", "none" },
		{ "4294967296", "none" },
		{ "1.2.3.4.5", "none" },
		{ "1..2", "none" },
		{ "1.2.3.", "like" },
		{ ".1.2.3", "none" },
		{ "-", "none" },
		{ "unix:", "none" },
		{ "localhost", "none" },
		{ "host.example.com", "none" },
		{ "7.113.0.203.in-addr.arpa", "none" },
		{ "10:11:12", "none" },
		{ "00:1a:2b:3c:4d:5e", "none" },
		{ "std::vector", "none" },
		{ "203.0.113.7:80", "none" },
		{ "[::1]", "none" },
		{ " 203.0.113.7", "none" },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parse_addr a = { { 0 }, 0 };
		const char *got = show(parse_addr(span_str(rows[i].in), &a), &a);

		if (strcmp(got, rows[i].out) != 0) {
			print_error("%s: %s, want %s\n", rows[i].in, got, rows[i].out);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void
test_port(void **state)
{
	static const struct {
		const char *in, *out;
		int port;
	} rows[] = {
		{ "203.0.113.7", "cb007107", -1 },
		{ "203.0.113.7:51234", "cb007107", 51234 },
		{ "\"203.0.113.7:80\"", "cb007107", 80 },
		{ "[::1]", "00000000000000000000000000000001", -1 },
		{ "[::1]:443", "00000000000000000000000000000001", 443 },
		{ "\"[2001:db8::1]:4711\"", "20010db8000000000000000000000001", 4711 },
		{ "[fe80::1%eth0]:80", "fe800000000000000000000000000001", 80 },
		{ "::ffff:203.0.113.7", "cb007107", -1 },
		{ "2001:db8::1", "20010db8000000000000000000000001", -1 },
		{ "203.0.113.7:99999", "like", -1 },
		{ "203.0.113.7:x", "like", -1 },
		{ "203.0.113.07:80", "like", 80 },
		{ "[::1]x", "like", -1 },
		{ "[::1", "like", -1 },
		{ "unix:", "none", -1 },
		{ "host:80", "none", -1 },
		{ "_hidden", "none", -1 },
		{ "", "none", -1 },
		{ "\"", "none", -1 },
		{ "[", "none", -1 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parse_addr a = { { 0 }, 0 };
		int port = 0;
		const char *got = show(parse_addr_port(span_str(rows[i].in), &a, &port), &a);

		if (strcmp(got, rows[i].out) != 0 || port != rows[i].port) {
			print_error("%s: %s %d, want %s %d\n", rows[i].in, got, port, rows[i].out,
			    rows[i].port);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* Random short texts over the alphabet of addresses: inet_pton agrees. */
static void
test_against_inet_pton(void **state)
{
	static const char letters[] = "01925af:::..";
	uint64_t seed = 42;
	unsigned strict = 0;

	(void)state;
	for (unsigned n = 0; n < 2000000; n++) {
		char text[24];
		size_t len;
		struct parse_addr a;
		unsigned char want[16];
		enum parse_addr_kind kind;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		len = 1 + (seed >> 60);
		for (size_t i = 0; i < len; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			text[i] = letters[(seed >> 33) % (sizeof(letters) - 1)];
		}
		text[len] = '\0';
		kind = parse_addr(span_of(text, len), &a);
		if (inet_pton(AF_INET, text, want) == 1) {
			if (kind != PARSE_ADDR_OK || memcmp(want, a.bytes, 4) != 0)
				fail_msg("%s", text);
			strict++;
		} else if (inet_pton(AF_INET6, text, want) == 1) {
			static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
			bool v4 = memcmp(want, mapped, 12) == 0;

			if (kind != PARSE_ADDR_OK || a.len != (v4 ? 4 : 16) ||
			    memcmp(want + (v4 ? 12 : 0), a.bytes, a.len) != 0)
				fail_msg("%s", text);
			strict++;
		} else if (kind == PARSE_ADDR_OK) {
			fail_msg("%s is no address", text);
		}
	}
	assert_true(strict > 1000);
}

/* Four numbers of each kind in each place, without a byte behind them that could be read. */
static void
test_quads_against_inet_pton(void **state)
{
	static const char *const parts[] = { "0", "7", "10", "99", "100", "255", "256", "999", "00",
		"012", "", "1:", "/", "1000" };
	const unsigned count = sizeof(parts) / sizeof(parts[0]);
	unsigned good = 0;

	(void)state;
	for (unsigned n = 0; n < count * count * count * count; n++) {
		char text[24], *exact;
		struct parse_addr a;
		unsigned char want[4];
		int len = snprintf(text, sizeof(text), "%s.%s.%s.%s", parts[n % count],
		    parts[n / count % count], parts[n / count / count % count],
		    parts[n / count / count / count]);
		bool is_quad = inet_pton(AF_INET, text, want) == 1;

		exact = malloc((size_t)len);
		assert_non_null(exact);
		memcpy(exact, text, (size_t)len);
		if (is_quad != (parse_addr(span_of(exact, (size_t)len), &a) == PARSE_ADDR_OK) ||
		    (is_quad && (a.len != 4 || memcmp(a.bytes, want, 4) != 0)))
			fail_msg("%s", text);
		free(exact);
		good += is_quad;
	}
	assert_int_equal(good, 6 * 6 * 6 * 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_against_inet_pton),
		cmocka_unit_test(test_quads_against_inet_pton),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
