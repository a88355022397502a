#include <arpa/inet.h>

#include "unit/mask/bed.h"

#include "base/text.h"
#include "mask/words/inside.h"

static void
test_peers(void **state)
{
	static const struct {
		const char *claim, *client, *out;
		enum record_flag flag;
	} rows[] = {
#define NONE RECORD_FLAG_COUNT
		{ "an address is a token", "192.0.2.7", "ip.#", NONE },
		{ "with a port", "192.0.2.7:4711", "ip.#", NONE },
		{ "in brackets", "[2001:db8::7]:4711", "ip.#", NONE },
		{ "leading zeros are not strict", "192.000.002.007", "ip.#",
		    RECORD_FLAG_IP_NONCANONICAL },
		{ "a number neither", "3221225991", "ip.#", RECORD_FLAG_IP_NONCANONICAL },
		{ "a name is a name", "host.example.net", "ip.#", RECORD_FLAG_PEER_NAME },
		{ "a socket is nobody", "unix:", "", RECORD_FLAG_PEER_UNIX },
		{ "nobody is nobody", "-", "", NONE },
		{ "an own network is in clear", "10.1.2.3", "10.1.2.3", NONE },
		{ "in its one form", "2001:DB8:1::0:7", "2001:db8:1::7", NONE },
		{ "mapped, too", "::ffff:10.1.2.3", "10.1.2.3", NONE },
	};
	static struct bed bed;
	struct mask_policy p;

	mask_policy_default(&p);
	assert_int_equal(mask_network_parse(span_str("10.0.0.0/8"), &p.own_networks[0]), 0);
	assert_int_equal(mask_network_parse(span_str("2001:db8:1::/48"), &p.own_networks[1]), 0);
	p.own_network_count = 2;
	bed_open(&bed, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = bed_peer(&bed, rows[i].client, NULL);
		struct span text = record_has(&r, RECORD_FIELD_CLIENT) ?
		    r.text[RECORD_FIELD_CLIENT] : span_of("", 0);

		if (!bed_fits(text, rows[i].out))
			fail_msg("%s: %.*s", rows[i].claim, (int)text.len, text.ptr);
		if (r.flags != (rows[i].flag == NONE ? 0 : UINT64_C(1) << rows[i].flag))
			fail_msg("%s: flags %llx", rows[i].claim, (unsigned long long)r.flags);
	}
	bed_close(&bed);
}

static bool
same(struct bed *bed, const char *one, const char *two)
{
	struct record r = bed_peer(bed, one, NULL);
	char first[64];

	snprintf(first, sizeof(first), "%.*s", (int)r.text[RECORD_FIELD_CLIENT].len,
	    r.text[RECORD_FIELD_CLIENT].ptr);
	r = bed_peer(bed, two, NULL);
	return (span_is(r.text[RECORD_FIELD_CLIENT], first));
}

static void
test_equal(void **state)
{
	static struct bed bed;

	bed_open(&bed, NULL);
	assert_true(same(&bed, "192.0.2.7", "::ffff:192.0.2.7"));
	assert_true(same(&bed, "192.0.2.7", "::FFFF:C000:0207"));
	assert_true(same(&bed, "2001:db8::7", "2001:0DB8:0:0:0:0:0:7"));
	assert_true(same(&bed, "fe80::1%eth0", "fe80::1"));
	assert_true(same(&bed, "Host.Example.NET", "host.example.net."));
	assert_false(same(&bed, "192.0.2.7", "192.0.2.8"));
	assert_false(same(&bed, "192.0.2.7", "192.0.2.07"));
	assert_false(same(&bed, "192.0.2.7", "3221225991"));
	/* Four letters are no address of four bytes. */
	assert_false(same(&bed, "104.111.115.116", "host"));
	bed_close(&bed);
}

