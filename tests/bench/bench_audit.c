/*
 * What verifying costs: bench_audit [MIB [JOBS...]].  Makes a store of MIB
 * (200) of lines of about 300 bytes in segments of 16 MiB, and verifies it
 * with each number of jobs (1 2), best of several runs.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/err.h"
#include "crypto/random.h"
#include "record/record.h"
#include "store/store.h"

#define SEGMENT_BYTES ((size_t)16 << 20)
#define BATCH_BYTES ((size_t)1 << 20)
#define RUNS 7
#define POLICY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const classes[] = { "none" };
static const char *const reasons[] = { "format" };
static const struct seal_names names = { classes, 1, reasons, 1 };
static uint64_t random_state = 88172645463325252u;

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

/* Of all threads: what tells on a machine that is not ours alone. */
static double
cpu_s(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return ((double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static uint32_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((uint32_t)(random_state >> 16));
}

static void
stop(const char *what, const struct err *e)
{
	(void)fprintf(stderr, "%s: %s\n", what, e->text);
	exit(1);
}

static size_t
make_line(char *out, uint64_t number)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	static const int statuses[] = { 200, 200, 200, 200, 304, 404, 301, 500 };
	char token[17] = { 0 }, user[17] = { 0 };

	for (unsigned i = 0; i < 16; i++) {
		token[i] = digits[next_random() % 32];
		user[i] = digits[next_random() % 32];
	}
	return ((size_t)sprintf(out,
	    "{\"time\":\"2025-11-25T%02u:%02u:%02u.%03uZ\","
	    "\"event\":\"http.request\",\"client\":\"ip.%s\",\"user\":\"us.%s\",\"method\":\"GET\","
	    "\"scheme\":\"https\",\"host\":\"www.example.org\",\"path\":\"/shop/item/%u/view\","
	    "\"protocol\":\"HTTP/1.1\",\"status\":%d,\"bytes\":%u,\"agent\":\"Chrome\","
	    "\"agent_major\":%u,\"os\":\"Windows\",\"device\":\"desktop\"}\n",
	    (unsigned)(number / 360000 % 24), (unsigned)(number / 6000 % 60),
	    (unsigned)(number / 100 % 60), (unsigned)(number % 100 * 10), token, user,
	    next_random() % 5000, statuses[next_random() % 8], next_random() % 100000,
	    100 + next_random() % 40));
}

/* One batch of lines into the segment; returns its bytes. */
static size_t
add_batch(struct store_segment *seg, struct store_compressor *compressor,
    struct stats_counts *counts, uint64_t *number)
{
	static char lines[BATCH_BYTES + 1024], packed[2 * BATCH_BYTES];
	static uint32_t ends[16384];
	static unsigned char salts[16384][16], leaves[16384][32], memory[SEAL_SALTS_MEMORY(16384)];
	struct store_frame frames[8];
	size_t len = 0, count = 0;
	struct store_part part;
	struct err e;

	while (len < BATCH_BYTES - 1024) {
		struct record_facts facts;
		size_t line = make_line(lines + len, (*number)++);

		if (record_peek(span_of(lines + len, line - 1), &facts, &e) == -1)
			stop("line", &e);
		counts->lines++;
		counts->bytes += line;
		counts->in.parsed++;
		stats_counts_record(counts, facts.status, facts.time_us);
		len += line;
		ends[count++] = (uint32_t)len;
	}
	seal_salts(
	    store_segment_seed(seg), (uint32_t)store_segment_records(seg), count, salts, memory);
	seal_leaves(lines, ends, count, (const unsigned char(*)[16])salts, leaves);
	part = (struct store_part){ lines, ends, count, leaves, packed, 0, frames, 0 };
	store_compress(compressor, &part);
	if (store_segment_add(seg, &part, &e) == -1)
		stop("add", &e);
	return (len);
}

static void
make_store(const char *dir, size_t total)
{
	static struct seal_segment facts;
	struct store_compressor *compressor;
	struct store_stream *stream;
	struct store_segment *seg;
	struct store *store;
	uint64_t number = 0;
	bool created;
	struct err e;

	if (store_open(dir, NULL, &store, &created, &e) == -1 ||
	    store_stream_open(store, "bench", POLICY, &names, &stream, &e) == -1 ||
	    store_compressor_open(1, &compressor, &e) == -1)
		stop("store", &e);
	for (size_t made = 0; made < total;) {
		memset(&facts, 0, sizeof(facts));
		stats_counts_clear(&facts.counts);
		if (store_segment_begin(stream, &seg, &e) == -1)
			stop("segment", &e);
		for (size_t end = made + SEGMENT_BYTES; made < end && made < total;)
			made += add_batch(seg, compressor, &facts.counts, &number);
		facts.policy = span_str(POLICY);
		facts.mask_epochs = span_str("{\"ip\":[\"2025-W48\"],\"us\":[\"2025-W48\"]}");
		facts.has_mask_seed = true;
		if (store_segment_seal(seg, &facts, span_of("", 0), &e) == -1)
			stop("seal", &e);
	}
	store_compressor_close(compressor);
	store_stream_close(stream);
	store_close(store);
}

static void
measure(const char *dir, unsigned jobs)
{
	struct audit_options options = { .jobs = jobs, .names = &names };
	struct audit_result result;
	double best = 1e9, best_cpu = 1e9, bytes = 0;
	struct err e;

	for (unsigned run = 0; run < RUNS; run++) {
		double start = now_s(), start_cpu = cpu_s(), took, cpu;

		if (audit_verify(dir, &options, &result, &e) == -1)
			stop("verify", &e);
		took = now_s() - start;
		cpu = cpu_s() - start_cpu;
		if (result.exit_code != 0) {
			struct buf out = { 0 };

			audit_print_text(&result, &out);
			(void)fprintf(stderr, "%s", out.data);
			exit(1);
		}
		bytes = (double)result.coverage.line_bytes;
		best = took < best ? took : best;
		best_cpu = cpu < best_cpu ? cpu : best_cpu;
		audit_result_free(&result);
	}
	(void)printf(
	    "verify, jobs %u: %.3f GB/s of lines (%.0f MB in %.3f s), %.3f GB a second of CPU\n",
	    jobs, bytes / best / 1e9, bytes / 1e6, best, bytes / best_cpu / 1e9);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return (remove(path));
}

int
main(int argc, char **argv)
{
	char parent[] = "/tmp/cretula-bench-XXXXXX", dir[64];
	size_t total = (argc > 1 ? strtoul(argv[1], NULL, 10) : 200) << 20;
	struct rusage usage;

	if (crypto_start(NULL) == -1 || mkdtemp(parent) == NULL)
		return (1);
	(void)snprintf(dir, sizeof(dir), "%s/store", parent);
	make_store(dir, total);
	for (int i = 2; i < argc; i++)
		measure(dir, (unsigned)strtoul(argv[i], NULL, 10));
	if (argc <= 2) {
		measure(dir, 1);
		measure(dir, 2);
	}
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("peak memory: %ld KiB\n", usage.ru_maxrss);
	(void)nftw(parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return (0);
}
