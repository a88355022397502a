/* input: what an open input is.  Inside of the room. */
#ifndef CRETULA_INPUT_READER_H
#define CRETULA_INPUT_READER_H

#include "base/arena.h"
#include "base/err.h"
#include "input/input.h"
#include "input/source.h"

struct input {
	struct arena arena; /* holds ready */
	struct input_source *source;
	int fd;
	bool ended; /* the source has no more bytes than ready */
	bool broken; /* so does it, because of damage */
	struct err damage;
	bool regular; /* a file that has a size */
	bool leave;   /* a last line without line end */
	input_whole *whole; /* NULL: records are lines */
	const void *whole_arg;
	struct input_items items; /* begins NULL: there are none */
	char *tail;   /* INPUT_TAIL_BYTES: the last ones that were consumed */
	char *spare;  /* as tail, while it is not clear whether a line is left */
	size_t tail_len;
	const char *prefix; /* of lines that are remembered; NULL: none are */
	bool partway;       /* in a line that is not, or too long */
	char *context, *next; /* INPUT_CONTEXT_BYTES: the last one, and a line that is one so far */
	size_t context_len, next_len;
	char *ready; /* INPUT_BATCH_BYTES: read or given back, not consumed */
	size_t ready_at, ready_len;
	uint64_t at; /* offset of the next byte to consume */
	uint64_t file_size;
	int64_t written_us;
};

/* Append to ready what one read of at most size bytes gives. */
void input_more(struct input *in, size_t size);

/* These bytes were consumed: does a line to remember end in them? */
void input_watch(struct input *in, struct span bytes);

/* Fill e with the damage met.  Returns -1. */
int input_damage(const struct input *in, struct err *e);

#endif
