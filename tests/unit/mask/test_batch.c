#include "unit/mask/bed.h"

#define LINE "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /api HTTP/1.1\" 200 5 \"-\" \"-\"\n"
#define BAD "no log line at all\n"
#define OLD "192.0.2.7 - - [24/Nov/1985:10:11:12 +0000] \"GET /api HTTP/1.1\" 404 5 \"-\" \"-\"\n"

static void
test_counts(void **state)
{
	static struct bed bed;
	const struct stats_counts *c = &bed.batch.counts;
	const char *text = LINE BAD "\n" LINE OLD;

	bed_open(&bed, NULL);
	(void)bed_run(&bed, span_str(text), 0);
	assert_int_equal(c->lines, 5);
	assert_int_equal(c->bytes, strlen(text));
	assert_int_equal(c->in.parsed, 2);
	assert_int_equal(c->in.partial, 1);
	assert_int_equal(c->in.unparsed, 1);
	assert_int_equal(c->meta, 1);
	assert_true(stats_counts_balanced(c));
	assert_int_equal(stats_counts_records(c), bed.batch.record_count);
	assert_int_equal(c->status[2], 2);
	assert_int_equal(c->status[4], 1);
	assert_int_equal(c->status[0], 1);
	assert_int_equal(c->masked[RECORD_CLASS_IP_PEER], 3);
	assert_int_equal(c->time_max_us, BED_NOW_US);
	assert_int_equal(bed.batch.ends[bed.batch.record_count - 1], bed.batch.records_len);
	bed_close(&bed);
}

static void
test_skeleton(void **state)
{
	static struct bed bed;
	struct record r;

	bed_open(&bed, NULL);
	r = bed_record(&bed, "erika was here");
	assert_string_equal(bed.batch.records, "{\"time\":\"2025-11-24T16:00:00.000Z\","
	    "\"event\":\"log\",\"reason\":\"grammar\",\"extra\":{\"line_bytes\":14},"
	    "\"state\":\"unparsed\",\"flags\":[\"time_arrival\"]}\n");
	assert_int_equal(bed.batch.counts.reasons[PARSE_REASON_GRAMMAR], 1);
	assert_true(record_has(&r, RECORD_FIELD_STATE));
	bed_close(&bed);
}

#define GET(path, status, agent) \
	"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET " path " HTTP/1.1\" " status \
	" 5 \"https://other.example/a?b=c\" \"" agent "\"\n"
#define FIREFOX "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"

/* What is counted leaves no record, and every line is accounted for. */
static void
test_detail(void **state)
{
	static struct bed bed;
	struct mask_policy policy;
	const struct stats_counts *c = &bed.batch.counts;
	const char *text = GET("/api/secret-of-erika?x=9", "200", FIREFOX) GET("/healthz", "200", FIREFOX)
	    GET("/healthz", "503", FIREFOX) GET("/login?a=1", "304", FIREFOX)
	    "192.0.2.7 - - [bad] \"GET /healthz HTTP/1.1\" 200 5 \"-\" \"-\"\n"
	    GET("/healthz?token=erika", "200", FIREFOX) GET("/api/secret-of-erika", "200", FIREFOX);
	const char *out;

	mask_policy_default(&policy);
	policy.detail_count = 2;
	policy.detail[0] = (struct detail_rule){ "path == /healthz && status == 200", DETAIL_COUNT };
	policy.detail[1] = (struct detail_rule){ "status < 400 && path ^= /login", DETAIL_SLIM };
	bed_open(&bed, &policy);
	out = bed_run(&bed, span_str(text), 0);
	assert_int_equal(c->lines, 7);
	assert_int_equal(c->in.counted, 2);
	assert_int_equal(c->in.parsed + c->in.partial + c->in.unparsed, 5);
	assert_true(stats_counts_balanced(c));
	assert_int_equal(stats_counts_records(c), bed.batch.record_count);
	assert_int_equal(c->status[2] + c->status[3] + c->status[5] + c->status[0], 5);
	/* Tokens are whole in what is kept, around what is not. */
	assert_null(strstr(out, "...."));
	assert_non_null(strstr(out, "\"path\":\"/login\",\"protocol\":\"HTTP/1.1\",\"status\":304,\"bytes\":5}"));
	assert_non_null(strstr(out, "\"status\":503"));
	assert_non_null(strstr(out, "\"agent\":\"Firefox\""));
	bed_close(&bed);
}

