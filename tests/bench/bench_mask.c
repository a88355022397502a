/*
 * bench_mask [ROUNDS [MASK-ROUNDS]] < LOG: MB/s and ns per line of parsing alone, of the
 * learning pass, and of masking, on a combined log held in memory (generate).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "crypto/random.h"
#include "input/input.h"
#include "key/key.h"
#include "mask/mask.h"
#include "parse/event.h"
#include "../unit/parse/one.h"

static char *text;
static size_t text_len, line_count;
static struct mask_batch batch;
static struct mask_candidates *candidates;
static struct mask_policy policy;
static struct mask_words *words;
static struct mask *mask;
static const struct parse_format *format;

static void
die(const char *what)
{
	fprintf(stderr, "bench_mask: %s\n", what);
	exit(74);
}

static void
read_all(void)
{
	size_t size = 1 << 20, got;

	text = malloc(size);
	while (text != NULL && (got = fread(text + text_len, 1, size - text_len, stdin)) > 0)
		if ((text_len += got) == size)
			text = realloc(text, size *= 2);
	if (text == NULL || text_len == 0)
		die("no input");
	for (size_t i = 0; i < text_len; i++)
		line_count += text[i] == '\n';
}

static void
open_all(void)
{
	struct key_ring *ring = NULL;
	unsigned char commitment[32];
	struct err e;

	mask_policy_default(&policy);
	memcpy(policy.hosts[0], "shop.example.com", 17);
	policy.host_count = 1;
	format = parse_format_find(span_str("combined"));
	if (crypto_start(&e) == -1 || key_ring_ephemeral(&ring, &e) == -1 ||
	    key_ring_import(ring, false, commitment, &e) == -1 ||
	    mask_words_open(10, &words, &e) == -1 || mask_candidates_open(&candidates, &e) == -1)
		die(e.text);
	struct mask_setup setup = { .policy = &policy, .ring = ring, .words = words,
		.parser.format = format, .epochs = MASK_EPOCH_EVENT, .now_us = clock_now_us(),
		.line_max = PARSE_LINE_MAX };
	if (mask_open(&setup, &mask, &e) == -1)
		die(e.text);
	batch.records = malloc((size_t)INPUT_BATCH_LINES * 2048);
	batch.ends = malloc(INPUT_BATCH_LINES * sizeof(uint32_t));
}

/* The next batch as input/ cuts it. */
static struct span
cut(size_t at)
{
	size_t len = 0;

	for (unsigned lines = 0; lines < INPUT_BATCH_LINES && at + len < text_len; lines++) {
		const char *end = memchr(text + at + len, '\n', text_len - at - len);
		size_t next = end == NULL ? text_len - at : (size_t)(end - text) + 1 - at;

		if (next > INPUT_BATCH_BYTES)
			break;
		len = next;
	}
	return (span_of(text + at, len));
}

static uint64_t
parse_all(void)
{
	static char scratch[PARSE_SCRATCH_BYTES];
	static struct event ev;
	enum parse_reason reason;
	uint64_t parsed = 0;

	for (size_t at = 0; at < text_len;) {
		const char *end = memchr(text + at, '\n', text_len - at);
		size_t len = end == NULL ? text_len - at : (size_t)(end - text) - at;

		parsed += parse_one(format, span_of(text + at, len), scratch, &ev, &reason) ==
		    PARSE_EVENT;
		at += len + 1;
	}
	return (parsed);
}

static uint64_t
learn_all(void)
{
	uint64_t number = 0;

	for (size_t at = 0; at < text_len; at += batch.lines.len, number++) {
		mask_candidates_reset(candidates);
		batch.lines = cut(at);
		batch.number = number;
		batch.learn = candidates;
		mask_batch_learn(mask, &batch);
		mask_words_merge(words, candidates, number);
	}
	return (number);
}

static uint64_t
mask_all(void)
{
	uint64_t number = 0, out = 0, seen = 0, clear = 0;

	for (size_t at = 0; at < text_len; at += batch.lines.len, number++) {
		batch.lines = cut(at);
		batch.number = number;
		batch.learn = NULL;
		mask_batch(mask, &batch);
		out += batch.records_len;
		seen += batch.words_seen;
		clear += batch.words_clear;
	}
	printf("          %.1f bytes a record, %.1f %% of path words in clear\n",
	    (double)out / (double)line_count, 100.0 * (double)clear / (double)seen);
	if (getenv("BENCH_SHOW") != NULL)
		printf("%.*s", 3000, batch.records);
	return (out);
}

/* Of this process: other work on the machine does not count. */
static int64_t
cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}

static void
measure(const char *what, uint64_t (*work)(void), int rounds)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < rounds; i++) {
		int64_t start = cpu_ns(), took;

		(void)work();
		took = cpu_ns() - start;
		best = took < best ? took : best;
	}
	printf("%-8s %7.1f MB/s  %6.1f ns a line\n", what,
	    (double)text_len * 1e3 / (double)best, (double)best / (double)line_count);
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 3;

	read_all();
	open_all();
	printf("%zu bytes, %zu lines of %.1f bytes\n", text_len, line_count,
	    (double)text_len / (double)line_count);
	measure("parse", parse_all, rounds);
	measure("learn", learn_all, rounds);
	mask_words_settle(words);
	printf("          %zu words promoted\n", mask_words_promoted(words));
	measure("mask", mask_all, argc > 2 ? atoi(argv[2]) : rounds);
	return (0);
}
