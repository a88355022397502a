/* What roles were shown stays, whatever comes late: random streams and imports, asked after each step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "tally/book.h"
#include "tally/freeze.h"
#include "view/counts/counts.h"

#define HOUR INT64_C(3600000000)
#define DAY (24 * HOUR)
#define FIRST 20000 /* number of the first day */
#define DAYS 5
#define PEOPLE 40

static char path[64];

static uint64_t
draw(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed % below);
}

static int
tear_down(void **state)
{
	return (tally_book_discard(path, NULL));
}

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-late.%d.db", (int)getpid());
	return (tear_down(state));
}

/* ---- who counts ---- */

static struct tally_book *
open_still(bool import, const unsigned char *origin, int64_t still_hour)
{
	const struct tally_guard guard = {
		.import = import, .k = VIEW_K_ANALYST, .still_hour = still_hour
	};
	struct tally_book *book = NULL;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_book_open(path, "s", origin, &book, &e), 0);
	assert_int_equal(tally_book_guard(book, &guard, &e), 0);
	return (book);
}

static struct tally_book *
open_book(bool import, const unsigned char *origin)
{
	return (open_still(import, origin, 0));
}

static void
put_status(struct tally_batch *b, int64_t time_us, unsigned who, const char *page, int status)
{
	struct tally_subject subject = { .sampled = TALLY_NO_SAMPLE };
	struct tally_given given = { .who = -1 };
	struct record r;

	record_clear(&r);
	r.time_us = time_us;
	record_set_text(&r, RECORD_FIELD_EVENT, span_str("http.request"));
	record_set_text(&r, RECORD_FIELD_PATH, span_str(page));
	record_set_int(&r, RECORD_FIELD_STATUS, status);
	record_set_int(&r, RECORD_FIELD_BYTES, 7);
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		subject.epoch[p] = key_epoch_index((enum key_period)p, time_us);
		subject.hash[p] = (who + 1) * UINT64_C(0x9e3779b97f4a7c15);
	}
	if ((given.who = tally_batch_who(b, who, time_us, 0)) == -1)
		given.who = tally_batch_meet(b, who, time_us, &subject);
	tally_batch_add(b, &r, TALLY_RECORD, &given);
}

static void
put(struct tally_batch *b, int64_t time_us, unsigned who, const char *page)
{
	put_status(b, time_us, who, page, 200);
}

/* count requests of so many people in an hour, counted from the first day. */
static void
add(struct tally_book *book, int hour, unsigned count, unsigned people, const char *page)
{
	struct tally_batch *b;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_batch_open(&b, &e), 0);
	for (unsigned i = 0; i < count; i++)
		put(b, FIRST * DAY + hour * HOUR + i, i % people, page);
	assert_int_equal(tally_book_add(book, b, &e), 0);
	tally_batch_close(b);
}

static void
commit(struct tally_book *book)
{
	struct err e = { ERR_NONE, "" };
	uint64_t segment, records;

	tally_book_reach(book, &segment, &records);
	if (tally_book_commit(book, segment, records + 1, &e) != 0)
		fail_msg("%s", e.text);
}

static void
show(struct tally_book *book, int hour)
{
	(void)tally_book_show(book, FIRST * 24 + hour);
	commit(book);
}

/* ---- who asks ---- */

static void
ask(int since, int until, struct view_counts *c)
{
	const struct view_grant analyst = view_grant_of(VIEW_ANALYST);
	const struct view_question q = { "s", &analyst, FIRST * DAY + since * HOUR,
		FIRST * DAY + until * HOUR, (FIRST + DAYS) * DAY + VIEW_SETTLE_US, VIEW_DIMS_ALL };
	struct tally_reader *r = NULL;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	if (view_counts_read(r, &q, c, &e) != 0)
		fail_msg("%s", e.text);
	tally_reader_close(r);
}

static uint64_t
requests(int since, int until)
{
	struct view_counts c;
	uint64_t n;

	ask(since, until, &c);
	n = c.total[VIEW_REQUESTS];
	view_counts_free(&c);
	return (n);
}

/* All that is counted of some hours, as developers are told. */
static uint64_t
counted(int since, int until)
{
	const struct tally_window w = { .stream = "s",
		.period = TALLY_HOUR,
		.since_us = FIRST * DAY + since * HOUR,
		.until_us = FIRST * DAY + until * HOUR };
	struct tally_reader *r = NULL;
	struct tally_sums sums;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	assert_int_equal(tally_sum(r, &w, &sums, &e), 0);
	tally_reader_close(r);
	return (sums.requests);
}