static void
test_detail_that_is_wrong_opens_no_mask(void **state)
{
	struct mask_policy policy;
	struct mask *m = NULL;
	struct key_ring *ring = NULL;
	struct err e = { 0 };
	struct mask_setup setup = { .policy = &policy, .parser.format = &parse_formats[0],
		.line_max = PARSE_LINE_MAX };

	mask_policy_default(&policy);
	policy.detail_count = 1;
	policy.detail[0] = (struct detail_rule){ "user == erika", DETAIL_COUNT };
	assert_int_equal(key_ring_ephemeral(&ring, &e), 0);
	setup.ring = ring;
	assert_int_equal(mask_open(&setup, &m, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.text,
	    "detail: rule 1: column 1: user: a rule asks what happened, not who did it or when");
	assert_null(m);
	key_ring_free(ring);
}

/* The reader keeps the first line_max + 1 bytes and says how many it dropped. */
static void
test_overlong(void **state)
{
	static struct bed bed;
	static char line[PARSE_LINE_MAX + 64];
	size_t len = 0;

	bed_open(&bed, NULL);
	len += (size_t)sprintf(line, LINE);
	memset(line + len, 'e', PARSE_LINE_MAX - 32);
	len += PARSE_LINE_MAX - 32;
	line[len++] = '\n';
	bed.batch.dropped = 100000;
	(void)bed_run(&bed, span_of(line, len), 0);
	assert_int_equal(bed.batch.record_count, 2);
	assert_non_null(strstr(bed.batch.records, "\"line_bytes\":165504"));
	assert_non_null(strstr(bed.batch.records, "\"flags\":[\"time_arrival\",\"overlong\"]"));
	assert_int_equal(bed.batch.counts.in.parsed, 1);
	assert_int_equal(bed.batch.counts.reasons[PARSE_REASON_TOO_LONG], 1);
	bed.batch.dropped = 0;
	bed_close(&bed);
}

static void
test_time(void **state)
{
	static struct bed bed;
	struct record r;
	char line[256];

	bed_open(&bed, NULL);
	snprintf(line, sizeof(line), "%.*s", (int)strlen(OLD) - 1, OLD);
	r = bed_record(&bed, line);
	assert_int_equal(r.time_us, BED_NOW_US);
	assert_true(bed_flag(&r, RECORD_FLAG_TIME_ARRIVAL));
	assert_fits(r.text[RECORD_FIELD_STATE], "partial");
	/* Its tokens come from the epoch of its arrival. */
	assert_int_equal(bed.batch.epochs.of[RECORD_CLASS_IP_PEER].range[0].first,
	    key_epoch_index(KEY_WEEK, BED_NOW_US));
	bed_close(&bed);
}

static void
test_epochs(void **state)
{
	static struct bed bed;
	struct buf out = { .data = NULL };
	const char *text =
	    "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /?sid=abcdefgh HTTP/1.1\" 200 5 \"-\" "
	    "\"-\"\n"
	    "192.0.2.7 - - [01/Dec/2025:10:11:12 +0000] \"GET /?sid=abcdefgh HTTP/1.1\" 200 5 \"-\" "
	    "\"-\"\n"
	    "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n";
	char *first;

	bed_open(&bed, NULL);
	first = strdup(bed_run(&bed, span_str(text), 0));
	mask_epochs_print(&bed.batch.epochs, &bed.policy, &out);
	assert_string_equal(out.data, "{\"ip\":[\"2025-W48..2025-W49\"],"
	    "\"se\":[\"2025-11-24\",\"2025-12-01\"]}");
	/* Out of the tables, the epochs are noted again. */
	buf_clear(&out);
	assert_string_equal(bed_run(&bed, span_str(text), 1), first);
	mask_epochs_print(&bed.batch.epochs, &bed.policy, &out);
	assert_string_equal(out.data, "{\"ip\":[\"2025-W48..2025-W49\"],"
	    "\"se\":[\"2025-11-24\",\"2025-12-01\"]}");
	free(first);
	buf_free(&out);
	bed_close(&bed);
}

/* Each class has the period that the policy gives it. */
static void
test_periods(void **state)
{
	static struct bed bed;
	struct mask_policy policy;
	struct buf out = { .data = NULL };
	struct span first, second;
	const char *text =
	    "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /?sid=abcdefgh HTTP/1.1\" 200 5 \"-\" "
	    "\"-\"\n"
	    "192.0.2.7 - - [25/Nov/2025:10:11:12 +0000] \"GET /?sid=abcdefgh HTTP/1.1\" 200 5 \"-\" "
	    "\"-\"\n";

	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		static const char *const epochs[] = { "2025-11-24..2025-11-25", "2025-W48",
			"2025-11" };
		char want[128];

		mask_policy_default(&policy);
		mask_epoch_set(&policy, RECORD_CLASS_IP_PEER, (enum key_period)p);
		bed_open(&bed, &policy);
		first = span_str(bed_run(&bed, span_str(text), 0));
		assert_int_equal(bed.batch.record_count, 2);
		buf_clear(&out);
		mask_epochs_print(&bed.batch.epochs, &policy, &out);
		(void)snprintf(want, sizeof(want),
		    "{\"ip\":[\"%s\"],\"se\":[\"2025-11-24..2025-11-25\"]}", epochs[p]);
		assert_string_equal(out.data, want);
		second = span_from(first, bed.batch.ends[0]);
		first = span_of(strstr(first.ptr, "\"client\":\""), 30);
		second = span_of(strstr(second.ptr, "\"client\":\""), 30);
		assert_int_equal(span_equal(first, second), p != KEY_DAY);
		bed_close(&bed);
	}
	buf_free(&out);
}

