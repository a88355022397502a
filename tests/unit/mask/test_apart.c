/* Tokens are apart where their keys are: class, trust, epoch, tenant; and look like noise. */
#include "unit/mask/bed.h"

#include "base/text.h"

#define COUNT 100000
#define DIGITS 16
#define SYMBOLS 32

struct made {
	char token[MASK_TOKEN_BYTES];
	const char *prefix;
	enum mask_slot slot;
	int64_t index;
	const char *tenant;
};

/* Has the slot a key of HMAC?  Those of ipcrypt-pfx do not make tokens. */
static bool
makes_tokens(enum mask_slot slot)
{
	return (slot != MASK_SLOT_PEER_PREFIX && slot != MASK_SLOT_FWD_PREFIX);
}

/* Those of one prefix and trust: values are parted by the position that they are bound to. */
static bool
is_one_key(enum mask_slot a, enum mask_slot b)
{
	bool a_xx = a == MASK_SLOT_SERVER || a == MASK_SLOT_TLS || a == MASK_SLOT_TEXT;
	bool b_xx = b == MASK_SLOT_SERVER || b == MASK_SLOT_TLS || b == MASK_SLOT_TEXT;

	return (a == b || (a_xx && b_xx));
}

static void
test_one_value_everywhere(void **state)
{
	static const char *const tenants[] = { "default", "acme", "acme-1", "" };
	static struct made all[4 * 4 * MASK_SLOT_COUNT];
	struct key_ring *ring = NULL;
	unsigned char commitment[32];
	struct mask_policy policy;
	size_t count = 0;
	struct err e;

	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(key_ring_ephemeral(&ring, &e), 0);
	assert_int_equal(key_ring_import(ring, false, commitment, &e), 0);
	mask_policy_default(&policy);
	for (size_t t = 0; t < 4; t++) {
		struct mask_keys *k;

		(void)snprintf(policy.tenant, sizeof(policy.tenant), "%s", tenants[t]);
		assert_non_null(k = mask_keys_open(ring, &policy));
		for (int64_t later = 0; later < 4; later++)
			for (int s = 0; s < MASK_SLOT_COUNT; s++) {
				struct made *one = &all[count];
				enum record_class c = mask_slot_class((enum mask_slot)s);
				int64_t index = key_epoch_index(policy.epoch[c],
				    BED_NOW_US + later * INT64_C(31 * 86400) * 1000000);

				if (!makes_tokens((enum mask_slot)s))
					continue;
				*one = (struct made){ .slot = (enum mask_slot)s, .index = index,
					.tenant = tenants[t],
					.prefix = record_classes[c].prefix };
				mask_token_print(mask_keys_get(k, one->slot, index), one->prefix,
				    span_str("erika"), one->token);
				count++;
			}
		mask_keys_close(k);
	}
	/* Behind the prefix, which makes them differ anyhow. */
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++) {
			bool same = memcmp(all[i].token + 3, all[j].token + 3, DIGITS) == 0;

			if (same && (all[i].index != all[j].index || all[i].tenant != all[j].tenant ||
			    !is_one_key(all[i].slot, all[j].slot)))
				fail_msg("slots %d and %d, epochs %lld and %lld, tenants %s and %s",
				    all[i].slot, all[j].slot, (long long)all[i].index,
				    (long long)all[j].index, all[i].tenant, all[j].tenant);
		}
	key_ring_free(ring);
}

/* Sum of (seen - expected)^2 / expected over the symbols of one place. */
static double
chi_square(const unsigned seen[static SYMBOLS])
{
	const double expected = (double)COUNT / SYMBOLS;
	double sum = 0;

	for (int s = 0; s < SYMBOLS; s++)
		sum += ((double)seen[s] - expected) * ((double)seen[s] - expected) / expected;
	return (sum);
}

/* From a fixed key over values that differ in little: the figures are the same each time. */
static void
test_tokens_are_uniform(void **state)
{
	static unsigned places[DIGITS][SYMBOLS], pairs[DIGITS - 1][SYMBOLS];
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct crypto_hmac_key key;
	unsigned char bytes[32];

	memset(bytes, 7, sizeof(bytes));
	crypto_hmac_key_init(&key, bytes, sizeof(bytes));
	for (uint32_t n = 0; n < COUNT; n++) {
		char token[MASK_TOKEN_BYTES];
		unsigned before = 0;

		for (int i = 0; i < 4; i++)
			bytes[i] = (unsigned char)(n >> (24 - 8 * i)); /* 0.0.0.0, 0.0.0.1 ... */
		mask_token_print(&key, "ip", span_of((const char *)bytes, 4), token);
		for (int i = 0; i < DIGITS; i++) {
			unsigned symbol = (unsigned)(strchr(alphabet, token[3 + i]) - alphabet);

			assert_true(symbol < SYMBOLS);
			places[i][symbol]++;
			if (i > 0)
				pairs[i - 1][symbol ^ before]++;
			before = symbol;
		}
	}
	/* 31 degrees of freedom: over 75 once in 30,000 places, if it is noise. */
	for (int i = 0; i < DIGITS; i++)
		assert_true(chi_square(places[i]) < 75);
	for (int i = 0; i < DIGITS - 1; i++)
		assert_true(chi_square(pairs[i]) < 75);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_value_everywhere),
		cmocka_unit_test(test_tokens_are_uniform),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
