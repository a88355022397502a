/* Boxes to an offline key: they open with its secret, with NaCl's own call, and in no other way. */
#include <string.h>

#include <sodium.h>

#include "crypto/random.h"
#include "crypto/sealed.h"
#include "vector.h"

#define TEXT_BYTES 70

static void
boxes_open_with_the_secret(void **state)
{
	unsigned char secret[32], public_key[32], plain[TEXT_BYTES], out[TEXT_BYTES];
	unsigned char box[TEXT_BYTES + CRYPTO_SEALED_OVERHEAD];
	struct crypto_sealer s;

	crypto_random(secret, sizeof(secret));
	crypto_random(plain, sizeof(plain));
	crypto_sealed_public(secret, public_key);
	assert_int_equal(crypto_sealer_start(&s, public_key), 0);
	for (size_t len = 0; len <= TEXT_BYTES; len++) {
		struct span whole = span_of((const char *)box, len + CRYPTO_SEALED_OVERHEAD);

		crypto_sealed_make(&s, span_of((const char *)plain, len), box);
		memset(out, 0, sizeof(out));
		assert_int_equal(crypto_sealed_open(secret, whole, out), 0);
		assert_memory_equal(out, plain, len);
	}
	assert_int_equal(s.count, TEXT_BYTES + 1);
	crypto_sealer_end(&s);
	assert_true(sodium_is_zero((unsigned char *)&s, sizeof(s)));
}

/* What docs/format.md says of them is enough to open them. */
static void
boxes_are_those_of_nacl(void **state)
{
	static const char text[] = "192.0.2.7";
	unsigned char secret[32], public_key[32], box[9 + CRYPTO_SEALED_OVERHEAD], out[9];
	unsigned char nonce[24] = "cretula sealed v1";
	struct crypto_sealer s;

	crypto_random(secret, sizeof(secret));
	crypto_sealed_public(secret, public_key);
	assert_int_equal(crypto_sealer_start(&s, public_key), 0);
	s.count = 0x0102030405;
	crypto_sealed_make(&s, span_of(text, 9), box);
	memcpy(nonce + 18, "\0\x01\x02\x03\x04\x05", 6);
	assert_memory_equal(box + 32, nonce + 18, 6);
	assert_int_equal(crypto_box_open_easy(out, box + 38, sizeof(box) - 38, nonce, box, secret), 0);
	assert_memory_equal(out, text, 9);
}

static void
equal_texts_have_different_boxes(void **state)
{
	unsigned char secret[32] = { 1 }, public_key[32], box[3][9 + CRYPTO_SEALED_OVERHEAD];
	struct crypto_sealer s;

	crypto_sealed_public(secret, public_key);
	assert_int_equal(crypto_sealer_start(&s, public_key), 0);
	crypto_sealed_make(&s, span_of("192.0.2.7", 9), box[0]);
	crypto_sealed_make(&s, span_of("192.0.2.7", 9), box[1]);
	assert_int_equal(crypto_sealer_start(&s, public_key), 0);
	crypto_sealed_make(&s, span_of("192.0.2.7", 9), box[2]);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(box[i] + 38, box[j] + 38, 25);
	/* The throw-away key is the batch's. */
	assert_memory_equal(box[0], box[1], 32);
	assert_memory_not_equal(box[0], box[2], 32);
}

static void
every_changed_byte_is_noticed(void **state)
{
	unsigned char secret[32] = { 1 }, other[32] = { 0, 1 }, public_key[32];
	unsigned char box[5 + CRYPTO_SEALED_OVERHEAD], out[5];
	struct span whole = span_of((const char *)box, sizeof(box));
	struct crypto_sealer s;

	crypto_sealed_public(secret, public_key);
	assert_int_equal(crypto_sealer_start(&s, public_key), 0);
	crypto_sealed_make(&s, span_of("hello", 5), box);
	for (size_t bit = 0; bit < 8 * sizeof(box); bit++) {
		if (bit == 255)
			continue; /* X25519 ignores the last bit of a key */
		box[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (crypto_sealed_open(secret, whole, out) != -1)
			fail_msg("bit %zu", bit);
		box[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_int_equal(crypto_sealed_open(other, whole, out), -1);
	for (size_t len = 0; len < sizeof(box); len++)
		assert_int_equal(crypto_sealed_open(secret, span_of((const char *)box, len), out), -1);
	assert_int_equal(crypto_sealed_open(secret, whole, out), 0);
}

/* A point of small order: everybody could open what is sealed to it. */
static void
no_key_is_refused(void **state)
{
	static const unsigned char zero[32], one[32] = { 1 };
	struct crypto_sealer s;

	assert_int_equal(crypto_sealer_start(&s, zero), -1);
	assert_int_equal(crypto_sealer_start(&s, one), -1);
	assert_true(sodium_is_zero((unsigned char *)&s, sizeof(s)));
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
		cmocka_unit_test(boxes_open_with_the_secret),
		cmocka_unit_test(boxes_are_those_of_nacl),
		cmocka_unit_test(equal_texts_have_different_boxes),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(no_key_is_refused),
	};

	return (cmocka_run_group_tests(tests, start, NULL));
}
