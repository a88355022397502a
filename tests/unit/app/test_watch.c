/* What is asked at the control socket, and what is made of the answers: foreign bytes both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/retain/erasing.h"
#include "app/retain/order.h"
#include "app/watch/control.h"
#include "app/watch/print.h"
#include "app/watch/rhythm.h"
#include "base/err.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

#define DAY INT64_C(86400000000)

/* What a daemon remembers, as selfcheck.c has it. */
struct remembers {
	int64_t full_us, due_us;
	uint64_t checked;
};

/* Sixty days of a daemon that is started again on some of them: a full one each week, and nothing twice. */
static void
test_rhythm(void **state)
{
	static const unsigned restarts[] = { 0, 3, 1, 7, 2 }; /* each so many days; 0: never */

	(void)state;
	for (size_t row = 0; row < sizeof(restarts) / sizeof(restarts[0]); row++) {
		struct app_rhythm told = { .every_us = DAY };
		struct remembers r = { .due_us = 1 };
		int64_t start_us = INT64_C(20000) * DAY, last_us = 0, last_full = -1;
		unsigned full = 0, all = 0;
		uint64_t entries = 1; /* a segment an hour */

		for (int64_t now_us = start_us; now_us < start_us + 60 * DAY; now_us += DAY / 24) {
			int64_t hour = (now_us - start_us) / (DAY / 24);

			entries++;
			if (hour > 0 && restarts[row] != 0 && hour % (restarts[row] * 24) == 5) {
				r.full_us = told.full_us;
				r.checked = told.checked;
				r.due_us = app_rhythm_due(DAY, last_us, now_us);
			}
			if (now_us < r.due_us)
				continue;
			all++;
			if (app_rhythm_is_full(DAY, r.full_us, now_us)) {
				assert_true(last_full == -1 || hour - last_full >= 6 * 24);
				assert_true(last_full == -1 || hour - last_full <= 8 * 24);
				last_full = hour;
				full++;
				r.full_us = now_us;
			} else /* what is left out was read before, and not much more is read */
				assert_true(r.checked + 3 * 27 >= entries);
			assert_true(r.checked <= entries);
			r.checked = entries; /* by then; one more comes before the report */
			app_rhythm_see(&told, entries + 1, now_us + DAY / 1440, 0);
			assert_true(told.checked <= r.checked);
			entries += 2;
			last_us = now_us + DAY / 1440;
			r.due_us = now_us + DAY;
		}
		assert_in_range(full, 8, 10);
		assert_in_range(all, 56, 61);
	}
}

/* One that was not good: all is read again, by whoever comes. */
static void
test_rhythm_of_bad(void **state)
{
	struct app_rhythm told = { .every_us = DAY };

	(void)state;
	app_rhythm_see(&told, 10, DAY, 0);
	assert_int_equal(told.checked, 0);
	app_rhythm_see(&told, 20, 2 * DAY, 0);
	assert_int_equal(told.checked, 10);
	app_rhythm_see(&told, 30, 3 * DAY, 1);
	assert_int_equal(told.checked, 0);
	app_rhythm_see(&told, 40, 4 * DAY, 0);
	assert_int_equal(told.checked, 0);
	app_rhythm_see(&told, 50, 5 * DAY, 0);
	assert_int_equal(told.checked, 40);
	assert_int_equal(told.full_us, DAY);
	assert_true(app_rhythm_is_full(DAY, told.full_us, DAY / 2)); /* the clock went back */
	assert_int_equal(app_rhythm_due(DAY, 5 * DAY, 5 * DAY + 1), 6 * DAY);
	assert_int_equal(app_rhythm_due(DAY, 5 * DAY, 4 * DAY), 4 * DAY + 600000000);
	assert_int_equal(app_rhythm_due(DAY, 0, 4 * DAY), 4 * DAY + 600000000);
	assert_int_equal(app_rhythm_due(DAY, 5 * DAY, 7 * DAY), 7 * DAY + 600000000);
}

