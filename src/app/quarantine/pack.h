/* app: records that come one by one, into sealed segments. */
#ifndef CRETULA_APP_PACK_H
#define CRETULA_APP_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mask/mask.h"
#include "record/record.h"
#include "seal/entry.h"
#include "store/store.h"

struct app_gather;
struct err;

struct app_pack {
	/* in */
	struct store *store;
	struct store_stream *stream;
	const char *stream_name, *policy; /* 64 hex digits */
	const struct mask_policy *mask_policy;
	const struct mask_words *words;
	unsigned char mask_seed[32];
	bool unlocked;
	/* out */
	uint64_t segments, records;
	/* inside */
	struct store_segment *segment;
	struct app_gather *lines; /* on their way into it */
	struct seal_segment facts;
	struct mask_epochs epochs;
	uint64_t placed_records, placed_bytes;
};

/* Take all memory.  0 or -1; app_pack_close in any case. */
int app_pack_open(struct app_pack *p, struct err *e);
void app_pack_close(struct app_pack *p); /* drops what is not sealed */

/* One record, encoded with its LF, its counts (as `replay`) and epochs. */
int app_pack_add(struct app_pack *p, struct span line, const struct stats_counts *counts,
    const struct mask_epochs *epochs, struct err *e);

/* Would app_pack_add seal what there is before it takes a line of len bytes? */
bool app_pack_full(const struct app_pack *p, size_t len);

/* Seal what there is, and say in the chain that it was replayed. */
int app_pack_seal(struct app_pack *p, struct err *e);

/* Say so of segment seg with n replayed records: the `replay` entry. */
int app_pack_say(struct store_stream *stream, uint64_t seg, uint64_t n, struct err *e);

#endif
