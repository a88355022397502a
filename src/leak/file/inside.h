/* What the units that read files share. */
#ifndef CRETULA_LEAK_FILE_INSIDE_H
#define CRETULA_LEAK_FILE_INSIDE_H

#include "leak/tree.h"

struct leak_stream;

/*
 * A file's bytes, looked into if they are compressed: what they hold goes to
 * scanner, what the container itself says (names, comments, skippable frames,
 * bytes behind the end) to rest.
 */
int leak_stream_open(struct leak_scanner *scanner, struct leak_scanner *rest,
    struct leak_stream **stream, struct err *e);
void leak_stream_close(struct leak_stream *stream);
void leak_stream_begin(struct leak_stream *stream, bool look_into);
/* False once there is a problem: the rest need not be given. */
bool leak_stream_add(struct leak_stream *stream, const unsigned char *bytes, size_t len);
void leak_stream_end(struct leak_stream *stream);

/* What was not looked at, or NULL; how many bytes were, decompressed. */
const char *leak_stream_problem(const struct leak_stream *stream);
uint64_t leak_stream_seen(const struct leak_stream *stream);
/* Must the file be looked at once more, as it stands, for it is damaged? */
bool leak_stream_is_broken(const struct leak_stream *stream);

#define LEAK_SLOT_BYTES 512

/*
 * file/slot.c: are these the file of a key, by form and checksum?  Then its
 * random bytes become zeros.
 */
bool leak_slot_blank(unsigned char bytes[static LEAK_SLOT_BYTES]);

/* file/list.c: all files below the paths, in order. */
int leak_list(struct leak_tree *tree, const char *const *paths, size_t count, struct err *e);

#endif
