#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/search/needles.h"

static struct app_needles n;

static void
only_what_is_worth_it_is_looked_for(void **state)
{
	static const struct {
		const char *claim, *text[2];
		size_t count;
		bool good;
	} rows[] = {
		{ "a token", { "ip.abcdefgh23456777" }, 1, true },
		{ "two", { "ip.abcdefgh23456777", "192.0.2.1" }, 2, true },
		{ "none", { NULL }, 0, false },
		{ "one that is short", { "ip.abcdefgh23456777", "mar" }, 2, false },
		{ "what is no text of a record", { "\"status\":404,\n\303\241" }, 1, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span list[2];

		print_message("%s\n", rows[i].claim);
		for (size_t k = 0; k < rows[i].count; k++)
			list[k] = span_str(rows[i].text[k]);
		assert_int_equal(app_needles_make(&n, list, rows[i].count), rows[i].good);
	}
	assert_false(app_needles_make(
	    &n, (struct span[APP_NEEDLES_MAX + 1]){ { NULL, 0 } }, APP_NEEDLES_MAX + 1));
}

#define NEEDLES 12 /* more than there are buckets */

/*
 * Of few different letters, so that parts of needles are everywhere; beside a search without steps,
 * with what the CPU has and without it.
 */
static void
the_first_one_is_found(void **state)
{
	uint64_t seed = 88172645463325252u, found = 0;
	char needles[NEEDLES][16], text[300];
	struct span list[NEEDLES];

	for (int round = 0; round < 20000; round++) {
		size_t count = 1 + (size_t)(round % NEEDLES), len = (size_t)round % sizeof(text);
		const char *want = NULL;

		for (size_t i = 0; i < sizeof(needles) + len; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			if (i < sizeof(needles))
				needles[i / 16][i % 16] = (char)('a' + seed % 2);
			else
				text[i - sizeof(needles)] = (char)('a' + seed % 2);
		}
		for (size_t i = 0; i < count; i++) {
			const char *at;

			list[i] = span_of(
			    needles[i], APP_NEEDLE_BYTES + (i + (size_t)round / NEEDLES) % 9);
			at = memmem(text, len, list[i].ptr, list[i].len);
			if (at != NULL && (want == NULL || at < want))
				want = at;
		}
		assert_true(app_needles_make(&n, list, count));
		for (int portable = 0; portable < 2; portable++) {
			app_needles_force_portable(portable != 0);
			assert_ptr_equal(app_needles_find(&n, span_of(text, len)), want);
		}
		app_needles_force_portable(false);
		found += want != NULL;
	}
	assert_in_range(found, 5000, 19000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_worth_it_is_looked_for),
		cmocka_unit_test(the_first_one_is_found),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
