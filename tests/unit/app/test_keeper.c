/* What is asked of one stream that is written, and takes long: no other one waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/retain/keeper.h"
#include "app/retain/lines.h"
#include "app/retain/live.h"
#include "base/err.h"

static struct app_keeper *first, *second;
static atomic_bool stopped;
static unsigned asked;

static void
warn(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* There is no such store, so that nothing goes: only what is asked gets what live is not. */
static struct app_keeper *
start(const char *stream)
{
	static int none;
	struct app_keeper_options how = { .store_path = "/nowhere",
		.stream = stream,
		.warn = warn };
	struct app_keeper *k = app_keeper_start(&how);

	assert_non_null(k);
	app_keeper_live(k, (struct store_live *)(void *)&none);
	return (k);
}

static int
begin(void **state)
{
	(void)state;
	(void)alarm(20); /* else it may wait for ever */
	asked = 0;
	stopped = false;
	first = start("first");
	second = start("second");
	return (0);
}

static void
say(const char *stream, app_keeper_act *act, char out[static 200])
{
	const struct app_keeper_wish wish = { act, "wish", 40 };
	struct buf text = { 0 };

	app_keeper_do(stream, &wish, &text);
	assert_true(buf_ok(&text));
	(void)snprintf(out, 200, "%.*s", (int)text.len, text.data);
	buf_free(&text);
}

static int
quick(const void *what, struct store_live *live, uint64_t *entry, struct err *e)
{
	(void)live;
	(void)e;
	assert_string_equal(what, "wish");
	*entry = 7;
	asked++;
	return (0);
}

/* An act of the first that others come in on. */
static int
slow(const void *what, struct store_live *live, uint64_t *entry, struct err *e)
{
	char out[200];

	say("second", quick, out);
	assert_string_equal(out, "ok 7\n");
	say("first", quick, out);
	assert_non_null(strstr(out, "error 75 something of it is being erased or pruned"));
	assert_int_equal(asked, 1);
	return (quick(what, live, entry, e));
}

static void
others_do_not_wait(void **state)
{
	char out[200];

	(void)state;
	say("first", slow, out);
	assert_string_equal(out, "ok 7\n");
	say("first", quick, out);
	assert_string_equal(out, "ok 7\n");
	assert_int_equal(asked, 3); /* and nothing behind the back of who was refused */
	say("third", quick, out);
	assert_string_equal(out, "no such stream\n");
	app_keeper_live(first, NULL);
	say("first", quick, out);
	assert_non_null(strstr(out, "error 75 the stream waits to be opened again"));
	app_keeper_stop(first);
	app_keeper_stop(second);
}

static void *
stop_first(void *arg)
{
	(void)arg;
	app_keeper_stop(first);
	stopped = true;
	return (NULL);
}

static int
stopped_meanwhile(const void *what, struct store_live *live, uint64_t *entry, struct err *e)
{
	char out[200] = "";
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, stop_first, NULL), 0);
	(void)pthread_detach(thread);
	while (strcmp(out, "no such stream\n") != 0) {
		say("first", quick, out);
		(void)poll(NULL, 0, 1);
	}
	(void)poll(NULL, 0, 50); /* as long as it would have had */
	assert_false(stopped);
	app_keeper_live(second, NULL); /* its own lock is no other's */
	return (quick(what, live, entry, e));
}

static void
it_stays_while_it_is_asked(void **state)
{
	char out[200];

	(void)state;
	say("first", stopped_meanwhile, out);
	assert_string_equal(out, "ok 7\n");
	while (!stopped)
		(void)poll(NULL, 0, 1);
	app_keeper_stop(second);
}

/* What could give no sealed lines is passed over for an hour, and then tried again. */
static void
it_is_tried_again(void **state)
{
	struct app_lines_stuck stuck = { .until_us = 0 };
	const uint64_t seg = 7;

	(void)state;
	app_lines_try(&stuck, 1000, 100);
	buf_add(&stuck.segs, &seg, sizeof(seg));
	app_lines_try(&stuck, 1099, 100);
	assert_int_equal(stuck.segs.len, sizeof(seg));
	assert_int_equal(stuck.until_us, 1100); /* since it was first seen, not since each look */
	app_lines_try(&stuck, 1100, 100);
	assert_int_equal(stuck.segs.len, 0);
	assert_int_equal(stuck.until_us, 1200);
	stuck.until_us = INT64_MIN; /* who changed something says so */
	buf_add(&stuck.segs, &seg, sizeof(seg));
	app_lines_try(&stuck, 1101, 100);
	assert_int_equal(stuck.segs.len, 0);
	buf_free(&stuck.segs);
}

/* Lines of before are taken without a key, too; what is never there is not said at each seal. */
static void
none_is_looked_for_once_a_day(void **state)
{
	const struct retain_policy p = { .term_us = {
					     [RETAIN_DETAIL] = 30, [RETAIN_QUARANTINE] = 14 } };
	static const struct {
		bool unsealed;
		int64_t from_us, now_us, term_us;
	} rows[] = { { false, 10, 9, 14 }, { true, 10, 10, 14 }, { true, 10, 9, 30 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct retain_policy terms =
		    app_lines_terms(&p, rows[i].unsealed, rows[i].from_us, rows[i].now_us);

		assert_int_equal(retain_term(&terms, RETAIN_QUARANTINE), rows[i].term_us);
		assert_int_equal(retain_term(&terms, RETAIN_DETAIL), 30);
	}
}

#define HOUR_NS INT64_C(3600000000000)

/* What fails each two seconds is said once an hour, with how often; another thing at once. */
static void
it_is_said_once_an_hour(void **state)
{
	static const struct {
		int64_t now_ns;
		const char *what, *said; /* NULL: it went well; nothing */
	} rows[] = {
		{ 5, "segment 1: is bad", "nothing is pruned: segment 1: is bad" },
		{ 6, "segment 1: is bad", NULL },
		{ 4 + HOUR_NS, "segment 1: is bad", NULL },
		{ 5 + HOUR_NS, "segment 1: is bad",
		    "nothing is pruned, tried 2 times since this was said: segment 1: is bad" },
		{ 6 + HOUR_NS, "segment 1: is bad", NULL },
		{ 7 + HOUR_NS, "segment 2: is bad", "nothing is pruned: segment 2: is bad" },
		{ 7 + 2 * HOUR_NS, "segment 2: is bad", "nothing is pruned: segment 2: is bad" },
		{ 8 + 2 * HOUR_NS, "segment 2: is bad", NULL },
		{ 9 + 2 * HOUR_NS, NULL, NULL },
		{ 10 + 2 * HOUR_NS, "segment 2: is bad", "nothing is pruned: segment 2: is bad" },
	};
	struct app_complaint c = { .more = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[APP_COMPLAINT_BYTES];
		bool due = app_complaint_due(&c, rows[i].what, rows[i].now_ns, text);

		assert_int_equal(due, rows[i].said != NULL);
		if (due)
			assert_string_equal(text, rows[i].said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_said_once_an_hour),
		cmocka_unit_test(it_is_tried_again),
		cmocka_unit_test(none_is_looked_for_once_a_day),
		cmocka_unit_test_setup(others_do_not_wait, begin),
		cmocka_unit_test_setup(it_stays_while_it_is_asked, begin),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