static void
test_methods(void **state)
{
	static const struct {
		const char *claim;
		enum mask_method method;
		const char *client, *out;
	} rows[] = {
		{ "24 bits of IPv4", MASK_TRUNCATE, "192.0.2.7", "192.0.2.0" },
		{ "48 of IPv6", MASK_TRUNCATE, "2001:db8:aaaa:bbbb::7", "2001:db8:aaaa::" },
		{ "40 of 6to4", MASK_TRUNCATE, "2002:cb00:7107::1", "2002:cb00:7100::" },
		{ "32 of Teredo", MASK_TRUNCATE, "2001:0:4136:e378:8000:63bf:34ff:8ef8", "2001::" },
		{ "not more of the IPv4 in 6to4 than of IPv4", MASK_TRUNCATE, "2002:cbff:ffff:ffff::",
		    "2002:cbff:ff00::" },
		{ "no IPv4 of NAT64", MASK_TRUNCATE, "64:ff9b::203.0.113.7", "64:ff9b::" },
		{ "nor of a local one", MASK_TRUNCATE, "64:ff9b:1::203.0.113.7", "64:ff9b:1::" },
		{ "no IPv4 of ISATAP", MASK_TRUNCATE, "2001:db8:1:2:0:5efe:203.0.113.7", "2001:db8:1::" },
		{ "no IPv4 of the compatible", MASK_TRUNCATE, "::203.0.113.7", "::" },
		{ "a mapped one is IPv4", MASK_TRUNCATE, "::ffff:203.0.113.7", "203.0.113.0" },
		{ "no hardware address", MASK_TRUNCATE, "2001:db8:1:2:211:22ff:fe33:4455", "2001:db8:1::" },
		{ "what is next to Teredo is not", MASK_TRUNCATE, "2001:1:4136:e378::1", "2001:1:4136::" },
		{ "a port does not count", MASK_TRUNCATE, "[2001:db8:aaaa:bbbb::7]:443", "2001:db8:aaaa::" },
		{ "nothing of what is like one", MASK_TRUNCATE, "192.000.002.007", "[ip.peer]" },
		{ "nothing of a name", MASK_TRUNCATE, "host.example.net", "[ip.peer]" },
		{ "its class", MASK_REDACT, "192.0.2.7", "[ip.peer]" },
		{ "nothing", MASK_DROP, "192.0.2.7", "" },
	};
	struct mask_policy p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct bed bed;
		struct record r;
		struct span text;

		mask_policy_default(&p);
		p.method[RECORD_CLASS_IP_PEER] = rows[i].method;
		bed_open(&bed, &p);
		r = bed_peer(&bed, rows[i].client, NULL);
		text = record_has(&r, RECORD_FIELD_CLIENT) ? r.text[RECORD_FIELD_CLIENT] :
		    span_of("", 0);
		if (!span_is(text, rows[i].out))
			fail_msg("%s: %.*s", rows[i].claim, (int)text.len, text.ptr);
		bed_close(&bed);
	}
}

/* The address carries the token's 80 bits. */
static void
test_address(void **state)
{
	static struct bed bed;
	struct mask_policy p;
	struct record r;
	struct parse_addr addr;
	char base32[32];

	mask_policy_default(&p);
	p.method[RECORD_CLASS_IP_PEER] = MASK_ADDRESS;
	bed_open(&bed, &p);
	r = bed_peer(&bed, "192.0.2.7", NULL);
	assert_int_equal(parse_addr(r.text[RECORD_FIELD_CLIENT], &addr), PARSE_ADDR_OK);
	assert_int_equal(addr.len, 16);
	assert_memory_equal(addr.bytes, "\x20\x01\x0d\xb8", 4);
	assert_memory_equal(addr.bytes + 14, "\0\0", 2);
	assert_int_equal(text_base32(base32, addr.bytes + 4, 10), 16);
	assert_memory_equal(base32, bed.mask->subject + 3, 16);
	bed_close(&bed);
}

/* What the class key of the epoch makes of the network; of a name nothing. */
static void
test_prefix(void **state)
{
	static const struct {
		const char *claim, *client;
		unsigned char bytes[16];
		unsigned len, bits;
	} rows[] = {
		{ "24 bits of IPv4", "192.0.2.7", { 192, 0, 2 }, 4, 24 },
		{ "a neighbour is the same", "192.0.2.200", { 192, 0, 2 }, 4, 24 },
		{ "48 of IPv6", "2001:db8:aaaa:bbbb::7", { 0x20, 1, 0xd, 0xb8, 0xaa, 0xaa }, 16, 48 },
		{ "40 of 6to4", "2002:cb00:7107::1", { 0x20, 2, 0xcb, 0, 0x71 }, 16, 40 },
		{ "32 of Teredo", "2001:0:4136:e378::1", { 0x20, 1 }, 16, 32 },
	};
	static struct bed bed;
	struct crypto_prefix_key key;
	struct mask_policy p;
	unsigned char prk[32], secret[32];

	mask_policy_default(&p);
	p.method[RECORD_CLASS_IP_PEER] = MASK_PREFIX;
	p.method[RECORD_CLASS_IP_FWD] = MASK_PREFIX;
	bed_open(&bed, &p);
	for (unsigned round = 0; round < 2; round++) /* the second time it is remembered */
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct record r = bed_peer(&bed, rows[i].client, rows[i].client);
			unsigned char want[16] = { 0 };
			char text[INET6_ADDRSTRLEN];

			assert_int_equal(
			    key_ring_prk(bed.ring, KEY_WEEK, bed.mask->index[KEY_WEEK], prk), 0);
			key_class(prk, "default", "ip", "prefix", secret);
			crypto_prefix_key_init(&key, secret);
			crypto_prefix(&key, rows[i].bytes, rows[i].len, rows[i].bits, want);
			(void)inet_ntop(rows[i].len == 4 ? AF_INET : AF_INET6, want, text, sizeof(text));
			if (!span_is(r.text[RECORD_FIELD_CLIENT], text))
				fail_msg("%s: %.*s", rows[i].claim, (int)r.text[RECORD_FIELD_CLIENT].len,
				    r.text[RECORD_FIELD_CLIENT].ptr);
			/* Who can send a header learns nothing about peers. */
			assert_int_equal(r.forwarded_count, 1);
			assert_false(span_is(r.forwarded[0], text));
		}
	assert_true(span_is(bed_peer(&bed, "host.example.net", NULL).text[RECORD_FIELD_CLIENT], "[ip.peer]"));
	bed_close(&bed);
}

