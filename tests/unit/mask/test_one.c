/*
 * One identifier, one token, however it is spelled; another trust, class,
 * epoch or tenant, another token.  Properties over many values, from a seed.
 */
#include <arpa/inet.h>

#include "unit/mask/bed.h"

#define VALUES 300

static uint64_t seed = 88172645463325252;

static uint32_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 16));
}

static void
token_of(struct bed *bed, const char *spelling, char out[static 24])
{
	struct record r = bed_peer(bed, spelling, NULL);

	snprintf(out, 24, "%.*s", (int)r.text[RECORD_FIELD_CLIENT].len,
	    r.text[RECORD_FIELD_CLIENT].ptr);
}

#define SPELLINGS 12

static unsigned
spell_v4(const unsigned char b[static 4], char out[SPELLINGS][64])
{
	char quad[16];

	(void)inet_ntop(AF_INET, b, quad, sizeof(quad));
	snprintf(out[0], 64, "%.15s", quad);
	snprintf(out[1], 64, "%.15s:%u", quad, next() & 0xffff);
	snprintf(out[2], 64, "::ffff:%.15s", quad);
	snprintf(out[3], 64, "[::ffff:%.15s]:443", quad);
	snprintf(out[4], 64, "::FFFF:%02X%02x:%02x%02X", b[0], b[1], b[2], b[3]);
	snprintf(out[5], 64, "0:0:0:0:0:ffff:%x:%x", b[0] << 8 | b[1], b[2] << 8 | b[3]);
	snprintf(out[6], 64, "\"%.15s\"", quad);
	snprintf(out[7], 64, "[::ffff:%.15s]", quad);
	snprintf(out[8], 64, "0000:0000:0000:0000:0000:FFFF:%.15s", quad);
	return (9);
}

/* All these are read by somebody as the same address, and must not be equal to it. */
static unsigned
spell_like_v4(const unsigned char b[static 4], char out[SPELLINGS][64])
{
	snprintf(out[0], 64, "%03u.%03u.%03u.0%u", b[0], b[1], b[2], b[3]);
	snprintf(out[1], 64, "%u", (unsigned)b[0] << 24 | (unsigned)b[1] << 16 | (unsigned)b[2] << 8 | b[3]);
	snprintf(out[2], 64, "0x%02x%02x%02x%02x", b[0], b[1], b[2], b[3]);
	snprintf(out[3], 64, "0%o.%u.%u.%u", b[0], b[1], b[2], b[3]);
	snprintf(out[4], 64, "%u.%u.%u", b[0], b[1], (unsigned)b[2] << 8 | b[3]);
	snprintf(out[5], 64, "0x%x.%u.%u.%u", b[0], b[1], b[2], b[3]);
	snprintf(out[6], 64, "%u.%u.%u.%u:99999", b[0], b[1], b[2], b[3]);
	return (7);
}

static unsigned
spell_v6(const unsigned char b[static 16], char out[SPELLINGS][64])
{
	char upper[64];

	(void)inet_ntop(AF_INET6, b, out[0], 64);
	for (size_t i = 0; i <= strlen(out[0]); i++)
		upper[i] = (char)(out[0][i] >= 'a' && out[0][i] <= 'f' ? out[0][i] - 32 : out[0][i]);
	snprintf(out[1], 64, "%.45s", upper);
	snprintf(out[2], 64, "[%.45s]:%u", out[0], next() & 0xffff);
	snprintf(out[3], 64, "[%.45s]", upper);
	snprintf(out[4], 64, "%.45s%%eth0", out[0]);
	snprintf(out[5], 64, "[%.45s%%25en1]:80", out[0]);
	snprintf(out[6], 64, "%02x%02x:%02X%02X:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
	    b[14], b[15]);
	snprintf(out[7], 64, "\"[%.45s]:80\"", out[0]);
	snprintf(out[8], 64, "%x:%x:%x:%x:%x:%x:%u.%u.%u.%u", b[0] << 8 | b[1], b[2] << 8 | b[3],
	    b[4] << 8 | b[5], b[6] << 8 | b[7], b[8] << 8 | b[9], b[10] << 8 | b[11], b[12], b[13],
	    b[14], b[15]);
	return (9);
}

static void
check_same(struct bed *bed, char spellings[SPELLINGS][64], unsigned count, const char *first)
{
	for (unsigned i = 0; i < count; i++) {
		char token[24];

		token_of(bed, spellings[i], token);
		if (strcmp(token, first) != 0)
			fail_msg("%s is not %s", spellings[i], spellings[0]);
	}
}

