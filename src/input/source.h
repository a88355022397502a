/*
 * input: the bytes behind a descriptor, decompressed.
 *
 * Inside of the room.  Knows nothing of lines.
 */
#ifndef CRETULA_INPUT_SOURCE_H
#define CRETULA_INPUT_SOURCE_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct input_source;

enum source_kind { SOURCE_PLAIN, SOURCE_GZIP, SOURCE_ZSTD };

/*
 * Look at the first bytes of fd (this waits for a pipe to deliver them) and
 * take all memory that decompression needs.  fd stays the caller's.  stop: as
 * in input.h.
 */
int input_source_open(
    int fd, const atomic_bool *stop, struct input_source **source, struct err *e);
void input_source_close(struct input_source *source); /* NULL is legal */

/* At most size bytes.  Returns how many, 0 at the end, -1 and e if damaged. */
ssize_t input_source_read(struct input_source *source, char *out, size_t size, struct err *e);

/* Move a plain regular file on without reading.  Bytes moved, maybe 0. */
uint64_t input_source_seek(struct input_source *source, uint64_t bytes);

bool input_source_is_plain(const struct input_source *source);

#endif
