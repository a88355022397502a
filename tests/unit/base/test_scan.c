/* scan: all sides against loops too plain to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scan.h"
#include "base/scan_avx2.h"

#define LEN_MAX 200
#define ALIGN_MAX 32

/* Reads of even one byte too many fault or are caught: allocated exactly. */
struct sample {
	char *memory;
	struct span in;
};

static uint64_t state = 88172645463325252u;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state);
}

/* len bytes at the given offset, one in every `rare` of them out of pool. */
static struct sample
make(size_t len, size_t offset, struct span pool, unsigned rare)
{
	struct sample s = { malloc(offset + len + (offset + len == 0)), { NULL, 0 } };
	char *at;

	assert_non_null(s.memory);
	at = s.memory + offset;
	for (size_t i = 0; i < len; i++) {
		if (next_random() % rare == 0)
			at[i] = pool.ptr[next_random() % pool.len];
		else
			at[i] = 'a';
	}
	s.in = span_of(at, len);
	return (s);
}

typedef bool (*is_hit)(char c, const void *how);

static size_t
first(struct span in, is_hit hit, const void *how)
{
	size_t i = 0;

	while (i < in.len && !hit(in.ptr[i], how))
		i++;
	return (i);
}

static bool
hit_either(char c, const void *how)
{
	const char *pair = how;

	return (c == pair[0] || c == pair[1]);
}

static bool
hit_special(char c, const void *how)
{
	unsigned char u = (unsigned char)c;

	(void)how;
	return (u < 0x20 || u >= 0x7f || c == '"' || c == '\\');
}

static bool
hit_string_end(char c, const void *how)
{
	const bool *any = how;
	unsigned char u = (unsigned char)c;

	return (u < 0x20 || c == '"' || c == '\\' || (!*any && u >= 0x80));
}

static void
check_string(struct span in)
{
	for (int any = 0; any < 2; any++) {
		bool how = any == 1;

		assert_int_equal(scan_json_string(in, how), first(in, hit_string_end, &how));
	}
}

static void
check_lines(struct span in)
{
	uint32_t ends[LEN_MAX], expect[LEN_MAX];
	size_t count = 0, scanned, at;

	for (size_t i = 0; i < in.len; i++)
		if (in.ptr[i] == '\n')
			expect[count++] = (uint32_t)i;
	for (size_t max = 0; max <= count + 1 && max <= LEN_MAX; max++) {
		size_t want = max < count ? max : count;
		size_t stop = max == 0 ? 0 : max <= count ? expect[max - 1] + 1 : in.len;

		assert_int_equal(scan_lines(in, ends, max, &scanned), want);
		assert_memory_equal(ends, expect, want * sizeof(*ends));
		assert_int_equal(scanned, stop);
		assert_int_equal(scan_count_lines(in, max, &at), want);
		assert_int_equal(at, stop);
	}
}

static void
check_all(struct span in)
{
	size_t last = in.len;

	assert_int_equal(scan_either(in, '=', '&'), first(in, hit_either, "=&"));
	assert_int_equal(scan_either(in, '\0', (char)0x80), first(in, hit_either, "\0\x80"));
	assert_int_equal(scan_json_plain(in), first(in, hit_special, NULL));
	for (size_t i = 0; i < in.len; i++)
		if (in.ptr[i] == '=')
			last = i;
	assert_int_equal(scan_last(in, '='), last);
	check_string(in);
	check_lines(in);
}

static const struct {
	const char *claim;
	struct span pool;
	unsigned rare;
} kinds[] = {
	{ "bytes that JSON escapes", SPAN("\"\\\x1f\x7f\x80\xff\x20\x21"), 40 },
	{ "separators", SPAN("=&\0\x80"), 30 },
	{ "line ends, few", SPAN("\n"), 60 },
	{ "line ends, many", SPAN("\n\r\x0b\x8a"), 2 },
	{ "nothing to find", SPAN("a"), 1 },
};

static void
check_kinds(void)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			for (size_t offset = 0; offset < ALIGN_MAX; offset++) {
				struct sample s = make(len, offset, kinds[k].pool, kinds[k].rare);

				check_all(s.in);
				free(s.memory);
			}
		}
	}
}

static void
all_sides_agree_with_plain_loops(void **unused)
{
	for (int side = 0; side < 3; side++) {
		scan_force_portable(side == 2);
		if (side == 1)
			scan_force_avx2();
		check_kinds();
	}
	scan_force_portable(false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sides_agree_with_plain_loops),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