/* A log with names, ids, sessions, nobody, garbage, many clients. */
static size_t
make_log(char *text, size_t size, unsigned lines)
{
	static const char *const targets[] = { "/api/v1", "/users/erika?x=1", "/laden/schuhe?farbe=rot",
		"/laden/88231/bild", "/~max", "/login?email=a%40b.de&sid=abcdefghij", "/search?q=a+b",
		"/a/b/c/d?e=f&g=h;i=j", "/files/CV_Max.pdf", "/static/app.3f2a9c1b.js?v=3" };
	static const char *const referers[] = { "-", "https://www.google.com/", "https://max.example/x",
		"https://leser.github.com/y?z" };
	size_t len = 0;
	uint32_t n = 1;

	for (unsigned i = 0; i < lines; i++) {
		n = n * 1664525 + 1013904223;
		if (i % 97 == 0)
			len += (size_t)snprintf(text + len, size - len, BAD);
		else if (i % 31 == 0)
			len += (size_t)snprintf(text + len, size - len, "unix: - - [24/Nov/2025:10:11:12 "
			    "+0000] \"GET /erika/max?du HTTP/1.1\" 200 5 \"-\" \"-\"\n");
		else
			len += (size_t)snprintf(text + len, size - len, "198.%u.%u.9 - %s "
			    "[%u/Nov/2025:10:11:12 +0000] \"GET %s HTTP/1.1\" %u 5 \"%s\" \"curl/%u.0\"\n",
			    n >> 28, n >> 24 & 15, i % 7 == 0 ? "erika" : "-", 20 + i / 400, targets[i % 10],
			    i % 5 == 0 ? 404u : 200u, referers[i % 4], i % 9);
	}
	return (len);
}

struct run {
	char *records;
	size_t len;
	struct stats_counts counts;
};

/* Batches of 100 lines, masked by any of masks in turn, merged with the lag of a pipeline. */
static void
run_with(struct bed *bed, struct mask **masks, unsigned mask_count, struct span log,
    struct run *run)
{
	struct mask_candidates *seen[64];
	struct err e = { 0 };
	uint64_t number = 0;

