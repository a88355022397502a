/*
 * What one operation of crypto costs, best of several runs, with OpenSSL
 * beside it.  Prints one line an operation: name, ns, and the variant.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/err.h"
#include "crypto/hmac.h"
#include "crypto/prefix_impl.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

#define MESSAGES 2048
#define RUNS 40
#define BODY_MAX 512

static unsigned char bodies[MESSAGES][BODY_MAX];
static struct crypto_message messages[MESSAGES];
static unsigned char digests[2 * MESSAGES][32];
static unsigned char seeds[MESSAGES][16];
static struct crypto_hmac_key hmac_key;
static struct crypto_prefix_key prefix_key;
static bool is_portable;

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec);
}

static void
many(size_t len)
{
	(void)len;
	crypto_sha256_many(messages, MESSAGES, digests);
}

static void
one(size_t len)
{
	for (size_t i = 0; i < MESSAGES; i++)
		crypto_sha256(bodies[i], len, digests[i]);
}

static void
pairs(size_t len)
{
	(void)len;
	crypto_sha256_pairs((const unsigned char (*)[32])digests, MESSAGES, digests);
}

static void
children(size_t len)
{
	static const unsigned char prefix[16] = "cretula ggm v1\n";

	(void)len;
	crypto_sha256_seeds(prefix, (const unsigned char (*)[16])seeds, MESSAGES, digests);
}

static void
hmac(size_t len)
{
	for (size_t i = 0; i < MESSAGES; i++)
		crypto_hmac(&hmac_key, bodies[i], len, digests[i]);
}

/* len: bits of the prefix; over 32 of an IPv6 address. */
static void
prefix(size_t len)
{
	for (size_t i = 0; i < MESSAGES; i++)
		crypto_prefix_with(is_portable ? &crypto_prefix_portable : &crypto_prefix_aesni,
		    &prefix_key, bodies[i], len <= 32 ? 4 : 16, (unsigned)len, digests[i]);
}

static void
evp_once(size_t len)
{
	for (size_t i = 0; i < MESSAGES; i++)
		(void)EVP_Digest(bodies[i], len, digests[i], NULL, EVP_sha256(), NULL);
}

static void
evp_reused(size_t len)
{
	static EVP_MD_CTX *context;
	static EVP_MD *md;

	if (context == NULL) {
		context = EVP_MD_CTX_new();
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	}
	for (size_t i = 0; i < MESSAGES; i++) {
		(void)EVP_DigestInit_ex(context, md, NULL);
		(void)EVP_DigestUpdate(context, bodies[i], len);
		(void)EVP_DigestFinal_ex(context, digests[i], NULL);
	}
}

static void
openssl_hmac(size_t len)
{
	static const unsigned char key[32] = { 1 };

	for (size_t i = 0; i < MESSAGES; i++)
		(void)HMAC(EVP_sha256(), key, sizeof(key), bodies[i], len, digests[i], NULL);
}

static const struct {
	const char *name;
	void (*run)(size_t len);
	size_t len;
	size_t spread; /* the bodies differ by up to this */
} rows[] = {
	{ "sha256 one lane, 250 B", one, 250, 0 },
	{ "sha256 one lane, 350 B", one, 350, 0 },
	{ "sha256 many, 17+250 B", many, 250, 0 },
	{ "sha256 many, 17+300 B", many, 300, 0 },
	{ "sha256 many, 17+350 B", many, 350, 0 },
	{ "sha256 many, 17+220..280 B", many, 220, 60 },
	{ "sha256 many, 17+100..500 B", many, 100, 400 },
	{ "pair of digests", pairs, 0, 0 },
	{ "seed to child", children, 0, 0 },
	{ "hmac, 4 B", hmac, 4, 0 },
	{ "hmac, 16 B", hmac, 16, 0 },
	{ "hmac, 40 B", hmac, 40, 0 },
	{ "hmac, 100 B", hmac, 100, 0 },
	{ "ipcrypt-pfx, IPv4 /24", prefix, 24, 0 },
	{ "ipcrypt-pfx, IPv4", prefix, 32, 0 },
	{ "ipcrypt-pfx, IPv6 /48", prefix, 48, 0 },
	{ "ipcrypt-pfx, IPv6", prefix, 128, 0 },
	{ "peer: EVP_Digest, 267 B", evp_once, 267, 0 },
	{ "peer: EVP reused, 267 B", evp_reused, 267, 0 },
	{ "peer: EVP reused, 65 B", evp_reused, 65, 0 },
	{ "peer: HMAC(), 16 B", openssl_hmac, 16, 0 },
};

static void
prepare(size_t len, size_t spread)
{
	srand(1);
	for (size_t i = 0; i < MESSAGES; i++) {
		size_t more = spread == 0 ? 0 : (size_t)rand() % (spread + 1);

		messages[i].head_len = 17;
		messages[i].body = span_of((const char *)bodies[i], len + more);
	}
}

static double
best_ns(void (*run)(size_t len), size_t len)
{
	double best = 1e18, t;

	for (int i = 0; i < RUNS; i++) {
		t = now_ns();
		run(len);
		t = (now_ns() - t) / MESSAGES;
		if (t < best)
			best = t;
	}
	return (best);
}

int
main(void)
{
	static const char *const variants[] = { "sha-ni+avx512", "sha-ni", "portable" };
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	crypto_random(bodies, sizeof(bodies));
	crypto_random(seeds, sizeof(seeds));
	crypto_hmac_key_init(&hmac_key, "key", 3);
	for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++) {
		if (!crypto_sha256_force(variants[v]))
			continue;
		is_portable =
		    strcmp(variants[v], "portable") == 0 || !__builtin_cpu_supports("aes");
		crypto_prefix_key_init_with(
		    is_portable ? &crypto_prefix_portable : &crypto_prefix_aesni, &prefix_key,
		    (const unsigned char *)"0123456789abcdefghijklmnopqrstuv");
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (v > 0 && strncmp(rows[i].name, "peer", 4) == 0)
				continue;
			prepare(rows[i].len, rows[i].spread);
			printf("%-28s %8.1f ns  %s\n", rows[i].name,
			    best_ns(rows[i].run, rows[i].len), crypto_sha256_variant());
		}
	}
	return (0);
}
