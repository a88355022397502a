/*
 * Nanoseconds a call of canon, detect, shape, agent and host, the best of five
 * runs; and free text in GB/s, beside memchr and grep -F in the same run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "crypto/random.h"
#include "detect/agent.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "detect/host.h"
#include "detect/text.h"
#include "detect/text/sieve.h"

#define CALLS 2000000

static char memory[1024];
static struct detect_hosts *hosts;
static struct detect_agent_cache *agents;
static volatile size_t sink; /* keeps the calls */

/* Time on a core, of children too: others may keep the machine busy. */
static double
now_ns(void)
{
	struct timespec t;
	struct rusage children;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec +
	    (double)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e9 +
	    (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1e3);
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

/* ---- free text ---- */

#define TEXT_BYTES ((size_t)32 << 20)
#define TEXT_RUNS 15

static char *text;

/* One kind of line over and over; returns what was filled. */
static size_t
fill(const char *const *lines, size_t count)
{
	size_t len = 0;

	for (size_t i = 0;; i++) {
		size_t more = strlen(lines[i % count]);

		if (len + more > TEXT_BYTES)
			return (len);
		memcpy(text + len, lines[i % count], more);
		len += more;
	}
}

static size_t
all_at_once(struct span in)
{
	struct detect_hit hits[64];

	return (detect_text(in, hits, 64));
}

static size_t
line_by_line(struct span in)
{
	struct detect_hit hits[64];
	size_t sum = 0;

	while (in.len > 0) {
		size_t len = span_find(in, '\n');

		sum += detect_text(span_of(in.ptr, len), hits, 64);
		in = span_from(in, len + 1);
	}
	return (sum);
}

static size_t
absent_byte(struct span in)
{
	return (span_find(in, '\1'));
}

static size_t
grep_literals(struct span in)
{
	(void)in;
	return ((size_t)system("LC_ALL=C grep -c -F -f bench-literals bench-text >/dev/null"));
}

static void
rate(const char *name, size_t (*call)(struct span), size_t len)
{
	double best = 1e18;

	for (int run = 0; run < TEXT_RUNS; run++) {
		double start = now_ns(), took;

		sink = call(span_of(text, len));
		took = now_ns() - start;
		if (took < best)
			best = took;
	}
	(void)printf("%-28s %7.2f GB/s\n", name, (double)len / best);
}

static void
write_files(size_t len)
{
	static const char *const literals[] = {
#define PREFIX(text, tail) text,
#include "detect/prefixes.def"
#undef PREFIX
	};
	FILE *out = fopen("bench-literals", "w");

	for (size_t i = 0; out != NULL && i < sizeof(literals) / sizeof(literals[0]); i++)
		(void)fprintf(out, "%s\n", literals[i]);
	if (out != NULL)
		(void)fclose(out);
	out = fopen("bench-text", "w");
	if (out != NULL && fwrite(text, 1, len, out) == len)
		(void)fclose(out);
}

static void
measure_text(void)
{
	static const char *const clean[] = {
		("2025/11/24 10:11:12 [error] 991#991: *17 open() \"/srv/www/html/news/x.html\" "
		 "failed (2: No such file or directory)\n"),
		"worker process 4711 exited on signal 11, restarting in 250 ms\n",
		"connection to upstream timed out while reading the response header\n",
		"cache: 1204 entries, 88 % hits, 3 evictions since the last report\n",
		"Template index rendered in 12.5 ms; 3 queries took 4.1 ms\n" };
	static const char *const hits[] = {
		"2025/11/24 10:11:12 [error] 991#991: *17 open() \"/srv/www/html/x\" failed (2: No such "
		"file or directory), client: 203.0.113.7, server: www.example.com, request: \"GET "
		"/a?email=bob.k@example.org HTTP/1.1\"\n" };
	size_t len;

	if ((text = malloc(TEXT_BYTES)) == NULL)
		return;
	len = fill(clean, sizeof(clean) / sizeof(clean[0]));
	write_files(len);
	rate("memchr", absent_byte, len);
	rate("grep -F, prefixes only", grep_literals, len);
	rate("text without hits", all_at_once, len);
	rate("  line by line", line_by_line, len);
	detect_sieve_force_portable(true);
	rate("  portable", all_at_once, len);
	detect_sieve_force_portable(false);
	len = fill(hits, sizeof(hits) / sizeof(hits[0]));
	rate("text full of hits, by line", line_by_line, len);
	(void)remove("bench-text");
	(void)remove("bench-literals");
	free(text);
}

int
main(int argc, char **argv)
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
	measure_text();
	if (argc > 1 && strcmp(argv[1], "text") == 0)
		return (EXIT_SUCCESS);
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
