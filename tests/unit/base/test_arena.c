/* Memory that is handed out: what was never touched stays so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"

#define LARGE ((size_t)256 << 20)
#define SMALL ((size_t)8 << 20)

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

/* An idle daemon pays for what is touched, not for what lies around it. */
static void
one_byte_takes_one_page(void **state)
{
	unsigned char there[SMALL / 4096];
	struct arena a;
	struct err e;
	size_t pages = 0;
	char *all;

	(void)state;
	assert_int_equal(arena_open(&a, SMALL, ARENA_SECRET | ARENA_SMALL, &e), 0);
	all = arena_take(&a, SMALL);
	assert_non_null(all);
	all[SMALL / 2] = 'x';
	assert_int_equal(mincore(a.base, a.size, there), 0);
	for (size_t i = 0; i < sizeof(there); i++)
		pages += there[i] & 1;
	assert_int_equal(pages, 1);
	arena_close(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(closing_touches_nothing_new),
		cmocka_unit_test(one_byte_takes_one_page) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
