/* Nanoseconds a call of canon, detect, shape, agent and host, the best of five runs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/random.h"
#include "detect/agent.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "detect/host.h"

#define CALLS 2000000

static char memory[1024];
static struct detect_hosts *hosts;
static struct detect_agent_cache *agents;
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

	return ((size_t)detect_canon(text, false, memory, sizeof(memory), &out) + out.len);
}

static size_t
call_detect(struct span text)
{
	return ((size_t)detect_class(text));
}

static size_t
call_shape(struct span text)
{
	return ((size_t)detect_shape(text));
}

static size_t
call_agent(struct span text)
{
	struct detect_agent agent;

	detect_agent_read(agents, text, &agent);
	return (agent.family.len);
}

static size_t
call_cached(struct span text)
{
	uint64_t name[2];

	detect_agent_name(agents, text, name);
	return (detect_agent_cached(agents, text, name)->agent.family.len);
}

static size_t
call_host(struct span text)
{
	struct detect_host host;

	detect_host_read(hosts, text, &host);
	return (host.len);
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

	static const char *const agent_texts[] = { "curl/8.5.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/120.0.0.0 Safari/537.36",
		/* As much work as one text can be. */
		"bot Bot crawler/1 spider CFNetwork/1 Darwin (iPhone; Android) Opera Mobi Windows "
		"Mobile Tablet bot Bot crawler/1 spider CFNetwork/1 Darwin (iPhone; Android) Opera "
		"Windows Mobile Tablet bot Bot crawler/1 spider CFNetwork/1 Darwin (iPhone; Android) "
		"Opera Windows Mobile Tablet bot Bot crawler/1 spider CFNetwork/1 Darwin Android" };
	static const char *const host_texts[] = { "www.example.com", "www.example.com:8443",
		"a.b.example.co.uk", "b\303\274cher.example", "203.0.113.7" };

	if (crypto_start(NULL) == -1 || detect_hosts_open(&hosts) == -1 ||
	    detect_agent_cache_open(&agents) == -1)
		return (EXIT_FAILURE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		measure("canon", call_canon, texts[i]);
		measure("detect", call_detect, texts[i]);
		measure("shape", call_shape, texts[i]);
	}
	for (size_t i = 0; i < sizeof(agent_texts) / sizeof(agent_texts[0]); i++) {
		measure("agent", call_agent, agent_texts[i]);
		measure("cached", call_cached, agent_texts[i]);
	}
	for (size_t i = 0; i < sizeof(host_texts) / sizeof(host_texts[0]); i++)
		measure("host", call_host, host_texts[i]);
	detect_hosts_close(hosts);
	detect_agent_cache_close(agents);
	return (EXIT_SUCCESS);
}