/* ---- what was shown of each day ---- */

struct memory {
	struct view_window points[DAYS * 24];
	size_t point_count;
	struct day {
		uint64_t shown, requests, uniques, rest,
		    cells; /* without gaps: compared as bytes */
	} days[DAYS];
};

static struct day
day_of(const struct view_counts *c)
{
	const struct view_table *t = &c->tables[VIEW_PATHS];
	struct day day = { c->day_count == 1 && !c->days[0].hidden, 0, 0, t->rest[0], 0 };

	if (day.shown) {
		day.requests = c->days[0].requests;
		day.uniques = c->days[0].uniques;
	}
	for (size_t i = 0; i < t->cell_count; i++)
		day.cells = day.cells * 1000003 + t->cells[i].count[0] * 31 +
		    (unsigned char)t->cells[i].key.ptr[1];
	return (day);
}

static bool
has_point(const struct view_counts *c, const struct view_window *point)
{
	for (size_t i = 0; i < c->point_count; i++)
		if (c->points[i].begin_us == point->begin_us)
			return (c->points[i].end_us == point->end_us &&
			    c->points[i].count[0] == point->count[0] &&
			    c->points[i].count[1] == point->count[1]);
	return (false);
}

/* whole: nothing is hidden; then all that was ever shown is there, as it was. */
static void
compare(struct memory *m, bool whole, int step)
{
	struct view_counts c;

	ask(0, DAYS * 24, &c);
	for (size_t i = 0; i < m->point_count && whole; i++)
		if (!has_point(&c, &m->points[i]))
			fail_msg("step %d: hour %lld is another one", step,
			    (long long)(m->points[i].begin_us / HOUR - FIRST * 24));
	for (size_t i = 0; i < c.point_count; i++) {
		bool met = false;

		for (size_t k = 0; k < m->point_count; k++)
			met = met || m->points[k].begin_us == c.points[i].begin_us;
		if (!met)
			m->points[m->point_count++] = c.points[i];
		assert_true(m->point_count <= DAYS * 24);
	}
	view_counts_free(&c);
	for (int d = 0; d < DAYS; d++) {
		struct day now;

		ask(d * 24, d * 24 + 24, &c);
		now = day_of(&c);
		view_counts_free(&c);
		if (m->days[d].shown && (whole || now.shown) &&
		    memcmp(&m->days[d], &now, sizeof(now)) != 0)
			fail_msg("step %d: day %d was %llu of %llu (%llu, %llx), is %llu of %llu "
				 "(%llu, %llx)",
			    step, d, (unsigned long long)m->days[d].requests,
			    (unsigned long long)m->days[d].uniques,
			    (unsigned long long)m->days[d].rest,
			    (unsigned long long)m->days[d].cells, (unsigned long long)now.requests,
			    (unsigned long long)now.uniques, (unsigned long long)now.rest,
			    (unsigned long long)now.cells);
		if (now.shown)
			m->days[d] = now;
	}
}

/* ---- tests ---- */

static const char *const pages[] = { "/", "/a", "/b", "/c" };

/* Most of a batch is of about now, some of it of any time. */
static void
add_some(struct tally_book *book, uint64_t *seed, int now, unsigned late)
{
	struct tally_batch *b;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_batch_open(&b, &e), 0);
	for (uint64_t n = draw(seed, 300); n > 0; n--) {
		int hour = draw(seed, 100) < late ? (int)draw(seed, DAYS * 24) : now;

		put(b, FIRST * DAY + hour * HOUR + (int64_t)draw(seed, HOUR),
		    (unsigned)draw(seed, draw(seed, 3) == 0 ? 3 : PEOPLE), pages[draw(seed, 4)]);
	}
	assert_int_equal(tally_book_add(book, b, &e), 0);
	tally_batch_close(b);
}

/* A daemon that is opened again now and then, and lines of any hour among those of now. */
static void
a_stream_that_is_late_changes_no_answer(void **state)
{
	for (uint64_t seed = 1; seed < 9; seed++) {
		struct memory m = { .point_count = 0 };
		struct tally_book *book = open_book(false, NULL);
		uint64_t random = seed * 7919, sum = 0;

		for (int hour = 0; hour < DAYS * 24; hour++) {
			add_some(book, &random, hour, 2 * (unsigned)(seed % 4));
			if (draw(&random, 3) == 0)
				commit(book);
			if (draw(&random, 12) == 0) {
				commit(book);
				tally_book_close(book);
				book = open_book(false, NULL);
			} else if (hour > 0)
				show(book, hour);
			compare(&m, seed % 4 == 0, hour); /* a day may have been filled before */
			sum += m.point_count;
		}
		show(book, DAYS * 24);
		compare(&m, true, DAYS * 24);
		tally_book_close(book);
		assert_true(sum > 500);
		assert_int_equal(tear_down(NULL), 0);
	}
}

