/*
 * What sealing costs, best of several runs: ns per record of 300 bytes, in
 * batches as the pipeline hands them over.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/leaf.h"
#include "seal/tree.h"
#include "store/compress.h"
#include "store/reader.h"

#define RECORDS 8192
#define LINE_BYTES 300
#define RUNS 60

static const unsigned char seed[16] = { 1 };
static char lines[RECORDS * LINE_BYTES];
static uint32_t ends[RECORDS];
static unsigned char salts[RECORDS][16], leaves[RECORDS][32], roots[RECORDS / SEAL_BLOCK + 1][32];
static void *memory;
static struct seal_tree tree;
static struct store_compressor *compressor;
static char *packed;
static struct store_frame *frames;
static size_t packed_len;

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec);
}

static void
run_salts(void)
{
	seal_salts(seed, 3 * RECORDS, RECORDS, salts, memory);
}

static void
run_leaves(void)
{
	seal_leaves(lines, ends, RECORDS, (const unsigned char (*)[16])salts, leaves);
}

static void
run_tree(void)
{
	(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaves, RECORDS, roots);
}

static void
run_compress(void)
{
	struct store_part part = { lines, ends, RECORDS, NULL, packed, 0, frames, 0 };

	store_compress(compressor, &part);
	packed_len = part.packed_len;
}

/* The same lines, READ_TIMES over, out of a file in memory. */
#define READ_TIMES 64
static void
run_read(void)
{
	static struct store_reader *reader;
	static int file = -1;
	struct span run;
	struct err e;
	uint64_t len = 0;

	if (file == -1) {
		if (store_reader_open(&reader, &e) != 0 || (file = memfd_create("file", 0)) == -1)
			abort();
		for (int i = 0; i < READ_TIMES; i++)
			if (write(file, packed, packed_len) != (ssize_t)packed_len)
				abort();
	}
	(void)lseek(file, 0, SEEK_SET);
	store_reader_begin(reader, dup(file), UINT64_MAX, NULL, NULL);
	while (store_reader_next(reader, &run, &e) == 0 && run.len > 0)
		len += run.len;
	if (len != (uint64_t)READ_TIMES * sizeof(lines))
		abort();
}

static void
run_all(void)
{
	run_salts();
	run_leaves();
	run_tree();
	run_compress();
}

static const struct {
	const char *name;
	void (*run)(void);
	int times; /* as many records */
} rows[] = {
	{ "salts", run_salts, 1 },
	{ "leaves", run_leaves, 1 },
	{ "tree", run_tree, 1 },
	{ "compress", run_compress, 1 },
	{ "all four", run_all, 1 },
	{ "read", run_read, READ_TIMES },
};

/* Like a masked record: much repeats, some digits and tokens do not. */
static void
prepare(void)
{
	static const char form[] = "{\"time\":\"2026-11-25T03:%02d:%02d.%03dZ\",\"event\":\"http.request\","
	    "\"client\":\"ip.%08x%04x\",\"session\":\"se.%08x%04x\",\"method\":\"GET\","
	    "\"path\":\"/products/{int}/%x\",\"protocol\":\"HTTP/1.1\",\"status\":%d,\"bytes\":%d,"
	    "\"referer\":\"/c/%x\",\"agent\":\"Firefox\",\"agent_major\":%d,\"os\":\"Linux\"}";

	srand(3);
	for (int i = 0; i < RECORDS; i++) {
		int client = rand() % 2000, line_len;
		char *line = lines + i * LINE_BYTES;

		line_len = snprintf(line, LINE_BYTES, form, i / 60 % 60, i % 60, rand() % 1000,
		    (unsigned)client * 2654435761u, client * 31, (unsigned)client * 2246822519u,
		    client * 17, rand() % 97, rand() % 20 == 0 ? 404 : 200, rand() % 90000,
		    rand() % 50, 120 + rand() % 10);
		memset(line + line_len, 'x', (size_t)(LINE_BYTES - 1 - line_len));
		line[LINE_BYTES - 1] = '\n';
		ends[i] = (uint32_t)(i + 1) * LINE_BYTES;
	}
}

int
main(void)
{
	struct err e;

	if (crypto_start(&e) != 0 || store_compressor_open(1, &compressor, &e) != 0)
		return (1);
	memory = malloc(SEAL_SALTS_MEMORY(RECORDS));
	packed = malloc(store_compress_bound(sizeof(lines)));
	frames = malloc(store_compress_frames(sizeof(lines)) * sizeof(*frames));
	if (memory == NULL || packed == NULL || frames == NULL)
		return (1);
	seal_tree_init(&tree);
	prepare();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double best = 1e18;

		for (int run = 0; run < RUNS / rows[i].times + 3; run++) {
			double t = now_ns();

			rows[i].run();
			t = (now_ns() - t) / RECORDS / rows[i].times;
			if (t < best)
				best = t;
		}
		printf("%-10s %8.1f ns a record %8.2f GB/s  %s\n", rows[i].name, best,
		    LINE_BYTES / best, crypto_sha256_variant());
	}
	printf("compressed to %.1f %%\n", 100.0 * (double)packed_len / sizeof(lines));
	store_compressor_close(compressor);
	free(memory);
	free(packed);
	free(frames);
	return (0);
}
