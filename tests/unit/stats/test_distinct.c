#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stats/distinct.h"

/* splitmix64: hashes as good as those of a keyed hash. */
static uint64_t
hash(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return (n ^ n >> 31);
}

static void
a_set_is_exact_up_to_20(void **state)
{
	struct stats_set s = { .count = 0 };

	for (uint32_t n = 0; n < STATS_SET_MAX; n++) {
		assert_true(stats_set_add(&s, hash(n)));
		assert_int_equal(s.count, n + 1);
		for (uint32_t again = 0; again <= n; again++)
			assert_false(stats_set_add(&s, hash(again)));
		assert_int_equal(s.count, n + 1);
	}
	assert_true(stats_set_add(&s, hash(STATS_SET_MAX)));
	assert_int_equal(s.count, STATS_SET_MANY);
	assert_false(stats_set_add(&s, hash(0)));
	assert_false(stats_set_add(&s, hash(999)));
	assert_int_equal(s.count, STATS_SET_MANY);
}

static struct stats_sketch a, b, c;
static unsigned char packed[STATS_SKETCH_REGISTERS], again[STATS_SKETCH_REGISTERS];

/*
 * Standard error 0.81 %: of 40 sketches none may be off by five of it, and
 * their mean by one (it has a sixth of their error).
 */
static void
estimates_are_within_their_error(void **state)
{
	static const uint64_t sizes[] = { 1, 10, 100, 1000, 10000, 60000, 300000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double n = (double)sizes[i], sum = 0, five = n * 5 * 0.0082;

		for (uint64_t sketch = 0; sketch < 40; sketch++) {
			double told;

			memset(&a, 0, sizeof(a));
			for (uint64_t k = 0; k < sizes[i]; k++)
				stats_sketch_add(&a, hash(sketch << 32 | k));
			told = (double)stats_sketch_estimate(&a);
			assert_true(told - n <= five + 0.5 && n - told <= five + 0.5);
			sum += told;
		}
		assert_true(sum / 40 - n <= five / 5 + 0.5 && n - sum / 40 <= five / 5 + 0.5);
	}
}

static void
merging_is_counting_both(void **state)
{
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&c, 0, sizeof(c));
	for (uint64_t k = 0; k < 5000; k++) {
		stats_sketch_add(k % 3 == 0 ? &a : &b, hash(k));
		if (k % 7 == 0)
			stats_sketch_add(&b, hash(k));
		stats_sketch_add(&c, hash(k));
	}
	stats_sketch_merge(&a, &b);
	assert_memory_equal(&a, &c, sizeof(a));
	stats_sketch_merge(&a, &b);
	assert_memory_equal(&a, &c, sizeof(a));
}

static void
packed_sketches_come_back(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 500, 5000, 8000, 100000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len;

		memset(&a, 0, sizeof(a));
		for (uint64_t k = 0; k < sizes[i]; k++)
			stats_sketch_add(&a, hash(k));
		len = stats_sketch_pack(&a, packed);
		assert_true(len <= sizeof(packed));
		assert_int_equal(stats_sketch_unpack(packed, len, &b), 0);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_int_equal(stats_sketch_pack(&b, again), len);
		assert_memory_equal(packed, again, len);
	}
}

static void
what_no_sketch_packs_to_is_refused(void **state)
{
	static const struct {
		const char *claim;
		unsigned char bytes[6];
		size_t len;
		int rc;
	} rows[] = {
		{ "one register", { 0, 7, 1 }, 3, 0 },
		{ "a torn one", { 0, 7, 1, 0 }, 4, -1 },
		{ "no rank", { 0, 7, 0 }, 3, -1 },
		{ "a rank no hash has", { 0, 7, 52 }, 3, -1 },
		{ "a register that is not there", { 0x40, 0, 1 }, 3, -1 },
		{ "twice", { 0, 7, 1, 0, 7, 2 }, 6, -1 },
		{ "out of order", { 0, 7, 1, 0, 6, 2 }, 6, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stats_sketch_unpack(rows[i].bytes, rows[i].len, &a), rows[i].rc);
	memset(packed, 0, sizeof(packed));
	assert_int_equal(stats_sketch_unpack(packed, sizeof(packed), &a), 0);
	packed[1234] = 52;
	assert_int_equal(stats_sketch_unpack(packed, sizeof(packed), &a), -1);
	assert_int_equal(stats_sketch_unpack(packed, sizeof(packed) + 1, &a), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_exact_up_to_20),
		cmocka_unit_test(estimates_are_within_their_error),
		cmocka_unit_test(merging_is_counting_both),
		cmocka_unit_test(packed_sketches_come_back),
		cmocka_unit_test(what_no_sketch_packs_to_is_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