static void
test_forwarded(void **state)
{
	static const struct {
		const char *claim, *peer, *header, *out; /* hops joined by ',' */
		bool capped;
	} rows[] = {
		{ "one hop", "192.0.2.7", "198.51.100.9", "if.#", false },
		{ "count and order stay", "192.0.2.7", "198.51.100.9, 203.0.113.1,198.51.100.9",
		    "if.#,if.#,if.#", false },
		{ "with ports and brackets", "192.0.2.7", "\"[2001:db8::7]:80\", 198.51.100.9:80",
		    "if.#,if.#", false },
		{ "RFC 7239", "192.0.2.7", "for=198.51.100.9;proto=https, For=\"[2001:db8::7]\"",
		    "if.#,if.#", false },
		{ "garbage counts", "192.0.2.7", "unknown, _hidden, ,x", "if.#,if.#,if.#,if.#", false },
		{ "behind our proxy as peers", "10.0.0.1", "198.51.100.9, 10.0.0.2", "ip.#,ip.#",
		    false },
		{ "but not what a client says of others", "10.0.0.1", "192.0.2.1, 198.51.100.9, 10.0.0.2",
		    "if.#,ip.#,ip.#", false },
		{ "nor of our proxies", "10.0.0.1", "10.0.0.3, 198.51.100.9", "if.#,ip.#", false },
		{ "nor behind a hop that is no address", "10.0.0.1", "192.0.2.1, unknown, 10.0.0.2",
		    "if.#,if.#,ip.#", false },
		{ "at most 16", "192.0.2.7", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
		    "if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#,if.#",
		    true },
		{ "none is none", "192.0.2.7", "-", "", false },
	};
	static struct bed bed;
	struct mask_policy p;

	mask_policy_default(&p);
	assert_int_equal(mask_network_parse(span_str("10.0.0.0/8"), &p.trusted_proxies[0]), 0);
	p.trusted_proxy_count = 1;
	bed_open(&bed, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = bed_peer(&bed, rows[i].peer, rows[i].header);
		char hops[1024];
		size_t len = 0;

		for (unsigned n = 0; n < r.forwarded_count; n++)
			len += (size_t)snprintf(hops + len, sizeof(hops) - len, "%s%.*s", n == 0 ? "" : ",",
			    (int)r.forwarded[n].len, r.forwarded[n].ptr);
		if (!bed_fits(span_of(hops, len), rows[i].out))
			fail_msg("%s: %.*s", rows[i].claim, (int)len, hops);
		assert_int_equal(bed_flag(&r, RECORD_FLAG_FWD_CAPPED), rows[i].capped);
	}
	bed_close(&bed);
}

