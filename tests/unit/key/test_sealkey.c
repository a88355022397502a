/* Public keys as text, and the file of their secret. */
#include <string.h>

#include "crypto/sealed.h"
#include "key/sealkey.h"
#include "scratch.h"

static void
test_text(void **state)
{
	unsigned char secret[32], public_key[32], got[32];
	char text[KEY_SEAL_TEXT_BYTES], bad[KEY_SEAL_TEXT_BYTES];
	size_t len;

	crypto_random(secret, sizeof(secret));
	crypto_sealed_public(secret, public_key);
	key_seal_print(public_key, text);
	len = strlen(text);
	assert_int_equal(len, KEY_SEAL_TEXT_BYTES - 1);
	assert_int_equal(key_seal_parse(span_str(text), got), 0);
	assert_memory_equal(got, public_key, 32);
	/* One slip anywhere is noticed. */
	for (size_t i = 0; i < len; i++) {
		memcpy(bad, text, sizeof(bad));
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		if (key_seal_parse(span_str(bad), got) != -1)
			fail_msg("%s", bad);
		assert_int_equal(key_seal_parse(span_of(text, i), got), -1);
	}
	/* A point of small order is no key, however well it is written. */
	memset(public_key, 0, sizeof(public_key));
	key_seal_print(public_key, text);
	assert_int_equal(key_seal_parse(span_str(text), got), -1);
}

static void
test_file(void **state)
{
	unsigned char made[32], got[32];
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/pair", scratch);
	assert_int_equal(key_seal_create(path, made, &e), 0);
	assert_int_equal(key_seal_read(path, got, &e), 0);
	assert_memory_equal(got, made, 32);
	assert_int_equal(key_seal_create(path, got, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(key_seal_read(path, got, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 50), 0);
	assert_int_equal(key_seal_read(path, got, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	/* Never into KEYS, which are copied whole. */
	(void)close(make_keys());
	(void)snprintf(path, sizeof(path), "%s/pair", keys);
	assert_int_equal(key_seal_create(path, made, &e), -1);
	assert_int_equal(access(path, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_file),
	};

	return (cmocka_run_group_tests(tests, scratch_make, scratch_remove));
}
