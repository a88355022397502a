/* buf and arena: memory that breaks softly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

static void
adds_end_up_in_order(void **unused)
{
	struct buf b = { 0 };

	buf_add(&b, NULL, 0);
	assert_null(b.data);
	buf_str(&b, "a");
	buf_char(&b, 'b');
	buf_span(&b, span_of("cd", 2));
	buf_fmt(&b, "%s%03d", "e", 7);
	buf_u64(&b, UINT64_MAX);
	buf_hex(&b, "\xff\x01", 2);
	buf_base64(&b, "foob", 4);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, "abcde00718446744073709551615ff01Zm9vYg==");
	assert_int_equal(b.len, strlen(b.data));
	assert_true(span_is(buf_view(&b), b.data));
	buf_clear(&b);
	assert_string_equal(b.data, "");
	buf_wipe(&b);
	assert_null(b.data);
	buf_free(&b);
	buf_free(NULL);
	buf_wipe(NULL);
}

static void
growth_keeps_bytes_and_the_final_nul(void **unused)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < 100000; i++) {
		buf_char(&b, (char)('a' + i % 26));
		assert_true(b.len < b.size);
		assert_int_equal(b.data[b.len], '\0');
	}
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_free(&b);
}

static void
too_much_breaks_and_stays_broken(void **unused)
{
	static const size_t sizes[] = { BUF_BYTES_MAX, BUF_BYTES_MAX + 1, SIZE_MAX };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_str(&b, "kept");
		assert_int_equal(buf_reserve(&b, sizes[i]), -1);
		assert_false(buf_ok(&b));
		buf_str(&b, "lost");
		assert_string_equal(b.data, "kept");
		assert_int_equal(buf_reserve(&b, 1), -1);
		buf_clear(&b);
		assert_true(buf_ok(&b));
	}
	buf_base64(&b, "", SIZE_MAX / 2);
	assert_false(buf_ok(&b));
	buf_clear(&b);
	buf_hex(&b, "", SIZE_MAX - 1);
	assert_false(buf_ok(&b));
	buf_free(&b);
}

static void
an_arena_hands_out_until_full(void **unused)
{
	static const int flags[] = { ARENA_PLAIN, ARENA_SECRET, ARENA_LAZY,
		ARENA_SECRET | ARENA_LAZY };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct arena a = { 0 };
		struct err e = { ERR_NONE, "" };
		char *first, *next;

		assert_int_equal(arena_open(&a, 100000, flags[i], &e), 0);
		first = arena_take(&a, 1);
		next = arena_take(&a, 17);
		assert_non_null(first);
		assert_int_equal(next - first, 16);
		assert_int_equal((uintptr_t)next % 16, 0);
		assert_null(arena_take(&a, 100 * 1024));
		assert_null(arena_take(&a, SIZE_MAX));
		assert_non_null(arena_take(&a, a.size - 48));
		assert_null(arena_take(&a, 1));
		arena_reset(&a);
		assert_ptr_equal(arena_take(&a, 1), first);
		arena_close(&a);
		assert_null(a.base);
		arena_close(&a);
	}
}

static void
trim_gives_back_only_what_is_free(void **unused)
{
	for (int flags = ARENA_PLAIN; flags <= ARENA_SECRET; flags++) {
		struct arena a = { 0 };
		char *bytes;

		assert_int_equal(arena_open(&a, 1 << 20, flags, NULL), 0);
		bytes = arena_take(&a, 1 << 20);
		memset(bytes, 'x', 1 << 20);
		arena_trim(&a, 0);
		assert_int_equal(bytes[(1 << 20) - 1], 'x');
		arena_reset(&a);
		assert_ptr_equal(arena_take(&a, 5000), bytes);
		arena_trim(&a, 100);
		assert_int_equal(bytes[4999], 'x');
		assert_int_equal(bytes[8192], 0);
		assert_int_equal(bytes[(1 << 20) - 1], 0);
		arena_trim(&a, SIZE_MAX);
		arena_close(&a);
	}
}

static void
forget_empties_what_is_taken(void **unused)
{
	for (int flags = ARENA_PLAIN; flags <= ARENA_SECRET; flags++) {
		struct arena a = { 0 };
		char *bytes;
		bool locked;

		assert_int_equal(arena_open(&a, 1 << 20, flags, NULL), 0);
		locked = a.locked;
		bytes = arena_take(&a, 1 << 20);
		memset(bytes, 'x', 1 << 20);
		arena_forget(&a, bytes + 5000);
		assert_int_equal(bytes[8191], 'x'); /* its page begins before */
		assert_int_equal(bytes[8192], 0);
		assert_int_equal(bytes[(1 << 20) - 1], 0);
		bytes[8192] = 'y'; /* it is there to be used */
		assert_int_equal(a.locked, locked);
		arena_forget(&a, bytes + (1 << 20) - 1);
		arena_forget(&a, bytes);
		assert_int_equal(bytes[0] | bytes[8192], 0);
		arena_close(&a);
	}
}

static void
an_impossible_arena_is_an_error(void **unused)
{
	static const size_t sizes[] = { 0, SIZE_MAX, SIZE_MAX / 2 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct arena a = { 0 };
		struct err e = { ERR_NONE, "" };

		assert_int_equal(arena_open(&a, sizes[i], ARENA_PLAIN, &e), -1);
		assert_int_equal(e.code, ERR_IO);
		assert_null(a.base);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_end_up_in_order),
		cmocka_unit_test(growth_keeps_bytes_and_the_final_nul),
		cmocka_unit_test(too_much_breaks_and_stays_broken),
		cmocka_unit_test(an_arena_hands_out_until_full),
		cmocka_unit_test(trim_gives_back_only_what_is_free),
		cmocka_unit_test(forget_empties_what_is_taken),
		cmocka_unit_test(an_impossible_arena_is_an_error),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
