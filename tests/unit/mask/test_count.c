/* Whom a record is counted for, who is in the sample, and which numbers of a source are missing. */
#include "unit/mask/bed.h"

#include "mask/gaps.h"
#include "mask/method/count.h"
#include "stats/gaps.h"
#include "tally/batch.h"

static struct bed bed;

static void
open_bed(unsigned sample)
{
	struct mask_policy p;
	struct err e = { 0 };

	mask_policy_default(&p);
	p.sample = sample;
	bed_open(&bed, &p);
	assert_int_equal(tally_batch_open(&bed.batch.tally, &e), 0);
}

static void
close_bed(void)
{
	tally_batch_close(bed.batch.tally);
	bed_close(&bed);
}

/* How many of 64 clients are in the sample. */
static unsigned
count_sampled(bool again)
{
	static uint8_t before[64];
	unsigned in = 0;

	for (unsigned n = 0; n < 64; n++) {
		const struct mask_token_slot *kept;
		char client[32];

		(void)snprintf(client, sizeof(client), "192.0.2.%u", n);
		(void)bed_peer(&bed, client, NULL);
		assert_true(bed.mask->given.who >= 0);
		assert_non_null(kept = mask_token_peek(bed.mask));
		if (again)
			assert_int_equal(before[n], kept->sampled); /* it is the client's, not chance */
		before[n] = kept->sampled;
		in += kept->sampled == TALLY_SAMPLED_IN;
		assert_true(bed.mask->policy->sample != 0 || kept->sampled == TALLY_NO_SAMPLE);
	}
	return (in);
}

static void
test_sample(void **state)
{
	unsigned in;

	open_bed(0);
	assert_int_equal(count_sampled(false), 0);
	close_bed();
	open_bed(100);
	assert_int_equal(count_sampled(false), 64);
	close_bed();
	open_bed(50); /* none or all of 64: once in 2^63 */
	in = count_sampled(false);
	assert_true(in > 0 && in < 64);
	assert_int_equal(count_sampled(true), in);
	close_bed();
}

/* Whose keys are gone is counted as nobody; so is who has no name. */
static void
test_nobody(void **state)
{
	static const int64_t grace[KEY_PERIOD_COUNT];
	struct err e = { 0 };
	unsigned destroyed;

	bed_open_as(&bed, NULL, "combined", MASK_EPOCH_LIVE);
	assert_int_equal(tally_batch_open(&bed.batch.tally, &e), 0);
	(void)bed_peer(&bed, "192.0.2.7", NULL);
	assert_true(bed.mask->given.who >= 0);
	(void)bed_peer(&bed, "host.example.net", NULL);
	assert_true(bed.mask->given.who >= 0);
	assert_int_equal(key_ring_live(bed.ring, BED_NOW_US + INT64_C(40) * 86400 * 1000000, grace,
	    &destroyed, &e), 0);
	mask_turned(bed.mask);
	mask_now(bed.mask, BED_NOW_US);
	(void)bed_peer(&bed, "192.0.2.8", NULL);
	assert_int_equal(bed.mask->given.who, -1);
	close_bed();
}

/* After 2^32 days nothing that was kept of one is taken for another's. */
static void
test_all_numbers_used(void **state)
{
	open_bed(0);
	(void)bed_peer(&bed, "192.0.2.7", NULL);
	assert_non_null(mask_token_peek(bed.mask));
	bed.mask->index_number = UINT32_MAX;
	mask_count_epochs(bed.mask);
	assert_int_equal(bed.mask->index_number, 1);
	assert_null(mask_token_peek(bed.mask));
	(void)bed_peer(&bed, "192.0.2.7", NULL);
	assert_non_null(mask_token_peek(bed.mask));
	close_bed();
}

/* ---- gaps ---- */

#define HTTP1 "HTTP/1.1"
#define NUMBER(text, n) { .key = SPAN(text), .kind = EVENT_EXTRA_NUMBER, .known = true, .number = n }
#define TEXT(text, digits) { .key = SPAN(text), .value = SPAN(digits), .kind = EVENT_EXTRA_JOIN, .known = true }

