/* SHA-256: the published vectors, and OpenSSL, for every variant. */
#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/random.h"
#include "crypto/sha256.h"
#include "vector.h"

#define BYTES_MAX 5000

static const char *const variants[] = { "portable", "sha-ni", "sha-ni+avx512" };
#define EACH_VARIANT(i) \
	for (size_t i = 0; i < 3; i++) \
		if (crypto_sha256_force(variants[i]))

static unsigned char bytes[BYTES_MAX];

static int
start(void **state)
{
	static const unsigned char seed[32] = "sha256";

	assert_int_equal(crypto_start(NULL), 0);
	crypto_random_set(seed);
	crypto_random(bytes, sizeof(bytes));
	return (0);
}

static int
stop(void **state)
{
	(void)crypto_sha256_force(NULL);
	crypto_random_set(NULL);
	return (0);
}

/* A random number below n. */
static size_t
below(size_t n)
{
	uint32_t r;

	crypto_random(&r, sizeof(r));
	return (r % n);
}

static void
reference(const void *p, size_t len, unsigned char out[static 32])
{
	assert_int_equal(EVP_Digest(p, len, out, NULL, EVP_sha256(), NULL), 1);
}

static void
published_vectors(void **state)
{
	static const struct {
		const char *text, *hex;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	unsigned char want[32], got[32];

	EACH_VARIANT(v) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			unhex(rows[i].hex, want, sizeof(want));
			crypto_sha256(rows[i].text, strlen(rows[i].text), got);
			assert_memory_equal(got, want, 32);
		}
	}
}

static void
a_million_times_a(void **state)
{
	unsigned char want[32], got[32], text[1000];
	struct crypto_sha256 h;

	unhex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", want, 32);
	memset(text, 'a', sizeof(text));
	EACH_VARIANT(v) {
		crypto_sha256_init(&h);
		for (size_t i = 0; i < 1000; i++)
			crypto_sha256_add(&h, text, sizeof(text));
		crypto_sha256_end(&h, got);
		assert_memory_equal(got, want, 32);
	}
}

static void
the_variants_are_what_they_say(void **state)
{
	assert_true(crypto_sha256_force("portable"));
	assert_string_equal(crypto_sha256_variant(), "portable");
	(void)crypto_sha256_force(NULL);
	assert_false(crypto_sha256_force("sha-nil"));
	for (size_t i = 0; i < 3; i++)
		if (crypto_sha256_force(variants[i]))
			assert_string_equal(crypto_sha256_variant(), variants[i]);
		else
			print_message("# NOT TESTED: this processor has no %s\n", variants[i]);
}

static void
every_length_equals_openssl(void **state)
{
	unsigned char want[32], got[32];

	EACH_VARIANT(v) {
		for (size_t len = 0; len <= 300; len++) {
			const unsigned char *p = bytes + below(100);

			reference(p, len, want);
			crypto_sha256(p, len, got);
			assert_memory_equal(got, want, 32);
		}
	}
}

static void
pieces_make_the_same_digest(void **state)
{
	unsigned char want[32], got[32];
	struct crypto_sha256 h;
	size_t len, at, piece;

	EACH_VARIANT(v) {
		for (size_t round = 0; round < 300; round++) {
			len = below(600);
			reference(bytes, len, want);
			crypto_sha256_init(&h);
			for (at = 0; at < len; at += piece) {
				piece = below(150);
				piece = piece < len - at ? piece : len - at;
				crypto_sha256_add(&h, bytes + at, piece);
			}
			crypto_sha256_add(&h, NULL, 0);
			crypto_sha256_end(&h, got);
			assert_memory_equal(got, want, 32);
		}
	}
}

#define MANY 600 /* more than are put in order at once, twice */

static struct crypto_message many[MANY];
static unsigned char many_out[MANY + 1][32];

/* Hash count messages, heads of any length, bodies below max bytes. */
static void
check_many(size_t count, size_t max)
{
	unsigned char whole[48 + BYTES_MAX], want[32], untouched[32];

	for (size_t i = 0; i < count; i++) {
		many[i].head_len = below(49);
		crypto_random(many[i].head, sizeof(many[i].head));
		many[i].body = span_of((const char *)bytes + below(64), below(max));
		if (many[i].body.len == 0)
			many[i].body.ptr = NULL;
	}
	memset(untouched, 0x5a, sizeof(untouched));
	memcpy(many_out[count], untouched, 32);
	crypto_sha256_many(many, count, many_out);
	for (size_t i = 0; i < count; i++) {
		memcpy(whole, many[i].head, many[i].head_len);
		if (many[i].body.len > 0)
			memcpy(whole + many[i].head_len, many[i].body.ptr, many[i].body.len);
		reference(whole, many[i].head_len + many[i].body.len, want);
		assert_memory_equal(many_out[i], want, 32);
	}
	assert_memory_equal(many_out[count], untouched, 32);
}

