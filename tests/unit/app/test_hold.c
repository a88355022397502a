/* A hold in the chain of any stream keeps a key: from pipes that turn, and from commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/command.h"
#include "app/names.h"
#include "app/pipe/pipe.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "store/store.h"

#define POLICY "00000000000000000000000000000000000000000000000000000000000000aa"
#define DAY_US (INT64_C(86400) * 1000000)
#define MONDAY_US (INT64_C(1795392000) * 1000000) /* 2026-11-23, a W48 */

static char dir[64], store_path[80], out_path[80];

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return (remove(path));
}

static void
append(struct store *s, const char *stream, struct seal_entry *entry)
{
	struct store_stream *st = NULL;
	struct err e;

	if (store_stream_open(s, stream, POLICY, app_names(), &st, &e) == -1 ||
	    store_stream_append(st, entry, &e) == -1)
		fail_msg("%s", e.text);
	store_stream_close(st);
}

static void
append_hold(struct store *s, const char *stream, const char *epochs, int64_t until_us)
{
	static struct seal_entry entry;

	memset(&entry, 0, sizeof(entry));
	entry.type = SEAL_HOLD;
	entry.of.hold = (struct seal_hold){ .hold = span_str("case-7"), .segs = span_str("[]"),
		.mask_epochs = span_str(epochs), .has_until = until_us != 0, .until_us = until_us,
		.reason = span_str("a letter") };
	append(s, stream, &entry);
}

static void
append_release(struct store *s, const char *stream)
{
	static struct seal_entry entry;

	memset(&entry, 0, sizeof(entry));
	entry.type = SEAL_RELEASE;
	entry.of.release = (struct seal_release){ .hold = span_str("case-7"),
		.reason = span_str("over") };
	append(s, stream, &entry);
}

/*
 * A pipe of stream "shop" turns at now_us, as it does at each start; the newest
 * entry was of last_us (INT64_MIN: not known).
 */
static void
turn_after(struct store *s, int64_t last_us, int64_t now_us)
{
	static const int64_t grace[KEY_PERIOD_COUNT] = { DAY_US, DAY_US, DAY_US };
	static struct mask_policy policy;
	struct app_pipe p = { .grace_us = grace };
	struct store_live_options how = { .store = s, .name = "shop", .mode = "pipe",
		.names = app_names(), .next = { .policy = POLICY, .epochs = SPAN("{}") } };
	struct store_live_facts facts = { .words = SPAN("") };
	struct store_live_found found;
	struct app_clock_break broke;
	struct err e;

	mask_policy_default(&policy);
	clock_set(now_us);
	p.how = how;
	p.setup.policy = &policy;
	(void)app_clock_start(&p.clock, now_us, last_us, 0, &broke);
	if (key_ring_open(store_keys_fd(s), &p.ring, &e) == -1 ||
	    store_live_open(&how, &p.live, &found, &e) == -1 ||
	    app_pipe_turn(&p, p.clock.now_us, &e) == -1 ||
	    store_live_stop(p.live, &facts, "end", &e) == -1)
		fail_msg("%s", e.text);
	store_live_close(p.live);
	key_ring_free(p.ring);
}

static void
turn(struct store *s, int64_t now_us)
{
	turn_after(s, INT64_MIN, now_us);
}

static bool
has_key(struct store *s, const char *epoch)
{
	struct key_ring *ring = NULL;
	enum key_period period;
	unsigned char prk[32];
	int64_t index;
	struct err e;
	bool has;

	assert_int_equal(key_epoch_parse(span_str(epoch), &period, &index), 0);
	assert_int_equal(key_ring_open(store_keys_fd(s), &ring, &e), 0);
	has = key_ring_prk(ring, period, index, prk) == 0;
	key_ring_free(ring);
	return (has);
}

/* cretula key destroy; its exit code.  What it prints goes to a file. */
static int
destroy(const char *epoch)
{
	const char *words[] = { "cretula", "key", "destroy", "--store", store_path, "--epoch", epoch,
		"--reason", "x" };
	char texts[9][80], *argv[10] = { NULL };
	int out = open(out_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), code;
	int saved[2] = { dup(1), dup(2) };

	for (size_t i = 0; i < 9; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "%s", words[i]);
		argv[i] = texts[i];
	}
	(void)fflush(stdout);
	(void)dup2(out, 1);
	(void)dup2(out, 2);
	code = app_main(9, argv);
	(void)fflush(stdout);
	for (int i = 0; i < 2; i++) {
		(void)dup2(saved[i], i + 1);
		(void)close(saved[i]);
	}
	(void)close(out);
	return (code);
}

