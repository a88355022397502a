/* Nanoseconds per record: encode, decode, peek, of one typical record. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "record/record.h"

#define TURNS 500000
#define ROUNDS 9

static struct record_decoder decoder;
static char line[RECORD_BYTES_MAX];

/* 12 present fields, about 300 bytes, as a combined line gives. */
static void
fill(struct record *r)
{
	static const struct {
		enum record_field field;
		const char *text;
		int64_t number;
	} rows[] = {
		{ RECORD_FIELD_EVENT, "http.request", 0 },
		{ RECORD_FIELD_CLIENT, "ip.k7n2wq5d3x4b6v2a", 0 },
		{ RECORD_FIELD_METHOD, "GET", 0 },
		{ RECORD_FIELD_PATH, "/shop/products/sg.ab3defgh5jklmn2p/reviews", 0 },
		{ RECORD_FIELD_QUERY, "page={int}&sort=price&q={text}", 0 },
		{ RECORD_FIELD_PROTOCOL, "HTTP/1.1", 0 },
		{ RECORD_FIELD_STATUS, NULL, 200 },
		{ RECORD_FIELD_BYTES, NULL, 18234 },
		{ RECORD_FIELD_REFERER, "https://www.example.org", 0 },
		{ RECORD_FIELD_AGENT, "Firefox", 0 },
		{ RECORD_FIELD_AGENT_MAJOR, NULL, 132 },
	};

	record_clear(r);
	r->time_us = INT64_C(1795575600123000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].text != NULL)
			record_set_text(r, rows[i].field, span_str(rows[i].text));
		else
			record_set_int(r, rows[i].field, rows[i].number);
	}
}

static int64_t
time_encode(struct record *r)
{
	struct record_encoder enc = { 0 };
	int64_t start = clock_mono_ns();

	for (int i = 0; i < TURNS; i++) {
		r->time_us += 1000 * (i & 1);
		(void)record_encode(&enc, r, line);
		__asm__ volatile("" : : "r"(line) : "memory");
	}
	return (clock_mono_ns() - start);
}

static int64_t
time_decode(struct span whole)
{
	struct record back;
	struct err e;
	int64_t start = clock_mono_ns();

	for (int i = 0; i < TURNS; i++)
		if (record_decode(&decoder, whole, &back, &e) != 0)
			abort();
	return (clock_mono_ns() - start);
}

static int64_t
time_peek(struct span whole)
{
	struct record_facts facts;
	struct err e;
	int64_t start = clock_mono_ns();

	for (int i = 0; i < TURNS; i++) {
		if (record_peek(whole, &facts, &e) != 0 || facts.status != 200)
			abort();
		__asm__ volatile("" : : "r"(&facts) : "memory");
	}
	return (clock_mono_ns() - start);
}

int
main(void)
{
	int64_t best[3] = { INT64_MAX, INT64_MAX, INT64_MAX };
	struct record_encoder enc = { 0 };
	struct record r;
	struct span whole;

	fill(&r);
	for (int round = 0; round < ROUNDS; round++) {
		int64_t took[3];

		took[0] = time_encode(&r);
		whole = span_of(line, record_encode(&enc, &r, line) - 1);
		took[1] = time_decode(whole);
		took[2] = time_peek(whole);
		for (int i = 0; i < 3; i++)
			best[i] = took[i] < best[i] ? took[i] : best[i];
	}
	printf("record of %zu bytes: encode %.1f ns, decode %.1f ns, peek %.1f ns\n", whole.len + 1,
	    (double)best[0] / TURNS, (double)best[1] / TURNS, (double)best[2] / TURNS);
	return (0);
}