/* Imports of some hours each, in any order, whose days overlap. */
static void
imports_change_no_answer(void **state)
{
	for (uint64_t seed = 1; seed < 13; seed++) {
		struct memory m = { .point_count = 0 };
		uint64_t random = seed * 104729;

		for (int import = 0; import < 8; import++) {
			const unsigned char origin[16] = { (unsigned char)import, 1 };
			struct tally_book *book = open_book(true, origin);
			int from = (int)draw(&random, DAYS * 24 - 30),
			    to = from + 1 + (int)draw(&random, 30);
			int64_t last;

			for (int hour = from; hour < to; hour++) {
				add_some(book, &random, hour, 0);
				if (draw(&random, 5) == 0)
					commit(book);
				compare(&m, false, import * 100 + hour);
			}
			commit(book);
			if (tally_book_last(book, INT64_MAX, &last, NULL) == 1) {
				int next = (int)(last + 1 - FIRST * 24);

				show(book, draw(&random, 2) == 0 ? next : (next + 23) / 24 * 24);
			}
			tally_book_close(book);
			compare(&m, true, import);
		}
		assert_int_equal(tear_down(NULL), 0);
	}
}

static void
what_is_late_counts_in_the_first_hour_that_was_not_shown(void **state)
{
	struct tally_book *book = open_book(false, NULL);

	for (int hour = 0; hour < 12; hour++)
		add(book, hour, 30, 30, "/");
	show(book, 12);
	add(book, 3, 1, 1, "/late");
	add(book, 12, 30, 30, "/");
	commit(book);
	assert_int_equal(requests(0, 12), 11 * 30); /* the newest block is kept back */
	assert_int_equal(counted(3, 4), 30);
	assert_int_equal(counted(12, 13), 31);
	show(book, 24);
	assert_int_equal(requests(0, 24), 13 * 30 + 1);
	tally_book_close(book);
}

static void
a_day_that_is_over_stays_as_it_was_shown(void **state)
{
	struct tally_book *book = open_book(false, NULL);

	for (int hour = 20; hour < 28; hour++)
		add(book, hour, 30, 30, "/");
	show(book, 27);
	assert_int_equal(requests(0, 24), 4 * 30);
	add(book, 23, 5, 5, "/"); /* a download, logged by its begin */
	show(book, 28);
	assert_int_equal(requests(0, 24), 4 * 30);
	assert_int_equal(counted(0, 24), 4 * 30 + 5);
	add(book, 24 * 3 - 1, 5, 5, "/"); /* ahead of its time: in time */
	add(book, -40, 500, 30, "/"); /* of a day of which nothing was there */
	show(book, 96);
	assert_int_equal(requests(-48, 96), 8 * 30);
	assert_int_equal(counted(-48, 0), 500);
	tally_book_close(book);
}

static void
days_that_were_empty_are_filled_and_hidden_meanwhile(void **state)
{
	const unsigned char first[16] = { 1 }, second[16] = { 2 };
	struct tally_book *book = open_book(true, first);

	add(book, 50, 30, 30, "/");
	show(book, 72);
	tally_book_close(book);
	assert_int_equal(requests(0, 96), 30);
	book = open_book(true, second);
	add(book, 5, 30, 30, "/");
	commit(book);
	assert_int_equal(requests(0, 96), 0);
	tally_book_close(book); /* it died; another one goes on */
	assert_int_equal(requests(0, 96), 0);
	book = open_book(true, first);
	add(book, 30, 30, 30, "/");
	commit(book);
	add(book, 31, 30, 30, "/");
	show(book, 48);
	tally_book_close(book);
	assert_int_equal(requests(0, 96), 120);
}

