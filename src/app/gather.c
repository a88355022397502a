#include "app/gather.h"

#include <stdlib.h>

#include "base/err.h"
#include "record/record.h"
#include "seal/leaf.h"
#include "store/store.h"

#define PART_RECORDS 8192
#define LINES_BYTES ((size_t)STORE_FRAME_BYTES)
#define PART_BYTES (LINES_BYTES - RECORD_BYTES_MAX)

struct app_gather {
	struct store_segment *segment;
	struct store_compressor *compressor;
	struct store_part part; /* of lines at hand, used bytes of them */
	size_t used;
	char *lines;
	uint32_t *ends;
	unsigned char (*salts)[16];
	void *salt_memory;
};

int
app_gather_open(int level, struct app_gather **g, struct err *e)
{
	struct app_gather *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	made->lines = malloc(LINES_BYTES);
	made->ends = malloc(PART_RECORDS * sizeof(*made->ends));
	made->salts = malloc(PART_RECORDS * sizeof(*made->salts));
	made->salt_memory = malloc(SEAL_SALTS_MEMORY(PART_RECORDS));
	made->part.leaves = malloc(PART_RECORDS * sizeof(*made->part.leaves));
	made->part.packed = malloc(store_compress_bound(LINES_BYTES));
	made->part.frames =
	    malloc(store_compress_frames(LINES_BYTES) * sizeof(*made->part.frames));
	made->part.lines = made->lines;
	made->part.ends = made->ends;
	if (made->lines == NULL || made->ends == NULL || made->salts == NULL ||
	    made->salt_memory == NULL || made->part.leaves == NULL || made->part.packed == NULL ||
	    made->part.frames == NULL)
		(void)err_memory(e);
	else if (store_compressor_open(level, &made->compressor, e) == 0) {
		*g = made;
		return (0);
	}
	app_gather_close(made);
	return (-1);
}

void
app_gather_close(struct app_gather *g)
{
	if (g == NULL)
		return;
	store_compressor_close(g->compressor);
	free(g->lines);
	free(g->ends);
	free(g->salts);
	free(g->salt_memory);
	free(g->part.leaves);
	free(g->part.packed);
	free(g->part.frames);
	free(g);
}

void
app_gather_begin(struct app_gather *g, struct store_segment *segment)
{
	g->segment = segment;
	g->part.count = g->used = 0;
}

char *
app_gather_room(struct app_gather *g)
{
	return (g->lines + g->used);
}

int
app_gather_took(struct app_gather *g, size_t len, struct err *e)
{
	g->used += len;
	g->ends[g->part.count++] = (uint32_t)g->used;
	if (g->part.count < PART_RECORDS && g->used < PART_BYTES)
		return (0);
	return (app_gather_end(g, e));
}

int
app_gather_end(struct app_gather *g, struct err *e)
{
	size_t count = g->part.count;

	if (count == 0)
		return (0);
	seal_salts(store_segment_seed(g->segment), (uint32_t)store_segment_records(g->segment),
	    count, g->salts, g->salt_memory);
	seal_leaves(g->lines, g->ends, count, (const unsigned char(*)[16])g->salts, g->part.leaves);
	store_compress(g->compressor, &g->part);
	if (store_segment_add(g->segment, &g->part, e) == -1)
		return (-1);
	g->part.count = g->used = 0;
	return (0);
}
