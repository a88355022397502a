/* Memory that is handed out: what was never touched stays so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/resource.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"

#define LARGE ((size_t)256 << 20)

static long
peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return (usage.ru_maxrss);
}

static void
closing_touches_nothing_new(void **state)
{
	struct arena a;
	struct err e;
	long before;
	char *all;

	(void)state;
	assert_int_equal(arena_open(&a, LARGE, ARENA_SECRET | ARENA_LAZY, &e), 0);
	all = arena_take(&a, LARGE);
	assert_non_null(all);
	memset(all + LARGE / 2, 'x', 100000);
	before = peak_kib();
	if (a.locked)
		arena_close(&a);
	else
		print_message("memory cannot be locked here: not tested\n");
	assert_true(peak_kib() < before + (32 << 10));
	arena_close(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(closing_touches_nothing_new) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