static const char *
said(void)
{
	static char text[512];
	int fd = open(out_path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	(void)close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return (text);
}

static int
begin(void **state)
{
	struct store *s = NULL;
	struct err e;
	bool created;

	(void)snprintf(dir, sizeof(dir), "/tmp/cretula-hold-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return (-1);
	(void)snprintf(store_path, sizeof(store_path), "%s/s", dir);
	(void)snprintf(out_path, sizeof(out_path), "%s/out", dir);
	clock_set(MONDAY_US - DAY_US);
	if (store_open(store_path, NULL, &s, &created, &e) == -1)
		return (-1);
	*state = s;
	return (0);
}

static int
end(void **state)
{
	store_close(*state);
	clock_set(-1);
	return (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

static void
a_pipe_keeps_what_another_stream_holds(void **state)
{
	struct store *s = *state;

	turn(s, MONDAY_US - DAY_US); /* 2026-W47 */
	append_hold(s, "other", "{\"ip\":[\"2026-W46..2026-W47\"]}", 0);
	turn(s, MONDAY_US);
	turn(s, MONDAY_US + 3 * DAY_US);
	assert_true(has_key(s, "2026-W47")); /* beyond its grace, and held */
	assert_false(has_key(s, "2026-11-22"));
	append_release(s, "other");
	turn(s, MONDAY_US + 3 * DAY_US + 1000);
	assert_false(has_key(s, "2026-W47"));
}

static void
a_hold_ends_with_its_time(void **state)
{
	struct store *s = *state;

	turn(s, MONDAY_US - DAY_US);
	append_hold(s, "shop", "{\"ip\":[\"2026-W47\"]}", MONDAY_US + 4 * DAY_US);
	turn(s, MONDAY_US + 3 * DAY_US);
	assert_true(has_key(s, "2026-W47"));
	turn(s, MONDAY_US + 5 * DAY_US);
	assert_false(has_key(s, "2026-W47"));
}

/* The clock went back: the time believed is late enough, and yet all is kept. */
static void
nothing_is_destroyed_by_a_clock_that_went_back(void **state)
{
	struct store *s = *state;

	turn(s, MONDAY_US - DAY_US);
	turn_after(s, MONDAY_US + 3 * DAY_US, MONDAY_US - DAY_US);
	assert_true(has_key(s, "2026-W47"));
	assert_true(has_key(s, "2026-11-22"));
	assert_true(has_key(s, "2026-11-26")); /* epochs are of the time believed */
	turn(s, MONDAY_US + 3 * DAY_US + 1000);
	assert_false(has_key(s, "2026-W47"));
}

static void
nothing_is_destroyed_where_a_chain_cannot_be_read(void **state)
{
	struct store *s = *state;
	struct buf path = { 0 };
	char kept[4096];
	ssize_t len;
	int fd;

	turn(s, MONDAY_US - DAY_US);
	append_hold(s, "other", "{\"ip\":[\"2026-W47\"]}", 0);
	buf_fmt(&path, "%s/streams/other/chain.jsonl", store_path);
	buf_char(&path, '\0');
	fd = open(path.data, O_RDWR | O_CLOEXEC);
	assert_true((len = read(fd, kept, sizeof(kept))) > 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	turn(s, MONDAY_US + 3 * DAY_US);
	assert_true(has_key(s, "2026-W47"));
	assert_true(has_key(s, "2026-11-22"));
	assert_int_equal(pwrite(fd, kept, (size_t)len, 0), len);
	(void)close(fd);
	turn(s, MONDAY_US + 3 * DAY_US + 1000);
	assert_true(has_key(s, "2026-W47"));
	assert_false(has_key(s, "2026-11-22"));
	buf_free(&path);
}

static void
a_command_refuses_what_is_held(void **state)
{
	struct store *s = *state;

	turn(s, MONDAY_US - DAY_US);
	append_hold(s, "other", "{\"ip\":[\"2026-W47\"],\"se\":[\"2026-11-22\"]}", 0);
	turn(s, MONDAY_US);
	if (destroy("2026-W47") != ERR_CONFIG)
		fail_msg("%s", said());
	assert_non_null(strstr(said(), "2026-W47 is held by case-7 in stream other"));
	assert_int_equal(destroy("2026-11-22"), ERR_CONFIG);
	assert_true(has_key(s, "2026-W47"));
	append_release(s, "other");
	assert_int_equal(destroy("2026-W47"), 0);
	assert_false(has_key(s, "2026-W47"));
	assert_true(has_key(s, "2026-11-22"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pipe_keeps_what_another_stream_holds, begin, end),
		cmocka_unit_test_setup_teardown(a_hold_ends_with_its_time, begin, end),
		cmocka_unit_test_setup_teardown(
		    nothing_is_destroyed_by_a_clock_that_went_back, begin, end),
		cmocka_unit_test_setup_teardown(
		    nothing_is_destroyed_where_a_chain_cannot_be_read, begin, end),
		cmocka_unit_test_setup_teardown(a_command_refuses_what_is_held, begin, end),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
