/* HMAC and HKDF: RFC 4231, RFC 5869, and OpenSSL for every length. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "vector.h"

static void
rfc_4231(void **state)
{
	static const struct {
		const char *key, *message, *mac;
	} rows[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "4869205468657265",
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665",
		    "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		    "dddddddddddddddddddddddd",
		    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
		    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		    "cdcdcdcdcdcdcdcdcdcdcdcd",
		    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
		    "2d2048617368204b6579204669727374",
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f"
		    "636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d7369"
		    "7a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265"
		    "666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e",
		    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};
	unsigned char key[131], message[160], want[32], got[32];
	struct crypto_hmac_key k;

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		size_t row = i / 2;

		(void)crypto_sha256_force(i % 2 != 0 ? "portable" : NULL);
		struct span ks = unhex(rows[row].key, key, sizeof(key));
		struct span ms = unhex(rows[row].message, message, sizeof(message));
		unhex(rows[row].mac, want, sizeof(want));
		crypto_hmac_key_init(&k, ks.ptr, ks.len);
		crypto_hmac(&k, ms.ptr, ms.len, got);
		assert_memory_equal(got, want, 32);
	}
	(void)crypto_sha256_force(NULL);
}

static void
rfc_5869(void **state)
{
	static const struct {
		const char *ikm, *salt, *info, *prk, *okm;
	} rows[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "000102030405060708090a0b0c",
		    "f0f1f2f3f4f5f6f7f8f9",
		    "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
		    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8"
		    "87185865" },
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425"
		    "262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b"
		    "4c4d4e4f",
		    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485"
		    "868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaab"
		    "acadaeaf",
		    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5"
		    "d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafb"
		    "fcfdfeff",
		    "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
		    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7"
		    "827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5"
		    "c1f3434f1d87" },
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "",
		    "",
		    "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
		    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4"
		    "b61a96c8" },
	};
	unsigned char a[80], b[80], c[80], want[96], got[96], prk[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span ikm = unhex(rows[i].ikm, a, sizeof(a));
		struct span salt = unhex(rows[i].salt, b, sizeof(b));
		struct span info = unhex(rows[i].info, c, sizeof(c));

		unhex(rows[i].prk, want, sizeof(want));
		crypto_hkdf_extract(salt.ptr, salt.len, ikm.ptr, ikm.len, prk);
		assert_memory_equal(prk, want, 32);
		size_t len = unhex(rows[i].okm, want, sizeof(want)).len;
		crypto_hkdf_expand(prk, info, got, len);
		assert_memory_equal(got, want, len);
	}
}

static void
the_longest_expansion_has_255_blocks(void **state)
{
	static unsigned char all[255 * 32];
	unsigned char prk[32] = { 7 }, last[32], counter = 255;
	struct crypto_hmac_key k;
	struct span parts[] = { { (const char *)all + 253 * 32, 32 }, SPAN("info"),
		{ (const char *)&counter, 1 } };

	crypto_hkdf_expand(prk, span_str("info"), all, sizeof(all));
	crypto_hmac_key_init(&k, prk, sizeof(prk));
	crypto_hmac_parts(&k, parts, 3, last);
	assert_memory_equal(all + 254 * 32, last, 32);
}

static void
every_length_equals_openssl(void **state)
{
	unsigned char key[200], message[300], want[32], got[32];
	struct crypto_hmac_key k;
	struct span parts[3];

	crypto_random(key, sizeof(key));
	crypto_random(message, sizeof(message));
	for (size_t len = 0; len <= sizeof(message); len++) {
		size_t key_len = len * 7 % sizeof(key), cut = len / 3;

		(void)crypto_sha256_force(len % 2 != 0 ? "portable" : NULL);
		HMAC(EVP_sha256(), key, (int)key_len, message, len, want, NULL);
		crypto_hmac_key_init(&k, key, key_len);
		crypto_hmac(&k, message, len, got);
		assert_memory_equal(got, want, 32);
		parts[0] = span_of((const char *)message, cut);
		parts[1] = span_of(NULL, 0);
		parts[2] = span_of((const char *)message + cut, len - cut);
		memset(got, 0, sizeof(got));
		crypto_hmac_parts(&k, parts, 3, got);
		assert_memory_equal(got, want, 32);
	}
	(void)crypto_sha256_force(NULL);
}

static int
start(void **state)
{
	return (crypto_start(NULL));
}

#define MANY 37 /* twice sixteen lanes, once four, and one more */

/* Every count and length, both variants, against one message at a time. */
static void
many_is_each(void **state)
{
	struct crypto_hmac_short in[MANY];
	unsigned char want[MANY][32], got[MANY][32], key[32], message[CRYPTO_HMAC_SHORT_BYTES];

	for (size_t turn = 0; turn < 2 * MANY * 56; turn++) {
		size_t count = turn / 2 % MANY + 1, len = turn / (2 * MANY);

		(void)crypto_sha256_force(turn % 2 != 0 ? "portable" : NULL);
		for (size_t i = 0; i < count; i++) {
			size_t n = (len + i) % (CRYPTO_HMAC_SHORT_BYTES + 1);

			crypto_random(key, sizeof(key));
			crypto_random(message, sizeof(message));
			crypto_hmac_key_init(&in[i].key, key, sizeof(key));
			memcpy(in[i].block, message, n);
			crypto_hmac_pad(in[i].block, n);
			crypto_hmac(&in[i].key, message, n, want[i]);
		}
		crypto_hmac_many(in, count, got);
		assert_memory_equal(got, want, count * 32);
	}
	(void)crypto_sha256_force(NULL);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_is_each),
		cmocka_unit_test(rfc_4231),
		cmocka_unit_test(rfc_5869),
		cmocka_unit_test(the_longest_expansion_has_255_blocks),
		cmocka_unit_test(every_length_equals_openssl),
	};

	return (cmocka_run_group_tests(tests, start, NULL));
}
