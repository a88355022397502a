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
hit_member(char c, const void *how)
{
	const bool *member = how;

	return (member[(unsigned char)c]);
}

static bool
hit_other(char c, const void *how)
{
	return (!hit_member(c, how));
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
check_all(struct span in, const struct scan_set *set)
{
	size_t last = in.len;

	assert_int_equal(scan_either(in, '=', '&'), first(in, hit_either, "=&"));
	assert_int_equal(scan_either(in, '\0', (char)0x80), first(in, hit_either, "\0\x80"));
	assert_int_equal(scan_json_plain(in), first(in, hit_special, NULL));
	assert_int_equal(scan_set_find(set, in), first(in, hit_member, set->member));
	assert_int_equal(scan_set_find_not(set, in), first(in, hit_other, set->member));
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
check_kinds(const struct scan_set *set)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			for (size_t offset = 0; offset < ALIGN_MAX; offset++) {
				struct sample s = make(len, offset, kinds[k].pool, kinds[k].rare);

				check_all(s.in, set);
				free(s.memory);
			}
		}
	}
}

static void
set_of(struct scan_set *set, struct span bytes)
{
	bool member[256] = { false };

	for (size_t i = 0; i < bytes.len; i++)
		member[(unsigned char)bytes.ptr[i]] = true;
	scan_set_init(set, member);
}

static void
all_sides_agree_with_plain_loops(void **unused)
{
	struct scan_set without_a, with_a;

	set_of(&without_a, (struct span)SPAN("=&\n\x80\xff Z"));
	set_of(&with_a, (struct span)SPAN("&\n\x80\xff aZ"));
	for (int side = 0; side < 3; side++) {
		scan_force_portable(side == 2);
		if (side == 1)
			scan_force_avx2();
		check_kinds(&without_a);
		check_kinds(&with_a);
	}
	scan_force_portable(false);
}

static const struct {
	const char *claim;
	struct span bytes;
	bool exact;
} sets[] = {
	{ "no byte", SPAN(""), true },
	{ "one byte", SPAN("x"), true },
	{ "NUL", SPAN("\0"), true },
	{ "separators of logs", SPAN(" \t\"=&?;:,/[](){}<>|'"), true },
	{ "eight rows of ASCII", SPAN("\x01\x12\x23\x34\x45\x56\x67\x78"), true },
	{ "a row made of two others", SPAN("\x01\x12\x21\x22\x33\x44\x55\x66\x77\x88\x91\x92"),
	    true },
	{ "nine rows are too many", SPAN("\x01\x12\x23\x34\x45\x56\x67\x78\x89"), false },
};

/* Every byte alone, and at the end of runs of all lengths. */
static void
check_set(const struct scan_set *set)
{
	for (int c = 0; c < 256; c++) {
		char text[64];

		memset(text, c, sizeof(text));
		for (size_t len = 1; len <= sizeof(text); len += 7) {
			struct span in = span_of(text, len);

			assert_int_equal(scan_set_find(set, in), set->member[c] ? 0 : len);
			assert_int_equal(scan_set_find_not(set, in), set->member[c] ? len : 0);
		}
	}
}

static void
sets_are_exact_where_they_say_so(void **unused)
{
	for (int portable = 0; portable < 2; portable++) {
		scan_force_portable(portable == 1);
		for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
			struct scan_set set;

			set_of(&set, sets[i].bytes);
			if (set.exact != sets[i].exact)
				fail_msg("%s: exact is %d", sets[i].claim, set.exact);
			check_set(&set);
		}
	}
	scan_force_portable(false);
}

static void
random_sets_find_their_members(void **unused)
{
	for (int round = 0; round < 500; round++) {
		bool member[256];
		struct scan_set set;
		unsigned rare = 1 + (unsigned)(next_random() % 60);
		size_t limit = next_random() % 2 == 0 ? 128 : 256;

		for (size_t c = 0; c < 256; c++)
			member[c] = c < limit && next_random() % rare == 0;
		scan_set_init(&set, member);
		assert_true(set.exact || limit == 256);
		check_set(&set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sides_agree_with_plain_loops),
		cmocka_unit_test(sets_are_exact_where_they_say_so),
		cmocka_unit_test(random_sets_find_their_members),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
