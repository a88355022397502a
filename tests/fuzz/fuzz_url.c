/*
 * Paths, queries and referers of any bytes, with an e-mail address and an IP
 * address planted in them under encodings that the input chooses: neither
 * may stand in what is written, and what is written can be read back.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "key/key.h"
#include "mask/mask.h"
#include "parse/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PART_MAX 600
#define TARGET_MAX (4 * PART_MAX + 2000)

static struct key_ring *ring;
static struct mask *mask;
static struct mask_words *words;
static struct mask_candidates *candidates;
static struct mask_batch batch;
static char target[TARGET_MAX], referer[TARGET_MAX + 64];
static size_t target_len, referer_len;

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* A format that says what this program has built. */
static enum parse_result
made_line(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	(void)state, (void)line, (void)scratch, (void)reason;
	memset(ev, 0, sizeof(*ev));
	ev->time_us = INT64_C(1764000000) * 1000000;
	ev->time_ok = true;
	ev->has_text = UINT32_C(1) << EVENT_CLIENT | UINT32_C(1) << EVENT_TARGET |
	    UINT32_C(1) << EVENT_REFERER;
	ev->has_number = UINT32_C(1) << EVENT_STATUS;
	ev->number[EVENT_STATUS] = 200;
	ev->text[EVENT_CLIENT] = span_of("192.0.2.7", 9);
	ev->text[EVENT_TARGET] = span_of(target, target_len);
	ev->text[EVENT_REFERER] = span_of(referer, referer_len);
	return (PARSE_EVENT);
}

static void
stop(void)
{
	mask_close(mask);
	mask_words_close(words);
	mask_candidates_close(candidates);
	key_ring_free(ring);
	free(batch.records);
	free(batch.ends);
}

static void
start(void)
{
	static const struct parse_format format = { .name = "made", .line = made_line };
	static struct mask_policy policy;
	unsigned char commitment[32];
	struct err e;

	mask_policy_default(&policy);
	memcpy(policy.hosts[0], "shop.example.com", 17);
	policy.host_count = 1;
	check(crypto_start(&e) == 0 && key_ring_ephemeral(&ring, &e) == 0 &&
	    key_ring_import(ring, false, commitment, &e) == 0 &&
	    mask_words_open(10, &words, &e) == 0 && mask_candidates_open(&candidates, &e) == 0);
	struct mask_setup setup = { .policy = &policy, .ring = ring, .words = words,
		.parser.format = &format, .epochs = MASK_EPOCH_EVENT, .now_us = 0,
		.line_max = PARSE_LINE_MAX };
	check(mask_open(&setup, &mask, &e) == 0);
	batch.records = malloc(4 * RECORD_BYTES_MAX);
	batch.ends = malloc(64);
	check(atexit(stop) == 0);
}

/* One byte of a planted text, in one of eight ways. */
static size_t
put(char *out, char c, unsigned how)
{
	unsigned char byte = (unsigned char)c;

	switch (how & 7) {
	case 1:
		return ((size_t)sprintf(out, "%%%02x", byte));
	case 2:
		return ((size_t)sprintf(out, "%%25%02X", byte));
	case 3:
		return ((size_t)sprintf(out, "%%u%04x", byte));
	case 4:
		return ((size_t)sprintf(out, "%%26%%23%u%%3B", byte));
	case 5:
		return ((size_t)sprintf(out, "&#x%x;", byte));
	case 6:
		if (c == '@' || c == '.' || (c >= '0' && c <= '9'))
			return ((size_t)sprintf(out, "%%EF%%BC%%%02X", 0x80 + byte - 0x20));
		return ((size_t)sprintf(out, "%%2525%02x", byte));
	default:
		out[0] = c;
		return (1);
	}
}

static size_t
plant(char *out, const char *text, const uint8_t *how, size_t how_len)
{
	size_t len = 0;

	for (size_t i = 0; text[i] != '\0'; i++)
		len += put(out + len, text[i], how_len == 0 ? 0 : how[i % how_len]);
	return (len);
}

static bool
contains(const char *text, size_t len, const char *word)
{
	return (memmem(text, len, word, strlen(word)) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const planted[] = { "erika.m@planted.example", "203.0.113.77" };
	static struct record_decoder decoder;
	struct record r;
	struct err e;
	size_t how_len, head, tail;

	if (mask == NULL)
		start();
	if (size < 3)
		return (0);
	how_len = data[1] % 32 < size - 2 ? data[1] % 32 : size - 2;
	head = data[2] % 64 * (size - 2 - how_len) / 64;
	tail = size - 2 - how_len - head;
	if (head > PART_MAX || tail > PART_MAX)
		return (0);
	target_len = 0;
	if ((data[0] & 2) == 0)
		target[target_len++] = '/';
	memcpy(target + target_len, data + 2 + how_len, head);
	target_len += head;
	target_len += plant(target + target_len, planted[data[0] & 1], data + 2, how_len);
	memcpy(target + target_len, data + 2 + how_len + head, tail);
	target_len += tail;
	referer_len = (size_t)sprintf(referer, "%s", (data[0] & 4) == 0 ?
	    "https://shop.example.com/" : (data[0] & 8) == 0 ? "https://" : "");
	memcpy(referer + referer_len, target, target_len);
	referer_len += target_len;

	mask_candidates_reset(candidates);
	batch.lines = span_of("x\n", 2);
	batch.learn = candidates;
	mask_batch(mask, &batch);
	mask_words_merge(words, candidates, 0);
	check(batch.record_count == 1 && stats_counts_balanced(&batch.counts));
	check(!contains(batch.records, batch.records_len, "erika.m@"));
	check(!contains(batch.records, batch.records_len, "@planted"));
	check(!contains(batch.records, batch.records_len, "203.0.113.77"));
	check(record_decode(&decoder, span_of(batch.records, batch.records_len - 1), &r, &e) == 0);
	check(mask_words_promoted(words) == 0);
	return (0);
}