/* Behind a proxy of ours the last foreign hop is the subject. */
static void
test_resolved(void **state)
{
	static struct bed bed;
	struct mask_policy p;
	struct record r;
	char direct[64], behind[64];

	mask_policy_default(&p);
	assert_int_equal(mask_network_parse(span_str("10.0.0.0/8"), &p.trusted_proxies[0]), 0);
	p.trusted_proxy_count = 1;
	bed_open(&bed, &p);
	r = bed_peer(&bed, "198.51.100.9", NULL);
	snprintf(direct, sizeof(direct), "%.19s", r.text[RECORD_FIELD_CLIENT].ptr);
	assert_memory_equal(bed.mask->subject, direct, MASK_TOKEN_BYTES);
	r = bed_peer(&bed, "10.0.0.1", "1.2.3.4, 198.51.100.9, 10.0.0.2");
	assert_memory_equal(bed.mask->subject, direct, MASK_TOKEN_BYTES);
	/* What a client writes of somebody is not what that one's own requests are. */
	r = bed_peer(&bed, "10.0.0.1", "198.51.100.9, 203.0.113.5, 10.0.0.2");
	assert_false(span_equal(span_from(r.forwarded[0], 3), span_of(direct + 3, 16)));
	assert_memory_not_equal(bed.mask->subject, direct, MASK_TOKEN_BYTES);
	r = bed_peer(&bed, "10.0.0.1", "198.51.100.9, unknown, 10.0.0.2");
	assert_memory_not_equal(bed.mask->subject, direct, MASK_TOKEN_BYTES);
	r = bed_peer(&bed, "10.0.0.1", "1.2.3.4, 198.51.100.9, 10.0.0.2");
	/* The peer's hop has the peer's token; a header from elsewhere has not. */
	assert_true(span_is(r.forwarded[1], direct));
	snprintf(behind, sizeof(behind), "%.19s", r.text[RECORD_FIELD_CLIENT].ptr);
	assert_string_not_equal(behind, direct);
	r = bed_peer(&bed, "192.0.2.7", "198.51.100.9");
	assert_false(span_equal(span_from(r.forwarded[0], 3), span_of(direct + 3, 16)));
	bed_close(&bed);
}

/* By whom a word counts: who stands behind a proxy of ours, and nobody that he invents. */
static void
test_taught_by(void **state)
{
	static const struct {
		const char *claim, *peer, *header, *other; /* NULL: there is none; other: a second header */
		const char *as; /* NULL: by nobody */
	} rows[] = {
		{ "a peer", "198.51.100.9", NULL, NULL, "198.51.100.9" },
		{ "whatever it says", "198.51.100.9", "203.0.113.1", NULL, "198.51.100.9" },
		{ "behind our proxy whom that saw", "10.0.0.1", "1.2.3.4, 198.51.100.9, 10.0.0.2", NULL,
		    "198.51.100.9" },
		{ "our proxy, if it says nothing", "10.0.0.1", NULL, NULL, "10.0.0.1" },
		{ "or saw no address", "10.0.0.1", "198.51.100.9, unknown", NULL, "10.0.0.1" },
		{ "or if two headers say it", "10.0.0.1", "198.51.100.9", "x-forwarded-for", "10.0.0.1" },
		{ "another header is none", "10.0.0.1", "198.51.100.9", "x-real-ip", "198.51.100.9" },
		{ "a name has no network", "host.example.net", NULL, NULL, NULL },
		{ "nor has nobody", "-", NULL, NULL, NULL },
	};
	static struct bed bed;
	static struct event ev;
	struct mask_policy p;

	mask_policy_default(&p);
	assert_int_equal(mask_network_parse(span_str("10.0.0.0/8"), &p.trusted_proxies[0]), 0);
	p.trusted_proxy_count = 1;
	bed_open(&bed, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parse_addr addr;

		memset(&ev, 0, sizeof(ev));
		ev.has_text = UINT32_C(1) << EVENT_CLIENT;
		ev.text[EVENT_CLIENT] = span_str(rows[i].peer);
		if (rows[i].header != NULL) {
			ev.has_text |= UINT32_C(1) << EVENT_FORWARDED;
			ev.text[EVENT_FORWARDED] = span_str(rows[i].header);
		}
		if (rows[i].other != NULL)
			ev.extra[ev.extra_count++] = (struct event_extra){ .key = span_str(rows[i].other),
				.value = span_str("203.0.113.1"), .kind = EVENT_EXTRA_ADDRESS, .known = true };
		ev.extra[ev.extra_count++] = (struct event_extra){ .key = span_str("forwarded"),
			.value = span_str("x"), .kind = EVENT_EXTRA_UNKNOWN };
		if (mask_client_subject(bed.mask, &ev) != (rows[i].as != NULL))
			fail_msg("%s: by whom?", rows[i].claim);
		if (rows[i].as == NULL)
			continue;
		assert_int_equal(parse_addr(span_str(rows[i].as), &addr), PARSE_ADDR_OK);
		if (bed.mask->learn_subject != mask_words_subject(bed.words, addr.bytes, addr.len))
			fail_msg("%s: not as %s", rows[i].claim, rows[i].as);
	}
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_methods), cmocka_unit_test(test_address),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_forwarded), cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_taught_by),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
