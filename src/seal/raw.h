/*
 * seal: where the lines of a stream lay unmasked before they came here:
 * docs/format.md 6, `config` of kind raw-at-rest, and segments that have files
 * for sources.
 */
#ifndef CRETULA_SEAL_RAW_H
#define CRETULA_SEAL_RAW_H

#include "seal/entry.h"

#define SEAL_RAW_KIND "raw-at-rest"
#define SEAL_RAW_BYTES 64

/* All-zero: nowhere.  Words in the order they came, with commas: "import,disk". */
struct seal_raw {
	char words[SEAL_RAW_BYTES];
	char now[SEAL_RAW_BYTES]; /* the newest that an entry said, or "" */
};

/* Take an entry of the stream, in order. */
void seal_raw_take(struct seal_raw *raw, const struct seal_entry *entry);

#endif
