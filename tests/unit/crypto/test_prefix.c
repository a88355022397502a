/* ipcrypt-pfx: the vectors of draft-denis-ipcrypt (figures retyped), by both variants, and its properties. */
#include <arpa/inet.h>

#include <stdlib.h>

#include "crypto/prefix_impl.h"
#include "crypto/random.h"
#include "vector.h"

#define KEY_A "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301"
#define KEY_B "2b7e151628aed2a6abf7158809cf4f3ca9f5ba40db214c3798f2e1c23456789a"

static const struct crypto_prefix_impl *const variants[] = {
	&crypto_prefix_portable,
#ifdef CRYPTO_PREFIX_HAVE_AESNI
	&crypto_prefix_aesni,
#endif
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static bool
is_possible(const struct crypto_prefix_impl *impl)
{
#ifdef CRYPTO_PREFIX_HAVE_AESNI
	return (impl != &crypto_prefix_aesni || __builtin_cpu_supports("aes"));
#else
	(void)impl;
	return (true);
#endif
}

static unsigned
address(const char *text, unsigned char bytes[static 16])
{
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, bytes), 1);
	return (family == AF_INET ? 4 : 16);
}

static void
test_vectors(void **state)
{
	static const struct {
		const char *key, *in, *out;
	} rows[] = {
		{ KEY_A, "0.0.0.0", "151.82.155.134" },
		{ KEY_A, "255.255.255.255", "94.185.169.89" },
		{ KEY_A, "192.0.2.1", "100.115.72.131" },
		{ KEY_A, "2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88" },
		{ KEY_B, "10.0.0.47", "19.214.210.244" },
		{ KEY_B, "10.0.0.129", "19.214.210.80" },
		{ KEY_B, "10.0.0.234", "19.214.210.30" },
		{ KEY_B, "172.16.5.193", "210.78.229.136" },
		{ KEY_B, "172.16.97.42", "210.78.179.241" },
		{ KEY_B, "172.16.248.177", "210.78.121.215" },
		{ KEY_B, "2001:db8::a5c9:4e2f:bb91:5a7d", "7cec:702c:1243:f70:1956:125:b9bd:1aba" },
		{ KEY_B, "2001:db8::7234:d8f1:3c6e:9a52", "7cec:702c:1243:f70:a3ef:c8e:95c1:cd0d" },
		{ KEY_B, "2001:db8:3a5c::e7d1:4b9f:2c8a:f673", "7cec:702c:3503:bef:e616:96bd:be33:a9b9" },
		{ KEY_B, "2001:db8:9f27::b4e2:7a3d:5f91:c8e6", "7cec:702c:a504:b74e:194a:3d90:b047:2d1a" },
	};
	unsigned ran = 0;

	(void)state;
	for (size_t v = 0; v < VARIANTS; v++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && is_possible(variants[v]); i++) {
			unsigned char key[32], in[16], out[16], want[16];
			unsigned len = address(rows[i].in, in);
			struct crypto_prefix_key k;

			unhex(rows[i].key, key, sizeof(key));
			(void)address(rows[i].out, want);
			crypto_prefix_key_init_with(variants[v], &k, key);
			crypto_prefix_with(variants[v], &k, in, len, 8 * len, out);
			if (memcmp(out, want, len) != 0)
				fail_msg("%s: %s", variants[v]->name, rows[i].in);
			ran++;
		}
	assert_true(ran >= sizeof(rows) / sizeof(rows[0]));
}

/* What a shorter prefix gives is the beginning of what all bits give, and zeros. */
static void
test_short(void **state)
{
	unsigned char key[32], in[16], whole[16], part[16];
	struct crypto_prefix_key k;

	(void)state;
	crypto_random(key, sizeof(key));
	crypto_prefix_key_init(&k, key);
	for (unsigned len = 4; len <= 16; len += 12)
		for (unsigned bits = 0; bits <= 8 * len; bits++) {
			crypto_random(in, sizeof(in));
			crypto_prefix(&k, in, len, 8 * len, whole);
			crypto_prefix(&k, in, len, bits, part);
			for (unsigned i = 0; i < 8 * len; i++)
				assert_int_equal(part[i / 8] >> (7 - i % 8) & 1,
				    i < bits ? whole[i / 8] >> (7 - i % 8) & 1 : 0);
		}
}

/* Two addresses share as many leading bits before as after, whatever the key and the variant. */
static void
test_prefixes_stay(void **state)
{
	unsigned char key[32], a[16], b[16], out_a[16], out_b[16], again[16];
	struct crypto_prefix_key k, other;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		unsigned len = round % 2 == 0 ? 4 : 16, shared = (unsigned)rand() % (8 * len);

		crypto_random(key, sizeof(key));
		crypto_random(a, sizeof(a));
		crypto_random(b, sizeof(b));
		for (unsigned i = 0; i < shared; i++) {
			b[i / 8] &= (unsigned char)~(0x80 >> i % 8);
			b[i / 8] |= a[i / 8] & (0x80 >> i % 8);
		}
		b[shared / 8] &= (unsigned char)~(0x80 >> shared % 8);
		b[shared / 8] |= (unsigned char)~a[shared / 8] & (0x80 >> shared % 8);
		crypto_prefix_key_init(&k, key);
		crypto_prefix(&k, a, len, 8 * len, out_a);
		crypto_prefix(&k, b, len, 8 * len, out_b);
		for (unsigned i = 0; i <= shared; i++)
			assert_int_equal((out_a[i / 8] ^ out_b[i / 8]) >> (7 - i % 8) & 1, i == shared);
		crypto_prefix_key_init_with(&crypto_prefix_portable, &other, key);
		crypto_prefix_with(&crypto_prefix_portable, &other, a, len, 8 * len, again);
		assert_memory_equal(out_a, again, len);
	}
}

/* In place is allowed. */
static void
test_in_place(void **state)
{
	unsigned char key[32] = { 1 }, in[4] = { 192, 0, 2, 1 }, out[4];
	struct crypto_prefix_key k;

	(void)state;
	crypto_prefix_key_init(&k, key);
	crypto_prefix(&k, in, 4, 32, out);
	crypto_prefix(&k, in, 4, 32, in);
	assert_memory_equal(in, out, sizeof(in));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_prefixes_stay),
		cmocka_unit_test(test_in_place),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
