/*
 * input: a file that was compressed before all of it was read.
 *
 * What a stopped daemon left may be PATH.1.gz by the next start.  Places in it
 * are those of its lines, as they were when it was plain: what was read before
 * is decompressed once more, and passed over.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "input/decompress.h"
#include "input/live/tail.h"

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return (len > tail && strcmp(name + len - tail, end) == 0);
}

enum tail_packing
input_tail_packing(const char *name)
{
	static const char *const others[] = { ".bz2", ".xz", ".lz4", ".lzma" };

	if (ends_in(name, ".gz"))
		return (TAIL_GZIP);
	if (ends_in(name, ".zst"))
		return (TAIL_ZSTD);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (ends_in(name, others[i]))
			return (TAIL_OTHER);
	return (TAIL_PLAIN);
}

/* All memory for it is taken here, before anything is read. */
static struct input_decompress *
get(struct live_tail *t, enum tail_packing packing)
{
	struct input_decompress **d = packing == TAIL_ZSTD ? &t->packed.zstd : &t->packed.gzip;

	if (*d == NULL && input_decompress_open(packing == TAIL_ZSTD, d, NULL) == -1)
		return (NULL);
	input_decompress_reset(*d);
	return (*d);
}

void
input_tail_packed_begin(struct live_tail *t, enum tail_packing packing, uint64_t from)
{
	struct tail_packed *p = &t->packed;

	p->now = packing == TAIL_PLAIN ? NULL : get(t, packing);
	p->have = p->used = 0;
	p->file_at = 0;
	p->from = from;
}

void
input_tail_packed_close(struct live_tail *t)
{
	input_decompress_close(t->packed.gzip);
	input_decompress_close(t->packed.zstd);
	t->packed.gzip = t->packed.zstd = t->packed.now = NULL;
}

/* Decompressed bytes of fd to out: how many; 0 at the end, -1: it is damaged, or was cut. */
static ssize_t
next_bytes(struct live_tail *t, int fd, char *out, size_t size)
{
	struct tail_packed *p = &t->packed;
	struct input_step step;
	ssize_t n = 1;

	for (;;) {
		if (p->used == p->have) {
			n = pread(fd, p->in, TAIL_PACKED_BYTES, (off_t)p->file_at);
			if (n == -1)
				return (errno == EINTR ? 0 : -1);
			p->file_at += (uint64_t)n;
			p->have = (size_t)n;
			p->used = 0;
		}
		step = (struct input_step){ .in = p->in + p->used,
			.in_len = p->have - p->used,
			.out = out,
			.size = size };
		if (input_decompress_run(p->now, &step) == -1)
			return (-1);
		p->used += step.used;
		if (step.made > 0)
			return ((ssize_t)step.made);
		if (n == 0)
			return (input_decompress_at_border(p->now) ? 0 : -1);
	}
}

size_t
input_tail_packed_head(struct live_tail *t, int fd, enum tail_packing packing)
{
	size_t have = 0;
	ssize_t n = 1;

	input_tail_packed_begin(t, packing, 0);
	while (t->packed.now != NULL && have < INPUT_HEAD_BYTES && n > 0) {
		n = next_bytes(t, fd, t->other + have, INPUT_HEAD_BYTES - have);
		have += n > 0 ? (size_t)n : 0;
	}
	t->packed.now = NULL;
	return (n == -1 ? 0 : have);
}

ssize_t
input_tail_packed_read(struct live_tail *t, char *out, size_t size, size_t *passed)
{
	ssize_t n = next_bytes(t, t->fd, out, size);
	uint64_t left = t->packed.from > t->at ? t->packed.from - t->at : 0;

	*passed = n <= 0 ? 0 : left < (uint64_t)n ? (size_t)left : (size_t)n;
	return (n);
}
