/* What makes room in a store that takes more than it may, and when that will be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/err.h"
#include "retain/room.h"

#define DAY RETAIN_DAY_US
#define DAYS(n) ((n)*DAY)
#define NOW DAYS(20000)
#define TERM DAYS(100)
#define STREAMS 2
#define SEGMENTS 5

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
static int allocations_left = -1;

void *
__wrap_calloc(size_t n, size_t size)
{
	if (allocations_left >= 0 && allocations_left-- == 0)
		return (NULL);
	return (__real_calloc(n, size));
}

/* Days ago that a segment was sealed, each of 100 bytes; 0: there is none. */
struct row {
	const char *claim;
	int ages[STREAMS][SEGMENTS];
	uint64_t used, limit;
	struct {
		int least; /* days */
		bool stays;
		struct seal_range held;
		size_t gone; /* of the first, whose files are still there */
	} of[STREAMS];
	struct retain_room want; /* until_us as days ago */
	uint64_t goes[STREAMS]; /* segments */
	int days;
};

struct made {
	struct retain_segment segments[SEGMENTS];
	struct retain_hold hold;
	struct retain_plan plan;
	struct retain_ask ask;
};

static void
make(const struct row *row, size_t s, struct made *m, struct retain_stream *stream)
{
	size_t n = 0;

	*m = (struct made){ .hold = { .ranges = &row->of[s].held, .range_count = 1 } };
	for (; n < SEGMENTS && row->ages[s][n] != 0; n++)
		m->segments[n] = (struct retain_segment){ .seg = n + 1,
			.sealed_us = NOW - DAYS(row->ages[s][n]),
			.live = true,
			.gone = n < row->of[s].gone,
			.records = 1,
			.bytes = 100 };
	m->ask = (struct retain_ask){ .segments = m->segments,
		.count = n,
		.holds = &m->hold,
		.hold_count = row->of[s].held.first != 0,
		.term_us = TERM,
		.now_us = NOW,
		.least_us = DAYS(row->of[s].least) };
	assert_int_equal(retain_plan_make(&m->ask, &m->plan, NULL), 0);
	*stream = (struct retain_stream){ .segments = m->segments,
		.plan = &m->plan,
		.term_us = TERM,
		.least_us = m->ask.least_us,
		.gives = !row->of[s].stays };
}

static uint64_t
count_going(struct made *m, const struct retain_room *room, bool gives)
{
	uint64_t count;

	retain_plan_free(&m->plan);
	m->ask.room = room->needed && gives;
	m->ask.room_us = room->until_us;
	assert_int_equal(retain_plan_make(&m->ask, &m->plan, NULL), 0);
	count = m->plan.sums[RETAIN_ROOM].segments;
	assert_int_equal(m->plan.sums[RETAIN_ROOM].bytes, 100 * count);
	return (count);
}

static const struct row rows[] = {
	{ "what fits stays", { { 9, 8 }, { 7 } }, 300, 300, { { 0 } }, { 0 }, { 0, 0 }, 0 },
	{ "the oldest goes first", { { 9, 5 }, { 7, 3 } }, 401, 400, { { 0 } },
	    { true, 9, 100, 0, 0, 0 }, { 1, 0 }, 0 },
	{ "whichever stream has it", { { 9, 5 }, { 7, 3 } }, 501, 400, { { 0 } },
	    { true, 7, 200, 0, 0, 0 }, { 1, 1 }, 0 },
	{ "what is over its term counts first", { { 101, 5 }, { 7 } }, 400, 300, { { 0 } },
	    { .due = 100 }, { 0, 0 }, 0 },
	{ "and is not enough", { { 101, 5 }, { 7 } }, 400, 299, { { 0 } }, { true, 7, 100, 100, 0, 0 },
	    { 0, 1 }, 0 },
	{ "what is held stays, and the next one goes", { { 9, 5 }, { 7 } }, 301, 300,
	    { { .held = { 1, 1 } } }, { true, 7, 100, 0, 0, 0 }, { 0, 1 }, 0 },
	{ "what is younger than the least stays", { { 9, 5 }, { 3 } }, 300, 100, { { .least = 8 } },
	    { true, 3, 200, 0, 0, 0 }, { 1, 1 }, 0 },
	{ "of that age it may go", { { 9 }, { 0 } }, 201, 200, { { .least = 9 } },
	    { true, 9, 100, 0, 0, 0 }, { 1, 0 }, 0 },
	{ "a stream that gives nothing gives nothing", { { 9, 5 }, { 7 } }, 301, 300,
	    { { .stays = true } }, { true, 7, 100, 0, 0, 0 }, { 0, 1 }, 0 },
	{ "what is not enough does not go, and is said", { { 9 }, { 0 } }, 1000, 300, { { 0 } },
	    { .over = 600 }, { 0, 0 }, 0 },
	{ "not by a byte", { { 9, 8 }, { 7 } }, 601, 300, { { 0 } }, { .over = 1 }, { 0, 0 }, 0 },
	{ "just enough", { { 9, 8 }, { 7 } }, 600, 300, { { 0 } }, { true, 7, 300, 0, 0, 0 },
	    { 2, 1 }, 0 },
	{ "nothing may go", { { 9 }, { 7 } }, 250, 200, { { .least = 10 }, { .stays = true } },
	    { .over = 50 }, { 0, 0 }, 0 },
	{ "what is pruned and still there is not used", { { 9, 8 }, { 7 } }, 400, 300,
	    { { .gone = 1 } }, { .gone = 100 }, { 0, 0 }, 0 },
	{ "and does not go again", { { 9, 8 }, { 7 } }, 401, 300, { { .gone = 1 } },
	    { true, 8, 100, 0, 0, 100 }, { 1, 0 }, 0 },
	{ "those of one time go together", { { 9, 8 }, { 9, 9, 8 } }, 501, 500, { { 0 } },
	    { true, 9, 300, 0, 0, 0 }, { 1, 2 }, 0 },
};