static void
test_spellings(void **state)
{
	static struct bed bed;
	char spellings[SPELLINGS][64], like[SPELLINGS][64], before[24] = "", token[24];

	bed_open(&bed, NULL);
	for (int n = 0; n < VALUES; n++) {
		unsigned char b[16];
		unsigned count;

		for (int i = 0; i < 16; i++)
			b[i] = (unsigned char)next();
		b[0] |= 1; /* no 0.0.0.0/8, whose numbers are too small to be addresses */
		if (n % 3 == 0) /* with a run of zeros, which is left out */
			memset(b + 4, 0, 8);
		count = spell_v4(b, spellings);
		token_of(&bed, spellings[0], token);
		assert_fits(span_str(token), "ip.#");
		assert_string_not_equal(token, before);
		memcpy(before, token, sizeof(before));
		check_same(&bed, spellings, count, token);
		count = spell_like_v4(b, like);
		for (unsigned i = 0; i < count; i++) {
			char other[24];

			token_of(&bed, like[i], other);
			assert_fits(span_str(other), "ip.#");
			if (strcmp(other, token) == 0)
				fail_msg("%s is as good as %s", like[i], spellings[0]);
		}
		count = spell_v6(b, spellings);
		token_of(&bed, spellings[0], token);
		check_same(&bed, spellings, count, token);
	}
	bed_close(&bed);
}

/* Addresses that hold another one are themselves, and not what they hold. */
static void
test_held(void **state)
{
	static const char *const rows[] = { "2002:cb00:7107::1", "2001:0:cb00:7107::1",
		"64:ff9b::203.0.113.7", "2001:db8::5efe:203.0.113.7", "::203.0.113.7",
		"2001:db8::cb00:7107", "::ffff:0:203.0.113.7" };
	static struct bed bed;
	char held[24], token[24];

	bed_open(&bed, NULL);
	token_of(&bed, "203.0.113.7", held);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		token_of(&bed, rows[i], token);
		assert_fits(span_str(token), "ip.#");
		assert_string_not_equal(token, held);
	}
	bed_close(&bed);
}

/* ---- apart ---- */

static void
print_all(const unsigned char prk[static 32], const char *tenant, struct span value,
    char out[MASK_SLOT_COUNT][MASK_TOKEN_BYTES + 1])
{
	static const struct {
		const char *prefix, *trust;
	} rows[] = { { "ip", "peer" }, { "ip", "like" }, { "ip", "name" }, { "ip", "prefix" },
		{ "if", "header" }, { "if", "like" }, { "if", "name" }, { "us", "auth" },
		{ "uc", "claim" }, { "em", "peer" }, { "dv", "peer" }, { "se", "peer" },
		{ "sg", "peer" }, { "pn", "peer" }, { "ht", "peer" }, { "xx", "peer" },
		{ "ua", "peer" }, { "rq", "peer" } };

	memset(out, 0, (size_t)MASK_SLOT_COUNT * (MASK_TOKEN_BYTES + 1));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_hmac_key key;
		unsigned char bytes[32];

		key_class(prk, tenant, rows[i].prefix, rows[i].trust, bytes);
		crypto_hmac_key_init(&key, bytes, sizeof(bytes));
		mask_token_print(&key, rows[i].prefix, value, out[i]);
	}
}

/* No two of all keys give one value the same 80 bits. */
static void
test_every_key_is_another(void **state)
{
	static char tokens[8][MASK_SLOT_COUNT][MASK_TOKEN_BYTES + 1];
	static const char *const tenants[] = { "default", "other" };
	unsigned sets = 0;

	for (int epoch = 0; epoch < 4; epoch++)
		for (int t = 0; t < 2; t++) {
			unsigned char prk[32];

			memset(prk, epoch, sizeof(prk));
			print_all(prk, tenants[t], span_of("\300\000\002\007", 4), tokens[sets++]);
		}
	for (unsigned a = 0; a < sets * MASK_SLOT_COUNT; a++)
		for (unsigned b = 0; b < a; b++) {
			const char *one = tokens[a / MASK_SLOT_COUNT][a % MASK_SLOT_COUNT];
			const char *two = tokens[b / MASK_SLOT_COUNT][b % MASK_SLOT_COUNT];

			if (one[0] != '\0' && two[0] != '\0' && strcmp(one + 3, two + 3) == 0)
				fail_msg("%s and %s", one, two);
		}
}

/* The same address as a peer, as a hop that a header asserts, as a user. */
static void
test_records_are_apart(void **state)
{
	static struct bed bed;
	struct record r;
	char peer[24];

	bed_open(&bed, NULL);
	r = bed_peer(&bed, "203.0.113.7", "203.0.113.7, 203.0.113.7");
	assert_int_equal(r.forwarded_count, 2);
	snprintf(peer, sizeof(peer), "%.19s", r.text[RECORD_FIELD_CLIENT].ptr);
	assert_true(span_equal(r.forwarded[0], r.forwarded[1]));
	assert_memory_not_equal(r.forwarded[0].ptr + 3, peer + 3, 16);
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_every_key_is_another),
		cmocka_unit_test(test_records_are_apart),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