static void
an_import_into_days_that_were_shown_is_for_developers(void **state)
{
	const unsigned char first[16] = { 1 }, second[16] = { 2 };
	struct tally_book *book = open_book(true, first);

	for (int hour = 0; hour < 30; hour++)
		add(book, hour, 30, 30, "/");
	show(book, 28);
	tally_book_close(book);
	book = open_book(true, second);
	add(book, 3, 50, 50, "/");
	add(book, 25, 50, 50, "/");
	add(book, 28, 50, 50, "/");
	show(book, 48);
	assert_int_equal(tally_book_kept_back(book), 100); /* those that came late */
	tally_book_close(book);
	assert_int_equal(requests(0, 24), 24 * 30);
	assert_int_equal(requests(0, 48), 28 * 30); /* as far as it was shown */
	assert_int_equal(counted(3, 4), 80);
	assert_int_equal(counted(25, 26), 80);
}

/* Of a day that is counted again nobody is shown a part. */
static void
the_running_day_is_hidden_while_it_is_counted_again(void **state)
{
	const struct tally_freezing how = {
		.stream = "s", .over_us = (FIRST * 24 + 28) * HOUR, .k = VIEW_K_ANALYST
	};
	struct tally_book *book = open_book(false, NULL);
	struct err e = { ERR_NONE, "" };

	for (int hour = 0; hour < 30; hour++)
		add(book, hour, 30, 30, "/");
	show(book, 28);
	assert_int_equal(requests(24, 48), 3 * 30);
	assert_int_equal(tally_freeze(path, &how, &e), 0);
	assert_int_equal(tally_book_restart(book, false, &e), 0);
	for (int hour = 0; hour < 30; hour++) {
		add(book, hour, 30, 30, "/");
		commit(book);
		assert_int_equal(requests(0, 48), 24 * 30);
	}
	assert_int_equal(tally_book_tidy(book, &e), 0);
	assert_int_equal(requests(24, 48), 3 * 30);
	tally_book_close(book);
}

/* Whether a day's errors were told: no status of it had k. */
static bool
tells_errors(int day)
{
	struct view_counts c;
	bool told;

	ask(day * 24, day * 24 + 24, &c);
	assert_int_equal(c.day_count, 1);
	told = !c.days[0].has_other;
	view_counts_free(&c);
	return (told);
}

static void
errors_that_were_not_told_are_none_afterwards_either(void **state)
{
	struct tally_book *book = open_book(false, NULL);
	struct tally_batch *b;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_batch_open(&b, &e), 0);
	for (unsigned i = 0; i < 16; i++)
		put_status(b, FIRST * DAY + i, i, "/", i % 2 == 0 ? 200 : 404);
	assert_int_equal(tally_book_add(book, b, &e), 0);
	tally_batch_close(b);
	show(book, 24);
	assert_int_equal(requests(0, 24), 16);
	assert_false(tells_errors(0));
	add(book, 5, 1, 1, "/");
	show(book, 48);
	assert_int_equal(requests(0, 24), 16);
	assert_false(tells_errors(0));
	tally_book_close(book);
}

/* What ten days had shown stays so, also behind an import that had hidden some of it and died. */
static void
what_stood_still_was_shown(void **state)
{
	const unsigned char first[16] = { 1 }, second[16] = { 2 };
	struct tally_book *book = open_book(true, first);

	for (int hour = 0; hour < 30; hour++)
		add(book, hour, 30, 30, "/");
	show(book, 28);
	tally_book_close(book);
	for (int again = 0; again < 2; again++) {
		book = open_still(true, second, FIRST * 24 + 72);
		add(book, again == 0 ? 50 : 29, 30, 5, "/");
		commit(book);
		if (again == 1)
			show(book, 72);
		tally_book_close(book);
	}
	assert_int_equal(requests(24, 48), 6 * 30);
	assert_int_equal(counted(24, 48), 7 * 30);
}

/* What is in memory came in time, and is in what is put aside. */
static void
what_came_before_is_put_aside_with_the_rest(void **state)
{
	struct tally_book *book = open_book(false, NULL);

	show(book, 1);
	add(book, 10, 30, 30, "/");
	(void)tally_book_show(book, FIRST * 24 + 30);
	add(book, 11, 1, 1, "/");
	tally_book_rollback(book); /* it comes again */
	add(book, 10, 30, 30, "/");
	add(book, 11, 1, 1, "/");
	commit(book);
	tally_book_close(book);
	assert_int_equal(requests(0, 24), 0); /* nobody was shown it; it came too late */
	assert_int_equal(counted(0, 24), 31);
	assert_int_equal(tear_down(NULL), 0);

	book = open_book(false, NULL);
	show(book, 1);
	add(book, 10, 30, 30, "/");
	commit(book);
	add(book, 12, 30, 30, "/");
	show(book, 30);
	add(book, 11, 1, 1, "/");
	commit(book);
	tally_book_close(book);
	assert_int_equal(requests(0, 24), 60);
	assert_int_equal(counted(0, 24), 61);
	assert_int_equal(tear_down(NULL), 0);

	book = open_book(false, NULL);
	show(book, 1);
	add(book, 10, 30, 30, "/");
	(void)tally_book_show(book, FIRST * 24 + 30); /* with the same commit */
	add(book, 11, 1, 1, "/");
	commit(book);
	tally_book_close(book);
	assert_int_equal(requests(0, 24), 30);
	assert_int_equal(counted(0, 24), 31);
}