static void
room(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct retain_stream streams[STREAMS];
		const struct retain_store store = { streams, STREAMS, row->used, row->limit, NOW };
		struct made made[STREAMS];
		struct retain_room got;
		int64_t until_us = row->want.until_us == -1 || !row->want.needed ?
		    INT64_MIN :
		    NOW - DAYS(row->want.until_us);

		for (size_t s = 0; s < STREAMS; s++)
			make(row, s, &made[s], &streams[s]);
		assert_int_equal(retain_room_find(&store, &got, NULL), 0);
		if (got.needed != row->want.needed || got.until_us != until_us ||
		    got.bytes != row->want.bytes || got.due != row->want.due ||
		    got.over != row->want.over || got.gone != row->want.gone)
			fail_msg("%s: needed %d, until %jd days ago, %ju bytes, %ju over",
			    row->claim, got.needed, (intmax_t)((NOW - got.until_us) / DAY),
			    (uintmax_t)got.bytes, (uintmax_t)got.over);
		for (size_t s = 0; s < STREAMS; s++) {
			uint64_t goes = count_going(&made[s], &got, streams[s].gives);

			if (goes != row->goes[s])
				fail_msg("%s: %ju of stream %zu go", row->claim, (uintmax_t)goes, s);
			retain_plan_free(&made[s].plan);
		}
	}
}

static void
days(void **state)
{
	static const struct row at[] = {
		/* 500 bytes in five days: 100 a day come, until the first go. */
		{ "at the pace of the last days", { { 5, 4, 3, 2, 1 } }, 500, 1050, .days = 5 },
		{ "the limit is no byte too many", { { 5, 4, 3, 2, 1 } }, 500, 1000, .days = 5 },
		{ "what goes at its end makes room", { { 5, 4, 3, 2, 1 } }, 500, 10100,
		    .days = -1 },
		{ "but what is held does not", { { 5, 4, 3, 2, 1 } }, 500, 10100,
		    { { .held = { 1, 5 } } }, .days = 96 },
		{ "nothing comes", { { 99, 98 } }, 200, 300, .days = -1 },
		{ "what came just now is no pace", { { 0 } }, 200, 300, .days = -1 },
		{ "it is over already", { { 9 } }, 301, 300, .days = 0 },
		{ "unless that is over its term", { { 101 } }, 301, 300, .days = -1 },
		{ "two streams are faster", { { 5, 4, 3, 2, 1 }, { 5, 4, 3, 2, 1 } }, 1000, 1550,
		    .days = 2 },
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct retain_stream streams[STREAMS];
		const struct retain_store store = { streams, STREAMS, at[i].used, at[i].limit,
			NOW };
		struct made made[STREAMS];
		int got;

		for (size_t s = 0; s < STREAMS; s++)
			make(&at[i], s, &made[s], &streams[s]);
		got = retain_room_days(&store);
		if (got != at[i].days)
			fail_msg("%s: %d days", at[i].claim, got);
		for (size_t s = 0; s < STREAMS; s++)
			retain_plan_free(&made[s].plan);
	}
}

static void
least(void **state)
{
	static const struct {
		const char *claim, *preset;
		int least, archive; /* days */
		int want;
	} at[] = {
		{ "nothing is said", "none", 0, 0, 0 },
		{ "it is said", "none", 7, 0, 7 },
		{ "a preset has one", "cnil", 7, 0, 181 },
		{ "and may be passed", "cnil", 200, 0, 200 },
		{ "without an archive all of the months are", "pci-dss", 0, 0, 365 },
		{ "and with one, which may not have them", "pci-dss", 0, 366, 365 },
		{ "of records and archive", "hipaa", 0, 2192, 6 * 365 },
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct retain_policy policy = { .least_us = DAYS(at[i].least),
			.term_us = { [RETAIN_ARCHIVE] = DAYS(at[i].archive) } };

		while (!span_is(span_str(retain_presets[policy.preset].name), at[i].preset))
			policy.preset++;
		if (retain_least(&policy) != DAYS(at[i].want))
			fail_msg("%s: %jd", at[i].claim, (intmax_t)(retain_least(&policy) / DAY));
	}
}

static void
cutoff(void **state)
{
	static const struct {
		int64_t until_us, want;
	} at[] = { { 0, 1000 }, { 1, 1000 }, { 999, 1000 }, { 1000, 2000 }, { -1, 0 },
		{ -1000, 0 }, { -1001, -1000 }, { INT64_MIN, INT64_MIN },
		{ INT64_MIN + 999, INT64_MIN + 999 },
		{ INT64_MIN + 1000, -INT64_C(9223372036854774000) } };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (retain_room_cutoff(at[i].until_us) != at[i].want)
			fail_msg("%jd: %jd", (intmax_t)at[i].until_us,
			    (intmax_t)retain_room_cutoff(at[i].until_us));
}

static void
memory(void **state)
{
	const struct retain_store store = { NULL, 0, 2, 1, NOW };
	struct retain_room got;
	struct err e;

	allocations_left = 0;
	assert_int_equal(retain_room_find(&store, &got, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	allocations_left = 0;
	assert_int_equal(retain_room_days(&store), -1);
	allocations_left = -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room),
		cmocka_unit_test(days),
		cmocka_unit_test(least),
		cmocka_unit_test(cutoff),
		cmocka_unit_test(memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
