/* Boxes, random bytes and secret memory. */
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/box.h"
#include "crypto/random.h"
#include "vector.h"

static const unsigned char key[32] = { 1, 2, 3 };

static void
a_box_opens_with_its_key(void **state)
{
	unsigned char box[100 + CRYPTO_BOX_OVERHEAD], plain[100], out[100];

	crypto_random(plain, sizeof(plain));
	for (size_t len = 0; len <= sizeof(plain); len++) {
		crypto_box_make(key, span_of((const char *)plain, len), box);
		memset(out, 0, sizeof(out));
		assert_int_equal(crypto_unbox(key,
		    span_of((const char *)box, len + CRYPTO_BOX_OVERHEAD), out), 0);
		assert_memory_equal(out, plain, len);
	}
}

static void
every_changed_byte_is_noticed(void **state)
{
	static const char text[] = "seeds";
	unsigned char box[sizeof(text) + CRYPTO_BOX_OVERHEAD], out[sizeof(text)], other[32];
	struct span whole = span_of((const char *)box, sizeof(box));

	crypto_box_make(key, span_of(text, sizeof(text)), box);
	for (size_t bit = 0; bit < 8 * sizeof(box); bit++) {
		box[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(crypto_unbox(key, whole, out), -1);
		box[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof(box); len++)
		assert_int_equal(crypto_unbox(key, span_of(whole.ptr, len), out), -1);
	memcpy(other, key, 32);
	other[31] ^= 1;
	assert_int_equal(crypto_unbox(other, whole, out), -1);
	assert_int_equal(crypto_unbox(key, whole, out), 0);
}

static void
two_boxes_of_one_text_differ(void **state)
{
	unsigned char a[4 + CRYPTO_BOX_OVERHEAD], b[4 + CRYPTO_BOX_OVERHEAD];

	crypto_box_make(key, span_str("same"), a);
	crypto_box_make(key, span_str("same"), b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
a_seeded_stream_repeats(void **state)
{
	static const unsigned char seed[2][32] = { { 1 }, { 2 } };
	unsigned char a[40], b[40], next[40];

	crypto_random_set(seed[0]);
	crypto_random(a, sizeof(a));
	crypto_random(next, sizeof(next));
	assert_memory_not_equal(a, next, sizeof(a));
	crypto_random_set(seed[0]);
	crypto_random(b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	crypto_random_set(seed[1]);
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	crypto_random_set(NULL);
	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
wiping_and_comparing(void **state)
{
	unsigned char a[33], b[33];

	memset(a, 7, sizeof(a));
	memcpy(b, a, sizeof(b));
	assert_true(crypto_equal(a, b, sizeof(a)));
	b[32] ^= 0x80;
	assert_false(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, b, sizeof(a) - 1));
	crypto_wipe(a, sizeof(a) - 1);
	memset(b, 0, 32);
	assert_memory_equal(a, b, 32);
	assert_int_equal(a[32], 7);
}

static void
secret_memory_is_zero_and_aligned(void **state)
{
	static const unsigned char zeros[4099];
	bool locked;

	for (size_t size = 1; size <= sizeof(zeros); size = size * 2 + 1) {
		unsigned char *secret = crypto_secret_alloc(size, &locked);

		assert_non_null(secret);
		assert_int_equal((uintptr_t)secret % _Alignof(max_align_t), 0);
		assert_memory_equal(secret, zeros, size);
		memset(secret, 1, size);
		crypto_secret_free(secret);
	}
	assert_null(crypto_secret_alloc(SIZE_MAX, NULL));
	assert_null(crypto_secret_alloc(0, NULL));
	crypto_secret_free(NULL);
}

static void
a_refused_lock_is_told(void **state)
{
	struct rlimit none = { 0, 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) { /* without the right to lock, and without privilege */
		bool locked = true;
		void *secret;
		static char page[4096];

		if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && seteuid(65534) != 0))
			_exit(2);
		if (mlock(page, sizeof(page)) == 0)
			_exit(2); /* a sanitizer swallows it */
		secret = crypto_secret_alloc(100, &locked);
		_exit(secret != NULL && !locked ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2) {
		print_message("# NOT TESTED: locking cannot be refused here (a sanitizer?)\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
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
		cmocka_unit_test(a_box_opens_with_its_key),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(two_boxes_of_one_text_differ),
		cmocka_unit_test(a_seeded_stream_repeats),
		cmocka_unit_test(wiping_and_comparing),
		cmocka_unit_test(secret_memory_is_zero_and_aligned),
		cmocka_unit_test(a_refused_lock_is_told),
	};

	return (cmocka_run_group_tests(tests, start, NULL));
}