static void
test_requests(void **state)
{
	static const struct {
		const char *claim, *text;
		enum app_asked asked;
	} rows[] = {
		{ "status", "status\n", APP_ASKED_STATUS },
		{ "metrics", "metrics\n", APP_ASKED_METRICS },
		{ "report", "report\n", APP_ASKED_REPORT },
		{ "a canary", "canary shop 0 " HASH "\n", APP_ASKED_CANARY },
		{ "nothing", "", APP_ASKED_NOTHING },
		{ "an empty line", "\n", APP_ASKED_NOTHING },
		{ "no line end", "status", APP_ASKED_NOTHING },
		{ "two lines", "status\nstatus\n", APP_ASKED_NOTHING },
		{ "another word", "stop\n", APP_ASKED_NOTHING },
		{ "no stream", "canary  0 " HASH "\n", APP_ASKED_NOTHING },
		{ "no name of a stream", "canary a/b 0 " HASH "\n", APP_ASKED_NOTHING },
		{ "no code", "canary shop " HASH "\n", APP_ASKED_NOTHING },
		{ "a code that is none", "canary shop 79 " HASH "\n", APP_ASKED_NOTHING },
		{ "a sign", "canary shop -1 " HASH "\n", APP_ASKED_NOTHING },
		{ "half a hash", "canary shop 0 0011\n", APP_ASKED_NOTHING },
		{ "more than a hash", "canary shop 0 " HASH "00\n", APP_ASKED_NOTHING },
		{ "nothing behind canary", "canary \n", APP_ASKED_NOTHING },
		{ "detail", "detail full 3600 shop it fails, \"again\"\n", APP_ASKED_DETAIL },
		{ "less of it", "detail slim 86400 shop why\n", APP_ASKED_DETAIL },
		{ "no reason", "detail full 60 shop \n", APP_ASKED_NOTHING },
		{ "no blank for one", "detail full 60 shop\n", APP_ASKED_NOTHING },
		{ "a level that raises nothing", "detail count 60 shop why\n", APP_ASKED_NOTHING },
		{ "no time", "detail full 0 shop why\n", APP_ASKED_NOTHING },
		{ "over a day", "detail full 86401 shop why\n", APP_ASKED_NOTHING },
		{ "a time of words", "detail full 1h shop why\n", APP_ASKED_NOTHING },
		{ "detail of no stream", "detail full 60 ../x why\n", APP_ASKED_NOTHING },
		{ "a hold", "hold {}\n", APP_ASKED_HOLD },
		{ "nothing to hold", "hold\n", APP_ASKED_NOTHING },
		{ "an erasure", "erase {}\n", APP_ASKED_ERASE },
		{ "a restriction", "restrict shop lift 00\n", APP_ASKED_RESTRICT },
		{ "a reason that is no UTF-8", "detail full 60 shop \xff\n", APP_ASKED_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct app_request request = { .asked = APP_ASKED_NOTHING };

		app_control_read(span_str(rows[i].text), &request);
		if (request.asked != rows[i].asked)
			fail_msg("%s: %d, want %d", rows[i].claim, request.asked, rows[i].asked);
		if (request.asked == APP_ASKED_CANARY || request.asked == APP_ASKED_DETAIL)
			assert_string_equal(request.stream, "shop");
	}
}

#define ORDER(release, id, more) \
	"{\"stream\":\"shop\",\"release\":" release ",\"id\":\"" id \
	"\",\"reason\":\"a \\\"court\\\"\"," \
	"\"by\":\"\"" more "}"
#define RUNS ",\"segs\":[[1,3],[5,9]],\"mask_epochs\":{\"week\":[\"2026-W48\"]}"

/* What a daemon is asked to hold: read, printed, and read again. */
static void
test_holds(void **state)
{
	static const struct {
		const char *claim, *json;
		int rc;
	} rows[] = {
		{ "a hold", ORDER("false", "case-7", RUNS), 0 },
		{ "with an end, and open",
		    ORDER("false", "case-7", ",\"onward\":5,\"until_ms\":1799999999999" RUNS), 0 },
		{ "a release", ORDER("true", "case-7", ",\"segs\":[],\"mask_epochs\":{}"), 0 },
		{ "no runs", ORDER("false", "case-7", ",\"mask_epochs\":{}"), -1 },
		{ "runs that overlap",
		    ORDER("false", "case-7", ",\"segs\":[[1,3],[3,9]],\"mask_epochs\":{}"), -1 },
		{ "no keys", ORDER("false", "case-7", ",\"segs\":[]"), -1 },
		{ "keys that are no map",
		    ORDER("false", "case-7", ",\"segs\":[],\"mask_epochs\":[]"), -1 },
		{ "an escape that is none", ORDER("false", "\\x", RUNS), -1 },
		{ "no stream", "{\"release\":false}", -1 },
		{ "a stream that is a path", "{\"stream\":\"../s\",\"release\":false}", -1 },
		{ "no object", "[]", -1 },
		{ "nothing", "", -1 },
	};
	static struct seal_range ranges[STORE_HOLD_RANGES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 }, line = { 0 };
		struct app_order order;
		int rc = app_order_read(span_str(rows[i].json), &order, &text, ranges);

		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].claim, rc);
		if (rc == 0) {
			assert_true(span_is(order.hold.reason, "a \"court\""));
			app_order_print(&order, &line);
			assert_int_equal(strncmp(line.data, "hold ", 5), 0);
			line.data[line.len - 1] = '\0';
			assert_string_equal(line.data + 5, rows[i].json);
		}
		buf_free(&text);
		buf_free(&line);
	}
}

