/* Epochs turn while lines come: the segment is cut, the keys are new, the old ones go in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/names.h"
#include "app/pipe/pipe.h"
#include "base/clock.h"
#include "base/io.h"
#include "crypto/random.h"
#include "input/live.h"
#include "parse/parse.h"
#include "store/store.h"

#define POLICY "00000000000000000000000000000000000000000000000000000000000000aa"
#define DAY_US (INT64_C(86400) * 1000000)
#define MONDAY_US (INT64_C(1795392000) * 1000000) /* 2026-11-23 */

static char dir[64], store_path[80];
static atomic_int stop, seal;
static int feed_fd;
static struct app_pipe *running;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return (remove(path));
}

static void
feed(unsigned count)
{
	static const char line[] = "192.0.2.7 - - [24/Nov/2025:16:00:00 +0000] \"GET /a HTTP/1.1\" "
				   "200 5 \"-\" \"-\"\n";

	for (unsigned i = 0; i < count; i++)
		assert_true(write(feed_fd, line, sizeof(line) - 1) == (ssize_t)sizeof(line) - 1);
}

static const char *
chain_text(void)
{
	static struct buf text;
	char path[200];
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/chain.jsonl", store_path);
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &text, &e), 0);
	return (text.data);
}

static unsigned
count_of(const char *what)
{
	unsigned count = 0;

	for (const char *at = chain_text(); (at = strstr(at, what)) != NULL; at++)
		count++;
	return (count);
}

/* ---- what the feeder waits for, in another thread than those that do it ---- */

static bool
is_turned(int64_t us)
{
	bool turned;

	pthread_mutex_lock(&running->lock);
	turned = running->turn_us >= us && !running->turn;
	pthread_mutex_unlock(&running->lock);
	/* The writer looks at the clock, too. */
	return (turned && __atomic_load_n(&running->clock.now_us, __ATOMIC_RELAXED) >= us);
}

static bool
is_written(int64_t records)
{
	return (__atomic_load_n(&running->records, __ATOMIC_RELAXED) == (uint64_t)records);
}

static bool
is_told(int64_t breaks)
{
	return (count_of("\"type\":\"clock\"") == breaks);
}

static void
wait_until(bool (*is_so)(int64_t), int64_t what)
{
	for (int i = 0; i < 60000; i++) {
		if (is_so(what))
			return;
		(void)usleep(2000);
	}
	fail();
}

/* Three lines before midnight of a week's end, two behind it, one ten days later. */
static void *
feeder(void *arg)
{
	feed(3);
	wait_until(is_written, 3);
	clock_set(MONDAY_US + 1000000);
	feed(2);
	wait_until(is_written, 5);
	for (int day = 1; day <= 10; day++) { /* days also turn while nothing comes */
		clock_set(MONDAY_US + day * DAY_US);
		wait_until(is_turned, MONDAY_US + day * DAY_US);
	}
	feed(1);
	wait_until(is_written, 6);
	clock_set(MONDAY_US); /* backwards: not followed */
	feed(1);
	wait_until(is_told, 1);
	(void)close(feed_fd);
	return (NULL);
}

