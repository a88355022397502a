/* store: sealed bytes on disk.  This unit: names and paths; docs/format.md 1. */
#ifndef CRETULA_STORE_LAYOUT_H
#define CRETULA_STORE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define STORE_NAME_MAX 32
#define STORE_PATH_BYTES 64
#define STORE_OWN_STREAM "cretula.store"

/* A stream name that a user may choose: [a-z][a-z0-9-]{0,31}. */
bool store_name_ok(struct span name);
/* ... or a reserved one. */
bool store_name_known(struct span name);

/*
 * "STORE.keys": where the keys of a store are if nobody says where.  false, and out is
 * empty: it has no room there.
 */
bool store_keys_beside(const char *store, char *out, size_t size);

/* "seg/00000042.jsonl.zst" and the like, relative to the stream's directory. */
void store_segment_path(char out[static STORE_PATH_BYTES], uint64_t seg, const char *suffix);
/*
 * The same of a revision (docs/format.md 11): "seg/00000042.r1.jsonl.zst".
 * Revision 0 is the segment as it was sealed.
 */
void store_revision_path(
    char out[static STORE_PATH_BYTES], uint64_t seg, uint64_t revision, const char *suffix);
/* "cp/00000057.note" */
void store_note_path(char out[static STORE_PATH_BYTES], uint64_t size);

#endif
