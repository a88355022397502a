/* A store to play with: making records, sealing them, throwing all away. */
#ifndef CRETULA_TEST_STORE_WORK_H
#define CRETULA_TEST_STORE_WORK_H

#include <sys/wait.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../each.h"
#include "base/err.h"
#include "seal/leaf.h"
#include "store/compress.h"
#include "store/store.h"

#define POLICY "00000000000000000000000000000000000000000000000000000000000000aa"

static char work_dir[64];
static char work_store[80], work_keys[96];

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return (remove(path));
}

static inline void
work_end(void)
{
	if (work_dir[0] != '\0')
		(void)nftw(work_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	work_dir[0] = '\0';
}

static inline void
work_begin(void)
{
	work_end();
	(void)snprintf(work_dir, sizeof(work_dir), "%s/cretula-store-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(work_dir) == NULL)
		abort();
	(void)snprintf(work_store, sizeof(work_store), "%s/s", work_dir);
	(void)snprintf(work_keys, sizeof(work_keys), "%s/s.keys", work_dir);
}

#define CRASH_EXIT 77 /* what a fault of base/io.h that crashes exits with */

/* act in a child, which may crash: its exit status, 0 or 1 as act says. */
static inline int
work_child(int (*act)(size_t number, uint64_t nth), size_t number, uint64_t nth)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(act(number, nth) == 0 ? 0 : 1);
	if (child == -1 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		abort();
	return (WEXITSTATUS(status));
}

/* count records, the first of number first, to lines and ends. */
static inline size_t
make_lines(uint64_t first, size_t count, char *lines, uint32_t *ends)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		at += (size_t)sprintf(lines + at, "{\"time\":\"2026-11-25T03:00:00.000Z\","
		    "\"path\":\"/%zx\",\"bytes\":%ju}\n", i * 2654435761u, (uintmax_t)(first + i));
		ends[i] = (uint32_t)at;
	}
	return (at);
}
#define MADE_LINE_BYTES 100

static int work_level = 1; /* of the compressor, from the first batch on */

/* One batch through salts, leaves and compressor into seg. */
static inline int
add_batch(struct store_segment *seg, uint64_t first, size_t count, struct err *e)
{
	size_t bytes = count * MADE_LINE_BYTES + 1;
	char *lines = malloc(bytes), *out = malloc(store_compress_bound(bytes));
	uint32_t *ends = malloc((count + 1) * sizeof(*ends));
	struct store_frame *frames = malloc(store_compress_frames(bytes) * sizeof(*frames));
	unsigned char (*salts)[16] = malloc((count + 1) * 16), (*leaves)[32] = malloc((count + 1) * 32);
	void *memory = malloc(SEAL_SALTS_MEMORY(count));
	static struct store_compressor *compressor;
	struct store_part part = { lines, ends, count, leaves, out, 0, frames, 0 };
	int rc;

	if (compressor == NULL && store_compressor_open(work_level, &compressor, e) == -1)
		abort();
	(void)make_lines(first, count, lines, ends);
	seal_salts(store_segment_seed(seg), (uint32_t)store_segment_records(seg), count, salts, memory);
	seal_leaves(lines, ends, count, (const unsigned char (*)[16])salts, leaves);
	store_compress(compressor, &part);
	rc = store_segment_add(seg, &part, e);
	free(lines);
	free(out);
	free(ends);
	free(frames);
	free(salts);
	free(leaves);
	free(memory);
	return (rc);
}

static inline int
seal_words(struct store_stream *st, size_t count, size_t batches, bool end, struct span words,
    struct err *e)
{
	struct store_segment *seg;
	struct seal_segment *facts = calloc(1, sizeof(*facts));
	uint64_t first = store_stream_records(st);
	int rc = -1;

	if (store_segment_begin(st, &seg, e) == -1)
		goto out;
	for (size_t i = 0; i < batches; i++) {
		if (add_batch(seg, first + i * count, count, e) == -1) {
			store_segment_drop(seg);
			goto out;
		}
	}
	facts->counts.lines = facts->counts.in.parsed = count * batches;
	facts->counts.time_min_us = facts->counts.time_max_us = INT64_C(1795575600000000);
	facts->counts.status[0] = count * batches;
	facts->policy = span_str(POLICY);
	facts->source_count = 1;
	facts->sources[0] = (struct seal_source){ .fp = { 7 }, .head = 3, .at = first + count, .end = end };
	rc = store_segment_seal(seg, facts, words, e);
out:
	free(facts);
	return (rc);
}

static inline int
seal_segment(struct store_stream *st, size_t count, size_t batches, bool end, struct err *e)
{
	return (seal_words(st, count, batches, end, span_str("path\t0\tabc\n"), e));
}

#endif
