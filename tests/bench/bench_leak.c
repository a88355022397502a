/* Megabytes a second through a scanner, the best of five: records without a leak, and with more and more in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "leak/leak.h"
#include "leak/view/marks.h"

#define BYTES ((size_t)32 << 20)

static char *text;
static size_t text_len;
static size_t found;

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec);
}

static void
count(void *arg, const struct leak_finding *finding)
{
	(void)arg;
	(void)finding;
	found++;
}

/* Records as they are kept; one in every has an address in clear, or a value in percent signs. */
static void
fill(size_t every)
{
	static const char *const words[] = { "presentations", "kitchen", "search", "images",
		"cart" };
	uint64_t x = 88172645463325252u;

	text_len = 0;
	for (size_t n = 0; text_len + 1000 < BYTES; n++) {
		char token[17] = "";

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		for (int i = 0; i < 16; i++)
			token[i] = "abcdefghijklmnopqrstuvwxyz234567"[(x >> (3 * i)) & 31];
		text_len += (size_t)sprintf(text + text_len,
		    "{\"time\":\"2015-05-17T%02u:%02u:03.000Z\",\"event\":\"http.request\","
		    "\"client\":\"ip.%s\","
		    "\"method\":\"GET\",\"path\":\"/%s/%s-monitorama-2013/"
		    "sg.%s.png\",\"protocol\":\"HTTP/1.1\","
		    "\"status\":200,\"bytes\":%u,\"referer\":\"http://"
		    "semicomplete.com%s\",\"agent\":\"Chrome\","
		    "\"agent_major\":32,\"os\":\"Mac OS X\",\"device\":\"desktop\"}\n",
		    (unsigned)(x % 24), (unsigned)(x >> 8) % 60, token, words[x % 5],
		    words[(x >> 4) % 5], token, (unsigned)(x >> 40) % 1000000,
		    every > 0 && n % every == 0 ? (n % 2 == 0 ? "/203.0.113.7" : "/a%40b.de") : "");
	}
}

static void
measure(const char *name, const struct leak_rules *rules)
{
	struct leak_scanner *scanner = NULL;
	double best = 1e18;
	struct err e;

	if (leak_scanner_open(rules, count, NULL, &scanner, &e) == -1)
		exit(1);
	for (int run = 0; run < 5; run++) {
		double start = now_ns(), took;

		found = 0;
		leak_scanner_begin(scanner, "");
		for (size_t at = 0; at < text_len; at += 262144)
			leak_scanner_add(
			    scanner, text + at, text_len - at < 262144 ? text_len - at : 262144);
		leak_scanner_end(scanner);
		took = now_ns() - start;
		best = took < best ? took : best;
	}
	printf("%-34s %6.0f MB/s  %zu found\n", name, (double)text_len / best * 1e3, found);
	leak_scanner_close(scanner);
}

int
main(void)
{
	struct leak_rules *rules = NULL, *planted = NULL;
	struct err e;

	if ((text = malloc(BYTES)) == NULL || leak_rules_open(LEAK_PLAIN, &rules, &e) == -1 ||
	    leak_rules_open(LEAK_PLAIN, &planted, &e) == -1 ||
	    leak_rules_plant(planted, span_str("erika-mustermann\nK-4711-0815\n"), &e) == -1)
		return (1);
	fill(0);
	measure("records, no leak", rules);
	measure("records, two planted values", planted);
	leak_marks_force_portable(true);
	measure("records, no leak, without AVX2", rules);
	leak_marks_force_portable(false);
	fill(100);
	measure("a leak in each 100th record", rules);
	fill(1);
	measure("a leak in each record", rules);
	leak_rules_close(rules);
	leak_rules_close(planted);
	free(text);
	return (0);
}
