/* What was found of a person: the numbers come back as they were added, and as runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/subject/find.h"
#include "seal/lists.h"

static const uint64_t numbers[] = { 0, 1, 2, 4, 131, 132, 260, 16643, 16644, 16645, 33029, 1u << 21,
	UINT32_MAX, UINT64_C(1) << 35, UINT64_C(1) << 63, UINT64_MAX - 1 };
#define COUNT (sizeof(numbers) / sizeof(numbers[0]))

/* From each of them on: the first one is no other's neighbour. */
static void
numbers_come_back(void **state)
{
	for (size_t from = 0; from < COUNT; from++) {
		struct app_found found = { 0 };
		struct app_found_at at = { 0 };

		for (size_t i = from; i < COUNT; i++)
			app_found_add(&found, numbers[i]);
		assert_true(found.numbers.len < COUNT * 4);
		for (size_t i = from; i < COUNT; i++) {
			assert_true(app_found_next(&found, &at));
			assert_int_equal(at.number, numbers[i]);
		}
		assert_false(app_found_next(&found, &at));
		app_found_free(&found);
	}
}

static void
neighbours_are_one_run(void **state)
{
	static const struct seal_range want[] = { { 0, 2 }, { 4, 4 }, { 131, 132 }, { 260, 260 },
		{ 16643, 16645 }, { 33029, 33029 } };
	struct app_found found = { 0 };
	struct buf ranges = { 0 };

	assert_int_equal(app_found_ranges(&found, &ranges, NULL), 0);
	assert_int_equal(ranges.len, 0);
	for (size_t i = 0; i < 11; i++)
		app_found_add(&found, numbers[i]);
	assert_int_equal(app_found_ranges(&found, &ranges, NULL), 0);
	assert_int_equal(ranges.len, sizeof(want));
	assert_memory_equal(ranges.data, want, sizeof(want));
	buf_free(&ranges);
	app_found_free(&found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(neighbours_are_one_run),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