static void
test_gaps(void **state)
{
	static const struct {
		const char *claim, *protocol, *server;
		struct event_extra extra[3];
		uint64_t sequence;
		unsigned lost;
	} rows[] = {
		{ "the first of a connection", HTTP1, NULL,
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 1) }, 0, 0 },
		{ "the next", HTTP1, NULL,
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 2) }, 0, 0 },
		{ "two are missing", HTTP1, NULL,
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 5) }, 0, 2 },
		{ "numbers as texts", HTTP1, NULL,
		    { TEXT("pid", "7"), TEXT("connection", "5"), TEXT("connection_requests", "7") }, 0, 1 },
		{ "a text that is none", HTTP1, NULL,
		    { TEXT("pid", "7"), TEXT("connection", "x"), TEXT("connection_requests", "99") }, 0, 0 },
		{ "the same connection of another worker", HTTP1, NULL,
		    { NUMBER("pid", 8), NUMBER("connection", 5), NUMBER("connection_requests", 11) }, 0, 0 },
		{ "of another server", HTTP1, "web-2",
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 22) }, 0, 0 },
		{ "without the number of the request", HTTP1, NULL, { NUMBER("pid", 7), NUMBER("connection", 5) }, 0, 0 },
		{ "what a client calls so", HTTP1, NULL,
		    { { .key = SPAN("connection"), .kind = EVENT_EXTRA_NUMBER, .number = 5 },
			NUMBER("pid", 7), NUMBER("connection_requests", 99) }, 0, 0 },
		{ "HTTP/2 has no order", "HTTP/2.0", NULL,
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 99) }, 0, 0 },
		{ "a request that is none accounts for one", NULL, NULL,
		    { NUMBER("pid", 9), NUMBER("connection", 3), NUMBER("connection_requests", 1) }, 0, 0 },
		{ "of this connection, which it was", HTTP1, NULL,
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 9) }, 0, 0 },
		{ "a sequence, whatever else there is", HTTP1, "web-3",
		    { NUMBER("pid", 7), NUMBER("connection", 5), NUMBER("connection_requests", 99) }, 100, 0 },
	};
	static struct event ev;

	open_bed(0);
	assert_non_null(bed.batch.gaps = stats_gaps_open());
	(void)bed_run(&bed, span_of("", 0), 0);
	bed.mask->batch = &bed.batch;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = bed.batch.counts.causes[STATS_CAUSE_GAP];

		memset(&ev, 0, sizeof(ev));
		ev.sequence = rows[i].sequence;
		memcpy(ev.extra, rows[i].extra, sizeof(rows[i].extra));
		while (ev.extra_count < 3 && ev.extra[ev.extra_count].key.len > 0)
			ev.extra_count++;
		if (rows[i].protocol != NULL) {
			ev.has_text |= UINT32_C(1) << EVENT_PROTOCOL;
			ev.text[EVENT_PROTOCOL] = span_str(rows[i].protocol);
		}
		if (rows[i].server != NULL) {
			ev.has_text |= UINT32_C(1) << EVENT_SERVER;
			ev.text[EVENT_SERVER] = span_str(rows[i].server);
		}
		mask_gaps_see(bed.mask, &ev);
		if (bed.batch.counts.causes[STATS_CAUSE_GAP] - before != rows[i].lost)
			fail_msg("%s: %ju lost", rows[i].claim,
			    (uintmax_t)(bed.batch.counts.causes[STATS_CAUSE_GAP] - before));
	}
	stats_gaps_close(bed.batch.gaps);
	bed.batch.gaps = NULL;
	close_bed();
}

/* They are in no record, and others that are called so by whoever wrote the line are. */
static void
test_numbers(void **state)
{
	static const struct event_extra ours = NUMBER("connection_requests", 5),
					theirs = { .key = SPAN("pid"), .number = 5 }, other = NUMBER("bytes", 5);

	assert_true(mask_gaps_is_number(&ours));
	assert_false(mask_gaps_is_number(&theirs));
	assert_false(mask_gaps_is_number(&other));
}

/* A line that its sender sends again says so, and is no gap; the one in front of it may be. */
static void
test_again(void **state)
{
	static const char lines[] = "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\nno line\n";

	open_bed(0);
	assert_non_null(bed.batch.gaps = stats_gaps_open());
	for (int again = 0; again < 2; again++) {
		const char *out;

		bed.batch.again = again == 1;
		out = bed_run(&bed, span_str(lines), (uint64_t)again);
		assert_int_equal(bed.batch.record_count, 2);
		assert_int_equal(strstr(out, "sent_again") != NULL, again);
		/* Both of them. */
		assert_int_equal(strstr(out + bed.batch.ends[0], "sent_again") != NULL, again);
	}
	bed.batch.again = false;
	bed.batch.limited = true; /* no event may be looked at: then nobody knows what is missing */
	bed.batch.most = 0;
	(void)bed_run(&bed, span_str(lines), 2);
	assert_int_equal(bed.batch.record_count, 0);
	assert_int_equal(bed.batch.counts.in.counted, 2);
	/* Nothing to learn with. */
	bed.batch.limited = false;
	bed.batch.lines = span_str(lines);
	mask_batch_learn(bed.mask, &bed.batch);
	assert_int_equal(mask_words_promoted(bed.words), 0);
	stats_gaps_close(bed.batch.gaps);
	bed.batch.gaps = NULL;
	close_bed();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_all_numbers_used),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_again),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
