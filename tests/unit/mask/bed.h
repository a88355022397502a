/* A mask with all that it needs, for the tests of this room. */
#ifndef CRETULA_TEST_MASK_BED_H
#define CRETULA_TEST_MASK_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "crypto/random.h"
#include "input/input.h"
#include "key/key.h"
#include "mask/inside.h"
#include "mask/mask.h"
#include "parse/string/string.h"

#define BED_NOW_US (INT64_C(1764000000) * 1000000) /* 2025-11-24T16:00:00Z */

/* Of the next beds: keys that all share, NULL: each has its own; what lines are in. */
__attribute__((unused)) static struct key_ring *bed_ring;
__attribute__((unused)) static enum parse_envelope bed_envelope;
__attribute__((unused)) static const struct parse_string *bed_string; /* instead of a format */

struct bed {
	struct mask_policy policy;
	struct key_ring *ring;
	struct mask_words *words;
	struct mask *mask;
	struct mask_candidates *learn;
	struct mask_batch batch;
	struct record_decoder decoder;
};

static inline void
bed_open_as(struct bed *bed, const struct mask_policy *policy, const char *format,
    enum mask_epoch_mode epochs)
{
	struct err e = { 0 };
	unsigned char commitment[32];
	struct mask_setup setup;

	memset(bed, 0, sizeof(*bed));
	assert_int_equal(crypto_start(&e), 0);
	if (policy != NULL)
		bed->policy = *policy;
	else
		mask_policy_default(&bed->policy);
	if ((bed->ring = bed_ring) == NULL)
		assert_int_equal(key_ring_ephemeral(&bed->ring, &e), 0);
	if (epochs == MASK_EPOCH_LIVE) {
		static const int64_t grace[KEY_PERIOD_COUNT];
		unsigned destroyed;

		assert_int_equal(key_ring_live(bed->ring, BED_NOW_US, grace, &destroyed, &e), 0);
	} else if (bed->ring != bed_ring)
		assert_int_equal(key_ring_import(bed->ring, false, commitment, &e), 0);
	assert_int_equal(mask_words_open(bed->policy.words_k, &bed->words, &e), 0);
	assert_int_equal(mask_candidates_open(&bed->learn, &e), 0);
	setup = (struct mask_setup){ .policy = &bed->policy, .ring = bed->ring,
		.words = bed->words, .parser = { .format = bed_string != NULL ?
		    parse_string_format(bed_string) : parse_format_find(span_str(format)),
		    .envelope = { bed_envelope }, .string = bed_string },
		.epochs = epochs, .now_us = BED_NOW_US, .line_max = PARSE_LINE_MAX };
	assert_non_null(setup.parser.format);
	if (mask_open(&setup, &bed->mask, &e) != 0)
		fail_msg("mask_open: %s", e.text);
	bed->batch.records = malloc((size_t)512 * RECORD_BYTES_MAX);
	bed->batch.ends = malloc(INPUT_BATCH_LINES * sizeof(uint32_t));
}

static inline void
bed_open(struct bed *bed, const struct mask_policy *policy)
{
	bed_open_as(bed, policy, "combined", MASK_EPOCH_EVENT);
}

static inline void
bed_close(struct bed *bed)
{
	mask_close(bed->mask);
	mask_candidates_close(bed->learn);
	mask_words_close(bed->words);
	if (bed->ring != bed_ring)
		key_ring_free(bed->ring);
	free(bed->batch.records);
	free(bed->batch.ends);
}

/* Mask whole lines as batch number; the output is NUL-terminated. */
static inline const char *
bed_run(struct bed *bed, struct span lines, uint64_t number)
{
	bed->batch.lines = lines;
	bed->batch.number = number;
	bed->batch.read = lines.len;
	mask_batch(bed->mask, &bed->batch);
	bed->batch.records[bed->batch.records_len] = '\0';
	return (bed->batch.records);
}