	run->records = malloc(4 * log.len + RECORD_BYTES_MAX);
	run->len = 0;
	stats_counts_clear(&run->counts);
	for (int i = 0; i < 64; i++)
		assert_int_equal(mask_candidates_open(&seen[i], &e), 0);
	for (struct span rest = log; rest.len > 0; number++) {
		size_t len = 0;

		for (int lines = 0; lines < 100 && len < rest.len; lines++)
			len += span_find(span_from(rest, len), '\n') + 1;
		mask_candidates_reset(seen[number % 64]);
		bed->batch.learn = seen[number % 64];
		bed->batch.lines = span_of(rest.ptr, len);
		bed->batch.number = number;
		bed->batch.read = len;
		mask_batch(masks[number % mask_count], &bed->batch);
		memcpy(run->records + run->len, bed->batch.records, bed->batch.records_len);
		run->len += bed->batch.records_len;
		stats_counts_add(&run->counts, &bed->batch.counts);
		/* Merged as late, or as early, as may be. */
		if (mask_count == 1)
			mask_words_merge(bed->words, seen[number % 64], number);
		else if (number >= MASK_WORDS_LAG - 1)
			mask_words_merge(bed->words, seen[(number - MASK_WORDS_LAG + 1) % 64],
			    number - MASK_WORDS_LAG + 1);
		rest = span_from(rest, len);
	}
	for (int i = 0; i < 64; i++)
		mask_candidates_close(seen[i]);
	bed->batch.learn = NULL;
}

/* Same seed of all randomness, so that both runs have the same keys. */
static void
open_seeded(struct bed *bed, struct mask **masks, unsigned count)
{
	static const unsigned char seed[32] = "determinism";
	struct err e = { 0 };

	assert_int_equal(crypto_start(&e), 0);
	crypto_random_set(seed);
	bed_open(bed, NULL);
	masks[0] = bed->mask;
	for (unsigned i = 1; i < count; i++) {
		struct mask_setup setup = { .policy = &bed->policy, .ring = bed->ring,
			.words = bed->words, .parser.format = parse_format_find(span_str("combined")),
			.epochs = MASK_EPOCH_EVENT, .now_us = BED_NOW_US, .line_max = PARSE_LINE_MAX };

		assert_int_equal(mask_open(&setup, &masks[i], &e), 0);
	}
}

static void
test_determinism(void **state)
{
	static struct bed bed;
	static char log[1 << 20];
	struct mask *masks[4];
	struct run one, four;
	size_t len = make_log(log, sizeof(log), 4000);
	struct buf words_one = { .data = NULL }, words_four = { .data = NULL };

	open_seeded(&bed, masks, 1);
	run_with(&bed, masks, 1, span_of(log, len), &one);
	mask_words_save(bed.words, &words_one);
	bed_close(&bed);
	open_seeded(&bed, masks, 4);
	run_with(&bed, masks, 4, span_of(log, len), &four);
	for (int i = 1; i < 4; i++)
		mask_close(masks[i]);
	bed_close(&bed);
	crypto_random_set(NULL);
	assert_int_equal(one.len, four.len);
	for (size_t i = 0; i < one.len; i++)
		if (one.records[i] != four.records[i])
			fail_msg("differ at %zu: %.200s\n%.200s", i, one.records + (i < 80 ? 0 : i - 80),
			    four.records + (i < 80 ? 0 : i - 80));
	assert_memory_equal(&one.counts, &four.counts, sizeof(one.counts));
	assert_true(stats_counts_balanced(&one.counts));
	/* Words were learned on the way, so that the lag was put to the test. */
	assert_true(words_one.len > 0);
	assert_non_null(strstr(words_one.data, "path\t/\tladen\t"));
	assert_null(strcasestr(words_one.data, "erika"));
	free(one.records);
	free(four.records);
	buf_free(&words_one);
	buf_free(&words_four);
}

static void
test_learning_first(void **state)
{
	static struct bed bed;
	static char log[1 << 20];
	size_t len = make_log(log, sizeof(log), 2000);
	struct stats_counts none = { 0 };

	bed_open(&bed, NULL);
	mask_candidates_reset(bed.learn);
	bed.batch.learn = bed.learn;
	bed.batch.lines = span_of(log, len);
	bed.batch.counts = none;
	mask_batch_learn(bed.mask, &bed.batch);
	assert_memory_equal(&bed.batch.counts, &none, sizeof(none));
	assert_int_equal(bed.batch.record_count, 0);
	mask_words_merge(bed.words, bed.learn, 0);
	mask_words_settle(bed.words);
	bed.batch.learn = NULL;
	(void)bed_run(&bed, span_of(log, len < 40000 ? len : 40000), 0);
	assert_non_null(strstr(bed.batch.records, "\"path\":\"/laden/schuhe\""));
	assert_null(strcasestr(bed.batch.records, "erika"));
	bed_close(&bed);
}

