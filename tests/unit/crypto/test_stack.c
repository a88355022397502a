/* What hashing leaves behind: no word of a secret on the stack. */
#include <pthread.h>
#include <stdlib.h>

#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "vector.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define STACK_BYTES ((size_t)256 << 10)

static struct crypto_hmac_short same[16];
static struct crypto_message messages[16];
static unsigned char nodes[16][16], out[16][32];

static void *
sixteen_macs(void *arg)
{
	crypto_hmac_many(same, 16, out);
	return (arg);
}

static void *
sixteen_messages(void *arg)
{
	crypto_sha256_many(messages, 16, out);
	return (arg);
}

static void *
sixteen_seeds(void *arg)
{
	crypto_sha256_seeds((const unsigned char *)"0123456789abcdef",
	    (const unsigned char(*)[16])nodes, 16, out);
	return (arg);
}

static size_t
rows_of(const uint32_t *stack, uint32_t word)
{
	size_t count = 0, row = 0;

	for (size_t i = 0; i < STACK_BYTES / sizeof(word); i++) {
		row = stack[i] == word ? row + 1 : 0;
		count += row == 4;
	}
	return (count);
}

static uint32_t
turn(uint32_t x, int n)
{
	return (x >> n | x << (32 - n));
}

/* The last sixteen words of the schedule of the outer hash: the digest inside follows from them. */
static void
last_words(uint32_t w[static 64])
{
	unsigned char inside[64 + 16], digest[32];

	for (size_t i = 0; i < 64; i++)
		inside[i] = (unsigned char)((i < 32 ? KEY[i] : 0) ^ 0x36);
	memcpy(inside + 64, "abcdabcdabcdabcd", 16);
	crypto_sha256(inside, sizeof(inside), digest);
	memset(w, 0, 64 * sizeof(*w));
	for (size_t i = 0; i < 8; i++)
		w[i] = (uint32_t)digest[4 * i] << 24 | (uint32_t)digest[4 * i + 1] << 16 |
		    (uint32_t)digest[4 * i + 2] << 8 | digest[4 * i + 3];
	w[8] = 0x80000000;
	w[15] = (64 + 32) * 8;
	for (size_t i = 16; i < 64; i++) {
		uint32_t far = w[i - 15], near = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] + (turn(far, 7) ^ turn(far, 18) ^ far >> 3) +
		    (turn(near, 17) ^ turn(near, 19) ^ near >> 10);
	}
}

static bool
has_red_zones(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	return (true);
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
	return (true);
#else
	return (false);
#endif
}

/* Where run has been, and nobody else. */
static uint32_t *
stack_of(void *(*run)(void *))
{
	uint32_t *stack = aligned_alloc(65536, STACK_BYTES);
	pthread_attr_t attr;
	pthread_t thread;

	assert_non_null(stack);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attr, run, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)pthread_attr_destroy(&attr);
	return (stack);
}

/* Sixteen lanes of the same key and message: each of their words stands sixteen times in a row. */
static void
no_mac_stays_on_the_stack(void **state)
{
	uint32_t *stack, w[64];

	if (has_red_zones()) {
		print_message("# NOT TESTED: sanitized frames are larger, and lie elsewhere\n");
		skip();
	}
	for (size_t i = 0; i < 16; i++) {
		crypto_hmac_key_init(&same[i].key, KEY, 32);
		memcpy(same[i].block, "abcdabcdabcdabcd", 16);
		crypto_hmac_pad(same[i].block, 16);
	}
	stack = stack_of(sixteen_macs);
	assert_int_equal(rows_of(stack, 0x61626364), 0);
	last_words(w);
	for (size_t i = 48; i < 64; i++)
		assert_int_equal(rows_of(stack, w[i]), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(rows_of(stack, same[0].key.inner[i]), 0);
		assert_int_equal(rows_of(stack, same[0].key.outer[i]), 0);
	}
	free(stack);
}

/* A salt is in the head of a message, and is made of nodes: neither their words nor their bytes. */
static void
no_salt_stays_on_the_stack(void **state)
{
	static void *(*const runs[])(void *) = { sixteen_messages, sixteen_seeds };
	uint32_t *stack;

	if (has_red_zones()) {
		print_message("# NOT TESTED: sanitized frames are larger, and lie elsewhere\n");
		skip();
	}
	for (size_t i = 0; i < 16; i++) {
		memcpy(messages[i].head, "abcdabcdabcdabcd", 16);
		messages[i].head_len = 16;
		messages[i].body = span_of(KEY, i % 2 == 0 ? 3 : 32);
		memcpy(nodes[i], "abcdabcdabcdabcd", 16);
	}
	for (size_t r = 0; r < sizeof(runs) / sizeof(runs[0]); r++) {
		stack = stack_of(runs[r]);
		assert_int_equal(rows_of(stack, 0x61626364), 0);
		assert_int_equal(rows_of(stack, 0x64636261), 0);
		free(stack);
	}
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
		cmocka_unit_test(no_mac_stays_on_the_stack),
		cmocka_unit_test(no_salt_stays_on_the_stack),
	};

	return (cmocka_run_group_tests(tests, start, NULL));
}