#define ERASING(records) \
	"{\"stream\":\"shop\",\"seg\":3,\"records\":" records \
	",\"reason\":\"a \\\"court\\\"\",\"ref\":\"request 1\",\"by\":\"\"}"

/* The same of what it is asked to erase. */
static void
test_erasings(void **state)
{
	static const struct {
		const char *claim, *json;
		int rc;
		size_t count;
	} rows[] = {
		{ "runs", ERASING("[[0,0],[2,3],[1048575,1048575]]"), 0, 4 },
		{ "none", ERASING("[]"), 0, 0 },
		{ "as many as an entry takes", ERASING("[[0,799]]"), 0, SEAL_ERASED_MAX },
		{ "one more", ERASING("[[0,799],[801,801]]"), -1, 0 },
		{ "a run that is longer than all", ERASING("[[0,18446744073709551615]]"), -1, 0 },
		{ "behind the last of any segment", ERASING("[[1048576,1048576]]"), -1, 0 },
		{ "backwards", ERASING("[[5,4]]"), -1, 0 },
		{ "not in order", ERASING("[[5,6],[1,2]]"), -1, 0 },
		{ "no list", ERASING("{}"), -1, 0 },
		{ "no numbers", ERASING("[[\"a\",1]]"), -1, 0 },
		{ "no stream", "{\"seg\":1,\"records\":[]}", -1, 0 },
		{ "nothing", "", -1, 0 },
	};
	static struct store_erase_item items[SEAL_ERASED_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 }, line = { 0 };
		struct app_erasing a;
		int rc = app_erasing_read(span_str(rows[i].json), &a, &text, items);

		if (rc != rows[i].rc || (rc == 0 && a.order.count != rows[i].count))
			fail_msg("%s: %d, %zu", rows[i].claim, rc, a.order.count);
		if (rc == 0) {
			assert_true(span_is(a.order.reason, "a \"court\""));
			app_erasing_print(&a, &line);
			assert_int_equal(strncmp(line.data, "erase ", 6), 0);
			line.data[line.len - 1] = '\0';
			assert_string_equal(line.data + 6, rows[i].json);
		}
		buf_free(&text);
		buf_free(&line);
	}
}

#define HEAD "{\"running\":true,\"now\":\"2026-11-26T10:00:00Z\",\"store\":\"/s\",\"streams\":["