/* The first record of what one line gives; texts are valid until the next call. */
static inline struct record
bed_record(struct bed *bed, const char *line)
{
	char text[16384];
	struct record r;
	struct err e = { 0 };
	int len = snprintf(text, sizeof(text), "%s\n", line);

	assert_true(len > 0 && (size_t)len < sizeof(text));
	(void)bed_run(bed, span_of(text, (size_t)len), 0);
	assert_int_equal(bed->batch.record_count, 1);
	if (record_decode(&bed->decoder,
	    span_of(bed->batch.records, bed->batch.records_len - 1), &r, &e) != 0)
		fail_msg("%s: %s", bed->batch.records, e.text);
	return (r);
}

/* A combined line with these parts. */
static inline struct record
bed_request(struct bed *bed, const char *target, int status, const char *referer)
{
	char line[9000];

	(void)snprintf(line, sizeof(line), "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] "
	    "\"GET %s HTTP/1.1\" %d 512 \"%s\" \"curl/8.0\"", target, status, referer);
	return (bed_record(bed, line));
}

#define BED_SUBJECTS 24 /* enough for k, whatever is learned */

/* The learning pass over one request of that many networks. */
static inline void
bed_visit(struct bed *bed, char *log, size_t size, const char *target, int status, unsigned subjects)
{
	size_t len = 0;

	for (unsigned n = 0; n < subjects; n++)
		len += (size_t)snprintf(log + len, size - len, "198.51.%u.9 - - "
		    "[24/Nov/2025:10:11:12 +0000] \"GET %s HTTP/1.1\" %d 5 \"-\" \"-\"\n", n, target,
		    status);
	mask_candidates_reset(bed->learn);
	bed->batch.learn = bed->learn;
	bed->batch.lines = span_of(log, len);
	bed->batch.number = 0;
	mask_batch_learn(bed->mask, &bed->batch);
	mask_words_merge(bed->words, bed->learn, 0);
	mask_words_settle(bed->words);
	bed->batch.learn = NULL;
}

static inline bool
bed_flag(const struct record *r, enum record_flag f)
{
	return ((r->flags >> f & 1) != 0);
}

/* Does text fit pattern, where '#' stands for the 16 characters of a token? */
static inline bool
bed_fits(struct span text, const char *pattern)
{
	size_t i = 0;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '#') {
			if (i >= text.len || text.ptr[i++] != *pattern)
				return (false);
			continue;
		}
		for (int n = 0; n < 16; n++, i++)
			if (i >= text.len || !((text.ptr[i] >= 'a' && text.ptr[i] <= 'z') ||
			    (text.ptr[i] >= '2' && text.ptr[i] <= '7')))
				return (false);
	}
	return (i == text.len);
}

#define assert_fits(text, pattern) do { \
	struct span fits_text = (text); \
	if (!bed_fits(fits_text, (pattern))) \
		fail_msg("\"%.*s\" is not \"%s\"", (int)fits_text.len, fits_text.ptr, (pattern)); \
} while (0)

/* The record of an event with this peer, and hops. */
static inline struct record
bed_peer(struct bed *bed, const char *client, const char *forwarded)
{
	static struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.time_us = BED_NOW_US;
	ev.time_ok = true;
	ev.has_text = UINT32_C(1) << EVENT_CLIENT;
	ev.text[EVENT_CLIENT] = span_str(client);
	if (forwarded != NULL) {
		ev.has_text |= UINT32_C(1) << EVENT_FORWARDED;
		ev.text[EVENT_FORWARDED] = span_str(forwarded);
	}
	(void)bed_run(bed, span_of("", 0), 0);
	bed->mask->batch = &bed->batch;
	record_clear(&bed->mask->record);
	bed->mask->text_used = 0;
	mask_line_epochs(bed->mask, BED_NOW_US);
	bed->mask->at = &bed->mask->lines[0];
	mask_event_ahead(bed->mask, &ev);
	mask_event(bed->mask, &ev, false);
	return (bed->mask->record);
}

#endif