static void
many_equal_one_by_one(void **state)
{
	static const size_t sizes[] = { 1, 20, 90, 300, 1100, BYTES_MAX - 64 };

	EACH_VARIANT(v) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			for (size_t count = 0; count <= 40; count++)
				check_many(count, sizes[s]);
			check_many(MANY, sizes[s]);
		}
	}
}

#define BESIDE 16

/* The lengths around which a message needs another block, or the long path. */
static void
many_at_the_borders(void **state)
{
	static unsigned char whole[BYTES_MAX];
	unsigned char want[32];

	EACH_VARIANT(v) {
		for (size_t len = 0; len + 17 < sizeof(whole); len++) {
			memset(many[0].head, (int)len, 48);
			memset(whole, (int)len, 17);
			memcpy(whole + 17, bytes, len);
			many[0].head_len = 17;
			many[0].body = span_of((const char *)bytes, len);
			for (size_t i = 1; i < BESIDE; i++)
				many[i] = many[0];
			many[BESIDE - 1].body.len /= 2; /* one is done before the others */
			crypto_sha256_many(many, len % 3 == 0 ? 1 : BESIDE, many_out);
			reference(whole, 17 + len, want);
			assert_memory_equal(many_out[0], want, 32);
			if (len % 3 != 0) {
				assert_memory_equal(many_out[BESIDE - 2], want, 32);
				reference(whole, 17 + len / 2, want);
				assert_memory_equal(many_out[BESIDE - 1], want, 32);
			}
		}
	}
}

#define PAIRS 37

static void
pairs_equal_openssl(void **state)
{
	static unsigned char in[2 * PAIRS][32], out[PAIRS + 1][32], want[PAIRS][32];
	unsigned char message[65] = { 1 };

	EACH_VARIANT(v) {
		for (size_t pairs = 0; pairs <= PAIRS; pairs++) {
			crypto_random(in, sizeof(in));
			memset(out, 0x5a, sizeof(out));
			for (size_t i = 0; i < pairs; i++) {
				memcpy(message + 1, in[2 * i], 64);
				reference(message, sizeof(message), want[i]);
			}
			crypto_sha256_pairs((const unsigned char (*)[32])in, pairs, out);
			assert_memory_equal(out, want, pairs * 32);
			assert_int_equal(out[pairs][0], 0x5a);
			crypto_sha256_pairs((const unsigned char (*)[32])in, pairs, in);
			assert_memory_equal(in, want, pairs * 32);
		}
	}
}

static void
seeds_equal_openssl(void **state)
{
	static unsigned char in[PAIRS][16], out[PAIRS + 1][32];
	unsigned char message[32], want[32];

	EACH_VARIANT(v) {
		for (size_t count = 0; count <= PAIRS; count++) {
			crypto_random(in, sizeof(in));
			crypto_random(message, 16);
			memset(out, 0x5a, sizeof(out));
			crypto_sha256_seeds(message, (const unsigned char (*)[16])in, count, out);
			for (size_t i = 0; i < count; i++) {
				memcpy(message + 16, in[i], 16);
				reference(message, sizeof(message), want);
				assert_memory_equal(out[i], want, 32);
			}
			assert_int_equal(out[count][0], 0x5a);
		}
	}
}

static void
blocks_move_a_midstate_alike(void **state)
{
	uint32_t plain[8], chosen[8];

	for (size_t blocks = 0; blocks <= 5; blocks++) {
		crypto_random(plain, sizeof(plain));
		memcpy(chosen, plain, sizeof(plain));
		assert_true(crypto_sha256_force("portable"));
		crypto_sha256_blocks(plain, bytes + 1, blocks);
		(void)crypto_sha256_force(NULL);
		crypto_sha256_blocks(chosen, bytes + 1, blocks);
		assert_memory_equal(chosen, plain, sizeof(plain));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(a_million_times_a),
		cmocka_unit_test(the_variants_are_what_they_say),
		cmocka_unit_test(every_length_equals_openssl),
		cmocka_unit_test(pieces_make_the_same_digest),
		cmocka_unit_test(many_equal_one_by_one),
		cmocka_unit_test(many_at_the_borders),
		cmocka_unit_test(pairs_equal_openssl),
		cmocka_unit_test(seeds_equal_openssl),
		cmocka_unit_test(blocks_move_a_midstate_alike),
	};

	return (cmocka_run_group_tests(tests, start, stop));
}
