/* So many events a second: a bucket that only the caller's clock fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detail/detail.h"

#define MS INT64_C(1000000)

static void
it_fills_with_time_and_not_beyond_a_second(void **state)
{
	static const struct {
		const char *claim;
		int64_t at_ms;
		uint64_t left, take;
	} rows[] = {
		{ "a second's worth is there at the start", 0, 1000, 1000 },
		{ "then there is nothing", 0, 0, 0 },
		{ "each millisecond brings one", 1, 1, 1 },
		{ "half a second brings half", 501, 500, 100 },
		{ "what is not taken stays", 502, 401, 0 },
		{ "a clock that goes back brings nothing", 2, 401, 1 },
		{ "nor does it bring the same time twice", 502, 400, 0 },
		{ "an hour brings no more than a second", 3600502, 1000, 1000 },
		{ "and takes nothing from the next", 3600503, 1, 0 },
	};
	struct detail_bucket b;

	detail_bucket_open(&b, 1000, 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t left = detail_bucket_left(&b, 7 + rows[i].at_ms * MS);

		if (left != rows[i].left)
			fail_msg("%s: %ju", rows[i].claim, (uintmax_t)left);
		detail_bucket_take(&b, rows[i].take);
	}
}

/* One a second, asked a thousand times a second: a fraction is never lost. */
static void
many_small_steps_are_one_large_step(void **state)
{
	struct detail_bucket b;
	uint64_t kept = 0;

	detail_bucket_open(&b, 3, 0);
	detail_bucket_take(&b, 3);
	for (int64_t ms = 1; ms <= 10000; ms++) {
		uint64_t left = detail_bucket_left(&b, ms * MS);

		detail_bucket_take(&b, left);
		kept += left;
	}
	assert_int_equal(kept, 30);
}

static void
without_a_rate_there_is_no_limit(void **state)
{
	struct detail_bucket b;

	detail_bucket_open(&b, 0, 0);
	assert_true(detail_bucket_left(&b, 1) == UINT64_MAX);
	detail_bucket_take(&b, UINT64_MAX);
	assert_true(detail_bucket_left(&b, 1) == UINT64_MAX);
	detail_bucket_open(&b, DETAIL_RATE_MAX, 0);
	assert_int_equal(detail_bucket_left(&b, INT64_MAX), DETAIL_RATE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fills_with_time_and_not_beyond_a_second),
		cmocka_unit_test(many_small_steps_are_one_large_step),
		cmocka_unit_test(without_a_rate_there_is_no_limit),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