static void
test_print(void **state)
{
	static const struct {
		const char *claim, *json;
		int code;
		const char *shown;
	} rows[] = {
		{ "no stream", HEAD "]}\n", 0, "store /s" },
		{ "a stream",
		    HEAD "{\"name\":\"shop\",\"state\":\"reading\",\"lines_per_minute\":90}]}", 0,
		    "shop              reading       1.5    0.0 s       -         -      0" },
		{ "a stream that waits", HEAD "{\"name\":\"a\",\"state\":\"waiting\"}]}", 1,
		    "waiting" },
		{ "a state of tomorrow", HEAD "{\"name\":\"a\",\"state\":\"dancing\"}]}", 1,
		    "dancing" },
		{ "a stream without a name", HEAD "{}]}", 1, "" },
		{ "no object", HEAD "1,\"a\",[]]}", 0, "" },
		{ "sealed two hours ago",
		    HEAD
		    "{\"name\":\"a\",\"state\":\"reading\",\"sealed\":\"2026-11-26T08:00:00Z\"}]}",
		    0, "   2 h " },
		{ "of the future",
		    HEAD
		    "{\"name\":\"a\",\"state\":\"reading\",\"sealed\":\"2027-11-26T08:00:00Z\"}]}",
		    0, "   0 s " },
		{ "rotation by size",
		    HEAD "{\"name\":\"a\",\"state\":\"reading\",\"rotation_left_bytes\":1048576}]}",
		    0, "1.0 MiB" },
		{ "numbers that are none",
		    HEAD "{\"name\":\"a\",\"state\":\"reading\",\"lost\":\"x\",\"lag_ms\":-5}]}", 0,
		    "" },
		{ "what does not verify",
		    "{\"running\":true,\"verified\":{\"code\":1},\"streams\":[]}", 1,
		    "NOT VERIFY" },
		{ "not running", "{\"running\":false,\"store\":\"/s\",\"streams\":[]}", 3,
		    "no daemon" },
		{ "no streams", "{\"running\":true}", -1, NULL },
		{ "a list", "[]", -1, NULL },
		{ "nothing", "", -1, NULL },
		{ "half of it", HEAD, -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { ERR_NONE, "" };
		struct buf out = { 0 };
		int code = app_status_print(span_str(rows[i].json), &out, &e);

		if (code != rows[i].code)
			fail_msg("%s: %d, want %d (%s)", rows[i].claim, code, rows[i].code, e.text);
		if (rows[i].shown != NULL && strstr(out.data, rows[i].shown) == NULL)
			fail_msg("%s: not in\n%s", rows[i].claim, out.data);
		buf_free(&out);
	}
}

/* Counts add up over sessions; the oldest line tells how long it waits. */
static void
test_figures(void **state)
{
	struct stats_counts counts;
	struct app_figures f;
	struct app_seen seen;
	struct app_owed owed;
	const unsigned char hash[32] = { 1 };

	(void)state;
	stats_counts_clear(&counts);
	counts.lines = 3;
	counts.lost = 2;
	app_figures_open(&f, "shop");
	app_figures_reader(&f, 50, &(struct input_live_counts){ .open = 4 });
	app_figures_handed(&f, 40);
	app_figures_reader(&f, 60, &(struct input_live_counts){ .open = 5 });
	app_figures_copy(&f, &seen);
	assert_int_equal(seen.waits_since_ns, 40);
	app_figures_committed(&f, &counts, 3, 7);
	app_figures_committed(&f, &counts, 3, 5);
	app_figures_copy(&f, &seen);
	assert_int_equal(seen.waits_since_ns, 60);
	assert_int_equal(seen.counts.lines, 6);
	assert_int_equal(seen.counts.lost, 4);
	assert_int_equal(seen.records, 6);
	assert_int_equal(seen.slowest_commit_ns, 7);
	assert_int_equal(seen.input.open, 5);
	app_figures_state(&f, APP_READING);
	app_figures_state(&f, APP_FULL);
	app_figures_copy(&f, &seen);
	assert_int_equal(seen.waits_since_ns, 60);
	app_figures_state(&f, APP_WAITING);
	app_figures_state(&f, APP_READING);
	app_figures_copy(&f, &seen);
	assert_int_equal(seen.waits_since_ns, 0); /* it went with its session */
	assert_int_equal(seen.full_waits, 1);
	assert_int_equal(seen.reopened, 1);
	app_figures_owe(&f, APP_REPORT_VERIFY, 1, hash);
	assert_false(app_figures_owed(&f, APP_REPORT_CANARY, &owed));
	assert_true(app_figures_owed(&f, APP_REPORT_VERIFY, &owed));
	assert_int_equal(owed.code, 1);
	app_figures_close(&f);
}

/* A report stays owed until it is sealed, as a failed append has it; a newer one behind that. */
static void
test_reports_are_owed_until_sealed(void **state)
{
	const unsigned char hash[32] = { 1 };
	struct app_owed owed, again;
	struct app_figures f;

	(void)state;
	app_figures_open(&f, "shop");
	app_figures_owe(&f, APP_REPORT_VERIFY, 1, hash);
	assert_true(app_figures_owed(&f, APP_REPORT_VERIFY, &owed));
	assert_true(app_figures_owed(&f, APP_REPORT_VERIFY, &again));
	app_figures_owe(&f, APP_REPORT_VERIFY, 0, hash);
	app_figures_sealed(&f, APP_REPORT_VERIFY, &owed);
	assert_true(app_figures_owed(&f, APP_REPORT_VERIFY, &again));
	assert_int_equal(again.code, 0);
	app_figures_sealed(&f, APP_REPORT_VERIFY, &again);
	assert_false(app_figures_owed(&f, APP_REPORT_VERIFY, &owed));
	app_figures_close(&f);
}

/* What sessions lost adds up, behind what was there before the first of them; it is taken once. */
static void
test_losses(void **state)
{
	struct app_figures f;
	struct app_lost lost;

	(void)state;
	app_figures_open(&f, "shop");
	assert_false(app_figures_lost(&f, &lost));
	app_figures_lose(&f, &(struct app_lost){ .lines = 3, .expected = 100 });
	app_figures_lose(&f, &(struct app_lost){ .lines = 4, .expected = 120 });
	assert_int_equal(app_figures_lost_lines(&f), 7);
	assert_true(app_figures_lost(&f, &lost));
	assert_int_equal(lost.lines, 7);
	assert_int_equal(lost.expected, 100);
	assert_false(app_figures_lost(&f, &lost));
	assert_int_equal(app_figures_lost_lines(NULL), 0);
	app_figures_close(&f);
}

/* Rows come and go by name, and what a stream counted stays while it is one. */
static void
test_board(void **state)
{
	struct app_snapshot *s = malloc(sizeof(*s));
	struct app_figures *shop;
	struct app_board b;
	char name[CONFIG_NAME_BYTES];

	(void)state;
	assert_non_null(s);
	assert_int_equal(app_board_open(&b, NULL), 0);
	shop = app_board_take(&b, "shop");
	assert_ptr_equal(app_board_take(&b, "shop"), shop);
	app_figures_state(shop, APP_READING);
	app_board_snapshot(&b, s);
	assert_int_equal(s->count, 1);
	assert_true(app_snapshot_good(s));
	app_figures_state(app_board_take(&b, "blog"), APP_FULL);
	app_board_snapshot(&b, s);
	assert_int_equal(s->count, 2);
	assert_false(app_snapshot_good(s));
	app_board_drop(&b, "blog");
	app_board_drop(&b, "none");
	app_board_snapshot(&b, s);
	assert_true(app_snapshot_good(s));
	app_board_verified(&b, &(struct app_verified){ .at_us = 1, .code = ERR_FINDING }, NULL);
	app_board_snapshot(&b, s);
	assert_true(app_snapshot_good(s)); /* a new start would not mend that */
	assert_int_equal(s->verified.code, ERR_FINDING);
	assert_true(app_board_canary(&b, "shop", 0, (const unsigned char[32]){ 0 }));
	assert_false(app_board_canary(&b, "blog", 0, (const unsigned char[32]){ 0 }));
	for (unsigned i = 1; i < CONFIG_STREAMS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%u", i);
		assert_non_null(app_board_take(&b, name));
	}
	assert_null(app_board_take(&b, "more"));
	app_board_close(&b);
	app_board_close(&b);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_rhythm),
		cmocka_unit_test(test_rhythm_of_bad),
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_erasings),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_reports_are_owed_until_sealed),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_board),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
