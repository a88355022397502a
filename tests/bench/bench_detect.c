/* Nanoseconds a call of canon, detect and shape, the best of five runs. */
#include <stdio.h>
#include <time.h>

#include "mask/canon.h"
#include "mask/detect.h"

#define CALLS 2000000

static char memory[1024];
static volatile size_t sink; /* keeps the calls */

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec);
}

static size_t
call_canon(struct span text)
{
	struct span out;

	return ((size_t)mask_canon(text, false, memory, sizeof(memory), &out) + out.len);
}

static size_t
call_detect(struct span text)
{
	return ((size_t)mask_detect(text));
}

static size_t
call_shape(struct span text)
{
	return ((size_t)mask_shape(text));
}

static void
measure(const char *name, size_t (*call)(struct span), const char *text)
{
	struct span span = span_str(text);
	double best = 1e18;

	for (int run = 0; run < 5; run++) {
		double start = now_ns(), took;
		size_t sum = 0;

		for (int i = 0; i < CALLS / 5; i++) {
			/* Hide the text from the optimiser. */
			__asm__ volatile("" : "+r"(span.ptr), "+r"(span.len));
			sum += call(span);
		}
		sink = sum;
		took = (now_ns() - start) / (CALLS / 5);
		if (took < best)
			best = took;
	}
	(void)printf("%-7s %7.1f ns  %zu bytes  %s\n", name, best, span.len, text);
}

int
main(void)
{
	static const char *const texts[] = {
		"orders", "index.html", "release-notes-for-spring", "www.shop.example.com",
		"/products/overview/details.html", "the-quick-brown-fox-jumps-over-a-dog-", "88231177",
		"app.3f2a9c1b.js", "release-notes-for-spring-2024", "jquery-3.6.0.min.js",
		"CV_Erika_Mustermann.pdf", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "203.0.113.7",
		"bob.k%40example.org", "bob.k@example.org",
		"failed to open file for user in 203 ms, retry later",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		measure("canon", call_canon, texts[i]);
		measure("detect", call_detect, texts[i]);
		measure("shape", call_shape, texts[i]);
	}
	return (0);
}