/*
 * What the tables answer, and what waits for its MAC, is what a line alone
 * gives: long and short tokens, many of them, numbers of every length, more
 * than one client, texts that need an escape, records that do not fit.
 */
static void
test_tables_change_nothing(void **state)
{
	static const char *const targets[] = { "/laden/schuhe/erika", "/laden/123/schuhe",
		"/laden/1234/schuhe", "/laden/12345/schuhe", "/laden/1234567", "/laden/12345678",
		"/2024/%3f/7", "/%3f/x", "/laden/123/?q=5", "/a-b-c/d-e-f/g-h-i/j-k-l/m-n-o/p-q-r/s-t",
		"/einer-der-langen-namen/noch-einer-davon/und-noch-viel-laengere-namen-dazu.js",
		"/x?session=abcdef&sid=1&email=erika@example.org&neu=1&auch-neu",
		"/%22quoted%22/a%5cb", "/123", "/users/123/erika", "http://12345/999/x" };
	static const char *const referers[] = { "-", "https://12345/123/", "https://shop.example.com/a/1",
		"https://shop.example.com/123/x", "https://shop.example.com/456/x",
		"https://neu.example.net/" };
	static char log[1 << 17];
	static struct bed bed;
	static struct mask_policy policy;
	size_t len = 0, at = 0;
	char *whole;

	for (unsigned i = 0; i < 6 * 16 * 6; i++)
		len += (size_t)snprintf(log + len, sizeof(log) - len,
		    "%s - %s [24/Nov/2025:10:11:%02u +0000] \"GET %s HTTP/1.1\" 200 %u \"%s\" \"%s\"\n",
		    i % 7 == 6 ? "kein-name" : i % 3 == 0 ? "192.0.2.7" : "2001:db8::7",
		    i % 5 == 0 ? "erika" : "-", i % 60, targets[i % 16], i * i * i,
		    referers[i / 16 % 6], i % 4 == 0 ? "curl/8.0" : "-");
	mask_policy_default(&policy);
	memcpy(policy.hosts[0], "shop.example.com", 17);
	policy.host_count = 1;
	bed_open(&bed, &policy);
	(void)bed_run(&bed, span_of(log, len), 0);
	whole = strdup(bed_run(&bed, span_of(log, len), 0));
	for (const char *line = log; line < log + len;) {
		struct span one = span_of(line, (size_t)(strchr(line, '\n') + 1 - line));
		struct mask_setup setup = { &bed.policy, bed.ring, bed.words,
			{ .format = parse_format_find(span_str("combined")) }, MASK_EPOCH_EVENT, BED_NOW_US,
			PARSE_LINE_MAX, NULL };
		struct err e;

		mask_close(bed.mask);
		assert_int_equal(mask_open(&setup, &bed.mask, &e), 0);
		(void)bed_run(&bed, one, 0);
		if (memcmp(whole + at, bed.batch.records, bed.batch.records_len) != 0)
			fail_msg("%.*s%.400s\n%s", (int)one.len, one.ptr, whole + at, bed.batch.records);
		at += bed.batch.records_len;
		line += one.len;
	}
	assert_int_equal(whole[at], '\0');
	free(whole);
	bed_close(&bed);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts), cmocka_unit_test(test_skeleton),
		cmocka_unit_test(test_detail), cmocka_unit_test(test_detail_that_is_wrong_opens_no_mask),
		cmocka_unit_test(test_overlong), cmocka_unit_test(test_time),
		cmocka_unit_test(test_epochs), cmocka_unit_test(test_periods), cmocka_unit_test(test_determinism),
		cmocka_unit_test(test_learning_first), cmocka_unit_test(test_tables_change_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