static void
run(struct store *s, struct mask_policy *policy)
{
	static const int64_t grace[KEY_PERIOD_COUNT] = { DAY_US, DAY_US, DAY_US };
	struct app_pipe p = { .grace_us = grace, .stop = &stop, .seal = &seal,
		.policy_hash = POLICY, .seal_every_ns = INT64_C(3600000000000), .learn = true };
	struct store_live_options how = { .store = s, .name = "shop", .mode = "pipe",
		.names = app_names(), .next = { .policy = POLICY } };
	struct input_live_options input = { .place = { .kind = INPUT_PIPE },
		.line_max = PARSE_LINE_MAX };
	struct store_live_found found;
	struct store_live_facts facts;
	struct app_clock_break broke;
	struct buf epochs = { 0 }, used = { 0 }, words = { 0 };
	struct err e = { ERR_NONE, "" };
	int64_t now_us = MONDAY_US - 5000000;
	pthread_t thread;
	int fds[2];

	clock_set(now_us);
	assert_int_equal(key_ring_open(store_keys_fd(s), &p.ring, &e), 0);
	assert_int_equal(mask_words_open(10, &p.setup.words, &e), 0);
	app_pipe_epochs(policy, p.ring, now_us, &epochs);
	how.next.epochs = buf_view(&epochs);
	if (store_live_open(&how, &p.live, &found, &e) == -1)
		fail_msg("%s", e.text);
	p.how = how;
	p.turn_us = now_us;
	assert_int_equal(app_rotate_parse("fortnightly", "", &p.rotate), -1);
	assert_int_equal(app_rotate_parse("1K", "", &p.rotate), -1);
	assert_int_equal(app_rotate_parse("2M", "", &p.rotate), 0);
	assert_int_equal(p.rotate.bytes, 2 << 20);
	assert_int_equal(app_rotate_parse("daily", "", &p.rotate), 0);
	assert_int_equal(app_pipe_rotate_start(&p, &e), 0);
	assert_false(app_clock_start(&p.clock, now_us, INT64_MIN, 0, &broke));
	assert_int_equal(app_pipe_turn(&p, now_us, &e), 0);
	p.setup.policy = policy;
	p.setup.ring = p.ring;
	p.setup.parser.format = parse_format_find(span_str("apache-combined"));
	p.setup.epochs = MASK_EPOCH_LIVE;
	p.setup.now_us = now_us;
	p.setup.line_max = PARSE_LINE_MAX;
	assert_int_equal(pipe(fds), 0);
	input.fd = fds[0];
	assert_int_equal(input_live_open(&input, &p.in, &e), 0);
	feed_fd = fds[1];
	running = &p;
	assert_int_equal(pthread_create(&thread, NULL, feeder, NULL), 0);
	if (app_pipe_run(&p, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(p.records, 7);
	assert_int_equal(app_pipe_facts(&p, &used, &words, &facts, &e), 0);
	if (store_live_stop(p.live, &facts, "end", &e) == -1)
		fail_msg("%s", e.text);
	store_live_close(p.live);
	key_ring_free(p.ring);
	mask_words_close(p.setup.words);
	buf_free(&epochs);
	buf_free(&used);
	buf_free(&words);
	input_live_close(p.in);
	(void)close(fds[0]);
}

static void
test_epochs_turn(void **state)
{
	static struct mask_policy policy;
	struct store *s;
	struct err e;
	bool created;

	(void)snprintf(dir, sizeof(dir), "/tmp/cretula-pipe-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(store_path, sizeof(store_path), "%s/s", dir);
	mask_policy_default(&policy);
	assert_int_equal(store_open(store_path, NULL, &s, &created, &e), 0);
	run(s, &policy);
	store_close(s);
	clock_set(-1);
	assert_int_equal(count_of("\"type\":\"segment\""), 12);
	assert_int_equal(count_of("\"type\":\"rotate\""), 11);
	assert_int_equal(count_of("\"period\":\"2026-11-22\",\"segs\":[[1,1]]"), 1);
	assert_int_equal(count_of("\"period\":\"2026-12-02\",\"segs\":[[11,11]]"), 1);
	assert_int_equal(count_of("\"type\":\"clock\""), 1);
	assert_int_equal(count_of("\"was\":\"2026-12-03T00:00:00.000Z\",\"now\":\"2026-11-23T00:00:00.000Z\""), 1);
	assert_int_equal(count_of("\"n\":3,"), 1);
	assert_int_equal(count_of("\"ip\":[\"2026-W47\"]"), 1);
	assert_int_equal(count_of("\"ip\":[\"2026-W48\"]"), 1);
	assert_int_equal(count_of("\"ip\":[\"2026-W49\"]"), 1);
	/* ten days later both days and the first week are beyond their grace */
	assert_int_equal(count_of("\"what\":\"2026-W47\""), 1);
	assert_int_equal(count_of("\"what\":\"2026-11-22\""), 1);
	assert_int_equal(count_of("\"what\":\"2026-11-23\""), 1);
	assert_int_equal(count_of("\"what\":\"2026-12-03\""), 0);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_epochs_turn) };
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
