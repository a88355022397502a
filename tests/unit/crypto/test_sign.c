/* Ed25519: RFC 8032, and what a strict checker must refuse. */
#include "crypto/check.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "vector.h"

static const struct {
	const char *seed, *public_key, *message, *signature;
} rows[] = { /* RFC 8032, 7.1 */
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct signed_message {
	unsigned char seed[32], public_key[32], message[8], signature[64];
	struct span text;
};

static void
read_row(size_t i, struct signed_message *s)
{
	unhex(rows[i].seed, s->seed, 32);
	unhex(rows[i].public_key, s->public_key, 32);
	unhex(rows[i].signature, s->signature, 64);
	s->text = unhex(rows[i].message, s->message, sizeof(s->message));
}

static void
rfc_8032(void **state)
{
	struct signed_message s;
	unsigned char public_key[32], signature[64];

	for (size_t i = 0; i < ROWS; i++) {
		read_row(i, &s);
		crypto_sign_public(s.seed, public_key);
		assert_memory_equal(public_key, s.public_key, 32);
		crypto_sign_message(s.seed, s.text, signature);
		assert_memory_equal(signature, s.signature, 64);
		assert_true(crypto_check(s.public_key, s.text, s.signature));
	}
}

static void
every_flipped_bit_is_refused(void **state)
{
	struct signed_message s;
	struct {
		unsigned char *bytes;
		size_t len;
	} parts[3];

	read_row(2, &s);
	parts[0].bytes = s.public_key;
	parts[0].len = 32;
	parts[1].bytes = s.message;
	parts[1].len = s.text.len;
	parts[2].bytes = s.signature;
	parts[2].len = 64;
	for (size_t p = 0; p < 3; p++) {
		for (size_t bit = 0; bit < 8 * parts[p].len; bit++) {
			parts[p].bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			assert_false(crypto_check(s.public_key, s.text, s.signature));
			parts[p].bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
	}
	assert_true(crypto_check(s.public_key, s.text, s.signature));
	s.text.len--;
	assert_false(crypto_check(s.public_key, s.text, s.signature));
}

/* S + L is the same number modulo the group order L: another signature. */
static void
s_above_the_order_is_refused(void **state)
{
	unsigned char order[32];
	struct signed_message s;

	unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, 32);
	for (size_t i = 0; i < ROWS; i++) {
		unsigned carry = 0;

		read_row(i, &s);
		for (size_t b = 0; b < 32; b++) {
			carry += (unsigned)s.signature[32 + b] + order[b];
			s.signature[32 + b] = (unsigned char)carry;
			carry >>= 8;
		}
		assert_int_equal(carry, 0);
		assert_false(crypto_check(s.public_key, s.text, s.signature));
	}
}

/*
 * With a public key of small order, R = B and S = 1 fit many messages (all,
 * if it is the identity), whoever signs.
 */
static void
keys_of_small_order_are_refused(void **state)
{
	static const char *const keys[] = {
		"0100000000000000000000000000000000000000000000000000000000000000", /* identity */
		"0100000000000000000000000000000000000000000000000000000000000080",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p + 1 */
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
		"0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
		"0000000000000000000000000000000000000000000000000000000000000080",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p */
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	};
	unsigned char key[32], signature[64] = { 0 };

	unhex("5866666666666666666666666666666666666666666666666666666666666666", signature, 32);
	signature[32] = 1;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		unhex(keys[i], key, 32);
		for (unsigned char m = 0; m < 64; m++)
			assert_false(crypto_check(key, span_of((const char *)&m, 1), signature));
	}
}

/* R of small order: S would then be the same for every message under a = 0. */
static void
small_r_is_refused(void **state)
{
	unsigned char signature[64] = { 1 };
	struct signed_message s;

	read_row(0, &s);
	assert_false(crypto_check(s.public_key, s.text, signature));
	memset(signature, 0, sizeof(signature));
	assert_false(crypto_check(s.public_key, s.text, signature));
	memset(signature, 0xff, sizeof(signature));
	assert_false(crypto_check(s.public_key, s.text, signature));
}

static int
start(void **state)
{
	return (crypto_start(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_8032),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(s_above_the_order_is_refused),
		cmocka_unit_test(keys_of_small_order_are_refused),
		cmocka_unit_test(small_r_is_refused),
	};

	return (cmocka_run_group_tests(tests, start, NULL));
}
