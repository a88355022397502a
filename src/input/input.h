/*
 * input: where lines come from and how far we got.
 *
 * One source of lines (standard input, a plain, .gz or .zst file), drained
 * into batches that end at a line end.  Knows bytes, not formats.
 */
#ifndef CRETULA_INPUT_INPUT_H
#define CRETULA_INPUT_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct input;

#define INPUT_BATCH_BYTES (2u << 20)
#define INPUT_BATCH_LINES 8192
#define INPUT_HEAD_BYTES 4096
#define INPUT_TAIL_BYTES 4096

/*
 * Open path ("-" is standard input).  Kind by magic bytes, not by name.
 * Regular files, fifos and character devices that can be read; a directory
 * or a missing or unreadable file is ERR_INPUT.  All memory is taken here.
 * Once *stop is true, nothing more is read: whole lines that were read are
 * given, then comes ERR_INCOMPLETE, at most 0.1 s later also where the source
 * is silent.  NULL: nobody stops it.
 */
int input_open(const char *path, const atomic_bool *stop, struct input **in, struct err *e);
void input_close(struct input *in); /* NULL is legal */

/*
 * The first bytes of the decompressed stream (up to size, whole if the input
 * is shorter), not consumed: for detection and fingerprints.  size is at
 * most INPUT_BATCH_BYTES.
 */
int input_peek(struct input *in, size_t size, struct span *head, struct err *e);

struct input_batch {
	char *bytes;       /* the caller's, INPUT_BATCH_BYTES + 1 */
	size_t len;        /* ends in '\n'; a missing last one is added, uncounted */
	size_t line_count; /* at most INPUT_BATCH_LINES */
	uint64_t at;       /* offset of bytes[0] in the decompressed stream */
	uint64_t read;     /* bytes of the stream that this batch stands for */
	uint64_t dropped;  /* bytes removed from the middle of the last line, which
	                      is overlong: its first line_max + 1 bytes are kept */
	bool item;         /* not a line is, but an item: its line end is never its own */
	uint64_t dropped_lines; /* line ends among dropped, of an item */
	bool end;          /* nothing follows */
	bool unfinished;   /* but a last line that was left, with end only */
};

/*
 * Fill batch, whose bytes points to memory of the caller.  A cut is made at
 * the last line end within INPUT_BATCH_BYTES and INPUT_BATCH_LINES: the same
 * stream gives the same batches, however the source delivers.  A line that
 * does not fit a batch is skipped to its end in bounded memory (dropped).
 * At the end of input: len 0, end true.  A truncated or damaged .gz or .zst
 * is ERR_INPUT with the decompressed offset; the lines before it were given.
 */
int input_read(struct input *in, size_t line_max, struct input_batch *batch, struct err *e);

/*
 * A last line without line end is not given: who writes the file may not be
 * done with it.  For plain regular files only; others stay as they are.
 * True if so.
 */
bool input_leave_unfinished(struct input *in);

/*
 * Records that are several lines, or parts of one: how many of these bytes,
 * which begin where one does, are whole records; INPUT_BATCH_LINES of them at
 * most.  last: nothing follows them.  0: not even the first is whole.
 */
typedef size_t input_whole(const void *arg, struct span bytes, bool last);

/* Batches end where records do, which whole says; arg is the caller's. */
void input_by_records(struct input *in, input_whole *whole, const void *arg);

/*
 * Items of a document, which end within a line, or many lines on.  begins: do
 * bytes, of which no record is whole, begin with one?  *start: where; *look:
 * where to look for its end.  ends: does it with *len of these bytes, which
 * follow those of the last call?  All of a longer one that a batch has no
 * room for is dropped, and what is behind it read on.
 */
struct input_items {
	bool (*begins)(void *arg, struct span bytes, size_t *start, size_t *look);
	bool (*ends)(void *arg, struct span bytes, size_t *len);
	void *arg;
};
void input_by_items(struct input *in, const struct input_items *items);

/*
 * Remember the last line that begins with prefix (a literal): it says how to
 * read those behind it.  Of one longer than INPUT_CONTEXT_BYTES so much.  To be
 * called before anything is read or skipped; once more changes nothing.
 */
#define INPUT_CONTEXT_BYTES 4096
void input_remember(struct input *in, const char *prefix);
/* It, if it stands before the next batch; else empty.  Valid until the next call. */
struct span input_context(const struct input *in);

/* The last bytes before the place we are at: INPUT_TAIL_BYTES, or all. */
struct span input_tail(const struct input *in);

/* Skip bytes of the decompressed stream.  -1 (ERR_INPUT) if it is shorter. */
int input_skip(struct input *in, uint64_t bytes, struct err *e);

/* Size of the file on disk, 0 if unknown: for progress lines. */
uint64_t input_file_size(const struct input *in);
/* When the file was written last, 0 if unknown: its lines are not younger. */
int64_t input_written_us(const struct input *in);

#endif
