/*
 * generate BYTES [SEED [KIND [RATE CLIENTS START]]]: a log of about BYTES on
 * standard output, the same for the same seed.  Of most kinds it tells the
 * requests to a shop: 200,000 clients by Zipf's law, some 600 paths and ids in
 * them, query strings, referers, 200 agents.  combined, about 247 bytes a line,
 * unless KIND says otherwise; the others are in generate_kinds.c.  RATE requests
 * a second (400) of CLIENTS from the second START on make a log of many days.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generate.h"

#define AGENTS 200
#define TABLE 65536
#define OUT_BYTES (1u << 20)

static uint64_t state;
static uint32_t rate = 400, clients = 200000;
static uint64_t start = 1764000000;
static uint32_t zipf[TABLE]; /* a uniform slot to a client rank */
static char agents[AGENTS][256];

uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((uint32_t)((state >> 32) * below >> 32));
}

/* Ranks by 1/rank: the head fills slots, the tail is drawn within a slot. */
static void
zipf_init(void)
{
	double total = 0, sum = 0;
	uint32_t slot = 0;

	for (uint32_t rank = 1; rank <= clients; rank++)
		total += 1.0 / rank;
	for (uint32_t rank = 1; rank <= clients; rank++) {
		sum += 1.0 / rank;
		while (slot < TABLE && (double)slot < sum / total * TABLE)
			zipf[slot++] = rank - 1;
	}
}

static uint32_t
client(void)
{
	uint32_t slot = draw(TABLE), low = zipf[slot],
		 high = slot + 1 < TABLE ? zipf[slot + 1] : clients;

	return (low + (high > low + 1 ? draw(high - low) : 0));
}

static void
agents_init(void)
{
	static const char *const systems[] = { "Windows NT 10.0; Win64; x64",
		"Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
		"Linux; Android 14; Pixel 8", "iPhone; CPU iPhone OS 17_5 like Mac OS X" };
	static const char *const bots[] = {
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
		"curl/7.88.1", "python-requests/2.31.0", "Go-http-client/1.1"
	};

	for (unsigned i = 0; i < AGENTS; i++) {
		const char *os = systems[i % 5];

		if (i % 25 == 24)
			snprintf(agents[i], sizeof(agents[i]), "%s", bots[i / 25 % 5]);
		else if (i % 3 == 0)
			snprintf(agents[i], sizeof(agents[i]),
			    "Mozilla/5.0 (%s; rv:%u.0) Gecko/20100101 Firefox/%u.0", os, 90 + i / 5,
			    90 + i / 5);
		else
			snprintf(agents[i], sizeof(agents[i]),
			    "Mozilla/5.0 (%s) AppleWebKit/537.36 "
			    "(KHTML, like Gecko) Chrome/%u.0.%u.%u Safari/537.36",
			    os, 90 + i / 5, 4000 + i, i % 200);
	}
}

static int
path(char *out, size_t size)
{
	static const char *const sections[] = { "kitchen", "garden", "books", "music", "toys",
		"sport", "shoes", "lamps", "tools", "paper" };
	uint32_t kind = draw(100);

	if (kind < 30)
		return (snprintf(out, size, "/shop/%s/item-%u.html?page=%u&sort=price",
		    sections[draw(10)], draw(50), draw(9) + 1));
	if (kind < 55)
		return (snprintf(out, size, "/static/css/%s-%u.css?v=%u", sections[draw(10)],
		    draw(20), draw(5)));
	if (kind < 70)
		return (snprintf(out, size, "/api/v2/products/%u/reviews?limit=20&session=%08x%08x",
		    draw(100000) + 1000, draw(UINT32_MAX), draw(UINT32_MAX)));
	if (kind < 80)
		return (snprintf(out, size, "/search?q=%s+%s&utm_source=news&lang=en",
		    sections[draw(10)], sections[draw(10)]));
	if (kind < 88)
		return (snprintf(out, size, "/account/orders/%u", draw(1000000)));
	if (kind < 91)
		return (snprintf(
		    out, size, "/login?email=user%u%%40example.org&next=%%2Faccount", draw(50000)));
	return (snprintf(out, size, "/images/%s/%u.jpg", sections[draw(10)], draw(40)));
}

static int
referer(char *out, size_t size)
{
	uint32_t kind = draw(10);

	if (kind < 5)
		return (snprintf(
		    out, size, "https://shop.example.com/shop/kitchen/item-%u.html", draw(50)));
	if (kind < 7)
		return (snprintf(out, size, "https://www.google.com/"));
	return (snprintf(out, size, "-"));
}

/* What is drawn, and in which order, is what a seed means. */
static void
request(struct request *out, uint64_t n)
{
	static const unsigned statuses[] = { 200, 200, 200, 200, 200, 200, 304, 302, 404, 500 };
	uint32_t who = client(), mixed = who * 2654435761u;
	time_t when = (time_t)(start + n / rate);

	out->n = n;
	gmtime_r(&when, &out->tm);
	path(out->target, sizeof(out->target));
	referer(out->referer, sizeof(out->referer));
	out->bytes = draw(60000) + 200;
	out->status = statuses[draw(10)];
	out->method = draw(12) == 0 ? "POST" : "GET";
	out->user = draw(40) == 0 ? "maria.k" : "-";
	out->agent = agents[mixed % AGENTS];
	snprintf(out->address, sizeof(out->address), "%u.%u.%u.%u", mixed >> 24 | 1,
	    mixed >> 16 & 255, mixed >> 8 & 255, (mixed & 255) | 1);
}

int
line_combined(char *out, size_t size, const struct request *r)
{
	char date[64];

	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S +0000", &r->tm);
	return (
	    snprintf(out, size, "%s - %s [%s] \"%s %s HTTP/1.1\" %u %u \"%s\" \"%s\"\n", r->address,
		r->user, date, r->method, r->target, r->status, r->bytes, r->referer, r->agent));
}

static int
generate(uint64_t bytes, line_fn *line)
{
	static char out[OUT_BYTES + LINE_BYTES];
	struct request r;
	uint64_t done = 0;
	size_t len = 0;

	for (uint64_t n = 0; done + len < bytes; n++) {
		request(&r, n);
		len += (size_t)line(out + len, sizeof(out) - len, &r);
		if (len < OUT_BYTES)
			continue;
		if (fwrite(out, 1, len, stdout) != len)
			return (74);
		done += len;
		len = 0;
	}
	return (fwrite(out, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 74);
}

int
main(int argc, char **argv)
{
	line_fn *line = kind_line(argc > 3 ? argv[3] : "combined");

	if (argc > 6) {
		rate = (uint32_t)strtoul(argv[4], NULL, 10);
		clients = (uint32_t)strtoul(argv[5], NULL, 10);
		start = strtoull(argv[6], NULL, 10);
	}
	if (line == NULL || rate == 0 || clients == 0) {
		fprintf(stderr, "usage: generate BYTES [SEED [KIND [RATE CLIENTS START]]]\n");
		return (64);
	}
	state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9E3779B97F4A7C15u + 1;
	zipf_init();
	agents_init();
	return (generate(argc > 1 ? strtoull(argv[1], NULL, 10) : 1 << 20, line));
}