static void
a_day_that_was_filled_is_so_once(void **state)
{
	struct tally_book *book = open_book(false, NULL);

	add(book, 30, 30, 30, "/");
	show(book, 48);
	tally_book_close(book);
	book = open_book(false, NULL);
	add(book, 3, 30, 30, "/");
	tally_book_rollback(book); /* it comes again, and is hidden as before */
	add(book, 3, 30, 30, "/");
	commit(book);
	assert_int_equal(requests(0, 48), 0);
	show(book, 49);
	assert_int_equal(requests(0, 48), 60);
	add(book, 3, 1, 1, "/");
	show(book, 50);
	assert_int_equal(requests(0, 48), 60);
	assert_int_equal(counted(0, 48), 61);
	tally_book_close(book);
}

static void
a_day_of_few_is_not_put_aside(void **state)
{
	struct tally_book *book = open_book(false, NULL);

	add(book, 3, 10, 5, "/");
	show(book, 24);
	tally_book_close(book);
	assert_int_equal(requests(0, 24), 0);
	book = open_book(false, NULL);
	add(book, 4, 30, 30, "/");
	show(book, 48);
	assert_int_equal(requests(0, 24), 40);
	tally_book_close(book);
}

/* Whoever writes goes by the same: what is hidden is not shown by standing still. */
static void
ten_days_show_what_nobody_fills(void **state)
{
	struct tally_shown shown = { .hour = FIRST * 24, .until = INT32_MIN, .moved = INT32_MIN };
	const int64_t now = (FIRST + 30) * DAY;

	assert_int_equal(view_shown_us(&shown, now), now - VIEW_STILL_US);
	assert_int_equal(view_shown_us(&shown, FIRST * DAY), FIRST * DAY);
	shown.filling = true;
	assert_int_equal(view_shown_us(&shown, now), FIRST * DAY);
}

static void
it_never_goes_back(void **state)
{
	struct tally_book *book = open_book(false, NULL);
	int64_t hour;

	assert_int_equal(tally_book_last(book, INT64_MAX, &hour, NULL), 0);
	add(book, 5, 30, 30, "/");
	add(book, 6, 30, 30, "/");
	commit(book);
	assert_int_equal(tally_book_last(book, INT64_MAX, &hour, NULL), 1);
	assert_int_equal(hour, FIRST * 24 + 6);
	assert_int_equal(tally_book_last(book, hour, &hour, NULL), 1);
	assert_int_equal(hour, FIRST * 24 + 5);
	assert_true(tally_book_show(book, FIRST * 24 + 24));
	assert_false(tally_book_show(book, FIRST * 24 + 24));
	assert_false(tally_book_show(book, FIRST * 24 + 7));
	assert_false(tally_book_show(book, INT64_MAX));
	assert_false(tally_book_show(book, INT64_MIN));
	commit(book);
	tally_book_close(book);
	assert_int_equal(requests(0, 24), 60);

	book = open_book(false, NULL); /* by a clock that was set back meanwhile */
	for (int n = DAYS * 24 - 2; n < DAYS * 24 + 5; n++)
		add(book, n, 30, 30, "/");
	show(book, DAYS * 24 + 10);
	tally_book_close(book);
	assert_int_equal(requests(DAYS * 24 - 24, DAYS * 24 + 24), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_stream_that_is_late_changes_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(imports_change_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_late_counts_in_the_first_hour_that_was_not_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_day_that_is_over_stays_as_it_was_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    days_that_were_empty_are_filled_and_hidden_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_import_into_days_that_were_shown_is_for_developers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_came_before_is_put_aside_with_the_rest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_running_day_is_hidden_while_it_is_counted_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    errors_that_were_not_told_are_none_afterwards_either, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stood_still_was_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_day_that_was_filled_is_so_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_day_of_few_is_not_put_aside, set_up, tear_down),
		cmocka_unit_test(ten_days_show_what_nobody_fills),
		cmocka_unit_test_setup_teardown(it_never_goes_back, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
